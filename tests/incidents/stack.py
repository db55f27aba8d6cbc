#!/usr/bin/python3
"""A whole stack that a test can break: every part of arbwatch, what it watches, and who hears of it.

    stack = Stack("build", "/tmp/somewhere")
    stack.start()
    stack.stop_part("redis", signals.SIGKILL)      # SIGTERM unless it is said
    stack.wait(30, lambda: stack.ask("arbitrage_redis_up") == {...: 0.0})
    stack.start_part("redis")
    stack.close()

The parts are those of PARTS, in the order of their start; `mailbox` is in this process (mailbox.py).  All of them listen on free
ports of 127.0.0.1, write into the stack's directory alone, and end with the thread that started them, so nothing is left: start
parts in the main thread.  The bot, its Redis and its Postgres are watched as `live`, because only then an alert takes the routes
of P0 to P3; what they trade on is the paper exchange, which preflight reaches as a live one, by TLS at 0.0.0.0 (part `front`).
"""
import base64
import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import secrets
import shutil
import signal as signals
import subprocess
import time
import urllib.parse
import urllib.request


import quicker

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENUES = ["binance", "binanceusdm", "upbit", "bybit", "okx", "kraken"]
COLLECTORS = ["redis_latency", "postgres_latency", "exchange_health", "open_positions", "engine_state", "trading_kpis", "preflight"]
PARTS = ["redis", "postgres", "history", "paper_exchange", "front", "paper_chat", "mailbox", "paper_engine", "alert_relay",
         "alertmanager"] + COLLECTORS + ["node_exporter", "arbwatch_exporter", "prometheus"]
# Seconds from one run to the next; that of the others is 1.  Exchanges allow no less, and Kraken no more than two of preflight's runs in
# 15 s.
INTERVALS = {"exchange_health": 5, "open_positions": 5, "trading_kpis": 5, "preflight": 8}
# What listens at a port that the stack has chosen; the others need none.
LISTENERS = ["redis", "postgres", "history", "paper_exchange", "front", "paper_chat", "paper_engine", "alert_relay", "alertmanager",
             "node_exporter", "arbwatch_exporter", "prometheus"]
SECRET = "paper-secret-0123456789abcdef0123456789abcdef"
TELEGRAM = {"main": -1001, "paper": -1002, "escalation": -1003}
SLACK = {"main": "C0MAIN", "p0": "C0URGENT"}
ASK = urllib.request.build_opener(urllib.request.ProxyHandler({}))
POSTGRES = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name))[-1:]
AS_POSTGRES = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"] if os.getuid() == 0 else []


class Broken(Exception):
    """The stack itself does not work; no scenario is to blame."""


def request(method, url, body=None, timeout=10):
    """The text of the answer.  A status other than 2xx is urllib's HTTPError."""
    asked = urllib.request.Request(url, method=method, data=body)
    with ASK.open(asked, timeout=timeout) as answer:
        return answer.read().decode()


def die_with_parent():
    """Before exec: SIGTERM when the thread that started it ends."""
    ctypes.CDLL(None).prctl(1, signals.SIGTERM)


def free_ports(build, count):
    return [int(each) for each in subprocess.run([build / "tests/tools/free_port", str(count)], capture_output=True, text=True,
                                                 check=True).stdout.split()]


class Stack:
    """Its state: `directory`, `build`, `textfiles`, `ports` by part, `processes` by part (a Popen, or None while it is stopped)."""

    def __init__(self, build, directory, template=None):
        self.build, self.directory = pathlib.Path(build).resolve(), pathlib.Path(directory).resolve()
        self.template = pathlib.Path(template).resolve() if template else self.directory / "template"
        self.textfiles = self.directory / "textfiles"
        self.ports = dict(zip(LISTENERS, free_ports(self.build, len(LISTENERS))))
        self.passwords = {each: secrets.token_hex(16) for each in ["redis"]}
        self.processes, self.mounts, self.mailbox = {}, [], None
        self.certificate, self.certificate_key = self.directory / "tls.pem", self.directory / "tls.key"
        self.commands = {}

    # Start and end ----------------------------------------------------------

    def start(self):
        """All parts, and a whole picture: Prometheus has the values of all, and preflight has said READY."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o711)
        make_template(self.build, self.template)
        self.textfiles.mkdir()
        self.write_settings()
        for part in PARTS:
            self.start_part(part, ready=False)
            if part in ("history", "paper_exchange"):  # paper_engine and the relay do not wait for them
                self.await_part(part)
        for part in PARTS:
            self.await_part(part)
        self.wait_for('count(up == 1) >= 6 and on () arbitrage_engine_up == 1 and on () arbitrage_preflight_ready_for_live == 1 '
                      'and on () count(arbitrage_collector_success == 1) == %d' % len(COLLECTORS), 60)

    def start_part(self, name, ready=True):
        """Start it (again); with `ready`, return when it answers."""
        if self.alive(name):
            return
        if name == "mailbox":
            import mail_server
            self.mailbox = mail_server.Mailbox(str(self.certificate), str(self.certificate_key), self.ports.get("mailbox", 0))
            self.ports["mailbox"] = self.mailbox.port
            if "alert_relay" not in self.commands:
                self.write_relay_settings()
            return
        command = self.commands[name]
        with open(self.directory / (name + ".log"), "a") as log:
            # PostgreSQL's own setpriv changes the user, which clears the death signal: it sets it again itself.
            self.processes[name] = subprocess.Popen([str(each) for each in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                    preexec_fn=die_with_parent, cwd=self.directory, env=self.environment(name))
        if ready:
            self.await_part(name)

    def stop_part(self, name, signal=signals.SIGTERM):
        """End it, and return when it has."""
        if name == "mailbox":
            self.mailbox.close()
            self.mailbox = None
            return
        process = self.processes.get(name)
        if process is None:
            return
        process.send_signal(signal)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signals.SIGCONT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.processes[name] = None

    def pause(self, name):
        self.processes[name].send_signal(signals.SIGSTOP)

    def go_on(self, name):
        self.processes[name].send_signal(signals.SIGCONT)

    def alive(self, name):
        if name == "mailbox":
            return self.mailbox is not None
        process = self.processes.get(name)
        return process is not None and process.poll() is None

    def close(self):
        """Everything ends; what it wrote is kept."""
        for name in reversed(PARTS):
            process = self.processes.get(name)
            if process is not None and process.poll() is None:
                process.send_signal(signals.SIGINT if name in ("postgres", "history") else signals.SIGTERM)
                process.send_signal(signals.SIGCONT)
        for name in reversed(PARTS):
            self.stop_part(name) if self.processes.get(name) or (name == "mailbox" and self.mailbox) else None
        for place in self.mounts:
            subprocess.run(["umount", "-l", place], capture_output=True)

    # What it says -----------------------------------------------------------

    def url(self, name):
        """Where a part answers; of `front`, as preflight sees it."""
        if name == "front":
            return "https://0.0.0.0:%d" % self.ports[name]
        return "http://127.0.0.1:%d" % self.ports[name]

    def ask(self, expression):
        """Prometheus's answer: labels (a frozenset of pairs) -> value."""
        result = json.loads(request("GET", self.url("prometheus") + "/api/v1/query?query=" + urllib.parse.quote(expression)))
        result = result["data"]["result"]
        return {frozenset(each["metric"].items()): float(each["value"][1]) for each in result}

    def control(self, part, method, path):
        """stack.control("paper_exchange", "POST", "/binance/frozen"): what paper_exchange, paper_engine or paper_chat answers."""
        text = request(method, self.url(part) + "/control" + path)
        return json.loads(text) if text.startswith(("{", "[")) else text

    def psql(self, part, sql):
        """In `postgres` or `history`; rows as lines, columns with tabs between them."""
        done = subprocess.run([POSTGRES[0] / "psql", "-qAtX", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", sql, self.dsn(part)],
                              capture_output=True, text=True, timeout=30, env={"PGPASSWORD": self.password(), "PATH": os.environ["PATH"]})
        if done.returncode != 0:
            raise Broken("%s: %s" % (part, done.stderr.strip()))
        return done.stdout

    def redis(self, *words):
        """What redis-cli prints."""
        done = subprocess.run(["redis-cli", "-h", "127.0.0.1", "-p", str(self.ports["redis"])] + [str(each) for each in words],
                              capture_output=True, text=True, timeout=30, env={"REDISCLI_AUTH": self.passwords["redis"],
                                                                              "PATH": os.environ["PATH"]})
        if done.returncode != 0:
            raise Broken("redis: " + done.stderr.strip())
        return done.stdout

    def log(self, name):
        return (self.directory / (name + ".log")).read_text(errors="replace")

    def wait(self, seconds, condition):
        """Whether it became true in that time; what cannot be asked at the moment is not true."""
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError, ValueError, Broken):
                if condition():
                    return True
            if time.monotonic() > end:
                return False
            time.sleep(0.1)

    def wait_for(self, expression, seconds):
        if not self.wait(seconds, lambda: self.ask(expression)):
            raise Broken("after %d s Prometheus has no %s; the parts that have ended: %s"
                         % (seconds, expression, [each for each in PARTS if not self.alive(each)] or "none"))

    def await_part(self, name):
        """Until it answers.  A part that listens nowhere is ready when it runs."""
        probes = {"redis": lambda: self.redis("ping").strip() == "PONG",
                  "postgres": lambda: self.psql("postgres", "SELECT 1"), "history": lambda: self.psql("history", "SELECT 1"),
                  "paper_exchange": lambda: self.control("paper_exchange", "GET", ""),
                  "paper_chat": lambda: self.control("paper_chat", "GET", ""),
                  "paper_engine": lambda: self.control("paper_engine", "GET", ""),
                  "alert_relay": lambda: request("GET", self.url("alert_relay") + "/-/ready"),
                  "alertmanager": lambda: request("GET", self.url("alertmanager") + "/-/ready"),
                  "node_exporter": lambda: request("GET", self.url("node_exporter") + "/"),
                  "arbwatch_exporter": lambda: request("GET", self.url("arbwatch_exporter") + "/metrics"),
                  "prometheus": lambda: request("GET", self.url("prometheus") + "/-/ready")}
        probe = probes.get(name, lambda: True)
        if not self.wait(60, lambda: not self.alive(name) or probe() is not False) or not self.alive(name):
            raise Broken("%s does not answer: %s" % (name, self.log(name)[-2000:]))

    # How the parts are set --------------------------------------------------

    def password(self):
        return (self.template / "password").read_text().strip()

    def dsn(self, part):
        return "postgresql://arbwatch@127.0.0.1:%d/postgres" % self.ports[part]

    def dsn_with_password(self, part):
        return self.dsn(part).replace("arbwatch@", "arbwatch:%s@" % self.password())

    def environment(self, name):
        """Nothing of the caller's: a REDIS_URL of the user's must not be measured here."""
        kept = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(self.directory), "GOMAXPROCS": "1", "TZ": "UTC"}
        if name == "paper_engine":
            kept.update(REDIS_URL="redis://127.0.0.1:%d" % self.ports["redis"], REDIS_PASSWORD=self.passwords["redis"],
                        POSTGRES_DSN=self.dsn("postgres"), POSTGRES_PASSWORD=self.password())
        return kept

    def write_settings(self):
        for name in ("tls.pem", "tls.key"):
            shutil.copy(self.template / name, self.directory / name)
        self.write_stores()
        self.write_keys()
        self.write_front()
        self.write_bot()
        self.write_collectors()
        self.write_alerting()
        port = self.ports
        self.commands["paper_exchange"] = [self.build / "paper_exchange", "--listen", "127.0.0.1:%d" % port["paper_exchange"]]
        self.commands["paper_chat"] = [self.build / "paper_chat", "--listen", "127.0.0.1:%d" % port["paper_chat"]]
        exchange, at = self.url("paper_exchange"), port["paper_engine"]
        # Few symbols: each has many series.  They are cheap to trade, so that some route does at any time: else AllRoutesSkipped is right.
        self.commands["paper_engine"] = [
            self.directory / "paper_engine", "run", "--history.days", "2", "--symbols", "6", "--universe.top", "6",
            "--size", "100", "--fee.binance", "0.0002", "--fee.upbit", "0.0002", "--slippage", "0", "--min-profit", "0.0001",
            "--rebalance.every", "10s",
            "--exchange.binance", exchange + "/binance", "--exchange.upbit", exchange + "/upbit",
            "--journal.file", self.directory / "paper_engine.journal", "--control.listen-address", "127.0.0.1:%d" % at]
        (self.directory / "proc").mkdir()
        (self.directory / "proc/self").symlink_to("/proc/self")
        (self.directory / "proc/mounts").symlink_to("/proc/self/mounts")
        # Of the machine nothing but its file systems: how busy it is, is not in our hands.
        self.commands["node_exporter"] = [
            "prometheus-node-exporter", "--web.listen-address=127.0.0.1:%d" % port["node_exporter"], "--collector.disable-defaults",
            "--path.procfs=%s/proc" % self.directory,  # without the first process, which does not see what a scenario mounts
            "--collector.textfile", "--collector.textfile.directory=%s" % self.textfiles, "--collector.filesystem",
            "--collector.filesystem.mount-points-exclude=^/(dev|proc|run|sys)($|/)"]
        self.commands["arbwatch_exporter"] = [
            self.build / "arbwatch_exporter", "--web.listen-address", "127.0.0.1:%d" % port["arbwatch_exporter"],
            "--textfile.directory", self.textfiles, "--health.expect", ",".join(COLLECTORS)]

    def write_bot(self):
        """A copy of paper_engine that says `live` in Redis, so that its alerts take the routes of P0 to P3.

        It is no option of the program, because what trades on paper must never be taken for what trades money.  Two blanks are as
        good as one there, and so the text has the length that it had."""
        program, paper, live = (self.build / "paper_engine").read_bytes(), b"env paper started_at", b"env  live started_at"
        if program.count(paper) != 1:
            raise Broken("%s/paper_engine has %d texts %r, expected is one: see tell_program()" % (self.build, program.count(paper), paper))
        (self.directory / "paper_engine").write_bytes(program.replace(paper, live))
        (self.directory / "paper_engine").chmod(0o755)

    def write_stores(self):
        (self.directory / "redis.conf").write_text(
            'bind 127.0.0.1\nport %d\nrequirepass %s\ndir %s\nsave ""\nappendonly no\nmaxmemory 16mb\nenable-debug-command yes\n'
            % (self.ports["redis"], self.passwords["redis"], self.directory))
        self.commands["redis"] = ["redis-server", self.directory / "redis.conf"]
        for part in ("postgres", "history"):
            data = self.directory / part
            subprocess.run(["cp", "-a", self.template / part, data], check=True)
            with open(data / "postgresql.conf", "a") as settings:
                settings.write("port = %d\n" % self.ports[part])
            self.commands[part] = AS_POSTGRES + ["--pdeathsig", "TERM"] * bool(AS_POSTGRES) + [POSTGRES[0] / "postgres", "-D", data]

    def write_keys(self):
        """The account of the paper exchange, in files that we alone can read.  Kraken wants nonces that grow: two programs, two keys."""
        for directory, kraken in (("keys", "paper-key"), ("keys.preflight", "paper-key-second")):
            place = self.directory / directory
            place.mkdir()
            for venue in VENUES:
                secret = base64.b64encode(SECRET.encode()).decode() if venue == "kraken" else SECRET
                write_secret(place / (venue + ".key"), kraken if venue == "kraken" else "paper-key")
                write_secret(place / (venue + ".secret"), secret)
            write_secret(place / "okx.passphrase", "paper-passphrase")

    def write_front(self):
        """The paper exchange as a live one: profiles that count 0.0.0.0 among the live hosts, and TLS there."""
        profiles = self.directory / "profiles"
        profiles.mkdir()
        for each in (ROOT / "exchanges").glob("*.yaml"):
            (profiles / each.name).write_text(each.read_text().replace("\nlive_hosts: [", "\nlive_hosts: [0.0.0.0, "))
        temporary = "".join("%s_temp_path %s/nginx.%s; " % (each, self.directory, each)
                            for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.directory / "nginx.conf").write_text("""daemon off; pid %(at)s/nginx.pid; error_log %(at)s/nginx.error; worker_processes 1;
events { worker_connections 512; }
http { access_log off; %(temporary)s
server { listen 127.0.0.1:%(port)d ssl; ssl_certificate %(at)s/tls.pem; ssl_certificate_key %(at)s/tls.key;
location / { proxy_pass %(to)s; } } }
""" % {"at": self.directory, "temporary": temporary, "port": self.ports["front"], "to": self.url("paper_exchange")})
        self.commands["front"] = ["nginx", "-e", self.directory / "nginx.error", "-c", self.directory / "nginx.conf"]

    def write_collectors(self):
        """One file for all, which has the passwords; nobody else can read it."""
        redis = "redis://:%s@127.0.0.1:%d" % (self.passwords["redis"], self.ports["redis"])
        postgres = self.dsn_with_password("postgres")
        of_exchanges = {"tls.ca-file": str(self.certificate), "exchange.profiles": str(self.directory / "profiles"),
                        "symbol": ["BTC/USDT", "ETH/USDT", "upbit:BTC/KRW", "upbit:ETH/KRW", "kraken:BTC/USDT"]}
        at = ["%s=%s/%s" % (each, self.url("paper_exchange"), each) for each in VENUES]
        by_tls = ["%s=%s/%s" % (each, self.url("front"), each) for each in VENUES]
        settings = {
            "env": "live", "interval": "1s", "textfile": {"directory": str(self.textfiles)},
            # Few PINGs, so that a Redis that is slow is not one that does not answer.
            "redis_latency": {"target": ["main=" + redis], "samples": 4}, "postgres_latency": {"target": ["main=" + postgres]},
            "engine_state": {"engine.redis": redis}, "trading_kpis": {"engine.postgres": postgres, "currency": "USDT"},
            # okx by TLS, so that there is a certificate to look at.  What has failed counts for nine minutes, which no scenario can
            # wait for: so it takes more than an outage to make an exchange degraded afterwards.
            "exchange_health": dict(of_exchanges, exchange=[each for each in at if not each.startswith("okx=")] + by_tls[4:5],
                                    **{"degraded.latency": "1500ms", "degraded.error-ratio": 0.9}),
            "open_positions": dict(of_exchanges, exchange=at, keys=str(self.directory / "keys"), grace="2s",
                                   symbol=of_exchanges["symbol"] + ["binance:BTC/USDT", "binance:ETH/USDT", "binance:XRP/USDT"],
                                   **{"engine.postgres": postgres}),
            # Without the repository of a bot.
            "preflight": dict(of_exchanges, exchange=by_tls, keys=str(self.directory / "keys.preflight"), skip=["git_safety"],
                              **{"degraded.headroom": 0, "degraded.latency": "1500ms", "degraded.error-ratio": 0.9,
                                 "live.armed": "yes", "live.verified": VENUES,
                                 "redis.latency.warn": "1s", "redis.latency.fail": "2s", "postgres.latency.warn": "1s",
                                 "postgres.latency.fail": "2s", "redis.target": "main=" + redis,
                                 "postgres.target": "main=" + postgres, "engine.postgres": postgres,
                                 "alertmanager.url": self.url("alertmanager")})}
        for name, interval in INTERVALS.items():
            settings[name]["interval"] = "%ds" % interval
        write_secret(self.directory / "arbwatch.yml", json.dumps(settings, indent=1))  # which is YAML, too
        for each in COLLECTORS:
            self.commands[each] = [self.build / each, "--config.file", self.directory / "arbwatch.yml"]

    def write_relay_settings(self):
        (self.directory / "relay").mkdir(mode=0o700)
        settings = {"relay.directory": str(self.directory / "relay"), "web.listen-address": "127.0.0.1:%d" % self.ports["alert_relay"],
                    "web.external-url": self.url("alert_relay"), "history.postgres": self.dsn_with_password("history"),
                    "alertmanager.url": self.url("alertmanager"), "alertmanager.interval": "2s",
                    "escalate.after": "30s", "retry.slow": "3s", "time-zone": "UTC",
                    "telegram.url": self.url("paper_chat"), "telegram.token": "110201543:paper-chat-token",
                    "telegram.chat": ["%s=%d" % each for each in TELEGRAM.items()], "telegram.user": ["1001", "1002"],
                    "slack.url": self.url("paper_chat") + "/api", "slack.token": "xoxb-paper-chat-token",
                    "slack.channel": ["%s=%s" % each for each in SLACK.items()],
                    "mail.server": "smtp://127.0.0.1:%d" % self.ports["mailbox"], "mail.ca-file": str(self.certificate),
                    "mail.from": "arbwatch@example.com", "mail.to": ["main=ops@example.com"]}
        write_secret(self.directory / "alert_relay.yml", json.dumps({"alert_relay": settings}, indent=1))
        self.commands["alert_relay"] = [self.build / "alert_relay", "--config.file", self.directory / "alert_relay.yml"]

    def write_alerting(self):
        """Prometheus and Alertmanager as they are shipped, at the quicker pace."""
        for place in ("targets", "hosts"):
            (self.directory / place).mkdir()
        for name, part in (("node", "node_exporter"), ("fast", "arbwatch_exporter"), ("arbwatch", "arbwatch_exporter"),
                           ("alertmanager", "alertmanager"), ("alert_relay", "alert_relay")):
            target = {"targets": ["127.0.0.1:%d" % self.ports[part]]}
            if name == "node":
                target["labels"] = {"fast_lane": "true"}
            (self.directory / "targets" / (name + ".yml")).write_text(json.dumps([target]))
        quicker.write(self.directory, self.ports["prometheus"], self.url("alert_relay") + "/webhook")
        self.commands["alertmanager"] = [
            "prometheus-alertmanager", "--config.file=%s" % (self.directory / "alertmanager.yml"),
            "--storage.path=%s" % (self.directory / "alertmanager"), "--cluster.listen-address=",
            "--web.listen-address=127.0.0.1:%d" % self.ports["alertmanager"]]
        # What was sent before Alertmanager was known is sent again soon.
        self.commands["prometheus"] = [
            "prometheus", "--config.file=%s" % (self.directory / "prometheus.yml"), "--rules.alert.resend-delay=5s",
            "--storage.tsdb.path=%s" % (self.directory / "prometheus"), "--storage.tsdb.retention.time=6h",
            "--web.listen-address=127.0.0.1:%d" % self.ports["prometheus"]]



def write_secret(path, text):
    path.write_text(text + "\n")
    path.chmod(0o600)


# What all stacks begin with -------------------------------------------------


def make_template(build, template):
    """Two clusters of PostgreSQL (the bot's has its tables) and a certificate, made once for all stacks that name this directory."""
    template.mkdir(parents=True, exist_ok=True)
    with open(template / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (template / "done").exists():
            return
        template.chmod(0o711)
        (template / "password").write_text(secrets.token_hex(16) + "\n")
        (template / "password").chmod(0o644)
        made = template / "history"
        made.mkdir(mode=0o700)
        if AS_POSTGRES:
            shutil.chown(made, "postgres")
        with open(template / "initdb.log", "w") as log:
            subprocess.run(AS_POSTGRES + [POSTGRES[0] / "initdb", "-D", made, "-U", "arbwatch", "--pwfile=%s" % (template / "password"),
                                          "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--wal-segsize=1", "--no-sync"],
                           check=True, stdout=log, stderr=log, cwd=made)
        with open(made / "postgresql.conf", "a") as settings:
            settings.write("listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nshared_buffers = 8MB\nmax_connections = 20\n"
                           "max_wal_senders = 0\nwal_level = minimal\nfsync = off\nautovacuum = off\n")
        subprocess.run(["cp", "-a", made, template / "postgres"], check=True)
        make_tables(build, template)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                        template / "tls.key", "-out", template / "tls.pem", "-days", "90", "-subj", "/CN=arbwatch",
                        "-addext", "subjectAltName=IP:0.0.0.0,IP:127.0.0.1,DNS:localhost"], check=True, capture_output=True)
        (template / "done").touch()


def make_tables(build, template):
    """A bot's tables: of positions, which knows of all that the account holds, and of trades; and the views that are read."""
    port = free_ports(build, 1)[0]
    scripts = ["example_positions", "open_positions", "paper_positions", "example_trading", "trading", "paper_engine"]
    psql = [POSTGRES[0] / "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(port), "-U", "arbwatch", "-d", "postgres"]
    for each in scripts:
        psql += ["-f", ROOT / "sql" / (each + ".sql")]
    with open(template / "postgres.log", "w") as log:
        server = subprocess.Popen(AS_POSTGRES + [POSTGRES[0] / "postgres", "-D", template / "postgres", "-p", str(port)],
                                  stdout=log, stderr=log, cwd=template)
        try:
            environment = {"PGPASSWORD": (template / "password").read_text().strip(), "PATH": os.environ["PATH"]}
            for _ in range(300):
                if subprocess.run([POSTGRES[0] / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode == 0:
                    break
                time.sleep(0.1)
            subprocess.run(psql, env=environment, check=True, capture_output=True)
        finally:
            server.terminate()
            server.wait()
