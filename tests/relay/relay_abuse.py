"""relay_abuse.py KIND: the body of a request to alert_relay that nobody should send, on standard output."""

import json
import sys


def alert(name, **more):
    return {"labels": {"alertname": name, "severity": "P0", "env": "hook"}, "annotations": {"summary": "s"},
            "startsAt": "2026-11-30T05:00:00Z", "status": "firing", **more}


def webhook(*alerts, version="4"):
    return {"version": version, "status": "firing", "receiver": "r", "alerts": list(alerts)}


def named(name, **labels):
    return alert(name, labels={"alertname": name, "severity": "P0", "env": "hook", **labels})


BODIES = {
    "no-json": '{"version": "4", "alerts": [',
    "version": webhook(alert("Version"), version="3"),
    "no-alerts": {"version": "4"},
    "only-bad": webhook({"status": "firing"}, {"labels": {"severity": "P0"}}),
    "bad-beside-good": webhook({}, {"labels": []}, 7, None, alert("BesideBad"), named("Number", shard=1),
                               alert("Time", startsAt="yesterday"), {"labels": {"severity": "P0"}}),
    "no-utf8": json.dumps([alert("NoUtf8", annotations={"summary": "SUMMARY"})]).encode().replace(b"SUMMARY", b"a\xff\xc3\xed\xa0\x80z"),
    "markup": [alert("Markup", labels={"alertname": "Markup<b>&amp;", "severity": "P0", "env": "live", "service": "*_[x](http://evil/)`"},
                     annotations={"summary": "<a href='http://evil/'>here</a> </b></i> *bold* __x__ {{alertname}}"})],
    "long": [alert("Long", labels={"alertname": "Long", "severity": "P0", "env": "live"},
                   annotations={"summary": "<&" * 5000, "description": "\u20ac" * 10000})],
    "years": [alert("YearOne", startsAt="0001-01-01T00:00:00Z"), alert("Year9999", startsAt="9999-12-31T23:59:59.999999999Z"),
              alert("EndsLate", endsAt="9999-12-31T23:59:59Z"), alert("EndsEarly", endsAt="0001-01-01T00:00:00Z")],
    "twice": [named("Twice", a="1", b="2"), named("Twice", b="2", a="1")],
    "many": [named("Many", env="nowhere", n=str(n)) for n in range(10000)],
    "too-many": [named("TooMany", env="nowhere", n=str(n)) for n in range(10001)],
    # As large as one request may fill a disk: for a disk that is small.
    "filler": [alert("Filler", labels={"alertname": "Filler", "severity": "P0", "env": "nowhere", "n": "%s-%d" % (sys.argv[-1], n)},
                     annotations={"description": "x" * 10000}) for n in range(20)],
}

body = BODIES[sys.argv[1]]
sys.stdout.buffer.write(body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode())
