"""oracle.py SCHEMA EVIDENCE: answers the questions of a scenario of preflight, so that not each of them starts a program.

A question on standard input ends with the byte 36 (octal), each of its words with 37.  An answer is lines that begin
with a blank, for people to read, and "=STATUS", where 0 means yes.
"""
import contextlib
import http.client
import io
import json
import os
import sys
from datetime import datetime, timezone

schema_file, evidence_file = sys.argv[1:]
kept = {}  # what takes long to make


def read(file):
    with open(file) as opened:
        return json.load(opened)


def check_is(name, status, text):
    """The check NAME has this status, and the text is in its reason."""
    found = [each for each in read(evidence_file)["checks"] if each["name"] == name]
    print(json.dumps(found, indent=2, ensure_ascii=False))
    return bool(found) and all(each["status"] == status and text in (each.get("reason") or "") for each in found)


def hinted(name, text):
    """The text is in the hint of the check NAME."""
    found = [each for each in read(evidence_file)["checks"] if each["name"] == name]
    print(json.dumps(found, indent=2, ensure_ascii=False))
    return bool(found) and all(text in (each.get("hint") or "") for each in found)


def evidence(expression):
    """The expression has a value, about `run`, and `checks` by name."""
    run = read(evidence_file)
    print(eval(expression, {"run": run, "checks": {each["name"]: each for each in run["checks"]}}))
    return True


def valid():
    """The evidence is valid, and its numbers are those of its checks."""
    if "validator" not in kept:
        import jsonschema

        schema = read(schema_file)
        jsonschema.Draft202012Validator.check_schema(schema)
        kept["validator"] = jsonschema.Draft202012Validator(schema)
    run = read(evidence_file)
    kept["validator"].validate(run)
    began, ended = (datetime.strptime(run[key], "%Y-%m-%dT%H:%M:%S.%f%z") for key in ("started_at", "finished_at"))
    assert abs((ended - began).total_seconds() - run["duration_seconds"]) < 0.01
    assert abs((datetime.now(ended.tzinfo) - ended).total_seconds()) < 60
    for status in ("pass", "warn", "fail", "skip"):
        assert run["counts"][status] == sum(each["status"] == status for each in run["checks"])
    assert run["counts"]["total"] == len(run["checks"])
    return True


def control(port, method, file, *paths):
    """Requests without a body, each of them answered with success; the last answer is put into the file."""
    good = True
    for path in paths:
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=20)
        connection.request(method, path)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        good = good and 200 <= answer.status < 300
    with open(file, "wb") as opened:
        opened.write(content)
    return good


def seconds(time):
    """From now until then."""
    then = datetime.strptime(time[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return (then - datetime.now(timezone.utc)).total_seconds()


def alerts(file, expression):
    """The expression holds about `alerts` of Alertmanager's API, those that fire, by name."""
    fire = {each["labels"]["alertname"]: each for each in read(file)}
    holds = eval(expression, {"alerts": fire, "seconds": seconds})
    if not holds:
        print(json.dumps(fire, indent=1))
    return holds


def sent(file, expression):
    """The expression holds about `sent`, the (status, name) of all that were sent to the hook."""
    with open(file) as opened:
        bodies = [json.loads(line) for line in opened]
    told = [(each["status"], each["labels"]["alertname"]) for body in bodies for each in body["alerts"]]
    return eval(expression, {"sent": told})


questions = {
    "is": check_is, "hinted": hinted, "evidence": evidence, "valid": valid, "control": control, "alerts": alerts, "sent": sent,
}
pending = b""
while True:
    while b"\036" not in pending:
        more = os.read(0, 65536)
        if not more:
            sys.exit()
        pending += more
    question, pending = pending.split(b"\036", 1)
    name, *words = question.decode("utf-8", "surrogateescape").split("\037")[:-1]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            yes = questions[name](*words)
        except Exception as error:  # an answer too: the question has no answer that is yes
            yes = False
            print(f"{type(error).__name__}: {error}")
    lines = [f" {line}\n" for line in said.getvalue().splitlines()] + [f"={0 if yes else 1}\n"]
    answer = "".join(lines).encode("utf-8", "surrogateescape")
    while answer:
        answer = answer[os.write(1, answer) :]
