"""What tests/bench/relay.sh needs besides the servers.

relay.py rules FIRST COUNT RELAYS     rules for so many alerts, which take turns among the relays
relay.py p0 FIRST COUNT RELAYS PORT ALERTMANAGER CHAT
                                      at PORT has the values that these rules read, makes the alerts fire one after another, and
                                      prints the seconds from each one's startsAt to its request at the chat
relay.py queue COUNT URL...           so many P2 for each relay, to wait
relay.py own COUNT URL SINK           ms from the first byte of a webhook to the first byte at the channel SINK (a port), each
relay.py large COUNT ALERTS URL       s until a webhook of so many new alerts is answered, each
relay.py rate SECONDS URL             new alerts that were answered each second, by 20 senders with 5 alerts a request
relay.py sync COUNT DIRECTORY         ms that the disk takes for 4 KiB, each
relay.py sink PORT                    a channel that takes everything
"""

import datetime
import http.client
import http.server
import json
import os
import random
import socket
import sys
import threading
import time
import urllib.request

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat()


def webhook(names, severity="P0", **labels):
    alerts = [{"status": "firing", "labels": {"alertname": name, "severity": severity, "env": "live", "service": "bench", **labels},
               "annotations": {"summary": name + " fires in a benchmark"}, "startsAt": now(), "endsAt": "0001-01-01T00:00:00Z",
               "generatorURL": "http://prometheus/graph?g0.expr=up"} for name in names]
    return json.dumps({"version": "4", "status": "firing", "receiver": "bench", "groupKey": "{}", "alerts": alerts}).encode()


def connect(url):
    host, port = url.replace("http://", "").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def post(connection, body, path="/webhook/bench"):
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def listed(url):
    with OPENER.open(url, timeout=30) as answer:
        return json.load(answer)


def rules(first, count, relays):
    print("groups: [{name: bench, interval: 1s, rules: [")
    for n in range(int(first), int(first) + int(count)):
        print("{alert: Bench%05d, expr: 'bench_fault{n=\"%d\"} > 0', labels: {severity: P0, env: live, service: bench, relay: '%d'},"
              " annotations: {summary: a benchmark}}," % (n, n, n % int(relays)))
    print("]}]")


def p0(first, count, relays, port, alertmanager, chat):
    first, count, relays = int(first), int(count), int(relays)
    on = set()

    class Exporter(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write("".join("bench_fault{n=\"%d\"} 1\n" % n for n in sorted(on)).encode() + b"bench_up 1\n")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Exporter)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    time.sleep(3)
    for n in range(first, first + count):
        on.add(n)
        # Each relay has one in 2 s: faster than that, and the limit of Telegram is what is measured.
        time.sleep(2 / relays * 2 * random.random())
    begun, came = {}, {}
    end = time.time() + 60
    while len(came) < count and time.time() < end:
        time.sleep(0.5)
        for alert in listed(alertmanager + "/api/v2/alerts"):
            starts = datetime.datetime.fromisoformat(alert["startsAt"].replace("Z", "+00:00")).timestamp()
            begun[alert["labels"]["alertname"]] = starts
        for message in listed(chat + "/control/messages")["messages"]:
            for name in begun:
                if name in message["text"] and name not in came:
                    came[name] = message["received_ms"] / 1000
    wanted = ["Bench%05d" % n for n in range(first, first + count)]
    for name in wanted:
        if name not in came:
            sys.exit("%s did not arrive" % name)
        print("%.3f" % (came[name] - begun[name]))


def queue(count, *urls):
    for url in urls:
        connection = connect(url)
        for at in range(0, int(count), 500):
            names = ["Waits%d" % n for n in range(at, at + 500)]
            if post(connection, webhook(names, "P2")) != 200:
                sys.exit("not taken")


def own(count, url, port):
    sink = socket.create_server(("127.0.0.1", int(port)), backlog=50)
    came = threading.Semaphore(0)
    times = []

    def serve(peer):
        fresh, left, head = True, 0, b""
        while data := peer.recv(65536):
            if fresh:
                times.append(time.monotonic_ns())
                came.release()
                fresh = False
            head += data
            if b"\r\n\r\n" not in head:
                continue
            top, rest = head.split(b"\r\n\r\n", 1)
            length = next(int(line.split(b":")[1]) for line in top.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            left = length - len(rest)
            if left <= 0:
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                fresh, head = True, b""

    def accept():
        while True:
            peer, _ = sink.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=serve, args=(peer,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    connection = connect(url)
    for n in range(int(count)):
        body = webhook(["Own%d" % n])
        begin = time.monotonic_ns()
        if post(connection, body) != 200 or not came.acquire(timeout=30):
            sys.exit("alert %d did not arrive" % n)
        print("%.3f" % ((times[-1] - begin) / 1e6))
        time.sleep(0.02 + 0.03 * random.random())


def large(count, alerts, url):
    for n in range(int(count)):
        body = webhook(["Large%d-%d" % (n, i) for i in range(int(alerts))], "P2")
        connection = connect(url)
        begin = time.monotonic_ns()
        if post(connection, body) != 200:
            sys.exit("not taken")
        print("%.4f" % ((time.monotonic_ns() - begin) / 1e9))


def rate(seconds, url):
    per_second = [0] * (int(seconds) + 2)
    begin = time.monotonic()

    def run(sender):
        connection, n = connect(url), 0
        while time.monotonic() - begin < int(seconds):
            n += 1
            if post(connection, webhook(["Rate%d-%d-%d" % (sender, n, i) for i in range(5)], "P2")) != 200:
                sys.exit("not taken")
            per_second[int(time.monotonic() - begin)] += 5

    threads = [threading.Thread(target=run, args=(sender,)) for sender in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("\n".join(map(str, per_second[:int(seconds)])))


def sync(count, directory):
    with open(os.path.join(directory, "sync"), "wb", buffering=0) as file:
        for n in range(int(count)):
            os.pwrite(file.fileno(), b"x" * 4096, 4096 * n)
            begin = time.monotonic_ns()
            os.fsync(file.fileno())
            print("%.3f" % ((time.monotonic_ns() - begin) / 1e6))
    os.unlink(file.name)


def sink(port):
    class Sink(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Sink).serve_forever()


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
