#!/usr/bin/python3
"""browser.py BROWSER PROFILE: one Chromium for many pages, since its start costs more than all that is asked of it.

Reads a request a line, and answers each with "ok" or with "failed: WHY" (fields are parted by tabs):

dom URL HTML LOG                            the page as the browser has it, and what it logs of it
picture URL WIDTH HEIGHT light|dark PNG     how it looks
"""
import base64
import json
import os
import select
import signal
import subprocess
import sys
import time

PATIENCE = 60


class Browser:
    """Chromium's own protocol over two pipes, which are its descriptors 3 and 4: JSON, a NUL byte behind each."""

    def __init__(self, program, profile):
        told, self.tell = os.pipe()
        self.hear, said = os.pipe()

        def descriptors():
            os.dup2(told, 13)
            os.dup2(said, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)

        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--force-color-profile=srgb", "--user-data-dir=" + profile, "--remote-debugging-pipe"],
            stdin=subprocess.DEVNULL, stdout=sys.stderr, preexec_fn=descriptors, close_fds=False)
        os.close(told)
        os.close(said)
        self.left, self.number, self.events = b"", 0, []

    def message(self, end):
        while b"\0" not in self.left:
            if not select.select([self.hear], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            more = os.read(self.hear, 1 << 20)
            if not more:
                raise EOFError("the browser has ended")
            self.left += more
        text, _, self.left = self.left.partition(b"\0")
        return json.loads(text)

    def call(self, method, session=None, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        os.write(self.tell, json.dumps(request).encode() + b"\0")
        end = time.monotonic() + PATIENCE
        while True:
            answer = self.message(end)
            if answer.get("id") != self.number:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(answer["error"]["message"])
            else:
                return answer["result"]

    def close(self):
        """Waits for all of its processes: until they have ended they write into the profile, which is to be removed."""
        os.write(self.tell, b'{"id": 0, "method": "Browser.close"}\0')
        self.process.wait()
        while os.read(self.hear, 1 << 20):
            pass

    def wait_for(self, method):
        end = time.monotonic() + PATIENCE
        while not any(each.get("method") == method for each in self.events):
            self.events.append(self.message(end))


def look(browser, url, width, height, scheme, what):
    """Opens the page, and calls WHAT with the name of its session."""
    page = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
    for part in ("Page", "Log", "Runtime"):
        browser.call(part + ".enable", session)
    browser.call("Emulation.setDeviceMetricsOverride", session, width=width, height=height, deviceScaleFactor=1, mobile=False)
    browser.call("Emulation.setEmulatedMedia", session, features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.events = []
    browser.call("Page.navigate", session, url=url)
    browser.wait_for("Page.loadEventFired")
    what(session)
    browser.call("Target.closeTarget", targetId=page)


def dom(browser, url, html, log):
    def save(session):
        found = browser.call("Runtime.evaluate", session, expression="document.documentElement.outerHTML")
        open(html, "w", encoding="utf-8").write(found["result"]["value"])
        open(log, "w", encoding="utf-8").writelines(
            json.dumps(each["params"]) + "\n" for each in browser.events
            if each.get("method") in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"))

    look(browser, url, 1280, 960, "light", save)


def picture(browser, url, width, height, scheme, png):
    def save(session):
        open(png, "wb").write(base64.b64decode(browser.call("Page.captureScreenshot", session, format="png")["data"]))

    look(browser, url, int(width), int(height), scheme, save)


def main():
    browser = Browser(*sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(browser.close()))
    for line in sys.stdin:
        request, *fields = line.rstrip("\n").split("\t")
        try:
            {"dom": dom, "picture": picture}[request](browser, *fields)
            print("ok", flush=True)
        except Exception as error:  # whatever it is, the scenario counts it
            print("failed: %r" % error, flush=True)
    browser.close()


main()
