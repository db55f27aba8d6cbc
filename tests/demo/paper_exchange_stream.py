"""paper_exchange_stream.py URL PID: what the stream of books sends, against the exchange's other endpoints and its faults.

Prints one line per check: "ok ..." or "FAILED ...: why".
"""
import decimal
import http.client
import json
import socket
import sys
import time
import urllib.parse

host = sys.argv[1].removeprefix("http://")
pid = int(sys.argv[2])


def request(method, path):
    connection = http.client.HTTPConnection(host, timeout=20)
    connection.request(method, path)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, json.loads(body)


def get(path):
    status, body = request("GET", path)
    assert status == 200, (path, status, body)
    return body


def control(method, path):
    status, body = request(method, "/control" + path)
    assert status == 200, (path, status, body)


class Stream:
    """An open stream: next() gives an event as a dict, "alive", or None at its end."""

    def __init__(self, venue="binance", **parameters):
        query = urllib.parse.urlencode(parameters, safe=",")
        self.connection = http.client.HTTPConnection(host, timeout=20)
        self.connection.request("GET", f"/{venue}/paper/stream?{query}")
        self.response = self.connection.getresponse()
        self.status = self.response.status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()
        self.response.close()

    def next(self):
        try:
            while True:
                line = self.response.readline()
                self.arrived = time.time() * 1000
                if line == b": alive\n":
                    return "alive"
                if line.startswith(b"data: "):
                    assert self.response.readline() == b"\n", "no empty line behind an event"
                    return json.loads(line[6:], parse_float=decimal.Decimal)
                if line == b"":
                    return None
                assert line == b"\n", line
        except (http.client.HTTPException, ConnectionError):
            return None

    def events(self, count):
        found = []
        while len(found) < count:
            event = self.next()
            assert event is not None, f"the stream ended after {len(found)} events"
            if event != "alive":
                found.append(event)
        return found

    def to_the_end(self):
        until = time.monotonic() + 15
        while self.next() is not None:
            assert time.monotonic() < until, "it has no end"


def rest_book(venue, native):
    """Sequence (Binance alone tells it) and five levels of each side."""
    if venue == "binance":
        book = get(f"/binance/api/v3/depth?symbol={native}&limit=5")
        return book["lastUpdateId"], book["bids"], book["asks"]
    book = get(f"/upbit/v1/orderbook?markets={native}&count=5")[0]
    sides = [[[unit[f"{side}_price"], unit[f"{side}_size"]] for unit in book["orderbook_units"]] for side in ("bid", "ask")]
    return book["timestamp"] // 250, *sides


def same_levels(a, b):
    return [[decimal.Decimal(str(x)) for x in level] for level in a] == [[decimal.Decimal(str(x)) for x in level] for level in b]


def the_first_events_are_the_books(venue, natives):
    control("POST", f"/{venue}/frozen")
    with Stream(venue, symbols=",".join(natives)) as stream:
        events = stream.events(len(natives))
    assert [event["symbol"] for event in events] == natives, events
    for event in events:
        sequence, bids, asks = rest_book(venue, event["symbol"])
        assert event["sequence"] == sequence, (event["sequence"], sequence)
        assert len(event["bids"]) == 5 and same_levels(event["bids"], bids), (event["bids"], bids)
        assert len(event["asks"]) == 5 and same_levels(event["asks"], asks), (event["asks"], asks)


def a_moving_book_is_that_of_the_other_endpoint():
    seen, asked = {}, {}
    with Stream(symbols="ETHUSDT") as stream:
        for _ in range(6):
            event = stream.events(1)[0]
            seen[event["sequence"]] = event["bids"] + event["asks"]
            sequence, bids, asks = rest_book("binance", "ETHUSDT")
            asked[sequence] = bids + asks
    both = seen.keys() & asked.keys()
    assert len(both) >= 2, (list(seen), list(asked))
    for sequence in both:
        assert same_levels(seen[sequence], asked[sequence]), sequence


def every_symbol_comes_in_sequence(venue, count):
    last = {}
    with Stream(venue) as stream:
        for event in stream.events(4 * count):
            symbol, sequence = event["symbol"], event["sequence"]
            assert last.get(symbol, sequence - 1) == sequence - 1, (symbol, last[symbol], sequence)
            last[symbol] = sequence
            assert event["time"] == 250 * sequence, event
            assert event["time"] <= event["sent"] <= stream.arrived + 1, (event["time"], event["sent"], stream.arrived)
    assert len(last) == count, len(last)


def it_has_as_many_levels_as_asked():
    for levels in (1, 20):
        with Stream(symbols="BTCUSDT", levels=levels) as stream:
            event = stream.events(1)[0]
            assert len(event["bids"]) == len(event["asks"]) == levels, event
    bids = [decimal.Decimal(price) for price, _ in event["bids"]]
    assert bids == sorted(bids, reverse=True) and bids[0] < decimal.Decimal(event["asks"][0][0]), event


def a_gap_leaves_out_every_nth_event():
    control("POST", "/binance/gap?value=3")
    with Stream(symbols="BTCUSDT") as stream:
        sequences = [event["sequence"] for event in stream.events(7)]
    assert [b - a for a, b in zip(sequences, sequences[1:])] == [1, 2, 1, 2, 1, 2], sequences


def a_cut_ends_each_stream_after_its_time():
    control("POST", "/binance/cut?value=600")
    for _ in range(2):
        started = time.monotonic()
        with Stream(symbols="BTCUSDT") as stream:
            stream.events(1)
            stream.to_the_end()
        assert time.monotonic() - started >= 0.6, time.monotonic() - started


def a_frozen_exchange_is_alive():
    with Stream(symbols="BTCUSDT,ETHUSDT") as stream:
        stream.events(2)
        control("POST", "/binance/frozen")
        said = []
        while said[-2:] != ["alive", "alive"]:
            said.append(stream.next())
            assert said[-1] is not None and len(said) < 20, said
        last = [event for event in said if event != "alive"]
        control("DELETE", "/binance/frozen")
        after = stream.events(1)[0]
        assert not last or after["sequence"] > last[-1]["sequence"], (last, after)


def a_halted_symbol_stands_still_alone():
    with Stream(symbols="BTCUSDT,ETHUSDT") as stream:
        stream.events(2)
        control("POST", "/binance/halted?value=ETH/USDT")
        stream.events(2)  # what was on its way
        assert {event["symbol"] for event in stream.events(4)} == {"BTCUSDT"}
    with Stream(symbols="ETHUSDT") as stream:
        assert stream.events(1)[0]["sequence"] == rest_book("binance", "ETHUSDT")[0]


def latency_delays_the_events():
    with Stream(symbols="BTCUSDT") as stream:
        before = stream.events(1)[0]
        control("POST", "/binance/latency?value=700&path=stream")
        late = stream.events(4)[-1]
        assert stream.arrived - late["time"] >= 700 and stream.arrived - float(late["sent"]) >= 699, (stream.arrived, late)
        assert float(late["sent"]) >= late["time"] - 1, late
        control("DELETE", "/binance/latency")
        after = stream.events(6)[-1]
        assert before["sequence"] < late["sequence"] < after["sequence"]
        assert stream.arrived - after["time"] < 700, (stream.arrived, after)


def a_wrong_clock_is_in_the_times():
    control("POST", "/binance/skew?value=-50000")
    control("POST", "/binance/stale?value=100000")
    with Stream(symbols="BTCUSDT") as stream:
        event = stream.events(1)[0]
        assert 150000 <= stream.arrived - event["time"] < 170000, event
        assert 50000 <= stream.arrived - float(event["sent"]) < 70000, event


def a_fault_cuts_and_refuses(fault, status):
    with Stream(symbols="BTCUSDT") as stream:
        stream.events(1)
        control("POST", f"/binance/{fault}")
        started = time.monotonic()
        stream.to_the_end()
        assert time.monotonic() - started < 5
    try:
        with Stream(symbols="BTCUSDT") as stream:
            assert stream.status == status, stream.status
    except (http.client.HTTPException, ConnectionError):
        assert status is None


def a_page_takes_its_place():
    control("POST", "/binance/content-type")
    with Stream(symbols="BTCUSDT") as stream:
        assert stream.response.getheader("Content-Type").startswith("text/html") and b"<html>" in stream.response.read()


def what_it_does_not_know_is_refused():
    for symbols in ("BTCUSDT,NOPE", "", "BTCUSDT,", "A" * 30, ",".join(["BTCUSDT"] * 201)):
        with Stream(symbols=symbols) as stream:
            assert stream.status == 400, (symbols, stream.status)
    with Stream(symbols=",".join(["BTCUSDT"] * 4000)) as stream:
        assert stream.status in (400, 413, 414, 431), stream.status
    assert request("POST", "/binance/paper/stream")[0] == 405
    assert request("GET", "/okx/paper/stream")[0] == 404


def await_condition(what, seconds=30):
    for _ in range(seconds * 20):
        if what():
            return
        time.sleep(0.05)
    raise AssertionError(f"it has not happened within {seconds} s")


def there_is_an_end_to_streams():
    streams = []
    while (stream := Stream(symbols="BTCUSDT")).status == 200:
        streams.append(stream)
        assert len(streams) <= 32, "more than 32 streams"
    assert stream.status == 429 and len(streams) >= 30, (stream.status, len(streams))
    assert get("/binance/api/v3/depth?symbol=BTCUSDT")["bids"]
    for stream in streams:
        stream.__exit__()

    def opens():
        with Stream(symbols="BTCUSDT") as stream:
            return stream.status == 200

    await_condition(opens)


def volumes_and_tickers():
    all_of = get("/binance/api/v3/ticker/24hr")
    assert len(all_of) == 200 == len({each["symbol"] for each in all_of})
    volumes = [float(each["quoteVolume"]) for each in all_of]
    assert min(volumes) > 0 and sum(volumes[:20]) > sum(volumes[20:100]) > sum(volumes[100:]), volumes
    for each in all_of:
        low, last, high = (float(each[key]) for key in ("lowPrice", "lastPrice", "highPrice"))
        assert low <= last <= high and float(each["bidPrice"]) < last < float(each["askPrice"]), each
        assert abs(float(each["volume"]) * float(each["weightedAvgPrice"]) / float(each["quoteVolume"]) - 1) < 1e-3, each
    some = get('/binance/api/v3/ticker/24hr?symbols=["ETHUSDT","C100USDT"]')
    assert [each["symbol"] for each in some] == ["ETHUSDT", "C100USDT"]
    assert get("/binance/api/v3/ticker/24hr?symbol=C100USDT")["quoteVolume"] == some[1]["quoteVolume"]
    assert len(get("/binance/api/v3/ticker/bookTicker")) == len(get("/binance/api/v3/exchangeInfo")["symbols"]) == 200
    for wrong in ("symbols=[]", "symbols=x", 'symbols=["NOPE"]', "symbols=[1]", "symbol=NOPE", "symbol="):
        assert request("GET", "/binance/api/v3/ticker/24hr?" + wrong)[0] == 400, wrong


def upbits_tickers():
    control("POST", "/upbit/halted?value=ETH/KRW")
    all_of = {each["market"]: each for each in get("/upbit/v1/ticker/all?quote_currencies=BTC,KRW")}
    assert len(all_of) == 200 and "KRW-ETH" not in all_of and all(each["acc_trade_price_24h"] > 0 for each in all_of.values())
    assert 1390 < all_of["KRW-USDT"]["trade_price"] < 1410
    assert get("/upbit/v1/ticker/all?quote_currencies=BTC") == []
    markets = [each["market"] for each in get("/upbit/v1/market/all")]
    assert sorted(markets) == sorted(all_of), set(markets) ^ set(all_of)
    assert [each["market"] for each in get("/upbit/v1/ticker?markets=" + ",".join(markets))] == markets


def stalled_reader():
    """A client that reads nothing; returns its socket when the server has it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    address, port = host.split(":")
    client.connect((address, int(port)))
    client.sendall(b"GET /upbit/paper/stream?levels=20 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert client.recv(12) == b"HTTP/1.1 200"
    return client


def server_socket_of(client):
    """Whether the server still has its end of the connection (/proc/net/tcp, and an inode: a socket that somebody owns)."""
    ours = "%04X" % client.getsockname()[1]
    for line in open(f"/proc/{pid}/net/tcp", encoding="ascii"):
        field = line.split()
        if field[2].endswith(":" + ours) and field[9] != "0":
            return True
    return False


failed = 0


def check(what, run, *arguments):
    global failed
    try:
        control("DELETE", "")
        run(*arguments)
        print("ok", what, flush=True)
    except Exception as error:  # whatever it is, the other checks go on
        failed += 1
        print("FAILED", what + ":", (type(error).__name__ + " " + str(error))[:500].replace("\n", " "), flush=True)


client = stalled_reader()
check("a stalled reader has its stream at first", lambda: server_socket_of(client) or sys.exit("no such socket"))
check("binance: the first events are the books", the_first_events_are_the_books, "binance", ["BTCUSDT", "C100USDT", "SOLUSDT"])
check("upbit: the first events are the books", the_first_events_are_the_books, "upbit", ["KRW-USDT", "KRW-BTC", "KRW-C024"])
check("a moving book is that of the other endpoint", a_moving_book_is_that_of_the_other_endpoint)
check("binance: every symbol comes in sequence", every_symbol_comes_in_sequence, "binance", 200)
check("upbit: every symbol comes in sequence", every_symbol_comes_in_sequence, "upbit", 201)
check("it has as many levels as asked", it_has_as_many_levels_as_asked)
check("gap: every nth event is left out", a_gap_leaves_out_every_nth_event)
check("cut: each stream ends after its time", a_cut_ends_each_stream_after_its_time)
check("frozen: comments, and no events", a_frozen_exchange_is_alive)
check("halted: one symbol stands still", a_halted_symbol_stands_still_alone)
check("latency: events come late", latency_delays_the_events)
check("skew and stale: the times are off", a_wrong_clock_is_in_the_times)
check("reset: cut, and refused", a_fault_cuts_and_refuses, "reset", None)
check("5xx: cut, and refused", a_fault_cuts_and_refuses, "5xx?value=502", 502)
check("429: cut, and refused", a_fault_cuts_and_refuses, "429", 429)
check("content-type: a page", a_page_takes_its_place)
check("what it does not know is refused", what_it_does_not_know_is_refused)
check("there is an end to streams", there_is_an_end_to_streams)
check("volumes and tickers", volumes_and_tickers)
check("upbit: tickers without what is halted", upbits_tickers)
# By now it is, unless the connection waits as long as an idle one may.
check("a reader that stalls is cut", await_condition, lambda: not server_socket_of(client), 8)
sys.exit(1 if failed else 0)
