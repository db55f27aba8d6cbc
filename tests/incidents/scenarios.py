"""The scenarios, read and checked: scenarios/*.yml, and the verbs of faults/*.py that they name.

A scenario is

    name, group     what it is called, and the heading that it stands under in docs/incidents.md
    says            one sentence: what happens, for people
    provoke, heal   lists of verbs with arguments, as in `stop redis`.  A verb is a function in faults/ with _ for each blank; it gets
                    the stack and the remaining words
    expect          what has to come, a list: alert, severity; and, where they matter, env (default: live), labels, text (a regular
                    expression over the message), wait (what the product documents to wait besides its collector's interval, "30s";
                    with why in a comment), channels (default: those of the severity), and what observe.py knows besides: count,
                    acknowledged, repeated, escalated, bar
    besides         alert: why.  It may come or not
    inhibited, silenced, muted, unsent  alerts that have to fire, and are not sent; the history has why, but of the last
    history         `later`: the history has it only when all is over
    drill           {stop, heal}: how to do it in one's own paper stack
    lasts           how long it goes on after the message
    core            it is in `make check`, too
    needs           `root`: it mounts a file system, for which one has to be root.  Elsewhere it is skipped
"""
import importlib
import inspect
import pathlib
import re

import yaml

HERE = pathlib.Path(__file__).resolve().parent
OWNERS = ["servers", "exchanges", "bot", "delivery"]  # the order in docs/incidents.md
REQUIRED = {"name", "group", "says", "provoke", "expect", "heal", "drill"}
OPTIONAL = {"besides", "inhibited", "silenced", "muted", "unsent", "history", "lasts", "core", "needs"}
EXPECT_REQUIRED = {"alert", "severity"}
EXPECT_OPTIONAL = {"env", "labels", "channels", "text", "wait", "ends", "count", "acknowledged", "repeated", "escalated", "later", "bar"}
DURATION = r"\d+(\.\d+)?(ms|s|m|h)?"


class Mistake(Exception):
    """In a scenario's text: which file, which scenario, what."""


def load(directory=HERE / "scenarios"):
    """All of them, in the order of the documentation.  Each has `verbs`: {"provoke": [(function, words)], "heal": ...}."""
    known, found = verbs(), []
    for owner in OWNERS:
        path = pathlib.Path(directory) / (owner + ".yml")
        if not path.exists():
            continue
        try:
            listed = yaml.safe_load(path.read_text()) or []
        except yaml.YAMLError as error:
            raise Mistake("%s: %s" % (path.name, error)) from None
        if not isinstance(listed, list):
            raise Mistake("%s: expected is a list of scenarios" % path.name)
        for scenario in listed:
            where = "%s: %s" % (path.name, scenario.get("name", "a scenario without a name") if isinstance(scenario, dict) else scenario)
            check(where, scenario)
            if scenario["name"] in [each["name"] for each in found]:
                raise Mistake(where + ": two scenarios have this name")
            scenario["verbs"] = {key: [find_verb(where, known, text) for text in scenario[key]] for key in ("provoke", "heal")}
            found.append(scenario)
    return found


def check(where, scenario):
    check_keys(where, scenario, REQUIRED, OPTIONAL)
    for key in ("provoke", "heal", "expect"):
        if not isinstance(scenario[key], list):
            raise Mistake("%s: %s is no list" % (where, key))
    check_keys(where + ": drill", scenario["drill"], {"stop", "heal"}, set())
    if not isinstance(scenario.get("besides", {}), dict):
        raise Mistake(where + ": besides is no list of `alert: why`")
    if scenario.get("needs", "root") != "root":
        raise Mistake("%s: needs has an unknown %r" % (where, scenario["needs"]))
    check_duration(where, "lasts", scenario.get("lasts", 0))
    for expected in scenario["expect"]:
        name = expected.get("alert", "an alert without a name") if isinstance(expected, dict) else expected
        check_expected("%s: %s" % (where, name), expected)


def check_expected(where, expected):
    check_keys(where, expected, EXPECT_REQUIRED, EXPECT_OPTIONAL)
    if expected["severity"] not in ("P0", "P1", "P2", "P3"):
        raise Mistake("%s: severity %s is not P0 to P3" % (where, expected["severity"]))
    check_duration(where, "wait", expected.get("wait", 0))
    try:
        re.compile(expected.get("text", ""))
    except re.error as error:
        raise Mistake("%s: text is no regular expression: %s" % (where, error)) from None


def check_keys(where, value, required, optional):
    if not isinstance(value, dict):
        raise Mistake("%s: expected are keys and values" % where)
    if required - value.keys():
        raise Mistake("%s: %s is missing" % (where, ", ".join(sorted(required - value.keys()))))
    if value.keys() - required - optional:
        raise Mistake("%s: unknown: %s" % (where, ", ".join(sorted(map(str, value.keys() - required - optional)))))


def check_duration(where, key, value):
    if not re.fullmatch(DURATION, str(value)):
        raise Mistake('%s: %s is no time such as "20s": %s' % (where, key, value))


def verbs():
    """Name with blanks -> function, of all modules of faults/."""
    found = {}
    for path in sorted((HERE / "faults").glob("*.py")):
        module = importlib.import_module("faults." + path.stem)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and list(inspect.signature(function).parameters)[:1] == ["stack"]:
                found.setdefault(name.replace("_", " ").strip(), []).append(function)
    return found


def find_verb(where, known, text):
    """The longest one that the text begins with, and the words behind it."""
    words = str(text).split()
    for count in range(len(words), 0, -1):
        functions = known.get(" ".join(words[:count]), [])
        if len(functions) > 1:
            raise Mistake("%s: `%s` is in %s" % (where, text, " and in ".join(each.__module__ for each in functions)))
        if functions:
            try:
                inspect.signature(functions[0]).bind(None, *words[count:])
            except TypeError as error:
                raise Mistake("%s: `%s`: %s" % (where, text, error)) from None
            return functions[0], words[count:]
    raise Mistake("%s: `%s` is no verb of tests/incidents/faults" % (where, text))
