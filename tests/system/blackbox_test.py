#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Appliances that are not ours: a guest without a node that has an address of its own, and a server
that a command starts. Their own counters stand on the time axis and agree with ours."""

import re
import shutil
import sys

import guest_study
from guest import build_image, skip_all
from guest_study import HEAD, GuestStudyTest, without_notes
from study import StudyTest, os, subprocess, unittest

HERE = os.path.dirname(os.path.abspath(__file__))
NET = "198.51.100."  # TEST-NET-2, RFC 5737
ASK = ("%s -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
       " s.settimeout(5); s.sendto(bytes(1), (\"" + NET + "10\", 9100));"
       " print(s.recv(99).decode())'") % sys.executable

GUEST = HEAD + """machines:
  product:
    vcpus: 1
    memory: 128M
    pin: "0"
    {what}
setups:
  Q:
    platform: qemu
    platform_options:
      {{agent: no, tester: {net}1/24, arguments: "product={net}10", kernel: {kernel},
       initrd: {initrd}}}
loads:
  - {{type: rtp, to: product, streams: 20}}
"""
EXTERNAL = """appliance:
      type: external
      target: {net}10
      base_port: 5004
      health: "{ask}"
      scrape: "{ask}"
"""

SERVER = HEAD + """machines:
  product:
    appliance:
      type: external
      run: "{node} appliance null --listen $VAPERF_ADDRESS:$VAPERF_PORT --streams 20 --quiet"
      health: "grep -q :59D8 /proc/net/udp"
      base_port: 23000
      ports: 20
setups:
  N: {{platform: "null"}}
loads:
  - {{type: rtp, to: product, streams: 20}}
"""


def quoted(text):
    return text.replace("\\", "\\\\").replace('"', '\\"')


def make_product(folder):
    """(kernel, initrd): vaperf's guest, with another process 1."""
    image = build_image()
    tree = os.path.join(folder, "tree")
    os.mkdir(tree)
    subprocess.run(["gcc", "-static", "-O2", "-o", os.path.join(tree, "init"),
                    os.path.join(HERE, "blackbox_init.c")], check=True)
    archive = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=tree, input=b"init\n",
                             stdout=subprocess.PIPE, check=True).stdout
    initrd = os.path.join(folder, "initrd")
    shutil.copy(image["initrd"], initrd)
    with open(initrd, "ab") as f:
        f.write(bytes(-f.tell() % 4) + archive)  # a later file of the same name counts
    return image["kernel"], initrd


class Counted:
    """Of a study with one case."""

    def counted(self, path, entity, metric):
        rows = self.query("SELECT value FROM result WHERE entity = '%s' AND metric = '%s'"
                          % (entity, metric), path)
        self.assertEqual(len(rows), 1, (entity, metric))
        return rows[0][0]


@unittest.skipIf(guest_study.why_not(), guest_study.why_not())
class Guest(GuestStudyTest, Counted):
    def plan(self, what):
        kernel, initrd = make_product(self.dir)
        path = os.path.join(self.dir, "plan.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(GUEST.format(trials=1, duration="3s", net=NET, kernel=kernel, initrd=initrd,
                                 what=what.format(net=NET, ask=quoted(ASK))))
        return path

    def test_measured_from_outside(self):
        path = os.path.join(self.dir, "box.vaperf")
        self.vaperf("run", self.plan(EXTERNAL), "-o", path)
        self.assertEqual(self.counted(path, "rtp", "loss_pct"), 0)
        self.assertGreater(self.counted(path, "product/process", "cpu_ns"), 1e7)
        # Its own counter, seen some intervals late: 3 s of 1000 packets after a second of them.
        self.assertTrue(1000 < self.counted(path, "product/scrape", "packets_total") <= 4000)
        self.assert_gone()

    def test_nothing_of_ours_can_run_in_it(self):
        path = os.path.join(self.dir, "box.vaperf")
        said = self.vaperf("run", self.plan("appliance: {{type: media}}"), "-o", path, code=3)[1]
        self.assertTrue(any(re.search("machine product: it has no node, so nothing but an appliance"
                                      " of type external", line) for line in without_notes(said)),
                        said)
        self.assert_gone()


class Server(StudyTest, Counted):
    def test_started_by_a_command(self):
        path = os.path.join(self.dir, "server.vaperf")
        with open(os.path.join(self.dir, "plan.yaml"), "w", encoding="utf-8") as f:
            f.write(SERVER.format(trials=1, duration="1s", node=os.environ["VAPERF_NODE"]))
        self.vaperf("run", f.name, "-o", path)
        self.assertEqual(self.counted(path, "rtp", "loss_pct"), 0)
        self.assertEqual(self.nodes(), [])


if __name__ == "__main__":
    if os.geteuid() != 0:
        skip_all("needs root")
    unittest.main(verbosity=2)
