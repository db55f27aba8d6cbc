#!/usr/bin/python3
"""The runner can fail: can_fail.py BUILD DIRECTORY.

One real incident, judged by a scenario that is right, and by others that are wrong in one thing each; then what the program says of
failures and of mistakes in a scenario's text.  judge.py has the same for each complaint, without servers.
"""
import contextlib
import copy
import io
import pathlib
import subprocess
import sys

import observe
import run
import scenarios
import stack as stacks

RUN = pathlib.Path(__file__).resolve().parent / "run.py"
RIGHT = """
- name: redis lost
  group: servers
  says: The Redis of the bot ends.
  provoke: [stop redis]
  expect:
    - {alert: RedisDown, severity: P0, labels: {target: main}, text: Redis main .* does not answer}
  besides: {EngineDown: why, PreflightFailed: why, EngineErrorLog: why, SnapshotFailed: why}
  heal: [start redis]
  drill: {stop: "", heal: ""}
"""
# In the text above: what is replaced, by what, and what load() says.
MISTAKES = [("stop redis", "stopp redis", "`stopp redis` is no verb"), ("says:", "sais:", "says is missing"),
            ("severity: P0", "severity: P7", "severity P7"), ("alert: RedisDown, ", "", "alert is missing"),
            ("  heal:", "  colour: red\n  heal:", "unknown: colour"), ("Redis main .* does not answer", "'('", "regular expression"),
            ("severity: P0", "severity: P0, wait: soon", "wait is no time"), ("[stop redis]", "stop redis", "provoke is no list"),
            ("labels", "label", "unknown: label"), ("  heal", " heal", "servers.yml")]
# What is wrong in what is expected, and the complaint.
WRONG = [({"text": "Redis other .* does not answer"}, "does not say"), ({"severity": "P1"}, "says P0, expected is P1"),
         ({"alert": "RedisLatencyHigh"}, "expected that telegram:main says it fired"),
         ({"channels": ["telegram:main", "slack:main", "mail:main"]}, "it came fired by slack:p0")]
passed = failed = 0


def check(what, holds, why=""):
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    if not holds:
        print("FAILED %s: %s" % (what, why))


def finds(what, pattern, complaints):
    check(what, any(pattern in each for each in complaints), complaints or "no complaint")


def mistakes(directory):
    """Each is found before a stack starts, with file and scenario."""
    for old, new, complaint in MISTAKES:
        assert old in RIGHT, old
        (directory / "servers.yml").write_text(RIGHT.replace(old, new, 1))
        try:
            scenarios.load(directory)
            said = "nothing"
        except scenarios.Mistake as mistake:
            said = str(mistake)
        check("%r instead of %r is a mistake" % (new, old), complaint in said and "servers.yml" in said, said)
    done = subprocess.run([sys.executable, RUN, "build", "--scenarios", directory], capture_output=True, text=True)
    check("run.py refuses it", done.returncode == 2 and "servers.yml" in done.stderr, done.stderr)
    (directory / "servers.yml").write_text(RIGHT)
    done = subprocess.run([sys.executable, RUN, "build", "redis found", "--scenarios", directory], capture_output=True, text=True)
    check("run.py knows no such scenario", done.returncode == 2 and "there is no scenario redis found" in done.stderr, done.stderr)


def reports(scenario):
    """The last line, and the exit status."""
    for result, line in ((run.Result("redis lost"), "1 passed, 0 failed"), (run.Result("redis lost", ["why"]), "0 passed, 1 failed"),
                         (run.Result("redis lost", late=["why"]), "0 passed, 1 failed"),
                         (run.Result("redis lost", broken="why"), "0 passed, 1 failed"),
                         (run.Result("redis lost", skipped="why"), "0 passed, 0 failed, 1 skipped")):
        text = io.StringIO()
        with contextlib.redirect_stdout(text):
            status = run.report([scenario], {"redis lost": result}, None)
        check("its totals are %s" % line, text.getvalue().endswith(line + "\n"), text.getvalue())
        check("and its status says so", bool(status) == ("1 failed" in line), status)


def incident(stack, scenario):
    observer = observe.Observer(stack)
    check("the stack is quiet", not (why := observer.begin()), why)
    moment = run.run_verbs(stack, scenario["verbs"]["provoke"])
    begun = observer.judge_begin(scenario, moment)
    check("what is right is right", not begun.complaints, begun.complaints)
    observer.limit = lambda _scenario: 0.5
    for change, complaint in WRONG:
        wrong = copy.deepcopy({"expect": scenario["expect"], "besides": scenario["besides"]})
        wrong["expect"][0].update(change)
        finds("wrong by %s" % change, complaint, observer.judge_begin(wrong, moment).complaints)
    finds("wrong by the time", "allowed are", observer.judge_begin(scenario, moment - 120000).late)
    del observer.limit
    ended = observer.judge_end(scenario, run.run_verbs(stack, scenario["verbs"]["heal"]))
    check("so is its end", not ended.complaints, ended.complaints)
    records, rows, fired = observer.records(), observer.rows(), observer.fired()
    finds("wrong by a message that nobody expects", "RedisDown{target=main}: telegram:main says it fired, and nobody expects it",
          observe.judge_ended(dict(scenario, expect=[]), records, rows, fired))
    finds("wrong by what was to be held back", "it was to be held back",
          observe.judge_ended(dict(scenario, expect=[], inhibited=["RedisDown"]), records, rows, fired))


def main(build, directory):
    directory = pathlib.Path(directory)
    (directory / "scenarios").mkdir(parents=True)
    directory.chmod(0o711)
    mistakes(directory / "scenarios")
    scenario = scenarios.load(directory / "scenarios")[0]
    reports(scenario)
    stack = stacks.Stack(build, directory / "stack", directory / "template")
    try:
        stack.start()
        incident(stack, scenario)
    finally:
        stack.close()
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
