#!/usr/bin/env python3
"""mutate.py FOLDER... [--count N] [--seed N] [--jobs N] [--tests NAME...]: do the tests notice when the code is wrong?

Changes one place of a .c file below the FOLDERs at a time (an operator, a constant, a
statement that is dropped), and looks for a test that fails: first the unit tests of
the folder of tests/ that has the same name, then the scenarios that use this code
(see SCENARIOS), or, with --tests, those that are named, in this order.  The first
test that fails ends the search.  A test that fails must pass without the change,
which is tried once for each test.

A mutant that no test notices survives, and is printed.  The same seed makes the same
mutants.  The sources stay as they are: a changed one is compiled below $BUILD/mutate,
and a test is linked with that before the library, so that $BUILD must be up to date.
Ends with the figures of each folder and "N killed, N survived"; exit status 1 if any
survived.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import random
import re
import shlex
import subprocess
import sys
import threading
import time

# What else uses the code of a folder, the quickest first.
SCENARIOS = {
    "textfile": ["state", "directory", "textfile_lint"],
    "collectors/harness": ["state", "loop", "redis_latency", "settings"],
    "probes/redis": ["redis_latency"],
    "probes/postgres": ["postgres_latency"],
    "probes/http": ["http", "exchange_faults"],
    "exchange": ["signing", "exchange_health", "exchange_faults"],
    "positions": ["open_positions", "open_positions_faults"],
    "web": ["arbwatch_exporter"],
    "exporter": ["arbwatch_exporter", "status_page"],
    "demo/paper_engine": ["paper_engine_backtest", "paper_engine_ledger", "paper_engine_tune"],
}
SECONDS = 150  # until a test is ended: a mutant may wait for ever

OPERATORS = [(r" <= ", " < "), (r" < ", " <= "), (r" >= ", " > "), (r" > ", " >= "), (r" == ", " != "), (r" != ", " == "),
             (r" && ", " || "), (r" \|\| ", " && "), (r" \+ ", " - "), (r" - ", " + "), (r" \* ", " / "), (r"\btrue\b", "false"),
             (r"\bfalse\b", "true"), (r"return 0;", "return -1;"), (r"return -1;", "return 0;"), (r"\+\+", "--"), (r"\+=", "-=")]
STATEMENT = re.compile(r"^\t+(?!return|break|continue|goto|case|default|static|struct|const|else)[a-z_*(][^;{}]*;$")


def places(path):
    """All changes of a file: (line number, the line then)."""
    inside = False
    for number, line in enumerate(path.read_text().split("\n")):
        comment = inside or line.lstrip().startswith(("/*", "*", "//"))
        inside = ("/*" in line or inside) and "*/" not in line
        if comment or not line.startswith("\t") or "assert" in line or '"' in line:
            continue
        for pattern, instead in OPERATORS:
            for match in re.finditer(pattern, line):
                yield number, line[:match.start()] + instead + line[match.end():]
        for match in re.finditer(r"(?<![\w.])[0-9]+(?![\w.])", line):
            yield number, line[:match.start()] + str(int(match[0]) + 1) + line[match.end():]
        if STATEMENT.match(line) and "(" in line:
            yield number, line[:len(line) - len(line.lstrip())] + ";"


def run(*command, **environment):
    """True if the command succeeds.  Begun from the root of the repository, as the tests want it."""
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                          env={**os.environ, **environment}).returncode == 0


def command_for(build, target, changed):
    """How make would make a target if a file had changed: the words of the last command."""
    said = subprocess.run(["make", "-n", f"BUILD={build}", "-W", changed, target], capture_output=True, text=True, check=True).stdout
    line = next(line for line in reversed(said.splitlines()) if f"-o {target} " in line)
    return shlex.split(re.sub(r"\$\((.*?)\)", lambda found: subprocess.getoutput(found[1]), line))


class Tests:
    """What can be run against a mutant, and what was learned of it."""

    def __init__(self, build, named):
        self.build, self.named = build, named
        self.passing = {}  # name -> whether it passes without any change
        self.seconds = collections.defaultdict(float)
        self.lock = threading.Lock()
        self.links = {}  # target -> the command that links it
        self.file = {path.stem: path for path in pathlib.Path("tests").rglob("*")
                     if path.suffix == ".sh" or (path.suffix == ".c" and path.name.startswith("test_"))}
        self.programs = [path.stem for path in pathlib.Path("collectors").glob("*.c")]
        self.programs += ["arbwatch_exporter", "textfile_lint", "paper_exchange", "paper_engine"]

    def of(self, source):
        """The names for a source: those that are called like it, then the quickest."""
        if self.named:
            return self.named
        folders = [str(each) for each in source.parents]
        units = next((found for each in folders[:-1] if (found := list(pathlib.Path("tests", each).glob("test_*.c")))), [])
        called = {source.stem, source.parent.name}
        units = sorted((path.stem for path in units), key=lambda name: (name[5:] not in called, self.seconds[name], name))
        return units + next((SCENARIOS[each] for each in folders if each in SCENARIOS), [])

    def targets(self, name):
        """What a test runs: itself, or the programs that a scenario names; not what only tests are made of."""
        path = self.file[name]
        if path.suffix == ".c":
            return [str(path.with_suffix(""))]
        text = path.read_text()
        text += "".join(pathlib.Path("tests", used).read_text() for used in set(re.findall(r"lib\w*\.sh", text)))
        return [each for each in self.programs if re.search(rf"\b{each}\b", text)]

    def link(self, target, source, room):
        """Link a target below `room`, the build of the mutant, with its object.  False: it has this code from elsewhere."""
        with self.lock:
            if target not in self.links:
                self.links[target] = command_for(self.build, f"{self.build}/{target}", f"{self.build}/libarbwatch.a")
        words = self.links[target][:]
        words[words.index("-o") + 1] = f"{room}/{target}"
        own, library = f"{self.build}/{source.with_suffix('.o')}", words.index(f"{self.build}/libarbwatch.a")
        if own in words:
            words[words.index(own)] = f"{room}/changed.o"
        else:
            words.insert(library, f"{room}/changed.o")
        (room / target).unlink(missing_ok=True)
        (room / target).parent.mkdir(parents=True, exist_ok=True)
        if run(*words):
            return True
        # It has functions of the same names: a test has stand-ins, or a program has another file of that kind.
        (room / target).unlink(missing_ok=True)
        (room / target).symlink_to((self.build / target).resolve())
        return False

    def passes(self, name, build):
        began = time.monotonic()
        command = ["tests/run_all.sh", name]
        if self.file[name].suffix == ".c":
            command = ["timeout", "--kill-after=5", str(SECONDS), f"{build}/{self.targets(name)[0]}"]
        passes = run(*command, BUILD=str(build), TEST_TIMEOUT=str(SECONDS), CK_TIMEOUT_MULTIPLIER="5")
        self.seconds[name] = time.monotonic() - began
        return passes

    def is_noticed_by(self, name, source, room):
        if not self.passing.get(name, True):
            return False
        if not any([self.link(target, source, room) for target in self.targets(name)]):
            return False
        # A busy machine can make a scenario fail, but hardly twice.
        if self.passes(name, room) or (self.file[name].suffix == ".sh" and self.passes(name, room)):
            return False
        if name not in self.passing:
            self.passing[name] = self.passes(name, self.build)
            if not self.passing[name]:
                print(f"mutate.py: {name} fails without any change, and is left out", file=sys.stderr)
        return self.passing[name]


def make_room(build, room):
    """A build of its own: links to all that is built, of which a mutant replaces some."""
    for path in sorted(build.iterdir()):
        if path.name not in ("mutate", "tests"):
            (room / path.name).unlink(missing_ok=True)
            (room / path.name).symlink_to(path.resolve())
    (room / "tests").mkdir(exist_ok=True)
    (room / "tests" / "tools").unlink(missing_ok=True)
    (room / "tests" / "tools").symlink_to((build / "tests" / "tools").resolve())


def killer_of(tests, source, mutant, rooms):
    """The test that notices a mutant, or ""; or None if the compiler does."""
    room = rooms.pop()
    try:
        make_room(tests.build, room)
        (room / "changed.c").write_text(mutant)
        with tests.lock:
            words = command_for(tests.build, f"{tests.build}/{source.with_suffix('.o')}", str(source))
        words = [word for word in words if word not in ("-MMD", "-MP", "-g")]
        words[words.index("-o") + 1] = f"{room}/changed.o"
        words[words.index(str(source))] = f"{room}/changed.c"
        if not run(*words):
            return None
        return next((name for name in tests.of(source) if tests.is_noticed_by(name, source, room)), "")
    finally:
        rooms.append(room)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--tests", nargs="+")
    given = parser.parse_args()
    os.chdir(pathlib.Path(__file__).resolve().parent.parent)
    build = pathlib.Path(os.environ.get("BUILD", "build"))
    rooms = [build / "mutate" / str(job) for job in range(given.jobs)]
    for room in rooms:
        room.mkdir(parents=True, exist_ok=True)
    tests = Tests(build, given.tests)
    everything = [(folder, path, *place) for folder in given.folders for path in sorted(folder.rglob("*.c")) for place in places(path)]
    random.Random(given.seed).shuffle(everything)
    killed, survived = collections.Counter(), collections.Counter()

    def judge(mutant):
        folder, path, number, line = mutant
        if killed.total() + survived.total() >= given.count:
            return
        lines = path.read_text().split("\n")
        what = f"{path}:{number + 1}: {lines[number].strip()}  ->  {line.strip()}"
        lines[number] = line
        name = killer_of(tests, path, "\n".join(lines), rooms)
        if name is None:
            return
        (killed if name else survived)[folder] += 1
        print(f"killed    {what}  ({name})" if name else f"survived  {what}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        list(pool.map(judge, everything))
    for folder in given.folders if len(given.folders) > 1 else []:
        print(f"{folder}: {killed[folder]} killed, {survived[folder]} survived")
    print(f"{killed.total()} killed, {survived.total()} survived")
    return survived.total() > 0


if __name__ == "__main__":
    sys.exit(main())
