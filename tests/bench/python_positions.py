"""python_positions.py URL KEY-DIRECTORY FILE: positions of Binance futures as a script for the textfile collector does it.

One signed request, json.loads of its body, three gauges per position, write_to_textfile.  It compares with nobody:
that is less than open_positions does.  Prints the size of the body.
"""
import hashlib
import hmac
import json
import pathlib
import sys
import time
import urllib.request

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

url, keys, path = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
key, secret = ((keys / f"binanceusdm.{what}").read_text().strip() for what in ("key", "secret"))

query = f"recvWindow=5000&timestamp={time.time_ns() // 1000000}"
signature = hmac.new(secret.encode(), query.encode(), hashlib.sha256).hexdigest()
request = urllib.request.Request(f"{url}/fapi/v3/positionRisk?{query}&signature={signature}", headers={"X-MBX-APIKEY": key})
with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
    body = answer.read()

registry = CollectorRegistry()
labels = ["exchange", "symbol", "side"]
quantity = Gauge("position_quantity", "Quantity.", labels, registry=registry)
notional = Gauge("position_notional", "Notional.", labels, registry=registry)
profit = Gauge("position_unrealized_pnl", "Profit.", labels, registry=registry)
for position in json.loads(body):
    amount = float(position["positionAmt"])
    if amount == 0:
        continue
    values = ("binanceusdm", position["symbol"], "long" if amount > 0 else "short")
    quantity.labels(*values).set(abs(amount))
    notional.labels(*values).set(abs(float(position["notional"])))
    profit.labels(*values).set(float(position["unRealizedProfit"]))
write_to_textfile(path, registry)
print(len(body))
