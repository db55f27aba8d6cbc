"""relay_api.py hostile: alerts that nobody would send, as a webhook.
relay_api.py check OPENAPI PORT PORT-WITHOUT-HISTORY PORT-WITH-NONE-THAT-ANSWERS DSN: what the API answers.

Each answer is held against the schema that the description has for its path, method and status, and nothing may be answered
that is not described.  It prints what fails, then "N passed, N failed".
"""

import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

# As they are sent, and as they come back.
HOSTILE = {
    "quotes": "it's \"quoted\" \\ and \\u0041; $1 %s %(x)s {{ x }}",
    "sql": "'; DROP TABLE arbwatch_history.alert_incident; --",
    "html": "<script>alert(1)</script> & <b>*_[x](http://y)",
    "json": '{"a": [1, null]}',
    "control": "line\nline\ttab\x1b[31m\u202eright",
    "korean": "\uac70\ub798\uc18c \uc5f0\uacb0 \uc2e4\ud328 \U0001f6a8",
    "empty": "",
    "surrogate": "\ud83d",
    "nul": "a\x00b",
    "long": "x" * 10000,
}


def expected(text, limit):
    whole = text.replace("\x00", "\ufffd").replace("\ud83d", "\ufffd")
    # An empty one is as none.
    return whole.encode()[:limit].decode(errors="ignore") or None


def hostile():
    labels = {"alertname": "Hostile", "severity": "critical", "env": "'", "service": "%"}
    labels.update({"l_" + name: text for name, text in HOSTILE.items()})
    alert = {"status": "firing", "labels": labels, "annotations": {"a_" + name: text for name, text in HOSTILE.items()},
             "startsAt": "2026-01-31T14:03:22.5Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "javascript:alert(1)",
             "fingerprint": "0123456789abcdef"}
    print(json.dumps({"version": "4", "groupKey": "g", "status": "firing", "receiver": "r", "groupLabels": {}, "commonLabels": {},
                      "commonAnnotations": {}, "externalURL": "http://a", "truncatedAlerts": 0, "alerts": [alert]}))


class Checks:
    def __init__(self, path):
        import jsonschema
        import yaml

        with open(path, encoding="utf-8") as file:
            self.document = yaml.safe_load(file)
        self.jsonschema = jsonschema
        self.formats = jsonschema.FormatChecker()
        self.formats.checks("date-time", raises=ValueError)(self.is_time)
        self.passed = self.failed = 0
        self.seen = set()

    @staticmethod
    def is_time(value):
        from datetime import datetime

        return value is None or datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo is not None

    def check(self, what, holds, found=""):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print("FAILED relay_api: %s: %s" % (what, str(found)[:1000]))

    def described(self, method, path, status):
        """The schema of an answer, or None."""
        for template, methods in self.document["paths"].items():
            parts, asked = template.split("/"), path.split("?")[0].split("/")
            if len(parts) == len(asked) and all(p == a or p[0:1] == "{" for p, a in zip(parts, asked)):
                answer = methods.get(method.lower(), {"responses": {}})["responses"].get(str(status))
                if answer is None:
                    return None
                self.seen.add((method, template, str(status)))
                if "$ref" in answer:
                    answer = self.document["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
                return answer["content"]["application/json"]["schema"]
        return None

    def ask(self, port, method, path, status, body=None, content_type="application/json"):
        url = "http://127.0.0.1:%s%s" % (port, path)
        data = None if method == "GET" else (b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode())
        request = urllib.request.Request(url, data, method=method)
        if data is not None:
            request.add_header("Content-Type", content_type)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                code, text, kind = answer.status, answer.read(), answer.headers["Content-Type"]
        except urllib.error.HTTPError as error:
            code, text, kind = error.code, error.read(), error.headers["Content-Type"]
        what = "%s %s" % (method, path[:100])
        self.check(what + ": status %d" % status, code == status, "%d %r" % (code, text[:300]))
        self.check(what + ": JSON", kind == "application/json", kind)
        schema = self.described(method, path, code)
        self.check(what + ": is described", schema is not None, code)
        try:
            value = json.loads(text)
            if schema is not None:
                whole = dict(schema, components=self.document["components"])
                self.jsonschema.Draft202012Validator(whole, format_checker=self.formats).validate(value)
            self.check(what + ": by its schema", True)
            return value
        except (ValueError, self.jsonschema.ValidationError) as error:
            self.check(what + ": by its schema", False, error)
            return {}


def query(**parameters):
    return "/api/v1/alerts?" + urllib.parse.urlencode(parameters)


def lists(c, port):
    page = c.ask(port, "GET", "/api/v1/alerts", 200)
    c.check("41 fit on one page", len(page["alerts"]) == 41 and page["next"] is None, len(page["alerts"]))
    for parameters, count in (({"severity": "P0"}, 11), ({"severity": "P1,P3"}, 20), ({"status": "open"}, 41),
                              ({"status": "resolved,expired"}, 0), ({"env": "paper"}, 40), ({"env": "'"}, 1), ({"service": "%"}, 1),
                              ({"service": "service0"}, 14), ({"acknowledged": "true"}, 0), ({"acknowledged": "false"}, 41),
                              ({"text": "ALERT39"}, 1), ({"text": "see the RUNBOOK"}, 40), ({"text": "%"}, 1), ({"text": "_"}, 41),
                              ({"text": HOSTILE["sql"]}, 1), ({"text": HOSTILE["quotes"]}, 1), ({"text": "\uc5f0\uacb0"}, 1),
                              ({"to": "2026-02-01T00:00:00Z"}, 1), ({"from": "2026-02-01T00:00:00+09:00"}, 40),
                              ({"from": "2026-01-31T14:03:22.500Z", "to": "2026-01-31T14:03:22.501Z"}, 1),
                              ({"from": "2026-01-31T14:03:22.501Z", "to": "2026-01-31T14:03:23Z"}, 0),
                              ({"env": "paper", "severity": "P0", "service": "service0", "text": "Alert1"}, 1),
                              ({"env": ""}, 41), ({"env": "\u0001"}, 0)):
        found = c.ask(port, "GET", query(limit="200", **parameters), 200).get("alerts", [])
        c.check("%s finds %d" % (parameters, count), len(found) == count, len(found))
    for wrong in ("severity=P4", "severity=P0,", "severity='", "status=closed", "acknowledged=yes", "limit=0", "limit=201", "limit=-1",
                  "limit=1e3", "limit=9999999999999999999999", "from=yesterday", "from=now()", "from=2026-01-31", "to=1769868202",
                  "from=9999-12-31T23:59:59Z", "from=1960-01-01T00:00:00Z", "cursor=1", "cursor=1.", "cursor=.1", "cursor=-1.1",
                  "cursor=1.1'", "cursor=99999999999999999999.1", "cursor=1.9999999999999999999", "env=a&env=b", "nonsense=1",
                  "text=%ff", "env=%c0%80", "%ff=1", "Severity=P0"):
        answer = c.ask(port, "GET", "/api/v1/alerts?" + wrong, 400)
        c.check("%s is explained" % wrong, len(answer.get("error", "")) > 10, answer)


def pages(c, port, dsn):
    """Page by page, while incidents begin and older ones become known."""
    import psycopg2

    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    before = {alert["id"] for alert in c.ask(port, "GET", query(limit=200), 200)["alerts"]}
    seen, cursor, number = [], None, 0
    while True:
        page = c.ask(port, "GET", query(limit=7, **({"cursor": cursor} if cursor else {})), 200)
        seen += [alert["id"] for alert in page["alerts"]]
        cursor = page["next"]
        if cursor is None:
            break
        for start in ("now()", "now() - interval '5 minutes'", "'2026-01-01'"):
            number += 1
            with connection.cursor() as statement:
                statement.execute("INSERT INTO arbwatch_history.alert_incident (key, fingerprint, alertname, severity, labels, "
                                  "annotations, starts_at, last_seen, status) VALUES (%s, '0123456789abcdef', 'New', 'P2', '{}', '{}', "
                                  + start + ", now(), 'open')", ("0123456789abcdef-%x" % number,))
    c.check("paging leaves out none that was there", before <= set(seen), before - set(seen))
    c.check("paging shows none twice", len(seen) == len(set(seen)), len(seen))
    c.check("paging took several pages", number >= 15, number)
    with connection.cursor() as statement:
        statement.execute("DELETE FROM arbwatch_history.alert_incident WHERE alertname = 'New'")


def one(c, port):
    listed = c.ask(port, "GET", query(env="'"), 200)["alerts"][0]
    story = c.ask(port, "GET", "/api/v1/alerts/" + listed["id"], 200)
    for name, text in HOSTILE.items():
        found = story["labels"].get("l_" + name)
        c.check("label %s comes back" % name, found == expected(text, 1024), repr(found)[:200])
        found = story["annotations"].get("a_" + name)
        c.check("annotation %s comes back" % name, found == expected(text, 16384), repr(found)[:200])
    c.check("what the list says is said here too", all(story[name] == listed[name] for name in listed), story)
    c.check("a link that is none is left out", story["link"] is None, story["link"])
    story = c.ask(port, "GET", "/api/v1/alerts/" + c.ask(port, "GET", query(text="Alert39"), 200)["alerts"][0]["id"], 200)
    kinds = [event["kind"] for event in story["events"]]
    c.check("a story is in order", kinds == ["fired", "repeated", "repeated", "sent", "retried", "failed"], kinds)
    c.check("and has its numbers", story["repeats"] == 2 and story["events_total"] == 6 and story["events"][3]["latency_ms"] == 250, story)
    for wrong in ("0123456789abcdef-1", "x", "0123456789abcdef-", "0123456789abcdeg-1", "0123456789abcdef-123456789abc",
                  "'%20OR%20true", "..%2f", "%00"):
        c.ask(port, "GET", "/api/v1/alerts/" + wrong, 404)


def listed_as_alertmanager_does(c, port):
    """The list of what is open: what is in it, in which order, and what its parameters leave out."""
    def found(**parameters):
        return c.ask(port, "GET", "/api/v2/alerts?" + urllib.parse.urlencode(parameters, doseq=True), 200)

    alerts = found()
    c.check("all that is open is listed", len(alerts) == 41, len(alerts))
    order = [({"critical": "P0"}.get(each["labels"]["severity"], each["labels"]["severity"]), each["startsAt"]) for each in alerts]
    by_severity = [[start for severity, start in order if severity == each] for each in ("P0", "P1", "P2", "P3")]
    c.check("P0 comes first, and in each the latest begin", [start for _, start in order] ==
            sum((sorted(each, reverse=True) for each in by_severity), []), order)
    evil = [each for each in alerts if each["labels"]["alertname"] == "Hostile"][0]
    c.check("texts come back", evil["annotations"]["a_html"] == HOSTILE["html"] and evil["generatorURL"] == "", evil)
    c.check("nothing holds them back", all(each["status"] == {"state": "active", "acknowledgedBy": None, "silencedBy": [],
            "inhibitedBy": [], "mutedBy": []} for each in alerts), alerts[0])
    for parameters, count in (({"active": "false"}, 0), ({"active": "true", "silenced": "false", "unprocessed": "false"}, 41),
                              ({"filter": 'alertname="Alert39"'}, 1), ({"filter": 'alertname!="Alert39"'}, 40),
                              ({"filter": ['severity="P0"', 'env="paper"']}, 10), ({"filter": '{severity="critical",env="\'"}'}, 1)):
        c.check("%s leaves %d" % (parameters, count), len(found(**parameters)) == count, len(found(**parameters)))
    for wrong in ("active=yes", "Active=true", "receiver=x", "filter=x", "filter=" + "(a%7B1,255%7D)%7B1,255%7D", "filter=alertname=~%22.*%22",
                  "filter=alertname%3D%22x%22%20->%20y", "active=", "filter=" + "a" * 3000, "filter=%ff"):
        answer = c.ask(port, "GET", "/api/v2/alerts?" + wrong, 400)
        c.check("%s is explained" % wrong[:50], len(answer.get("error", "")) > 10, answer)


def changes(c, port, is_fed):
    if is_fed:
        open_ones = c.ask(port, "GET", query(severity="P0", text="Alert"), 200)["alerts"]
        path = "/api/v1/alerts/" + open_ones[0]["id"]
        answer = c.ask(port, "POST", path + "/ack", 200, {"who": "Ann", "note": "<b>on it</b>"})
        c.check("it is acknowledged", answer.get("changed") is True and answer.get("acknowledged") is True, answer)
        answer = c.ask(port, "POST", path + "/ack", 200, {"who": "Bob"})
        c.check("only once", answer.get("changed") is False, answer)
        for _ in range(100):
            story = c.ask(port, "GET", path, 200)
            if story["acknowledged"]:
                break
            time.sleep(0.1)
        told = [each["status"] for each in c.ask(port, "GET", "/api/v2/alerts", 200) if story["fingerprint"] == each["fingerprint"]]
        c.check("what is open says who", len(told) == 1 and told[0]["acknowledgedBy"] == "Ann", told)
        c.check("the history knows who", (story["acknowledged_by"], story["acknowledged_via"], story["note"]) ==
                ("Ann", "api", "<b>on it</b>"), story)
        figures = c.ask(port, "GET", "/api/v1/stats", 200)
        p0 = [each for each in figures["severities"] if each["severity"] == "P0"][0]
        c.check("the figures know it", p0["acknowledged"] == 1 and p0["acknowledge_seconds"]["median"] < 3600 and
                p0["resolve_seconds"]["median"] is None, p0)
        answer = c.ask(port, "POST", path + "/unack", 200)
        c.check("it is taken back", answer.get("changed") is True and answer.get("acknowledged") is False, answer)
        c.ask(port, "POST", path + "/ack", 415, b"who=Ann", "application/x-www-form-urlencoded")
        c.ask(port, "POST", path + "/ack", 415, b"{}", "text/plain")
        c.ask(port, "POST", path + "/ack", 415, b"{}", "application/jsonp")
        c.ask(port, "POST", path + "/ack", 200, b"{}", "Application/JSON; charset=utf-8")
        for wrong in (b"{", b"[]", b"null", b'{"who": 1}', b'{"whom": "x"}', b'{"who": "a", "who": "b"}', b'{"who": "\xff"}',
                      b'{"who": "a\\u0000b"}', b"[" * 8000):
            c.ask(port, "POST", path + "/ack", 400, wrong)
        c.ask(port, "POST", path + "/unack", 400, b"x")
        c.ask(port, "POST", path + "/unack", 415, b"", "text/plain")
    c.ask(port, "POST", "/api/v1/alerts/0123456789abcdef-1/ack", 404, {})
    c.ask(port, "POST", "/api/v1/alerts/0123456789abcdef-1/unack", 404, {})
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    c.ask(port, "POST", "/api/v1/mute", 200, {"service": "engine", "until": until, "who": "Ann", "reason": "<i>update</i>"})
    c.ask(port, "POST", "/api/v1/mute", 200, {"service": "redis", "for": "2h", "who": "Bob", "reason": "test"})
    muted = c.ask(port, "GET", "/api/v1/mutes", 200)["mutes"]
    c.check("what is muted is listed", [(m["service"], m["who"], m["reason"]) for m in muted] ==
            [("engine", "Ann", "<i>update</i>"), ("redis", "Bob", "test")], muted)
    c.check("until then", muted[0]["until"][:19] == until[:19], muted)
    c.ask(port, "POST", "/api/v1/mute", 200, {"service": "engine", "until": "2026-01-01T00:00:00Z"})
    muted = c.ask(port, "GET", "/api/v1/mutes", 200)["mutes"]
    c.check("a time that has passed ends it", [m["service"] for m in muted] == ["redis"], muted)
    for wrong in ({}, {"service": "x"}, {"for": "1h"}, {"service": "x", "for": "1h", "until": until}, {"service": "x", "for": "1 hour"},
                  {"service": "x", "until": "tomorrow"}, {"service": "x", "for": "365d"}, {"service": "", "for": "1h"},
                  {"service": "x", "for": 60}, {"service": "x", "for": "1h", "y": "z"}, {"service": "x", "for": "1h", "who": "Ann"},
                  {"service": "x", "for": "1h", "reason": "r"}):
        c.ask(port, "POST", "/api/v1/mute", 400, wrong)
    c.ask(port, "POST", "/api/v1/mute", 415, b"service=x&for=1h", "application/x-www-form-urlencoded")


def main():
    if sys.argv[1] == "hostile":
        hostile()
        return 0
    path, port, none, down, dsn = sys.argv[2:]
    c = Checks(path)
    lists(c, port)
    pages(c, port, dsn)
    one(c, port)
    listed_as_alertmanager_does(c, port)
    figures = c.ask(port, "GET", "/api/v1/stats", 200)
    c.check("figures by severity", [(s["severity"], s["count"], s["repeats"]) for s in figures["severities"]] ==
            [("P0", 11, 20), ("P1", 10, 20), ("P2", 10, 20), ("P3", 10, 20)], figures["severities"])
    c.check("figures by channel", [(s["channel"], s["sent"], s["retried"], s["failed"], s["latency_ms"]["p95"])
                                   for s in figures["channels"]] ==
            [("slack:ops", 0, 40, 40, 30), ("telegram:ops", 40, 0, 0, 250)], figures["channels"])
    empty = c.ask(port, "GET", "/api/v1/stats?from=2030-01-01T00:00:00Z", 200)
    c.check("figures of nothing", empty == {"severities": [], "alerts": [], "channels": []}, empty)
    c.ask(port, "GET", "/api/v1/stats?to=x", 400)
    c.ask(port, "GET", "/api/v1/stats?env=paper", 400)
    changes(c, port, True)
    for broken in (none, down):
        for path in ("/api/v1/alerts", "/api/v1/stats", "/api/v1/alerts/0123456789abcdef-1"):
            answer = c.ask(broken, "GET", path, 503)
            c.check("the reason is said", len(answer.get("error", "")) > 20, answer)
        c.ask(broken, "GET", "/api/v1/alerts?limit=0", 400)
        c.ask(broken, "GET", "/api/v2/alerts", 200)
        changes(c, broken, False)
    described = {(method.upper(), template, status) for template, methods in c.document["paths"].items()
                 for method, what in methods.items() for status in what["responses"]}
    # Those need a store that fails, and an incident that is over.
    missing = {each for each in described - c.seen if each[2] not in ("503", "409") or each[0] == "GET"}
    c.check("all that is described was answered", missing <= {("GET", "/api/v1/mutes", "503"), ("GET", "/api/v2/alerts", "503")}, missing)
    print("%d passed, %d failed" % (c.passed, c.failed))
    return c.failed != 0


if __name__ == "__main__":
    sys.exit(main())
