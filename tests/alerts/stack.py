#!/usr/bin/python3
"""What faults of a stack of `make run` look like at the receiver of its alerts.

stack.py --receive DEMO WORK             an Alertmanager of its own, with the shipped routes at a quicker pace, becomes another
                                         target of the Prometheus of the demo in the directory DEMO; what it sends is kept.  Runs
                                         until it is ended, listens on a free port, and answers GET with all that came
stack.py PROMETHEUS RECEIVER STAGE       checks: `quiet` nothing fires yet; `first`, `second` the alerts of these faults are
                                         there; `resolved` all are over, had their texts, and no other came

tests/dashboards/dashboards.sh makes the faults.  What preflight says of them, in its own time, does not count.
"""
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

ASK = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# The faults, and their alerts: alertname -> all other labels, and what the summary says.
FIRST = {
    "ExchangeFrozen": ({"severity": "P0", "service": "exchange", "exchange": "binance", "collector": "exchange_health"}, "binance"),
    "ExchangeBanned": ({"severity": "P0", "service": "exchange", "exchange": "kraken", "collector": "exchange_health"}, "kraken"),
    "PositionMismatch": ({"severity": "P1", "service": "positions", "exchange": "binanceusdm", "collector": "open_positions"},
                         r"binanceusdm.*0\.25"),
    "CollectorStale": ({"severity": "P1", "service": "monitor", "collector": "redis_latency"}, "redis_latency"),
    "GlobalGuardBlock": ({"severity": "P0", "service": "engine", "engine": "main", "collector": "engine_state"}, "has blocked all trading"),
    "DailyLossLimit": ({"severity": "P0", "service": "engine", "engine": "main", "collector": "engine_state", "tier": "global"},
                       "has lost as much today"),
}
SECOND = {
    "RedisDown": ({"severity": "P0", "service": "redis", "target": "main", "collector": "redis_latency"}, "Redis main"),
    "PostgresDown": ({"severity": "P0", "service": "postgres", "target": "main", "collector": "postgres_latency"}, "Postgres main"),
}
# What the same faults may make besides, by the time they last.
BESIDES = {"ExchangeBookOld", "ExchangeClockSkew", "ExchangeDegraded", "ExchangeErrorsHigh", "ExchangeSymbolHalted", "PositionsUncompared",
           "PositionsUnreadable"}
# Further effects of the bot's troubles.
OF_THE_BOT = {"engine", "kpis", "queue"}
HALTED = "okx"  # whose order books stand still, too
LASTS = {"ExchangeBanned"}  # longer than the test
# This machine's own state is not in our hands, and preflight looks only once a minute.
NOT_OURS = {"host", "preflight"}
# Neither is how fast anything answers, on a machine that runs other tests.
SPEED = ".*(LatencyHigh|ConnectSlow)"
passed = failed = 0


def check(what, holds, why=""):
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    if not holds:
        print("FAILED %s: %s" % (what, why))


def get(url):
    with ASK.open(url, timeout=120) as answer:
        return json.load(answer)


def wait(seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.25)
    return True


class Receiver(http.server.BaseHTTPRequestHandler):
    came = []  # [labels, the status that came last, the annotations]

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for alert in body["alerts"]:
            known = [each for each in self.came if each[0] == alert["labels"]]
            if not known:
                self.came.append([alert["labels"], None, None])
            (known or self.came[-1:])[0][1:] = alert["status"], alert["annotations"]
        self.answer(b"")

    def do_GET(self):
        self.answer(json.dumps(self.came).encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def receive(demo, work):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    with open("alertmanager/alertmanager.yml") as shipped:
        text = subprocess.run(["alertmanager/render.sh"], stdin=shipped, capture_output=True, text=True, check=True, env=dict(
            os.environ, ARBWATCH_ALERT_WEBHOOK="http://127.0.0.1:%d" % server.server_port, ARBWATCH_ALERT_SECRETS=str(work))).stdout
    # A cause and what it silences need not come in the same second: what waits goes on waiting for a few.
    text = re.sub(r"group_wait: (?!0s)\S+", "group_wait: 8s", re.sub(r"group_interval: \S+", "group_interval: 2s", text))
    (work / "alertmanager.yml").write_text(text)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with open(work / "alertmanager.log", "w") as log:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "prometheus-alertmanager", "--config.file=%s/alertmanager.yml" % work,
             "--storage.path=%s/alertmanager" % work, "--web.listen-address=127.0.0.1:%d" % port, "--cluster.listen-address="],
            stdout=log, stderr=log)
    (demo / "targets/alertmanager_test.yml").write_text("- targets: ['127.0.0.1:%d']\n" % port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server.serve_forever()
    finally:
        process.terminate()
        process.wait()


class Stack:
    """What Prometheus and the receiver say."""

    def __init__(self, prometheus, receiver):
        self.prometheus, self.receiver = prometheus, receiver

    def query(self, expression):
        return get(self.prometheus + "/api/v1/query?query=" + urllib.parse.quote(expression))["data"]["result"]

    def came(self):
        """Labels -> status and annotations, of what counts."""
        return {tuple(sorted(labels.items())): (status, notes) for labels, status, notes in get(self.receiver)
                if labels["alertname"] != "Watchdog" and not re.fullmatch(SPEED, labels["alertname"])
                and labels.get("service") not in NOT_OURS}

    def reasons(self):
        """Of the alerts that count: those that fire or will, and the reasons against trading."""
        return self.query('ALERTS{severity=~"P.*",service!~"%s",alertname!~"%s"} or arbwatch:reason{collector!="preflight"}'
                          % ("|".join(NOT_OURS), SPEED))

    def statuses(self, wanted):
        came = self.came()
        return [came.get(labels_of(name, labels), ["none"])[0] for name, (labels, _) in wanted.items()]


def labels_of(name, labels):
    return tuple(sorted(dict(labels, alertname=name, env="paper").items()))


def quiet(stack):
    known = wait(60, lambda: stack.query('count(up{job="alertmanager"} == 1) == 2'))
    check("Prometheus knows the other Alertmanager", known)
    check("nothing fires while all is well", wait(120, lambda: not stack.reasons()), stack.query("ALERTS or arbwatch:reason"))


def fires(stack, wanted):
    there = wait(180, lambda: set(stack.statuses(wanted)) == {"firing"})
    check("each fault has its alert: " + " ".join(wanted), there, stack.came())


def resolved(stack):
    over = {name: labels for name, labels in (FIRST | SECOND).items() if name not in LASTS}
    check("all are resolved", wait(180, lambda: set(stack.statuses(over)) == {"resolved"}), stack.came())
    came = stack.came()
    wanted = {labels_of(name, labels) for name, (labels, _) in (FIRST | SECOND).items()}
    others = {labels for labels in set(came) - wanted
              if dict(labels)["alertname"] not in BESIDES and dict(labels).get("exchange") != HALTED
              and dict(labels)["service"] not in OF_THE_BOT}
    check("no other alert came", not others, others)
    for name, (labels, pattern) in (FIRST | SECOND).items():
        texts(name, came.get(labels_of(name, labels), ["", {}])[1], pattern)


def texts(name, notes, pattern):
    """What a person reads: all of it is there."""
    check("%s has its texts" % name, set(notes) == {"summary", "description", "action", "runbook_url", "dashboard_url"}, notes)
    check("the summary of %s says what" % name, re.search(pattern, notes.get("summary", "")), notes)
    check("%s leads to its section" % name, notes.get("runbook_url", "").endswith("docs/runbook.md#" + name.lower()), notes)
    check("%s has no raw figure" % name, not re.search(r"\d\.\d{6}|<no value>|NaN", " ".join(notes.values())), notes)


def main(prometheus, receiver, stage):
    stack = Stack(prometheus, receiver)
    if stage in ("first", "second"):
        fires(stack, FIRST if stage == "first" else SECOND)
    else:
        {"quiet": quiet, "resolved": resolved}[stage](stack)
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if sys.argv[1] == "--receive":
    receive(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
else:
    sys.exit(main(*sys.argv[1:]))
