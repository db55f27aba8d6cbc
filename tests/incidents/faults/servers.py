"""What can go wrong with a server, and with the machine.

    stop redis              a part ends (tests/incidents/stack.py has their names); several parts end at once
    start redis             and is started again
    pause redis             it hangs: it keeps its port and answers nothing
    go on redis
    slow redis 50           it answers everybody up to so many milliseconds later
    quick redis
    take connections 15     a client opens so many connections to the bot's PostgreSQL, and keeps them
    free connections
    fill disk 95            the disk of the collectors' files is so full, in percent
    free disk
"""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

from stack import POSTGRES, Broken

DISK_MIB = 8


def stop(stack, *parts):
    """A PostgreSQL that is asked to end waits for its clients; SIGINT makes it cut them off."""
    enders = [threading.Thread(target=stack.stop_part, args=(each, signal.SIGINT if each in ("postgres", "history") else signal.SIGTERM))
              for each in parts]
    for each in enders:
        each.start()
    for each in enders:
        each.join()


def start(stack, *parts):
    for each in parts:
        stack.start_part(each, ready=False)
    for each in parts:
        stack.await_part(each)


def pause(stack, *parts):
    for each in parts:
        stack.pause(each)


def go_on(stack, *parts):
    for each in parts:
        stack.go_on(each)


def slow_redis(stack, milliseconds):
    """Two clients make it sleep in turns, half of that each: who asks meanwhile waits for one of them or both."""
    stack.awake = threading.Event()  # set: for good

    def keep_asleep():
        with socket.create_connection(("127.0.0.1", stack.ports["redis"])) as redis:
            redis.sendall(b"AUTH %s\r\n" % stack.passwords["redis"].encode())
            while redis.recv(1024).startswith(b"+OK") and not stack.awake.is_set():
                redis.sendall(b"DEBUG SLEEP %g\r\n" % (int(milliseconds) / 2000))
    stack.dozing = [threading.Thread(target=keep_asleep, daemon=True) for _ in range(2)]
    for each in stack.dozing:
        each.start()


def quick_redis(stack):
    stack.awake.set()
    for each in stack.dozing:
        each.join()


def in_background(command, environment):
    return subprocess.Popen(["setpriv", "--pdeathsig", "KILL"] + [str(each) for each in command], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, env=dict(environment, PATH=os.environ["PATH"]))


def take_connections(stack, count):
    script = stack.directory / "hold.sql"
    script.write_text("SELECT pg_sleep(600);\n")
    command = [POSTGRES[0] / "pgbench", "-n", "-c", count, "-T", "600", "-f", script, stack.dsn("postgres")]
    stack.holder = in_background(command, {"PGPASSWORD": stack.password()})
    asked = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()"
    if not stack.wait(10, lambda: int(stack.psql("postgres", asked)) == int(count)):
        raise Broken("pgbench did not get %s connections" % count)


def free_connections(stack):
    stack.holder.kill()
    stack.holder.wait()
    # The servers' processes notice the loss of their client only when they have slept.
    stack.psql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%'")


def fill_disk(stack, percent):
    """Alerts look at disks alone and not at file systems in memory, so it is an image of one."""
    small_disk(stack)
    stack.filled = threading.Event()  # set: no longer
    disk = os.statvfs(stack.textfiles)
    left = disk.f_blocks * (100 - int(percent)) // 100

    def fill():
        """A full disk stays full, although the collectors remove what they could not finish."""
        with open(stack.textfiles / "filler", "wb", buffering=0) as filler:
            while not stack.filled.wait(0.02):
                with contextlib.suppress(OSError):
                    while os.statvfs(stack.textfiles).f_bavail > left:
                        filler.write(bytes(disk.f_frsize))
    stack.filling = threading.Thread(target=fill, daemon=True)
    stack.filling.start()
    if not stack.wait(30, lambda: os.statvfs(stack.textfiles).f_bavail <= left):
        raise Broken("the disk does not fill up")


def free_disk(stack):
    stack.filled.set()
    stack.filling.join()
    (stack.textfiles / "filler").unlink()


def small_disk(stack):
    """A disk of its own for the collectors' files.  Those who have their directory open are started again."""
    if os.path.ismount(stack.textfiles):
        return
    image, parts = stack.directory / "disk", [each for each in stack.processes if (stack.textfiles / (each + ".prom")).exists()]
    with open(image, "wb") as file:
        file.truncate(DISK_MIB << 20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", image], check=True, capture_output=True)
    kept = stack.directory / "kept"
    stop(stack, *parts)
    shutil.copytree(stack.textfiles, kept)
    subprocess.run(["mount", "-o", "loop", image, stack.textfiles], check=True, capture_output=True)
    stack.mounts.append(str(stack.textfiles))
    shutil.copytree(kept, stack.textfiles, dirs_exist_ok=True)
    shutil.rmtree(kept)
    start(stack, *parts)
    if not stack.wait(60, lambda: len(stack.ask("arbitrage_collector_success == 1")) == len(parts)):
        raise Broken("the collectors do not run on their disk")
