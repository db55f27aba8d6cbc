#!/usr/bin/python3
"""Prints what read_trades must print, computed another way: row by row, with Decimal and zoneinfo.

trades.py ZONE NOW <rows: psql's unaligned rows "trades|...", "equity|..." and "flows|...", '~' for NULL
"""
import sys
from bisect import bisect_left
from collections import defaultdict
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, getcontext
from zoneinfo import ZoneInfo

getcontext().prec = 60
DURATIONS = [0.01, 0.025, 0.05, 0.1, 0.16, 0.25, 0.4, 0.63, 1, 1.6, 2.5, 4, 6.3, 10, 16, 25, 40, 63, 100, 160, 250, 400, 630, 1000,
             1600, 3600, 7200, 14400, 28800, 86400]
SLIPPAGES = [Decimal(x) for x in
             "-0.005 -0.002 -0.001 -0.0005 -0.0002 -0.0001 0 0.0001 0.0002 0.0005 0.001 0.002 0.005 0.01".split()]
US = 1000000
DAY = 86400 * US

zone, now = ZoneInfo(sys.argv[1]), int(Decimal(sys.argv[2]) * US)


def local_day(us):
    return datetime.fromtimestamp(us // US, zone).date()


# The first second of the day, wherever the clocks were put.
today = local_day(now)
midnight = now - now % US
while local_day(midnight - US) == today:
    midnight -= US * (3600 if local_day(midnight - 3600 * US) == today else
                      60 if local_day(midnight - 60 * US) == today else 1)
edges = [now - 30 * DAY, now - 7 * DAY, min(now - DAY, midnight), max(now - DAY, midnight)]


def segment(us):
    return sum(us >= edge for edge in edges)


def plain(number):
    text = format(number.normalize() if number else Decimal(0), "f")
    return text


def rows(kind):
    for line in lines:
        if line[0] == kind:
            yield [None if x == "~" else x for x in line[1:]]


def infinite(text):
    return text is not None and ("inf" in text.lower() or text == "NaN")


lines = [line.rstrip("\n").split("|") for line in sys.stdin]
rejected = defaultdict(list)


def trade_reason(row):
    trade, symbol, route, currency, opened, closed, *numbers = row
    if not trade or not symbol or not currency or route == "" or numbers[0] is None:
        return "incomplete"
    if any(infinite(x) for x in numbers + [opened]) or closed == "-infinity":
        return "not_finite"
    if any(x is not None and abs(Decimal(x)) >= Decimal("1e18") for x in numbers) or len(symbol) > 64:
        return "too_large"
    if closed == "infinity" or int(closed) > now + 60 * US:
        return "future"
    if opened is not None and int(opened) > int(closed):
        return "order"
    return "negative" if numbers[3] is not None and Decimal(numbers[3]) < 0 else None


good = defaultdict(list)
for row in rows("trades"):
    if row[5] is None:
        continue
    reason = trade_reason(row)
    if reason:
        when = "" if not row[5].isdigit() else datetime.fromtimestamp(int(row[5]) // US, timezone.utc).strftime("%F %T UTC")
        rejected["trades", reason].append(row[0] if row[0] else "closed " + when)
    else:
        good[row[0], int(row[5]) // DAY].append(row)
cells, slips = defaultdict(list), defaultdict(list)
times = []
for (trade, _), same in good.items():
    same.sort(key=lambda r: (int(r[5]), Decimal(r[6])))
    rejected["trades", "duplicate"] += [trade] * (len(same) - 1)
    _, symbol, route, currency, opened, closed, *numbers = same[0]
    numbers = [None if x is None else Decimal(x) for x in numbers]
    closed = int(closed)
    times.append(closed)
    value = numbers + [None if opened is None else Decimal(closed - int(opened)) / US]
    for scope, name in (("total", "-"), ("symbol", symbol), ("route", route)):
        if name is not None:
            cells[scope, name, currency, segment(closed)].append(value)
    if numbers[4] is not None:
        slips[currency].append(numbers[4])


def total(values, column):
    return sum((v[column] for v in values if v[column] is not None), Decimal(0))


def buckets(values, bounds):
    counts = defaultdict(int)
    for value in values:
        counts[bisect_left(bounds, value)] += 1
    return "".join(f" {i}:{n}" for i, n in sorted(counts.items()))


def stamp(us):
    return f"{us // US}.{us % US:06d}"


out = []
print("midnight", stamp(midnight), "today", (today - date(1970, 1, 1)).days, "trades",
      stamp(min(times)) if times else "-1.000000", "to", stamp(max(times)) if times else "-1.000000",
      "edges", *map(stamp, edges))
for (scope, name, currency, seg), values in cells.items():
    win = sum((v[0] for v in values if v[0] > 0), Decimal(0))
    loss = -sum((v[0] for v in values if v[0] < 0), Decimal(0))
    known = [sum(v[c] is not None for v in values) for c in (1, 2, 5, 3, 4)]
    sums = [win - loss, win, loss] + [total(values, c) for c in (1, 2, 5, 3, 4)]
    out.append(f"cell {scope} {name} {currency} {seg} n {len(values)} {sum(v[0] > 0 for v in values)} "
               f"{sum(v[0] < 0 for v in values)} known {' '.join(map(str, known))} {' '.join(map(plain, sums))}"
               + buckets([float(v[5]) for v in values if v[5] is not None], DURATIONS))
for currency, values in slips.items():
    out.append(f"slippage {currency} {len(values)} {plain(sum(values))}" + buckets(values, SLIPPAGES))

snapshots = defaultdict(dict)
for at, currency, equity in rows("equity"):
    when = "without a time" if at is None else \
        "" if not at.isdigit() else datetime.fromtimestamp(int(at) // US, timezone.utc).strftime("%F %T UTC")
    if at is None or not currency or equity is None:
        rejected["equity", "incomplete"].append(when)
    elif infinite(equity):
        rejected["equity", "not_finite"].append(when)
    elif int(at) > now + 60 * US:
        rejected["equity", "future"].append(when)
    elif int(at) in snapshots[currency]:
        rejected["equity", "duplicate"].append(when)
        snapshots[currency][int(at)] = min(snapshots[currency][int(at)], Decimal(equity))
    else:
        snapshots[currency][int(at)] = Decimal(equity)
flows = [(int(at), currency, Decimal(amount)) for at, currency, amount in rows("flows")]
for currency, series in snapshots.items():
    pieces = defaultdict(list)
    for at, equity in sorted(series.items()):
        step = sum(f[0] <= at and f[1] == currency for f in flows)
        pieces[step, segment(at), local_day(at)].append((at, equity))
    for (step, seg, day), piece in pieces.items():
        peak, fall, ratio = piece[0][1], Decimal(0), 0.0
        for _, equity in piece:
            fall = max(fall, peak - equity)
            ratio = max(ratio, float(peak - equity) / float(peak)) if peak > 0 else ratio
            peak = max(peak, equity)
        before = sum((f[2] for f in flows if f[0] <= piece[0][0] and f[1] == currency), Decimal(0))
        numbers = [before, piece[0][1], piece[-1][1], peak, min(e for _, e in piece), fall]
        out.append(f"piece {currency} {seg} {(day - date(1970, 1, 1)).days} {stamp(piece[0][0])} {stamp(piece[-1][0])} "
                   f"n {len(piece)} {' '.join(map(plain, numbers))} {ratio:.17g}")
for at, _, _ in flows:
    if at > now + 60 * US:
        rejected["cash_flows", "future"].append(datetime.fromtimestamp(at // US, timezone.utc).strftime("%F %T UTC"))
for (view, reason), examples in rejected.items():
    if examples:
        out.append(f"rejected {view} {reason} {len(examples)} {min(examples)}")
print("\n".join(sorted(out)))
