#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest on another host: libvirt by qemu+ssh://, the node of the hypervisor and the guest's own by
ssh, the load from here over the cable between both. The other host is a network namespace with a
real sshd and a real libvirtd in it."""

import json
import shutil
import subprocess
import sys

import guest_study
import libvirtd
import second_host
from guest_study import GuestStudyTest
from study import os, unittest

PLAN = """study: far
seed: a guest on another host
trials: 1
duration: 1s
warmup: 200ms
interval: 500ms
hosts:
  here: {{uri: local, address: {here}, interface: {cable}}}
  there: {{uri: "{uri}", address: {there}, interface: eth2}}
networks: {{traffic: {{}}}}
machines:
  media: {{host: there, vcpus: 1, memory: 128M, links: [traffic], appliance: {{type: media}}}}
setups:
  far: {{platform: qemu, generator: here, platform_options: {{{options}}}}}
loads:
  - {{type: rtp, to: media, streams: 20}}
generator: {{void_lateness: 10s, void_steal: 100%, void_wait: 100%, void_achieved: 1%,
            void_clock_step: 1h, void_pause: 1m, drain: 20s}}
"""


def why_not():
    return second_host.missing() or libvirtd.why_not() or guest_study.why_not() or \
        (None if shutil.which("virt-ssh-helper") or shutil.which("nc")
         else "neither virt-ssh-helper nor nc is there, which libvirt's ssh wants on the other host")


WHY_NOT = why_not()


@unittest.skipIf(WHY_NOT, WHY_NOT)
class RemoteGuest(GuestStudyTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = os.path.realpath(subprocess.run(["mktemp", "-d"], capture_output=True,
                                                     text=True, check=True).stdout.strip())
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.far = second_host.SecondHost(cls.folder)
        cls.addClassCleanup(cls.far.close)
        cls.far.open()
        cls.daemon = libvirtd.Libvirtd(["nsenter", "--target", str(cls.far.sshd.pid), "--mount",
                                        "--net", "--uts", "--root"])
        cls.enterClassContext(cls.daemon)

    def setUp(self):
        super().setUp()
        self.env.update(self.far.environment())

    def plan(self, uri, image=True):
        """A guest's files are on its host: here both have the same disk."""
        options = ['uri: "%s"' % uri]
        if image:
            made = subprocess.run([os.environ["VAPERF"], "image", "build", "--json"], check=True,
                                  text=True, capture_output=True)
            options += ["%s: %s" % (k, json.loads(made.stdout)[k]) for k in ("kernel", "initrd")]
        path = os.path.join(self.dir, "plan.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(PLAN.format(uri=self.far.uri, here=self.far.here, there=self.far.there,
                                cable=self.far.cable + "b", options=", ".join(options)))
        return path

    def libvirt_uri(self, path="system"):
        return "qemu+" + self.far.uri + "/" + path

    def test_load_from_here_to_a_guest_there(self):
        run = self.start("run", self.plan(self.libvirt_uri()), "-o", self.file)
        self.assertEqual(run.finish()[0], 0, run.said)
        figures = {(e, m): v for e, m, v in self.query("SELECT entity, metric, value FROM result")}
        self.assertEqual(figures["rtp", "loss_pct"], 0)
        self.assertGreater(figures["media/vmm", "cpu_ns"], 1e6)  # libvirt over ssh
        self.assertGreater(figures["media/cgroup", "cpu_ns"], 1e6)  # the node of that host
        self.assertGreater(figures["media/guest/cpu0", "busy_pct"], 0)
        report = json.loads(self.query("SELECT report FROM trial")[0][0])
        self.assertEqual(report["machines"]["media"]["host"], "there")
        self.assertEqual(self.daemon.virsh("list", "--all", "--name").split(), [])
        self.assert_gone()
        self.assertEqual(self.far.interfaces(), ["eth1", "eth2", "lo"])
        self.assertEqual(self.far.processes("/var/tmp/vaperf-"), [])

    def test_embedded_is_for_this_host_alone(self):
        said = self.vaperf("run", self.plan("embedded"), "-o", self.file, code=3)[1]
        self.assertIn("host there needs the URI of its libvirt, such as qemu+ssh://host/system",
                      said)

    def test_no_libvirt_there(self):
        """A word of ssh, or of libvirt: in one line, with its address."""
        uri = self.libvirt_uri().replace(":%d/" % second_host.PORT, ":1/")
        said = self.vaperf("run", self.plan(uri), "-o", self.file, code=3)[1]
        self.assertIn("platform qemu: libvirt %s: " % uri, said)
        self.assertEqual(len(guest_study.without_notes(said)), 1, said)


if __name__ == "__main__":
    if WHY_NOT:
        print(WHY_NOT)
        sys.exit(77)
    unittest.main(verbosity=2)
