"""unread.py KIND COMMAND...: run it where nobody reads what it writes, and end as it does.

pipe: standard output is a pipe that is full.  both: standard error is that pipe, too.  terminal: standard output is a
terminal that takes no more.  background: it is in the background of a terminal that stops who writes (stty tostop);
98 if it was stopped.
"""
import fcntl
import os
import signal
import subprocess
import sys
import termios
import threading


def fill(fd):
    flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    for size in (4096, 1):
        try:
            while os.write(fd, b"." * size):
                pass
        except BlockingIOError:
            pass
    fcntl.fcntl(fd, fcntl.F_SETFL, flags)


def drain(fd):
    try:
        while os.read(fd, 65536):
            pass
    except OSError:
        pass


def in_background(command):
    """We lead the session of a new terminal, and are its foreground; the command is a group of its own."""
    master, slave = os.openpty()
    name = os.ttyname(slave)
    leader = os.fork()
    if leader > 0:
        os.close(slave)
        threading.Thread(target=drain, args=(master,), daemon=True).start()
        return os.waitstatus_to_exitcode(os.waitpid(leader, 0)[1])
    os.setsid()
    terminal = os.open(name, os.O_RDWR)  # becomes the one that controls us
    modes = termios.tcgetattr(terminal)
    modes[3] |= termios.TOSTOP
    termios.tcsetattr(terminal, termios.TCSANOW, modes)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.dup2(terminal, 1)
        os.execv(command[0], command)
    pid, status = os.waitpid(child, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        os.kill(child, signal.SIGKILL)
        os._exit(98)
    os._exit(os.waitstatus_to_exitcode(status))


kind, command = sys.argv[1], sys.argv[2:]
if kind == "background":
    sys.exit(in_background(command))
reading, writing = os.openpty() if kind == "terminal" else os.pipe()
fill(writing)
sys.exit(subprocess.call(command, stdout=writing, stderr=writing if kind == "both" else None))
