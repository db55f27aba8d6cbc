"""What the alerts make of the faults of tests/exporter/verdict.py, each of which lasts for some minutes.

An alert and the verdict never contradict each other, and after the inhibitions of alertmanager.yml one cause gives one message.
"""
import glob
import json
import os
import re
import subprocess

import yaml

AT = 60  # when the fault is looked at in the groups of verdict.py
STEP, LASTS = 150, 600  # few and far between: each evaluation of all rules costs 30 ms, and no "for" of P0 and P1 is over 5 m
OF_THE_BOT = ("redis", "postgres", "exchange", "positions", "preflight", "engine")
ABOUT = ("exchange", "target", "symbol", "currency", "asset", "collector", "instance")
# The name of a fault: (how many messages it gives, why they are more than its reasons).
MORE = {}


def lasting(one):
    """The same test group with the fault for LASTS seconds: a time moves on, so that its age stays."""
    def moved(line):
        first, _, last = line["values"].split()[:3]
        values = [first] + [last] * (1 if last == "stale" else LASTS // STEP)
        if "timestamp" in line["series"].split("{")[0]:
            values = [one if one in ("_", "stale", "Inf", "NaN") else repr(float(one) + STEP * at - AT) for at, one in enumerate(values)]
        return {"series": line["series"], "values": " ".join(values)}
    # What is not there when no alert fires, either.
    ask = {"expr": 'ALERTS{alertstate="firing",severity=~"P.*"}', "eval_time": "%ds" % (LASTS - STEP),
           "exp_samples": [{"labels": '{wanted="nothing"}', "value": 0}]}
    return dict(one, interval="%ds" % STEP, input_series=[moved(line) for line in one["input_series"]], promql_expr_test=[ask])


def firing_alerts(groups, work):
    """The alerts that fire in each test group, as promtool says it: what it got instead of what is never there."""
    path = os.path.join(work, "lasting.yml")
    rules = sorted(os.path.abspath(name) for name in glob.glob("prometheus/rules/*.yml"))
    named = [os.path.basename(name)[:-4] for name in rules]
    first = [name for name in ("thresholds", "served", "verdict", "p0") if name == "served" or name in named]
    order = first + [name for name in named if name not in first]
    with open(path, "w") as out:
        json.dump({"rule_files": rules, "evaluation_interval": "%ds" % STEP, "group_eval_order": order,
                   "tests": [lasting(one) for one in groups]}, out)
    answer = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True)
    found = []
    for said in re.findall(r"^\s+got: (.*)$", answer.stdout + answer.stderr, re.M):
        found.append([dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', one)) for one in re.findall(r"\{[^{}]*\}", said)])
    return found, answer.stdout + answer.stderr


def matches(matchers, labels):
    for matcher in matchers:
        name, operator, value = re.fullmatch(r'\s*(\w+)\s*(=~|!~|!=|=)\s*"?(.*?)"?\s*', matcher).groups()
        same = re.fullmatch(value, labels.get(name, "")) if "~" in operator else labels.get(name, "") == value
        if bool(same) != (operator in ("=", "=~")):
            return False
    return True


def messages(alerts, rules):
    """Those that no other one inhibits, as Alertmanager does it."""
    def silenced(alert):
        return any(
            matches(rule["target_matchers"], alert) and not matches(rule["source_matchers"], alert)
            and any(matches(rule["source_matchers"], other)
                    and all(other.get(name, "") == alert.get(name, "") for name in rule.get("equal", [])) for other in alerts)
            for rule in rules)
    return [alert for alert in alerts if not silenced(alert)]


def title(alert):
    about = [alert[name] for name in ABOUT if name in alert]
    return "%s %s" % (alert["severity"], " ".join([alert["alertname"]] + about))


def with_verdicts(faults, work, check):
    """faults: (name, test group, env, the status of /health, its reasons) of each."""
    with open("alertmanager/alertmanager.yml") as text_of:
        inhibit = yaml.safe_load(text_of)["inhibit_rules"]
    found, said = firing_alerts([one[1] for one in faults], work)
    if not check("promtool says what fires", len(found) == len(faults), said):
        return
    for (name, _, env, status, reasons), alerts in zip(faults, found):
        urgent = [one for one in alerts if one["severity"] in ("P0", "P1")]
        mine = [one for one in urgent if one["env"] in (env, "all")]
        check("an alert says it, too: " + name, status != "unhealthy" or mine, [title(one) for one in alerts])
        about = [title(one) for one in mine if one["service"] in OF_THE_BOT]
        check("an alert says no more: " + name, status != "healthy" or not about, about)
        # Only Prometheus knows that nobody measures something.
        check("no alert: " + name, reasons or all(one["alertname"].endswith("Unmeasured") for one in alerts),
              [title(one) for one in alerts])
        sent = sorted(title(one) for one in messages(alerts, inhibit))
        most = MORE.get(name, (max(1, len(reasons)),))[0]
        check("one message for one cause: " + name, len(sent) <= most, sent)
