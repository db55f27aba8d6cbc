#!/usr/bin/python3
"""An example bot that trades on paper against prices it makes up, and keeps the whole contract of docs/engine.md.

The class Engine is what a bot needs to tell arbwatch how it is: copy it.  The rest only has something to tell.
Needs redis-py and psycopg (Debian: python3-redis, python3-psycopg); REDIS_URL and POSTGRES_DSN (tables of
sql/example_trading.sql) say where to write.
"""

import argparse, bisect, logging, os, random, resource, signal, threading, time
from collections import defaultdict
from decimal import Decimal

import psycopg, redis

BOUNDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
BUCKETS = ["le_%g" % bound for bound in BOUNDS] + ["le_inf"]


class Engine(logging.Handler):
    """The state of the bot.  The loop counts and sets in memory; a thread sends it all once a second, in one round trip."""

    def __init__(self, client, prefix="arbwatch:", every=1.0):
        super().__init__()
        self.client, self.prefix, self.every = client, prefix, every
        self.counts, self.states, self.positions = defaultdict(int), defaultdict(dict), {}
        self.mutex, self.ending, self.beaten = threading.Lock(), threading.Event(), time.time()
        self.thread = threading.Thread(target=self.send_until_ended, daemon=True)
        self.thread.start()

    def count(self, key, field, more=1):
        with self.mutex:
            self.counts[key, field] += more

    def observe(self, key, seconds):
        with self.mutex:
            self.counts[key, BUCKETS[bisect.bisect_left(BOUNDS, seconds)]] += 1
            self.counts[key, "sum_us"] += round(seconds * 1e6)

    def set(self, key, **fields):
        with self.mutex:
            self.states[key].update(fields)

    def beat(self, duration, lag):
        """At the end of each loop.  The heartbeat is the loop's and not the thread's: a loop that hangs must be seen."""
        self.observe("loop", duration)
        self.beaten = time.time()
        self.set("engine", heartbeat_at=self.beaten, loop_lag=lag)

    def emit(self, record):  # a line of the log: log_debug, log_info, log_warning, log_error or log_critical
        self.count("engine", "log_" + record.levelname.lower())

    def send(self):
        with self.mutex:
            counts, self.counts = self.counts, defaultdict(int)
            states = {key: {"updated_at": self.beaten, **fields} for key, fields in self.states.items()}
            states["open_positions"] = {"updated_at": self.beaten, **self.positions}
        try:
            pipe = self.client.pipeline()  # MULTI, so that no reader sees half of the positions
            pipe.delete(self.prefix + "open_positions")
            for key, fields in states.items():
                pipe.hset(self.prefix + key, mapping=fields)
            for (key, field), more in counts.items():
                pipe.hincrby(self.prefix + key, field, more)
            pipe.execute()
        except redis.RedisError as error:
            for (key, field), more in counts.items():
                self.count(key, field, more)
            logging.error("cannot tell Redis: %s", error)

    def send_until_ended(self):
        while not self.ending.wait(self.every):
            self.send()
        self.send()

    def end(self):
        self.set("engine", state="stopped")
        self.ending.set()
        self.thread.join()


def trade(engine, database, rng, now):
    """One that was opened some seconds ago, by two orders, and closed now."""
    pnl, fees = Decimal(rng.randrange(-8000, 12000)) / 10000, Decimal(rng.randrange(1000, 5000)) / 10000
    database.execute("INSERT INTO public.trades (symbol, route, currency, opened_at, closed_at, pnl, fees, funding, leg_gap, slippage)"
                     " VALUES ('BTC/USDT', 'binance-upbit:BTC', 'USDT', to_timestamp(%s), to_timestamp(%s), %s, %s, %s, %s, %s)",
                     (now - rng.randrange(1, 40) / 4, now, pnl, fees, Decimal(rng.randrange(-50, 50)) / 10000,
                      rng.randrange(0, 16) / 64, Decimal(rng.randrange(-4, 9)) / 10000))
    for exchange in "binance", "upbit":
        engine.count("orders:" + exchange, "sent")
        engine.count("orders:" + exchange, rng.choices(["filled", "rejected", "unknown"], [96, 3, 1])[0])
    if pnl < 0:
        engine.count("guard:route:binance-upbit:BTC", "triggers")
    engine.set("guard:route:binance-upbit:BTC", state="cooldown" if pnl < 0 else "ok", reason="lost money" if pnl < 0 else "")
    return pnl


def loop(engine, database, rng, now, equity, number):
    engine.count("feed:binance", "messages", 3)
    for _ in range(3):
        engine.observe("feed:binance", rng.expovariate(1 / 0.02))
    engine.set("feed:binance", connected=1, message_at=now)
    engine.set("symbol:BTC/USDT", updated_at=now)
    parts = [rng.randrange(240, 400) / 4 for _ in range(4)]
    engine.set("route:binance-upbit:BTC", score=sum(parts) / 4, decision="trade", **dict(zip(("spread", "health", "fee", "inventory"), parts)))
    if rng.random() < 0.2:
        equity += trade(engine, database, rng, now)
    engine.set("limit:daily_loss:global", value=max(0, 10000 - equity), limit=200, currency="USDT")
    if number % 20 == 0:
        database.execute("INSERT INTO public.equity (at, currency, equity) VALUES (to_timestamp(%s), 'USDT', %s)", (now, equity))
        engine.count("snapshots", "saved")
        engine.set("snapshots", saved_at=now)
        engine.set("engine", cpu_seconds=time.process_time(), memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    return equity


def main():
    flags = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    flags.add_argument("--loops", type=int, default=0, help="end after so many; 0: never")
    flags.add_argument("--period", type=float, default=0.25, help="seconds from one loop to the next")
    flags.add_argument("--seed", type=int, default=1)
    flags = flags.parse_args()
    rng, equity, number, due = random.Random(flags.seed), Decimal(10000), 0, time.monotonic()
    engine = Engine(redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"), socket_timeout=5))
    database = psycopg.connect(os.environ.get("POSTGRES_DSN", ""), autocommit=True)
    logging.basicConfig(level=logging.INFO, handlers=[logging.StreamHandler(), engine])
    ends = []  # a signal only leaves a note here: an exception in the middle of a trade could lose it
    for each in signal.SIGTERM, signal.SIGINT:
        signal.signal(each, lambda *_: ends.append(True))

    # A state that is set once stays true while the loop lives: each time it is sent, it gets the time of the last loop.
    engine.count("engine", "restarts")
    engine.set("engine", env="paper", state="running", started_at=time.time())
    engine.set("guard:global", state="ok")
    engine.set("guard:exchange:binance", state="ok")
    engine.set("guard:symbol:BTC/USDT", state="ok")
    engine.set("limit:exposure:global", value=750, limit=20000)
    engine.set("inventory", imbalance=0.125, rebalance_failures_in_a_row=0, synced_at=time.time())
    engine.count("inventory", "syncs")
    engine.set("universe", mode="single", symbols=1)
    engine.count("universe", "changes")
    engine.set("tuning", done=3, planned=10, best_score=1.5)
    engine.positions = {"binance|BTC|long": "0.5"}
    # A counter that is there before its first event shows this event as an increase.
    for key, fields in {"engine": "errors log_warning log_error log_critical", "feed:binance": "reconnects",
                        "orders:binance": "sent filled rejected unknown", "orders:upbit": "sent filled rejected unknown",
                        "inventory": "rebalances rebalance_failures sync_failures", "snapshots": "failed restored",
                        "guard:route:binance-upbit:BTC": "triggers"}.items():
        for field in fields.split():
            engine.count(key, field, 0)
    logging.info("trading on paper")
    try:
        while not ends and (number != flags.loops or not flags.loops):
            began = time.monotonic()
            equity = loop(engine, database, rng, time.time(), equity, number)
            number += 1
            engine.beat(time.monotonic() - began, max(0, began - due))
            due = max(due + flags.period, began)
            time.sleep(max(0, due - time.monotonic()))
        if ends:
            logging.info("stopping")
    finally:
        engine.end()


if __name__ == "__main__":
    main()
