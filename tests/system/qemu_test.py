#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real guests: a study on them, and what weight, cap and a shared CPU do to them as seen from the
host, whoever else uses that CPU."""

import json
import re

import guest_study
from guest_study import HEAD, MEDIA, GuestStudyTest
from study import os, unittest

BUSY = HEAD + """machines:
  heavy: {{vcpus: 1, memory: 128M, pin: "0", weight: 512, {neighbour}}}
  light: {{vcpus: 1, memory: 128M, pin: "0", weight: 256, {neighbour}}}
  one: {{vcpus: 1, memory: 128M, pin: "1", {neighbour}}}
  two: {{vcpus: 1, memory: 128M, pin: "1", {neighbour}}}
  idle: {{vcpus: 1, memory: 128M, appliance: {{type: "null"}}}}
setups:
  Q: {{platform: qemu, platform_options: {{{options}}}}}
loads:
  - {{type: "null", to: idle, rate: 10}}
"""

CAPPED = """  capped: {{vcpus: 1, memory: 128M, pin: "0", cap: 60%, {neighbour}}}
  idle: {{vcpus: 1, memory: 128M, pin: "0", appliance: {{type: "null"}}}}
"""
# What virtio-net has without the host's help: each packet interrupts.
STUDY = MEDIA.replace('vcpus: 1,', 'vcpus: 1, rx_frames: 1,').replace('pin: "0"', 'pin: "1"') \
    .replace("setups:", CAPPED + "setups:")
REFUSED = MEDIA.replace('vcpus: 1,', 'vcpus: 1, rx_usecs: 50,').replace('pin: "0"', 'pin: "1"')
SECONDS = 3
TAP = re.compile(r"media/vp\w{6}v\d+")
NEIGHBOUR = "neighbour: {type: pi, digits: 20000}"

WHY_NOT = guest_study.why_not()


class Measured(GuestStudyTest):
    def figures(self):
        """{case: {(entity, metric): value}} of a run with one trial."""
        figures = {}
        rows = self.query('SELECT c.name, r.entity, r.metric, r.value FROM result r JOIN trial t ON'
                          ' t.id = r.trial JOIN "case" c ON c.id = t.case_id', self.file)
        for case, entity, metric, value in rows:
            figures.setdefault(case.split("/")[0], {})[entity, metric] = value
        return figures

    def run_study(self, text, seconds, *more):
        if os.path.exists(self.file):
            os.unlink(self.file)
        self.vaperf("run", self.write(text, 1, "%ds" % seconds, neighbour=NEIGHBOUR), "-o",
                    self.file, *more)

    def vcpu(self, figures, machine, metric):
        """The figure of the thread that is the machine's only VCPU."""
        found = [value for (entity, m), value in figures.items() if m == metric and
                 re.fullmatch(machine + r"/process/thread\.CPU_0\b.*", entity)]
        self.assertEqual(len(found), 1, sorted(e for e, _ in figures if e.startswith(machine)))
        return found[0]


@unittest.skipIf(WHY_NOT, WHY_NOT)
class Guests(Measured):
    def test_study_on_guests(self):
        """All in one: a media server, a guest that is capped and one that is idle. A guest of a plan
        that cannot be had boots beside them."""
        refused = self.start("run", self.write(REFUSED, 1, "1s", name="refused.yaml"), "-o",
                             os.path.join(self.dir, "refused.vaperf"))
        self.run_study(STUDY, SECONDS)
        self.assertEqual(refused.finish()[0], 3, refused.said)
        self.assertRegex(refused.said, "machine media: .*interface eth0: ")
        self.assert_gone()
        self.check_media(self.figures()["Q"])
        self.check_cap(self.figures()["Q"])

    def check_media(self, figures):
        self.assertEqual(figures["rtp", "loss_pct"], 0)
        self.assertGreater(self.vcpu(figures, "media", "cpu_ns"), 1e7)
        # 20 streams, 50 a second, all returned: a guest that was kept from its CPU does so behind
        # the measured part, before the last sample.
        returned = [(entity, most) for entity, most in self.query(
            "SELECT entity, max(value) FROM series JOIN sample ON series = series.id"
            " WHERE metric = 'rx_packets' GROUP BY series.id") if TAP.fullmatch(entity)]
        self.assertEqual(len(returned), 1)
        self.assertGreaterEqual(returned[0][1], 20 * 50 * SECONDS)
        self.assertIn((returned[0][0], "rx_packets"), figures)
        cgroup, process = (figures["media/" + k, "cpu_ns"] for k in ("cgroup", "process"))
        self.assertAlmostEqual(process / cgroup, 1, delta=0.2)
        # The VMM's own figures, and what the guest believes.
        self.assertAlmostEqual(figures["media/vmm", "cpu_ns"] / process, 1, delta=0.3)
        vcpu = figures["media/vmm/vcpu.0", "cpu_ns"]
        self.assertAlmostEqual(vcpu / self.vcpu(figures, "media", "cpu_ns"), 1, delta=0.3)
        self.assertGreater(figures["media/guest/cpu0", "busy_pct"], 1)
        self.assertTrue(0 < figures["media", "clock_drift_bound_ppm"] < 1e5)
        view = json.loads(self.query("SELECT report FROM trial")[0][0])["vmm"]["media"]
        if ("media/vmm/vcpu.0", "exits") in figures:
            self.assertNotIn("missing", view)
        else:
            self.assertIn("exits and halts: ", view["missing"])

    def check_cap(self, figures):
        """It holds, and shows unless others wanted all that the CPU had; the idle guest shows it not."""
        used, wait = ({m: ns / SECONDS / 1e7 for m, ns in got.items()} for got in (
            {m: figures[m + "/cgroup", "cpu_ns"] for m in ("capped", "idle")},
            {m: self.vcpu(figures, m, "run_queue_wait_ns") for m in ("capped", "idle")}))
        told = (used, wait)
        self.assertLess(used["capped"], 66, told)
        self.assertLess(used["idle"], 15, told)
        self.assertGreater(used["capped"] + wait["capped"], 75, told)  # a busy guest
        self.assertLess(2 * wait["idle"], wait["capped"], told)
        self.assertEqual(figures["idle/cgroup", "throttled_ns"], 0)
        if figures["cpu0", "busy_pct"] + figures["cpu0", "steal_pct"] < 90:
            self.assertGreater(used["capped"], 54, told)
            self.assertGreater(figures["capped/cgroup", "throttled_ns"], 5e8)

    def test_what_is_wrong_with_the_plan_is_said(self):
        for options, code, words in (
                ("accel: xen", 2, "xen"),
                ("nic: e1000, queues: 4", 2, "queues: only nic virtio has it"),
                ("uri: nonsense:///system, kernel: /none", 3, "nonsense:///system"),
                ("kernel: /none/vmlinuz, initrd: /none/initrd", 3, "cannot be read"),
                ("hostdev: pci:ffff:1f:1f.7", 3, "IOMMU")):
            given = MEDIA.replace("{options}", options)
            out, said = self.vaperf("run", self.write(given), code=code)
            self.assertIn(words, out + said)
        self.assert_gone()


@unittest.skipIf(WHY_NOT, WHY_NOT)
class Shares(Measured):
    """Two pairs of guests, each on one CPU. With the longer tests."""

    def test_two_on_one_cpu(self):
        """What they have of it stands in the ratio of their weights, also when others have some of
        it; all the rest of the time they wait."""
        self.run_study(BUSY, SECONDS)
        self.assert_gone()
        figures = self.figures()["Q"]
        used = {m: figures[m + "/cgroup", "cpu_ns"] / SECONDS / 1e7
                for m in ("heavy", "light", "one", "two")}
        self.assertTrue(1.4 <= used["heavy"] / used["light"] <= 2.6, used)
        self.assertTrue(0.7 <= used["one"] / used["two"] <= 1.4, used)
        for machine in used:  # both of one reading, whose time is the sample's nearly
            had, wait = (self.vcpu(figures, machine, metric) / SECONDS / 1e7
                         for metric in ("cpu_ns", "run_queue_wait_ns"))
            self.assertAlmostEqual(had + wait, 100, delta=20, msg=(machine, had, wait, used))


if __name__ == "__main__":
    unittest.main(verbosity=2)
