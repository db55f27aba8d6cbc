"""What run.py prints and writes into docs/incidents.md: the times, the drills, what went wrong."""
import re

import yaml

import observe
import quicker

BEGIN, END = "<!-- table: make incidents writes it -->\n", "<!-- table end -->\n"
SHIPPED_INTERVAL = 15
ALERTMANAGER = quicker.ROOT / "alertmanager/alertmanager.yml"


def line_of(result):
    """While they run."""
    state = "skipped" if result.skipped else "ok" if result.passed() else "FAILED"
    times = ", ".join("%s %s" % (each["alert"], seconds(each["seconds"])) for each in result.times)
    return "%-8s %-40s %5.0f s  %s\n" % (state, result.name, result.took, times)


def seconds(value):
    return "-" if value is None else "%.1f s" % value


def troubles(result):
    """What went wrong, or nothing."""
    if result.skipped:
        return "SKIPPED %s: %s\n" % (result.name, result.skipped)
    text = "".join("FAILED %s: %s\n" % (result.name, each) for each in result.complaints + result.late)
    if result.broken:
        text += "FAILED %s: %s\n" % (result.name, result.broken)
    for each in result.tries[:-1]:
        text += "  the first time: %s\n" % "; ".join(each.complaints + each.late or [each.broken.strip()])
    return text


def row_of(result, time):
    """name | alert | severity | channels | time (bar) | resolved | with the shipped settings."""
    return [result.name, time["alert"], time["severity"], ", ".join(time["channels"]),
            "%s (%g s)" % (seconds(time["seconds"]), time["bar"]), seconds(result.resolved), seconds_shipped(time)]


HEADINGS = ["incident", "alert", "severity", "channels", "time to the message (bar)", "resolved after",
            "with the shipped settings, at most"]


def times(chosen, found):
    """As text, in columns."""
    rows = [HEADINGS] + [row_of(found[each["name"]], time) for each in chosen for time in found[each["name"]].times]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() + "\n" for row in rows)


# With the shipped settings ----------------------------------------------------


def shipped_seconds(time):
    """The rule's `for`, the group_wait of its route, an evaluation, and the interval of its collector; and what it has to wait for
    besides (a scenario's `wait` has the quicker `for` in it)."""
    rule, p0 = rule_of(time["alert"]), time["severity"] == "P0"
    held = quicker.seconds(str(rule.get("for", "0s")))
    quick = held if p0 else quicker.seconds(quicker.shorter(rule["for"], 0.1, 1)) if "for" in rule else 0
    besides = max(0, time["wait"] - quick)
    evaluation = 2 if p0 else SHIPPED_INTERVAL  # verdict.yml each second, p0.yml twice a second
    return held + group_wait(time["severity"]) + evaluation + (SHIPPED_INTERVAL if "collector" in rule.get("labels", {}) else 0) + besides


def seconds_shipped(time):
    value = round(shipped_seconds(time))
    return "%d s" % value if value < 120 else "%d min" % round(value / 60)


def rule_of(alert):
    for path in sorted(observe.RULES.glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                if rule.get("alert") == alert:
                    return rule
    return {}  # a program makes it


def group_wait(severity):
    """Of the shipped route for it, in live."""
    root = yaml.safe_load(ALERTMANAGER.read_text())["route"]
    for route in root["routes"]:
        if any(re.fullmatch(r'severity=~?"(.*\|)?%s(\|.*)?"' % severity, each) for each in route["matchers"]):
            return quicker.seconds(route.get("group_wait", root["group_wait"]))
    raise KeyError("alertmanager.yml has no route for " + severity)


# docs/incidents.md ------------------------------------------------------------


def markdown(headings, rows):
    def cells(row):
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |\n"
    return cells(headings) + cells(["---"] * len(headings)) + "".join(cells(row) for row in rows)


def by_group(known):
    groups = {}
    for each in known:
        groups.setdefault(each["group"], []).append(each)
    return groups.items()


def write(path, known, found):
    """Between the markers; a scenario that did not run now has no times, so all are run for it."""
    text = "## What came, and when\n\n"
    for group, listed in by_group(known):
        rows = [row_of(found[each["name"]], time) for each in listed if each["name"] in found for time in found[each["name"]].times]
        text += "### %s\n\n%s\n" % (group.capitalize(), markdown(HEADINGS, rows))
    text += "## Drills\n\n"
    for group, listed in by_group(known):
        rows = [[each["name"], each["says"], code(each["drill"]["stop"]), code(each["drill"]["heal"])] for each in listed]
        text += "### %s\n\n%s\n" % ("Drills: " + group, markdown(["incident", "what happens", "provoke it", "end it"], rows))
    before, rest = path.read_text().split(BEGIN, 1)
    path.write_text(before + BEGIN + "\n" + text + END + rest.split(END, 1)[1])


def code(text):
    return "`%s`" % text.strip() if text.strip() else ""
