"""What tests/bench/alerts.sh needs besides the servers.

alerts.py load BUILD DIRECTORY      textfiles of a stack in which all is well: 50 targets, 10 exchanges, 200 symbols; the name
                                    and labels of each family are what the collectors say of themselves (--list-metrics)
alerts.py history MACHINES          a day of arbwatch:serves, every 30 s, as OpenMetrics on standard output
alerts.py faults COUNT REDIS-PORT PROMETHEUS-PORT FILE
                                    a receiver of Alertmanager's messages, whose port it writes to FILE; stops a Redis COUNT
                                    times, and prints the seconds until each message that it is down
alerts.py cost COUNT PROMETHEUS-PORT
                                    GROUP and seconds of each of COUNT evaluations of every rule group
"""

import http.server
import itertools
import json
import os
import queue
import random
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

NOW = time.time()
BOUNDS = "0.00005 0.0001 0.00025 0.0005 0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 +Inf".split()
LABELS = {
    "env": ["paper"],
    "target": ["target-%d" % i for i in range(25)],  # of Redis, and as many of Postgres
    "exchange": ["exchange-%d" % i for i in range(10)],
    "symbol": ["COIN%d/USDT" % i for i in range(200)],
    "asset": ["COIN%d" % i for i in range(200)],
    "state": ["healthy", "degraded", "frozen", "down", "maintenance", "banned"],
    "source": ["exchange", "engine"],
    "permission": ["read", "trade", "withdraw"],
    "endpoint": ["time", "book", "ticker", "info", "account"],
    "kind": ["connect", "timeout", "rejected", "protocol"],
    "phase": ["resolve", "connect", "tls", "answer"],
    "code": ["200", "429"],
    "check": ["check-%d" % i for i in range(10)],
    "status": ["pass", "warn", "fail"],
    "side": ["long"],
    "currency": ["USDT"],
}
SPECIAL = {("exposure", "kind"): ["gross", "net"], ("balance", "kind"): ["free", "locked"], ("exchange_orderbook_price", "side"): ["ask", "bid"]}
ZERO = ("position_mismatch exposure engine_unknown_rows account_trading_locked exchange_clock_skew_seconds exchange_maintenance "
        "exchange_rate_limit_used_ratio inventory_imbalance_ratio preflight_check_state redis_connect_duration_seconds "
        "postgres_connect_duration_seconds").split()
VALUES = {"postgres_connections_max": 100, "api_key_expiry_timestamp_seconds": "+Inf", "collector_interval_seconds": 7200,
          "exchange_certificate_expiry_timestamp_seconds": NOW + 90 * 86400, **dict.fromkeys(ZERO, 0)}


def held(labels):
    """Each symbol has its book, and its position, at two of the exchanges: an arbitrage has two legs."""
    coin, exchange = (int(re.search(r"\d+", labels[name]).group()) for name in ("symbol", "exchange"))
    return (exchange - coin) % 10 < 2


def value(name, labels):
    if labels.get("permission") == "withdraw" or labels.get("state", "healthy") != "healthy":
        return 0
    if name in VALUES:
        return VALUES[name]
    if name.endswith("_timestamp_seconds"):
        return 0 if re.search("until|retry_at|since", name) else NOW
    return 1


def load(build, directory):
    series = 0
    for program in ("redis_latency", "postgres_latency", "exchange_health", "open_positions", "preflight"):
        listed = subprocess.run([os.path.join(build, program), "--list-metrics"], capture_output=True, text=True, check=True).stdout
        with open(os.path.join(directory, program + "_load.tmp"), "w") as out:
            for line in listed.splitlines():
                name, kind, names, text = line.split("\t")
                short = name.replace("arbitrage_", "", 1)
                out.write("# HELP %s %s\n# TYPE %s %s\n" % (name, text, name, kind))
                names = names.split(",")
                values = [SPECIAL.get((short, label), LABELS.get(label, [program + "_load"])) for label in names]
                for one in itertools.product(*values):
                    labels = ",".join('%s="%s"' % pair for pair in zip(names, one))
                    if {"symbol", "exchange"} <= set(names) and not held(dict(zip(names, one))):
                        continue
                    if kind != "histogram":
                        out.write("%s{%s} %s\n" % (name, labels, value(short, dict(zip(names, one)))))
                        series += 1
                        continue
                    for i, bound in enumerate(BOUNDS):
                        out.write('%s_bucket{%s,le="%s"} %d\n' % (name, labels, bound, i + 1))
                    out.write("%s_sum{%s} 1\n%s_count{%s} %d\n" % (name, labels, name, labels, len(BOUNDS)))
                    series += len(BOUNDS) + 2
        os.rename(os.path.join(directory, program + "_load.tmp"), os.path.join(directory, program + "_load.prom"))
    print(series)


def history(count):
    for i in range(5 * count):
        labels = 'job="node",instance="node-%d:9100",env="paper",collector="collector-%d"' % (i // 5, i % 5)
        start = int(NOW) - 86400
        sys.stdout.write("".join("arbwatch:serves{%s} 1 %d\n" % (labels, start + 30 * n) for n in range(1, 2880)))
    print("# EOF")


def get(port, path):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open("http://127.0.0.1:%s%s" % (port, path), timeout=60) as answer:
        return answer.read().decode()


def asked(port, query):
    return json.loads(get(port, "/api/v1/query?query=" + urllib.parse.quote(query)))["data"]["result"]


def listen(name):
    """A queue of when a message about the alert came, and what it says."""
    messages = queue.Queue()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            came = time.time()
            self.send_response(200)
            self.end_headers()
            for alert in body["alerts"]:
                if alert["labels"]["alertname"] == name:
                    messages.put((came, alert["status"]))

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1], messages


def until(messages, status):
    while True:
        came, says = messages.get(timeout=120)
        if says == status:
            return came


def await_up(port):
    for _ in range(300):
        try:
            if asked(port, 'arbitrage_redis_up{job="fast",target="main"} == 1 and on () arbwatch:verdict'):
                return
        except OSError:
            pass
        time.sleep(0.2)
    sys.exit("Prometheus does not have what the collector says")


def faults(count, redis_port, prometheus_port, path):
    command = ["redis-server", "--bind", "127.0.0.1", "--port", redis_port, "--save", "", "--appendonly", "no"]

    def start():
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/")

    port, messages = listen("RedisDown")
    with open(path + ".new", "w") as out:
        out.write("%d\n" % port)
    os.rename(path + ".new", path)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    redis = start()
    try:
        await_up(prometheus_port)
        while not messages.empty():  # from before it was up
            messages.get()
        for _ in range(int(count)):
            # The loops all have a second: at which moment of it the fault comes is left to chance.
            time.sleep(random.random())
            begin = time.time()
            redis.kill()
            print("%.3f" % (until(messages, "firing") - begin), flush=True)
            redis.wait()
            redis = start()
            until(messages, "resolved")
    finally:
        redis.kill()


def cost(count, port):
    last = {}
    while sum(map(len, last.values())) == 0 or min(map(len, last.values())) < int(count):
        metrics = get(port, "/metrics")
        for kind, group, text in re.findall(
                r'prometheus_rule_group_(last_duration_seconds|iterations_total)\{rule_group="([^"]*)"\} (\S+)', metrics):
            one = last.setdefault(group.split(";")[-1], {})
            if kind == "iterations_total":
                one[float(text)] = None
        for group, text in re.findall(r'prometheus_rule_group_last_duration_seconds\{rule_group="([^"]*)"\} (\S+)', metrics):
            one = last[group.split(";")[-1]]
            if one and one[max(one)] is None:
                one[max(one)] = float(text)
        time.sleep(0.5)
    for group, seconds in last.items():
        for each in seconds.values():
            print(group, each)


if __name__ == "__main__":
    {"load": load, "history": lambda count: history(int(count)), "faults": faults, "cost": cost}[sys.argv[1]](*sys.argv[2:])
