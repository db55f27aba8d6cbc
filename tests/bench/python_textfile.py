"""python_textfile.py FILE ROUNDS DIRECTORY: what python3-prometheus-client takes for the same samples.

Reads the file that bench_textfile wrote into a Gauge with three labels, and prints
per round, in nanoseconds per sample: write_to_textfile, parse.
"""
import os
import sys
import time

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile
from prometheus_client.parser import text_string_to_metric_families

path, rounds, directory = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with open(path, encoding="utf-8") as file:
    text = file.read()

registry = CollectorRegistry()
gauge = None
count = 0
for family in text_string_to_metric_families(text):
    for sample in family.samples:
        if gauge is None:
            gauge = Gauge(family.name, family.documentation, list(sample.labels), registry=registry)
        gauge.labels(**sample.labels).set(sample.value)
        count += 1

for _ in range(rounds):
    started = time.perf_counter_ns()
    write_to_textfile(os.path.join(directory, "python.prom"), registry)
    written = time.perf_counter_ns()
    parsed = sum(sample.value for family in text_string_to_metric_families(text) for sample in family.samples)
    ended = time.perf_counter_ns()
    assert parsed > 0
    print((written - started) / count, (ended - written) / count)
