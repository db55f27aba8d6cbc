#!/usr/bin/env python3
"""mutate.py FOLDER [--count N] [--seed N] [--tests NAME...]: do the tests notice when the code is wrong?

Changes one place of a .c file below FOLDER at a time (an operator, a constant, a
statement that is dropped), builds, and runs the unit tests and scenarios of the folder
of tests/ that has the same name, or those that are named.  A mutant that no test
notices survives, and is printed.  The same seed makes the same mutants.  It works in a
copy of the repository ($BUILD/mutate), which is kept for the next time.
Ends with "N killed, N survived"; exit status 1 if any survived.
"""
import argparse
import filecmp
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys

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


def run(tree, *command):
    return subprocess.run(command, cwd=tree, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)


def copy_of(repository, tree):
    """The files that git knows, as they are now; what was built there stays, and what is the same keeps its time."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=repository, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        source, target = repository / name, tree / name
        if source.is_file() and not (target.is_file() and filecmp.cmp(source, target, shallow=False)):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


def names_of(tree, folder):
    """The tests of a folder: of tests/FOLDER or of the nearest folder above it that has any."""
    for each in (folder, *folder.parents):
        found = sorted(path.stem for path in (tree / "tests" / each).rglob("*")
                       if path.suffix == ".sh" or (path.suffix == ".c" and path.name.startswith("test_")))
        if found and each != pathlib.Path("."):
            return found
    sys.exit(f"mutate.py: no tests for {folder}: name them with --tests")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tests", nargs="+")
    given = parser.parse_args()
    repository = pathlib.Path(__file__).resolve().parent.parent
    tree = (pathlib.Path(os.environ.get("BUILD", "build")) / "mutate").resolve()
    copy_of(repository, tree)
    tests = given.tests or names_of(tree, given.folder)
    everything = [(path, *place) for path in sorted((tree / given.folder).rglob("*.c")) for place in places(path)]
    random.Random(given.seed).shuffle(everything)
    build = ["make", "-s", f"-j{os.cpu_count()}", "REVISION=mutant", "test-programs"]
    test = ["env", "BUILD=build", "TEST_TIMEOUT=200", "tests/run_all.sh", *tests]
    if run(tree, *build).returncode != 0 or run(tree, *test).returncode != 0:
        sys.exit(f"mutate.py: without any change, the build or one of these tests fails: {' '.join(tests)}")
    killed = survived = 0
    for path, number, line in everything:
        if killed + survived == given.count:
            break
        text = path.read_text()
        lines = text.split("\n")
        what = f"{path.relative_to(tree)}:{number + 1}: {lines[number].strip()}  ->  {line.strip()}"
        lines[number] = line
        path.write_text("\n".join(lines))
        try:
            if run(tree, *build).returncode != 0:
                continue  # the compiler notices
            passes = run(tree, *test).returncode == 0
        finally:
            path.write_text(text)
        killed, survived = killed + (not passes), survived + passes
        print("survived" if passes else "killed  ", what, flush=True)
    print(f"{killed} killed, {survived} survived")
    return survived > 0


if __name__ == "__main__":
    sys.exit(main())
