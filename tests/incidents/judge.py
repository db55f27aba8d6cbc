"""Each complaint of observe.py can arise, and none does where all is right: made-up messages and rows, no servers."""
import copy
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import observe  # noqa: E402

FIRED = """🔴 P0 critical: RedisDown is firing
Redis main (live) does not answer: the last answer came 2s ago
The last run got no answer.

Where: live redis target=main
Since: 2026-11-30 15:41:51 UTC
Action: Stop the bot: its state is not shared.
Runbook"""
OVER = """✅ P0 critical: RedisDown is resolved
Redis main (live) does not answer

Where: live redis target=main
Lasted 4s, from 2026-11-30 15:41:51 UTC to 2026-11-30 15:41:56 UTC"""
LIST = """🟠 5 alerts: 4 P1, 1 P2

🟠 P1 urgent: Slow (3) is firing
live redis
Action: Stop the bot: now.
• 15:41:51 target=a acknowledge: http://127.0.0.1:31718/ack/1c9?k=6bf
• 15:41:51 target=b
• 11-29 15:41:51 target=c d e (not acknowledged)

✅ P1 urgent: Slow (1) is resolved
live redis target=z
• 15:41:51–15:41:56

🟡 P2 warning: Other (1) is firing
Redis a (live) does not answer
live redis target=a
• 15:41:51
At least 3 more follow."""
SCENARIO = {"expect": [{"alert": "RedisDown", "severity": "P0", "labels": {"target": "main"}, "text": "Redis main .* does not answer"}],
            "inhibited": ["EngineDown"], "besides": {"CollectorFailing": "why"}}
CHATS = (("telegram", "-1001"), ("slack", "C0URGENT"))
passed = failed = 0


def check(what, holds, why=""):
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    if not holds:
        print("FAILED %s: %s" % (what, why))


def message(service, chat, text, ms=1000, edits=()):
    return {"service": service, "chat": chat, "received_ms": ms, "text": text, "edits": list(edits)}


def said(*texts, chats=CHATS, mail=True):
    found = [record for text in texts for chat in chats for record in observe.records_of_chat(message(*chat, text))]
    return found + [record for text in texts if mail
                    for record in observe.records_of_mail({"to": ["ops@example.com"], "received_ms": 1000, "text": text + "\r\n"})]


def row(status="resolved", kinds=("fired", "resolved"), name="RedisDown", **others):
    events = [{"kind": "sent", "channel": channel, "said": kind, "at": kind} for kind in kinds for channel in observe.USUAL["P0"]]
    return {"alertname": name, "severity": "P0", "labels": {"alertname": name, "target": "main"}, "status": status,
            "acknowledged_by": None, "suppressed": None, "events": events} | others


HELD = row(name="EngineDown", suppressed="inhibited", events=[{"kind": "inhibited", "channel": None, "said": None, "at": ""}])


def finds(what, pattern, complaints):
    check(what, [each for each in complaints if pattern in each], complaints or "no complaint")


def changed(**others):
    scenario = copy.deepcopy(SCENARIO)
    scenario["expect"][0].update(others)
    return scenario


def ended(scenario, records, rows=(), fired=()):
    return observe.judge_ended(scenario, records, [*(rows or [row()]), HELD], set(fired))


def reading():
    records = {(each.alertname, each.labels["target"]): each for each in said(LIST, chats=CHATS[:1], mail=False)}
    kinds = {key: each.kind for key, each in records.items()}
    check("each alert of a list is read", kinds == {("Slow", "a"): "fired", ("Slow", "b"): "fired", ("Slow", "c d e"): "repeated",
                                                    ("Slow", "z"): "resolved", ("Other", "a"): "fired"}, kinds)
    check("what all of a name share counts for each", {each.service for each in records.values()} == {"redis"}, records)
    words = {"is firing": "fired", "is still firing, and nobody has acknowledged it": "repeated", "is resolved": "resolved",
             "is still firing, and nobody has acknowledged it: escalated": "escalated", "is acknowledged": "acknowledged",
             "has expired: nobody reports it any more": "expired"}
    for state, kind in words.items():
        got = [each.kind for each in said(FIRED.replace("is firing", state), mail=False, chats=CHATS[:1])]
        check("%r is %s" % (state, kind), got == [kind], got)
    edit = {"received_ms": 1000, "before": FIRED}
    both = observe.records_of_chat(message(*CHATS[0], FIRED.replace("is firing", "is acknowledged"), edits=[edit]))
    check("a message that was changed said both", [each.kind for each in both] == ["fired", "acknowledged"], both)
    check("what is no alert is seen", said("Hello", mail=False)[0].kind == "unknown")
    check("the shipped words are these", pathlib.Path(observe.RULES.parents[1] / "relay/templates/en/words.txt").read_text().count(
        "state_fired: is firing\nstate_repeated: is still firing, and nobody has acknowledged it\n"
        "state_escalated: is still firing, and nobody has acknowledged it: escalated\nstate_over: has fired and is over\n"
        "state_resolved: is resolved\nstate_expired: has expired: nobody reports it any more\nstate_acknowledged: is acknowledged\n"
        "note_repeated: (not acknowledged)\nnote_escalated: (escalated)\nnote_over: (over)\nnote_expired: (expired)\n") == 1)


def messages():
    check("all is right", not ended(SCENARIO, said(FIRED, OVER)), ended(SCENARIO, said(FIRED, OVER)))
    check("all is right at its begin", not observe.judge_begun(SCENARIO, said(FIRED), [row("open", ("fired",)), HELD]))
    finds("a channel that got none", "expected that mail:main says it fired", ended(SCENARIO, said(FIRED, OVER, mail=False)))
    finds("a message that came twice", "telegram:main says it fired 2 times", ended(SCENARIO, said(FIRED, FIRED, OVER)))
    finds("an end that did not come", "says it resolved, of 1 alerts; it did of 0", ended(SCENARIO, said(FIRED)))
    finds("an end that came twice", "says it resolved 2 times", ended(SCENARIO, said(FIRED, OVER, OVER)))
    finds("a channel that is not for it", "it came fired by slack:main", ended(
        SCENARIO, said(FIRED, OVER) + said(FIRED, chats=[("slack", "C0MAIN")], mail=False)))
    strange = said(FIRED, chats=[("slack", "C0STRANGE")], mail=False)
    finds("an unknown chat", "slack:C0STRANGE", ended(SCENARIO, said(FIRED, OVER) + strange))
    late = changed(channels=["telegram:main", "slack:p0"], later=["mail:main"])
    check("a channel that gets it late", not ended(late, said(FIRED, OVER)), ended(late, said(FIRED, OVER)))
    finds("a channel that does not get it at all", "expected that mail:main", ended(late, said(FIRED, OVER, mail=False)))
    check("it need not have it at the begin", not observe.judge_begun(late, said(FIRED, mail=False), None))
    two = FIRED.replace("target=main", "target=main symbol=x")
    finds("two alerts instead of one", "of 2 alerts, expected were 1", ended(SCENARIO, said(FIRED, two, OVER)))
    finds("another target", "expected that telegram:main", ended(changed(labels={"target": "other"}), said(FIRED, OVER)))
    finds("a severity that is wrong", "says P0, expected is P1", ended(changed(severity="P1"), said(FIRED, OVER)))
    finds("an env that is wrong", "says env 'paper'", ended(SCENARIO, said(FIRED.replace("live redis", "paper redis"), OVER)))
    finds("a service that is wrong", "says service 'rodis'", ended(SCENARIO, said(FIRED.replace("live redis", "live rodis"), OVER)))
    finds("a text that is wrong", "does not say 'no such", ended(changed(text="no such"), said(FIRED, OVER)))
    finds("a raw figure", "a raw figure", ended(SCENARIO, said(FIRED.replace("2s ago", "2.3456789012 ago"), OVER)))
    for kind, state in (("repeated", ""), ("escalated", ": escalated")):
        again = FIRED.replace("is firing", "is still firing, and nobody has acknowledged it" + state)
        finds("what is %s too early" % kind, "says it %s, which nobody expects" % kind, ended(SCENARIO, said(FIRED, again, OVER)))
        finds("what is not %s" % kind, "says it %s; it did so 0" % kind, ended(changed(**{kind: ["telegram:main"]}), said(FIRED, OVER)))
    finds("what expired", "says it expired", ended(SCENARIO, said(FIRED, OVER, OVER.replace("is resolved", "has expired: nobody"))))
    seen = FIRED.replace("is firing", "is acknowledged")
    finds("an acknowledgement of nobody's", "says it acknowledged, which", ended(SCENARIO, said(FIRED, seen, OVER)))
    finds("an acknowledgement of another", "says it acknowledged, which", ended(changed(acknowledged="Jun"), said(FIRED, seen, OVER)))
    finds("an acknowledgement that nobody sees", "says it acknowledged, of 1", ended(changed(acknowledged="Jun"), said(FIRED, OVER)))


def others():
    for name, what in (("EngineDown", "it was to be held back"), ("NodeDown", "nobody expects it")):
        finds("a message about " + name, what, ended(SCENARIO, said(FIRED, OVER, FIRED.replace("RedisDown", name))))
    again, over = (text.replace("RedisDown", "CollectorFailing") for text in (FIRED, OVER))
    check("what may come besides", not ended(SCENARIO, said(FIRED, OVER, again, over)), ended(SCENARIO, said(FIRED, OVER, again, over)))
    finds("the end of what may come besides", "its end was not said", ended(SCENARIO, said(FIRED, OVER, again)))
    finds("a message that is no alert", "unknown", ended(SCENARIO, said(FIRED, OVER, "Hello")))
    finds("an incident that nobody expects", "NodeDown fired, and nobody", ended(
        SCENARIO, said(FIRED, OVER), [row(), row(name="NodeDown")]))
    finds("an alert in Prometheus alone", "NodeDown fired in Prometheus", ended(
        SCENARIO, said(FIRED, OVER), fired=["NodeDown", "RedisDown"]))
    finds("an incident that stays open", "CollectorFailing is still open", ended(
        SCENARIO, said(FIRED, OVER), [row(), row("open", name="CollectorFailing")]))


def history():
    check_row = (("no row", [], "the history has 0 incidents"), ("two rows", [row(), row()], "the history has 2 incidents"),
                 ("a row that is open", [row("open")], "in the history is open"), ("a row that expired", [row("expired")], "is expired"),
                 ("a severity", [row(severity="P2")], "has severity P2"), ("suppressed", [row(suppressed="muted")], "has it as muted"),
                 ("acknowledged", [row(acknowledged_by="Mina")], "acknowledged by Mina, expected is nobody"),
                 ("no message", [row(events=[])], "has it sent as fired by {}"),
                 ("events in disorder", [row(events=list(reversed(row()["events"])))], "in another order"),
                 ("a message twice", [row(kinds=("fired", "fired", "resolved"))], "has it sent as fired"))
    for what, rows, pattern in check_row:
        finds("the history: " + what, pattern, observe.judge_ended(SCENARIO, said(FIRED, OVER), [*rows, HELD], set()))
    finds("the history: acknowledged by another", "acknowledged by Mina, expected is Jun", ended(
        changed(acknowledged="Jun"), said(FIRED, OVER), [row(acknowledged_by="Mina")]))
    taken = [row(acknowledged_by="Mina (1001)", suppressed="silenced")]
    seen = FIRED.replace("is firing", "is acknowledged").replace("Runbook", "Acknowledged by Mina (1001)")
    got = ended(changed(acknowledged="Mina"), said(FIRED, OVER) + said(seen, mail=False), taken)
    check("the history: acknowledged, and therefore silenced", not got, got)
    unsent = dict(SCENARIO, unsent=["NodeDown"])
    finds("the history: not there", "NodeDown: expected as unsent", ended(unsent, said(FIRED, OVER)))
    finds("sent all the same", "it was to be held back", ended(unsent, said(FIRED, OVER, FIRED.replace("RedisDown", "NodeDown"))))
    check("the history: not sent", not ended(unsent, said(FIRED, OVER), [row(), row(name="NodeDown", events=[])]))
    alone = observe.judge_ended(SCENARIO, said(FIRED, OVER), [row()], set())
    finds("the history: not inhibited", "EngineDown: expected as inhibited", alone)


def limits():
    sent = [{"service": "telegram", "path": "sendMessage", "status": 200, "received_ms": 6000 * i} for i in range(12)]
    check("ten messages in a minute", not observe.judge_limits(sent), observe.judge_limits(sent))
    finds("eleven in a minute", "11 messages in a minute", observe.judge_limits(sent[:10] + [dict(sent[9], received_ms=59999)]))
    finds("an answer 429", "answered 429", observe.judge_limits([dict(sent[0], status=429)]))


def times():
    for severity, bar in (("P0", 4), ("P1", 60)):
        got, late = observe.measure(changed(severity=severity), said(FIRED), -1000)
        check("the bar of %s" % severity, got[0]["bar"] == bar and got[0]["seconds"] == 2 and not late, (got, late))
    finds("what is late", "after 5.0 s, allowed are 4.0 s", observe.measure(SCENARIO, said(FIRED), -4000)[1])
    check("what has to wait may take longer", not observe.measure(changed(wait="20s: why"), said(FIRED), -4000)[1])
    exchange = {"expect": [{"alert": "ExchangeFrozen", "severity": "P0", "wait": "90s"}]}
    check("nothing may take longer than a minute", observe.measure(exchange, [], 0)[0][0]["bar"] == 60)
    check("what did not come has no time", observe.measure(SCENARIO, [], 0)[0][0]["seconds"] is None)


for part in (reading, messages, others, history, limits, times):
    part()
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
