#!/usr/bin/python3
"""The oracle of the dashboards.

dashboards.py --rules [PROGRAM...]        what can be said of the JSON alone; every metric named must be in the
                                          --list-metrics of a PROGRAM, or in EXPORTERS below
dashboards.py --broken FILE [PROGRAM...]  each line of FILE, "WHAT|SCRIPT OF SED|BOARD|PATTERN", breaks a copy of a board, and
                                          those rules say PATTERN of it
dashboards.py --prometheus URL            every query of every panel returns data there, but for those in EMPTY
    [--has PART] [--without PART]         PART of PARTS below is there (or not): its panels must (need not) have data
    [--only BOARD]                        queries of this one alone
    [--wait SECONDS]                      until then (180)
    [--rate-interval DURATION]            what $__rate_interval stands for (1m)
dashboards.py --prometheus URL --show BOARD PANEL    the series of one panel now: labels, then the value
dashboards.py --prometheus URL --come FILE           for each line of FILE, "WHAT<tab>BOARD<tab>PANEL<tab>PATTERN[<tab>DURATION]",
                                          a series comes as --show prints it, with blanks for tabs, that is like PATTERN, or
                                          with an empty PATTERN none stays; DURATION is what $__rate_interval stands for
dashboards.py --prometheus URL --documented FILE     every expression of FILE ("PLACE<tab>EXPRESSION" each) has series there;
                                          what it compares need not hold
    [--history]                           with each of these three: the history of alert_relay, which panels ask in SQL, at the
                                          DSN in ARBWATCH_HISTORY; a row is shown as its columns and a 1
dashboards.py --service PORT              an HTTP service that exports the usual families, until it is ended

The last line is "N passed, N failed"; each thing that is wrong has a line of its own.
"""
import argparse
import contextlib
import functools
import io
import itertools
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BOARDS = ROOT / "dashboards"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
HISTORY = {"type": "grafana-postgresql-datasource", "uid": "arbwatch-history"}
READER = "arbwatch_reader"  # what Grafana's user may do there

# 24 columns; a row is 30 pixels and 8 between; above them 110 of Grafana's own.
COLUMNS, ROW, HEADER, SCREEN = 24, 38, 110, 900
SCREENS = {"overview": 1}

# Rules of dashboard-linter that we leave out, and why.
LEFT_OUT = {
    "template-job-rule": "job and instance of a textfile are node_exporter's; our families say env, exchange, target",
    "template-instance-rule": "the same",
    "target-job-rule": "the same",
    "target-instance-rule": "the same",
    "target-logql-rule": "there is no Loki here",
}
# preflight may run once a day.
OF_RUNS_OF_PREFLIGHT = dict.fromkeys((
    "Duration, p95 of 24 h", "Runs of 24 h", "Checks of 24 h by outcome", "Checks that failed most in 24 h", "Duration",
    "Redis: PING of the check", "Postgres: SELECT 1 of the check", "Checks that fail, by hour", "Checks that warn, by hour",
    "Alerts that were not accepted"), "preflight runs seldom: what it did in an hour or a day is looked at")

# Rates over a fixed time, and why.
FIXED_RANGES = {
    "Collectors: lost state, dropped values": "so rare that an hour is looked at",
    "Containers: starts in the last hour": "the same",
    "Guards that are not ok": "so rare that a day is looked at", "Process of the bot": "the same",
    "Orders by exchange": "a share of few orders says nothing", "Universe": "so rare that an hour is looked at",
    "Snapshots": "the same", **OF_RUNS_OF_PREFLIGHT,
}

# Histograms that are shown as they are: what counts is all that there ever was.
TOTALS = {"Duration of all trades", "Slippage of all trades"}

# Metrics of others, by who exports them.
EXPORTERS = {
    "Prometheus": {
        "up", "ALERTS", "ALERTS_FOR_STATE", "prometheus_http_requests_total", "prometheus_http_request_duration_seconds_bucket",
        "prometheus_http_request_duration_seconds_count",
    },
    "Grafana": {"grafana_http_request_duration_seconds_bucket", "grafana_http_request_duration_seconds_count"},
    "arbwatch_exporter": {
        "arbwatch_exporter_http_requests_total", "arbwatch_exporter_http_request_duration_seconds_bucket",
        "arbwatch_exporter_http_request_duration_seconds_count",
    },
    "alert_relay": {
        "alert_relay_channel_up", "alert_relay_outbox_oldest_seconds", "alert_relay_history_behind_seconds",
        "alert_relay_incident_begin_timestamp_seconds",
    },
    "cAdvisor": {
        "container_cpu_usage_seconds_total", "container_memory_working_set_bytes", "container_spec_memory_limit_bytes",
        "container_start_time_seconds",
    },
    "prometheus/rules": set(re.findall(r"record: (\S+)", "".join(
        path.read_text() for path in (ROOT / "prometheus/rules").glob("*.yml")))),
    "node_exporter": {
        "node_cpu_seconds_total", "node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes",
        "node_filesystem_avail_bytes", "node_filesystem_size_bytes", "node_disk_io_time_seconds_total",
        "node_textfile_scrape_error", "node_textfile_mtime_seconds", "node_timex_sync_status",
    },
    "redis_exporter": {
        "redis_memory_used_bytes", "redis_memory_max_bytes", "redis_connected_clients", "redis_config_maxclients",
        "redis_memory_used_dataset_bytes", "redis_memory_used_overhead_bytes", "redis_memory_used_rss_bytes",
        "redis_blocked_clients", "redis_connected_slaves", "redis_commands_total", "redis_commands_duration_seconds_total",
        "redis_keyspace_hits_total", "redis_keyspace_misses_total", "redis_evicted_keys_total", "redis_expired_keys_total",
        "redis_rejected_connections_total", "redis_db_keys", "redis_db_keys_expiring",
    },
    "postgres_exporter": {
        "pg_stat_database_blks_hit", "pg_stat_database_blks_read", "pg_stat_database_numbackends", "pg_settings_max_connections",
        "pg_stat_database_xact_commit", "pg_stat_database_xact_rollback", "pg_stat_database_tup_returned",
        "pg_stat_database_tup_fetched", "pg_stat_database_tup_inserted", "pg_stat_database_tup_updated",
        "pg_stat_database_tup_deleted", "pg_stat_database_deadlocks", "pg_stat_database_conflicts",
        "pg_stat_activity_max_tx_duration", "pg_database_size_bytes", "pg_replication_lag_seconds", "pg_replication_lag",
    },
    "celery_exporter": {"celery_queue_length"},
    "HTTP services": {
        "http_requests_total", "http_request_duration_seconds_bucket", "http_request_duration_seconds_count",
        "http_server_request_duration_seconds_bucket", "http_server_request_duration_seconds_count",
        "websocket_connections", "websocket_connections_active", "websocket_active_connections",
        "queue_length", "queue_depth", "queue_size",
    },
}

LIMITS = {name.removeprefix("arbwatch:limit:") for name in EXPORTERS["prometheus/rules"] if name.startswith("arbwatch:limit:")}
# What a graph shows that has this limit, if not the family arbitrage_<limit>.
LIMITED = {
    "exchange_latency_seconds": r"\barbitrage_exchange_request_duration_seconds_bucket\b",
    "postgres_connections_ratio": r"\barbitrage_postgres_connections\b",
    "exposure_gross_value": r"\barbitrage_exposure\b",
    "exposure_net_value": r"\barbitrage_exposure\b",
    "host_cpu_ratio": r"\bnode_cpu_seconds_total\b",
    "host_memory_ratio": r"\bnode_memory_MemAvailable_bytes\b",
    "host_disk_free_ratio": r"\bnode_filesystem_avail_bytes\b",
    "http_error_ratio": r'\bhttp_requests_total\{[^{}]*code=~"5',
    "http_latency_seconds": r"\bhttp_request_duration_seconds_bucket\b",
    "redis_memory_ratio": r"\bredis_memory_used_bytes / ",
    "redis_clients_ratio": r"\bredis_connected_clients / ",
    "celery_queue_tasks": r"\bcelery_queue_length\b",
    "engine_loop_seconds": r"\barbitrage_engine_loop_duration_seconds_bucket\b",
    "engine_errors_per_minute": r"\barbitrage_engine_errors_total\b",
    "engine_feed_silence_seconds": r"\barbitrage_engine_feed_last_message_timestamp_seconds\b",
    "engine_feed_reconnects_per_minute": r"\barbitrage_engine_feed_reconnects_total\b",
    "queue_waiting_tasks": r"\barbitrage_queue_length\b",
    "postgres_backends_ratio": r"\bpg_stat_database_numbackends\b",
    "postgres_slow_query_seconds": r"\bpg_stat_activity_max_tx_duration\b",
    "postgres_replication_lag_seconds": r"\bpg_replication_lag_seconds\b",
    "relay_queue_age_seconds": r"\balert_relay_outbox_oldest_seconds\b",
    "relay_history_behind_seconds": r"\balert_relay_history_behind_seconds\b",
}

# Parts of a stack that may be missing, and whether they are there unless told otherwise.
PARTS = {
    "positions": True,   # open_positions
    "preflight": True,   # preflight
    "channels": True,    # alert_relay has a channel
    "history": True,     # alert_relay has one, and alerts are in it
    "acknowledged": False,  # somebody has acknowledged an alert
    "host": True,        # node_exporter's collectors of processors and memory
    "disks": True,       # disks that it sees
    "timex": False,      # it may ask the kernel whether the clock is synchronised
    "exporters": False,  # redis_exporter and postgres_exporter
    "services": False,   # an HTTP service of the bot: with WebSockets and queues
    "engine": True,      # a bot, and engine_state
    "trades": True,      # its trades and its equity, and trading_kpis
    "rates": True,       # trading_kpis has a --currency
    "tuning": True,      # the view tuning has one
    "tuning under way": False,
    "queues": False,     # queue_depth
    "replica": False,    # a Postgres that is replicated
    "containers": False, # cAdvisor
    "celery": False,     # celery_exporter
    "tls": False,        # exchanges are asked over TLS
    "usdt-krw": False,   # an order book USDT/KRW
}
QUIET = "lists what is wrong, and nothing is"
# Queries that may be empty: BOARD/PANEL[/REF] -> the part that it needs, or QUIET.  The panel says so too (noValue).
EMPTY = {
    "overview/What stands in the way": QUIET,
    "overview/Alerts": QUIET,
    "overview/Positions differ": "positions",
    "overview/Not readable": "positions",
    "exchanges/Ban or back-off: time left/A": QUIET,
    "exchanges/Ban or back-off: time left/B": QUIET,
    "exchanges/Symbols that cannot be traded": QUIET,
    "exchanges/Failures by kind": QUIET,
    "exchanges/Refusals by HTTP status": QUIET,
    "exchanges/Certificate expires in": "tls",
    "exchanges/Spread between exchanges/B": "usdt-krw",
    "exchanges/Spread between exchanges/C": "usdt-krw",
    "system_health/Clock synchronised": "timex",
    "system_health/CPU busy": "host",
    "system_health/Memory available": "host",
    "system_health/Disk space left": "disks",
    "system_health/Disk busy": "disks",
    "system_health/Redis: memory and clients": "exporters",
    "system_health/Postgres: read from memory": "exporters",
    "system_health/Redis and Postgres: failures by kind": QUIET,
    "system_health/Collectors: failures by kind": QUIET,
    "system_health/Collectors: lost state, dropped values/B": QUIET,
    "positions/Mismatches": QUIET,
    "positions/Failures by kind": QUIET,
    "positions": "positions",
    "overview/Preflight: last verdict": "preflight",
    "preflight/Checks that failed most in 24 h": QUIET,
    "preflight/Checks that fail, by hour": QUIET,
    "preflight/Checks that warn, by hour": QUIET,
    "preflight/Alerts that were not accepted": QUIET,
    "preflight": "preflight",
    "alerts/Channels": "channels",
    "alerts/Oldest message that waits/A": "channels",
    "alerts/Delivery latency": "channels",
    "alerts/Time to acknowledge": "acknowledged",
    "alerts/Open incidents": QUIET,
    "alerts/Deliveries: tried again, given up": QUIET,
    "services/Queues/A": "queues",
    "services/Queues/B": "queues",
    "services/Queues/D": "celery",
    "services/Queues/E": "queues",
    "services/Queues/F": "celery",
    "services/Waiting in queues": "services",
    "services/WebSocket connections": "services",
    "services/Queues": "services",
    "services/Queues without a worker": "queues",
    "services/Queues of Redis": "queues",
    "services/Groups of streams": "queues",
    "services/Age of the oldest task": "queues",
    "services/Feeds: messages": "engine",
    "services/Feeds: age of the last message": "engine",
    "services/Feeds: latency, p95": "engine",
    "services/Feeds: reconnects": "engine",
    "services/Feeds: connected": "engine",
    "risk/Guards that are not ok": QUIET,
    "risk": "engine",
    "trading_kpis/Bot": "engine",
    "trading_kpis/Loop latency": "engine",
    "trading_kpis/Loop duration": "engine",
    "trading_kpis/Profit/B": "rates",
    "trading_kpis/Rows that do not count": QUIET,
    "trading_kpis": "trades",
    "tuning/Under way": "tuning under way",
    "tuning": "tuning",
    "database/Postgres: replication": "replica",
    "database": "exporters",
    "system_health/Containers: processor": "containers",
    "system_health/Containers: memory, share of the limit": "containers",
    "system_health/Containers: starts in the last hour": QUIET,
}

passed = failed = 0


def check(what, holds, why=""):
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print("FAILED %s%s" % (what, ": %s" % why if why else ""))


def number(text):
    """As jq writes it."""
    return int(float(text)) if float(text).is_integer() else float(text)


@functools.cache
def boards_in(directory):
    return {path.stem: json.loads(path.read_text(), parse_float=number) for path in sorted(directory.glob("*.json"))}


def boards():
    return boards_in(BOARDS)


def panels(board):
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", [])


def queries(source=DATASOURCE):
    """BOARD, panel, target of every query to this source; of all with None."""
    for name, board in boards().items():
        for panel in panels(board):
            for target in panel["targets"]:
                if source in (None, target["datasource"]):
                    yield name, panel, target


# What a query needs


def exception(name, panel, target):
    for key in ("%s/%s/%s" % (name, panel["title"], target["refId"]), "%s/%s" % (name, panel["title"]), name):
        if key in EMPTY:
            return EMPTY[key]
    return None


# Reading PromQL, roughly: enough for names, labels and functions

AGGREGATIONS = set("sum min max avg count group stddev stdvar topk bottomk quantile count_values".split())
KEYWORDS = set("by without on ignoring group_left group_right offset bool and or unless inf nan".split())


def bare(expression):
    """Without texts and comments."""
    return re.sub(r'"(?:[^"\\]|\\.)*"', '""', re.sub(r"#[^\n]*", "", expression))


def metric_names(expression):
    names = set()
    for pattern in re.findall(r'__name__=~?"([^"]*)"', expression):
        names.update(pattern.split("|"))
    text = re.sub(r"\{[^{}]*\}|\[[^\]]*\]|\boffset\s+\S+", " ", bare(expression))
    text = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)", " ", text)
    for match in re.finditer(r"[A-Za-z_:][A-Za-z0-9_:]*(?=(\s*\()?)", text):
        word = match.group(0)
        if match.group(1) is None and word.lower() not in KEYWORDS | AGGREGATIONS:
            if not re.match(r"\d", text[match.start() - 1 : match.start()] or " "):
                names.add(word)
    return names


def calls(expression, functions):
    """The arguments of each call of these functions, as text."""
    for match in re.finditer(r"\b(%s)\s*\(" % "|".join(functions), expression):
        depth, end = 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(expression[end], 0)
            end += 1
        yield expression[match.end() : end - 1]


# What other programs say, once of each text


@functools.cache
def promtool(verb, text):
    """What `promtool VERB rules` says of a file with this text; nothing when all is well."""
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as rule_file:
        rule_file.write(text)  # JSON is YAML
        rule_file.flush()
        told = subprocess.run(["promtool", verb, "rules", rule_file.name], capture_output=True, text=True)
    return "\n" + told.stdout + told.stderr if told.returncode else ""


@functools.cache
def listed_metrics(program):
    return subprocess.run([program, "--list-metrics"], capture_output=True, text=True, check=True).stdout.splitlines()


# The rules of the JSON


def broken(path, programs):
    global BOARDS, passed, failed
    original = BOARDS
    for line in open(path):
        what, script, board, pattern = line.rstrip("\n").split("|")
        before = passed, failed
        with tempfile.TemporaryDirectory() as copy, contextlib.redirect_stdout(io.StringIO()) as said:
            BOARDS = shutil.copytree(original, pathlib.Path(copy) / "dashboards")
            subprocess.run(["sed", "-i", script, BOARDS / (board + ".json")], check=True)
            rules(programs)
        BOARDS, (passed, failed) = original, before
        check("it finds " + what, re.search("^FAILED.*" + pattern, said.getvalue(), re.M), "\n" + said.getvalue())


def rules(programs):
    loaded = boards()
    check("there are dashboards", len(loaded) >= 5, sorted(loaded))
    for what, values in (
        ("uids", [board["uid"] for board in loaded.values()]),
        ("titles", [board["title"] for board in loaded.values()]),
    ):
        check("%s are unique" % what, len(set(values)) == len(values), values)
    for name, board in loaded.items():
        text = (BOARDS / (name + ".json")).read_text()
        laid_out = json.dumps(board, indent=2, ensure_ascii=False) + "\n"
        check("%s: laid out as jq . does" % name, text == laid_out, "jq . FILE > NEW")
        board_rules(name, board, {other["uid"] for other in loaded.values()})
        grid_rules(name, board)
    expressions_parse()
    verdicts_hold()
    limits_and_alerts()
    alerts_lead_to_boards()
    check("LIMITED: limits that there are", LIMITED.keys() <= LIMITS, LIMITED.keys() - LIMITS)
    known_metrics(programs)
    for key, reason in EMPTY.items():
        name, *rest = key.split("/")
        found = [
            panel
            for board, panel, target in queries(None)
            if board == name
            and (not rest or panel["title"] == rest[0])
            and (len(rest) < 2 or target["refId"] == rest[1])
        ]
        check("EMPTY: there is %s" % key, found and (reason == QUIET or reason in PARTS))
    provisioning()


def board_rules(name, board, uids):
    check("%s: classic JSON" % name, "panels" in board and isinstance(board.get("schemaVersion"), int))
    check("%s: a schema that Grafana 10 to 13 take" % name, 36 <= board["schemaVersion"] <= 42)
    for key in ("elements", "layout", "__inputs", "__requires", "dashboard", "id", "apiVersion", "spec"):
        check("%s: no %s" % (name, key), key not in board)
    check("%s: uid" % name, re.fullmatch(r"arbwatch-[a-z-]{1,31}", board["uid"]))
    check("%s: not editable (uneditable)" % name, board["editable"] is False)
    check("%s: has a description" % name, len(board["description"]) > 20)
    check("%s: links to the others" % name, any(
        link["type"] == "dashboards" and link["tags"] == ["arbwatch"] and link["includeVars"] and link["keepTime"]
        and link["asDropdown"] for link in board["links"]) and "arbwatch" in board["tags"])
    for uid in re.findall(r'\b(arbwatch-[a-z-]+)', json.dumps(board)):
        check("%s: a link leads to %s" % (name, uid), uid in uids | {HISTORY["uid"]})
    for url in re.findall(r'"(/d/[^"]*)"', json.dumps(board)):
        check("%s: a link keeps the time: %s" % (name, url), "${__url_time_range}" in url)
    check("%s: no link is to one machine's address" % name, not re.search(
        r"//[0-9l]", json.dumps([link["url"] for link in board["links"]])))
    annotations = board["annotations"]["list"]
    check("%s: restarts are annotated, and one row is the header" % name,
          (name == "overview" or "Restarts" in [each["name"] for each in annotations])
          and all(each["hide"] for each in annotations))
    # Grafana draws no annotation where the value is 0, which the verdict NO is.
    check("%s: the value of an annotation is never 0" % name, all(
        re.match(r"changes\(.*?\) > 0|ALERTS\{", each["expr"]) for each in annotations if each.get("expr")))
    # When they begin: Grafana draws the time that they last, of all of them, one over the other.
    alerts = ['ALERTS{alertstate="firing", severity="%s", env=~"$env|all"}' % severity for severity in ("P0", "P1")]
    check("%s: the begin of P0 and P1 is annotated, of its env" % name, name in ("overview", "alerts") or [
        "%s unless %s offset $__rate_interval" % (each, each) for each in alerts] == [
            each["expr"] for each in annotations if "ALERTS" in each["expr"]])
    variables = board["templating"]["list"]
    sources = [each for each in variables if each["type"] == "datasource"]
    check("%s: one datasource (template-datasource)" % name, len(sources) == 1 and sources[0]["name"] == "datasource"
          and sources[0]["label"] == "Data Source" and sources[0]["query"] == "prometheus" and sources[0]["hide"] == 2)
    used = json.dumps(board["panels"]) + json.dumps(board["links"]) + json.dumps([each.get("query") for each in variables])
    for variable in variables:
        where = "%s: variable %s" % (name, variable["name"])
        check(where + " is used", re.search(r"\$\{?%s\b" % variable["name"], used))
        check(where + " has a label", variable["label"])
        if variable["type"] == "query":
            check(where + " follows the time (template-on-time-change-reload)", variable["refresh"] == 2)
            check(where + " (panel-datasource)", variable["datasource"] == DATASOURCE)
            check(where + " is of labels (template-label-promql)",
                  re.fullmatch(r"label_values\(.+, \w+\)", variable["query"]["query"]))
            check(where + ": definition and query", variable["definition"] == variable["query"]["query"])
    ids = [panel["id"] for panel in panels(board)]
    check("%s: ids of panels are unique" % name, len(set(ids)) == len(ids))
    titles = [panel["title"] for panel in panels(board)]
    check("%s: titles of panels are unique" % name, len(set(titles)) == len(titles))
    for panel in panels(board):
        panel_rules("%s/%s" % (name, panel["title"]), panel)
        look_rules("%s/%s" % (name, panel["title"]), panel)


def look_rules(where, panel):
    """What Grafana's own front end showed to be wrong."""
    defaults, options, kind = panel["fieldConfig"]["defaults"], panel["options"], panel["type"]
    expressions = " ".join(target.get("expr", "") for target in panel["targets"])
    check(where + ": a timeline shows words", kind != "state-timeline"
          or defaults["mappings"] and not (options["mergeValues"] and defaults["color"]["mode"] == "thresholds"))
    check(where + ": the legend has last, and max or min", kind != "timeseries" or (
        options["legend"]["displayMode"] == "table" and options["legend"]["calcs"] in (["lastNotNull", "max"], ["lastNotNull", "min"])))
    check(where + ": failures are stacked, in red", not re.search(r"ailures by kind|^.*/Refusals", where) or (
        defaults["color"] == {"mode": "shades", "fixedColor": "red"} and defaults["custom"]["stacking"]["mode"] == "normal"))
    check(where + ": good news is not red", EMPTY.get(where) != QUIET or kind not in ("stat", "bargauge", "gauge")
          or defaults["thresholds"]["steps"][0]["color"] in ("green", "text"))
    check(where + ": nothing known is not green", EMPTY.get(where) == QUIET or kind != "stat"
          or defaults["thresholds"]["steps"][0]["color"] != "green")
    # Empty answers have columns, and Grafana shows these in place of the words.
    check(where + ": an empty table shows its words", kind != "table" or len(panel["targets"]) == 1
          or "groupBy" in [each["id"] for each in panel["transformations"]])
    check(where + ": days are called days", not ("expiry" in expressions and defaults["unit"] == "s"))
    check(where + ": a gap makes no event", not re.search(r"unless[^()]*\boffset\b", bare(expressions)))
    limit_rules(where, panel, expressions)


def limit_rules(where, panel, expressions):
    """A line at a limit is drawn from the limit's series, so that it follows prometheus/rules/thresholds.yml."""
    custom = panel["fieldConfig"]["defaults"].get("custom", {})
    lines = [each for each in panel["targets"] if "arbwatch:limit:" in each.get("expr", "")]
    limits = {limit for limit in LIMITS if re.search(LIMITED.get(limit, r"\barbitrage_%s(_bucket)?\b" % limit), expressions)}
    if panel["type"] != "timeseries" or not limits | set(map(id, lines)):
        return
    check(where + ": no fixed line where there is a limit", custom["thresholdsStyle"]["mode"] == "off", limits)
    for limit in limits:
        check(where + ": draws its limit %s" % limit, re.search(r"\barbwatch:limit:%s\b" % limit, " ".join(
            each["expr"] for each in lines)))
    check(where + ": its limits are of one env", "$env" not in expressions or all(re.search(
        r'\benv="\$env"|^[^{}]*$', selector) for each in lines for selector in re.findall(
            r"\barbwatch:limit:\w+(\{[^{}]*\})?", each["expr"]) if "instance" not in each["expr"]))
    style = {each["id"]: each["value"] for override in panel["fieldConfig"]["overrides"]
             if override["matcher"] == {"id": "byRegexp", "options": "/^limit/"} for each in override["properties"]}
    check(where + ": its limits are dashed lines", all(each["legendFormat"].startswith("limit ") for each in lines)
          and style.get("custom.lineStyle", {}).get("fill") == "dash" and style.get("custom.fillOpacity") == 0)


def panel_rules(where, panel):
    defaults = panel["fieldConfig"]["defaults"]
    check(where + ": title and description (panel-title-description)",
          panel["title"] and len(panel["description"]) >= 60 and panel["description"].endswith("."))
    check(where + ": unit (panel-units)", defaults.get("unit"))
    check(where + ": says why it is empty", len(defaults.get("noValue", "")) > 8)
    steps = defaults["thresholds"]["steps"]
    values = [step["value"] for step in steps[1:]]
    check(where + ": thresholds", steps[0]["value"] is None and values == sorted(values) and None not in values)
    check(where + ": datasource (panel-datasource)",
          panel["datasource"] in (DATASOURCE, HISTORY) and all(each["datasource"] == panel["datasource"] for each in panel["targets"]))
    check(where + ": a single bar has its name too", panel["type"] != "bargauge" or "${__field.labels." in defaults.get(
        "displayName", ""))
    check(where + ": has queries (panel-no-targets)", panel["targets"])
    refs = [target["refId"] for target in panel["targets"]]
    check(where + ": refs are unique", len(set(refs)) == len(refs))
    for target in panel["targets"]:
        if target["datasource"] == HISTORY:
            sql_rules(where, panel, target)
            continue
        expression = target["expr"]
        kind = panel["type"]
        check(where + ": kind of query", target["instant"] is not target["range"] and target["format"] == {
            "table": "table", "xychart": "table", "barchart": "table", "heatmap": "heatmap"}.get(kind, "time_series"))
        check(where + ": legend", kind == "table" or target["legendFormat"] not in ("", "__auto"))
        ranges = re.findall(r"\[([^\]]*)\]", bare(expression))
        check(where + ": $__rate_interval (target-rate-interval)",
              all(each == "$__rate_interval" for each in ranges) or panel["title"] in FIXED_RANGES, ranges)
        inside = " ".join(calls(expression, ["rate", "irate", "increase"]))
        for metric in metric_names(expression):
            if re.search(r"_(total|bucket)$", metric) and panel["title"] not in TOTALS:
                check(where + ": %s is a rate (target-counter-agg)" % metric,
                      len(re.findall(metric, inside)) >= len(re.findall(r"\b%s\b" % metric, expression)))
            if metric.startswith("arbitrage_"):
                selectors = re.findall(r"\b%s\b(\{[^{}]*\})?" % metric, expression)
                check(where + ": %s of one env" % metric,
                      any(selectors) and all('env="$env"' in each for each in selectors if each))


def sql_rules(where, panel, target):
    text, graph = target["rawSql"], panel["type"] == "timeseries"
    check(where + ": kind of query", target["rawQuery"] and target["format"] == ("time_series" if graph else "table"))
    check(where + ": only reads", re.match(r"SELECT\b", text) and ";" not in text)
    tables = set(re.findall(r"CREATE (?:TABLE|VIEW) (\S+)", "".join(
        path.read_text() for path in (ROOT / "sql/history").glob("*.sql"))))
    for table in re.findall(r"\b(?:FROM|JOIN) (?!LATERAL)([a-z_.]+)", re.sub(r"extract\(epoch FROM", "", text)):
        check(where + ": %s is a table of the history" % table, table in tables)
    check(where + ": of one env, or of all", "env IN ('$env', 'all', '')" in text)
    check(where + ": of the time that is chosen, or of now", "$__timeFilter(" in text or "status = 'open'" in text)
    check(where + ": a list has an end", panel["type"] != "table" or re.search(r"\nLIMIT \d+$", text))
    check(where + ": a graph has a time and a name", not graph or re.search(r"^SELECT \$__timeGroupAlias\(.*AS metric", text))


def grid_rules(name, board):
    taken, bottom = {}, 0
    for panel in board["panels"]:
        box = panel["gridPos"]
        check("%s/%s: within the grid" % (name, panel["title"]), box["x"] >= 0 and box["x"] + box["w"] <= COLUMNS
              and box["w"] >= 4 and box["h"] >= 3)
        cells = list(itertools.product(range(box["x"], box["x"] + box["w"]), range(box["y"], box["y"] + box["h"])))
        over = {taken[cell] for cell in cells if cell in taken}
        check("%s/%s: overlaps nothing" % (name, panel["title"]), not over, over)
        taken.update(dict.fromkeys(cells, panel["title"]))
        bottom = max(bottom, box["y"] + box["h"])
    most = (SCREENS.get(name, 2) * SCREEN - HEADER) // ROW
    check("%s: at most %d rows" % (name, most), bottom <= most, bottom)
    check("%s: no gaps" % name, len(taken) == bottom * COLUMNS, "%d of %d cells" % (len(taken), bottom * COLUMNS))


def substituted(expression, variables, rate_interval="1m"):
    for variable, value in {**variables, "__rate_interval": rate_interval}.items():
        expression = re.sub(r"\$(%s\b|\{%s\})" % (variable, variable), value.replace("\\", r"\\"), expression)
    return expression


def expressions_parse():
    """promtool reads each of them as a rule (target-promql)."""
    words = dict.fromkeys(("env", "exchange", "symbol", "instance", "collector", "job", "engine", "currency", "window"), "x")
    every = [("%s/%s/%s" % (name, panel["title"], target["refId"]), target["expr"]) for name, panel, target in queries()]
    for each, expression in every:
        left = re.findall(r"\$[a-z_]\w*", substituted(expression, words))
        check("%s: variables are known" % each, not left, left)
    group = {"name": "panels", "rules": [
        {"record": "panel:%d" % i, "expr": substituted(expression, words)}
        for i, (_, expression) in enumerate(every)]}
    told = promtool("check", json.dumps({"groups": [group]}))
    check("every expression parses", not told, told + "\n".join(
        "panel:%d is %s" % (i, each) for i, (each, _) in enumerate(every)))


def collector_said(env, collector, interval, last_run):
    return {'arbitrage_collector_%s{env="%s", collector="%s"}' % (name, env, collector): value for name, value in (
        ("interval_seconds", interval), ("last_run_timestamp_seconds", last_run), ("success", 1))}


def exchange_said(env, exchange, state="healthy"):
    """Its state among all, and that its account and the bot agree."""
    said = {'arbitrage_exchange_health_state{env="%s", exchange="%s", state="%s"}' % (env, exchange, each): int(each == state)
            for each in ("healthy", "degraded", "frozen", "down", "maintenance", "banned")}
    said['arbitrage_exchange_up{env="%s", exchange="%s"}' % (env, exchange)] = int(state == "healthy")
    said['arbitrage_position_mismatch{env="%s", exchange="%s", symbol="x"}' % (env, exchange)] = 0
    for source in ("exchange", "engine"):
        said['arbitrage_positions_readable{env="%s", exchange="%s", source="%s"}' % (env, exchange, source)] = 1
        said['arbitrage_open_positions{env="%s", exchange="%s", source="%s"}' % (env, exchange, source)] = 1
    return said


def all_is_well(env):
    said = {'arbitrage_%s{env="%s"%s}' % (name, env, labels): value for name, labels, value in (
        ("redis_up", ', target="main"', 1), ("postgres_up", ', target="main"', 1), ("engine_unknown_rows", "", 0))}
    for collector in ("redis_latency", "postgres_latency", "exchange_health", "open_positions"):
        said.update(collector_said(env, collector, 15, NOW - 10))
    return {**said, **exchange_said(env, "a"), **exchange_said(env, "b")}


def preflight_said(env, passed_, ready, interval, last_run):
    series = {"arbitrage_preflight_last_success": passed_, "arbitrage_preflight_ready_for_live": ready,
              "arbitrage_preflight_last_verdict_timestamp_seconds": last_run}
    return {**{'%s{env="%s"}' % (name, env): value for name, value in series.items()},
            'arbitrage_preflight_checks_total{env="%s", check="redis", status="pass"}' % env: 1,
            **collector_said(env, "preflight", interval, last_run)}


FRESHNESS = "Freshness: 100% is too old"
# What five hours after the epoch is said of preflight -> the Overview's verdict, its reasons; the verdict (tile of the Overview,
# Last verdict, Verdict over time), Ready for live.
HOUR = 3600
NOW = 5 * HOUR
NOT_FOR_PAPER, NOT_FOR_LIVE, LEFT_OUT_A_CHECK, WAS_FOR_LIVE, WAS_FOR_PAPER, FOR_LIVE, FOR_PAPER = range(7)
NO, IT_WAS, YES = range(3)
STOP, CARE, GO = range(3)
VERDICTS = {
    "paper, nobody runs preflight": ("paper", {}, GO, 0, None, None),
    "paper, ready": ("paper", preflight_said("paper", 1, 0, 60, NOW - 10), GO, 0, FOR_PAPER, NO),
    "paper, ready, it ran once": ("paper", preflight_said("paper", 1, 0, 0, NOW - HOUR + 60), GO, 0, FOR_PAPER, NO),
    "paper, ready, it ran once, long ago": ("paper", preflight_said("paper", 1, 0, 0, NOW - HOUR - 60), CARE, 1, WAS_FOR_PAPER, NO),
    "paper, ready, it stopped": ("paper", preflight_said("paper", 1, 0, 60, NOW - 211), CARE, 1, WAS_FOR_PAPER, NO),
    "paper, not ready": ("paper", preflight_said("paper", 0, 0, 60, NOW - 10), CARE, 1, NOT_FOR_PAPER, NO),
    "live, nobody runs preflight": ("live", {}, STOP, 1, None, None),
    "live, ready": ("live", preflight_said("live", 1, 1, 60, NOW - 209), GO, 0, FOR_LIVE, YES),
    "live, ready, it ran once": ("live", preflight_said("live", 1, 1, 0, NOW - HOUR + 60), GO, 0, FOR_LIVE, YES),
    "live, ready, it ran once, long ago": ("live", preflight_said("live", 1, 1, 0, 0), CARE, 1, WAS_FOR_LIVE, IT_WAS),
    "live, ready, it stopped": ("live", preflight_said("live", 1, 1, 60, NOW - 211), CARE, 1, WAS_FOR_LIVE, IT_WAS),
    "live, not ready, it ran once": ("live", preflight_said("live", 0, 0, 0, NOW - 60), STOP, 1, NOT_FOR_LIVE, NO),
    "live, a check was left out": ("live", preflight_said("live", 1, 0, 60, NOW - 10), STOP, 1, LEFT_OUT_A_CHECK, NO),
    "live, not ready, and the bot has positions where nobody looks": (
        "live", {'arbitrage_engine_unknown_rows{env="live"}': 3, **preflight_said("live", 0, 0, 60, NOW - 10)}, STOP, 2,
        NOT_FOR_LIVE, NO),
}

# A collector's interval and age -> has it stopped?
STOPPED = {
    "of each second, late": (1, 32, False),
    "of each second, stopped": (1, 34, True),
    "of each minute, late": (60, 209, False),
    "of each minute, stopped": (60, 211, True),
    "started by cron": (0, 3599, False),
    "started by cron no more": (0, 3601, True),
}

# What is said besides that all is well, the chosen exchanges -> the Overview's verdict, its reasons.
CHOSEN = {
    "two of three, the third is down": (exchange_said("paper", "c", "down"), "a|b", GO, 0),
    "a healthy one and one that is down": (exchange_said("paper", "c", "down"), "a|c", STOP, 2),
    "all, one is down": (exchange_said("paper", "c", "down"), ".*", CARE, 1),
    "one alone": ({}, "a", GO, 0),
    "two that are banned are one reason": (
        {**exchange_said("paper", "c", "banned"), **exchange_said("paper", "d", "banned")}, ".*", CARE, 1),
    "a mismatch where we do not trade": (
        {**exchange_said("paper", "c"), 'arbitrage_position_mismatch{env="paper", exchange="c", symbol="x"}': 2}, "a|b", GO, 0),
    "a mismatch where we trade": ({'arbitrage_position_mismatch{env="paper", exchange="b", symbol="x"}': 2}, "a|b", STOP, 1),
    "an exchange of another env": (exchange_said("live", "c", "down"), ".*", GO, 0),
    "Redis is down": ({'arbitrage_redis_up{env="paper", target="main"}': 0}, "a|b", STOP, 1),
    "a node_exporter is down": ({'up{job="node", instance="n"}': 0, **dict.fromkeys(all_is_well("paper"))}, "a|b", STOP, 1),
}


def rule_test(what, said, variables, wanted):
    return {"name": what, "interval": "1h", "input_series": [
        {"series": series, "values": "%dx5" % value} for series, value in said.items() if value is not None],
        "promql_expr_test": [{"expr": substituted(expression, variables), "eval_time": "5h", "exp_samples": [] if value is None
                              else [{"labels": labels, "value": value}]} for expression, value, labels in wanted]}


def verdicts_hold():
    """promtool reckons what the boards and our rules say, on values of which the answer is known."""
    found = {(name, panel["title"]): panel["targets"][0].get("expr") for name, board in boards().items()
             for panel in panels(board)}
    rows = "count(count by (rule, why, do) (%s)) or vector(0)" % found["overview", "What stands in the way"]
    tests = []

    def judged(verdict, reasons):
        return [(found["overview", "Can we trade?"], verdict, '{reasons="%d"}' % reasons), (rows, reasons, "{}")]

    for what, (env, said, verdict, reasons, tile, ready) in VERDICTS.items():
        wanted = [(found[panel], value, "{}") for panel, value in (
            (("overview", "Preflight: last verdict"), tile), (("preflight", "Last verdict"), tile),
            (("preflight", "Verdict over time"), tile), (("preflight", "Ready for live"), ready))]
        tests.append(rule_test(what, {**all_is_well(env), **said}, {"env": env, "exchange": ".*"}, judged(verdict, reasons) + wanted))
    for what, (said, exchange, verdict, reasons) in CHOSEN.items():
        tests.append(rule_test(what, {**all_is_well("paper"), **said}, {"env": "paper", "exchange": exchange}, judged(verdict, reasons)))
    for what, (interval, age, stopped) in STOPPED.items():
        for collector, panel, well, labels in (
                ("redis_latency", ("overview", "Redis"), 1, '{target="main"}'),
                ("exchange_health", ("overview", "Exchanges"), 0, None),
                ("open_positions", ("overview", "Positions differ"), 0, "{}")):
            old = {"redis_latency": 3, "exchange_health": 10, "open_positions": -1}[collector]
            expression = found[panel] if labels else "max(%s)" % found[panel]
            wanted = judged(0 if stopped else 2, int(stopped)) + [
                (expression, old if stopped else well, labels or "{}"),
                ("count(%s >= 1) or vector(0)" % found["overview", FRESHNESS], int(stopped), "{}")]
            tests.append(rule_test("%s %s" % (collector, what), {
                **all_is_well("paper"), **collector_said("paper", collector, interval, NOW - age)}, {"env": "paper", "exchange": ".*"},
                wanted))
    told = promtool("test", json.dumps({"rule_files": [str(path) for path in (ROOT / "prometheus/rules").glob("*.yml")],
                                        "evaluation_interval": "1h", "tests": tests}))
    check("the boards say what preflight said, which collector has stopped, and what the chosen exchanges allow", not told, told)


# The labels of an alert that fires -> what the Overview lists of it; None for nothing.
ALERTS = {
    'alertname="x", severity="P0", service="exchange", env="paper", exchange="a", collector="exchange_health"':
        ("P0", "a", "exchanges"),
    'alertname="x", severity="P1", service="positions", env="paper", exchange="b", symbol="BTC/USDT", collector="open_positions"':
        ("P1", "b BTC/USDT", "positions"),
    'alertname="x", severity="P1", service="monitor", env="paper", collector="redis_latency"': ("P1", "redis_latency", "system-health"),
    'alertname="x", severity="P0", service="preflight", env="paper"': ("P0", "", "preflight"),
    'alertname="x", severity="P0", service="engine", env="paper", engine="main", collector="engine_state"':
        ("P0", "main", "risk"),
    'alertname="x", severity="critical", service="http", env="all", job="orders", instance="h:1"': ("P0", "orders h:1", "services"),
    'alertname="x", severity="P0", service="exchange", env="paper", exchange="c"': None,
    'alertname="x", severity="P0", service="redis", env="live"': None,
    'alertname="Watchdog", severity="none", service="monitor", env="all"': None,
}
# The labels of an incident that alert_relay has -> what the Overview lists of it: instead of the alert of this name.
INCIDENTS = {
    'severity="P0", service="exchange", env="paper", exchange="a", what="a", state="open"': ("P0", "a", "exchanges", "not acknowledged", 1),
    'severity="P1", service="engine", env="", what="m", state="acknowledged", by="Mina"': ("P1", "m", "risk", "acknowledged by Mina", 2),
    'severity="P1", service="redis", env="all", what="main", state="inhibited"': ("P1", "main", "system-health", "held back: inhibited", 3),
    'severity="P2", service="redis", env="paper", what="main", state="muted"': ("P2", "main", "system-health", "held back: muted", 3),
    'severity="P0", service="exchange", env="paper", exchange="c", what="c", state="open"': None,
    'severity="P0", service="exchange", env="live", exchange="a", what="a", state="open"': None,
}
# The limits of a and b -> the lines.
LIMIT_LINES = (((3, 3), {"": 3}), ((3, 5), {'exchange="a"': 3, 'exchange="b"': 5}))


def limits_and_alerts():
    """promtool reckons what the Overview lists of alerts, and which lines are drawn of limits.  No rule adds to it."""
    found = {(name, panel["title"], target["refId"]): target["expr"] for name, panel, target in queries()}
    variables, tests = {"env": "paper", "exchange": "a|b"}, []
    for labels, row in ALERTS.items():
        labels_of_row = '{alertname="x", severity="%s", what="%s", see="arbwatch-%s"}' % (row or ("", "", ""))
        sample = [{"labels": labels_of_row.replace(', what=""', ""), "value": 60000}] if row else []
        for state in ("firing", "pending"):
            series = {'ALERTS{%s, alertstate="%s"}' % (labels, state): 1, "ALERTS_FOR_STATE{%s}" % labels: 60}
            test = rule_test("%s: %s" % (state, labels), series, variables, [(found["overview", "Alerts", "A"], None, None)])
            test["promql_expr_test"][0]["exp_samples"] = sample if state == "firing" else []
            tests.append(test)
    for labels, row in INCIDENTS.items():
        fires = 'alertname="y", severity="P3", service="preflight", env="paper"'
        series = {'alert_relay_incident_begin_timestamp_seconds{alertname="x", incident="1", %s}' % labels: 60}
        for alert in (fires, *(['alertname="x", severity="%s", env="paper", exchange="b"' % row[0]] if row else [])):
            series.update({'ALERTS{%s, alertstate="firing"}' % alert: 1, "ALERTS_FOR_STATE{%s}" % alert: 30})
        wanted = [{"labels": '{alertname="y", severity="P3", see="arbwatch-preflight"}', "value": 30000}]
        if row:
            labels_of_row = '{alertname="x", severity="%s", what="%s", see="arbwatch-%s", held="%s", rank="%d"}' % row
            wanted.append({"labels": labels_of_row, "value": 60000})
        test = rule_test("incident: %s" % labels, series, variables, [(found["overview", "Alerts", "A"], None, None)])
        test["promql_expr_test"][0]["exp_samples"] = wanted
        tests.append(test)
    for values, lines in LIMIT_LINES:
        series = {'arbwatch:limit:exchange_latency_seconds{env="paper", exchange="%s"}' % each: value for each, value in zip("ab", values)}
        series['arbwatch:limit:exchange_latency_seconds{env="live", exchange="a"}'] = 9
        series['arbitrage_exchange_request_duration_seconds_count{env="paper", exchange="a"}'] = 1
        test = rule_test("limits %d and %d" % values, series, variables, [(found["exchanges", "Latency, p95", "B"], None, None)])
        test["promql_expr_test"][0]["exp_samples"] = [{"labels": "{%s}" % each, "value": value} for each, value in lines.items()]
        tests.append(test)
    told = promtool("test", json.dumps({"rule_files": [], "evaluation_interval": "1h", "tests": tests}))
    check("the boards draw limits and list alerts as they should", not told, told)


def known_metrics(programs):
    if not programs:
        return
    known, labels = set().union(*EXPORTERS.values()), {}
    for program in programs:
        for line in listed_metrics(program):
            name, kind, names, _ = line.split("\t")
            family = {name + end for end in ("_bucket", "_count", "_sum")} if kind == "histogram" else {name}
            known |= family
            for each in family:
                labels.setdefault(each, set()).update(names.split(","), {"le"} if kind == "histogram" else ())
    for name, panel, target in queries():
        where = "%s/%s" % (name, panel["title"])
        for metric in metric_names(target["expr"]):
            check("%s: %s exists" % (where, metric), metric in known)
            for selector in re.findall(r"\b%s\{([^{}]*)\}" % metric, target["expr"]):
                for label in re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', selector):
                    check("%s: %s has a label %s" % (where, metric, label), label in labels.get(metric, {label}))
    for name, board in boards().items():
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                metric = re.match(r"label_values\((\w+)", variable["query"]["query"])
                check("%s: variable %s is of a metric that exists" % (name, variable["name"]),
                      metric is None or metric.group(1) in known)


def alerts_lead_to_boards():
    """The dashboard_url of each alert: a board and its variables."""
    variables = {board["uid"]: {each["name"] for each in board["templating"]["list"]} for board in boards().values()}
    for path in (ROOT / "prometheus/rules").glob("*.yml"):
        for uid, query in set(re.findall(r"\}/d/([\w-]+)([^'\n]*)", path.read_text())):
            given = set(re.findall(r"[?&]var-(\w+)=", query))
            check("%s: /d/%s%s leads to a board with these variables" % (path.name, uid, query),
                  uid in variables and given <= variables[uid])


def provisioning():
    """What can be seen without a YAML parser."""
    source = (BOARDS / "provisioning/datasources/prometheus.yml").read_text()
    history = (BOARDS / "provisioning/datasources/history.yml").read_text()
    provider = (BOARDS / "provisioning/dashboards/arbwatch.yml").read_text()
    scraped = re.search(r"^  scrape_interval: (\S+)", (ROOT / "prometheus/prometheus.yml").read_text(), re.M).group(1)
    for text in (source, history, provider):
        check("provisioning: version", re.search(r"^apiVersion: 1$", text, re.M))
    check("provisioning: the datasource's uid", re.search(r"^    uid: prometheus$", source, re.M))
    check("provisioning: the history's uid, and no password", re.search(r"^    uid: %s$" % HISTORY["uid"], history, re.M)
          and re.findall(r"password: (\S+)", history) == ["$__file{/run/secrets/grafana/history_password}"])
    check("provisioning: its interval is that of prometheus.yml", "timeInterval: %s " % scraped in source, scraped)
    check("provisioning: nothing is changed in the browser", "allowUiUpdates: false" in provider)
    for board in boards().values():
        current = [each["current"]["value"] for each in board["templating"]["list"] if each["type"] == "datasource"]
        check("%s: starts with the provisioned datasource" % board["title"], current == ["prometheus"])


# Against a Prometheus, and the history

MACROS = {
    r"\$__timeFilter\(([^()]*)\)": r"\1 BETWEEN now() - interval '1 hour' AND now()",
    r"\$__timeGroupAlias\(([^(),]*), \$__interval(?:, 0)?\)": r'floor(extract(epoch FROM \1) / 5) * 5 AS "time"',
}


def rows(connection, target, variables):
    """The rows of a query as Grafana's user gets them: a list of (its columns that are not NULL, 1)."""
    text = target["rawSql"]
    for macro, meaning in MACROS.items():
        text = re.sub(macro, meaning, text)
    text = substituted(text, variables)
    if "$" in text:
        raise ValueError("a macro is not known: " + text)
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE " + READER)
        cursor.execute("SET default_transaction_read_only = on")
        cursor.execute(text)
        names = [each[0] for each in cursor.description]
        found = [{name: str(value) for name, value in zip(names, row) if value is not None} for row in cursor.fetchall()]
    return [(row, 1.0) for row in found if row]


def connected(dsn):
    import psycopg2
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    return connection



def get(base, path, **arguments):
    data = urllib.parse.urlencode(arguments).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(base.rstrip("/") + "/api/v1/" + path, data, timeout=20) as answer:
            return json.load(answer)["data"]["result"]
    except urllib.error.HTTPError as error:
        raise ValueError(json.load(error).get("error", "no reason")) from error


def variable_values(base, board, rate_interval):
    """As Grafana would have them at the start: all of a list, or the first."""
    values = {}
    for variable in board["templating"]["list"]:
        if variable["type"] == "custom":
            values[variable["name"]] = variable["current"]["value"]
        if variable["type"] != "query":
            continue
        selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"]).groups()
        found = get(base, "query", query="count by (%s) (%s)" % (label, substituted(selector, values, rate_interval)))
        texts = sorted((each["metric"].get(label, "") for each in found), reverse=variable["sort"] == 2)
        if not variable["multi"]:
            values[variable["name"]] = texts[0] if texts else ""
        else:
            values[variable["name"]] = variable.get("allValue") or "|".join(map(re.escape, texts)).replace("\\", "\\\\")
    return values


def ask(base, panel, target, variables, rate_interval, history=None):
    """The values of a query as Grafana would ask it: a list of (labels, newest value)."""
    if target["datasource"] == HISTORY:
        try:
            return rows(history, target, variables)
        except history.Error as error:
            raise ValueError(str(error)) from error
    expression = substituted(target["expr"], variables, rate_interval)
    if target["instant"]:
        found = get(base, "query", query=expression)
        return [(each["metric"], float(each["value"][1])) for each in found]
    now = time.time()
    found = get(base, "query_range", query=expression, start=now - 60, end=now, step=5)
    return [(each["metric"], float(each["values"][-1][1])) for each in found]


def all_have_data(base, parts, only, wait, rate_interval, history):
    end = time.monotonic() + wait
    left = {(name, panel["title"], target["refId"]): (name, panel, target)
            for name, panel, target in queries(None if history and "history" in parts else DATASOURCE) if only in (None, name)}
    while left:
        problems = {}
        variables = {name: variable_values(base, board, rate_interval) for name, board in boards().items()}
        for key, (name, panel, target) in list(left.items()):
            may_be_empty = exception(name, panel, target)
            optional = may_be_empty == QUIET or may_be_empty in PARTS and may_be_empty not in parts
            try:
                series = ask(base, panel, target, variables[name], rate_interval, history)
                if any(not math.isnan(value) for _, value in series) or optional and not series:
                    del left[key]
                else:
                    problems[key] = "only NaN" if series else "no data"
            except (ValueError, OSError) as error:
                problems[key] = str(error)
            if key not in left:
                check("/".join(key), True)
        if not problems or time.monotonic() > end:
            break
        time.sleep(1)
    for key in left:
        check("/".join(key), False, problems[key])


def comparing(expression):
    """The same with a value, 0 or 1, of each comparison, so that it has series whether or not it holds."""
    pattern = r'("(?:[^"\\]|\\.)*"|\{[^{}]*\})|(==|!=|<=|>=|<|>)(?!\s*bool\b)'
    return re.sub(pattern, lambda found: found.group(1) or found.group(2) + " bool", expression)


def documented(base, path, wait):
    """The PromQL of the documentation: that of the runbook makes sense, and all other has data."""
    end = time.monotonic() + wait
    left = [line.rstrip("\n").split("\t") for line in open(path)]
    check("the documentation has PromQL", left)
    while left:
        problems = {}
        for place, expression in left:
            try:
                get(base, "query", query=expression)
                series = get(base, "query", query=comparing(expression))
                asks_about_a_fault = place.startswith("docs/runbook.md:")  # which need not be one of those that are here
                if not asks_about_a_fault and all(math.isnan(float(each["value"][1])) for each in series):
                    problems[place, expression] = "only NaN" if series else "no data"
                else:
                    check(expression, True)
            except (ValueError, OSError) as error:
                problems[place, expression] = str(error)
        left = list(problems)
        if not left or time.monotonic() > end:
            break
        time.sleep(1)
    for place, expression in left:
        check("%s: %s" % (place, expression), False, problems[place, expression])


def shown(base, name, title, rate_interval, history):
    board = boards()[name]
    variables = variable_values(base, board, rate_interval)
    (panel,) = [each for each in panels(board) if each["title"] == title]
    return ["\t".join((target["refId"], *("%s=%s" % item for item in sorted(labels.items())), "%g" % value))
            for target in panel["targets"] for labels, value in ask(base, panel, target, variables, rate_interval, history)]


def all_come(base, path, wait, rate_interval, history):
    end = time.monotonic() + wait
    left = [line.rstrip("\n").split("\t") for line in open(path)]
    check("something should come", left)
    while left:
        problems = []
        for wanted in left:
            what, name, title, pattern = wanted[:4]
            interval = wanted[4] if len(wanted) > 4 else rate_interval
            try:
                found = [each.replace("\t", " ") for each in shown(base, name, title, interval, history)]
            except (ValueError, OSError) as error:
                problems.append((wanted, str(error)))
                continue
            if any(re.fullmatch(pattern, each) for each in found) if pattern else not found:
                check(what, True)
            else:
                problems.append((wanted, "%s shows\n%s" % (title, "\n".join(found) or "nothing")))
        left = [wanted for wanted, _ in problems]
        if not left or time.monotonic() > end:
            break
        time.sleep(1)
    for wanted, problem in problems if left else ():
        check(wanted[0], False, problem)


# A service with the usual families


def service(port):
    from prometheus_client import Counter, Gauge, Histogram, start_http_server

    requests = Counter("http_requests_total", "Requests.", ["method", "status"])
    duration = Histogram("http_request_duration_seconds", "Time to answer.", ["method"])
    Gauge("websocket_connections", "Open connections.").set(7)
    Gauge("queue_length", "Jobs that wait.", ["queue"]).labels("orders").set(3)
    start_http_server(port, "127.0.0.1")
    for turn in itertools.count():
        requests.labels("GET", "500" if turn % 50 == 0 else "200").inc()
        duration.labels("GET").observe(0.02 + (turn % 20) / 100)
        time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", action="store_true")
    parser.add_argument("--broken", metavar="FILE")
    parser.add_argument("--prometheus", metavar="URL")
    parser.add_argument("--history", action="store_true")
    parser.add_argument("--has", action="append", default=[], choices=PARTS)
    parser.add_argument("--without", action="append", default=[], choices=PARTS)
    parser.add_argument("--only", metavar="BOARD")
    parser.add_argument("--wait", type=float, default=180)
    parser.add_argument("--rate-interval", default="1m")
    parser.add_argument("--show", nargs=2, metavar=("BOARD", "PANEL"))
    parser.add_argument("--come", metavar="FILE")
    parser.add_argument("--documented", metavar="FILE")
    parser.add_argument("--service", type=int, metavar="PORT")
    parser.add_argument("programs", nargs="*", help="with --rules and --broken")
    given = parser.parse_args()
    given.history = connected(os.environ["ARBWATCH_HISTORY"]) if given.history else None
    if given.service is not None:
        service(given.service)
    if given.show:
        print(*shown(given.prometheus, *given.show, given.rate_interval, given.history), sep="\n")
        return 0
    if given.rules:
        rules(given.programs)
    if given.broken:
        broken(given.broken, given.programs)
    if given.come:
        all_come(given.prometheus, given.come, given.wait, given.rate_interval, given.history)
    elif given.documented:
        documented(given.prometheus, given.documented, given.wait)
    elif given.prometheus:
        parts = ({part for part, there in PARTS.items() if there} | set(given.has)) - set(given.without)
        all_have_data(given.prometheus, parts, given.only, given.wait, given.rate_interval, given.history)
    print("%d passed, %d failed" % (passed, failed))
    return 0 if passed and not failed else 1


sys.exit(main())
