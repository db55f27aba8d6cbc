"""What came of an incident: the messages of all channels and the rows of the history, and whether they are what a scenario expects.

The first half looks at nothing but its arguments: it reads messages as a person does, and judges.  tests/incidents/judge.py shows that each
complaint can arise.  Observer, below, asks the parts of a stack.
"""
import collections
import functools
import glob
import json
import os
import pathlib
import re
import time
import urllib.request

import yaml

from stack import INTERVALS, Broken

RULES = pathlib.Path(__file__).resolve().parents[2] / "prometheus/rules"
ASK = urllib.request.build_opener(urllib.request.ProxyHandler({}))

# The chats and channels of a stack, by what paper_chat and the mailbox call them.
CHANNELS = {"-1001": "telegram:main", "-1002": "telegram:paper", "-1003": "telegram:escalation", "C0MAIN": "slack:main",
            "C0URGENT": "slack:p0", "ops@example.com": "mail:main"}
# The shipped routes (docs/alerting.md), where all of these channels exist.
USUAL = {"P0": ["telegram:main", "slack:p0", "mail:main"], "P1": ["telegram:main", "slack:main"], "P2": ["telegram:main", "slack:main"],
         "P3": ["mail:main"]}
# What a message does not show among its labels.
UNSHOWN = {"alertname", "severity", "env", "service", "job", "collector", "monitor"}
# What a scenario calls incidents that must be in the history and in no message.  All but the last are also events there.
HELD = ("inhibited", "silenced", "muted", "unsent")
P0_SECONDS, ANY_SECONDS = 3, 60
# Of these the time is that of the sender, or several are written at once.
UNORDERED = {"resolved", "expired"}
# Telegram's limit, which alert_relay keeps by itself: so many messages in so many milliseconds.
MESSAGES_MOST, WINDOW_MS = 10, 60000
# Where an acknowledgement is seen: by a change of the message, or a reply to it.
SHOWN = ("telegram:main", "slack:p0", "slack:main")
ESCALATE_SECONDS = 30  # escalate.after of a stack

# What a message says of one alert.  `fellows` of its name are in the same message; `text` is what is read about this one.
Record = collections.namedtuple("Record", "channel ms kind alertname severity env service labels fellows text")
Judgement = collections.namedtuple("Judgement", "complaints late times")


# Messages

def kind_of(state, note=""):
    """Of the words of relay/templates/en/words.txt."""
    for kind, words in (("escalated", "escalated"), ("repeated", "still firing"), ("repeated", "(not acknowledged)"),
                        ("expired", "expired"), ("over", "is over"), ("over", "(over)"), ("resolved", "is resolved"),
                        ("acknowledged", "is acknowledged"), ("fired", "is firing")):
        if words in note or words in state and not (note and kind in ("fired", "resolved")):
            return kind
    return {"is firing": "fired", "is resolved": "resolved"}.get(state.strip(), "unknown")


def where_of(text):
    """"live redis target=main" -> env, service, labels."""
    text = re.sub(r" ?acknowledge: \S+| ?acknowledge$", "", text)
    found = re.findall(r"(?<!\S)([A-Za-z_]\w*)=(.*?)(?=\s+[A-Za-z_]\w*=|\s+\(|$)", text)
    words = re.sub(r"\(.*?\)", "", text.split(found[0][0] + "=")[0] if found else text).split()
    return (words + ["", ""])[0], (words + ["", ""])[1], dict(found)


HEAD = re.compile(r"^\S+ (P\d) \w+: (\S+) (?:\((\d+)\) )?((?:is|has) .*)$")


def single(text):
    head = HEAD.match(text.split("\n")[0])
    where = re.search(r"^Where: (.*)$", text, re.M)
    return [(kind_of(head[4]), head[2], head[1], *where_of(where[1] if where else ""), 1, text)]


def group(text):
    """One name of a list: its head, what all share, and a line for each alert."""
    lines = text.strip().split("\n")
    head = HEAD.match(lines[0])
    members = [line for line in lines if line.startswith("• ")]
    shared = [line for line in lines[1:] if re.match(r"(all|live|paper)( [\w-]+)?( \w+=.*)?$", line)]
    common = "\n".join(line for line in lines if not line.startswith("• "))
    env, service, labels = where_of(shared[-1] if shared else "")
    for member in members:
        rest = re.sub(r"^• \S+( \S*\d:\d\d:\d\d\S*)? ?", "", member)
        own_env, own_service, own = where_of(rest)
        note = re.search(r"\((?:not acknowledged|escalated|over|expired)\)", rest)
        yield (kind_of(head[4], note[0] if note else ""), head[2], head[1], env or own_env, service or (own_service if env else own_env),
               {**labels, **own}, len(members), common + "\n" + member)


def alerts_of(text):
    """What one message says: of each alert that it names one tuple, the end of Record."""
    if HEAD.match(text.split("\n")[0]):
        return single(text)
    if re.match(r"\S+ \d+ alerts: ", text):
        return [alert for part in text.split("\n\n")[1:] if HEAD.match(part.strip().split("\n")[0]) for alert in group(part)]
    return [("unknown", "unknown", "", "", "", {}, 1, text)]


def records_of_chat(message):
    """A message that was changed said something before, and says something now."""
    channel = CHANNELS.get(message["chat"], message["service"] + ":" + message["chat"])
    times = [message["received_ms"]] + [edit["received_ms"] for edit in message["edits"]]
    texts = [edit["before"] for edit in message["edits"]] + [message["text"]]
    return [Record(channel, ms, *alert) for ms, text in zip(times, texts) for alert in alerts_of(text)]


def records_of_mail(mail):
    channel = CHANNELS.get(mail["to"][0], "mail:" + mail["to"][0])
    return [Record(channel, mail["received_ms"], *alert) for alert in alerts_of(mail["text"].replace("\r\n", "\n").strip())]


# Judging

@functools.lru_cache(maxsize=None)
def rules():
    """Name -> the labels that the shipped rule sets."""
    found = {}
    for path in sorted(glob.glob(str(RULES / "*.yml"))):
        for each in yaml.safe_load(pathlib.Path(path).read_text())["groups"]:
            found.update({rule["alert"]: rule.get("labels", {}) for rule in each["rules"] if "alert" in rule})
    return found


def seconds(text):
    """"20s: why", "1m", 3 -> seconds."""
    if isinstance(text, (int, float)):
        return float(text)
    number, unit = re.fullmatch(r"([\d.]+)(ms|s|m|h)?", str(text).split()[0].rstrip(":,")).groups()
    return float(number) * {"ms": 0.001, "m": 60, "h": 3600}.get(unit, 1)


def names(scenario, key):
    return set(scenario.get(key) or ())


def channels_of(expected):
    return expected.get("channels") or USUAL[expected["severity"]]


def at_last(expected):
    """Those that get it only when they work again, too."""
    return channels_of(expected) + (expected.get("later") or [])


def is_of(expected, record):
    """Whether a record is about what is expected, by its name and the labels that it shows."""
    shown = {name: str(value) for name, value in expected.get("labels", {}).items() if name not in UNSHOWN}
    return record.alertname == expected["alert"] and shown.items() <= record.labels.items()


def is_row_of(expected, row):
    wanted = {name: str(value) for name, value in expected.get("labels", {}).items()}
    return row["alertname"] == expected["alert"] and wanted.items() <= row["labels"].items()


def subject(record):
    return (record.alertname, *sorted(record.labels.items()))


def title(expected):
    labels = ",".join("%s=%s" % pair for pair in sorted(expected.get("labels", {}).items()))
    return expected["alert"] + ("{%s}" % labels if labels else "")


def short(records):
    """What came, for a complaint."""
    lines = ["%s %s %s{%s}" % (each.channel, each.kind, each.alertname, ",".join("%s=%s" % pair for pair in sorted(each.labels.items())))
             for each in records]
    return "; ".join(lines[:12] + (["and %d more" % (len(lines) - 12)] if len(lines) > 12 else [])) or "nothing"


def judge_messages(expected, records, kind, channels):
    """Each alert is said once in each of the channels, and in no other."""
    complaints, count = [], expected.get("count", 1)
    mine = [record for record in records if record.kind == kind and is_of(expected, record)]
    for channel in channels:
        said = collections.Counter(subject(record) for record in mine if record.channel == channel)
        if len(said) < count:
            complaints.append("%s: expected that %s says it %s, of %d alerts; it did of %d. What came: %s" % (
                title(expected), channel, kind, count, len(said), short(records)))
        if len(said) > count:
            complaints.append("%s: %s says it %s of %d alerts, expected were %d" % (title(expected), channel, kind, len(said), count))
        complaints += ["%s: %s says it %s %d times: %s" % (title(expected), channel, kind, times, dict(what[1:]))
                       for what, times in said.items() if times > 1][:5]
    strange = sorted({record.channel for record in mine} - set(channels))
    if strange:
        complaints.append("%s: it came %s by %s, where nobody expects it" % (title(expected), kind, ", ".join(strange)))
    return complaints


def judge_words(expected, records):
    """Severity, env, service and text of what began."""
    complaints, rule = [], rules().get(expected["alert"], {})
    for record in records:
        if record.kind != "fired" or not is_of(expected, record):
            continue
        if record.severity != expected["severity"]:
            complaints.append("%s: %s says %s, expected is %s" % (title(expected), record.channel, record.severity, expected["severity"]))
        if record.env != rule.get("env", record.env) or record.env not in ("live", "all"):
            complaints.append("%s: %s says env %r" % (title(expected), record.channel, record.env))
        if record.service != rule.get("service", record.service):
            complaints.append("%s: %s says service %r, its rule %r" % (title(expected), record.channel, record.service, rule["service"]))
        # A list says what happens only where all of a name say the same.
        if record.fellows == 1 and not re.search(expected.get("text", ""), record.text):
            complaints.append("%s: %s does not say %r, but: %s" % (title(expected), record.channel, expected["text"], record.text))
        raw = re.search(r"\d\.\d{6}|<no value>|NaN|%!", record.text)
        if raw:
            complaints.append("%s: %s shows a raw figure, %r: %s" % (title(expected), record.channel, raw[0], record.text))
    return complaints


def judge_row(expected, row, kinds, statuses):
    complaints, order = [], [event["at"] for event in row["events"] if event["kind"] not in UNORDERED]
    if order != sorted(order):
        complaints.append("%s: the history has its events in another order than they happened: %s" % (title(expected), row["events"]))
    if row["status"] not in statuses:
        complaints.append("%s: its row in the history is %s, expected is %s" % (title(expected), row["status"], " or ".join(statuses)))
    if row["severity"] != expected["severity"]:
        complaints.append("%s: its row in the history has severity %s" % (title(expected), row["severity"]))
    # What is acknowledged is silenced in Alertmanager.
    if row["suppressed"] not in ([None, "silenced"] if expected.get("acknowledged") else [None]):
        complaints.append("%s: the history has it as %s" % (title(expected), row["suppressed"]))
    if expected.get("acknowledged") and expected["acknowledged"] not in str(row["acknowledged_by"]):
        complaints.append("%s: the history has it as acknowledged by %s, expected is %s" % (
            title(expected), row["acknowledged_by"], expected["acknowledged"]))
    if not expected.get("acknowledged") and row["acknowledged_by"]:
        complaints.append("%s: the history has it as acknowledged by %s, expected is nobody" % (title(expected), row["acknowledged_by"]))
    for kind in kinds:
        channels = channels_of(expected) if row["status"] == "open" else at_last(expected)
        sent = collections.Counter(event["channel"] for event in row["events"] if event["kind"] == "sent" and event["said"] == kind)
        if sent != collections.Counter(channels):
            complaints.append("%s: the history has it sent as %s by %s, expected is %s, each once" % (
                title(expected), kind, dict(sent), ", ".join(channels)))
    return complaints


def judge_history(scenario, rows, kinds, statuses):
    complaints = []
    for expected in scenario.get("expect") or ():
        mine, count = [row for row in rows if is_row_of(expected, row)], expected.get("count", 1)
        if len(mine) != count:
            complaints.append("%s: the history has %d incidents of it, expected is %d. What it has: %s" % (
                title(expected), len(mine), count, ", ".join(sorted({row["alertname"] for row in rows})) or "nothing"))
        for row in mine:
            complaints += judge_row(expected, row, kinds, statuses)
    for held in HELD:
        for name in sorted(names(scenario, held)):
            mine = [row for row in rows if row["alertname"] == name]
            if not any(event["kind"] == held for row in mine for event in row["events"]) and not (mine and held == "unsent"):
                complaints.append("%s: expected as %s in the history; there: %s" % (
                    name, held, [(row["suppressed"], [event["kind"] for event in row["events"]]) for row in mine] or "nothing"))
    return complaints


def judge_others(scenario, records, rows, fired):
    """Nothing else was sent, and nothing else fired."""
    complaints, expected = [], scenario.get("expect") or ()
    held = set().union(*(names(scenario, each) for each in HELD))
    besides = names(scenario, "besides")
    for record in records:
        if record.alertname in besides or any(is_of(each, record) for each in expected):
            continue
        complaints.append("%s: %s says it %s, and %s" % (short([record]).split(" ")[-1], record.channel, record.kind,
                                                         "it was to be held back" if record.alertname in held else "nobody expects it"))
    for row in rows:
        if row["alertname"] not in besides | held and not any(is_row_of(each, row) for each in expected):
            complaints.append("%s fired, and nobody expects it: %s" % (row["alertname"], row["labels"]))
        if row["status"] == "open":
            complaints.append("%s is still open in the history: %s" % (row["alertname"], row["labels"]))
    strange = fired - {row["alertname"] for row in rows} - {each["alert"] for each in expected} - held - besides
    return complaints + ["%s fired in Prometheus, and nobody expects it" % name for name in sorted(strange)]


def is_due(record, records):
    """A P0 that lasts so long is escalated, as it should be."""
    said = [each.ms for each in records if each.kind == "fired" and subject(each) == subject(record)]
    return record.kind == "escalated" and said and record.ms - min(said) >= ESCALATE_SECONDS * 1000 - 1000


def judge_kinds(scenario, records):
    """Nothing was said again, expired or is not understood, unless it is expected."""
    complaints = []
    for expected in scenario.get("expect") or ():
        for record in records:
            if not is_of(expected, record) or record.kind in ("fired", "resolved"):
                continue
            if record.kind in ("repeated", "escalated") and record.channel in (expected.get(record.kind) or ()) or is_due(record, records):
                continue
            if record.kind == "acknowledged" and expected.get("acknowledged", "nobody") in record.text:
                continue
            complaints.append("%s: %s says it %s, which nobody expects: %s" % (
                title(expected), record.channel, record.kind, record.text.split("\n")[0]))
        for kind in ("repeated", "escalated"):
            for channel in expected.get(kind) or ():
                said = [each for each in records if each.channel == channel and each.kind == kind and is_of(expected, each)]
                if not said or kind == "escalated" and len(said) > 1:
                    complaints.append("%s: expected that %s says it %s; it did so %d times" % (title(expected), channel, kind, len(said)))
    return complaints


def judge_ends(records):
    """Where a begin was said, the end is said."""
    over = {(each.channel, subject(each)) for each in records if each.kind in ("resolved", "over", "expired")}
    begun = [each for each in records if each.kind in ("fired", "escalated") and (each.channel, subject(each)) not in over]
    return ["its end was not said: " + short(begun)] if begun else []


def judge_begun(scenario, records, rows):
    """After the fault.  `rows` None: the history is not asked yet."""
    complaints = []
    for expected in scenario.get("expect") or ():
        complaints += judge_messages(expected, records, "fired", channels_of(expected)) + judge_words(expected, records)
    return complaints + (judge_history(scenario, rows, ["fired"], ["open"]) if rows is not None else [])


def judge_ended(scenario, records, rows, fired):
    """When all is over: everything that came in the scenario's time."""
    complaints = []
    for expected in scenario.get("expect") or ():
        escalated = {each.channel for each in records if each.kind == "escalated" and is_of(expected, each)}
        everywhere = at_last(expected) + sorted(escalated - set(at_last(expected)))
        complaints += judge_messages(expected, records, "fired", at_last(expected)) + judge_words(expected, records)
        complaints += judge_messages(expected, records, "resolved", everywhere)
        if expected.get("acknowledged"):
            complaints += judge_messages(expected, records, "acknowledged", [each for each in channels_of(expected) if each in SHOWN])
    complaints += judge_history(scenario, rows, ["fired"], ["resolved"]) + judge_kinds(scenario, records)
    return complaints + judge_others(scenario, records, rows, fired) + judge_ends(records)


def judge_limits(requests):
    """alert_relay never has to be told that Telegram's limit is reached."""
    sent = [each for each in requests if each["service"] == "telegram" and each["path"] == "sendMessage"]
    complaints = ["Telegram was sent too much, and answered 429"] if any(each["status"] == 429 for each in sent) else []
    times = sorted(each["received_ms"] for each in sent if each["status"] == 200)
    most = max((sum(first <= ms < first + WINDOW_MS for ms in times) for first in times), default=0)
    return complaints + (["Telegram was sent %d messages in a minute" % most] if most > MESSAGES_MOST else [])


def measure(scenario, records, provoked_ms):
    """Of each expected alert when it came by Telegram, or by its first channel where Telegram is none of them."""
    times, late = [], []
    allowed = float(os.environ.get("INCIDENTS_LATE", 0))
    for expected in scenario.get("expect") or ():
        channel = "telegram:main" if "telegram:main" in channels_of(expected) else channels_of(expected)[0]
        came = [record.ms for record in records if record.channel == channel and record.kind == "fired" and is_of(expected, record)]
        rule = rules().get(expected["alert"], {})
        interval = INTERVALS.get(rule.get("collector", rule.get("service")), 1)
        bar = interval + seconds(expected.get("wait", 0)) + P0_SECONDS if expected["severity"] == "P0" else ANY_SECONDS
        bar = seconds(expected["bar"]) if "bar" in expected else min(bar, ANY_SECONDS)
        took = (max(came) - provoked_ms) / 1000 if came else None
        times.append({"alert": expected["alert"], "severity": expected["severity"], "channels": channels_of(expected), "channel": channel,
                      "seconds": took, "bar": bar})
        if took is not None and took > bar + allowed:
            late.append("%s: it came by %s after %.1f s, allowed are %.1f s" % (title(expected), channel, took, bar + allowed))
    return times, late


# A stack

def now_ms():
    return int(time.time() * 1000)


def fetch(url):
    with ASK.open(url, timeout=10) as answer:
        return answer.read().decode()


ROWS = """
SELECT coalesce(json_agg(json_build_object('id', i.id, 'alertname', alertname, 'severity', severity, 'env', env, 'service', service,
	'labels', labels, 'status', status, 'acknowledged_by', acknowledged_by, 'suppressed', suppressed, 'delivered', delivered,
	'starts_at', starts_at, 'ends_at', ends_at, 'events', (
		SELECT coalesce(json_agg(json_build_object('kind', kind, 'channel', channel, 'at', at, 'said', detail ->> 'kind')
			ORDER BY e.id), '[]')
		FROM arbwatch_history.alert_event e WHERE e.incident_id = i.id)) ORDER BY i.id), '[]')
FROM arbwatch_history.alert_incident i WHERE i.id > %d AND coalesce(i.ends_at > to_timestamp(%d / 1000.0), true) AND alertname <> 'Watchdog'
"""


class Observer:
    """Judges one scenario after the other: begin(), then the fault, judge_begin(), the end of the fault, judge_end()."""

    def __init__(self, stack):
        self.stack, self.begun_ms, self.last_row = stack, 0, 0

    def begin(self, limit=ANY_SECONDS):
        """Await that all is quiet, and note the time; the complaints.

        alert_relay spares a chat that had many messages lately, and says a P1 once in five minutes: each scenario has one that
        has said nothing yet."""
        self.stack.stop_part("alert_relay")
        for path in (self.stack.directory / "relay").glob("relay.db*"):
            path.unlink()
        self.stack.start_part("alert_relay")
        complaints = self.quiet(limit)
        self.begun_ms = self.stack.begun_ms = now_ms()
        self.last_row = int(self.stack.psql("history", "SELECT coalesce(max(id), 0) FROM arbwatch_history.alert_incident").strip())
        return complaints

    def records(self):
        """Of all that came since begin()."""
        listed = json.loads(fetch(self.stack.url("paper_chat") + "/control/messages"))["messages"]
        found = [record for message in listed for record in records_of_chat(message)]
        found += [record for mail in list(self.stack.mailbox.mails if self.stack.mailbox else []) for record in records_of_mail(mail)]
        return sorted((record for record in found if record.ms >= self.begun_ms), key=lambda record: record.ms)

    def requests(self):
        listed = json.loads(fetch(self.stack.url("paper_chat") + "/control/requests"))["requests"]
        return [each for each in listed if each["received_ms"] >= self.begun_ms]

    def rows(self):
        """Without what ended before: Prometheus says so for a quarter of an hour, and a relay that has forgotten it takes it for new."""
        return json.loads(self.stack.psql("history", ROWS % (self.last_row, self.begun_ms)))

    def fired(self):
        """Names of what fired in Prometheus since begin()."""
        over = (now_ms() - self.begun_ms) // 1000 + 1
        found = self.stack.ask('group by (alertname) (max_over_time(ALERTS{alertstate="firing",alertname!="Watchdog"}[%ds]))' % over)
        return {dict(labels)["alertname"] for labels in found}

    def relay(self, family):
        """The sum of its series in alert_relay's metrics."""
        text = fetch(self.stack.url("alert_relay") + "/metrics")
        return sum(float(line.split()[-1]) for line in text.split("\n") if re.match(family + r"[ {]", line))

    def disquiet(self):
        """Why the stack is not quiet."""
        try:
            alerts = [dict(labels) for labels in self.stack.ask('ALERTS{alertname!="Watchdog"}')]
            active = json.loads(fetch(self.stack.url("alertmanager") + "/api/v2/alerts?filter=alertname!=Watchdog"))
            found = ["%(alertname)s is %(alertstate)s in Prometheus" % each for each in alerts]
            found += ["%s is active in Alertmanager" % each["labels"]["alertname"] for each in active]
            for family, what in (("alert_relay_open_incidents", "open incidents"), ("alert_relay_outbox_tasks", "messages that wait"),
                                 ("alert_relay_history_pending_events", "events that the history does not have")):
                count = self.relay(family)
                found += ["alert_relay has %d %s" % (count, what)] if count else []
            if not self.relay("alert_relay_heartbeat_timestamp_seconds"):
                found.append("alert_relay has no heartbeat")
            return found
        except (OSError, ValueError, Broken) as error:
            return ["a part does not answer: %s" % error]

    def quiet(self, limit):
        """Await that nothing fires or waits, twice within two seconds.  The complaints."""
        end, calm = time.monotonic() + limit, 0
        while True:
            why = self.disquiet()
            calm = 0 if why else calm + 1
            if calm == 3 or time.monotonic() > end:
                return ["the stack is not quiet after %g s: %s" % (limit, "; ".join(why))] if why else []
            time.sleep(0.7 if calm else 0.25)

    def await_none(self, limit, judge):
        """Judge again and again until there are no complaints; the last ones."""
        end = time.monotonic() + limit
        while True:
            complaints = judge()
            if not complaints or time.monotonic() > end:
                return complaints
            time.sleep(0.25)

    def limit(self, scenario):
        """How long messages are awaited."""
        longest = max([seconds(each.get(key, 0)) for each in scenario.get("expect") or () for key in ("wait", "ends")], default=0)
        return ANY_SECONDS + longest + float(os.environ.get("INCIDENTS_LATE", 0))

    def judge_begin(self, scenario, provoked_ms):
        complaints = self.await_none(self.limit(scenario), lambda: judge_begun(scenario, self.records(), None))
        if not complaints and scenario.get("history") != "later":
            limit = self.limit(scenario) if any(scenario.get(each) for each in HELD) else 10
            complaints = self.await_none(limit, lambda: judge_begun(scenario, self.records(), self.rows()))
        times, late = measure(scenario, self.records(), provoked_ms)
        return Judgement(complaints, late, times)

    def judge_end(self, scenario, healed_ms):
        """The time is that from the healing to the last message that says so."""
        judge = lambda: judge_ended(scenario, self.records(), self.rows(), self.fired())  # noqa: E731
        complaints = self.await_none(self.limit(scenario), judge)
        complaints += self.quiet(ANY_SECONDS)
        # What was sent twice may come late.
        complaints = complaints or judge() + judge_limits(self.requests())
        ends = [record.ms for record in self.records() if record.kind == "resolved"
                and any(is_of(expected, record) for expected in scenario.get("expect") or ())]
        return Judgement(complaints, [], [{"resolved": (max(ends) - healed_ms) / 1000 if ends else None}])
