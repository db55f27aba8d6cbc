"""Plays answers of exchanges to the real collectors, and compares all that they conclude.

    replay.py [--show] BUILD WORK-DIRECTORY CASE-FILE...

Each case is a file tests/fixtures/recorded/EXCHANGE/CASE.txt:

    # Remarks, and settings of the case:
    symbols: BTC/USDT ETH/USDT          (default: BTC/USDT)
    alone: --cash USDT                  (a run of open_positions for this case only, with these flags: for sums over all)
    with: OTHER-EXCHANGE/CASE           (which that run reads too)

    GET /path?parameter=value 429       (status: 200 if it is left out)
    > Retry-After: 5
    {"the": "body"}

    expect
    exchange_up 1
    log: a part of a line of the log

The first entry whose path is the request's and whose parameters are all in the request answers it; what a case does not
have is answered from usual.txt of its exchange.  In bodies @ms@, @s@ and @iso@ are the time of the request, @ms-5000@
is 5 s earlier (@s-5@ likewise), and @key@ is the API key.

The shipped profile gets the name EXCHANGE_CASE, so that one run of exchange_health and one of open_positions read all
cases.  Below "expect" are all lines of the families in FAMILIES, without the labels env and exchange; --show prints
them.  Nothing may be missing, and nothing more may be there.
"""

import glob
import http.server
import math
import os
import re
import subprocess
import sys
import threading
import time
import urllib.parse

# How the value is compared: as it is; only if it is not 0; as a time from now; only whether it is
# there; as the product of two numbers, which may differ in its last digits.
AS_IT_IS, UNLESS_ZERO, FROM_NOW, IS_THERE, PRODUCT = range(5)
FAMILIES = {
    "exchange_up": AS_IT_IS,
    "exchange_health_state": UNLESS_ZERO,
    "exchange_maintenance": UNLESS_ZERO,
    "exchange_request_failures_total": UNLESS_ZERO,
    "exchange_orderbook_price": AS_IT_IS,
    "exchange_orderbook_age_seconds": IS_THERE,
    "exchange_symbol_tradable": AS_IT_IS,
    "exchange_banned_until_timestamp_seconds": FROM_NOW,
    "exchange_retry_at_timestamp_seconds": FROM_NOW,
    "positions_readable": AS_IT_IS,
    "position_quantity": AS_IT_IS,
    "position_notional": PRODUCT,
    "position_unrealized_pnl": PRODUCT,
    "balance": AS_IT_IS,
    "api_key_permission": AS_IT_IS,
    "api_key_ip_restricted": AS_IT_IS,
    "api_key_expiry_timestamp_seconds": AS_IT_IS,
    "account_trading_locked": AS_IT_IS,
    "account_failures_total": UNLESS_ZERO,
    "account_retry_at_timestamp_seconds": FROM_NOW,
    "hedge_delta": AS_IT_IS,  # of a case with a run of its own
}
KEY = "recorded-key"
SECRET = "cmVjb3JkZWQtc2VjcmV0LTAxMjM0NTY3ODkwMTIzNDU="
MOST = 60  # exchanges of one run


class Case:
    def __init__(self, path):
        self.exchange = os.path.basename(os.path.dirname(path))
        self.name = self.exchange + "_" + os.path.splitext(os.path.basename(path))[0]
        self.symbols, self.alone, self.beside = None, None, []
        self.answers, self.expected, self.logged, self.unanswered = [], [], [], set()
        with open(path, encoding="utf-8", newline="\n") as file:
            self.read(file.read())

    def read(self, text):
        head, _, expected = text.partition("\nexpect\n")
        for line in expected.splitlines():
            if line.startswith("log: "):
                self.logged.append(line[5:])
            elif line and not line.startswith("#"):
                self.expected.append(line)
        settings, *answers = re.split(r"^(?=(?:GET|POST) /)", head, flags=re.M)
        for line in settings.splitlines():
            key, _, value = line.partition(":")
            if key == "symbols":
                self.symbols = value.split()
            elif key == "alone":
                self.alone = value.split()
            elif key == "with":
                self.beside = [name.replace("/", "_") for name in value.split()]
            elif line and not line.startswith("#"):
                sys.exit(f"{self.name}: what is '{line}'?")
        for answer in answers:
            request, _, body = answer.partition("\n")
            _, target, status = (request.split() + ["200"])[:3]
            headers = []
            while body.startswith("> "):
                line, _, body = body.partition("\n")
                headers.append(line[2:].split(": ", 1))
            path, _, query = target.partition("?")
            self.answers.append((path, urllib.parse.parse_qsl(query), int(status), headers, body.strip()))


def now_in(match):
    unit, less = match.group(1), int(match.group(2) or 0)
    now = time.time()
    if unit == "ms":
        return str(int(now * 1000) - less)
    if unit == "s":
        return str(int(now) - less)
    return time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(now - less)) + "%03dZ" % (now % 1 * 1000)


class Exchange(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cases, usual = {}, {}

    def find(self, case, path, query):
        usual = self.usual.get(case.exchange)
        for entry in case.answers + (usual.answers if usual and usual is not case else []):
            if entry[0] == path and all(pair in query for pair in entry[1]):
                return entry
        case.unanswered.add(path)
        return path, [], 404, [], "not recorded"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        url = urllib.parse.urlsplit(self.path)
        _, name, path = url.path.split("/", 2)
        query = urllib.parse.parse_qsl(url.query) + urllib.parse.parse_qsl(body)
        _, _, status, headers, text = self.find(self.cases[name], "/" + path, query)
        text = re.sub(r"@(ms|s|iso)(?:-(\d+))?@", now_in, text).replace("@key@", KEY).encode()
        self.send_response(status)
        for header in headers:
            self.send_header(*header)
        self.send_header("Content-Type", "application/json" if text[:1] in (b"{", b"[") else "text/html")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o400)


def prepare(work, case):
    """A profile and a key of the case's name."""
    with open(f"exchanges/{case.exchange}.yaml", encoding="utf-8") as file:
        profile = file.read()
    write(f"{work}/profiles/{case.name}.yaml", re.sub(r"^name: .*", "name: " + case.name, profile, flags=re.M))
    secret = SECRET
    if "secret_encoding: pem" in profile:
        secret = subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                                check=True, capture_output=True, text=True).stdout
    write(f"{work}/keys/{case.name}.key", KEY)
    write(f"{work}/keys/{case.name}.secret", secret)
    if "{pass}" in profile:
        write(f"{work}/keys/{case.name}.passphrase", "recorded-pass")


def run(build, work, port, program, cases, flags):
    """One run of the program, without anything from the last one: its metrics and its log."""
    textfiles = os.path.join(work, "runs", str(len(os.listdir(f"{work}/runs"))))
    os.mkdir(textfiles)
    for case in cases:
        flags += ["--exchange", f"{case.name}=http://127.0.0.1:{port}/{case.name}"]
        for symbol in case.symbols or Exchange.usual[case.exchange].symbols or ["BTC/USDT"]:
            flags += ["--symbol", f"{case.name}:{symbol}"]
    done = subprocess.run([f"{build}/{program}", "--exchange.profiles", f"{work}/profiles", "--timeout", "60s",
                           "--textfile.directory", textfiles] + flags, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{program}: status {done.returncode}: {done.stderr}")
    with open(f"{textfiles}/{program}.prom", encoding="utf-8") as file:
        return file.read(), done.stderr


def concluded(prom, case, lines, alone):
    """Adds what the file says of the case."""
    for line in prom.splitlines():
        match = re.match(r'arbitrage_(\w+)\{(.*)\} (\S+)$', line)
        if not match or match.group(1) not in FAMILIES:
            continue
        family, value, how = match.group(1), match.group(3), FAMILIES[match.group(1)]
        labels = dict(re.findall(r'(\w+)="([^"]*)"', match.group(2)))
        if labels.get("exchange", "alone" if alone else None) not in (case.name, "alone"):
            continue
        if how == UNLESS_ZERO and value == "0":
            continue
        if family == "position_notional" and "/" not in labels["symbol"]:
            continue  # an asset's price may be that of another case
        if how == FROM_NOW:
            value = "in %d min" % math.ceil((float(value) - time.time()) / 60)
        elif how == IS_THERE:
            value = "known"
        elif how == PRODUCT:
            value = "%.9g" % float(value)
        shown = [f"{k}={v}" for k, v in labels.items() if k not in ("exchange", "env", "source")]
        lines.append(" ".join([family] + shown + [value]))


def verdict(case, lines, logs, show):
    """What differs; nothing, if it is as expected."""
    wrong = [f"- {line}" for line in case.expected if line not in lines]
    wrong += [f"+ {line}" for line in lines if line not in case.expected]
    said = [line for line in logs.splitlines() if f"target={case.name} " in line]
    wrong += [f"- log: {text}" for text in case.logged if not any(text in line for line in said)]
    wrong += [f"+ asked for {path}, which is not recorded" for path in sorted(case.unanswered)]
    if show:
        print(f"== {case.name}", *lines, *said, "", sep="\n")
    return wrong


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--show"]
    show = len(arguments) < len(sys.argv) - 1
    build, work = arguments[:2]
    cases = [Case(path) for path in arguments[2:]]
    for part in ("profiles", "keys", "runs"):
        os.mkdir(f"{work}/{part}")
    Exchange.cases = {case.name: case for case in cases}
    usual = {Case(path) for path in glob.glob("tests/fixtures/recorded/*/usual.txt")}
    Exchange.usual = {case.exchange: Exchange.cases.get(case.name, case) for case in usual}
    for case in cases:
        prepare(work, case)
    server = Server(("127.0.0.1", 0), Exchange)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    found = {case.name: [] for case in cases}
    logs = ""
    for first in range(0, len(cases), MOST):
        part = cases[first:first + MOST]
        for program, flags in (("exchange_health", ["--down.after", "1", "--degraded.latency", "30s"]),
                               ("open_positions", ["--keys", f"{work}/keys", "--dust", "0"])):
            prom, log = run(build, work, port, program, part, flags)
            logs += log
            for case in part:
                concluded(prom, case, found[case.name], False)
    for case in cases:
        if case.alone is not None:
            both = [case] + [Exchange.cases[name] for name in case.beside]
            prom, log = run(build, work, port, "open_positions", both, ["--keys", f"{work}/keys"] + case.alone)
            found[case.name] = [line for line in found[case.name] if line.startswith("exchange_")]
            concluded(prom, case, found[case.name], True)
            logs += log
    failed = 0
    for case in cases:
        wrong = verdict(case, found[case.name], logs, show)
        if wrong and not show:
            print(f"FAILED {case.name}:", *wrong, sep="\n  ")
        failed += 1 if wrong else 0
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 0 if failed == 0 and cases else 1


if __name__ == "__main__":
    sys.exit(main())
