#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""soak.py NODE [SECONDS]: calls of ours through our proxy to our server for so long (600 s), while
a peer sends all three what is broken, cut off, said again, late or looping, and resets connections.
Prints what was seen as one JSON object. 1: memory or descriptors grew, a call failed or something
was left behind; 3: it could not run."""

import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HOST = "127.0.0.1"
PROXY, UAS = 26360, 26370
RATE, HOSTILE_RATE = 300, 400  # a second
START_S = 20
SETTLED, GROWN_PCT, GROWN_MB = 0.5, 5.0, 2.0  # from half of the time on memory stays as it is
# Shorter than this, tables and buffers are still being filled for the first time.
LONG_S, GROWN_SHORT_MB = 120, 32.0
T1_S, T1_SHORT_S = 0.5, 0.03  # a transaction is forgotten after 64 of them
GROWN_FILES = 2
KINDS = ("rubbish", "cut off", "changed", "twice", "late answer", "no hops left", "loop")


class CannotRun(Exception):
    pass


def message(number, method="OPTIONS", more="", to=PROXY, via_port=9):
    return (f"{method} sip:x{number}@{HOST}:{to} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {HOST}:{via_port};branch=z9hG4bKsoak{number}\r\n"
            f"From: <sip:soak@{HOST}>;tag={number}\r\nTo: <sip:x@{HOST}>\r\n"
            f"Call-ID: soak-{number}@{HOST}\r\nCSeq: 1 {method}\r\n{more}"
            "Content-Length: 0\r\n\r\n").encode()


def late_answer(number):
    return message(number).replace(b"OPTIONS sip:", b"SIP/2.0 200 OK\r\nX: ", 1)


class Hostile(threading.Thread):
    """Everything is counted, and sent to the proxy, the server and the caller in turn."""

    def __init__(self, targets):
        super().__init__(daemon=True)
        self.targets, self.sent, self.resets, self.ended = targets, {}, 0, threading.Event()
        self.random = random.Random(1)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((HOST, 0))
        self.port = self.udp.getsockname()[1]

    def make(self, kind, number):
        own = self.port
        good = message(number, via_port=own)
        if kind == "rubbish":
            return [self.random.randbytes(self.random.randint(1, 1400))]
        if kind == "cut off":
            return [good[:self.random.randint(1, len(good) - 1)]]
        if kind == "changed":
            at = self.random.randrange(len(good))
            return [good[:at] + self.random.randbytes(1) + good[at + 1:]]
        if kind == "twice":
            return [good, good]
        if kind == "late answer":
            return [late_answer(number)]
        if kind == "no hops left":
            return [message(number, more="Max-Forwards: 0\r\n", via_port=own)]
        # To the proxy itself, again and again, until its hops are used up.
        return [message(number, more="Max-Forwards: 9\r\nRoute: " + ", ".join(
            [f"<sip:{HOST}:{PROXY};lr>"] * 3) + "\r\n", via_port=own)]

    def reset(self, number):
        """A connection that ends within a message."""
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.connect((HOST, PROXY))
            s.sendall(message(number)[:self.random.randint(1, 200)])
        self.resets += 1

    def run(self):
        number = 0
        while not self.ended.wait(1 / HOSTILE_RATE):
            number += 1
            kind = KINDS[number % len(KINDS)]
            self.sent[kind] = self.sent.get(kind, 0) + 1
            for packet in self.make(kind, number):
                self.udp.sendto(packet, (HOST, self.targets[number % len(self.targets)]))
            if number % 20 == 0:
                self.reset(number)


class Process:
    def __init__(self, name, words, out=subprocess.DEVNULL):
        self.name, self.rows = name, []
        self.child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out,
                                      stderr=subprocess.DEVNULL)

    def look(self):
        """Keeps (resident KB, open files)."""
        folder = f"/proc/{self.child.pid}"
        try:
            with open(folder + "/status", encoding="ascii") as f:
                kb = int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))
            self.rows.append((kb, len(os.listdir(folder + "/fd"))))
        except (OSError, AttributeError):
            pass  # it has ended

    def growth(self):
        """From the settled part to the last fifth: MB, percent; to the end: files."""
        n = len(self.rows)
        before = self.rows[int(n * SETTLED):int(n * 0.8)] or self.rows[:1]
        after = self.rows[int(n * 0.8):]
        kb = max(r[0] for r in after) - max(r[0] for r in before)
        files = self.rows[-1][1] - max(r[1] for r in before)
        return {"resident_mb": max(r[0] for r in self.rows) / 1024, "grown_mb": kb / 1024,
                "grown_pct": 100 * kb / max(r[0] for r in before),
                "grown_files": files}


def wait_port(port, child):
    end = time.monotonic() + START_S
    while time.monotonic() < end and child.poll() is None:
        with open("/proc/net/udp", encoding="ascii") as f:
            if f":{port:04X} " in f.read():
                return
        time.sleep(0.02)
    raise CannotRun(f"nothing opened UDP port {port}")


def last_samples(path):
    """The newest value of each metric of an appliance's lines. The file is opened anew: the place in
    it is the writer's."""
    names, values = [], {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if not line.endswith("\n"):
                break
            o = json.loads(line)
            if "columns" in o:
                names = [c["metric"] for c in o["columns"]]
            elif "values" in o and names:
                values = dict(zip(names, o["values"]))
    return values


def t1_of(seconds):
    return T1_S if seconds >= LONG_S else T1_SHORT_S


def wait_empty(path, t1_s):
    """Transactions and calls of the proxy, when there are none or it should be long over."""
    end = time.monotonic() + 200 * t1_s + START_S
    while True:
        values = last_samples(path)
        left = {k: values.get(k) for k in ("transactions_now", "calls_now")}
        if set(left.values()) == {0} or time.monotonic() > end:
            return left, values
        time.sleep(0.1)


def end(process):
    if process.child.poll() is None:
        process.child.send_signal(signal.SIGINT)
    return process.child.wait(timeout=60)


def soak(node, seconds):
    """What was seen, as a dictionary."""
    with tempfile.NamedTemporaryFile("w+") as lines, tempfile.TemporaryFile("w+") as out:
        return soak_into(node, seconds, lines, out)


def soak_into(node, seconds, lines, out):
    started = []
    try:
        uas = Process("sip-uas", [node, "appliance", "sip-uas", "--listen", f"{HOST}:{UAS}",
                                  "--dead_call", "1s", "--quiet"])
        started.append(uas)
        proxy = Process("signalling", [node, "appliance", "signalling", "--listen",
                                       f"{HOST}:{PROXY}", "--next_hop", f"{HOST}:{UAS}", "--t1",
                                       f"{int(t1_of(seconds) * 1000)}ms", "--json_lines", "--interval",
                                       "200ms", "--quiet"], lines)
        started.append(proxy)
        wait_port(UAS, uas.child)
        wait_port(PROXY, proxy.child)
        caller = Process("load sip", [node, "load", "sip", "--to", f"{HOST}:{PROXY}", "--rate",
                                      str(RATE), "--duration", f"{seconds}s", "--warmup", "0",
                                      "--drain", "10s", "--json", "--quiet", "--dead_call", "1s",
                                      "--void_lateness", "10s", "--void_pause", "1m",
                                      "--void_wait", "100%", "--void_steal", "100%",
                                      "--void_clock_step", "1h"], out)
        started.append(caller)
        hostile = Hostile([PROXY, UAS])
        hostile.start()
        while caller.child.poll() is None:
            for p in started:
                p.look()
            time.sleep(min(1.0, seconds / 50))
        hostile.ended.set()
        hostile.join()
        hostile.udp.close()
        left, values = wait_empty(lines.name, t1_of(seconds))
        for p in started:  # with no connection left that is just being reset
            p.look()
        codes = {p.name: end(p) for p in started}
        out.seek(0)
        report = json.loads(out.read())
        counters = report["counters"]
    finally:
        for p in started:
            if p.child.poll() is None:
                p.child.kill()
                p.child.wait()
    return {"seconds": seconds, "calls": counters["sip_calls"],
            "successful": counters["sip_successful"], "causes": report["workload"]["causes"],
            "hostile": hostile.sent,
            "resets": hostile.resets, "left": left, "exit_codes": codes,
            "proxy": {k: values[k] for k in ("malformed", "strays", "answers_4xx")},
            "growth": {p.name: p.growth() for p in started}}


def troubles(r):
    """What is not as it should be, in words."""
    found = [f"{n} ended with {c}" for n, c in r["exit_codes"].items() if c not in (0, 5)]
    if r["calls"] == 0 or r["successful"] < 0.999 * r["calls"]:
        found.append(f"{r['successful']} of {r['calls']} calls succeeded: {r['causes']}")
    found += [f"{v} of {k} are left" for k, v in r["left"].items() if v != 0]
    found += [f"no {k} were counted" for k, v in r["proxy"].items() if not v]
    most = GROWN_MB if r["seconds"] >= LONG_S else GROWN_SHORT_MB
    for name, g in r["growth"].items():
        if g["grown_mb"] > most and g["grown_pct"] > GROWN_PCT:
            found.append(f"{name}: {g['grown_mb']:.1f} MB more than before")
        if g["grown_files"] > GROWN_FILES:
            found.append(f"{name}: {g['grown_files']} more open files than before")
    return found


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if len(sys.argv) > 1 else 2
    try:
        r = soak(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 600)
    except (CannotRun, OSError, ValueError) as why:
        print(f"soak.py: {type(why).__name__}: {why}", file=sys.stderr)
        return 3
    r["troubles"] = troubles(r)
    print(json.dumps(r, indent=1))
    return 1 if r["troubles"] else 0


if __name__ == "__main__":
    sys.exit(main())
