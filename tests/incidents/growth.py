"""Whether anything grows while a stack runs: samples of it, the bounds, and the judgement.  day.py asks for it.

growth.py                    judges made-up samples: what grows or jumps must be found, what stays or only moves must not
growth.py SECONDS PID...     samples these processes for so long, and prints what grew
"""
import os
import pathlib
import random
import statistics
import sys
import time

OURS, THEIRS = "our other programs", "Prometheus, Alertmanager and node_exporter"
# What, and whose -> unit, and by how much it may grow from the first quarter after the warm-up to the last one, and why so much.
# A bound holds for a day of any length; what leaks grows with the number of runs, so a short day finds only large leaks.
BOUNDS = {
    ("resident memory", OURS): ("KiB", 320, "a collector that loses 64 bytes in each run loses 360 KiB in a day of runs at 15 s"),
    ("resident memory", "alert_relay"): ("KiB", 4096, "caches of SQLite: 2 MB; a storm of 500 leaves holes, and fifteen leave no more"),
    ("resident memory", "paper_engine"): ("KiB", 2048, "1 %: what it keeps of the last minutes' prices differs with the market"),
    ("resident memory", "paper_exchange"): ("KiB", 1536, "orders and readers come and go, and leave holes"),
    ("resident memory", "paper_chat"): ("KiB", 16384, "it keeps the last 1024 messages and 4096 requests: these fill first"),
    ("resident memory", THEIRS): ("KiB", 65536, "the heaps of Go are twice what they hold, and Prometheus keeps two hours in memory"),
    ("descriptors", OURS): ("", 2, "each run closes what it opened; of the connections that are kept some end"),
    ("descriptors", "alert_relay"): ("", 16, "connections of those that just ask"),
    ("descriptors", "paper_engine"): ("", 1, "a connection that is just being used"),
    ("descriptors", "paper_exchange"): ("", 8, "connections of those that just ask"),
    ("descriptors", "paper_chat"): ("", 8, "connections of those that just ask"),
    ("descriptors", THEIRS): ("", 12, "segments of the log of Prometheus, and connections"),
    ("threads", OURS): ("", 1, "one that is just reading; a run ends those that it starts"),
    ("threads", "alert_relay"): ("", 0, "all are started at the start"),
    ("threads", "paper_engine"): ("", 0, "all are started at the start"),
    ("threads", "paper_exchange"): ("", 8, "one for each connection"),
    ("threads", "paper_chat"): ("", 8, "one for each connection"),
    ("threads", THEIRS): ("", 8, "Go starts one for each call that blocks"),
}
# The same of what is not a process: unit, by how much it may grow, and besides by how much for each incident, and why.
BOUNDS_OF_STACK = {
    ("files", "textfiles/*.prom"): ("", 0, 0, "each collector has one"),
    ("bytes", "textfiles/*.prom"): ("", 32768, 1024, "figures get longer, and the first failure of a kind gets a series"),
    ("files", "textfiles"): ("", 1, 0, "a lock for each collector, and bans of exchanges; a file that is just being written"),
    ("bytes", "relay.db"): ("", 4194304, 65536, "what is over is kept for an hour, a storm of 500 too; and its log, up to 4 MB"),
    ("bytes", "paper_engine.journal"): ("", 65536, 0, "what PostgreSQL has not taken yet: nothing, in a quiet time"),
    ("bytes", "our logs"): ("", 8192, 8192, "nothing is logged in each run, only what begins and what ends"),
    ("keys", "Redis"): ("", 20, 0, "the universe changes by some symbols"),
    ("bytes", "Redis"): ("", 262144, 0, "the snapshot has the prices of the last minutes"),
    ("series", "Prometheus"): ("", 100, 5, "the first failure of a kind gets a series"),
    ("series made", "Prometheus"): ("", 500, 100, "an alert has some series while it lasts, and each incident its own"),
}


class Samples:
    """Series of (second, value) by what, whose and which life: a process that was started again has another life."""

    def __init__(self):
        self.series = {}

    def add(self, second, what, whose, value, life=0):
        self.series.setdefault((what, whose), {}).setdefault(life, []).append((second, value))

    def process(self, second, whose, pid):
        """One that is just ending has no figures any more, and gives no sample."""
        root = pathlib.Path("/proc/%d" % pid)
        try:
            status = dict(line.split(":", 1) for line in (root / "status").read_text().splitlines())
            figures = {"resident memory": int(status["VmRSS"].split()[0]), "threads": int(status["Threads"]),
                       "descriptors": len(os.listdir(root / "fd"))}
        except (OSError, KeyError):
            return
        for what, value in figures.items():
            self.add(second, what, whose, value, pid)

    def longest(self, what, whose):
        """Samples of the life that lasted longest."""
        lives = self.series.get((what, whose), {0: []})
        return max(lives.values(), key=lambda life: life[-1][0] - life[0][0] if life else 0)


def whose(name):
    """Which bounds a program has."""
    return name if ("threads", name) in BOUNDS else THEIRS if name in ("prometheus", "alertmanager", "node_exporter") else OURS


def directory(path, pattern="*"):
    """How many files, and their bytes.  Files that go meanwhile are not there."""
    sizes = []
    for each in pathlib.Path(path).rglob(pattern):
        try:
            sizes.append(each.stat().st_size)
        except OSError:
            pass
    return len(sizes), sum(sizes)


def growth(samples, warm_up):
    """Medians of the first and the last quarter of the time after so many seconds; None if there are too few samples to tell."""
    kept = [(second, value) for second, value in samples if second >= samples[0][0] + warm_up]
    if not kept:
        return None
    begin, end = kept[0][0], kept[-1][0]
    first = [value for second, value in kept if second <= begin + (end - begin) / 4]
    last = [value for second, value in kept if second >= end - (end - begin) / 4]
    if end == begin or min(len(first), len(last)) < 3:
        return None
    return statistics.median(first), statistics.median(last)


def row(what, whose, samples, warm_up, bound, unit=""):
    """A line of the table: what, of whom, at the start, at the end, growth, bound, and whether that is so."""
    found = growth(samples, warm_up)
    limit = ("%d %s" % (bound, unit)).strip()
    if found is None:
        return what, whose, "-", "-", "too few samples", limit, "NO"
    start, end = found
    return what, whose, "%d" % start, "%d" % end, "%+d" % (end - start), limit, "ok" if end - start <= bound else "NO"


def rows_of_processes(samples, warm_up, names, slack=1):
    """For each process: memory, of which it may have so much more, descriptors, threads.  One that was never seen is not ok."""
    rows = []
    for what in "resident memory", "descriptors", "threads":
        for name in names:
            unit, bound, _ = BOUNDS[what, whose(name)]
            bound *= slack if what == "resident memory" else 1
            rows.append(row(what, name, samples.longest(what, name), warm_up, bound, unit))
    return rows


# Made-up samples, one a second for ten minutes: a function of the second, and whether the bound of 100 must hold.
SHAPES = {
    "stays": (lambda t, luck: 5000, True),
    "moves around a value": (lambda t, luck: 5000 + luck.randint(-300, 300), True),
    "shrinks": (lambda t, luck: 5000 - t, True),
    "has one peak, and is as before": (lambda t, luck: 9000 if 250 < t < 300 else 5000, True),
    "grows during the warm-up alone": (lambda t, luck: 1000 + 40 * min(t, 100), True),
    "grows by a little less than the bound": (lambda t, luck: 5000 + t // 6, True),
    "grows in each second": (lambda t, luck: 5000 + t // 3, False),
    "grows in each second, with noise": (lambda t, luck: 5000 + t + luck.randint(-300, 300), False),
    "grows by a step each minute": (lambda t, luck: 5000 + 40 * (t // 60), False),
    "jumps once, and stays there": (lambda t, luck: 5000 if t < 350 else 5200, False),
    "is not there after the warm-up": (lambda t, luck: 5000 if t < 90 else None, False),
    "is there once": (lambda t, luck: 5000 if t == 300 else None, False),
}


def main():
    passed = failed = 0
    for name, (shape, holds) in SHAPES.items():
        luck = random.Random(1)
        series = [(t, shape(t, luck)) for t in range(600)]
        line = row("made up", name, [(t, value) for t, value in series if value is not None], 100, 100)
        right = (line[-1] == "ok") == holds
        passed, failed = passed + right, failed + (not right)
        if not right:
            print("FAILED a series that %s: %s" % (name, line))
    samples = Samples()
    samples.process(1, "me", os.getpid())
    samples.process(1, "nobody", 2 ** 22 + 1)
    seen = samples.longest("threads", "me") == [(1, 1)] and samples.longest("threads", "nobody") == []
    print("%d passed, %d failed" % (passed + seen, failed + (not seen)))
    return failed > 0 or not seen


def watch(seconds, pids):
    samples = Samples()
    names = {}
    for pid in pids:
        program = pathlib.Path("/proc/%d/cmdline" % pid).read_text().split("\0")[0]
        names[pid] = pathlib.Path(program).name.replace("prometheus-", "").replace("node-", "node_")
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        for pid, name in names.items():
            samples.process(time.monotonic() - begin, name, pid)
        time.sleep(1)
    for line in rows_of_processes(samples, seconds / 6, sorted(set(names.values()))):
        print("  ".join(line))


if __name__ == "__main__":
    sys.exit(watch(float(sys.argv[1]), [int(pid) for pid in sys.argv[2:]]) if sys.argv[1:] else main())
