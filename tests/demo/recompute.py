#!/usr/bin/python3
"""Whether the books of paper_engine are right: recompute.py [--snapshot FILE] [--rules "NAME=LIMIT ..."] [--damage SQL]

Computes cash, coins, profit, fees, equity and exposure from the fills and the movements in PostgreSQL (POSTGRES_DSN) alone, by
docs/paper_engine.md and not by the engine's code, and compares them with what the engine wrote: into its trades, its rows of
equity and, with --snapshot, its state at the end.  With --rules it says which trades a guard should have kept from being opened.
Prints one line for each difference, and the figures as JSON.  Ends with
status 1 if there is a difference, or nothing to compare.
"""

import argparse
import datetime
import json
import os
import sys
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal, getcontext

import psycopg2
import psycopg2.extras

VENUES = ("binance", "upbit")
EPOCH = datetime.date(1970, 1, 1)
UNIT = Decimal("0.00000001")
ZERO = Decimal(0)
getcontext().prec = 60


def rounded(number):
    return number.quantize(UNIT, rounding=ROUND_HALF_UP)


class Ledger:
    """Sums of fills and movements, in the order of their ids."""

    def __init__(self, cash, fees):
        self.fee_of = fees
        self.wrong = []
        self.equity = self.highest = 2 * cash
        self.cash = dict.fromkeys(VENUES, ZERO)
        self.coins, self.moved, self.price = (defaultdict(lambda: dict.fromkeys(VENUES, ZERO)) for _ in range(3))
        self.pnl, self.fees = ZERO, ZERO
        self.daily = defaultdict(Decimal)  # pnl, by day, and by day and exchange that sold
        self.losses = defaultdict(int)  # in a row, by route
        self.lost_at, self.closed_at = {}, {}  # by route: the last loss, and the last trade
        self.changes = []  # of equity: when, and by how much

    def same(self, what, found, wanted):
        if found != wanted:
            self.wrong.append(f"{what} is {found}, and should be {wanted}")

    def changed(self, at, amount):
        self.equity += amount
        self.highest = max(self.highest, self.equity)
        self.changes.append((at, amount))

    def movement(self, row):
        asset, name = row["asset"], f"{row['kind']} {row['id']} of {row['asset']}"
        for venue in VENUES:
            self.cash[venue] += row["cash_" + venue]
            if asset == "USDT":
                self.same(f"coins at {venue} in {name}", row["coins_" + venue], ZERO)
            else:
                self.coins[asset][venue] += row["coins_" + venue]
                self.moved[asset][venue] = ZERO
        self.changed(row["at"], -row["fee"])
        if row["kind"] == "rebalance":
            self.same(f"sum of coins of {name}", row["coins_binance"] + row["coins_upbit"], ZERO)
            if asset != "USDT":
                self.same(f"cash of {name}", (row["cash_binance"], row["cash_upbit"]), (-row["fee"], ZERO))
            return
        self.same(f"fee of {name}", row["fee"], ZERO)
        if asset == "USDT":
            self.same(f"id and cash of {name}", (row["id"], row["cash_binance"]), (1, self.equity / 2))
        if row["coins_binance"] < 0 or row["coins_upbit"] < 0:
            for venue in VENUES:
                self.same(f"coins left at {venue} after {name}", self.coins[asset][venue], ZERO)
            del self.coins[asset], self.moved[asset]
            self.price.pop(asset, None)
            self.losses = defaultdict(int, ((r, n) for r, n in self.losses.items() if r.split(":")[1] + "/USDT" != asset))

    def fill(self, trade, row):
        venue, sign = row["exchange"], 1 if row["side"] == "buy" else -1
        name, symbol = f"fill {row['number']} of trade {trade['id']}", trade["symbol"]
        self.same(f"fee of {name}", row["fee"], rounded(row["value"] * self.fee_of[venue]))
        if venue == "binance":
            self.same(f"rate of {name}", row["rate"], Decimal(1))
        if not trade["opened_at"] <= row["at"] <= trade["closed_at"]:
            self.wrong.append(f"{name} is not within its trade")
        self.cash[venue] -= sign * row["value"] + row["fee"]
        self.coins[symbol][venue] += sign * row["quantity"]
        self.moved[symbol][venue] += sign * row["quantity"]
        self.price[symbol][venue] = rounded(rounded(row["value"] / row["rate"]) / row["quantity"])
        return -sign * rounded(row["value"] / row["rate"]), rounded(row["fee"] / row["rate"]), sign * row["quantity"]

    def trade(self, row, fills):
        name = f"trade {row['id']}"
        buys, sells = row["route"].split(":")[0].split("-")
        worth = [self.fill(row, fill) for fill in fills]
        self.same(f"number of fills of {name}", [fill["number"] for fill in fills], list(range(1, len(fills) + 1)))
        self.same(f"coins left of {name}", sum(coins for _, _, coins in worth), ZERO)
        self.same(f"symbol of {name}", row["symbol"], row["route"].split(":")[1] + "/USDT")
        for fill in fills:
            side = {buys: "buy", sells: "sell"}[fill["exchange"]]
            if fill["leg"] == "unwind":
                side = "sell" if side == "buy" else "buy"
            self.same(f"side of fill {fill['number']} of {name}", fill["side"], side)
        fees = sum(fee for _, fee, _ in worth)
        pnl = sum(value for value, _, _ in worth) - fees
        self.same(f"pnl of {name}", row["pnl"], pnl)
        self.same(f"fees of {name}", row["fees"], fees)
        self.same(f"opening of {name}", row["opened_at"], min(fill["at"] for fill in fills))
        self.same(f"closing of {name}", row["closed_at"], max(fill["at"] for fill in fills))
        self.pnl += pnl
        self.fees += fees
        day = row["closed_at"].astimezone(datetime.timezone.utc).date()
        self.daily[day] += pnl
        self.daily[day, sells] += pnl
        self.losses[row["route"]] = self.losses[row["route"]] + 1 if pnl < 0 else 0
        self.closed_at[row["route"]] = row["closed_at"]
        if pnl < 0:
            self.lost_at[row["route"]] = row["closed_at"]
        self.changed(row["closed_at"], pnl)

    def exposure(self, symbol):
        return max(rounded(abs(self.moved[symbol][venue]) * self.price[symbol][venue]) for venue in VENUES)


def read(dsn, damage):
    connection = psycopg2.connect(dsn)
    with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        if damage:
            cursor.execute(damage)
        tables = {}
        for table, order in (("trades", "id"), ("paper_fills", "trade_id, number"), ("paper_movements", "id"), ("equity", "at")):
            cursor.execute(f"SELECT * FROM public.{table} ORDER BY {order}")
            tables[table] = cursor.fetchall()
    connection.close()  # without a commit
    return tables


def reasons(ledger, trade, rules):
    """The guards that speak against a trade, at the moment at which it was opened."""
    route, symbol, day = trade["route"], trade["symbol"], trade["opened_at"].astimezone(datetime.timezone.utc).date()
    equity, exposure, coins = ledger.equity, ledger.exposure, ledger.coins[symbol].values()
    cooldown = datetime.timedelta(seconds=float(rules.get("cooldown", 20)))
    since = {what: trade["opened_at"] - at[route] if route in at else 99 * cooldown
             for what, at in (("loss", ledger.lost_at), ("trade", ledger.closed_at))}
    losses = ledger.losses[route]
    found = {
        "cooldown": lambda limit: since["trade"] < cooldown,
        "losses": lambda limit: losses > 0 and losses % limit == 0 and since["loss"] < 6 * cooldown,
        "daily-loss": lambda limit: -ledger.daily[day] >= limit,
        "daily-loss-exchange": lambda limit: any(-ledger.daily[day, venue] >= limit for venue in VENUES),
        "exposure": lambda limit: sum(exposure(name) for name in list(ledger.coins)) > limit,
        "exposure-symbol": lambda limit: exposure(symbol) > limit * equity,
        "drawdown": lambda limit: ledger.highest - equity > limit * ledger.highest,
        "imbalance": lambda limit: max(coins) - min(coins) > limit * sum(coins),
    }
    return [name for name, limit in rules.items() if found[name](limit)]


def replay(tables, ledger, rules):
    fills = defaultdict(list)
    for row in tables["paper_fills"]:
        fills[row["trade_id"]].append(row)
    records = sorted(tables["trades"] + tables["paper_movements"], key=lambda row: row["id"])
    ledger.same("list of ids", [row["id"] for row in records], list(range(1, len(records) + 1)))
    ledger.same("fills without a trade", set(fills) - {row["id"] for row in tables["trades"]}, set())
    ledger.last_id = len(records)
    opened = sorted(tables["trades"], key=lambda row: row["opened_at"], reverse=True)
    for row in records:
        while opened and opened[-1]["opened_at"] < row.get("closed_at", row.get("at")):
            trade = opened.pop()
            ledger.wrong += [f"trade {trade['id']} was opened in spite of {rule}" for rule in reasons(ledger, trade, rules)]
        if "pnl" in row:
            ledger.trade(row, fills[row["id"]])
        else:
            ledger.movement(row)


def compare_equity(rows, ledger, start):
    """Each row is what trades and movements up to its time sum up to."""
    ledger.changes.sort(key=lambda change: change[0])
    equity, done = start, 0
    for row in rows:
        while done < len(ledger.changes) and ledger.changes[done][0] <= row["at"]:
            equity += ledger.changes[done][1]
            done += 1
        ledger.same(f"equity of {row['at']}", row["equity"], equity)


def amount(units):
    """Of the engine's state: whole numbers of 10^-8."""
    return Decimal(units) * UNIT


def pending_exposure(saved):
    """What a trade under way has still to sell or to buy, at the price of its first leg.  It is not in the ledger yet."""
    if not saved["pending"]:
        return ZERO
    first = saved["fills"][0]
    price = rounded(rounded(amount(first["value"]) / amount(first["rate"])) / amount(first["quantity"]))
    return rounded(amount(saved["left"]) * price)


def compare_state(path, ledger):
    """The engine's own state, as it was saved: one line for the engine, one for each symbol."""
    with open(path, encoding="utf-8") as file:
        state = {name: json.loads(text) for name, text in (line.split(" ", 1) for line in file)}
    engine = state.pop("engine")
    exposure = ZERO
    day = EPOCH + datetime.timedelta(days=engine["day"])
    for venue, saved in zip(VENUES, engine["exchanges"]):
        ledger.same(f"cash at {venue}", amount(saved["cash"]), ledger.cash[venue])
        ledger.same(f"pnl of the day at {venue}", amount(saved["daily_pnl"]), ledger.daily[day, venue])
    ledger.same("pnl of the day", amount(engine["daily_pnl"]), ledger.daily[day])
    for symbol, saved in state.items():
        for index, venue in enumerate(VENUES):
            for what in "coins", "moved", "price":
                ledger.same(f"{what} of {symbol} at {venue}", amount(saved[what][index]), getattr(ledger, what)[symbol][venue])
            route = f"{venue}-{VENUES[1 - index]}:{symbol.split('/')[0]}"
            ledger.same(f"losses in a row of {route}", saved["routes"][index]["losses"], ledger.losses[route])
        own = ledger.exposure(symbol) + pending_exposure(saved)
        ledger.same(f"exposure of {symbol}", amount(saved["exposure"]), own)
        exposure += own
    ledger.same("symbols with coins", {name for name in ledger.coins if any(ledger.coins[name].values())} - set(state), set())
    for what, found in (("exposure", exposure), ("equity", ledger.equity), ("highest_equity", ledger.highest)):
        ledger.same(what, amount(engine[what]), found)
    ledger.same("id of the last record", engine["last_id"], ledger.last_id)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cash", type=Decimal, default=Decimal(250000))
    parser.add_argument("--fee-binance", type=Decimal, default=Decimal("0.001"))
    parser.add_argument("--fee-upbit", type=Decimal, default=Decimal("0.0005"))
    parser.add_argument("--snapshot", metavar="FILE")
    parser.add_argument("--rules", metavar="NAME=LIMIT ...", default="", help="as the flags --limit.NAME, and cooldown")
    parser.add_argument("--damage", metavar="SQL", help="do this first, and leave the database as it was")
    return parser.parse_args()


def main():
    args = arguments()
    ledger = Ledger(args.cash, {"binance": args.fee_binance, "upbit": args.fee_upbit})
    tables = read(os.environ["POSTGRES_DSN"], args.damage)
    rules = dict(rule.split("=") for rule in args.rules.split())
    replay(tables, ledger, {name: Decimal(limit) for name, limit in rules.items()})
    compare_equity(tables["equity"], ledger, 2 * args.cash)
    if args.snapshot:
        compare_state(args.snapshot, ledger)
    for line in ledger.wrong:
        print(line)
    figures = {"trades": len(tables["trades"]), "movements": len(tables["paper_movements"]), "equities": len(tables["equity"])}
    for what in "pnl", "fees", "equity":
        figures[what] = str(getattr(ledger, what))
    print(json.dumps(figures))
    return 1 if ledger.wrong or not tables["trades"] else 0


if __name__ == "__main__":
    sys.exit(main())
