#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""vaperf top over guests that plain virsh started on a real libvirtd: one that never halts, one that
always does. Their whole system is a boot sector, emulated. Nothing of them is touched, and a daemon
that dies is told in one line."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))

import libvirtd
from terminal import Terminal
from guest import skip_all

VAPERF = os.environ["VAPERF"]
BOOT_S = 60
# libvirt's control groups have their names, and another daemon's guest of a name would share one.
NAMES = ["busy-%d" % os.getpid(), "idle-%d" % os.getpid()]
BUSY = b"\xeb\xfe"  # jmp $
IDLE = b"\xf4\xeb\xfd"  # hlt; jmp to it
XML = """<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory><vcpu>{vcpus}</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{disk}'/>
<target dev='hda' bus='ide'/></disk></devices></domain>"""


def setUpModule():
    global daemon, folder
    if libvirtd.why_not():
        skip_all(libvirtd.why_not())
    folder = unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="vaperf-top-"))
    daemon = unittest.enterModuleContext(libvirtd.Libvirtd())
    start(NAMES[0], BUSY, 2)
    start(NAMES[1], IDLE, 1)


def start(name, code, vcpus):
    disk, xml = (os.path.join(folder, name + end) for end in (".img", ".xml"))
    with open(disk, "wb") as f:
        f.write(code.ljust(510, b"\0") + b"\x55\xaa" + bytes(1 << 20))
    with open(xml, "w", encoding="ascii") as f:
        f.write(XML.format(name=name, disk=disk, vcpus=vcpus))
    daemon.virsh("define", xml)
    daemon.virsh("start", name)


def facts():
    """All that someone could have changed of the guests, and that they are the same ones."""
    return [daemon.virsh(word, name, *more) for name in NAMES
            for word, *more in (["dumpxml"], ["dumpxml", "--inactive"], ["domid"], ["domstate"],
                                ["schedinfo"], ["vcpupin"])]


def stolen_s():
    """CPU time that others took from this machine, when it is a guest itself."""
    with open("/proc/stat", encoding="ascii") as f:
        return int(f.readline().split()[8]) / os.sysconf("SC_CLK_TCK")


class Top(unittest.TestCase):
    def top(self, *words):
        done = daemon.run([VAPERF, "top", *words])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def rows(self, *words):
        return [json.loads(text) for text in self.top("--json", *words).splitlines()]

    def wait_for_boot(self):
        """Until the idle one has found its disk, and halts."""
        deadline = time.monotonic() + BOOT_S
        while time.monotonic() < deadline:
            guests = self.rows("--interval", "500ms", "--count", "1")[-1]["guests"]
            if [g["cpu_pct"] < 5 for g in guests if g["guest"] == NAMES[1]] == [True]:
                return
        self.fail("the idle guest is busy after %d s" % BOOT_S)

    def test_1_busy_and_idle(self):
        self.wait_for_boot()
        before, stolen = facts(), stolen_s()
        last = self.rows("--vcpus", "--interval", "2s", "--count", "1")[-1]
        stolen = (stolen_s() - stolen) / 2 * 100
        self.assertEqual([g["guest"] for g in last["guests"]], NAMES)
        busy, idle = last["guests"]
        self.assertEqual((busy["state"], busy["vcpus"], len(busy["vcpu_rows"])), ("running", 2, 2))
        self.assertEqual(len(idle["vcpu_rows"]), 1)
        # Others may want these CPUs too: what it had, and what it waited for.
        least = 90 - stolen
        first, second = busy["vcpu_rows"]
        for row in busy, first:
            wanted = row["cpu_pct"] + row["run_queue_wait_pct"]
            self.assertTrue(least < wanted < 110, (least, row))
        self.assertGreater(busy["cpu_pct"], 10)
        self.assertLess(idle["cpu_pct"], 10)
        self.assertLess(second["cpu_pct"], 5)  # nobody started it
        self.assertEqual(busy["memory_bytes"], 32 << 20)
        self.assertGreater(busy["resident_bytes"], 1 << 20)
        self.assertIsNone(busy["exits_per_s"])
        self.assertEqual(busy["disk_requests_per_s"], 0)
        self.assertEqual(len(last["host"]["cpus"]), os.cpu_count())
        self.assertTrue(all(0 <= c["busy_pct"] <= 100 for c in last["host"]["cpus"]))
        self.assertGreaterEqual(sum(c["busy_pct"] for c in last["host"]["cpus"]),
                                busy["cpu_pct"] - 10 - stolen)
        self.assertTrue(last["host"]["hypervisor"].startswith("QEMU "))
        self.assertEqual(facts(), before)

    def test_2_table(self):
        out = self.top("--count", "1", "--interval", "300ms", "--sort", "name", "--reverse")
        self.assertLess(*(out.index("\n%s " % name) for name in reversed(NAMES)))
        self.assertIn("EXIT, HALT: emulated guests (TCG) have none", out)

    def test_3_live_while_the_daemon_hangs(self):
        t = Terminal(self, daemon.words([VAPERF, "top", "--interval", "100ms"]))
        t.wait_for(NAMES[0] + r" +running +2 +\d+\.\d")
        os.kill(daemon.daemon.pid, signal.SIGSTOP)
        try:
            t.press("v")
            t.wait_for(r"vcpu 1")
            t.press("q")
            self.assertEqual(t.end(), (0, ""))
            self.assertTrue(t.is_restored())
        finally:
            os.kill(daemon.daemon.pid, signal.SIGCONT)

    def test_4_daemon_dies(self):
        t = Terminal(self, daemon.words([VAPERF, "top", "--interval", "100ms"]))
        t.wait_for(NAMES[0] + r" +running +2 +\d+\.\d")
        top = subprocess.Popen(daemon.words([VAPERF, "top", "--json", "--interval", "100ms"]),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
        self.assertIn('"%s"' % NAMES[0], top.stdout.readline())
        daemon.kill()
        _, error = top.communicate(timeout=60)
        self.assertEqual(top.returncode, 3, error)
        code, shown = t.end()
        self.assertEqual(code, 3, shown)
        self.assertTrue(t.is_restored())
        for said in error, shown:  # libvirt's own words depend on what it was doing just then
            self.assertEqual(len(said.splitlines()), 1, said)
            self.assertIn("libvirt qemu:///system: the connection is lost: ", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
