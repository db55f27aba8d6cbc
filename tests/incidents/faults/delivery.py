"""What can go wrong on the way of a message, and what people do about alerts.

    kill alert_relay                    it ends at once (SIGKILL)
    restart prometheus                  it ends, and is started again
    rest 5                              so many seconds pass
    telegram fails                      it answers 502 to every message; Slack and mail work
    telegram works
    telegram is waited for              returns when a message to it waits in alert_relay
    quick relay                         a P0 that nobody acknowledges is said again after 4 s and escalated after 6 s
    patient relay                       what cannot be sent is tried again every 10 s: each attempt counts as a message to Telegram
    usual relay
    acknowledge GlobalGuardBlock        Mina presses the button below its message in Telegram as soon as it is there
    is acknowledged GlobalGuardBlock    nothing but the acknowledgement came of it, and Alertmanager has a silence for it
    still fires GlobalGuardBlock        returns if no message says that it is over; so everybody believes that it lasts
    storm 500, storm over               so many alerts of five names come within a moment, as from a bot that posts them to Alertmanager
    post ToolFailed P0, post over ...   a program posts an alert to alert_relay itself
    mute engine, unmute engine          new alerts of a service are not sent, by alert_relay
    silence service=engine              by Alertmanager
    unsilence
    maintenance, maintenance over       the time interval of alertmanager.yml, from now on
    held back RebalanceFailed           returns when it fires and is not sent
"""
import datetime
import json
import re
import signal
import time
import urllib.request

import observe
from stack import ASK, Broken, request

NAMES = {"StormP0": "P0", "StormP1": "P1", "StormOther": "P1", "StormP2": "P2", "StormMore": "P2"}
ROUTES = ['env="paper" -> telegram:paper',
          'severity="P0" -> telegram:main | mail:main, slack:p0 | slack:main, mail:main repeat=4s escalate=telegram:escalation',
          'severity=~"P1|P2" -> telegram:main | mail:main, slack:main', "-> mail:main"]


def post_json(url, body):
    asked = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with ASK.open(asked, timeout=10) as answer:
        return answer.read()


def moment(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).isoformat()


def kill(stack, part):
    stack.stop_part(part, signal.SIGKILL)


def restart(stack, part):
    stack.stop_part(part)
    stack.start_part(part)


def rest(stack, seconds):
    time.sleep(float(seconds))


# Telegram


def telegram_fails(stack):
    stack.control("paper_chat", "POST", "/fail?status=502&path=sendMessage")


def telegram_works(stack):
    stack.control("paper_chat", "DELETE", "/fail")


def telegram_is_waited_for(stack):
    """By alert_relay, and by no other message: one that was sent and is not recorded yet comes again after a kill."""
    def waiting():
        metrics = request("GET", stack.url("alert_relay") + "/metrics")
        tasks = re.findall(r'(?m)^alert_relay_outbox_tasks{channel="([^"]+)"} (\d+)', metrics)
        return {channel for channel, count in tasks if count != "0"} == {"telegram:main"}
    if not stack.wait(30, waiting):
        raise Broken("no message to Telegram waits in alert_relay, or others do")


def messages_of(stack, alert):
    """Of this scenario."""
    listed = json.loads(request("GET", stack.url("paper_chat") + "/control/messages"))["messages"]
    return [each for each in listed if " %s " % alert in each["text"].split("\n")[0] and each["received_ms"] >= stack.begun_ms]


def buttons_of(stack, alert):
    return [message["id"] for message in messages_of(stack, alert) if message.get("buttons")]


def acknowledge(stack, alert):
    """The fault was there when this was called."""
    moment_ms = observe.now_ms()
    if not stack.wait(60, lambda: buttons_of(stack, alert)):
        raise Broken("there is no message about %s with a button" % alert)
    stack.control("paper_chat", "POST", "/press?message=%s&user=1001&name=Mina" % buttons_of(stack, alert)[-1])
    if not stack.wait(10, lambda: any("Acknowledged by Mina" in message["text"] for message in messages_of(stack, alert))):
        raise Broken("the button of %s did nothing" % alert)
    return moment_ms


# alert_relay


def set_relay(stack, changes):
    path = stack.directory / "alert_relay.yml"
    stack.usual = path.read_text()
    settings = json.loads(stack.usual)
    settings["alert_relay"].update(changes)
    path.write_text(json.dumps(settings, indent=1) + "\n")
    restart(stack, "alert_relay")


def quick_relay(stack):
    set_relay(stack, {"route": ROUTES, "escalate.after": "6s"})


def patient_relay(stack):
    set_relay(stack, {"retry.slow": "10s", "escalate.after": "5m"})


def usual_relay(stack):
    (stack.directory / "alert_relay.yml").write_text(stack.usual)
    restart(stack, "alert_relay")


def mute(stack, service):
    post_json(stack.url("alert_relay") + "/api/v1/mute", {"service": service, "for": "10m", "who": "Mina", "reason": "maintenance"})


def unmute(stack, service):
    post_json(stack.url("alert_relay") + "/api/v1/mute", {"service": service, "until": moment(-1), "who": "Mina", "reason": "done"})


def post(stack, alert, severity, lasts=600):
    moment_ms = observe.now_ms()
    post_json(stack.url("alert_relay") + "/api/v2/alerts", [{
        "labels": {"alertname": alert, "severity": severity, "env": "live", "service": "tool"},
        "annotations": {"summary": "A tool of our own has failed"}, "endsAt": moment(lasts)}])
    return moment_ms


def post_over(stack, alert, severity):
    post(stack, alert, severity, 0)


# Alertmanager


def is_acknowledged(stack, alert):
    silences = json.loads(request("GET", stack.url("alertmanager") + "/api/v2/silences"))
    if not any(each["status"]["state"] == "active" and "Mina" in each["createdBy"] for each in silences):
        raise Broken("Alertmanager has no silence of Mina's: %s" % silences)
    still_fires(stack, alert)


def still_fires(stack, alert):
    over = [each["text"] for each in messages_of(stack, alert) if "is resolved" in each["text"] or "has expired" in each["text"]]
    if over:
        raise Broken("%s still fires, but a message says: %s" % (alert, over[0]))


def storm(stack, count, lasts=600):
    moment_ms = observe.now_ms()
    names = list(NAMES)
    post_json(stack.url("alertmanager") + "/api/v2/alerts", [{
        "labels": {"alertname": names[each % 5], "severity": NAMES[names[each % 5]], "env": "live", "service": "bot",
                   "route": "r%03d" % each},
        "annotations": {"summary": "Route r%03d of the bot has failed" % each}, "endsAt": moment(lasts)} for each in range(int(count))])
    return moment_ms


def storm_over(stack, count):
    storm(stack, count, 0)


def silence(stack, *matchers):
    body = {"startsAt": moment(0), "endsAt": moment(600), "createdBy": "Mina", "comment": "maintenance", "matchers": [
        {"name": name, "value": value, "isRegex": False, "isEqual": True} for name, value in (each.split("=") for each in matchers)]}
    stack.silence = json.loads(post_json(stack.url("alertmanager") + "/api/v2/silences", body))["silenceID"]


def unsilence(stack):
    request("DELETE", stack.url("alertmanager") + "/api/v2/silence/" + stack.silence)


def set_intervals(stack, times):
    path = stack.directory / "alertmanager.yml"
    path.write_text(re.sub(r"(?m)^(  - name: maintenance\n    time_intervals:).*$", r"\1 " + times, path.read_text()))
    request("POST", stack.url("alertmanager") + "/-/reload", b"")


def maintenance(stack):
    set_intervals(stack, "[{times: [{start_time: '00:00', end_time: '24:00'}]}]")


def maintenance_over(stack):
    """What counts is the moment of the fault."""
    set_intervals(stack, "[]")
    return stack.moment_ms


def held_back(stack, alert):
    """For longer than its group waits in Alertmanager.  The fault was there when this was called."""
    stack.moment_ms = observe.now_ms()
    if not stack.wait(30, lambda: stack.ask('ALERTS{alertname="%s",alertstate="firing"}' % alert)):
        raise Broken("%s does not fire" % alert)
    time.sleep(5)
    if messages_of(stack, alert):
        raise Broken("%s was sent: %s" % (alert, messages_of(stack, alert)[-1]["text"]))
