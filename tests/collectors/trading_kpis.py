"""trading_kpis.py DSN PROGRAM READER_DSN: fill the tables with random trades, equity, cash flows and rates, run the program at
several times of the day and of the year, and compare all that it prints with what is computed here: from each row for itself,
with whole numbers, fractions and statistics, where the program adds up sums of sums.  Prints for each time "ok" or what differs.

Money is in units of 1e-18 and time in microseconds: whole numbers, which are exact."""
import math
import os
import random
import re
import statistics
import subprocess
import sys
from bisect import bisect_left, bisect_right
from collections import namedtuple
from datetime import datetime, timedelta, timezone
from decimal import Decimal, getcontext
from fractions import Fraction
from io import StringIO
from zoneinfo import ZoneInfo

import psycopg2

getcontext().prec = 40
TRADES, NAMES_MAX, RATE_MAX_AGE = 100000, 6, 3600
UNIT, SECOND = 10**18, 10**6
WINDOWS = ("today", "24h", "7d", "30d", "all")
REASONS = ("incomplete", "not_finite", "too_large", "future", "order", "negative", "duplicate")
NOT_FINITE = ("NaN", "Infinity", "-Infinity")

# The clock, the time zone, the age of the rate of KRW.  Berlin has 23 hours on 29 March and 25 on 25 October.
CASES = {
    "a day of 23 hours": ("2026-03-29 12:00:00", "Europe/Berlin", 3600),
    "the last second of a day": ("2026-05-10 21:59:59", "Europe/Berlin", 3601),
    "the first second of a day": ("2026-05-10 22:00:00", "Europe/Berlin", 60),
    "a day of 25 hours": ("2026-10-25 22:30:00", "Europe/Berlin", None),
    "a day that begins on the half hour": ("2026-08-01 18:45:00", "Asia/Kolkata", 60),
}


def unix(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


FIRST, LAST = unix("2026-02-01 00:00:00"), unix("2026-10-26 00:00:00")
Trade = namedtuple("Trade", "id symbol route currency opened closed pnl fees funding leg_gap slippage")


def faulty(pick, trade):
    """One thing is wrong with it."""
    return trade._replace(**pick.choice((
        {"pnl": None}, {"currency": None}, {"symbol": ""}, {"pnl": pick.choice(NOT_FINITE)}, {"fees": "NaN"},
        {"slippage": "-Infinity"}, {"opened": trade.closed + 1}, {"leg_gap": -UNIT // 1000}, {"pnl": UNIT * 10**18})))


def make_trades(pick):
    edges = [unix(now) - back for now, _, _ in CASES.values() for back in (0, 86400, 7 * 86400, 30 * 86400, -60)]
    edges += [unix("2026-03-28 23:00:00"), unix("2026-10-24 22:00:00"), unix("2026-05-10 22:00:00")]
    edges = [edge * SECOND + step for edge in edges for step in (0, 1, -1)]
    trades = []
    for number in range(TRADES):
        currency = pick.choices(("USDT", "KRW", "BTC"), (60, 30, 10))[0]
        digits = {"USDT": 8, "KRW": 2, "BTC": 18}[currency]
        closed = edges[number] if number < len(edges) else int((FIRST + pick.random() * (LAST - FIRST)) * 1000) * 1000
        trade = Trade(
            f"t{number}", f"S{pick.randrange(9)}/{currency}", f"r{pick.randrange(14)}" if pick.random() < 0.8 else None, currency,
            closed - int(math.exp(pick.gauss(1, 2.5)) * SECOND) if pick.random() < 0.9 else None, closed,
            pick.choice((1, 1, 1, -1, -1, 0)) * pick.randrange(10 ** (digits + 2)) * 10 ** (18 - digits),
            pick.randrange(10**6) * 10**11 if currency != "BTC" or pick.random() < 0.5 else None,
            pick.randrange(-(10**6), 10**6) * 10**11 if currency == "KRW" else None,
            pick.randrange(5000) * 10**15 if pick.random() < 0.7 else None,
            pick.randrange(-70, 150) * 10**14 if pick.random() < 0.6 else None)
        trades.append(faulty(pick, trade) if number >= len(edges) and pick.random() < 0.01 else trade)
        if pick.random() < 0.002:
            trades.append(trades[-1])
    trades.sort(key=lambda trade: trade.closed)
    return trades


def make_equity(pick):
    """Snapshots and cash flows of each currency; of KRW there are none for some days, EUR has always the same."""
    snapshots, flows = [], []
    for currency, every in (("USDT", 3600), ("KRW", 7200), ("BTC", 14400), ("EUR", 43200)):
        at, value = (FIRST + pick.randrange(9 * 86400)) * SECOND, 1000 * UNIT
        while at < LAST * SECOND:
            if currency != "EUR":
                value = int(value * (1 + pick.gauss(0.00002, 0.002))) // 10**9 * 10**9
                amount = pick.randrange(-300, 900) * UNIT
                if pick.random() < 0.005 and value + amount > 100 * UNIT:
                    value += amount
                    # At the same moment as the snapshot, or before it.
                    flows.append((currency, at - pick.choice((0, 100 * SECOND)), amount))
            if not (currency == "KRW" and at // SECOND // 86400 % 5 < 2):
                snapshots.append((currency, at, value))
            at += every * SECOND + pick.randrange(200) * 1000
    for _ in range(50):
        snapshots.append(pick.choice(snapshots))
        snapshots.append(("USDT", pick.randrange(FIRST, LAST) * SECOND, pick.choice(NOT_FINITE + (None,))))
    flows.append(("USDT", FIRST * SECOND, "NaN"))
    return snapshots, flows


def stamp(time):
    return time and f"{datetime.fromtimestamp(time // SECOND, timezone.utc):%Y-%m-%d %H:%M:%S}.{time % SECOND:06d}+00"


def money(value):
    return f"{value}e-18" if isinstance(value, int) else value


def copy(cursor, table, rows):
    lines = ("\t".join("\\N" if value is None else value for value in row) + "\n" for row in rows)
    cursor.copy_expert(f"COPY {table} FROM STDIN", StringIO("".join(lines)))


def fill(connection, trades, snapshots, flows):
    with connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE trades, equity, cash_flows, rates")
        copy(cursor, "trades", ((*trade[:4], stamp(trade.opened), stamp(trade.closed), *map(money, trade[6:])) for trade in trades))
        # Still open: it counts nowhere.
        cursor.execute("INSERT INTO trades (id, symbol, currency, pnl) VALUES ('open', 'S0/USDT', 'USDT', 1)")
        copy(cursor, "equity", ((stamp(at), currency, money(value)) for currency, at, value in snapshots))
        copy(cursor, "cash_flows", ((stamp(at), currency, money(amount)) for currency, at, amount in flows))


class Expected:
    def __init__(self, now, zone):
        self.now, self.zone, self.counted = now, ZoneInfo(zone), []
        self.today = datetime.fromtimestamp(now, self.zone).date()
        midnight = datetime(self.today.year, self.today.month, self.today.day, tzinfo=self.zone).timestamp()
        self.began = {"today": int(midnight), "24h": now - 86400, "7d": now - 7 * 86400, "30d": now - 30 * 86400, "all": 0}
        self.series = {}

    def set(self, metric, value, /, **labels):
        labels |= {"engine": "main", "env": "paper"}
        self.series["arbitrage_kpi_" + metric, frozenset(labels.items())] = float(value)

    def since(self, window, rows, key):
        """Those of the sorted rows that are in the window."""
        return rows[bisect_left(rows, self.began[window] * SECOND, key=key):]


def reason_of(trade, latest, seen):
    if trade.pnl is None or not trade.symbol or not trade.currency:
        return "incomplete"
    if not all(number is None or isinstance(number, int) for number in trade[6:]):
        return "not_finite"
    if trade.pnl >= UNIT * 10**18:
        return "too_large"
    if trade.closed > latest:
        return "future"
    if trade.opened is not None and trade.opened > trade.closed:
        return "order"
    if trade.leg_gap is not None and trade.leg_gap < 0:
        return "negative"
    if trade.id in seen:
        return "duplicate"
    seen.add(trade.id)
    return None


def quantile95(ordered, bounds):
    rank, below, low = Fraction(95, 100) * len(ordered), 0, Fraction(0)
    for bound in map(Fraction, bounds):
        until = bisect_right(ordered, bound * SECOND)
        if until >= rank and until > below:
            return low + (bound - low) * (rank - below) / (until - below)
        below, low = until, bound
    return low


def expect_group(expected, trades, window, labels, bounds):
    labels = {**labels, "window": window}
    n, total = len(trades), sum(trade.pnl for trade in trades)
    began = expected.began[window] * SECOND if window != "all" else expected.counted[0].closed
    hours = Fraction(expected.now * SECOND - began, 3600 * SECOND)
    expected.set("trades", n, **labels)
    expected.set("pnl", Fraction(total, UNIT), **labels)
    if hours >= 1:
        expected.set("trades_per_hour", n / hours, **labels)
    if n == 0:
        return
    wins, losses = [t.pnl for t in trades if t.pnl > 0], [t.pnl for t in trades if t.pnl < 0]
    expected.set("win_ratio", Fraction(len(wins), n), **labels)
    if losses:
        expected.set("profit_factor", Fraction(sum(wins), -sum(losses)), **labels)
    elif wins:
        expected.set("profit_factor", math.inf, **labels)
    expected.set("expectancy", Fraction(total, UNIT * n), **labels)
    for name in ("fees", "funding"):
        told = [value for value in (getattr(trade, name) for trade in trades) if value is not None]
        if len(told) == n:
            expected.set(name, Fraction(sum(told), UNIT), **labels)
    durations = sorted(trade.closed - trade.opened for trade in trades if trade.opened is not None)
    for name, unit, values, scale in (
            ("trade_duration", "seconds", durations, SECOND),
            ("leg_gap", "seconds", [t.leg_gap for t in trades if t.leg_gap is not None], UNIT),
            ("slippage", "ratio", [t.slippage for t in trades if t.slippage is not None], UNIT)):
        expected.set(name + "_observations", len(values), **labels)
        if values:
            expected.set(f"{name}_average_{unit}", Fraction(sum(values), scale * len(values)), **labels)
    if durations:
        expected.set("trade_duration_p95_seconds", quantile95(durations, bounds), **labels)


def kept_names(groups, scope):
    """(name, currency) of the lowest pnl: first the lowest of each currency, then the second ones.  And how many others."""
    ranked = []
    for currency in {key[2] for key in groups if key[0] == scope}:
        order = sorted((sum(t.pnl for t in trades), key[1]) for key, trades in groups.items() if key[::2] == (scope, currency))
        ranked += [(rank, currency, name) for rank, (_, name) in enumerate(order)]
    ranked.sort()
    return {(name, currency) for _, currency, name in ranked[:NAMES_MAX]}, max(0, len(ranked) - NAMES_MAX)


def closing(trade):
    return trade.closed


def expect_trades(expected, trades, rate, bounds):
    counts, seen, groups = dict.fromkeys(REASONS, 0), set(), {}
    for trade in trades:
        reason = reason_of(trade, (expected.now + 60) * SECOND, seen)
        if reason:
            counts[reason] += 1
            continue
        expected.counted.append(trade)
        for scope, name in (("total", ""), ("symbol", trade.symbol), ("route", trade.route)):
            if name is not None:
                groups.setdefault((scope, name, trade.currency), []).append(trade)
    for reason in REASONS:
        expected.set("rejected_rows", counts[reason], view="trades", reason=reason)
    expected.set("last_trade_timestamp_seconds", Fraction(expected.counted[-1].closed, SECOND))
    kept = {"total": {("", currency) for currency in ("USDT", "KRW", "BTC")}}
    for scope in ("symbol", "route"):
        kept[scope], dropped = kept_names(groups, scope)
        expected.set("names_dropped", dropped, scope=scope)
    rates = {"USDT": Fraction(1), "KRW": rate, "BTC": None}
    for window in WINDOWS:
        for (scope, name, currency), all_trades in groups.items():
            inside = expected.since(window, all_trades, closing)
            if (name, currency) in kept[scope] and (inside or scope == "total"):
                expect_group(expected, inside, window, {"scope": scope, "name": name, "currency": currency}, bounds)
        for scope, name in {(scope, name) for scope, names in kept.items() for name, _ in names}:
            sums = {c: expected.since(window, groups.get((scope, name, c), []), closing) for c in rates}
            used = [currency for currency in rates if sums[currency]]
            if all(rates[currency] for currency in used) and (used or scope == "total"):
                value = sum(sum(trade.pnl for trade in sums[c]) * rates[c] for c in used) / UNIT
                expected.set("converted_pnl", value, scope=scope, name=name, window=window, currency="USDT")
    return sorted({key[2] for key in groups})


def expect_histograms(expected, found):
    """The bounds are those that are printed; what is in the buckets is counted here."""
    for currency in ("USDT", "KRW", "BTC"):
        trades = [trade for trade in expected.counted if trade.currency == currency]
        for metric, values, scale in (
                ("trade_duration_seconds", sorted(t.closed - t.opened for t in trades if t.opened is not None), SECOND),
                ("trade_slippage_ratio", sorted(t.slippage for t in trades if t.slippage is not None), UNIT)):
            for series, labels in found:
                labels = dict(labels)
                if series == f"arbitrage_kpi_{metric}_bucket" and labels["currency"] == currency:
                    bound = Decimal(labels["le"].replace("+Inf", "Infinity")) * scale
                    expected.set(metric + "_bucket", bisect_right(values, bound), currency=currency, le=labels["le"])
            expected.set(metric + "_count", len(values), currency=currency)
            expected.set(metric + "_sum", Fraction(sum(values), scale), currency=currency)


def expect_rates(expected, currencies, rate, age):
    for currency in currencies:
        if currency == "USDT":
            continue
        has = currency == "KRW" and age is not None
        expected.set("rate_missing", 0 if has and age <= RATE_MAX_AGE else 1, currency=currency, to="USDT")
        if has:
            expected.set("rate_timestamp_seconds", expected.now - age, currency=currency, to="USDT")
            if age <= RATE_MAX_AGE:
                expected.set("rate", rate, currency=currency, to="USDT")


def expect_equity(expected, snapshots, flows):
    for view, rows in (("equity", snapshots), ("cash_flows", flows)):
        counts, good = dict.fromkeys(REASONS, 0), {}
        for currency, at, value in rows:
            if value is None:
                counts["incomplete"] += 1
            elif not isinstance(value, int):
                counts["not_finite"] += 1
            elif at > (expected.now + 60) * SECOND:
                counts["future"] += 1
            elif (currency, at) in good:
                counts["duplicate"] += 1
            else:
                good[currency, at] = value
        for reason in REASONS:
            expected.set("rejected_rows", counts[reason], view=view, reason=reason)
        if view == "equity":
            courses = good
    for currency in {key[0] for key in courses}:
        expect_course(expected, currency, *(sorted((at, value) for (of, at), value in rows.items() if of == currency)
                                            for rows in (courses, good)))


def indexed(course, flows):
    """(at, index of growth, gain) of each snapshot: without deposits and withdrawals."""
    index, gain, before, result, next_flow = Decimal(1), 0, None, [], 0
    for at, value in course:
        flow = 0
        while next_flow < len(flows) and flows[next_flow][0] <= at:
            flow += flows[next_flow][1]
            next_flow += 1
        if before is not None:
            index *= Decimal(value - flow) / before
            gain += value - flow - before
        before = value
        result.append((at, index, gain))
    return result


def expect_course(expected, currency, course, flows):
    expected.set("equity", Fraction(course[-1][1], UNIT), currency=currency)
    expected.set("equity_timestamp_seconds", Fraction(course[-1][0], SECOND), currency=currency)
    course, last_of = indexed(course, flows), {}
    for at, index, _ in course:
        last_of[datetime.fromtimestamp(at // SECOND, expected.zone).date()] = index
    returns, day = [], min(last_of)
    last = last_of[day]
    while (day := day + timedelta(days=1)) < expected.today:
        returns.append(float(last_of.get(day, last) / last - 1))
        last = last_of.get(day, last)
    for window, days in zip(WINDOWS, (0, 1, 7, 30, len(returns))):
        labels = {"window": window, "currency": currency}
        inside = expected.since(window, course, lambda step: step[0])
        # The step before, with which the window begins.
        start = course[max(0, len(course) - len(inside) - 1):][:1]
        r = returns[max(0, len(returns) - days):]
        expected.set("return_observations", len(r), **labels)
        expected.set("equity_observations", len(inside), **labels)
        if inside:
            expect_falls(expected, start + inside, r, labels)


def expect_falls(expected, steps, returns, labels):
    peak, highest, fall, loss = steps[0][1], steps[0][2], Decimal(0), 0
    for _, index, gain in steps:
        peak, highest = max(peak, index), max(highest, gain)
        fall, loss = max(fall, 1 - index / peak), max(loss, highest - gain)
    expected.set("drawdown_ratio", 1 - steps[-1][1] / peak, **labels)
    expected.set("max_drawdown_ratio", fall, **labels)
    expected.set("max_drawdown", Fraction(loss, UNIT), **labels)
    expected.set("return_ratio", steps[-1][1] / steps[0][1] - 1, **labels)
    if len(returns) < 2:
        return
    mean, down = statistics.fmean(returns), math.sqrt(statistics.fmean(min(r, 0) ** 2 for r in returns))
    if statistics.stdev(returns) > 1e-12:
        expected.set("sharpe_ratio", mean / statistics.stdev(returns) * math.sqrt(365), **labels)
    if down > 1e-12:
        expected.set("sortino_ratio", mean / down * math.sqrt(365), **labels)
    if fall > Decimal("1e-12"):
        expected.set("calmar_ratio", (math.prod(1 + r for r in returns) ** (365 / len(returns)) - 1) / float(fall), **labels)


LINE = re.compile(r"^(arbitrage_kpi_\w+)\{(.*)\} (\S+)$")


def run(program, dsn, now, zone):
    environment = {**os.environ, "TZ": "UTC", "LD_PRELOAD": os.environ["FAKETIME_LIBRARY"], "FAKETIME": now,
                   "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    done = subprocess.run([program, "--engine.postgres", dsn, "--time-zone", zone, "--currency", "USDT", "--names.max", str(NAMES_MAX),
                           "--timeout", "30s", "--stdout"], env=environment, capture_output=True, text=True, check=False)
    found = {}
    for line in done.stdout.splitlines():
        match = LINE.match(line)
        if match:
            labels = frozenset(re.findall(r'(\w+)="([^"]*)"', match[2]))
            found[match[1], labels] = float(match[3])
    if done.returncode != 0 or not found:
        print(done.stderr)
    return found


MONEY = re.compile(r"_(pnl|fees|funding|expectancy|equity|rate|max_drawdown|trades|observations|count|bucket|rows|dropped|readable)$")


def differs(name, is_value, wanted):
    if is_value is None or wanted is None:
        return True
    if MONEY.search(name):
        return is_value != wanted
    return not (is_value == wanted or math.isclose(is_value, wanted, rel_tol=1e-9, abs_tol=1e-12))


def compare(case, found, expected):
    wrong = [key for key in found.keys() | expected.keys() if differs(key[0], found.get(key), expected.get(key))]
    for key in sorted(wrong, key=str)[:20]:
        print(f"{case}: {key[0]} {dict(sorted(key[1]))}: is {found.get(key)}, should be {expected.get(key)}")
    print(f"{case}: {'ok' if found and not wrong else f'{len(wrong)} of {len(found)} differ'}")


def main(dsn, program, reader):
    pick = random.Random(20260329)
    trades, (snapshots, flows) = make_trades(pick), make_equity(pick)
    # Else the views of the schema arbwatch, which has the name of the user, would come first.
    connection = psycopg2.connect(dsn, options="-c search_path=public")
    fill(connection, trades, snapshots, flows)
    rate = Fraction("0.000712345678901234")
    for case, (text, zone, age) in CASES.items():
        now = unix(text)
        with connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM rates")
            if age is not None:
                cursor.execute("INSERT INTO rates VALUES ('KRW', 'USDT', 0.000712345678901234, to_timestamp(%s))", (now - age,))
        found = run(program, reader, text, zone)
        bounds = sorted({Decimal(dict(labels)["le"]) for metric, labels in found
                         if metric == "arbitrage_kpi_trade_duration_seconds_bucket" and dict(labels)["le"] != "+Inf"})
        expected = Expected(now, zone)
        fresh = rate if age is not None and age <= RATE_MAX_AGE else None
        currencies = expect_trades(expected, trades, fresh, bounds)
        expect_histograms(expected, found)
        expect_rates(expected, currencies, rate, age)
        expect_equity(expected, snapshots, flows)
        for view in ("trades", "equity", "cash_flows", "rates"):
            expected.set("view_readable", 1, view=view)
        for reason in REASONS:
            expected.set("rejected_rows", 0, view="rates", reason=reason)
        compare(case, found, expected.series)


if __name__ == "__main__":
    main(*sys.argv[1:])
