#!/usr/bin/python3
"""stack.py DEMO PROMETHEUS PAPER-EXCHANGE WORK: faults of a stack of `make run`, and the alerts that reach their receiver.

An Alertmanager of its own, with the shipped routes at a quicker pace, becomes another target of the demo's Prometheus; DEMO is
the demo's directory.  The faults: an exchange that answers 503, one that is frozen, a position that the bot does not know, Redis
and then Postgres that hang, a collector that hangs.  What reaches the receiver is these alerts and no other, with their labels
and texts; and each is resolved.  What preflight says of the same faults, in its own time, does not count.
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

DEMO, PROMETHEUS, PAPER, WORK = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], pathlib.Path(sys.argv[4])
ASK = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# The faults, and their alerts: alertname -> all other labels, and what the summary says.
FIRST = {
    "ExchangeDown": ({"severity": "P1", "service": "exchange", "exchange": "upbit", "collector": "exchange_health"}, "upbit"),
    "ExchangeFrozen": ({"severity": "P0", "service": "exchange", "exchange": "binance", "collector": "exchange_health"}, "binance"),
    "PositionMismatch": ({"severity": "P1", "service": "positions", "exchange": "binanceusdm", "collector": "open_positions"},
                         r"binanceusdm.*0\.25"),
    "RedisDown": ({"severity": "P0", "service": "redis", "target": "main", "collector": "redis_latency"}, "Redis main"),
    "CollectorStale": ({"severity": "P1", "service": "monitor", "collector": "postgres_latency"}, "postgres_latency"),
}
THEN = {
    "PostgresDown": ({"severity": "P0", "service": "postgres", "target": "main", "collector": "postgres_latency"}, "Postgres main"),
}
# An exchange that answers again is degraded for some minutes, until the failures fade from its error ratio; and its positions are
# not known before they are read the next time.
AFTER = {
    "ExchangeDegraded": {"severity": "P2", "service": "exchange", "exchange": "upbit", "collector": "exchange_health"},
    "PositionsUnreadable": {"severity": "P1", "service": "positions", "exchange": "upbit", "collector": "open_positions"},
}
# This machine's own state is not in our hands, and preflight looks only once a minute.
NOT_OURS = {"host", "preflight"}
# Neither is how fast anything answers, on a machine that runs other tests.
SPEED = ".*(LatencyHigh|ConnectSlow)"
passed = failed = 0
held = set()
came = {}  # labels -> [the status that came last, the annotations]


def check(what, holds, why=""):
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    if not holds:
        print("FAILED %s: %s" % (what, why))


def wait(seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.25)
    return True


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for alert in body["alerts"]:
            name = alert["labels"]["alertname"]
            if name != "Watchdog" and not re.fullmatch(SPEED, name) and alert["labels"].get("service") not in NOT_OURS:
                came[tuple(sorted(alert["labels"].items()))] = [alert["status"], alert["annotations"]]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def query(expression):
    with ASK.open(PROMETHEUS + "/api/v1/query?query=" + urllib.parse.quote(expression), timeout=120) as answer:
        return json.load(answer)["data"]["result"]


def quiet():
    """No alert of ours fires or is about to, and no reason is left."""
    return not query('ALERTS{severity=~"P.*",service!~"%s",alertname!~"%s"} or arbwatch:reason{collector!="preflight"}'
                     % ("|".join(NOT_OURS), SPEED))


def fault(what, method="POST"):
    with ASK.open(urllib.request.Request(PAPER + "/control" + what, method=method), timeout=30) as answer:
        answer.read()


def processes(pattern):
    """Those whose command line is like the pattern, and their children."""
    found, children = set(), {}
    for directory in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            line = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            parent = int((directory / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        children.setdefault(parent, set()).add(int(directory.name))
        if re.match(pattern, line):
            found.add(int(directory.name))
    check("there is %s" % pattern, found)
    return found | {child for parent in found for child in children.get(parent, ())}


def hold(pattern):
    for process in processes(pattern):
        os.kill(process, signal.SIGSTOP)
        held.add(process)


def let_go(processes_):
    for process in list(processes_):
        held.discard(process)
        try:
            os.kill(process, signal.SIGCONT)
        except ProcessLookupError:
            pass


def collector(name):
    return r"\S*%s --config\.file %s/" % (name, DEMO)


def labels_of(name, labels):
    return tuple(sorted(dict(labels, alertname=name, env="paper").items()))


def firing(expected):
    return all(came.get(labels_of(name, labels), ["none"])[0] == "firing" for name, (labels, _) in expected.items())


def start_alertmanager():
    """With the shipped configuration, at a quicker pace; its process, once Prometheus knows it."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with open("alertmanager/alertmanager.yml") as shipped:
        text = subprocess.run(["alertmanager/render.sh"], stdin=shipped, capture_output=True, text=True, check=True, env=dict(
            os.environ, ARBWATCH_ALERT_WEBHOOK="http://127.0.0.1:%d" % server.server_port, ARBWATCH_ALERT_SECRETS=str(WORK))).stdout
    # A cause and what it silences need not come in the same second: what waits goes on waiting for a few.
    text = re.sub(r"group_wait: (?!0s)\S+", "group_wait: 8s", re.sub(r"group_interval: \S+", "group_interval: 2s", text))
    (WORK / "alertmanager.yml").write_text(text)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = "127.0.0.1:%d" % port
    with open(WORK / "alertmanager.log", "w") as log:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "prometheus-alertmanager", "--config.file=%s/alertmanager.yml" % WORK,
             "--storage.path=%s/alertmanager" % WORK, "--web.listen-address=" + address, "--cluster.listen-address="],
            stdout=log, stderr=log)
    (DEMO / "targets/alertmanager_test.yml").write_text("- targets: ['%s']\n" % address)
    known = wait(60, lambda: query('up{job="alertmanager",instance="%s"} == 1' % address))
    check("Prometheus knows the Alertmanager", known, (WORK / "alertmanager.log").read_text()[-2000:])
    return process


def texts(name, labels, pattern):
    """What a person reads: all of it is there."""
    notes = came.get(labels_of(name, labels), ["", {}])[1]
    check("%s has its texts" % name, set(notes) == {"summary", "description", "action", "runbook_url", "dashboard_url"}, notes)
    check("the summary of %s says what" % name, re.search(pattern, notes.get("summary", "")), notes)
    check("%s leads to its section" % name, notes.get("runbook_url", "").endswith("docs/runbook.md#" + name.lower()), notes)
    check("%s has no raw figure" % name, not re.search(r"\d\.\d{6}|<no value>|NaN", " ".join(notes.values())), notes)


def scenario():
    check("nothing fires while all is well", wait(120, quiet), query('ALERTS or arbwatch:reason'))
    fault("/upbit/5xx")
    fault("/binance/frozen")
    fault("/binanceusdm/drift?value=0.25")
    hold(collector("postgres_latency"))
    hold(r"\S*redis-server \S*:%s" % re.search(r"redis://\S*:(\d+)", (DEMO / "arbwatch.yml").read_text())[1])
    check("each fault has its alert", wait(180, lambda: firing(FIRST)), came)
    fault("", "DELETE")
    let_go(held)
    forbids = 'arbwatch:reason{rule!="exchange_degraded",collector!="preflight"}'
    check("the faults are over", wait(90, lambda: not query(forbids)), query(forbids))
    hold(r"\S*postgres -D %s/" % DEMO)
    check("Postgres that hangs has its alert", wait(120, lambda: firing(THEN)), came)
    let_go(held)
    wanted = {labels_of(name, labels) for name, (labels, _) in (FIRST | THEN).items()}
    check("all are resolved", wait(180, lambda: all(came.get(each, ["none"])[0] == "resolved" for each in wanted)), came)
    wanted |= {labels_of(name, labels) for name, labels in AFTER.items()}
    check("no other alert came", set(came) <= wanted, sorted(set(came) - wanted))
    for name, (labels, pattern) in (FIRST | THEN).items():
        texts(name, labels, pattern)


def main():
    alertmanager = start_alertmanager()
    try:
        scenario()
    finally:
        let_go(held)
        (DEMO / "targets/alertmanager_test.yml").unlink()
        alertmanager.terminate()
        alertmanager.wait()
    check("Prometheus forgets the Alertmanager", wait(60, lambda: len(query('up{job="alertmanager"}')) == 1))
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


sys.exit(main())
