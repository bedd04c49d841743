#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workload sip and appliance sip-uas against Debian's sipp, which runs the same scenarios (our
built-in ones) at the other end, by UDP and TCP: every call succeeds, and our messages are sipp's but for what must
differ."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

import beside
import loopback
from loopback import wait_for_port

NODE = os.environ["VAPERF_NODE"]
CALLS = 60
BUILT_IN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src", "node",
                        "scenario", "builtin", "%s.xml")
TOLERANT = ["--void_lateness", "10s", "--void_pause", "1m", "--void_wait", "100%",
            "--void_steal", "100%", "--void_clock_step", "1h", "--drain", "20s"]
# What two runs of the same scenario cannot have alike.
DIFFERS = [(r"branch=z9hG4bK[-\w.]*", "branch=B"), (r"tag=[-\w.]*", "tag=T"),
           (r"(?m)^Call-ID:.*$", "Call-ID: I"), (r"127\.0\.0\.1:\d+", "127.0.0.1:P"),
           (r"\d+ \d+ IN IP4", "N N IN IP4"), (r"m=audio \d+", "m=audio P"),
           (r"(?m)^Content-Length: *\d+", "Content-Length: L")]


def alike(text):
    for pattern, to in DIFFERS:
        text = re.sub(pattern, to, text)
    return text.strip()


def messages_of(path):
    """{what: message} of the first of each kind in a trace of sipp, sent and received apart."""
    with open(path, encoding="utf-8", newline="") as f:
        parts = re.split(r"-{20,} .*\n\w+ message (sent|received) [^\n]*\n\n", f.read())
    found = {"sent": {}, "received": {}}
    for direction, text in zip(parts[1::2], parts[2::2]):
        text = text.replace("\r", "")
        cseq = re.search(r"(?m)^CSeq: *\d+ (\w+)", text)
        key = (text.split("\n")[0].split(" sip:")[0], cseq.group(1) if cseq else "")
        found[direction].setdefault(key, alike(text))
    return found


class Sipp:
    """Debian's sipp in a folder of its own, with a trace of its messages."""

    def __init__(self, folder, transport, *words):
        self.trace = os.path.join(folder, "trace-%d" % loopback.port())
        self.process = subprocess.Popen(
            ["sipp", *words, "-i", "127.0.0.1", "-t", transport[0] + "1", "-nostdin", "-trace_msg",
             "-message_file", self.trace], cwd=folder, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def server(port, transport):
    return subprocess.Popen([NODE, "appliance", "sip-uas", "--listen", "127.0.0.1:%d" % port,
                             "--protocol", transport, "--json", "--quiet"],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def load(port, transport, *more):
    out = subprocess.run([NODE, "load", "sip", "--to", "127.0.0.1:%d" % port, "--protocol",
                          transport, "--rate", str(2 * CALLS), "--duration", "500ms", "--warmup", "0s",
                          "--json", "--quiet", *TOLERANT, *more], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    if out.returncode != 0:
        raise AssertionError("exit %d: %s%s" % (out.returncode, out.stderr, out.stdout[-300:]))
    return json.loads(out.stdout)


class AgainstSipp(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp()

    def tearDown(self):
        shutil.rmtree(self.folder)

    def our_calls(self, transport):
        """We call; sipp answers. What sipp received."""
        port = loopback.port()
        uas = Sipp(self.folder, transport, "-sf", BUILT_IN % "uas", "-p", str(port))
        try:
            wait_for_port(port, transport, uas.process)
            for sharing in ["one", "call"]:
                report = load(port, transport, "--sharing", sharing)
                counters, metrics = report["counters"], report["workload"]["metrics"]
                self.assertEqual(counters["sip_successful"], CALLS, report["workload"]["causes"])
                self.assertEqual(metrics["failed"], 0)
                self.assertEqual(metrics["session_establishment_ratio_pct"], 100)
                self.assertEqual(metrics["session_completion_ratio_pct"], 100)
                self.assertGreater(metrics["srd_ms.p99"], 0)
                self.assertGreaterEqual(metrics["srd_intended_ms.max"], metrics["srd_ms.p50"])
                self.assertEqual(report["delay_from_intended_ns"]["count"], CALLS)
        finally:
            uas.stop()
        return messages_of(uas.trace)["received"]

    def sipps_calls(self, transport):
        """sipp calls; we answer. What sipp sent and what it received."""
        port = loopback.port()
        uas = server(port, transport)
        try:
            wait_for_port(port, transport, uas)
            uac = Sipp(self.folder, transport, "-sf", BUILT_IN % "uac", "127.0.0.1:%d" % port, "-m",
                       str(CALLS), "-r", "100", "-timeout", "60s")
            self.assertEqual(uac.process.wait(), 0)
        finally:
            uas.send_signal(signal.SIGINT)
            out, err = uas.communicate(timeout=60)
        self.assertEqual(uas.returncode, 0, err)
        counted = {s["metric"]: s.get("total", 0) for s in json.loads(out)["series"]}
        self.assertEqual(counted["sip_incoming"], CALLS)
        self.assertEqual(counted["sip_failed"], 0)
        return messages_of(uac.trace)

    def both_ways(self, transport):
        ours = self.our_calls(transport)
        theirs = self.sipps_calls(transport)
        self.assertEqual(sorted(ours), sorted(theirs["sent"]))
        for kind in ["INVITE", "ACK", "BYE"]:
            self.assertEqual(ours[(kind, kind)], theirs["sent"][(kind, kind)])
        # Among sipp itself, for its answers.
        port = loopback.port()
        uas = Sipp(self.folder, transport, "-sf", BUILT_IN % "uas", "-p", str(port))
        try:
            wait_for_port(port, transport, uas.process)
            uac = Sipp(self.folder, transport, "-sf", BUILT_IN % "uac", "127.0.0.1:%d" % port, "-m", "1",
                       "-timeout", "60s")
            self.assertEqual(uac.process.wait(), 0)
        finally:
            uas.stop()
        self.assertEqual(theirs["received"], messages_of(uac.trace)["received"])

    def test_udp(self):
        self.both_ways("udp")

    def test_tcp(self):
        self.both_ways("tcp")


class Overload(unittest.TestCase):
    def test_nobody_answers(self):
        """Calls into silence: each is counted as failed, and the fault is not ours."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
            deaf.bind(("127.0.0.1", 0))
            report = load(deaf.getsockname()[1], "udp", "--invite_retrans", "0")
        counters = report["counters"]
        self.assertEqual(counters["sip_failed"], CALLS)
        self.assertEqual(counters["sip_failed_by_silence"], CALLS)
        self.assertEqual(report["workload"]["metrics"]["ihsa_pct"], 100)
        self.assertIsNone(report["workload"]["metrics"]["srd_ms.p99"])

    def test_no_room_is_void(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
            deaf.bind(("127.0.0.1", 0))
            out = subprocess.run(
                [NODE, "load", "sip", "--to", "127.0.0.1:%d" % deaf.getsockname()[1], "--rate",
                 "100", "--duration", "200ms", "--warmup", "0s", "--limit", "5", "--json", "--quiet",
                 *TOLERANT, "--drain", "10ms"], stdout=subprocess.PIPE, text=True)
        report = json.loads(out.stdout)
        self.assertEqual(out.returncode, 5)
        self.assertEqual(report["counters"]["sip_calls"], 5)
        self.assertEqual(report["counters"]["sip_not_begun"], 15)


if __name__ == "__main__":
    if shutil.which("sipp") is None:
        print("Debian's sip-tester is not here")
        sys.exit(77)
    beside.main(loopback.enter, workers=9)
