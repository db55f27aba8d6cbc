#!/usr/bin/python3
"""What Alertmanager does with alerts by alertmanager/alertmanager.yml: routes.py DIRECTORY.

Prints "ok ..." or "FAILED ..." for each thing that it shows.  With --part FILE: FILE is a part of a configuration out of the
documentation; amtool must take the shipped configuration with it.
"""

import datetime
import glob
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request

import yaml

SHIPPED = "alertmanager/alertmanager.yml"
SEVERITY_RECEIVER = {"P0": "p0", "P1": "p1", "P2": "p2", "P3": "p3", "critical": "p0", "warning": "p2", "info": "p3", "page": "p2"}
STARTED = datetime.datetime.now(datetime.timezone.utc)
SERVICES = "redis postgres exchange positions preflight engine monitor host queue http".split()

# For each inhibition: the cause, what it silences, and what it does not.  "@" is replaced by what is this case's own: its env is
# always so, unless it says another.
CASES = [
    ("a machine that does not answer",
     "NodeDown P0 monitor env=all instance=h@:9100 host=h@",
     ["HostDiskLow P0 host env=all instance=h@:9100 host=h@ device=/",
      "TargetDown P2 monitor env=all instance=h@:9187 host=h@ job=postgres",
      "ServiceDown P0 http env=all instance=h@:80 host=h@ job=orders"],
     ["HostDiskLow P0 host env=all instance=o@:9100 host=o@ device=/",
      "NodeDown P0 monitor env=all instance=h@:9101 host=h@",
      "AlertRelayDown P1 monitor env=all instance=h@:9110 host=h@",
      "PrometheusRuleFailures P1 monitor env=all", "NotificationsFailing P1 monitor env=all instance=h@:9093 host=h@",
      "RedisDown P0 redis target=t collector=redis_latency"]),
    ("all collectors stopped",
     "CollectorsStopped P0 monitor",
     ["CollectorStale P1 monitor collector=c", "PositionMismatch P0 positions exchange=x symbol=s collector=open_positions",
      "PreflightFailed P0 preflight", "ExchangeFrozen P0 exchange exchange=x collector=exchange_health",
      "EngineDown P0 engine engine=m collector=engine_state", "QueueBacklog P2 queue target=t queue=q collector=queue_depth"],
     ["CollectorStale P1 monitor env=@other collector=c", "PreflightFailed P0 preflight env=@other",
      "HostDiskLow P0 host env=all instance=d@:1 host=d@ device=/"]),
    ("a collector that stopped",
     "CollectorStale P1 monitor collector=exchange_health",
     ["ExchangeDown P1 exchange exchange=x collector=exchange_health",
      "CollectorFailing P2 monitor collector=exchange_health"],
     ["ExchangeFrozen P0 exchange exchange=z collector=exchange_health",
      "ExchangeDown P1 exchange env=@other exchange=x collector=exchange_health",
      "PositionMismatch P0 positions exchange=x symbol=s collector=open_positions",
      "TextfileBroken P1 monitor collector=exchange_health", "PreflightFailed P0 preflight"]),
    ("a collector that is missing",
     "CollectorMissing P1 monitor collector=open_positions",
     ["PositionMismatch P1 positions exchange=x symbol=s collector=open_positions"],
     ["PositionMismatch P0 positions exchange=z symbol=s collector=open_positions",
      "PositionMismatch P1 positions env=@other exchange=x symbol=s collector=open_positions"]),
    ("a collector's file that is broken",
     "TextfileBroken P1 monitor collector=redis_latency",
     ["RedisLatencyHigh P2 redis target=t collector=redis_latency"],
     ["RedisDown P0 redis target=u collector=redis_latency", "PostgresDown P0 postgres target=t collector=postgres_latency"]),
    ("a preflight that does not run",
     "PreflightStale P1 preflight",
     ["PreflightNotReady P0 preflight", "PreflightWarning P1 preflight"],
     ["PreflightFailed P0 preflight", "PreflightWarning P1 preflight env=@other"]),
    ("a verdict that is gone with its file",
     "PreflightNotReady P0 preflight",
     ["CollectorMissing P1 monitor collector=preflight"],
     ["CollectorMissing P1 monitor collector=open_positions", "CollectorMissing P1 monitor env=@other collector=preflight"]),
] + [
    ("an exchange: " + cause,
     cause + " P0 exchange exchange=x collector=exchange_health",
     ["%s P1 exchange exchange=x collector=exchange_health" % name for name in
      ["ExchangeLatencyHigh", "ExchangeBookOld", "ExchangeClockSkew", "ExchangeErrorsHigh", "ExchangeDegraded", "ExchangeThrottled",
       "ExchangeCertificateExpires", "ExchangeCertificateExpiresSoon", "ExchangeRateLimitLow"]] +
     ["ExchangeSymbolHalted P1 exchange exchange=x symbol=s collector=exchange_health",
      "PositionsUnreadable P1 positions exchange=x collector=open_positions",
      "FeedDown P2 engine engine=m exchange=x collector=engine_state",
      "FeedReconnectStorm P2 engine engine=m exchange=x collector=engine_state",
      "OrdersRejected P1 engine engine=m exchange=x collector=engine_state"],
     ["ExchangeLatencyHigh P1 exchange exchange=y collector=exchange_health",
      "ExchangeLatencyHigh P1 exchange env=@other exchange=x collector=exchange_health",
      "PositionsUnreadable P1 positions exchange=y collector=open_positions",
      "FeedDown P2 engine engine=m exchange=y collector=engine_state",
      "PositionMismatch P0 positions exchange=x symbol=s collector=open_positions",
      "ApiKeyMayWithdraw P0 positions exchange=x collector=open_positions",
      "ApiKeyExpires P2 positions exchange=x collector=open_positions",
      "AccountLocked P1 positions exchange=x collector=open_positions", "TooFewExchanges P1 exchange"])
    for cause in ["ExchangeDown", "ExchangeFrozen", "ExchangeBanned", "ExchangeMaintenance", "ExchangeNoData"]
] + [
    ("a server: " + down,
     "%s P0 %s target=t collector=%s_latency" % (down, service, service),
     [low + " P1 %s target=t collector=%s_latency" % (service, service),
      "EnginePositionsUnreadable P1 positions collector=open_positions",
      "PositionsUncompared P1 positions exchange=x collector=open_positions", "PreflightFailed P0 preflight",
      "PreflightNotReady P0 preflight", "PreflightWarning P1 preflight", "EngineStopped P0 engine"],
     [low + " P1 %s target=u collector=%s_latency" % (service, service),
      low + " P1 %s env=@other target=t collector=%s_latency" % (service, service),
      down + " P0 %s target=v collector=%s_latency" % (service, service),
      "%s P2 %s env=all instance=e@:9 host=e@" % (exported, service),
      "PositionMismatch P0 positions exchange=x symbol=s collector=open_positions", "PreflightFailed P0 preflight env=@other",
      "EngineStopped P0 engine env=@other", "DrawdownHigh P1 engine engine=m currency=USDT collector=trading_kpis"])
    for down, service, low, exported in [("RedisDown", "redis", "RedisLatencyHigh", "RedisMemoryHigh"),
                                         ("PostgresDown", "postgres", "PostgresConnectionsHigh", "PostgresDeadlocks")]
] + [
    ("a key that expires soon",
     "ApiKeyExpiresSoon P1 positions exchange=x collector=open_positions",
     ["ApiKeyExpires P2 positions exchange=x collector=open_positions"],
     ["ApiKeyExpires P2 positions exchange=y collector=open_positions",
      "ApiKeyExpires P2 positions env=@other exchange=x collector=open_positions"]),
    ("a certificate that expires soon",
     "ExchangeCertificateExpiresSoon P1 exchange exchange=x collector=exchange_health",
     ["ExchangeCertificateExpires P2 exchange exchange=x collector=exchange_health"],
     ["ExchangeCertificateExpires P2 exchange exchange=y collector=exchange_health"]),
    ("one leg",
     "OneLegOnly P0 positions currency=KRW collector=open_positions",
     ["ExposureHigh P1 positions currency=KRW collector=open_positions"],
     ["ExposureHigh P1 positions currency=USDT collector=open_positions",
      "ExposureHigh P1 positions env=@other currency=KRW collector=open_positions"]),
    ("a bot without a heartbeat",
     "EngineDown P0 engine engine=m collector=engine_state",
     ["EngineErrorRateHigh P1 engine engine=m collector=engine_state", "EngineCriticalLog P0 engine engine=m collector=engine_state",
      "LowActivity P3 engine engine=m collector=trading_kpis", "PreflightWarning P1 preflight"],
     ["DrawdownHigh P1 engine engine=m currency=USDT collector=trading_kpis", "PreflightFailed P0 preflight",
      "PreflightWarning P1 preflight env=@other",
      "EngineErrorRateHigh P1 engine engine=o collector=engine_state",
      "EngineErrorRateHigh P1 engine env=@other engine=m collector=engine_state",
      "PositionMismatch P0 positions exchange=x symbol=s collector=open_positions"]),
    ("a bot that has blocked all",
     "GlobalGuardBlock P0 engine engine=m collector=engine_state",
     ["%s P1 engine engine=m collector=engine_state" % name for name in
      ["ExchangeGuardBlock", "RouteGuardBlock", "SymbolGuardBlock", "AllRoutesSkipped", "EngineHalted", "LowActivity"]],
     ["ExchangeGuardBlock P1 engine engine=o collector=engine_state",
      "RouteGuardBlock P2 engine env=@other engine=m collector=engine_state",
      "LoopLatencyHigh P1 engine engine=m collector=engine_state", "FeedDown P2 engine engine=m exchange=x collector=engine_state"]),
    ("a loss at its limit",
     "DailyLossLimit P0 engine engine=m tier=global collector=engine_state",
     ["DailyLossHigh P1 engine engine=m tier=global collector=engine_state"],
     ["DailyLossHigh P1 engine engine=m tier=route collector=engine_state",
      "DailyLossHigh P1 engine engine=o tier=global collector=engine_state",
      "EngineExposureHigh P1 engine engine=m tier=global collector=engine_state"]),
] + [
    ("the worse of two: " + worse,
     worse + " P0 engine engine=m collector=engine_state",
     [less + " P2 engine engine=m collector=engine_state"],
     [less + " P2 engine engine=o collector=engine_state", less + " P2 engine env=@other engine=m collector=engine_state"])
    for worse, less in [("EngineCriticalLog", "EngineErrorLog"), ("EngineErrorRateHigh", "EngineErrorLog"),
                        ("AllRoutesSkipped", "RouteScoreLow")]
] + [
    ("a queue without a worker",
     "QueueWithoutWorker P1 queue target=t queue=q collector=queue_depth",
     ["QueueBacklog P2 queue target=t queue=q collector=queue_depth"],
     ["QueueBacklog P2 queue target=t queue=r collector=queue_depth", "QueueBacklog P2 queue target=u queue=q collector=queue_depth"]),
    ("a full disk",
     "HostDiskLow P0 host env=all instance=d@:9100 host=d@ device=/",
     ["HostDiskFillsUp P1 host env=all instance=d@:9100 host=d@ device=/"],
     ["HostDiskFillsUp P1 host env=all instance=d@:9100 host=d@ device=/data",
      "HostDiskFillsUp P1 host env=all instance=o@:9100 host=o@ device=/"]),
    ("a service that is down",
     "ServiceDown P0 http env=all instance=s@:80 host=s@ job=orders",
     ["ServiceErrorsHigh P2 http env=all instance=s@:80 host=s@ job=orders",
      "WebsocketConnectionsHigh P2 http env=all instance=s@:80 host=s@ job=orders"],
     ["ServiceErrorsHigh P2 http env=all instance=s@:81 host=s@ job=orders",
      "ServiceDown P0 http env=all instance=s@:82 host=s@ job=orders"]),
    ("an exporter that does not answer",
     "TargetDown P2 monitor env=all instance=x@:9187 host=x@ job=postgres",
     ["PostgresReplicationLag P2 postgres env=all instance=x@:9187", "CeleryWorkerDown P1 queue env=all instance=x@:9187"],
     ["PostgresReplicationLag P2 postgres env=all instance=x@:9188"]),
    ("a critical alert of others",
     "Full critical disks instance=@",
     ["Full warning disks instance=@"],
     ["Full warning disks instance=@other", "Empty warning disks instance=@", "Full warning disks"]),
    ("another one", "Full critical disks instance=@", ["Full info disks instance=@"], ["Full info disks instance=@other"]),
    ("a warning of others",
     "Slow warning disks instance=@", ["Slow info disks instance=@"], ["Slow info disks instance=@other", "Slow info disks"]),
]


def labels_of(text, number):
    """The labels of a line of CASES."""
    name, severity, service, *more = text.split()
    labels = {"alertname": name, "severity": severity, "service": service, "env": "e@"}
    labels.update(pair.split("=", 1) for pair in more)
    return {key: value.replace("@", str(number)) for key, value in labels.items()}


def check(what, good, why=""):
    print("ok %s" % what if good else "FAILED routes.py: %s: %s" % (what, " ".join(str(why).split())[:600]))


def await_that(condition, seconds=60):
    """Whether it becomes true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


### A receiver, and Alertmanagers


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps (Alertmanager, receiver, status, names of its alerts) of each message; its address is /AM/RECEIVER."""

    messages = []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        _, am, receiver = self.path.split("/")
        self.messages.append((am, receiver, [(alert["status"], alert["labels"]) for alert in body["alerts"]]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass


def received(am, status="firing"):
    """The labels of every alert that came."""
    return [labels for at, _, alerts in list(Receiver.messages) if at == am for state, labels in alerts if state == status]


class Alertmanager:
    def __init__(self, name, directory, port, change):
        self.name, self.file = name, os.path.join(directory, name + ".yml")
        self.hook = "http://127.0.0.1:%d/%s" % (port, name)
        self.configure(change)
        self.log = open(os.path.join(directory, name + ".log"), "w")
        for _ in range(5):  # the port may be somebody else's by then
            self.port = int(subprocess.check_output([os.environ["TOOLS"] + "/free_port"]))
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "prometheus-alertmanager", "--config.file=" + self.file,
                 "--storage.path=" + os.path.join(directory, name), "--cluster.listen-address=",
                 "--web.listen-address=127.0.0.1:%d" % self.port], stdout=self.log, stderr=self.log)
            if await_that(lambda: self.process.poll() is not None or self.ready()) and self.process.poll() is None:
                return
        sys.exit("FAILED Alertmanager does not start: " + open(self.log.name).read())

    def configure(self, change):
        text = subprocess.run(["alertmanager/render.sh"], stdin=open(SHIPPED), env={**os.environ, "ARBWATCH_ALERT_WEBHOOK": self.hook},
                              stdout=subprocess.PIPE, text=True, check=True).stdout
        with open(self.file, "w") as file:
            file.write(change(text))

    def ask(self, path, body=None):
        request = urllib.request.Request(
            "http://127.0.0.1:%d%s" % (self.port, path), None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json"}, method="GET" if body is None else "POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def ready(self):
        try:
            return bool(self.ask("/-/ready"))
        except OSError:
            return False

    def post(self, alerts, ended=False):
        now = datetime.datetime.now(datetime.timezone.utc)
        start, end = (STARTED, now) if ended else (now, now + datetime.timedelta(hours=1))
        self.ask("/api/v2/alerts", [{"labels": each, "startsAt": start.isoformat(), "endsAt": end.isoformat(), "annotations": {}}
                                    for each in alerts])

    def alerts(self):
        return json.loads(self.ask("/api/v2/alerts"))

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def quick(text):
    """Every alert by itself and at once, at every route."""
    text = re.sub(r"group_by: .*", "group_by: ['...']", text)
    text = re.sub(r"group_wait: .*", "group_wait: 0s", text)
    return re.sub(r"group_interval: .*", "group_interval: 1s", text)


### What is shown


def inhibitions(am):
    causes = [labels_of(cause, number) for number, (_, cause, _, _) in enumerate(CASES)]
    am.post(causes)
    if not await_that(lambda: all(each in received(am.name) for each in causes)):
        check("every cause is sent", False, [each for each in causes if each not in received(am.name)])
        return
    silenced = [labels_of(each, number) for number, case in enumerate(CASES) for each in case[2]]
    others = [labels_of(each, number) for number, case in enumerate(CASES) for each in case[3]]
    am.post(silenced)
    am.post(others)
    await_that(lambda: all(each in received(am.name) for each in others), 30)
    came = received(am.name)
    state = [(alert["labels"], alert["status"]["inhibitedBy"]) for alert in am.alerts()]
    muted = [labels for labels, by in state if by]
    for number, (name, cause, targets, rest) in enumerate(CASES):
        for text in targets:
            labels = labels_of(text, number)
            check("%s: %s is silenced" % (name, text), labels in muted and labels not in came, "it is sent")
        for text in rest:
            labels = labels_of(text, number)
            check("%s: not %s" % (name, text), labels in came and labels not in muted, "it is silenced")
    am.post(causes + others, ended=True)  # some of the others are causes themselves
    # But for those that another one of them silences.
    rest = [each for each in silenced if {**each, "alertname": each["alertname"] + "Soon"} not in silenced]
    check("when the cause has ended, what it silenced is sent",
          await_that(lambda: all(each in received(am.name) for each in rest)),
          [each for each in rest if each not in received(am.name)])


def table(am):
    """Every severity, env and service: to which receivers Alertmanager would send."""
    want = {}
    for severity, receiver in SEVERITY_RECEIVER.items():
        for env in "live", "paper", "all", "":
            for service in SERVICES + ["payments"]:
                name = "Table%d" % len(want)
                want[name] = ({"alertname": name, "severity": severity, "env": env, "service": service},
                              {"paper" if env == "paper" else receiver})
    for name in "NotificationsFailing", "NotificationsDropped", "AlertRelayDown":
        want[name] = ({"alertname": name, "severity": "P1", "env": "all", "service": "monitor"}, {"fallback", "p1"})
    want["Watchdog"] = ({"alertname": "Watchdog", "severity": "none", "env": "all", "service": "monitor"}, {"heartbeat"})
    am.post([{key: value for key, value in labels.items() if value} for labels, _ in want.values()])
    got = {}
    await_that(lambda: got.update({alert["labels"]["alertname"]: {each["name"] for each in alert["receivers"]}
                                   for alert in am.alerts()}) or all(name in got for name in want), 30)
    wrong = [(labels, sorted(got.get(name, []))) for name, (labels, receivers) in want.items() if got.get(name) != receivers]
    check("%d combinations of severity, env and service go where they should" % len(want), not wrong, wrong[:5])
    check("the heartbeat comes by itself",
          await_that(lambda: any(at == am.name and receiver == "heartbeat" for at, receiver, _ in list(Receiver.messages))))


def documented(word):
    """The block of docs/alerting.md that has this word."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", open("docs/alerting.md").read(), re.M | re.S)
    (block,) = [each for each in blocks if word in each]
    return block


def maintenance(text):
    """The example of the documentation, on the days around now."""
    today = datetime.datetime.now(datetime.timezone.utc)
    days = ["'%s'" % (today + datetime.timedelta(days=days)).strftime("%A").lower() for days in (-1, 0, 1)]
    example = documented("time_intervals:\n")
    example, changed = re.subn(r"weekdays: .*", "weekdays: [%s]" % ", ".join(days), example)
    example, also = re.subn(r"times: .*", "times: [{start_time: '00:00', end_time: '24:00'}]", example)
    assert changed == 1 and also == 1
    return re.sub(r"^time_intervals:\n.*?\n\n", lambda _: example + "\n", text, count=1, flags=re.M | re.S)


def timers(am):
    """P0 by the timers of the file; maintenance; P1 in one message."""
    def exchanges(name, severity, env, *which):
        return [{"alertname": name, "severity": severity, "env": env, "service": "exchange", "exchange": each} for each in which]

    def sent(receiver):
        return [[labels for _, labels in alerts] for at, to, alerts in list(Receiver.messages) if at == am.name and to == receiver]

    muted, paper = exchanges("ExchangeThrottled", "P1", "live", "d"), exchanges("ExchangeFrozen", "P0", "paper", "a")
    am.post(muted)
    am.post(exchanges("ExchangeFrozen", "P0", "live", "a", "b", "c") + paper)
    check("a P0 is sent at once, in maintenance too", await_that(lambda: len(sent("p0")) >= 3), sent("p0"))
    check("and each by itself", sorted(len(alerts) for alerts in sent("p0")) == [1, 1, 1], sent("p0"))
    check("a P0 of paper is sent at once too, elsewhere", await_that(lambda: sent("paper") == [paper]), sent("paper"))
    check("a P1 is not sent in maintenance", not sent("p1"), sent("p1"))
    am.configure(lambda text: p1_waits(text, "2s"))
    am.ask("/-/reload", {})
    check("afterwards it is", await_that(lambda: sent("p1") == [muted]), sent("p1"))
    several = exchanges("ExchangeErrorsHigh", "P1", "live", "d", "e", "f")
    am.post(several)
    check("P1 of one kind come in one message", await_that(lambda: len(sent("p1")) > 1) and
          sorted(each["exchange"] for each in sent("p1")[1]) == ["d", "e", "f"], sent("p1"))
    warning, other = [{"alertname": "PreflightWarning", "severity": "P1", "env": "live", "service": "preflight"}], exchanges(
        "ExchangeDown", "P1", "live", "d")
    am.post(warning, ended=True)
    am.post(other)  # when this one is sent, the end of the warning has waited, too
    check("another P1 is sent", await_that(lambda: other in sent("p1")), sent("p1"))
    am.post(warning)
    check("a warning of preflight waits no longer because preflight has posted its end", await_that(lambda: warning in sent("p1"), 10),
          sent("p1"))


def p1_waits(text, wait):
    assert text.count("group_wait: 15s") == 1
    return text.replace("group_wait: 15s", "group_wait: " + wait).replace("group_interval: 15s", "group_interval: 2s")


### Without a server


def route_of(routes, text):
    (route,) = [each for each in routes if text in str(each["matchers"])]
    return {key: value for key, value in route.items() if key.startswith(("group", "repeat"))}


def static():
    config = yaml.safe_load(open(SHIPPED))
    routes = config["route"]["routes"]
    first = {"group_by": ["..."], "group_wait": "0s", "group_interval": "1s"}
    check("P0 waits for nothing, and is repeated after 5 minutes", route_of(routes, '"P0|') == {**first, "repeat_interval": "5m"})
    check("P1 comes at most once in 5 minutes", route_of(routes, '"P1"')["group_interval"] == "5m")
    check("P2 is grouped for 5 minutes", config["route"]["group_wait"] == config["route"]["group_interval"] == "5m" and
          route_of(routes, '"P2|') == {})
    check("P3 comes hourly", route_of(routes, '"P3|')["group_interval"] == "1h")
    check("no configuration holds a secret", not re.search(r"(token|password|key|secret|api_url): *[^ ]", open(SHIPPED).read()))
    # Every label set of an alert that the tests of the rules expect.
    sets = []
    for path in glob.glob("prometheus/tests/*.yml"):
        for test in yaml.load(open(path), yaml.CSafeLoader).get("tests") or []:
            for asked in test.get("alert_rule_test") or []:
                sets += [{"alertname": asked["alertname"], **each["exp_labels"]} for each in asked.get("exp_alerts") or []]
    sets += [labels_of(text, 0) for _, cause, silenced, _ in CASES for text in [cause] + silenced]
    for rule in config["inhibit_rules"]:
        sides = {side: [labels for labels in sets if all(matches(each, labels) for each in rule[side])]
                 for side in ("source_matchers", "target_matchers")}
        lacking = [(labels, name) for side in sides.values() for labels in side for name in rule["equal"] if not labels.get(name)]
        check("%s: both sides have %s" % (rule["source_matchers"][0], rule["equal"]), all(sides.values()) and not lacking, lacking)
    # Each alert that the configuration names is made by a rule.
    names = {rule["alert"] for path in glob.glob("prometheus/rules/*.yml") for group in yaml.load(open(path), yaml.CSafeLoader)["groups"]
             for rule in group["rules"] if "alert" in rule}
    text = [each for rule in config["inhibit_rules"] for side in ("source_matchers", "target_matchers") for each in rule[side]]
    named = {name for each in text if each.startswith("alertname") for name in expand(re.split(r'[=~!]+', each, maxsplit=1)[1].strip('"'))}
    named |= {"Watchdog", "NotificationsFailing", "NotificationsDropped"}
    missing = sorted(name for name in named if not any(re.fullmatch(name, each) for each in names))
    check("every alert that is named exists", not missing, missing)


def expand(pattern):
    """The words of a|b(c|d)|e."""
    flat = re.sub(r"(\w+)\(([\w|]+)\)", lambda m: "|".join(m[1] + each for each in m[2].split("|")), pattern)
    return flat.split("|")


def matches(matcher, labels):
    name, sign, value = re.fullmatch(r'(\w+)(=~|!~|!=|=)"?(.*?)"?', matcher).groups()
    same = bool(re.fullmatch(value, labels.get(name, ""))) if "~" in sign else labels.get(name, "") == value
    return same != sign.startswith("!")


def part(path):
    """The shipped configuration with a part of the documentation: receivers and routes are added, intervals are replaced."""
    config, more = yaml.safe_load(open(SHIPPED)), yaml.safe_load(open(path))
    names = [each["name"] for each in more.get("receivers", [])]
    config["receivers"] = [each for each in config["receivers"] if each["name"] not in names] + more.get("receivers", [])
    config["route"]["routes"] = more.get("route", {}).get("routes", []) + config["route"]["routes"]
    config["time_intervals"] = more.get("time_intervals", config["time_intervals"])
    unknown = set(more) - {"receivers", "route", "time_intervals"}
    with open(path + ".whole", "w") as file:
        yaml.safe_dump(config, file)
    sys.exit(subprocess.call(["amtool", "check-config", path + ".whole"]) or (str(unknown) if unknown else 0))


def main():
    if sys.argv[1] == "--part":
        part(sys.argv[2])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    static()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    started = []
    try:
        for name, change in ("quick", quick), ("shipped", lambda text: maintenance(p1_waits(text, "0s"))):
            started.append(Alertmanager(name, sys.argv[1], server.server_port, change))
        inhibitions(started[0])
        table(started[0])
        timers(started[1])
        check("the end", True)
    finally:
        for each in started:
            each.stop()


main()
