#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Benches as timed jobs of a study: by a clock on a link, by the control channel, against native;
refused where there is no room. A guest whose clock runs too slowly is found out from outside."""

import json
import shutil

import guest_study
from guest import build_image
from guest_study import GuestStudyTest
from study import StudyTest, os, subprocess, unittest

HERE = os.path.dirname(os.path.abspath(__file__))

NATIVE = """study: benches
trials: 1
machines:
  one: {bench: {type: pi, digits: 2000, rounds: 6}}
  two: {bench: {type: tcp, size: 1M, rounds: 3}}
setups:
  N: {platform: native}
  other: {from: N, one: {bench: {digits: 8000}}}
  again: {from: N, platform: "null"}
"""
CHANNEL = """study: benches
trials: 1
clock: channel
machines:
  one: {bench: {type: "null", rounds: 4}}
setups:
  N: {platform: "null"}
"""
ELSEWHERE = """study: benches
trials: 1
hosts: {sut: local, gen: local, timer: {uri: local, address: 127.0.0.9}}
clock: {host: timer%s}
machines:
  one: {bench: {type: "null", rounds: 3}}
setups:
  N: {platform: native}
"""
SENDERS = """study: senders
trials: 1
duration: 1s
warmup: 0
interval: 100ms
networks: {west: {}}
machines:
  one: {links: [west], neighbour: {type: udp, direction: send, size: 1M}}
  two: {links: [west], neighbour: {type: udp, direction: send, size: 1M}}
setups:
  alone: {platform: oci, without: [two], loads: []}
  both: {platform: oci, loads: []}
generator: {void_steal: 100%}
"""
FULL = """study: benches
trials: 1
machines:
  one: {bench: {type: zfg, size: 102400G}}
setups:
  N: {platform: "null"}
"""
DISK = """study: disk
trials: 1
machines:
  one:
    vcpus: 1
    memory: 160M
    links: []
    bench: {type: files, folder: /var/tmp, size: 4M, count: 100, operations: 100, rounds: 2}
setups:
  Q: {platform: qemu, platform_options: {scratch: %s, disk_cache: none}}
"""
SLOW = """study: slow
trials: 1
machines:
  one: {vcpus: 1, memory: 160M, %s
        bench: {type: timer, period: 5ms, count: 500, rounds: 1}}
setups:
  Q:
    platform: qemu
    platform_options:
      {kernel: %s, initrd: %s, arguments: rdinit=/slow}
"""


class Figures:
    def run_plan(self, text, code=0):
        plan = os.path.join(self.dir, "plan.yaml")
        with open(plan, "w", encoding="utf-8") as f:
            f.write(text)
        return self.vaperf("run", plan, "-o", self.file, code=code)

    def cases(self):
        out = self.vaperf("report", self.file, "--format", "json")[0]
        return {case["name"]: case for case in json.loads(out)["cases"]}

    def figure(self, case, machine, bench, metric):
        return case["metrics"][machine + "/" + bench][metric]["mean"]


class Native(StudyTest, Figures):
    def test_by_a_clock_and_against_native(self):
        self.run_plan(NATIVE)
        cases = self.cases()
        for case in cases.values():
            self.assertEqual(case["verdict"], "pass")
            for machine in case["benches"].values():
                if os.geteuid() == 0 and case["name"] != "again":  # raw sockets
                    self.assertEqual((machine["timed_by"], machine["no_clock"]), ("clock", ""))
        one = cases["N"]["benches"]["one"]
        self.assertEqual((one["over"], one["n"]), ("rounds", 6))
        self.assertNotIn("baseline", one)
        again = cases["again"]["benches"]["one"]
        self.assertEqual(again["baseline"], "N")
        self.assertGreater(again["slowdown"], 0)
        self.assertNotIn("baseline", cases["other"]["benches"]["one"])  # another work
        # Megabytes of both ends.
        self.assertGreater(self.figure(cases["N"], "two", "tcp", "out_received_bits_per_s"), 0)
        text = self.vaperf("report", self.file, "--format", "text")[0]
        self.assertIn("again: pi in one: ", text)
        self.assertRegex(text, r"pi in one: .* x N\n")
        self.vaperf("report", self.file, "-o", os.path.join(self.dir, "page.html"))
        with open(os.path.join(self.dir, "page.html"), encoding="utf-8") as f:
            page = f.read()
        self.assertIn("<svg class=\"bench-bars\"", page)
        self.assertEqual(page.count("<rect "), 6)  # two benches, three cases
        self.assertEqual(page.count("<svg class=\"bench-bars\""), 3)  # pi of two sizes, and tcp

    def test_by_the_control_channel(self):
        self.run_plan(CHANNEL)
        one = self.cases()["N"]["benches"]["one"]
        self.assertEqual((one["timed_by"], one["n"]), ("control channel", 4))
        self.assertEqual(one["no_clock"], "the plan says so")

    def test_by_a_clock_on_a_host_of_its_own(self):
        if os.geteuid() != 0:
            self.skipTest("raw sockets need root")
        self.run_plan(ELSEWHERE % "")
        one = self.cases()["N"]["benches"]["one"]
        self.assertEqual((one["timed_by"], one["no_clock"]), ("clock", ""))
        report = json.loads(self.query("SELECT report FROM trial")[0][0])
        self.assertEqual([(c["address"], c["starts"], c["ends"])
                          for c in report["outside_clocks"]], [("127.0.0.9", 3, 3)])
        self.assertIn("clock on host timer", report["clock"])

    def test_by_no_clock_that_is_there(self):
        """It cannot be opened at an address that is not its host's."""
        self.run_plan(ELSEWHERE % ", address: 198.51.100.9")
        one = self.cases()["N"]["benches"]["one"]
        self.assertEqual((one["timed_by"], one["n"]), ("control channel", 3))
        self.assertIn("198.51.100.9", one["no_clock"])

    @unittest.skipIf(os.geteuid() != 0 or shutil.which("runc") is None, "needs root and runc")
    def test_machines_that_send_together(self):
        self.run_plan(SENDERS)
        cases = self.cases()
        self.assertEqual(cases["alone"]["machines_together"], {"out": None, "in": None})
        out = cases["both"]["machines_together"]["out"]
        rates = [self.figure(cases["both"], m, "udp", "out_bits_per_s") for m in ("one", "two")]
        self.assertAlmostEqual(out["aggregate_per_s"]["mean"] / sum(rates), 1, delta=1e-6)
        self.assertAlmostEqual(out["jain"]["mean"],
                               sum(rates) ** 2 / 2 / sum(r * r for r in rates), delta=1e-6)
        self.assertAlmostEqual(out["max_min"]["mean"], max(rates) / min(rates), delta=1e-6)
        shares = [self.figure(cases["both"], m, "udp", "out_share_pct") for m in ("one", "two")]
        self.assertAlmostEqual(sum(shares), 100, delta=1e-6)
        self.assertIn("both: machines sent together: ",
                      self.vaperf("report", self.file, "--format", "text")[0])
        self.vaperf("report", self.file, "-o", os.path.join(self.dir, "page.html"))
        with open(os.path.join(self.dir, "page.html"), encoding="utf-8") as f:
            page = f.read()
        self.assertIn("Machines that sent or received at the same time", page)
        self.assertEqual(page.count('"panel":"sent"'), 3)  # of each machine over time
        self.assertEqual(page.count('"panel":"fairness"'), 1)

    def test_no_room(self):
        """Said before anything is made: there are no results."""
        said = self.run_plan(FULL, code=3)[1]
        self.assertRegex(said, r"bench zfg: folder /tmp has [0-9.]+ [GM]iB free, and "
                               r"102400.[0-9] GiB are needed")
        self.assertFalse(os.path.exists(self.file))


@unittest.skipIf(guest_study.why_not(), guest_study.why_not())
class SlowGuest(GuestStudyTest, Figures):
    def make(self):
        """(kernel, initrd): vaperf's guest, and a program that slows its clock down."""
        image = build_image()
        tree = os.path.join(self.dir, "tree")
        os.mkdir(tree)
        subprocess.run(["gcc", "-static", "-O2", "-o", os.path.join(tree, "slow"),
                        os.path.join(HERE, "slow_clock_init.c")], check=True)
        archive = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=tree,
                                 input=b"slow\n", stdout=subprocess.PIPE, check=True).stdout
        initrd = os.path.join(self.dir, "initrd")
        shutil.copy(image["initrd"], initrd)
        with open(initrd, "ab") as f:
            f.write(bytes(-f.tell() % 4) + archive)
        return image["kernel"], initrd

    def run_slow(self, links=""):
        self.run_plan(SLOW % (links, *self.make()))
        case = self.cases()["Q"]
        # It believes that nine tenths of the time have passed: of a round so long that what a busy
        # machine keeps a mark waiting is little beside them.
        self.assertAlmostEqual(self.figure(case, "one", "timer", "distortion"), 0.9, delta=0.05)
        self.assert_gone()
        return case

    def test_found_out(self):
        case = self.run_slow()
        self.assertEqual(case["benches"]["one"]["timed_by"], "clock")
        self.assertLess(self.figure(case, "one", "timer", "uncertainty_us"), 1e5)

    def test_without_a_link(self):
        """Run with the long tests: another boot."""
        one = self.run_slow("links: [],")["benches"]["one"]
        self.assertEqual(one["timed_by"], "control channel")
        self.assertEqual(one["no_clock"], "the machine has no link")


@unittest.skipIf(guest_study.why_not(), guest_study.why_not())
class GuestDisk(GuestStudyTest, Figures):
    """Run with the long tests: a boot."""

    def test_scratch(self):
        build_image()
        self.run_plan(DISK % "1000T", code=3)
        self.assertFalse(os.path.exists(self.file))
        self.run_plan(DISK % "32M")
        self.assertEqual(self.figure(self.cases()["Q"], "one", "files", "in_memory"), 0)
        self.assertGreater(self.figure(self.cases()["Q"], "one", "files", "write_bytes_per_s"), 0)
        self.assert_gone()


if __name__ == "__main__":
    unittest.main(verbosity=2)
