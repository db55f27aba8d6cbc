#!/usr/bin/python3
"""usage.py SECONDS CONTAINER...: memory (without the cache of files) and share of one core of each, and their sums."""

import http.client
import json
import os
import socket
import sys
import time


class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")[len("unix://"):])


def stats(container):
    connection = Connection("engine", timeout=30)
    connection.request("GET", "/containers/%s/stats?stream=false&one-shot=true" % container)
    return json.load(connection.getresponse())


def main():
    seconds, containers = float(sys.argv[1]), sys.argv[2:]
    began, before = time.monotonic(), {name: stats(name) for name in containers}
    time.sleep(seconds)
    memory = percent = 0
    for name in containers:
        now = stats(name)
        used = now["memory_stats"]["usage"] - now["memory_stats"]["stats"].get(
            "total_inactive_file", now["memory_stats"]["stats"].get("inactive_file", 0))
        spent = (now["cpu_stats"]["cpu_usage"]["total_usage"] -
                 before[name]["cpu_stats"]["cpu_usage"]["total_usage"]) / 1e9
        share = 100 * spent / (time.monotonic() - began)
        print("%s %.1f MiB %.2f%%" % (name, used / 2**20, share))
        memory += used / 2**20
        percent += share
    print("total %.1f MiB %.2f%%" % (memory, percent))


main()
