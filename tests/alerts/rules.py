#!/usr/bin/python3
"""The oracle of the alert rules.

rules.py [PROGRAM...]: what can be said of prometheus/rules, prometheus/tests, docs/runbook.md, docs/oncall.md and the links into
dashboards/ without running them.  A metric of a rule must be in the --list-metrics of a PROGRAM, of arbwatch_exporter
(docs/arbwatch_exporter.md) or alert_relay (docs/alerting.md), of a recording rule, or in peers.txt.  Then each of these checks is
shown to find what is broken on purpose.

The last line is "N passed, N failed"; each thing that is wrong has a line of its own.
"""
import json
import pathlib
import pickle
import re
import subprocess
import sys

import yaml

import promql

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEVERITIES = {"P0", "P1", "P2", "P3"}
SERVICES = {"redis", "postgres", "exchange", "positions", "preflight", "engine", "monitor", "host", "queue", "http"}
ANNOTATIONS = {"summary", "description", "action", "runbook_url", "dashboard_url"}
# What an alert may be about.  A value, a text, or where a scrape found it, is no part of what it is.
LABELS = {
    "severity", "service", "env", "exchange", "target", "symbol", "currency", "asset", "collector", "instance", "host", "job",
    "mountpoint", "device", "channel", "name", "datname", "queue", "queue_name", "hostname", "rule_group", "integration", "alertmanager",
    "engine", "tier",
}
OF_PREFLIGHT = {"severity", "service", "env"}  # preflight posts these two with exactly these
COLLECTORS = {"redis_latency", "postgres_latency", "exchange_health", "open_positions", "engine_state", "trading_kpis",
              "queue_depth"}
LINKS = r'\{\{ with query "arbwatch:links" \}\}\{\{ \. \| first \| label "%s" \}\}\{\{ end \}\}%s'
# These have no limit: what an operator may want to change is in thresholds.yml.
CONVERSIONS = {24, 60, 100, 1000, 1024, 3600, 86400}  # seconds, percent, and such: beside * and / only
SHARES = {"histogram_quantile", "quantile", "quantile_over_time", "topk", "bottomk", "round", "clamp_min", "clamp_max"}
NUMBERS = {  # (file, name of the rule, number): why it is no limit
    ("exchange", "ExchangeErrorsHigh", 60): "a minute to recover after a back-off has ended",
    ("exchange", "ExchangeRateLimitLow", 60): "the same minute",
    ("exchange", "ExchangeThrottled", 60): "the same minute, so that refusals one after another are one alert",
    ("host", "HostDiskFillsUp", 86400): "the day of the forecast, which its texts name",
}
# The table that /health judges by, too: its figures are fixed there, and docs/health.md says so.
FIXED = {"verdict"}
NOTHING_TO_COMMENT = {"arbwatch:links"}
OF_THE_RELAY = {"AlertRelayDeliveryFailed"}  # alert_relay makes it itself
ALWAYS = {"Watchdog"}  # fires as long as there is anything that can fire
LEAST = 75


class World:
    """All that is judged, as data: a broken one is a copy with a change."""

    def __init__(self, programs):
        read = lambda pattern: {path.stem: path.read_text() for path in sorted(ROOT.glob(pattern))}
        self.texts = read("prometheus/rules/*.yml")
        self.rules = {name: yaml.load(text, yaml.CSafeLoader)["groups"] for name, text in self.texts.items()}
        self.tests = {name: yaml.load(text, yaml.CSafeLoader) for name, text in read("prometheus/tests/*.yml").items()}
        self.runbook = (ROOT / "docs/runbook.md").read_text()
        self.oncall = (ROOT / "docs/oncall.md").read_text()
        self.boards, self.panels = {}, {}
        for text in read("dashboards/*.json").values():
            board = json.loads(text)
            self.boards[board["uid"]] = {variable["name"] for variable in board["templating"]["list"]}
            rows = board["panels"] + [panel for row in board["panels"] for panel in row.get("panels", [])]
            self.panels[board["title"]] = {panel.get("title") for panel in rows}
        self.metrics = set(re.findall(r"^[\w:]+$", (pathlib.Path(__file__).parent / "peers.txt").read_text(), re.M))
        self.metrics |= set(re.findall(r"arbwatch_exporter_\w+", (ROOT / "docs/arbwatch_exporter.md").read_text()))
        self.metrics |= set(re.findall(r"alert_relay_\w+", (ROOT / "docs/alerting.md").read_text()))
        for program in programs:
            listed = subprocess.run([program, "--list-metrics"], capture_output=True, text=True, check=True).stdout
            for name, kind in (line.split("\t")[:2] for line in listed.splitlines()):
                self.metrics |= {name + end for end in ("_bucket", "_count", "_sum")} if kind == "histogram" else {name}


def all_rules(world):
    """(file, rule) of each."""
    return [(name, rule) for name, groups in world.rules.items() for group in groups for rule in group["rules"]]


def alerts(world):
    return [(name, rule) for name, rule in all_rules(world) if "alert" in rule]


def recorded(world):
    return {rule["record"]: rule["expr"] for _, rule in all_rules(world) if "record" in rule}


def tests_of(world, name):
    """(the file's evaluation interval, test) of each test of a rule file: in the test file of its name, or of NAME_MORE."""
    for file, content in world.tests.items():
        owners = [stem for stem in world.rules if file == stem or file.startswith(stem + "_")]
        if owners and max(owners, key=len) == name:
            for test in content["tests"]:
                yield promql.seconds(content.get("evaluation_interval", "1m")), test


def kinds_of(test):
    """The alert and the kinds that a test's name says."""
    match = re.fullmatch(r"(\w+): ((?:\w+)(?:, \w+)*)(?:[ ;(].*)?", test.get("name", ""))
    return (match[1], set(match[2].split(", "))) if match else (None, set())


def events(test, alert):
    """(time, the labels of each that fires, the alerts as they should be or None) in the order of time."""
    found = []
    for one in test.get("alert_rule_test") or []:
        if one["alertname"] == alert:
            ones = one.get("exp_alerts") or []
            firing = {json.dumps(each.get("exp_labels", {}), sort_keys=True) for each in ones}
            found.append((promql.seconds(one["eval_time"]), firing, ones))
    for one in test.get("promql_expr_test") or []:
        if "ALERTS{" in one["expr"] and 'alertname="%s"' % alert in one["expr"] and "pending" not in str(one):
            firing = {each["labels"] for each in one.get("exp_samples") or []}
            found.append((promql.seconds(one["eval_time"]), firing, None))
    return sorted(found, key=lambda event: event[0])


def expected(world, name, alert):
    """Each alert of that name that a test of its file expects."""
    for _, test in tests_of(world, name):
        for _, _, ones in events(test, alert):
            yield from ones or []


# The checks: each gives what is wrong, a line for each


def are_there(world):
    found = alerts(world)
    if len(found) < LEAST:
        yield "there are %d alerts, not %d" % (len(found), LEAST)
    for name, groups in world.rules.items():
        if name not in ("verdict", "thresholds") and [group["name"] for group in groups] != [name]:
            yield "%s: has one group, called %s" % (name, name)
    seen = set()
    for name, rule in found:
        if (name, rule["alert"]) in seen:
            yield "%s: %s is there twice" % (name, rule["alert"])
        seen.add((name, rule["alert"]))


def labels(world):
    for name, rule in alerts(world):
        alert, static = rule["alert"], rule.get("labels", {})
        if alert in ALWAYS:
            continue
        where = "%s: %s" % (name, alert)
        if static.get("severity") not in SEVERITIES:
            yield "%s: severity is one of P0 to P3" % where
        if static.get("service") not in SERVICES:
            yield "%s: service is one of the list" % where
        shown = [one.get("exp_labels", {}) for one in expected(world, name, alert)]
        if "env" not in static and not all(one.get("env") for one in shown):
            yield "%s: env is known" % where
        for each in [static] + shown:
            if set(each) - LABELS:
                yield "%s: a label that does not say what it is about: %s" % (where, ", ".join(sorted(set(each) - LABELS)))
            if alert in ("PreflightFailed", "PreflightWarning") and set(each) - OF_PREFLIGHT:
                yield "%s: has no label that preflight's own does not have" % where
        if static.get("service") in ("host", "monitor") and any("instance" in one and "host" not in one for one in shown):
            yield "%s: an instance has a host" % where
        if any("collector" in one and one["collector"] not in COLLECTORS | {"preflight"} for one in shown):
            yield "%s: the collector exists" % where


def annotations(world):
    for name, rule in alerts(world):
        where, notes = "%s: %s" % (name, rule["alert"]), rule.get("annotations", {})
        if set(notes) != ANNOTATIONS:
            yield "%s: has five annotations" % where
        if "\n" in str(notes.get("summary", "")).strip():
            yield "%s: the summary is one line" % where
        anchor = rule["alert"].lower()
        if not re.fullmatch(LINKS % ("runbook", "#" + anchor), notes.get("runbook_url", "")):
            yield "%s: runbook_url leads to #%s" % (where, anchor)
        link = re.sub(r"\{\{-? (?:if|else)\b[^{}]*\}\}|(?<=.{90})\{\{-? end -?\}\}", "", notes.get("dashboard_url", ""))
        match = re.fullmatch(LINKS % ("grafana", r"/d/([\w-]+)(?:\?(.*))?"), link)
        if not match or match[1] not in world.boards:
            yield "%s: dashboard_url leads to a dashboard" % where
            continue
        for part in (match[2] or "").split("&") if match[2] else []:
            variable = re.fullmatch(r"var-(\w+)=.+", part)
            if not variable or variable[1] not in world.boards[match[1]]:
                yield "%s: dashboard_url sets a variable of %s: %s" % (where, match[1], part)


def shown(world):
    """The annotations as people see them, of every alert that a test expects."""
    for name, rule in alerts(world):
        for one in expected(world, name, rule["alert"]):
            for key, text in (one.get("exp_annotations") or {}).items():
                where = "%s: %s: %s: %s" % (name, rule["alert"], key, text)
                if re.search(r"<no value>|<nil>|\bNaN\b|%!|\{\{|\[\]|map\[|<error|error executing", text):
                    yield "%s: shows a value" % where
                if key.endswith("_url"):
                    if re.search(r"=(&|$)|//d/|^[#/]|\s", text):
                        yield "%s: has all its parts" % where
                    continue
                if not text.strip() or re.search(r"\S  |\(\s*\)|\"\"|''|(?<!\.) [.,;:](\s|$)|[,:]\s*[.,;]", text):
                    yield "%s: has no empty place" % where
                for figure in re.findall(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?", text):
                    digits = re.sub(r"e.*|\.", "", figure).lstrip("0")
                    if "." not in figure:
                        digits = digits.rstrip("0")
                    if len(digits) > 6:
                        yield "%s: no more than six digits" % where


def limits(world):
    lines = world.texts["thresholds"].splitlines()
    used = set().union(*(promql.metric_names(rule["expr"]) for name, rule in all_rules(world) if name != "thresholds"))
    for _, rule in ((name, rule) for name, rule in all_rules(world) if name == "thresholds"):
        limit = rule.get("record", "")
        if limit in NOTHING_TO_COMMENT:
            continue
        if not re.fullmatch(r"arbwatch:limit:\w+_(seconds|ratio|value|tasks|bytes|connections|requests|failures|score|celsius"
                            r"|per_second|per_minute|per_day)", limit):
            yield "thresholds: %s: the name ends with its unit" % limit
        if limit not in used:
            yield "thresholds: %s: a rule uses it" % limit
        at = [number for number, line in enumerate(lines) if line.strip() == "- record: " + limit]
        if not at or not lines[at[0] - 1].strip().startswith("# "):
            yield "thresholds: %s: has a comment" % limit


def figures(world):
    for name, rule in all_rules(world):
        if name == "thresholds" or name in FIXED:
            continue
        title = rule.get("alert") or rule.get("record")
        for number, before, after, function in promql.numbers(rule["expr"]):
            if number in (0, 1) or (number in CONVERSIONS and ({before, after} & {"*", "/"})):
                continue  # nothing, all, true and false; units
            if before in ("==", "!=") or (number == 2 and before == "/"):
                continue  # the number of a state; the middle of two
            if (before == "(" and function in SHARES) or (name, title, number) in NUMBERS:
                continue
            yield "%s: %s: the number %g is in thresholds.yml" % (name, title, number)


def metrics(world):
    known = world.metrics | set(recorded(world))
    for name, rule in all_rules(world):
        for metric in sorted(promql.metric_names(rule["expr"]) - known):
            yield "%s: %s: %s exists" % (name, rule.get("alert") or rule.get("record"), metric)


def needed(world, rule):
    """The kinds of tests that an alert must have."""
    if rule["alert"] in ALWAYS:
        return {"fires"}
    kinds = {"fires", "quiet", "missing", "recovers"}
    if promql.seconds(rule.get("for", "0s")):
        kinds.add("boundary")
    names, expressions = set(), recorded(world)
    wanted = promql.metric_names(rule["expr"])
    while wanted:
        metric = wanted.pop()
        names.add(metric)
        if metric in expressions and not metric.startswith(("arbwatch:reason", "arbwatch:verdict", "arbwatch:limit:")):
            wanted |= promql.metric_names(expressions[metric]) - names
    if any(metric.startswith("arbwatch:limit:") for metric in names):
        kinds.add("limit")
    return kinds


def shows(kind, seen, interval):
    """Whether what a test asks for at its times can show a kind: of one thing, while others may fire or be quiet."""
    asked = [one for one in seen if one[2] is not None]
    ever = set().union(*(firing for _, firing, _ in asked))
    quiet = any(not firing or ever - firing for _, firing, _ in asked) or any(not firing for _, firing, _ in seen)
    pairs = list(zip(asked, asked[1:]))
    return {
        "fires": any(ones for _, _, ones in seen),
        "quiet": quiet,
        "limit": quiet,
        "missing": bool(seen),
        "recovers": any(a[1] - b[1] for a, b in pairs),
        "boundary": any(b[1] - a[1] and b[0] - a[0] <= interval for a, b in pairs),
    }.get(kind, False)


def kinds(world):
    for name, rule in alerts(world):
        missing = needed(world, rule)
        for interval, test in tests_of(world, name):
            alert, says = kinds_of(test)
            if alert != rule["alert"]:
                continue
            for kind in says:
                if shows(kind, events(test, alert), interval):
                    missing.discard(kind)
                else:
                    yield "%s: %s: the test shows %s: %s" % (name, alert, kind, test["name"])
        if missing:
            yield "%s: %s: has tests of kind %s" % (name, rule["alert"], ", ".join(sorted(missing)))


def runbook(world):
    sections = re.findall(r"^### (.+)$", world.runbook, re.M)
    names = {rule["alert"] for _, rule in alerts(world)} | OF_THE_RELAY
    for alert in sorted(names - set(sections)):
        yield "docs/runbook.md: has ### %s" % alert
    for section in sorted(set(sections) - names):
        yield "docs/runbook.md: the alert of ### %s exists" % section
    for section in sorted({one for one in sections if sections.count(one) > 1}):
        yield "docs/runbook.md: ### %s is there once" % section
    for section in re.split(r"^### ", world.runbook, flags=re.M)[1:]:
        alert, text = section.split("\n")[0], re.sub(r"`[^`]*`", "", re.sub(r"\s+", " ", section))
        for part in ("What it means.", "How to look.", "What to do.", "When it ends, known false alarms."):
            if "*%s*" % part not in text:
                yield "docs/runbook.md: %s has the part %s" % (alert, part)
        look = re.search(r"\*How to look\.\*.*?[Pp]anel:?(.*?)\*What to do\.\*", text)
        boards = [board for board in world.panels if look and board in look[1]]
        for panel in re.findall(r"\*([^*]+)\*", look[1]) if look else []:
            if panel not in world.panels and not any(panel in world.panels[board] for board in boards):
                yield "docs/runbook.md: %s: the panel %s is there, on %s" % (alert, panel, ", ".join(boards) or "a dashboard")


def oncall(world):
    """The table of P0 alerts, which is for a person who has just woken up: all of them, and no other."""
    urgent = {rule["alert"] for _, rule in alerts(world) if rule["labels"]["severity"] == "P0"}
    table = world.oncall.partition("## All P0 alerts")[2].partition("\n## ")[0]
    rows = set(re.findall(r"\[(\w+)\]\(runbook\.md", table))
    for alert in sorted(urgent ^ rows):
        yield "docs/oncall.md: %s is among the P0 alerts" % alert if alert in urgent else "docs/oncall.md: %s is a P0" % alert


CHECKS = (are_there, labels, annotations, shown, limits, figures, metrics, kinds, runbook, oncall)


# What is broken on purpose


def the(world, name="redis", alert="RedisLatencyHigh"):
    return next(rule for file, rule in alerts(world) if (file, rule["alert"]) == (name, alert))


def test_of(world, kind, name="redis", alert="RedisLatencyHigh"):
    return next(test for _, test in tests_of(world, name) if kinds_of(test)[0] == alert and kind in kinds_of(test)[1])


def firing(world):
    return next(expected(world, "redis", "RedisLatencyHigh"))


def swap(old, new):
    def change(text):
        assert old in text, (old, text)
        return text.replace(old, new, 1)
    return change


def note(key, new):
    return lambda world: the(world)["annotations"].update({key: new(the(world)["annotations"][key])})


def said(key, text):
    return lambda world: firing(world)["exp_annotations"].update({key: text})


def no_kind(kind):
    def change(world):
        for _, test in tests_of(world, "redis"):
            if kinds_of(test)[0] == "RedisLatencyHigh" and kind in kinds_of(test)[1]:
                test["name"] = "something else"
    return change


def drop_quiet_before(world):
    test = test_of(world, "boundary")
    for part in ("alert_rule_test", "promql_expr_test"):
        test[part] = [one for one in test.get(part) or [] if one.get("exp_alerts") or one.get("exp_samples")]


def limit_text(change):
    return lambda world: world.texts.update(thresholds=change(world.texts["thresholds"]))


def without_comment(text):
    return re.sub(r"\n *#[^\n]*(?=\n *- record: arbwatch:limit:redis_latency_seconds)", "\n", text)


BROKEN = (
    ("too few alerts", are_there, lambda w: [w.rules.pop(n) for n in list(w.rules) if n != "redis"], "there are"),
    ("two groups of a file", are_there, lambda w: w.rules["redis"].append({"name": "more", "rules": []}), "has one group"),
    ("an alert that is there twice", are_there, lambda w: w.rules["redis"][0]["rules"].append(the(w)), "is there twice"),
    ("a severity of others", labels, lambda w: the(w)["labels"].update(severity="critical"), "severity is one"),
    ("a service that nobody routes", labels, lambda w: the(w)["labels"].update(service="cache"), "service is one"),
    ("no env", labels, lambda w: firing(w)["exp_labels"].pop("env"), "env is known"),
    ("a value in a label", labels, lambda w: the(w)["labels"].update(value="1"), "what it is about: value"),
    ("a collector that is none of ours", labels, lambda w: firing(w)["exp_labels"].update(collector="redis"), "collector exists"),
    ("four annotations", annotations, lambda w: the(w)["annotations"].pop("action"), "has five annotations"),
    ("an anchor of another alert", annotations, note("runbook_url", swap("#redislatencyhigh", "#redisdown")), "runbook_url leads"),
    ("a dashboard that does not exist", annotations, note("dashboard_url", swap("arbwatch-", "arbwatch-no-")), "to a dashboard"),
    ("a variable that does not exist", annotations, note("dashboard_url", lambda url: url + "&var-venue=x"), "sets a variable"),
    ("a raw float", shown, said("summary", "Redis main: 0.30000000000000004 s"), "six digits"),
    ("no value", shown, said("summary", "Redis <no value> is slow"), "shows a value"),
    ("an empty place", shown, said("summary", "Redis  is slow"), "no empty place"),
    ("an empty bracket", shown, said("description", "Redis main () is slow."), "no empty place"),
    ("a link without a value", shown, said("dashboard_url", "http://x/d/y?var-env=&var-target=a"), "all its parts"),
    ("a limit that nobody uses", limits, lambda w: the(w, alert="RedisNoSuccess").update(expr="vector(1)"),
     "success_age_seconds: a rule uses it"),
    ("a limit without a unit", limits, lambda w: w.rules["thresholds"][0]["rules"].append({"record": "arbwatch:limit:x", "expr": "1"}),
     "ends with its unit"),
    ("a limit without a comment", limits, limit_text(without_comment), "redis_latency_seconds: has a comment"),
    ("a limit in an alert", figures, lambda w: the(w).update(expr="arbitrage_redis_up > 0.25"), "0.25 is in thresholds"),
    ("an hour that is a limit", figures, lambda w: the(w).update(expr="arbitrage_redis_up > 3600"), "3600 is in thresholds"),
    ("a metric that nobody writes", metrics, lambda w: the(w).update(expr="arbitrage_redis_upp == 0"), "arbitrage_redis_upp exists"),
) + tuple(("no test of kind " + kind, kinds, no_kind(kind), "has tests of kind .*" + kind)
          for kind in ("fires", "quiet", "boundary", "limit", "missing", "recovers")) + (
    ("a boundary without the quiet side", kinds, drop_quiet_before, "shows boundary"),
    ("a test that expects nothing", kinds, lambda w: test_of(w, "fires").update(alert_rule_test=[]), "shows fires"),
    ("a test of a kind that is not known", kinds, lambda w: test_of(w, "fires").update(name="RedisLatencyHigh: burns"), "shows burns"),
    ("an alert without a section", runbook, lambda w: setattr(w, "runbook", w.runbook.replace("### RedisLatencyHigh\n", "")),
     "has ### RedisLatencyHigh"),
    ("a section without an alert", runbook, lambda w: setattr(w, "runbook", w.runbook + "\n### Nothing\n"), "of ### Nothing exists"),
    ("a section that is there twice", runbook, lambda w: setattr(w, "runbook", w.runbook + "\n### RedisLatencyHigh\n"),
     "is there once"),
    ("a panel that does not exist", runbook, lambda w: setattr(w, "runbook", w.runbook.replace("*Redis up*", "*Redis*")),
     "RedisNoSuccess: the panel Redis is there"),
    ("a section without advice", runbook, lambda w: setattr(w, "runbook", w.runbook.replace("*What to do.*", "", 1)),
     "has the part What to do"),
    ("a P0 that the table lacks", oncall, lambda w: setattr(w, "oncall", w.oncall.replace("[RedisDown]", "")),
     "RedisDown is among the P0"),
    ("an alert in the table that is no P0", oncall, lambda w: setattr(w, "oncall", w.oncall.replace("[RedisDown]", "[RedisConnectSlow]")),
     "RedisConnectSlow is a P0"),
)


def main():
    world = World(sys.argv[1:])
    passed = failed = 0
    kept = pickle.dumps(world)
    told = {}
    for check in CHECKS:
        wrong = told[check] = list(dict.fromkeys(check(world)))
        passed, failed = passed + (not wrong), failed + len(wrong)
        for line in wrong:
            print("FAILED " + line)
    for what, check, change, pattern in BROKEN:
        copy = pickle.loads(kept)
        try:
            change(copy)
        except (StopIteration, LookupError, AssertionError) as error:
            print("it cannot be broken so: %r" % error)
        new = set(check(copy)) - set(told[check])
        found = any(re.search(pattern, line) for line in new)
        passed, failed = passed + found, failed + (not found)
        if not found:
            print("FAILED rules.py finds %s: %s" % (what, sorted(new)))
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
