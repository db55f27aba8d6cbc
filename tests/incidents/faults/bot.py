"""What can go wrong with the bot, which is paper_engine.

    engine fault loop-latency 400           a fault of its control endpoint (docs/paper_engine.md), with a value or without
    engine well                             all its faults are off
    engine crash                            it aborts, and nobody starts it again
    engine start
    engine logs an error                    one line, and not one more
    engine one leg                          returns when an exchange has rejected a second leg
    engine route nowhere 20                 a route with this score, which the bot does not write again
    engine route nowhere                    and its end
    engine had more 0.2                     an equity of an hour ago: it has lost this share of it since
    engine had more                         this is taken back
"""
import time

WAIT_SECONDS = 60
ROUTE = "arbwatch:route:"


def engine_fault(stack, name, value=None):
    stack.control("paper_engine", "POST", "/" + name + ("?value=" + value if value else ""))


def engine_well(stack):
    stack.control("paper_engine", "DELETE", "")


def engine_crash(stack):
    engine_fault(stack, "crash")
    stack.wait(WAIT_SECONDS, lambda: not stack.alive("paper_engine"))
    stack.stop_part("paper_engine")


def engine_start(stack):
    stack.start_part("paper_engine")


def count_of(stack, key, field):
    return int(stack.redis("HGET", "arbwatch:" + key, field).strip() or 0)


def await_more(stack, *counts):
    """Until one of the bot's counts, (key, field) each, has grown."""
    before = [count_of(stack, *each) for each in counts]
    stack.wait(WAIT_SECONDS, lambda: before != [count_of(stack, *each) for each in counts])


def engine_logs_an_error(stack):
    """The fault is one line a second, so it is on for less than one."""
    before = count_of(stack, "engine", "log_error")
    engine_fault(stack, "error-log")
    stack.wait(WAIT_SECONDS, lambda: count_of(stack, "engine", "log_error") > before)
    engine_well(stack)


def engine_one_leg(stack):
    """Until there is a trade, nothing is wrong yet."""
    engine_fault(stack, "one-leg")
    await_more(stack, ("orders:binance", "rejected"), ("orders:upbit", "rejected"))


def engine_route(stack, name, score=None):
    """Its time is ahead of ours by less than a minute, so it stays fresh for a minute and a half."""
    if score is None:
        stack.redis("DEL", ROUTE + name)
    else:
        stack.redis("HSET", ROUTE + name, "updated_at", time.time() + 55, "score", score, "decision", "trade")


def engine_had_more(stack, share=None):
    """A row of the table that the bot itself writes no more: its own rows are all younger or older than this one by their millisecond."""
    if share is None:
        stack.psql("postgres", "DELETE FROM public.equity WHERE date_trunc('milliseconds', at) <> at")
    else:
        stack.psql("postgres", "INSERT INTO public.equity SELECT now() - interval '1 hour' + interval '7 microseconds', currency, "
                   "max(equity) / (1 - %s) FROM public.equity GROUP BY currency" % share)
