#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""vaperf top over libvirt's own test driver (test:///default): the real library and a guest that
exists in its memory alone, whose CPU time is the clock itself. Batch forms, the live view in a
pseudo-terminal, and what goes wrong. Real guests are in tests/system/top_test.py."""

import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import unittest

from terminal import Terminal

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
import beside  # pylint: disable=wrong-import-position

VAPERF = os.environ["VAPERF"]
TEST = ["-c", "test:///default", "--interval", "200ms"]
UUID = "6695eb01-f6a4-8304-79aa-97f2502e193f"


def run_top(*words):
    done = subprocess.run([VAPERF, "top", *words], stdin=subprocess.DEVNULL, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Batch(unittest.TestCase):
    def test_csv(self):
        code, out, error = run_top(*TEST, "--interval", "1s", "--csv", "--count", "2", "--vcpus")
        self.assertEqual((code, error), (0, ""))
        self.assertEqual(out.count("\r\n"), out.count("\n"))
        rows = list(csv.DictReader(io.StringIO(out, newline="")))
        self.assertEqual([r["vcpu"] for r in rows], ["", "0", "1"] * 2)
        for row in rows:
            self.assertEqual((row["guest"], row["uuid"]), ("test", UUID))
            self.assertGreater(float(row["interval_s"]), 0)
            self.assertRegex(row["at"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertEqual(row["exits_per_s"], "")
        for row in rows[0], rows[3]:  # its CPU time is the clock
            self.assertAlmostEqual(float(row["cpu_pct"]), 100, delta=50)
            self.assertEqual((row["state"], row["vcpus"]), ("running", "2"))
            self.assertEqual(row["memory_bytes"], str(2097152 * 1024))

    def test_json(self):
        code, out, error = run_top("--connect", "test:///default", "--json", "--count=2",
                                   "--interval=1s", "--sort", "name", "--reverse")
        self.assertEqual((code, error), (0, ""))
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(len(lines), 2)
        for line in lines:
            self.assertEqual(line["uri"], "test:///default")
            self.assertTrue(line["host"]["hypervisor"].startswith("TEST "))
            self.assertEqual(line["host"]["cpus_online"], 16)
            guest, = line["guests"]
            self.assertEqual((guest["guest"], guest["uuid"]), ("test", UUID))
            self.assertAlmostEqual(guest["cpu_pct"], 100, delta=50)
            self.assertIsNone(guest["halts_per_s"])
            self.assertNotIn("vcpu_rows", guest)
            self.assertLess(line["own_cost"]["cpu_pct"], 100)

    def test_table_where_there_is_no_terminal(self):
        code, out, error = run_top(*TEST, "--count", "1", "--vcpus")
        self.assertEqual((code, error), (0, ""))
        self.assertRegex(out, r"(?m)^GUEST +STATE +VCPU +CPU% +WAIT%")
        self.assertRegex(out, r"(?m)^test +running +2 +\d+\.\d +- ")
        self.assertRegex(out, r"(?m)^  vcpu 1 ")
        self.assertRegex(out, r"(?m)^EXIT, HALT: libvirt does not tell them of TEST")

    def test_no_guest(self):
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as node:
            node.write("<node><cpu><mhz>1</mhz></cpu></node>")
            node.flush()
            none = ["-c", "test://" + node.name, "--count", "1", "--interval", "200ms"]
            self.assertIn("no guest runs here", run_top(*none)[1])
            self.assertEqual(run_top(*none, "--csv")[1].count("\n"), 1)

    def test_help(self):
        code, out, error = run_top("--help")
        self.assertEqual((code, error), (0, ""))
        for word in "--connect", "--interval", "--vcpus", "--sort", "-c is short", "examples:":
            self.assertIn(word, out)


class Trouble(unittest.TestCase):
    def refused(self, code, said, *words):
        got, out, error = run_top(*words)
        self.assertEqual((got, out), (code, ""), error)
        self.assertIn(said, error)
        self.assertEqual(len(error.splitlines()), 1, error)

    def test_words(self):
        self.refused(2, "what is 'now'", "now")
        self.refused(2, "interval: '1' is not a duration", "--interval", "1")
        self.refused(2, "too small", "--interval", "1ms")
        self.refused(2, "did you mean cpu?", "--sort", "cpi")
        self.refused(2, "either --csv or --json", "--csv", "--json")
        self.refused(2, "unknown option -x", "-x")
        self.refused(2, "--connect needs", "-c")

    def test_uris(self):
        self.refused(3, "nonsense:///system", "-c", "nonsense:///system")
        self.refused(3, "nothing at all", "-c", "nothing at all")
        self.refused(3, "/nowhere/sock", "-c", "qemu+unix:///system?socket=/nowhere/sock")
        self.refused(3, "systemctl start libvirtd, or name another libvirt: -c URI", "-c",
                     "qemu+unix:///system?socket=/nowhere/sock")

    def test_daemon_that_ends_the_conversation(self):
        """A libvirt that hangs up, which is all that can be seen of one that died at once."""
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
            path = os.path.join(folder, "sock")
            server.bind(path)
            server.listen()
            hanging_up = threading.Thread(target=lambda: server.accept()[0].close())
            hanging_up.start()
            self.refused(3, path, "-c", "qemu+unix:///system?socket=" + path, "--csv")
            hanging_up.join()

    def test_reader_that_goes_away(self):
        top = subprocess.Popen([VAPERF, "top", *TEST, "--csv"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertTrue(top.stdout.readline().startswith(b"at,"))
        top.stdout.close()
        self.assertEqual(top.wait(60), 3)
        self.assertIn(b"cannot write the figures", top.stderr.read())
        top.stderr.close()


LIVE = [VAPERF, "top", *TEST]


class Live(unittest.TestCase):
    def assert_restored(self, terminal):
        self.assertTrue(terminal.is_restored(), terminal.text)

    def test_keys(self):
        t = Terminal(self, LIVE)
        t.wait_for(r"rates need a second reading")
        t.wait_for(r"test +running +2 +\d+\.\d")
        self.assertNotEqual(termios.tcgetattr(t.slave), t.before)
        t.press("v")
        t.wait_for(r"vcpu 1")
        t.press("s")
        t.wait_for(r"by wait")
        t.press("p")
        t.wait_for(r"PAUSED")
        t.press("p?")
        t.wait_for(r"any key: back")
        t.press("x")
        t.wait_for(r"by wait")
        t.press("+")
        t.wait_for(r"every 500ms  ")
        t.press("q")
        self.assertEqual(t.end(), (0, ""))
        self.assert_restored(t)

    def test_resize(self):
        t = Terminal(self, LIVE)
        t.wait_for(r"more columns")
        t.text = ""
        t.resize(10, 200, t.child)
        t.wait_for(r"HALT")
        t.text = ""
        t.resize(3, 20, t.child)  # nothing fits: no harm
        t.wait_for(r"by cpu")
        t.press("\x1b[Cvq")
        self.assertEqual(t.end(), (0, ""))
        self.assert_restored(t)

    def test_signals(self):
        for number in signal.SIGINT, signal.SIGTERM:
            t = Terminal(self, LIVE)
            t.wait_for(r"quit")
            t.child.send_signal(number)
            self.assertEqual(t.end(), (130, ""))
            self.assert_restored(t)

    def test_terminal_that_goes_away(self):
        t = Terminal(self, LIVE)
        t.wait_for(r"test +running")
        self.assertEqual(t.hang_up(), 0)

    def test_count_ends_it(self):
        t = Terminal(self, [*LIVE, "--count", "2"])
        self.assertEqual(t.end(), (0, ""))
        self.assert_restored(t)

    def test_terminal_that_is_not_known(self):
        t = Terminal(self, LIVE, "no-such-terminal")
        code, error = t.end()
        self.assertEqual(code, 3)
        self.assertIn("TERM=no-such-terminal", error)
        self.assertEqual(t.after, t.before)


if __name__ == "__main__":
    beside.main(first=["test_csv", "test_json"])
