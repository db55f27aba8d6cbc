#!/usr/bin/python3
"""Measures what examples/bot.py's Engine costs a loop: bot.py LOOPS.

Prints microseconds per loop: without it, with it, and with its round trip in every loop, awaited.
"""

import os
import random
import sys
import time
from decimal import Decimal

import redis

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../examples"))
import bot  # noqa: E402


class Nothing:
    """In the place of an engine, and of a database."""

    def __getattr__(self, name):
        return lambda *arguments, **fields: None


def measure(engine, loops, after):
    rng, equity, spent = random.Random(1), Decimal(10000), 0.0
    for number in range(loops):
        began = time.perf_counter()
        equity = bot.loop(engine, Nothing(), rng, time.time(), equity, number)
        engine.beat(0.001, 0)
        after()
        spent += time.perf_counter() - began
        time.sleep(0.001)
    return spent / loops * 1e6


def main():
    loops = int(sys.argv[1])
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    without = measure(Nothing(), loops, lambda: None)
    engine = bot.Engine(client)
    told = measure(engine, loops, lambda: None)
    engine.end()
    engine = bot.Engine(client, every=3600)
    awaited = measure(engine, loops, engine.send)
    engine.end()
    print(without, told, awaited)


main()
