"""ask.py [--sent] FILE EXPRESSION: whether EXPRESSION holds, about `alerts` of Alertmanager's API (those that fire, by
name), or about `sent`, the (status, name) of all that were sent to the hook."""
import json
import sys
from datetime import datetime, timezone


def seconds(time):
    """From now until then."""
    then = datetime.strptime(time[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return (then - datetime.now(timezone.utc)).total_seconds()


with open(sys.argv[-2]) as file:
    if sys.argv[1] == "--sent":
        bodies = [json.loads(line) for line in file]
        sent = [(each["status"], each["labels"]["alertname"]) for body in bodies for each in body["alerts"]]
    else:
        alerts = {each["labels"]["alertname"]: each for each in json.load(file)}
        print(json.dumps(alerts, indent=1), file=sys.stderr)
sys.exit(not eval(sys.argv[-1]))
