"""What can go wrong with the monitor's own files, and in which order its parts notice something.

    damage redis_latency.prom                   somebody overwrites the file
    damage backup.prom                          or leaves one of his own that is not finished
    take away preflight.prom                    somebody removes it
    put back preflight.prom                     the file is as it was before, or gone if there was none
    show key                                    everybody may read an API key of preflight's
    hide key
    let RedisDown be before engine_state        what follows: these parts look again when this alert fires
    is over PreflightWarning                    returns when it fires no more
"""
import threading

from stack import Broken

KEY = "upbit.key"


def damage(stack, name):
    """Not by a rename, as somebody does who knows of no reader."""
    keep(stack, name)
    (stack.textfiles / name).write_text("arbitrage_redis_up{target=\"ma")


def take_away(stack, name):
    keep(stack, name)
    (stack.textfiles / name).unlink()


def put_back(stack, name):
    kept = stack.directory / ("kept." + name)
    if kept.exists():
        kept.rename(stack.textfiles / name)
    else:
        (stack.textfiles / name).unlink()


def keep(stack, name):
    if (stack.textfiles / name).exists():
        (stack.directory / ("kept." + name)).write_bytes((stack.textfiles / name).read_bytes())


def show_key(stack):
    (stack.directory / "keys.preflight" / KEY).chmod(0o644)


def hide_key(stack):
    (stack.directory / "keys.preflight" / KEY).chmod(0o600)


def fires(stack, alert):
    return stack.ask('ALERTS{alertname="%s",alertstate="firing"}' % alert)


def is_over(stack, alert):
    if not stack.wait(60, lambda: not fires(stack, alert)):
        raise Broken("%s still fires" % alert)


def let(stack, alert, _be, _before, *parts):
    """So that it is the cause that is noticed first, as it is in half of all cases."""
    for each in parts:
        stack.pause(each)

    def await_it():
        stack.wait(60, lambda: fires(stack, alert))
        for each in parts:
            stack.go_on(each)
    threading.Thread(target=await_it, daemon=True).start()
