#!/usr/bin/python3
"""Provoke incidents in whole stacks, and see the right messages arrive, once, and go away.

run.py BUILD [NAME...]      the scenarios of these names (default: all), from scenarios/
  --core                    those marked `core` alone
  --stacks N                so many stacks at once (4); each has about twenty processes
  --twice                   one that fails is tried once more, in a new stack: for a machine that has other things to do
  --table FILE              put the tables between the markers in FILE (docs/incidents.md)
  --hold NAME               provoke this one, print where to look, and heal it when Enter is pressed or input ends
  --keep DIRECTORY          the stacks' directories stay there, with all logs

Prints for each scenario a line and what went wrong, and then the table.  The last line is "N passed, N failed".  INCIDENTS_LATE=SECONDS
allows a busy machine so much more than the bar, and Prometheus to be late.
"""
import argparse
import ctypes
import multiprocessing
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import observe
import quicker
import scenarios
import stack as stacks
import table

CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000


class Result:
    """Of one scenario: complaints, `late` (complaints about time alone), times as observe.py tells them, seconds to the resolution."""

    def __init__(self, name, complaints=(), late=(), times=(), resolved=None, skipped="", broken=""):
        self.name, self.complaints, self.late, self.times = name, list(complaints), list(late), list(times)
        self.resolved, self.skipped, self.broken, self.tries, self.took = resolved, skipped, broken, [], 0

    def passed(self):
        return not (self.complaints or self.late or self.skipped or self.broken)


# One scenario ---------------------------------------------------------------


def run_verbs(stack, verbs):
    """The moment, in Unix milliseconds, at which they have done it."""
    moment = None
    for function, words in verbs:
        moment = function(stack, *words)
    return moment if isinstance(moment, (int, float)) and moment > 1e12 else observe.now_ms()


def run_scenario(stack, observer, scenario, hold=None):
    result = Result(scenario["name"], observer.begin())
    if result.complaints:
        return result
    provoked_ms = run_verbs(stack, scenario["verbs"]["provoke"])
    begun = observer.judge_begin(scenario, provoked_ms)
    if hold:
        hold(stack, scenario)
    elif not begun.complaints:
        time.sleep(observe.seconds(scenario.get("lasts", 0)))
    healed_ms = run_verbs(stack, scenario["verbs"]["heal"])
    ended = observer.judge_end(scenario, healed_ms) if not begun.complaints else observe.Judgement([], [], [])
    result.complaints, result.late, result.times = begun.complaints + ended.complaints, begun.late, begun.times
    for time_of, expected in zip(result.times, scenario["expect"]):
        time_of["wait"] = observe.seconds(expected.get("wait", 0))
    result.resolved = next((each["resolved"] for each in ended.times), None)
    return result


# A worker: one stack, one scenario after the other ---------------------------


def have_own_mounts():
    """What is mounted from now on is this process's alone, and gone with it.  Whether that is so."""
    libc = ctypes.CDLL(None, use_errno=True)
    return os.getuid() == 0 and libc.unshare(CLONE_NEWNS) == 0 and libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0


class Worker:
    def __init__(self, build, directory, template, twice, number):
        self.build, self.directory, self.template, self.twice, self.number = build, directory, template, twice, number
        self.may_mount, self.stack, self.observer, self.count = have_own_mounts(), None, None, 0

    def renew(self):
        """Another stack, whatever state the last one is in."""
        self.close()
        self.count += 1
        self.stack = stacks.Stack(self.build, self.directory / ("stack%d.%d" % (self.number, self.count)), self.template)
        self.stack.start()
        self.observer = observe.Observer(self.stack)

    def close(self):
        if self.stack is not None:
            self.stack.close()
            self.stack = None

    def run(self, scenario, hold=None):
        """One that was late alone is tried once more, and what a broken stack says does not count at first; nor, with --twice, what
        any says."""
        if scenario.get("needs") == "root" and not self.may_mount:
            return Result(scenario["name"], skipped="it mounts a file system, which only root may do")
        tries, began = [], time.monotonic()
        for again in (True, False):
            result = self.attempt(scenario, hold)
            tries.append(result)
            if not again or result.passed() or (result.complaints and not self.twice):
                break
        result.tries, result.took = tries, time.monotonic() - began
        return result

    def attempt(self, scenario, hold):
        try:
            if self.stack is None:
                self.renew()
            result = run_scenario(self.stack, self.observer, scenario, hold)
        except Exception:  # noqa: BLE001 a verb or a part may fail in any way: the scenario fails, and the others go on
            result = Result(scenario["name"], broken=traceback.format_exc())
        if result.complaints or result.broken:
            self.close()
        return result


def work(worker_arguments, todo, results):
    """In a process of its own: until there is nothing to do."""
    stacks.die_with_parent()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker = Worker(*worker_arguments)
    try:
        while True:
            scenario = todo.get()
            if scenario is None:
                return
            results.put(worker.run(scenario))
    finally:
        worker.close()


def long_ones_first(chosen):
    def expected_seconds(scenario):
        waits = [observe.seconds(each.get("wait", 0)) for each in scenario["expect"]]
        verbs = len(scenario["provoke"]) + len(scenario["heal"])  # some of them await something
        return max(waits, default=0) + observe.seconds(scenario.get("lasts", 0)) + 5 * verbs
    return sorted(chosen, key=expected_seconds, reverse=True)


def run_all(chosen, given, directory):
    """name -> Result, of all; each is printed as it comes."""
    context = multiprocessing.get_context("fork")
    todo, results, found = context.Queue(), context.Queue(), {}
    workers = [context.Process(target=work, args=((given.build, directory, directory / "template", given.twice, number), todo, results))
               for number in range(min(given.stacks, len(chosen)))]
    for each in long_ones_first(chosen) + [None] * len(workers):
        todo.put(each)
    for each in workers:
        each.start()
    try:
        while len(found) < len(chosen):
            try:
                result = results.get(timeout=1)
            except queue.Empty:
                if not any(each.is_alive() for each in workers):
                    break
                continue
            found[result.name] = result
            print(table.line_of(result) + table.troubles(result), end="", flush=True)
        for name in [each["name"] for each in chosen if each["name"] not in found]:
            found[name] = Result(name, broken="its worker ended")
            print(table.line_of(found[name]) + table.troubles(found[name]), end="", flush=True)
    finally:
        for each in workers:
            if len(found) < len(chosen):
                each.terminate()
            each.join()
    return found


# The program ----------------------------------------------------------------


def check_pace(directory):
    """What quicker.py made, before a stack starts: promtool and amtool take it."""
    made = directory / "pace"
    made.mkdir()
    quicker.write(made)
    for command in (["promtool", "check", "rules"] + sorted((made / "rules").glob("*.yml")),
                    ["amtool", "check-config", made / "alertmanager.yml"]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise scenarios.Mistake("quicker.py: %s" % (done.stdout + done.stderr))


def hold_until_enter(stack, scenario):
    print("%s: %s\n  %s" % (scenario["name"], scenario["says"], "; ".join(scenario["provoke"])))
    for part in ("arbwatch_exporter", "prometheus", "alertmanager", "alert_relay", "paper_chat"):
        print("  %-18s %s" % (part, stack.url(part)))
    print("  %-18s %s\nEnter heals it." % ("logs and settings", stack.directory), flush=True)
    sys.stdin.readline()


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=True)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--core", action="store_true")
    parser.add_argument("--stacks", type=int, default=4)
    parser.add_argument("--twice", action="store_true")
    parser.add_argument("--table", type=pathlib.Path)
    parser.add_argument("--hold")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--scenarios", type=pathlib.Path, default=scenarios.HERE / "scenarios", help=argparse.SUPPRESS)
    return parser.parse_intermixed_args()


def choose(given, known):
    wanted = given.names + ([given.hold] if given.hold else [])
    unknown = set(wanted) - {each["name"] for each in known}
    if unknown:
        raise scenarios.Mistake("there is no scenario %s; there are: %s" % (", ".join(sorted(unknown)),
                                                                         ", ".join(each["name"] for each in known)))
    return [each for each in known if (each["name"] in wanted or not wanted) and (each.get("core") or not given.core)]


def report(chosen, found, given):
    print("\n" + table.times(chosen, found))
    if given and given.table:
        table.write(given.table, scenarios.load(given.scenarios), found)
    results = found.values()
    skipped = sum(bool(each.skipped) for each in results)
    passed = sum(each.passed() for each in results)
    print("%d passed, %d failed%s" % (passed, len(results) - passed - skipped, ", %d skipped" % skipped if skipped else ""))
    return passed + skipped < len(results) or not results


def main():
    given = arguments()
    directory = given.keep or pathlib.Path(tempfile.mkdtemp(prefix="arbwatch-incidents."))
    try:
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o711)
        chosen = choose(given, scenarios.load(given.scenarios))
        for each in chosen if os.environ.get("INCIDENTS_LATE") else []:
            each.setdefault("besides", {})["PrometheusRulesLate"] = "the machine is busy"
        check_pace(directory)
        stacks.make_template(given.build, directory / "template")
        if given.hold:
            worker = Worker(given.build, directory, directory / "template", False, 0)
            try:
                found = {given.hold: worker.run(chosen[0], hold_until_enter)}
                print(table.line_of(found[given.hold]) + table.troubles(found[given.hold]), end="")
            finally:
                worker.close()
        else:
            found = run_all(chosen, given, directory)
        return report(chosen, found, given)
    except scenarios.Mistake as mistake:
        print("run.py: %s" % mistake, file=sys.stderr)
        return 2
    finally:
        if not given.keep:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
