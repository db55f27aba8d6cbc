"""relay_chaos.py send DIRECTORY RELAY ALERTMANAGER SEED: alerts for tests/relay/relay_chaos.sh, until it is ended.
relay_chaos.py judge DIRECTORY CHAT: whether what the chat got and what the history has is what was promised.

As a bot does, some alerts are pushed to RELAY until they are taken; the others go to ALERTMANAGER, and to RELAY to be observed, again
and again, as Prometheus does.  DIRECTORY has:
    names       written by send: each alert before it is sent for the first time
    enough      made by the scenario: no new alerts, please
    pushed      made by send: all pushes were taken
    kills       when the relay was killed, Unix ms
    history     NAME|INCIDENTS|FIRED EVENTS|SENT EVENTS of each
"""

import datetime
import http.client
import json
import os
import random
import sys
import threading
import time
import urllib.error
import urllib.request

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def alert(name, severity, shard):
    now = datetime.datetime.now(datetime.timezone.utc)
    return {"labels": {"alertname": name, "severity": severity, "env": "live", "service": "chaos", "shard": shard},
            "annotations": {"summary": "something of " + severity},
            "startsAt": now.isoformat(), "endsAt": (now + datetime.timedelta(minutes=10)).isoformat()}


def post(url, alerts):
    request = urllib.request.Request(url, json.dumps(alerts).encode(), {"Content-Type": "application/json"})
    try:
        with OPENER.open(request, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        if error.code != 503:
            print("%s: %s %s" % (url, error.code, error.read()), flush=True)
        return False
    except (OSError, http.client.HTTPException):
        return False


class Sender:
    def __init__(self, directory, relay, alertmanager, seed):
        self.directory, self.relay, self.alertmanager = directory, relay, alertmanager
        self.random = random.Random(int(seed))
        self.names = open(os.path.join(directory, "names"), "w", encoding="utf-8")
        self.lock = threading.Lock()
        self.count = 0
        self.open = []

    def new(self):
        with self.lock:
            self.count += 1
            severity = "P%d" % self.random.randrange(3)
            # Without a shard it is Telegram's, which takes few messages.
            one = alert("Chaos%s%05d" % (severity, self.count), severity, self.random.choice(["", *"012345"]))
            self.names.write(one["labels"]["alertname"] + "\n")
            self.names.flush()
            return one

    def enough(self):
        return os.path.exists(os.path.join(self.directory, "enough"))

    def push(self):
        while not self.enough():
            batch = [self.new() for _ in range(1 + self.count % 3)]
            while not post(self.relay + "/api/v2/alerts", batch):
                time.sleep(0.03)
            time.sleep(0.1)
        open(os.path.join(self.directory, "pushed"), "w", encoding="utf-8").close()

    def repeat(self):
        """What fires is told to Alertmanager for as long as it does: it forgets it when it is started again."""
        while True:
            if not self.enough():
                self.open += [self.new() for _ in range(2)]
            for url in (self.alertmanager + "/api/v2/alerts", self.relay + "/observe/api/v2/alerts"):
                post(url, self.open)
            time.sleep(0.2)


def send(*arguments):
    sender = Sender(*arguments)
    threading.Thread(target=sender.push, daemon=True).start()
    sender.repeat()


def lines(directory, name):
    with open(os.path.join(directory, name), encoding="utf-8") as file:
        return file.read().split()


def listed(chat, what):
    with OPENER.open(chat + "/control/" + what, timeout=30) as answer:
        return json.load(answer)[what]


def lost(messages, requests, kills):
    """Of each message whether its answer may not have been recorded: the server sent none (1), or it was the last one of its channel and
    lane when the relay was killed (2)."""
    silent = {request["received_ms"] for request in requests if request["status"] == 0 and request["path"] != "getUpdates"}
    last = set()
    for kill in kills:
        before = {}
        for number, message in enumerate(messages):
            if message["received_ms"] <= kill:
                key = message["chat"], "ChaosP0" in message["text"]
                if key not in before or message["received_ms"] >= messages[before[key]]["received_ms"]:
                    before[key] = number
        last.update(before.values())
    return [1 if message["received_ms"] in silent else 2 if number in last else 0
            for number, message in enumerate(messages)]


def judge(directory, chat):
    names, wrong = lines(directory, "names"), []
    messages, kills = listed(chat, "messages"), [int(kill) for kill in lines(directory, "kills")]
    requests = listed(chat, "requests")
    excuses = lost(messages, requests, kills)
    history = {line.split("|")[0]: line.split("|")[1:] for line in lines(directory, "history")}
    again = [set(), set(), set()]
    for name in names:
        told = [number for number, message in enumerate(messages) if name in message["text"]]
        incidents, fired, sent = map(int, history.get(name, (0, 0, 0)))
        if not told:
            wrong.append("%s is in no message" % name)
        # What is known as sent is never sent again; so it is known once, however often it was said.
        if (incidents, fired, sent) != (1, 1, 1):
            wrong.append("%s is in the history as %d incidents, begun %d times, sent %d times" % (name, incidents, fired, sent))
        for number in told[:-1]:
            again[excuses[number]].add(number)
        if any(excuses[number] == 0 for number in told[:-1]):
            wrong.append("%s was said %d times without need: %s" % (name, len(told), [
                (messages[number]["chat"], messages[number]["received_ms"], excuses[number]) for number in told]))
    strangers = set(history) - set(names)
    if strangers:
        wrong.append("the history has what nobody sent: %s" % sorted(strangers))
    asked = [request["received_ms"] for request in requests if request["path"] == "getUpdates"]
    if len(asked) > 2 * len(kills) + 2 + (asked[-1] - asked[0]) / 500:
        wrong.append("Telegram was asked for presses %d times in %d ms" % (len(asked), asked[-1] - asked[0]))
    print("%d alerts in %d messages; %d messages were said again after a lost answer, %d after one of %d kills" % (
        len(names), len(messages), len(again[1]), len(again[2]), len(kills)))
    print("\n".join(wrong[:20]))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    {"send": send, "judge": judge}[sys.argv[1]](*sys.argv[2:])
