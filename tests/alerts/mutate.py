#!/usr/bin/python3
"""mutate.py [FILE...]: do the promtool tests notice when a rule is wrong?

Changes one place of the rules in prometheus/rules/FILE.yml (of all files with alerts) at a time: a comparison, the `for`, a
label, a label matcher, or a limit of theirs in thresholds.yml; and runs the tests of prometheus/tests/FILE.yml on a copy: first
those that are named after the alert, then, if none of them fails, all.  The files themselves stay as they are.

A mutant that no test notices survives, and is printed with the reason from SAME, if it has one there.  Ends with "N killed,
N survived"; exit status 1 if less than 95 % are killed, or if the tests fail without a change.
"""
import argparse
import concurrent.futures
import copy
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
NOT_ALERTS = {"thresholds", "verdict"}  # tests/exporter/verdict.py tests the table of reasons against /health
ENOUGH = 0.95
JOBS, BATCH = 2, 24  # promtool needs longer to start than for the tests of one alert
# Pattern of a mutant that changes nothing that matters: why.
SAME = {}
EDGE = {">": ">=", ">=": ">", "<": "<=", "<=": "<", "==": "!=", "!=": "=="}
OTHER_WAY = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
NOT = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}


def load(path):
    return yaml.load(path.read_text(), yaml.CSafeLoader)


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


class Mutant:
    def __init__(self, file, title, what, changed, content, names):
        """The tests of FILE, with another CONTENT in the rule file CHANGED; the alerts that have NAMES come first."""
        self.file, self.text, self.changed, self.content, self.names = file, "%s: %s: %s" % (file, title, what), changed, content, names
        self.killed = False


def mutants_of(file):
    content = load(RULES / (file + ".yml"))
    used = {}
    for number, group in enumerate(content["groups"]):
        for at, rule in enumerate(group["rules"]):
            title = rule.get("alert") or rule["record"]
            users = {title} if "alert" in rule else {other["alert"] for other in group["rules"]
                                                     if "alert" in other and title in promql.metric_names(other["expr"])}
            for limit in promql.metric_names(rule["expr"]):
                used.setdefault(limit, set()).update(users)
            for what, changed in of_rule(rule):
                other = copy.copy(content)
                other["groups"] = copy.deepcopy(content["groups"])
                other["groups"][number]["rules"][at] = changed
                yield Mutant(file, title, what, file, other, users)
    thresholds = load(RULES / "thresholds.yml")
    for at, rule in enumerate(thresholds["groups"][0]["rules"]):
        if rule["record"] not in used or "limit" not in rule["record"]:
            continue
        found = [token for token in promql.tokens(rule["expr"]) if token.kind == "number" and not token.where]
        for token in [one for one in found if float(one.text) != 86400]:
            for factor in (0.5, 2):
                other = copy.deepcopy(thresholds)
                other["groups"][0]["rules"][at]["expr"] = replaced(rule["expr"], token, "%.12g" % (float(token.text) * factor))
                yield Mutant(file, rule["record"], "%s times %g" % (token.text, factor), "thresholds", other, used[rule["record"]])


def tests_of(file):
    """The test files of a rule file: FILE.yml and FILE_MORE.yml."""
    stems = {path.stem for path in RULES.glob("*.yml")}
    for path in sorted(TESTS.glob("*.yml")):
        owners = [stem for stem in stems if path.stem == stem or path.stem.startswith(stem + "_")]
        if owners and max(owners, key=len) == file:
            yield path


def written(scratch, number, mutant, narrow):
    """A test file for the mutant; nothing if no test is left."""
    rule_file = scratch / ("%d.rules" % number)
    rule_file.write_text(json.dumps(mutant.content))  # JSON is YAML
    tests, whole = [], None
    for path in tests_of(mutant.file):
        content = load(path)
        whole = whole or content
        tests += [test for test in content["tests"]
                  if not narrow or any(test.get("name", "").startswith(name + ":") for name in mutant.names)]
    files = [str(rule_file) if pathlib.Path(name).stem == mutant.changed else str((TESTS / name).resolve())
             for name in whole["rule_files"]]
    test_file = scratch / ("%d.yml" % number)
    test_file.write_text(json.dumps(dict(whole, rule_files=files, tests=tests)))
    return test_file if tests else None


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


def judge(batch, narrow):
    """Run the tests of some mutants, and note which are killed; gives those that are no rules."""
    with tempfile.TemporaryDirectory(prefix="arbwatch-mutants.") as directory:
        scratch = pathlib.Path(directory)
        files = {written(scratch, number, mutant, narrow): mutant for number, mutant in enumerate(batch)}
        files.pop(None, None)
        found, _ = verdicts(files) if files else ({}, "")
        for path, mutant in files.items():
            mutant.killed = not found.get(path, True)
        return [mutant for path, mutant in files.items() if path not in found]


def in_batches(mutants, narrow):
    batches = [mutants[at:at + BATCH] for at in range(0, len(mutants), BATCH)]
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        return sum(pool.map(lambda batch: judge(batch, narrow), batches), [])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE")
    given = parser.parse_args()
    with_alerts = [path.stem for path in sorted(RULES.glob("*.yml")) if "alert:" in path.read_text()]
    files = given.files or [name for name in with_alerts if name not in NOT_ALERTS]
    unchanged = [path for file in files for path in tests_of(file)]
    good, text = verdicts(unchanged)
    if not unchanged or set(good.values()) != {True}:
        sys.exit("mutate.py: the tests fail without a change\n" + text)
    mutants = [mutant for file in files for mutant in mutants_of(file)]
    no_rules = in_batches(mutants, True)
    no_rules += in_batches([one for one in mutants if not one.killed and one not in no_rules], False)
    alive, used = [one for one in mutants if not one.killed and one not in no_rules], set()
    for mutant in alive:
        why = next((pattern for pattern in SAME if re.search(pattern, mutant.text)), None)
        used.add(why)
        print("survived  %s%s" % (mutant.text, "" if why is None else "  (%s)" % SAME[why]))
    for pattern in [one for one in SAME if one not in used] if not given.files else []:
        print("no mutant that survives is like %r any more" % pattern)
    killed = len(mutants) - len(alive) - len(no_rules)
    share = killed / max(1, killed + len(alive))
    for file in files:
        mine = [one for one in mutants if one.file == file and one not in no_rules]
        print("%-20s %4d killed of %4d" % (file, sum(one.killed for one in mine), len(mine)))
    print("%d killed, %d survived: %.1f %%" % (killed, len(alive), 100 * share))
    return share < ENOUGH


if __name__ == "__main__":
    sys.exit(main())
