# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium spoken to over its DevTools pipe (NUL-ended JSON on descriptors 3 and 4)."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--hide-scrollbars", "--remote-debugging-pipe"]
PATIENCE_S = 60


class Page:
    """One tab: evaluates, and keeps what was requested, logged and thrown."""

    def __init__(self, width=1280, height=1000, dark=False, script=True):
        self.folder = tempfile.mkdtemp(prefix="vaperf-chromium-")
        down, self.out = os.pipe()
        self.inward, up = os.pipe()
        # Above every descriptor the shell's redirections below use.
        os.set_inheritable(down, True)
        os.set_inheritable(up, True)
        line = f'exec "$0" "$@" 3<&{down} 4>&{up}'
        self.child = subprocess.Popen(
            ["bash", "-c", line, "chromium", *FLAGS, f"--user-data-dir={self.folder}",
             f"--window-size={width},{height}", "about:blank"],
            pass_fds=(down, up), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(down)
        os.close(up)
        self.pending, self.serial = b"", 0
        self.requests, self.complaints, self.events = [], [], []
        self.session = None
        targets = self.call("Target.getTargets")["targetInfos"]
        target = next(t["targetId"] for t in targets if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(domain + ".enable")
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        if not script:
            self.call("Emulation.setScriptExecutionDisabled", value=True)

    def _receive(self):
        end = time.monotonic() + PATIENCE_S
        while b"\0" not in self.pending:
            ready = select.select([self.inward], [], [], max(0, end - time.monotonic()))[0]
            data = os.read(self.inward, 1 << 16) if ready else b""
            if not data:
                raise RuntimeError("chromium does not answer")
            self.pending += data
        text, self.pending = self.pending.split(b"\0", 1)
        return json.loads(text)

    def _note(self, message):
        method, params = message.get("method", ""), message.get("params", {})
        self.events.append(method)
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(json.dumps(params["args"]))
        elif method == "Log.entryAdded":
            self.complaints.append(json.dumps(params["entry"]))
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append("a dialog opened: " + params["message"])

    def call(self, method, **params):
        self.serial += 1
        message = {"id": self.serial, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self.serial:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self._note(answer)

    def open(self, url):
        self.events.clear()
        self.call("Page.navigate", url=url)
        while "Page.loadEventFired" not in self.events:
            self._note(self._receive())

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(json.dumps(result["exceptionDetails"]))
        return result["result"].get("value")

    def picture(self, path, top=0, height=None):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": top, "width": size["width"], "height": height or size["height"],
                "scale": 1}
        data = self.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
        except (OSError, RuntimeError):
            self.child.kill()
        self.child.wait()
        os.close(self.out)
        os.close(self.inward)
        shutil.rmtree(self.folder, ignore_errors=True)
