#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""vaperf-node as sipp with -threads: what it counts, writes and ends with is as with one thread."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

import beside
import loopback
from sipp_mode_test import Sipp
from sipp_pair import SCENARIOS

CALLS = 300


def scenario(answered):
    """The plain one, with something else in the place of what waits for the 200 of its INVITE."""
    with open(os.path.join(SCENARIOS, "plain.xml"), encoding="utf-8") as f:
        head, waits, tail = f.read().partition("<recv response=\"200\"/>\n\n  <send>")
    assert waits
    return head + answered + "\n\n  <send>" + tail


class Threads(Sipp):
    def threads_of(self, process, wanted):
        """The ports are open before the threads are there: wait for so many."""
        until = time.monotonic() + 20
        while len(os.listdir("/proc/%d/task" % process.pid)) != wanted and time.monotonic() < until:
            time.sleep(0.001)
        return len(os.listdir("/proc/%d/task" % process.pid))

    def test_what_needs_one_thread(self):
        for words, said in [
                ("-threads 0 127.0.0.1", "-threads 0: 1 to 64"),
                ("-threads 2 -3pcc 127.0.0.1:1 127.0.0.1", "a twin of 3PCC talks with one thread"),
                ("-threads 3 -l 2 127.0.0.1", "-threads 3 wants -l of as many calls at least"),
                ("-threads 3 -users 2 127.0.0.1", "-threads 3 wants as many -users at least"),
                ("-threads 2 -p 65535 -i 127.0.0.1 127.0.0.1", "the last one 65536")]:
            code, out, err = self.run_it(*words.split())
            self.assertEqual((code, out), (254 if "65536" in said else 255, ""), words)
            self.assertIn(said, err)
            self.assertEqual(len(err.splitlines()), 1, err)

    def traced(self, name):
        """(local port, call number) of each INVITE that was written there."""
        return [(int(port), int(call)) for port, call in re.findall(
            r"INVITE sip:[^\r]*\r\nVia: SIP/2.0/UDP 127\.0\.0\.1:(\d+);[^\r]*\r\n(?:[^\r]+\r\n)*?"
            r"Call-ID: (\d+)-", self.read(name))]

    def test_both_sides(self):
        """Every call once, with a number of its own, and files and screen that say so."""
        server, port = self.server("-sn", "uas", "-threads", "2", "-m", str(CALLS))
        self.assertEqual(self.threads_of(server, 3), 3)
        local = [loopback.port() for _ in range(3)]
        code, out, err = self.call(
            port, "-sn", "uac", "-threads", "3", "-p", str(local[0]), "-r", "600", "-m",
            str(CALLS), "-trace_stat", "-stf", "stat.csv", "-trace_msg", "-message_file", "sent",
            "-trace_rtt", "-rtt_freq", "1", "-trace_counts", "-trace_err", "-fd", "100ms")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(server.wait(20), 0)
        row = self.last_row("stat.csv")
        for column in ("OutgoingCall(C)", "TotalCallCreated", "SuccessfulCall(C)"):
            self.assertEqual(row[column], str(CALLS), column)
        self.assertEqual((row["FailedCall(C)"], row["CurrentCall"]), ("0", "0"))
        sent = self.traced("sent")
        self.assertEqual(sorted(call for _, call in sent), list(range(1, CALLS + 1)))
        self.assertEqual({p: sum(1 for q, _ in sent if q == p) for p in local},
                         {p: CALLS // 3 for p in local})
        for number, call in sent:
            self.assertEqual(number, local[(call - 1) % 3])
        rtt = self.files(r"uac_\d+_rtt\.csv")
        self.assertEqual(len(self.read(rtt[0]).splitlines()), CALLS + 1)
        counts = self.last_row(self.files(r"uac_\d+_counts\.csv")[0])
        self.assertEqual([counts[k] for k in counts if k.endswith("_INVITE_Sent")], [str(CALLS)])
        self.assertRegex(out, r"INVITE -+>  B-RTD1  %d " % CALLS)
        self.assertRegex(out, r"Outgoing calls created \|.*\| +%d" % CALLS)
        said = server.stdout.read()
        self.assertRegex(said, r"Incoming calls created \|.*\| +%d" % CALLS)
        self.assertRegex(said, r"Successful call +\|.*\| +%d" % CALLS)

    def test_numbers(self):
        """1 to -m, however long the calls of each thread last."""
        _, port = self.server()
        self.write("uneven.xml", scenario("<recv response=\"200\"/><pause distribution=\"uniform\""
                                          " min=\"1\" max=\"40\"/>"))
        code, _, err = self.call(port, "-sf", "uneven.xml", "-threads", "3", "-l", "3", "-r",
                                 "1000", "-m", "61", "-trace_msg", "-message_file", "sent")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(sorted(call for _, call in self.traced("sent")), list(range(1, 62)))

    def test_tcp(self):
        server, port = self.server("-sn", "uas", "-t", "t1", "-threads", "2", transport="tcp")
        code, out, _ = self.call(port, "-sn", "uac", "-t", "t1", "-threads", "2", "-r", "400",
                                 "-m", "101")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"Successful call +\|.*\| +101")
        self.assertIn("2 open sockets", out)
        server.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait(20), 0)

    def test_users(self):
        """Each user has one call at a time, of whichever thread; all have calls."""
        _, port = self.server()
        names = ["anna", "berta", "carl", "dora", "emil"]
        self.write("users.csv", "USERS\n%s\n" % "\n".join(names))
        text = scenario("<recv response=\"200\"/><pause/>")
        self.write("user.xml", text.replace("Max-Forwards", "X-User: [field0]\nMax-Forwards"))
        code, out, _ = self.call(port, "-sf", "user.xml", "-users", "5", "-threads", "2", "-inf",
                                 "users.csv", "-m", "20", "-d", "50", "-trace_msg",
                                 "-message_file", "sent")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"Successful call +\|.*\| +20")
        for name in names:
            self.assertIn("X-User: " + name, self.read("sent"))

    def test_calls_that_fail(self):
        """The exit code, the cause, and what the file of errors says of calls of all threads."""
        code, out, _ = self.call(self.deaf().getsockname()[1], "-sn", "uac", "-threads", "2", "-m",
                                 "6", "-r", "100", "-nr", "-recv_timeout", "50", "-trace_err",
                                 "-error_file", "errors")
        self.assertEqual(code, 1)
        self.assertIn("FailedTimeoutOnRecv    |        6", out)
        self.assertEqual({int(n) for n in re.findall(r"Call-Id: (\d+)-", self.read("errors"))},
                         set(range(1, 7)))

    def test_an_error_ends_all_threads(self):
        _, port = self.server()
        self.write("error.xml", scenario("<recv response=\"200\"><action><error message=\"so it is\"/>"
                                         "</action></recv>"))
        code, _, err = self.call(port, "-sf", "error.xml", "-threads", "2", "-r", "50")
        self.assertEqual(code, 255)
        self.assertIn("so it is", err)

    def test_orders(self):
        """Keys and commands reach every thread: rate, limit, pause and the end."""
        _, port = self.server()
        control = loopback.port()
        process = self.start("-sn", "uac", "-i", "127.0.0.1", "-threads", "2", "-r", "1", "-rp",
                             "1h", "-d", "1h", "-cp", str(control), "127.0.0.1:%d" % port,
                             "-trace_stat", "-stf", "s.csv", "-trace_screen", "-screen_file",
                             "screens")
        loopback.wait_for_port(control, "udp", process)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(("127.0.0.1", control))
            for text in ["cset limit 1", "cset limit 6", "cset rate 1000000"]:
                s.send(text.encode())
            while self.sessions("screens") != "6":
                s.send(b"s")
                time.sleep(0.05)
            s.send(b"p")
            for text in ["cset limit 12", "s"]:  # paused: none of these begins
                s.send(text.encode())
            s.send(b"q")
            s.send(b"q")
        self.assertEqual(process.wait(20), 1)  # calls were broken off
        row = self.last_row("s.csv")
        self.assertEqual((row["OutgoingCall(C)"], row["FailedCall(C)"]), ("6", "6"))

    def sessions(self, name):
        """How many calls the last screen shows in the pause."""
        found = re.findall(r"Pause \[.*?\] +(\d+)", self.read(name)) if self.files(name) else []
        return found[-1] if found else ""

    @unittest.skipIf(shutil.which("sipp") is None, "Debian's sipp is not installed")
    def test_against_sipp(self):
        port = loopback.port()
        peer = subprocess.Popen(["sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(port),
                                 "-nostdin"], cwd=self.folder, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
        self.started.append(peer)
        peer.stdin = peer.stdout = peer.stderr = None
        loopback.wait_for_port(port, "udp", peer)
        code, out, _ = self.call(port, "-sn", "uac", "-threads", "2", "-r", "200", "-m", "100")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"Successful call +\|.*\| +100")


if __name__ == "__main__":
    beside.main(loopback.enter, workers=9)
