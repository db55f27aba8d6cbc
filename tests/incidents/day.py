#!/usr/bin/python3
"""24 hours on paper, compressed: no false alert, none missed, and nothing that grows.

day.py BUILD [--minutes 60] [--seed 1] [--table FILE] [--keep]

A whole stack runs for so many minutes while the bot trades.  In an hour each collector makes as many runs as in 24 hours at the
interval that is shipped, where the exchanges allow it, and there are as many incidents as on a bad day: those of scenarios/, of
all kinds in turn, in an order that the seed decides, with quiet times between.

    false alerts    in a quiet time nothing fires and nothing is sent; in an incident nothing but what its scenario expects
    missed alerts   what a scenario expects comes, in time, and goes, by every channel
    growth          growth.py has the bounds and says why they are so.  What is sampled in quiet times counts, after a warm-up of a
                    sixth of the time.  Of a part that was started again the longest life counts; after a third of the time nothing
                    is provoked that ends a program of ours, so that each has a long one
    the bot         trades in each tenth of the time, and its ledger is right to the last digit (recompute.py)

A day of less than 15 minutes has only the scenarios of `make check`.  --table writes the tables into FILE between its marks.
--keep leaves the directory.
"""
import argparse
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import growth
import observe
import run
import scenarios
import stack as stacks
import table as tables

ROOT = pathlib.Path(__file__).resolve().parents[2]
INTERVAL, SHIPPED = 0.6, 15  # seconds; an hour has 6000 runs, and those of a day while some collectors are away for some minutes
QUIET = 15, 45               # seconds of a quiet time
APART = 330                  # seconds until the same alert may come again: alert_relay says a P1 once in five minutes
BAD_DAY = 24                 # incidents an hour at least
BEGIN, END = "<!-- day: make day writes it -->", "<!-- day end -->"
PROGRAMS = stacks.COLLECTORS + ["alert_relay", "arbwatch_exporter", "paper_engine", "paper_exchange", "paper_chat"]
OTHERS = ["prometheus", "alertmanager", "node_exporter"]
# A bot that never rests for long.
TRADER = ["--cooldown", "5s", "--leg-gap", "1s"]
# Verbs that end a program of ours, and start it again.
ENDING = re.compile(r"(kill|stop|start|restart) (%s)|quick relay|usual relay|engine (crash|start)|fill disk" % "|".join(PROGRAMS))


class Stack(stacks.Stack):
    """One whose collectors make the runs of a day in an hour, and whose bot trades all the time."""

    def write_settings(self):
        super().write_settings()
        path = self.directory / "arbwatch.yml"
        settings = json.loads(path.read_text())
        settings["interval"] = settings["trading_kpis"]["interval"] = "%dms" % (INTERVAL * 1000)
        path.write_text(json.dumps(settings))
        self.commands["paper_engine"] += TRADER


class Observer(observe.Observer):
    """One that leaves alert_relay as it is, and no moment between two judgements out."""

    def begin(self, limit=observe.ANY_SECONDS):
        complaints = self.quiet(limit)
        self.mark()
        return complaints

    def mark(self):
        self.last_row = int(self.stack.psql("history", "SELECT coalesce(max(id), 0) FROM arbwatch_history.alert_incident").strip())
        self.begun_ms = self.stack.begun_ms = observe.now_ms()

    def false_alerts(self):
        """What came since the mark, though nothing was provoked."""
        found = ["%s says %s: %s" % (each.channel, each.kind, each.text.split("\n")[0]) for each in self.records()]
        return found + ["the history has %(alertname)s, %(labels)s" % row for row in self.rows()] + [
            "%s fires" % name for name in sorted(self.fired())]


class Watcher(threading.Thread):
    """Samples the stack, in quiet times, and counts the collectors' runs all the time."""

    def __init__(self, stack, period):
        super().__init__(daemon=True)
        self.stack, self.period, self.samples = stack, period, growth.Samples()
        self.begin, self.quiet, self.ended = time.monotonic(), threading.Event(), threading.Event()
        self.runs, self.counters = dict.fromkeys(stacks.COLLECTORS, 0), {}

    def run(self):
        while not self.ended.wait(self.period):
            self.count_runs()
            if not self.quiet.is_set():
                continue
            second = time.monotonic() - self.begin
            for name in PROGRAMS + OTHERS:
                process = self.stack.processes.get(name)
                if process is not None and process.poll() is None:
                    self.samples.process(second, name, process.pid)
            try:
                self.look(second)
            except (OSError, ValueError, IndexError, stacks.Broken, subprocess.TimeoutExpired) as error:
                print("no sample: %s" % error, file=sys.stderr)

    def count_runs(self):
        """Of their files.  A counter that begins anew goes on from there."""
        for name in stacks.COLLECTORS:
            try:
                text = (self.stack.textfiles / (name + ".prom")).read_text()
                value = float(re.search(r"^arbitrage_collector_runs_total\{.*\} (\S+)$", text, re.M)[1])
            except (OSError, TypeError, ValueError):
                continue
            before = self.counters.get(name, value)
            self.runs[name] += value - before if value >= before else value
            self.counters[name] = value

    def look(self, second):
        """At everything but processes."""
        at, stack = self.stack.directory, self.stack
        files, size = growth.directory(stack.textfiles, "*.prom")
        memory = re.search(r"used_memory:(\d+)", stack.redis("INFO", "memory"))[1]
        figures = {
            ("files", "textfiles/*.prom"): files, ("bytes", "textfiles/*.prom"): size,
            ("files", "textfiles"): growth.directory(stack.textfiles)[0], ("bytes", "relay.db"): growth.directory(at / "relay")[1],
            ("bytes", "paper_engine.journal"): growth.directory(at, "*.journal")[1],
            ("bytes", "our logs"): sum((at / (name + ".log")).stat().st_size for name in PROGRAMS),
            ("keys", "Redis"): int(stack.redis("DBSIZE")), ("bytes", "Redis"): int(memory),
            ("series", "Prometheus"): first(stack.ask('count({__name__!=""})')),
            ("series made", "Prometheus"): first(stack.ask("prometheus_tsdb_head_series_created_total"))}
        for (what, whose), value in figures.items():
            self.samples.add(second, what, whose, value)


def first(answer):
    return list(answer.values())[0]


def spared(scenario):
    """Names of its alerts that alert_relay says once in five minutes: P1."""
    severities = {name: observe.rules().get(name, {}).get("severity") for name in scenario.get("besides") or ()}
    severities.update({each["alert"]: each["severity"] for each in scenario["expect"]})
    return {name for name, severity in severities.items() if severity == "P1"}


def ends_ours(scenario):
    return any(ENDING.match(verb) for verb in scenario["provoke"] + scenario["heal"])


def order(chosen, luck):
    """Groups take turns, each in an order of its own; and again from the start when all were there."""
    while True:
        groups = {}
        for scenario in luck.sample(chosen, len(chosen)):
            groups.setdefault(scenario["group"], []).append(scenario)
        while any(groups.values()):
            for each in luck.sample(sorted(groups), len(groups)):
                if groups[each]:
                    yield groups[each].pop()


class Day:
    """What happened: `lines` of incidents, complaints about them, and the seconds of quiet."""

    def __init__(self, stack, watcher, luck):
        self.stack, self.watcher, self.luck, self.observer = stack, watcher, luck, Observer(stack)
        self.incidents, self.missed, self.false, self.quiet_seconds, self.last = [], [], [], 0, {}

    def live(self, chosen, seconds):
        """Quiet times and incidents, until the time is over; it begins and ends with a quiet time."""
        for each in self.observer.begin(180):
            self.false.append(each)
            self.say("it does not get quiet: " + each)
        waiting, source, end = [], order(chosen, self.luck), time.monotonic() + seconds
        self.be_quiet(max(QUIET[1], seconds / 12))
        while time.monotonic() < end:
            waiting += [next(source) for _ in range(len(chosen) - len(waiting))]
            late = time.monotonic() > end - seconds * 2 / 3
            possible = [each for each in waiting if self.rested(each) and not (late and ends_ours(each))]
            if possible:
                waiting.remove(possible[0])
                self.provoke(possible[0])
            self.be_quiet(min(self.luck.uniform(*QUIET), max(QUIET[0], end - time.monotonic())))

    def rested(self, scenario):
        return all(time.monotonic() - self.last.get(name, -APART) >= APART for name in spared(scenario))

    def be_quiet(self, seconds):
        if self.incidents and not self.incidents[-1][1].passed():
            # It has its complaints, and what comes of it may last.
            self.observer.quiet(3 * observe.ANY_SECONDS)
            return
        self.observer.mark()
        self.watcher.quiet.set()
        time.sleep(seconds)
        self.watcher.quiet.clear()
        self.quiet_seconds += seconds
        for each in self.observer.false_alerts():
            self.false.append(each)
            self.say("FALSE ALERT: " + each)

    def provoke(self, scenario):
        """One incident from its begin to its end."""
        began = time.monotonic()
        try:
            judged = run.run_scenario(self.stack, self.observer, scenario)
        except Exception:  # noqa: BLE001 a verb or a part may fail in any way: the scenario fails, and the day goes on
            judged = run.Result(scenario["name"], broken=traceback.format_exc())
            with contextlib.suppress(Exception):
                run.run_verbs(self.stack, scenario["verbs"]["heal"])
        judged.took = time.monotonic() - began
        self.last.update(dict.fromkeys(spared(scenario), time.monotonic()))
        self.incidents.append((scenario, judged))
        self.missed += [judged.name] if not judged.passed() else []
        self.say(tables.line_of(judged) + "\n" + tables.troubles(judged), end="")

    def say(self, text, end="\n"):
        print("%5.1f min  %s" % ((time.monotonic() - self.watcher.begin) / 60, text), end=end, flush=True)


# What it comes to

def rows_of_stack(samples, warm_up, incidents):
    """Of what is no process."""
    rows = []
    for (what, whose), (unit, bound, per_incident, _) in growth.BOUNDS_OF_STACK.items():
        rows.append(growth.row(what, whose, samples.longest(what, whose), warm_up, bound + per_incident * incidents, unit))
    return rows


def halves(stack, part, what, whose, sql, bound):
    """A row about an average over the first half and over the second half; sql says `half` and `figure`."""
    found = dict(line.split("\t") for line in stack.psql(part, sql).strip().split("\n") if line)
    if len(found) < 2:
        return what, whose, "-", "-", "too few rows", "%g" % bound, "NO"
    start, end = float(found["1"]), float(found["2"])
    return what, whose, "%.1f" % start, "%.1f" % end, "%+.1f" % (end - start), "%g" % bound, "ok" if end - start <= bound else "NO"


def rows_of_tables(stack, since):
    """Of the history and of the ledger: rows for each incident and each trade."""
    events = """SELECT ntile, avg(events) FROM (SELECT ntile(2) OVER (ORDER BY i.id),
        (SELECT count(*) FROM arbwatch_history.alert_event e WHERE e.incident_id = i.id) AS events
        FROM arbwatch_history.alert_incident i WHERE alertname <> 'Watchdog') t GROUP BY ntile"""
    fills = """SELECT ntile, avg(fills) FROM (SELECT ntile(2) OVER (ORDER BY closed_at),
        (SELECT count(*) FROM public.paper_fills f WHERE f.trade_id = t.id) AS fills
        FROM public.trades t WHERE closed_at >= to_timestamp(%f)) t GROUP BY ntile""" % since
    return [halves(stack, "history", "events for each incident", "the history", events, 10),
            halves(stack, "postgres", "fills for each trade", "the ledger", fills, 0.5)]


def row_of_trades(stack, since, until):
    """The poorest tenth of the time."""
    sql = """SELECT width_bucket(extract(epoch FROM closed_at), %f, %f, 10), count(*) FROM public.trades
        WHERE closed_at >= to_timestamp(%f) AND closed_at < to_timestamp(%f) GROUP BY 1""" % (since, until, since, until)
    found = dict(line.split("\t") for line in stack.psql("postgres", sql).strip().split("\n") if line)
    counts = [int(found.get(str(tenth), 0)) for tenth in range(1, 11)]
    return "trades in a tenth of the time", "paper_engine", "%d" % counts[0], "%d" % counts[-1], "least %d, in all %d" % (
        min(counts), sum(counts)), "at least 1", "ok" if min(counts) else "NO"


def row_of_ledger(stack):
    """The engine ends, and what it saved is what its ledger sums up to."""
    stack.stop_part("paper_engine")
    words = stack.redis("HGETALL", "arbwatch:paper_engine").splitlines()
    saved = stack.directory / "paper_engine.state"
    saved.write_text("".join("%s %s\n" % pair for pair in zip(words[::2], words[1::2])))
    command = [str(word) for word in stack.commands["paper_engine"]]
    fees = [word for venue in ("binance", "upbit") if "--fee." + venue in command
            for word in ("--fee-" + venue, command[command.index("--fee." + venue) + 1])]
    done = subprocess.run(["/usr/bin/python3", ROOT / "tests/demo/recompute.py", "--snapshot", saved] + fees,
                          capture_output=True, text=True,
                          env=dict(os.environ, POSTGRES_DSN=stack.dsn("postgres"), PGPASSWORD=stack.password()))
    if done.returncode:
        print(done.stdout[-2000:] + done.stderr[-2000:])
    wrong = len(done.stdout.splitlines()) - 1 if done.stdout else 1
    return "figures that are wrong", "the ledger", "0", "%d" % wrong, "%+d" % wrong, "0", "NO" if done.returncode else "ok"


def table_of_alerts(day, minutes):
    expected = sum(len(scenario.get("expect") or ()) for scenario, _ in day.incidents)
    kinds = len({scenario["name"] for scenario, _ in day.incidents})
    least = max(2, int(BAD_DAY * minutes / 60))
    return tables.markdown(["what", "found", "bound", "ok"], [
        ["incidents, of %d kinds" % kinds, str(len(day.incidents)), "at least %d" % least, "ok" if len(day.incidents) >= least else "NO"],
        ["incidents that did not go as expected, of %d alerts in all" % expected, str(len(day.missed)), "0", "NO" if day.missed else "ok"],
        ["false alerts in %d minutes of quiet" % (day.quiet_seconds / 60), str(len(day.false)), "0", "NO" if day.false else "ok"]])


def table_of_runs(watcher):
    return tables.markdown(["collector", "runs", "hours at %d s" % SHIPPED],
                 [[name, "%d" % count, "%.1f" % (count * SHIPPED / 3600)] for name, count in watcher.runs.items()])


def write_tables(path, text):
    before, rest = path.read_text().split(BEGIN, 1)
    path.write_text(before + BEGIN + "\n\n" + text + "\n" + END + rest.split(END, 1)[1])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--table", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--keep", action="store_true")
    return parser.parse_args()


def spend(args, stack, may_mount):
    """The day, and its tables."""
    chosen = [each for each in scenarios.load() if (each.get("core") or args.minutes >= 15) and (may_mount or each.get("needs") != "root")]
    seconds, since = args.minutes * 60, time.time()
    watcher = Watcher(stack, 5 if seconds > 1200 else 1)
    day = Day(stack, watcher, random.Random(args.seed))
    watcher.start()
    day.live(chosen, seconds)
    watcher.ended.set()
    watcher.join()
    # In a short day the warm-up is not long enough for heaps to get their size.
    rows = growth.rows_of_processes(watcher.samples, seconds / 6, PROGRAMS + OTHERS, 1 if args.minutes >= 15 else 4)
    rows += rows_of_stack(watcher.samples, seconds / 6, len(day.incidents)) + rows_of_tables(stack, since)
    rows += [row_of_trades(stack, since, time.time()), row_of_ledger(stack)]
    text = "\n".join([table_of_alerts(day, args.minutes), table_of_runs(watcher),
                      tables.markdown(["what", "of", "at the start", "at the end", "growth", "bound", "ok"], rows)])
    print("\n%s" % text)
    if args.table:
        write_tables(args.table, text)
    passed, failed = text.count("| ok |\n"), text.count("| NO |\n")
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


def main():
    args = arguments()
    may_mount = run.have_own_mounts()  # before any part starts: all of them see the disk that gets full
    directory = tempfile.mkdtemp(prefix="arbwatch-day.")
    stack = Stack(args.build, directory)
    try:
        stack.start()
        return spend(args, stack, may_mount)
    finally:
        stack.close()
        if args.keep:
            print("it is in " + directory)
        else:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
