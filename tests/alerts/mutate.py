#!/usr/bin/python3
"""mutate.py [FILE...]: do the promtool tests notice when a rule is wrong?

Changes one place of the rules in prometheus/rules/FILE.yml (of all files with alerts) at a time: a comparison, the `for`, a
label, a label matcher, or a limit of theirs in thresholds.yml; and runs those tests of prometheus/tests/FILE.yml that ask for
the alert on a copy, with only the rules that the alert needs.  The files themselves stay as they are.

A mutant that no test notices survives, and is printed with the reason from SAME, if it has one there.  Ends with "N killed,
N survived"; exit status 1 if less than 95 % are killed, or if the tests fail without a change.
"""
import argparse
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

import promql

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES, TESTS = ROOT / "prometheus/rules", ROOT / "prometheus/tests"
ENOUGH = 0.95
JOBS, BATCH = 2, 24  # promtool needs longer to start than for the tests of one alert
# Pattern of a mutant that changes nothing that matters: why.  They count neither as killed nor as survived.
SAME = {
    r"(Redis|Postgres)ConnectSlow: >= for > in: \S*latency_seconds:": "the latency is to the digit at its limit",
    r": >= for > in: \S*retry_at_timestamp_seconds > time\(\) - 60": "one second more or less of the minute after a back-off",
    r"Unmeasured: no rule=\"unmeasured\"": "what it is about says it, too",
    r"PositionMismatch: no rule=\"positions_differ\"": "where something differs, there is that reason",
    r"AuthRefused: no kind=\"auth\"": "the third one: both sides of unless have the same kind anyway",
    r"ExchangeLatencyHigh: >= for > in: \S*p95_5m >": "at the limit for five minutes, but above it for two, all the time: that cannot be",
    r"filesystem_free:ratio: >= for > in: .*files > 0": "a share of no inodes is NaN, which min leaves out",
    r"log_lines_total:increase15m: no level=": "the alerts choose the level",
    r"EngineErrorRateHigh: >= for >": "a rate that is to the digit at its limit",
    r"EngineCriticalLog: < for >|p0: env_engine_level:": "of p0.yml and engine.yml each finds the lines, but for the first one",
    r"HostDiskFillsUp: <= for < in: .*86400\) < 0": "a forecast that is to the digit 0",
}
EDGE = {">": ">=", ">=": ">", "<": "<=", "<=": "<", "==": "!=", "!=": "=="}
OTHER_WAY = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
NOT = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}


class Loader(yaml.CSafeLoader):
    """Whose 0x30 is a text, as the values of a series are to promtool, and not 48."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:int"]
    for first, found in yaml.CSafeLoader.yaml_implicit_resolvers.items()}
Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile("^-?[0-9]+$"), list("-0123456789"))


def load(path):
    return yaml.load(path.read_text(), Loader)


def replaced(expression, token, text):
    return expression[:token.start] + text + expression[token.end:]


def around(expression, token):
    """Where in the expression, for a person."""
    return " ".join(expression[max(0, token.start - 40):token.end + 25].split())


def of_expression(expression):
    """(what is changed, the expression then)."""
    for token in promql.comparisons(expression):
        for instead in (EDGE[token.text], OTHER_WAY.get(token.text)):
            if instead:
                yield "%s for %s in: %s" % (instead, token.text, around(expression, token)), replaced(expression, token, instead)
    for label, operator, value in promql.matchers(expression):
        if label.text == "__name__":
            continue
        matcher = label.text + operator.text + value.text
        yield "%s for %s" % (matcher.replace(operator.text, NOT[operator.text], 1), matcher), replaced(
            expression, operator, NOT[operator.text])
        every = '%s=~".*"' % label.text
        yield "no " + matcher, expression[:label.start] + every + expression[value.end:]


def of_rule(rule):
    """(what is changed, the rule then)."""
    for what, expression in of_expression(rule["expr"]):
        yield what, dict(rule, expr=expression)
    if promql.seconds(rule.get("for", "0s")):
        yield "no for", {key: value for key, value in rule.items() if key != "for"}
        yield "twice the for", dict(rule, **{"for": "%ds" % (2 * promql.seconds(rule["for"]))})
    if "keep_firing_for" in rule:
        yield "no keep_firing_for", {key: value for key, value in rule.items() if key != "keep_firing_for"}
    for label, value in (rule.get("labels") or {}).items():
        yield "label %s" % label, dict(rule, labels=dict(rule["labels"], **{label: str(value) + "x"}))


def asks_for(expression, alerts, others):
    """Whether an expression asks for one of the alerts; OTHERS: or for no alert at all."""
    named = set(re.findall(r'alertname="(\w+)"', expression))
    return bool(named & alerts) or (others and "ALERTS" not in expression)


class Mutant:
    def __init__(self, suite, rule, what, changed, users):
        """RULE in the tests of a SUITE is CHANGED; the alerts that are USERS of it must notice."""
        self.suite, self.rule, self.changed, self.users, self.killed = suite, rule, changed, users, False
        self.text = "%s: %s: %s" % (suite.file, rule.get("alert") or rule["record"], what)


class Suite:
    """The tests of a rule file, FILE.yml and FILE_MORE.yml, and all rules that they use."""

    def __init__(self, file):
        self.file, self.paths, self.tests = file, [], []
        stems = {path.stem for path in RULES.glob("*.yml")}
        for path in sorted(TESTS.glob("*.yml")):
            owners = [stem for stem in stems if path.stem == stem or path.stem.startswith(stem + "_")]
            if owners and max(owners, key=len) == file:
                self.paths.append(path)
                content = load(path)
                self.tests += [(content, test) for test in content["tests"]]
        names = {pathlib.Path(name).stem for content, _ in self.tests for name in content["rule_files"]}
        content = {name: load(RULES / (name + ".yml"))["groups"] for name in sorted(names | {file})}
        self.groups = [group for groups in content.values() for group in groups]
        self.rules = [rule for group in self.groups for rule in group["rules"]]
        self.own = [rule for group in content[file] for rule in group["rules"]]

    def tests_of(self, alerts):
        """Those that ask for one of the alerts, and only what they ask about these: the rules of the others are not there."""
        found = []
        for content, test in self.tests:
            asked = [one for one in test.get("alert_rule_test") or [] if one["alertname"] in alerts]
            told = [one for one in test.get("promql_expr_test") or [] if asks_for(one["expr"], alerts, bool(asked))]
            if asked or told:
                found.append((content, dict(test, alert_rule_test=asked, promql_expr_test=told)))
        return found

    def users_of(self, rule):
        """The alerts that need the rule."""
        if "alert" in rule:
            return {rule["alert"]}
        return {other["alert"] for other in self.own if "alert" in other and any(one is rule for one in self.needed([other], []))}

    def needed(self, roots, texts):
        """The rules without which these cannot be judged: a test of one alert would take most of its time for the others."""
        found, waiting = [], list(roots)
        texts = list(texts)
        while waiting or texts:
            if waiting:
                rule = waiting.pop()
                if any(one is rule for one in found):
                    continue
                found.append(rule)
                texts += [rule["expr"]] + list((rule.get("annotations") or {}).values())
                continue
            text = texts.pop().replace('\\"', '"')
            names = set(re.findall(r"[a-zA-Z_]\w*:[\w:]+", text)) - {"arbwatch:reason"}
            asked = ["(?:%s)" % one for one in re.findall(r'alertname=~?"([^"]*)"', text)]
            alerts = {rule["alert"] for rule in self.rules if "alert" in rule and any(re.fullmatch(one, rule["alert"]) for one in asked)}
            reasons = set()
            for selector in re.findall(r"arbwatch:reason\b(?!_)(\{[^{}]*\})?", text):
                positive = re.search(r"""rule=~?["']([^"']*)["']""", selector)
                reasons.add(positive[1] if positive else ".*")
            for rule in self.rules:
                if (rule.get("record") in names or rule.get("alert") in alerts
                        or (rule.get("record") == "arbwatch:reason"
                            and any(re.fullmatch(one, rule["labels"]["rule"]) for one in reasons))):
                    waiting.append(rule)
        return found

    def written(self, path, alerts, rule=None, changed=None):
        """One test file, with its rules beside it, for these alerts; False if no test asks for them."""
        tests = self.tests_of(alerts)
        if not tests:
            return False
        roots = [one for one in self.own if one.get("alert") in alerts] + ([changed] if changed else [])
        kept = {id(one) for one in self.needed(roots, [one["expr"] for _, test in tests for one in test.get("promql_expr_test") or []])}
        groups = [dict(group, rules=[changed if one is rule else one for one in group["rules"] if id(one) in kept])
                  for group in self.groups]
        groups = [group for group in groups if group["rules"]]
        path.with_suffix(".rules").write_text(json.dumps({"groups": groups}, default=str))  # JSON is YAML
        whole, named = tests[0][0], {group["name"] for group in groups}
        path.write_text(json.dumps({
            "rule_files": [str(path.with_suffix(".rules"))], "evaluation_interval": whole.get("evaluation_interval", "1m"),
            "group_eval_order": [name for name in whole.get("group_eval_order", []) if name in named],
            "tests": [test for _, test in tests]}, default=str))
        return True

    def mutants(self):
        # What only alerts of another file use is judged by the tests of those.
        shared = [rule for rule in self.rules if "record" in rule and not rule["record"].startswith("arbwatch:")
                  and not any(rule is one for one in self.own)]
        for rule in self.own + shared:
            users = self.users_of(rule)
            for what, changed in of_rule(rule) if users else ():
                yield Mutant(self, rule, what, changed, users)
        for rule in self.rules:
            if not rule.get("record", "").startswith("arbwatch:limit:"):
                continue
            users = self.users_of(rule)
            found = [token for token in promql.tokens(rule["expr"]) if token.kind == "number" and not token.where]
            for token in [one for one in found if users and float(one.text) != 86400]:
                for factor in (0.5, 2):
                    text = "%.12g" % (float(token.text) * factor)
                    yield Mutant(self, rule, "%s times %g" % (token.text, factor),
                                 dict(rule, expr=replaced(rule["expr"], token, text)), users)


def verdicts(files):
    """File -> whether its tests pass; without those that promtool cannot read."""
    answer = subprocess.run(["promtool", "test", "rules"] + [str(path) for path in files], capture_output=True, text=True)
    text = answer.stdout + answer.stderr
    found = {}
    for part in re.split(r"^Unit Testing: *", text, flags=re.M)[1:]:
        name, _, said = part.partition("\n")
        if not re.search(r"could not parse|parse error|bad_data|group \".*\", rule \d+", said):
            found[pathlib.Path(name.strip())] = "SUCCESS" in said
    return found, text


def judge(batch):
    """Run the tests of some mutants, and note which are killed; gives those that are no rules."""
    with tempfile.TemporaryDirectory(prefix="arbwatch-mutants.") as directory:
        files = {}
        for number, mutant in enumerate(batch):
            path = pathlib.Path(directory) / ("%d.yml" % number)
            if mutant.suite.written(path, mutant.users, mutant.rule, mutant.changed):
                files[path] = mutant
        found, _ = verdicts(files) if files else ({}, "")
        for path, mutant in files.items():
            mutant.killed = not found.get(path, True)
        return [mutant for path, mutant in files.items() if path not in found]


def unchanged(suites):
    """What fails without a change: then nothing can be said."""
    with tempfile.TemporaryDirectory(prefix="arbwatch-mutants.") as directory:
        files = []
        for suite in suites:
            for alert in sorted({rule["alert"] for rule in suite.own if "alert" in rule}):
                path = pathlib.Path(directory) / ("%s-%s.yml" % (suite.file, alert))
                if suite.written(path, {alert}):
                    files.append(path)
        halves = [part for part in (files[0::2], files[1::2]) if part]
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            answers = list(pool.map(verdicts, halves))
    wrong = [path.stem for path in files if not any(found.get(path) for found, _ in answers)]
    return wrong, "".join(text for _, text in answers)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE")
    given = parser.parse_args()
    with_alerts = [path.stem for path in sorted(RULES.glob("*.yml")) if re.search(r"^ *- alert:", path.read_text(), re.M)]
    suites = [Suite(name) for name in given.files or with_alerts]
    wrong, text = unchanged(suites)
    for name in wrong:
        print("the tests fail without a change: " + name)
    if wrong:
        print(text)
    mutants = [mutant for suite in suites for mutant in suite.mutants()
               if not any("%s-%s" % (suite.file, alert) in wrong for alert in mutant.users)]
    batches = [mutants[at:at + BATCH] for at in range(0, len(mutants), BATCH)]
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        no_rules = sum(pool.map(judge, batches), [])
    mutants = [one for one in mutants if one not in no_rules]
    alive, used = [one for one in mutants if not one.killed], set()
    for mutant in alive:
        why = next((pattern for pattern in SAME if re.search(pattern, mutant.text)), None)
        used.add(why)
        print("survived  %s%s" % (mutant.text, "" if why is None else "  (%s)" % SAME[why]))
    for pattern in [one for one in SAME if one not in used] if not given.files else []:
        print("no mutant that survives is like %r any more" % pattern)
    for suite in suites:
        mine = [one for one in mutants if one.suite is suite]
        print("%-20s %4d killed of %4d" % (suite.file, sum(one.killed for one in mine), len(mine)))
    killed = len(mutants) - len(alive)
    lived = sum(not any(re.search(pattern, one.text) for pattern in SAME) for one in alive)
    share = killed / max(1, killed + lived)
    print("%d killed, %d survived, %d change nothing: %.1f %%" % (killed, lived, len(alive) - lived, 100 * share))
    return share < ENOUGH or not mutants or bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
