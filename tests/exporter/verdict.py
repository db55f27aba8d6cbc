"""The same faults, judged by arbwatch_exporter and by the recording rules: names, texts and verdicts must agree.

verdict.py DIRECTORY PORT EXPECTING-PORT WORK PROMETHEUS-PORT: two exporters read DIRECTORY, the second one with
--health.expect; Prometheus scrapes the second one as if it were node_exporter, every second. A fault changes the files
of a stack in which all is well. What the rules make of the same samples is promtool's answer, one test group for each
fault, in one run; a few of them are shown to a real Prometheus besides. What is right is written beside each fault.

The same faults for some minutes, with all rules: the alerts do not contradict the verdict, and after the inhibitions of
alertmanager.yml one cause gives one message.
"""

import json
import math
import os
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import yaml

sys.path.insert(0, "tests/alerts")
import agree

STATES = ("healthy", "degraded", "frozen", "down", "maintenance", "banned")
COLLECTORS = ("redis_latency", "postgres_latency", "exchange_health", "open_positions", "engine_state", "preflight")
EXCHANGES = ("binance", "kraken", "upbit")
NOW = time.time()
AT = 60  # when promtool looks, in its own time
DAY = 86400


def sample(name, /, **labels):
    return name, tuple(sorted(labels.items()))


def good(env):
    """File -> series -> value."""
    files = {}
    for name in COLLECTORS:
        prefix = "arbitrage_collector_"
        files[name] = {
            sample(prefix + "success", collector=name, env=env): 1,
            sample(prefix + "interval_seconds", collector=name, env=env): 600 if name == "preflight" else 15,
            sample(prefix + "last_run_timestamp_seconds", collector=name, env=env): NOW - 4,
            sample(prefix + "runs_total", collector=name, env=env): 7,
        }
    files["redis_latency"][sample("arbitrage_redis_up", target="main", env=env)] = 1
    files["postgres_latency"].update({
        sample("arbitrage_postgres_up", target="main", env=env): 1,
        sample("arbitrage_postgres_connections", target="main", env=env): 20,
        sample("arbitrage_postgres_connections_max", target="main", env=env): 100,
    })
    for exchange in EXCHANGES:
        labels = {"exchange": exchange, "env": env}
        public, account = files["exchange_health"], files["open_positions"]
        public[sample("arbitrage_exchange_up", **labels)] = 1
        for state in STATES:
            public[sample("arbitrage_exchange_health_state", state=state, **labels)] = int(state == "healthy")
        public[sample("arbitrage_exchange_clock_skew_seconds", **labels)] = 0.01
        public[sample("arbitrage_exchange_clock_skew_error_seconds", **labels)] = 0.02
        public[sample("arbitrage_exchange_certificate_expiry_timestamp_seconds", **labels)] = NOW + 90 * DAY
        for source in ("exchange", "engine"):
            account[sample("arbitrage_positions_readable", source=source, **labels)] = 1
            account[sample("arbitrage_open_positions", source=source, **labels)] = 1
        account[sample("arbitrage_position_mismatch", symbol="BTC/USDT", **labels)] = 0
        account[sample("arbitrage_position_mismatch", symbol="ETH/USDT", **labels)] = 0
        account[sample("arbitrage_api_key_permission", permission="read", **labels)] = 1
        account[sample("arbitrage_api_key_permission", permission="withdraw", **labels)] = 0
        account[sample("arbitrage_api_key_expiry_timestamp_seconds", **labels)] = math.inf
        account[sample("arbitrage_account_trading_locked", **labels)] = 0
    files["open_positions"][sample("arbitrage_engine_unknown_rows", env=env)] = 0
    files["open_positions"][sample("arbitrage_exposure_known", currency="USDT", env=env)] = 1
    files["preflight"].update({
        sample("arbitrage_preflight_checks_total", check="redis", status="pass", env=env): 3,
        sample("arbitrage_preflight_ready_for_live", env=env): int(env == "live"),
        sample("arbitrage_preflight_last_success", env=env): 1,
        sample("arbitrage_preflight_last_verdict_timestamp_seconds", env=env): NOW - 4,
    })
    bot = files["engine_state"]
    bot[sample("arbitrage_engine_up", engine="main", env=env)] = 1
    bot[sample("arbitrage_engine_heartbeat_timestamp_seconds", engine="main", env=env)] = NOW - 5
    for tier in ("global", "exchange"):
        labels = {"engine": "main", "tier": tier, "name": "" if tier == "global" else "upbit", "env": env}
        bot[sample("arbitrage_engine_guard_state", **labels)] = 0
        for state_of in ("ok", "degrade", "cooldown", "block"):
            bot[sample("arbitrage_engine_guards", engine="main", tier=tier, state=state_of, env=env)] = int(state_of == "ok")
        bot[sample("arbitrage_engine_daily_loss", currency="USDT", **labels)] = 10
        bot[sample("arbitrage_engine_daily_loss_limit", currency="USDT", **labels)] = 100
    return files


def put(value, name, /, **labels):
    """A fault: all series of that name with these labels have this value; None: they are not there."""
    def change(files):
        wanted, found = set(labels.items()), 0
        for series in files.values():
            for key in [k for k in series if k[0] == "arbitrage_" + name and wanted <= set(k[1])]:
                found += 1
                if value is None:
                    del series[key]
                else:
                    series[key] = value
        assert found, (name, labels)
    return change


def state(exchange, new):
    def change(files):
        put(0, "exchange_health_state", exchange=exchange)(files)
        put(1, "exchange_health_state", exchange=exchange, state=new)(files)
        put(int(new in ("healthy", "degraded", "frozen")), "exchange_up", exchange=exchange)(files)
    return change


def old(collector, seconds):
    return put(NOW - seconds, "collector_last_run_timestamp_seconds", collector=collector)


def without(*names):
    return lambda files: [files.pop(name) for name in names]


def failed(collector):
    return put(0, "collector_success", collector=collector)


def every(change, over):
    return [change(one) for one in over]


NAN = math.nan
# What is wrong, the env, the changes, the reasons that are right (NO in capitals), and whether all collectors are expected.
FAULTS = [
    ("all is well", "live", [], ""),
    ("all is well", "paper", [], ""),
    ("all is well, and all are expected", "live", [], "", True),
    ("Redis is stopped", "live", [put(0, "redis_up"), failed("redis_latency")], "REDIS_DOWN"),
    ("Redis is stopped", "paper", [put(0, "redis_up"), failed("redis_latency")], "REDIS_DOWN"),
    ("whether Redis is up is no number", "live", [put(NAN, "redis_up")], "REDIS_DOWN"),
    ("Postgres is stopped", "live", [put(0, "postgres_up"), failed("postgres_latency")], "POSTGRES_DOWN"),
    ("Postgres is nearly full", "live", [put(81, "postgres_connections")], "postgres_full"),
    ("Postgres is at the limit", "live", [put(80, "postgres_connections")], ""),
    ("all exchanges are down", "live", every(lambda e: state(e, "down"), EXCHANGES) + [failed("exchange_health")],
     "EXCHANGES_FEW exchange_down exchange_down exchange_down"),
    ("two of three exchanges are in maintenance", "paper", every(lambda e: state(e, "maintenance"), EXCHANGES[1:]),
     "EXCHANGES_FEW exchange_maintenance exchange_maintenance"),
    ("one exchange of three", "live", [state("kraken", "banned")], "exchange_banned"),
    ("one exchange of three", "live", [state("kraken", "frozen")], "exchange_frozen"),
    ("one exchange of three", "live", [state("kraken", "degraded")], "exchange_degraded"),
    ("an exchange in a state that nobody knows", "live", [put(0, "exchange_health_state", exchange="kraken")], "exchange_unknown"),
    ("an exchange that is healthy and not up", "live", [put(0, "exchange_up", exchange="kraken")], "exchange_unknown"),
    ("two banned, and one that cannot be read", "paper",
     [state("kraken", "banned"), put(0, "positions_readable", exchange="upbit", source="exchange")],
     "EXCHANGES_FEW positions_unreadable exchange_banned"),
    ("a clock that is off", "live", [put(-3, "exchange_clock_skew_seconds", exchange="upbit")], "exchange_clock"),
    ("a certificate that ends", "live", [put(NOW + 13 * DAY, "exchange_certificate_expiry_timestamp_seconds", exchange="upbit")],
     "exchange_certificate"),
    ("a hung collector", "live", [old("exchange_health", 90)], "COLLECTOR_STALE"),
    ("a collector that is late, but not hung", "live", [old("exchange_health", 45)], ""),
    ("a collector with a clock that is ahead", "live", [old("redis_latency", -600)], "COLLECTOR_STALE"),
    ("a collector that does not say when it ran", "live", [put(NAN, "collector_last_run_timestamp_seconds", collector="redis_latency")],
     "COLLECTOR_STALE"),
    ("a file of a timer, within the hour", "live",
     [put(0, "collector_interval_seconds", collector="redis_latency"), old("redis_latency", 3300)], ""),
    ("a stale file of a timer", "live",
     [put(0, "collector_interval_seconds", collector="redis_latency"), old("redis_latency", 3700)], "COLLECTOR_STALE"),
    ("a hung collector with bad news", "paper", [old("redis_latency", 500), put(0, "redis_up"), failed("redis_latency")],
     "REDIS_DOWN COLLECTOR_STALE"),
    ("all have stopped", "live", every(lambda c: old(c, 5000), COLLECTORS), "COLLECTORS_NONE"),
    ("all have stopped, and preflight is not due yet", "live",
     every(lambda c: old(c, 5000), [c for c in COLLECTORS if c != "preflight"]), "COLLECTORS_NONE"),
    ("a run that could not measure all", "live", [failed("redis_latency")], "collector_failing"),
    ("a difference", "live", [put(0.25, "position_mismatch", exchange="binance", symbol="BTC/USDT"),
                              put(-3, "position_mismatch", exchange="binance", symbol="ETH/USDT")], "POSITIONS_DIFFER"),
    ("a difference", "paper", [put(-0.25, "position_mismatch", exchange="binance", symbol="BTC/USDT")], "POSITIONS_DIFFER"),
    ("a difference that is no number", "paper",
     [put(NAN, "position_mismatch", exchange="binance", symbol="BTC/USDT")], "POSITIONS_DIFFER"),
    ("nothing is compared", "paper", [put(None, "position_mismatch", exchange="upbit")], "POSITIONS_UNCOMPARED"),
    ("an account that cannot be read, and so the exposure", "live",
     [put(0, "positions_readable", exchange="upbit", source="exchange"), put(None, "position_mismatch", exchange="upbit"),
      put(None, "open_positions", exchange="upbit", source="exchange"), put(0, "exposure_known"), failed("open_positions")],
     "POSITIONS_UNREADABLE"),
    ("an account that cannot be read", "paper",
     [put(0, "positions_readable", exchange="upbit", source="exchange")], "positions_unreadable"),
    ("a number that is missing", "live", [put(None, "open_positions", exchange="upbit", source="exchange")], "POSITIONS_UNREADABLE"),
    ("the engine cannot be read", "live", [put(0, "positions_readable", source="engine"), put(None, "open_positions", source="engine")],
     "ENGINE_UNREADABLE"),
    ("the engine cannot be read", "paper", [put(0, "positions_readable", source="engine")], "engine_unreadable"),
    ("no engine", "live", [put(None, "positions_readable", source="engine"), put(None, "open_positions", source="engine"),
                           put(None, "engine_unknown_rows")], "positions_unchecked"),
    ("positions that nobody checks", "live", [put(2, "engine_unknown_rows")], "engine_rows"),
    ("whether there are any is not said", "live", [put(None, "engine_unknown_rows")], "engine_rows"),
    ("a key that may withdraw, and one degraded", "live",
     [put(1, "api_key_permission", exchange="upbit", permission="withdraw"), state("kraken", "degraded")],
     "key_withdraw exchange_degraded"),
    ("a key that expires", "live", [put(NOW + 13 * DAY, "api_key_expiry_timestamp_seconds", exchange="upbit")], "key_expires"),
    ("an account that is locked", "live", [put(1, "account_trading_locked", exchange="upbit")], "account_locked"),
    ("an exposure without a price", "live", [put(0, "exposure_known")], "exposure_unknown"),
    ("the bot gives no heartbeat", "live", [put(0, "engine_up"), put(None, "engine_guard_state"), put(None, "engine_daily_loss"),
                                            failed("engine_state")], "ENGINE_DOWN"),
    ("the bot gives no heartbeat", "paper", [put(0, "engine_up")], "engine_down"),
    ("whether the bot is up is no number", "live", [put(NAN, "engine_up")], "ENGINE_DOWN"),
    ("the bot blocks all", "paper", [put(3, "engine_guard_state", tier="global")], "ENGINE_BLOCKED"),
    ("the bot cools down", "live", [put(2, "engine_guard_state")], ""),
    ("the loss of the day is at its limit", "paper", [put(100, "engine_daily_loss", tier="global")], "DAILY_LOSS"),
    ("the loss of the day is near its limit", "live", [put(79.9, "engine_daily_loss", tier="global")], ""),
    ("the loss has no limit", "live", [put(0, "engine_daily_loss_limit")], ""),
    ("an env without a bot", "live", [without("engine_state")], ""),
    ("a bot that is expected", "live", [without("engine_state")], "COLLECTOR_MISSING", True),
    ("preflight failed", "live", [put(0, "preflight_ready_for_live"), put(0, "preflight_last_success"), failed("preflight")],
     "PREFLIGHT_NOT_READY"),
    ("preflight failed", "paper", [put(0, "preflight_last_success"), failed("preflight")], "preflight_not_ready"),
    ("preflight without a verdict", "live", [put(None, "preflight_ready_for_live"), put(None, "preflight_last_success"),
                                             put(None, "preflight_last_verdict_timestamp_seconds")], "PREFLIGHT_NOT_READY"),
    ("preflight has passed, but not for live", "live", [put(0, "preflight_ready_for_live")], "PREFLIGHT_NOT_READY"),
    ("preflight hangs", "live", [old("preflight", 5000)], "preflight_stale"),
    ("preflight's verdict is old", "live", [put(NOW - 5000, "preflight_last_verdict_timestamp_seconds")], "preflight_stale"),
    ("no positions and no preflight", "live", [without("open_positions", "preflight")], "COLLECTOR_MISSING COLLECTOR_MISSING"),
    ("no positions and no preflight", "paper", [without("open_positions", "preflight")], ""),
    ("three are in a restart loop", "live", [without("exchange_health", "open_positions", "preflight")],
     "COLLECTOR_MISSING COLLECTOR_MISSING COLLECTOR_MISSING", True),
    ("an expected file has vanished", "paper", [without("redis_latency")], "COLLECTOR_MISSING", True),
    ("none has written", "live", [without(*COLLECTORS)], "COLLECTORS_NONE", True),
    ("a misspelt env is no paper", "papre", [put(0, "positions_readable", exchange="upbit", source="exchange"),
                                             put(1, "preflight_ready_for_live")], "POSITIONS_UNREADABLE"),
    ("a file that breaks", "live", [without("postgres_latency")], "FILE_BROKEN", True, "postgres_latency"),
    ("a file of another program breaks", "live", [], "file_broken", True, "apt"),
]


def text(value):
    return {math.inf: "Inf"}.get(value, "NaN" if value != value else repr(value))


def written(series):
    return "%s{%s}" % (series[0], ",".join('%s="%s"' % pair for pair in series[1]))


def publish(directory, files, broken):
    """With times that are of now: a busy machine may need minutes for all faults."""
    later = time.time() - NOW
    for name in os.listdir(directory):
        if name.endswith(".prom"):
            os.unlink(os.path.join(directory, name))
    for name, series in files.items():
        moved = {k: v + later if "timestamp" in k[0] and math.isfinite(v) else v for k, v in series.items()}
        body = "".join("%s %s\n" % (written(key), text(value)) for key, value in moved.items())
        with open(os.path.join(directory, name + ".prom"), "w") as out:
            out.write(body)
    if broken:
        with open(os.path.join(directory, broken + ".prom"), "w") as out:
            out.write("arbitrage_redis_up{\n" if broken != "apt" else "apt_upgrades_pending{\n")


def lanes(check):
    """The fast lane has what the rules that run every second read and say, and nothing else; the slow lane has the rest."""
    lists = []
    for path in ("prometheus/prometheus.yml", "prometheus/prometheus-scale.yml"):
        with open(path) as text_of:
            lists += re.findall(r'regex: &fast_lane "true;(.*?)"', re.sub(r"\\\n\s*", "", text_of.read()), re.S)
    check("each configuration has one list, and both are the same", len(lists) == 2 and lists[0] == lists[1], lists)
    expressions = ""  # texts may be older
    for path in ("prometheus/rules/verdict.yml", "prometheus/rules/p0.yml"):
        with open(path) as text_of:
            for group in yaml.safe_load(text_of)["groups"]:
                expressions += "\n".join(rule["expr"] for rule in group["rules"] if group.get("interval") in ("500ms", "1s"))
    read = set(re.findall(r"\barbitrage_\w+", expressions)) - {"arbitrage_collector_runs_total"}
    families = set()
    for name in COLLECTORS:
        answer = subprocess.run([os.path.join(os.environ.get("BUILD", "build"), name), "--list-metrics"], capture_output=True, text=True, check=True)
        families |= {line.split("\t")[0] for line in answer.stdout.splitlines()}
    fast = {name for name in families if re.fullmatch(lists[0], name)}
    # A P0 would leave out why, or say what was wrong before.
    read |= {"arbitrage_engine_guard_reason", "arbitrage_exchange_banned_until_timestamp_seconds", "arbitrage_preflight_check_state"}
    check("the fast lane is what the rules read, and why it is", fast == read, "%s more, %s less" % (fast - read, read - fast))


def get(port, path):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open("http://127.0.0.1:%s%s" % (port, path), timeout=60) as answer:
        return json.load(answer)


def health(port):
    return get(port, "/health")


def asked(port, query):
    return get(port, "/api/v1/query?query=" + urllib.parse.quote(query))["data"]["result"]


def reasons_in(port):
    """What a real Prometheus says: the reasons, and the least verdict."""
    found = asked(port, '{__name__=~"arbwatch:(reason|verdict)"}')
    keys = ("rule", "what", "env", "why", "do", "severity")
    reasons = sorted(tuple(one["metric"].get(k, "") for k in keys) for one in found if "rule" in one["metric"])
    return reasons, min([float(one["value"][1]) for one in found if "rule" not in one["metric"]] or [-1])


def await_same(port, wanted):
    found = None
    for _ in range(240):
        found = reasons_in(port)
        if found == wanted:
            break
        time.sleep(0.25)
    return found


def in_real_life(directory, port, prometheus, check):
    for what in ("Redis is stopped", "a hung collector", "all exchanges are down", "all is well"):
        fault = next(one for one in FAULTS if one[:2] == (what, "live"))
        files = good("live")
        for change in fault[2]:
            change(files)
        publish(directory, files, None)
        report = health(port)
        keys = ("rule", "what", "env", "why", "do", "severity")
        wanted = (sorted(tuple(one[k] for k in keys) for one in report["reasons"]),
                  {"healthy": 2, "degraded": 1, "unhealthy": 0}[report["status"]])
        found = await_same(prometheus, wanted)
        check("a real Prometheus: " + what, found == wanted, "%s, not %s" % (found, wanted))
    # Of the two lanes each has a part, and none has a label that tells which.
    names = [{one["metric"]["__name__"] for one in asked(prometheus, '{__name__=~"arbitrage_.*",job="%s"}' % job)} for job in ("fast", "node")]
    check("no series is in both lanes", all(names) and not names[0] & names[1], names)
    check("the label of the lane stays outside", not asked(prometheus, '{__name__=~"arbitrage_.*",fast_lane!=""}'))


def group(name, before, files, expecting, broken):
    """A test group without what is expected: first all is well, then comes the fault."""
    then = {k: v for series in before.values() for k, v in series.items()}
    now = {k: v for series in files.values() for k, v in series.items()}
    own = {("up", (("job", "node"),)): (1, 1), ("node_textfile_scrape_error", (("job", "node"),)): (0, int(bool(broken)))}
    if expecting:
        own.update({sample("arbwatch_exporter_health_expected", collector=c, job="arbwatch"): (1, 1) for c in COLLECTORS})
    lines = []
    for series in list(then | now) + list(own):
        first, last = own[series] if series in own else (then.get(series), now.get(series))
        moved = [None if v is None else v - NOW + AT if "timestamp" in series[0] and math.isfinite(v) else v for v in (first, last)]
        labels = series if any(k == "job" for k, _ in series[1]) else (series[0], series[1] + (("job", "node"),))
        last_ones = ["stale"] if moved[1] is None else [text(moved[1])] * 3
        values = " ".join([text(moved[0]) if moved[0] is not None else "_"] * 2 + last_ones)
        lines.append({"series": written(labels), "values": values})
    return {"name": name, "interval": "15s", "input_series": lines}


def wanted_of(report, env):
    """What Prometheus should have, as promtool wants it."""
    verdict = {"healthy": 2, "degraded": 1, "unhealthy": 0}[report["status"]]
    found = []
    for reason in report["reasons"]:
        labels = {k: reason[k] for k in ("rule", "severity", "why", "do", "env", "what") if reason[k] != ""}
        # Prometheus knows neither the file's name nor, of another program's, anything.
        if reason["rule"] == "file_broken":
            labels.pop("what"), labels.pop("env", None)
        found.append(labels)
    return verdict, found


def braces(labels):
    return "{%s}" % ", ".join("%s=%s" % (k, json.dumps(v)) for k, v in sorted(labels.items()))


def one_table(check):
    """contract/reasons.c, the recording rules and docs/health.md: the same names, ranks, severities and texts."""
    def read(path):
        with open(path) as text_of:
            return text_of.read()

    rows = re.findall(r'= \{ "(\w+)", "([^"]*)", (\d+), SEVERITY_(\w+), "(\w*)", "([^"]*)", "([^"]*)" \}',
                      re.sub(r"\s+", " ", read("contract/reasons.c")))
    rules = re.findall(r"expr: \|\n\s+(\d+) \* .*?rule: (\w+)\n\s+severity: \"(\w+)\"\n(?:\s+collector: (\w+)\n)?"
                       r"\s+why: \"([^\"]*)\"\n\s+do: \"([^\"]*)\"", read("prometheus/rules/verdict.yml"), re.S)
    page = read("docs/health.md")
    ranks = [int(row[2]) for row in rows]
    check("the table is in order, and each rank is there once", len(rows) > 30 and ranks == sorted(set(ranks), reverse=True))
    for name, what, rank, severity, collector, why, todo in rows:
        here = [rule for rule in rules if rule[1] == name]
        check("%s has rules" % name, here or name == "too_many")
        for value, _, says, of, because, do in here:
            wanted = (200 if says == "no" else 100) + int(rank)
            check("the rule of %s" % name, (int(value), because, do) == (wanted, why, todo) and (not collector or of == collector),
                  (value, because, do, of))
        levels = {"NO": ["no"], "CARE": ["care"], "NO_IN_LIVE": ["care", "no"]}[severity]
        # A broken file of another program is no ban on trading.
        check("the severities of %s" % name, {rule[2] for rule in here} == set(levels) or name in ("file_broken", "too_many"))
        row = [line for line in page.splitlines() if line.startswith("| `%s` |" % name)]
        check("docs/health.md says %s" % name, len(row) == 1 and why in row[0] and todo in row[0] and what.split("%")[0] in row[0], row)


def main():
    directory, port, expecting_port, work, prometheus = sys.argv[1:]
    passed = failures = 0
    groups, faults = [], []

    def check(name, good_, detail=""):
        nonlocal passed, failures
        passed, failures = passed + bool(good_), failures + (not good_)
        if not good_:
            print("FAILED %s %s" % (name, detail))
        return good_

    one_table(check)
    lanes(check)
    for fault in FAULTS:
        what, env, changes, right = fault[:4]
        expecting, broken = (fault[4:] + (False, None))[:2] if len(fault) < 6 else fault[4:6]
        name = "%s: %s -> %s" % (env, what, right or "nothing")
        files = good(env)
        for change in changes:
            change(files)
        publish(directory, files, broken)
        report = health(expecting_port if expecting else port)
        got = sorted(r["rule"].upper() if r["severity"] == "no" else r["rule"] for r in report["reasons"])
        check("/health, %s" % name, got == sorted(right.split()), "but %s" % got)
        status = "unhealthy" if right != right.lower() else "degraded" if right else "healthy"
        check("/health's verdict, %s" % name, report["status"] == status, "but " + report["summary"])
        verdict, found = wanted_of(report, env)
        one = group(name, good(env), files, expecting, broken)
        # Whoever sees all machines also asks whether somebody measures each thing.
        query = 'group by (rule, severity, why, do, env, what) (arbwatch:reason{rule!~"unmeasured|file_broken"}) or ' \
                'group by (rule, severity, why, do) (arbwatch:reason{rule="file_broken"})'
        one["promql_expr_test"] = [
            {"expr": query, "eval_time": "60s", "exp_samples": [{"labels": braces(l), "value": 1} for l in found]},
            {"expr": "min(arbwatch:verdict)", "eval_time": "60s", "exp_samples": [{"labels": "{}", "value": verdict}]},
            {"expr": "count(arbwatch:reason_since) == count(arbwatch:reason)", "eval_time": "60s",
             "exp_samples": [{"labels": "{}", "value": len(found)}] if found else []},
        ]
        if not expecting and len(files) < len(COLLECTORS):
            del one["promql_expr_test"][1:]  # "unmeasured" counts there
        groups.append(one)
        faults.append((name, one, env, report["status"], right.split()))
    rules = [os.path.abspath("prometheus/rules/%s.yml" % name) for name in ("thresholds", "verdict")]
    path = os.path.join(work, "faults.yml")
    with open(path, "w") as out:  # JSON is YAML
        json.dump({"rule_files": rules, "group_eval_order": ["thresholds", "served", "verdict"], "evaluation_interval": "15s", "tests": groups}, out)
    answer = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True)
    check("the rules judge like /health", answer.returncode == 0, answer.stdout + answer.stderr)
    agree.with_verdicts(faults, work, check)
    in_real_life(directory, expecting_port, prometheus, check)
    print("%d passed, %d failed" % (passed, failures))
    sys.exit(failures > 0)


main()
