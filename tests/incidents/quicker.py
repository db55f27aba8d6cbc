#!/usr/bin/python3
"""The shipped rules and Alertmanager's configuration at a quicker pace, by text, without knowledge of single rules.

quicker.py DIRECTORY    writes prometheus.yml, rules/ and alertmanager.yml there

- p0.yml keeps its evaluation and its `for`; its `keep_firing_for` and its ranges are a tenth.
- In all other files `for`, `keep_firing_for` and ranges over 10 s are a tenth (ranges at least 5 s, and those
  of up to an hour at most 30 s, in p0.yml too), and groups that say an interval are evaluated each second.
- Prometheus scrapes and evaluates every 2 s, and its fast lane each second, as shipped.  Alertmanager's times above 1 s are a
  twentieth, and the hour until a P3 is over is no more than the 5 minutes of the others.
- THRESHOLDS takes the place of limits that do not fit this account or this machine.
So a P0 takes as long as it does with the shipped settings, but for the intervals of the collectors.
"""
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Record in thresholds.yml -> another expression.
THRESHOLDS = {
    # The account of the paper exchange holds a million: what thresholds.yml allows in paper.
    "arbwatch:limit:exposure_gross_value": "2000000 * group by (env, currency) (arbitrage_exposure_known)",
    "arbwatch:limit:exposure_net_value": "2000000 * group by (env, currency) (arbitrage_exposure_known)",
    # Several stacks share two processors: a fault is slower than this by far, and a busy machine is not.
    "arbwatch:limit:redis_latency_seconds": "0.035 * group by (env, target) (arbitrage_redis_up)",
    "arbwatch:limit:postgres_latency_seconds": "0.5 * group by (env, target) (arbitrage_postgres_up)",
    "arbwatch:limit:redis_connect_seconds": "0.5 * group by (env, target) (arbitrage_redis_up)",
    "arbwatch:limit:postgres_connect_seconds": "2 * group by (env, target) (arbitrage_postgres_up)",
    "arbwatch:limit:exchange_latency_seconds": "1.5 * group by (env, exchange) (arbitrage_exchange_up)",
    "arbwatch:limit:engine_loop_seconds": "0.25 * group by (env, engine) (arbitrage_engine_up)",
    # Its routes earn so little that what fees leave of it swings from 20 to 80 %, and collectors that run each second take from the rate
    # limit that the bot has.  A bot with the settings of paper_engine, or of the demo, has falls of up to 0.26 in a minute.
    "arbwatch:limit:engine_route_score_fall_ratio": "0.6 * group by (env, engine) (arbitrage_engine_up)",
    # Ten minutes and three of them: nobody waits so long for a test.  Alertmanager's heartbeat comes every 1.5 s here.
    "arbwatch:limit:relay_history_behind_seconds": "10 * group by (instance) (up{job=\"alert_relay\"})",
    "arbwatch:limit:relay_heartbeat_age_seconds": "15 * group by (instance) (up{job=\"alert_relay\"})",
}
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}


def seconds(text):
    return sum(int(number) * SECONDS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", text))


def duration(value):
    """Prometheus knows no fractions."""
    return "%ds" % value if value == int(value) else "%dms" % round(value * 1000)


def shorter(text, share, least):
    """`text` over 10 s becomes a share of it, but no less than `least` seconds."""
    value = seconds(text)
    return text if value <= 10 else duration(max(least, value * share))


def shorter_range(text):
    """One of up to an hour lasts no longer than half a minute, so that its alert ends while one waits."""
    short = shorter(text, 0.1, 5)
    return duration(min(30, seconds(short))) if seconds(text) <= 3600 else short


def rules(name, text):
    """A rule file at the quicker pace."""
    text = re.sub(r"(\[|\boffset )((?:\d+(?:ms|[smhdwy]))+)\b", lambda found: found[1] + shorter_range(found[2]), text)
    text = re.sub(r"(?m)^( +keep_firing_for: )(\S+)$", lambda found: found[1] + shorter(found[2], 0.1, 1), text)
    if name != "p0.yml":
        text = re.sub(r"(?m)^( +for: )(\S+)$", lambda found: found[1] + shorter(found[2], 0.1, 1), text)
        text = re.sub(r"(?m)^( +interval: )(\S+)$", r"\g<1>1s", text)
    if name == "verdict.yml":  # how long after three intervals a collector is missed
        text, found = re.subn(r"\) \+ 30\b", ") + 10", text)
        assert found == 2, "verdict.yml does not wait for 30 s"
    if name == "thresholds.yml":
        for record, expression in THRESHOLDS.items():
            text, found = re.subn(r"(?m)(- record: %s\n +expr: )(?:\|\n(?: {10}.*\n)+|.*\n)" % record, r"\g<1>%s\n" % expression, text)
            assert found == 1, "thresholds.yml has no " + record
    return text


def alertmanager(text):
    """Its configuration at the quicker pace."""
    text = re.sub(r"(?m)^( +group_interval: )1h$", r"\g<1>5m", text)
    return re.sub(r"(?m)^( +(?:group_wait|group_interval|repeat_interval): )(\S+)$",
                  lambda found: found[1] + (duration(max(1, seconds(found[2]) / 20)) if seconds(found[2]) > 1 else found[2]), text)


def prometheus(text, port):
    text = text.replace("127.0.0.1:9090", "127.0.0.1:%d" % port)
    return re.sub(r"(?m)^( *(?:scrape_interval|scrape_timeout|evaluation_interval)): 1\ds$", r"\1: 2s", text)


def write(directory, port=9090, webhook="http://127.0.0.1:9110/webhook"):
    """All of it into `directory`: Prometheus listens at `port`, alert_relay takes the alerts at `webhook`."""
    directory = pathlib.Path(directory)
    (directory / "rules").mkdir()
    for each in (ROOT / "prometheus/rules").glob("*.yml"):
        (directory / "rules" / each.name).write_text(rules(each.name, each.read_text()))
    (directory / "prometheus.yml").write_text(prometheus((ROOT / "prometheus/prometheus.yml").read_text(), port))
    rendered = subprocess.run([ROOT / "alertmanager/render.sh"], input=(ROOT / "alertmanager/alertmanager.yml").read_text(),
                              capture_output=True, text=True, check=True,
                              env={"PATH": os.environ["PATH"], "ARBWATCH_ALERT_WEBHOOK": webhook, "ARBWATCH_ALERT_SECRETS": "/nonexistent"})
    (directory / "alertmanager.yml").write_text(alertmanager(rendered.stdout))


if __name__ == "__main__":
    write(sys.argv[1])
