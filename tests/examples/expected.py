#!/usr/bin/python3
"""Whether a .prom file says what a bot has written, to the last digit: expected.py state|trades FILE.

Computes what it expects from Redis (REDIS_URL) or Postgres (POSTGRES_DSN), by docs/engine.md and not by our code.  Prints
one line for each difference.
"""

import decimal
import math
import os
import sys

import psycopg
import redis
from prometheus_client.parser import text_string_to_metric_families

PREFIX = "arbwatch:"
BOUNDS = "0.0001 0.00025 0.0005 0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 inf".split()
TIERS = "global exchange route symbol".split()
GUARD_STATES = "ok degrade cooldown block".split()
WORDS = {"run_state": "starting running paused stopping stopped halted", "universe_mode": "single fixed_list top_n full_market"}

# key, field, metric, labels: what is a number and stays one.
NUMBERS = """
engine heartbeat_at heartbeat_timestamp_seconds
engine started_at start_timestamp_seconds
engine restarts restarts_total
engine loop_lag loop_lag_seconds
engine errors errors_total
engine cpu_seconds cpu_seconds_total
engine memory_bytes memory_bytes
engine log_debug log_lines_total level=debug
engine log_info log_lines_total level=info
engine log_warning log_lines_total level=warning
engine log_error log_lines_total level=error
engine log_critical log_lines_total level=critical
inventory imbalance imbalance_ratio
inventory rebalances rebalances_total result=done
inventory rebalance_failures rebalances_total result=failed
inventory rebalance_failures_in_a_row rebalance_failures_in_a_row
inventory syncs inventory_syncs_total result=done
inventory sync_failures inventory_syncs_total result=failed
inventory synced_at inventory_synced_timestamp_seconds
universe symbols universe_symbols
universe changes universe_changes_total
snapshots saved snapshots_total result=saved
snapshots failed snapshots_total result=failed
snapshots restored snapshots_total result=restored
snapshots saved_at snapshot_saved_timestamp_seconds
tuning done tuning_runs_done
tuning planned tuning_runs_planned
tuning best_score tuning_best_score
feed connected feed_connected
feed message_at feed_last_message_timestamp_seconds
feed messages feed_messages_total
feed reconnects feed_reconnects_total
feed gaps feed_gaps_total
guard triggers guard_triggers_total
limit:daily_loss value daily_loss
limit:daily_loss limit daily_loss_limit
limit:exposure value exposure
limit:exposure limit exposure_limit
route score route_score
route spread route_score_part part=spread
route health route_score_part part=health
route fee route_score_part part=fee
route inventory route_score_part part=inventory
symbol updated_at symbol_updated_timestamp_seconds
orders sent orders_total status=sent
orders filled orders_total status=filled
orders rejected orders_total status=rejected
orders unknown orders_total status=unknown
"""


class Wanted(dict):
    def __init__(self, system, **labels):
        super().__init__()
        self.system, self.labels = system, {"engine": "main", "env": "paper", **labels}

    def add(self, metric, value, /, **labels):
        self["arbitrage_%s_%s" % (self.system, metric), frozenset({**self.labels, **labels}.items())] = float(value)

    def histogram(self, metric, counts, total, /, **labels):
        so_far = 0
        for bound, count in counts:
            so_far += count
            self.add(metric + "_bucket", so_far, le="+Inf" if bound == "inf" else bound, **labels)
        self.add(metric + "_sum", total, **labels)
        self.add(metric + "_count", so_far, **labels)


def labels_of(kind, rest, fields):
    """Of a key behind its prefix and kind."""
    if kind in ("feed", "orders"):
        return {"exchange": rest}
    if kind in ("route", "symbol"):
        return {kind: rest}
    if kind == "guard" or kind.startswith("limit"):
        tier, _, name = rest.partition(":")
        labels = {"tier": tier, "name": name}
        if kind != "guard":
            labels["currency"] = fields.get("currency", "USDT")
        return labels
    return {}


def state():
    wanted = Wanted("engine")
    client = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
    keys = {key[len(PREFIX):]: client.hgetall(key) for key in client.scan_iter(PREFIX + "*")}
    keys.pop("open_positions", None)
    wanted.add("up", 1)
    kinds = {}
    for key, fields in keys.items():
        kind, _, rest = key.partition(":")
        kinds.setdefault(kind, []).append((rest, fields))
        if kind == "limit":
            tier = rest.split(":", 1)
            kind, rest = "limit:" + tier[0], tier[1]
        labels = labels_of(kind, rest, fields)
        for line in NUMBERS.split("\n"):
            words = line.split()
            if words and words[0] == kind and words[1] in fields:
                wanted.add(words[2], fields[words[1]], **labels, **dict(word.split("=") for word in words[3:]))
        if "sum_us" in fields:
            name = "loop_duration_seconds" if kind == "loop" else "feed_latency_seconds"
            wanted.histogram(name, [(bound, int(fields.get("le_" + bound, 0))) for bound in BOUNDS],
                             int(fields["sum_us"]) / 1e6, **labels)
        if kind == "guard":
            wanted.add("guard_state", GUARD_STATES.index(fields["state"]), **labels)
            if fields["state"] != "ok" and fields.get("reason"):
                wanted.add("guard_reason", 1, reason=fields["reason"], **labels)
        if kind == "route":
            wanted.add("route_trading", fields["decision"] == "trade", **labels)
    for name, key, field, label in ("run_state", "engine", "state", "state"), ("universe_mode", "universe", "mode", "mode"):
        for word in WORDS[name].split():
            wanted.add(name, keys[key][field] == word, **{label: word})
    for kind in "feed guard limit route symbol orders".split():
        for name in "entries", "entries_dropped", "entries_stale", "entries_faulty":
            wanted.add(name, len(kinds[kind]) if name == "entries" else 0, kind=kind)
    for tier in TIERS:
        for word in GUARD_STATES:
            wanted.add("guards", sum(rest.split(":")[0] == tier and fields["state"] == word for rest, fields in kinds["guard"]),
                       tier=tier, state=word)
    for word in "trade", "skip":
        wanted.add("routes", sum(fields["decision"] == word for _, fields in kinds["route"]), decision=word)
    return wanted


def scopes(trades):
    """Each scope with its name, currency and trades."""
    found = {}
    for trade in trades:
        for scope, name in ("total", ""), ("symbol", trade["symbol"]), ("route", trade["route"]):
            if name is not None:
                found.setdefault((scope, name, trade["currency"]), []).append(trade)
    return found.items()


def average(values):
    return sum(values, decimal.Decimal(0)) / len(values)


def trades():
    """The window `all`, without what depends on the time of the run; tests/engine has the formulas of the rest."""
    wanted = Wanted("kpi")
    database = psycopg.connect(os.environ["POSTGRES_DSN"], row_factory=psycopg.rows.dict_row)
    rows = database.execute("SELECT symbol, route, currency, pnl, fees, funding, round(leg_gap::numeric, 6) AS leg_gap, slippage::numeric, "
                            "extract(epoch FROM closed_at - opened_at)::numeric AS duration FROM public.trades").fetchall()
    for (scope, name, currency), of in scopes(rows):
        labels = {"scope": scope, "name": name, "currency": currency, "window": "all"}
        wins = sum((trade["pnl"] for trade in of if trade["pnl"] > 0), decimal.Decimal(0))
        losses = -sum((trade["pnl"] for trade in of if trade["pnl"] < 0), decimal.Decimal(0))
        wanted.add("pnl", wins - losses, **labels)
        wanted.add("fees", sum(trade["fees"] for trade in of), **labels)
        wanted.add("funding", sum(trade["funding"] for trade in of), **labels)
        wanted.add("trades", len(of), **labels)
        wanted.add("win_ratio", sum(trade["pnl"] > 0 for trade in of) / len(of), **labels)
        wanted.add("profit_factor", wins / losses if losses else math.inf, **labels)
        wanted.add("expectancy", average([trade["pnl"] for trade in of]), **labels)
        for column, metric in ("duration", "trade_duration_%s_seconds"), ("leg_gap", "leg_gap_%s_seconds"), ("slippage", "slippage_%s_ratio"):
            wanted.add(metric % "average", average([trade[column] for trade in of]), **labels)
            wanted.add(metric.rsplit("%")[0] + "observations", len(of), **labels)
    for row in database.execute("SELECT DISTINCT ON (currency) currency, equity FROM public.equity ORDER BY currency, at DESC"):
        wanted.add("equity", row["equity"], currency=row["currency"])
    for row in database.execute("SELECT currency, count(*) AS count FROM public.equity GROUP BY currency"):
        wanted.add("equity_observations", row["count"], window="all", currency=row["currency"])
    return wanted


def main():
    wanted = {"state": state, "trades": trades}[sys.argv[1]]()
    found = {}
    with open(sys.argv[2], encoding="utf-8") as file:
        for family in text_string_to_metric_families(file.read()):
            for sample in family.samples:
                found[sample.name, frozenset(sample.labels.items())] = sample.value
    for key, value in sorted(wanted.items(), key=str):
        got = found.get(key)
        if got is None or not (got == value or sys.argv[1] == "trades" and math.isclose(got, value, rel_tol=1e-12)):
            print(key[0], dict(key[1]), "is", got, "and should be", value)
    if sys.argv[1] == "state":
        own = ("arbitrage_engine_read", "arbitrage_engine_failures")  # of the collector itself
        for key in sorted(set(found) - set(wanted), key=str):
            if key[0].startswith("arbitrage_engine_") and not key[0].startswith(own):
                print(key[0], dict(key[1]), "is", found[key], "and was not written")
    if not wanted:
        print("there is nothing to expect")


main()
