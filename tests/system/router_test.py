#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router on two platforms: what a real firewall in it drops, by its own counter, is exactly what
our figures call lost; a next hop that the kernel refuses and a link that goes down in mid-trial are
failed trials that say so, and the rest goes on. Everything in namespaces that the run makes."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import unittest

import beside
import loopback
from study import StudyTest

PLAN = """study: routers
seed: routers
trials: 1
duration: 700ms
warmup: 0
settle: 500ms
interval: 100ms
void_retries: 0
networks: {west: {}, east: {}}
machines:
  lossy: {links: [west, east], appliance: {type: router, routes: 500, routes6: 500}}
  refused: {links: [west, east], appliance: {type: router, via: 203.0.113.1}}
  cut: {links: [west, east], appliance: {type: router}}
setups:
  loss: {platform: native, platform_options: {network: own}, without: [refused, cut]}
  loss-oci: {platform: oci, without: [refused, cut]}
  refused:
    platform: native
    platform_options: {network: own}
    without: [lossy, cut]
    loads: [{type: flow, to: refused, frames: yes, flows: 4, rate: 1000}]
  cut:
    platform: oci
    without: [lossy, refused]
    loads: [{type: flow, to: cut, frames: yes, flows: 4, rate: 1000}]
loads:
  - {type: flow, to: lossy, frames: yes, flows: 100, rate: 4000, sizes: imix-free}
limits: {loss: 50%}
generator: {drain: 2s, void_lateness: 10s, void_steal: 100%, void_wait: 100%,
            void_achieved: 1%, void_clock_step: 1h, void_pause: 1m}
""".replace("imix-free", '"84,300"')

FIREWALL = """table inet loss {
  counter dropped {}
  chain forward {
    type filter hook forward priority 0;
    numgen random mod 20 == 0 counter name dropped drop
  }
}
"""


def skip(why):
    print(why)
    sys.exit(77)


def run(*words, **more):
    return subprocess.run(words, text=True, capture_output=True, timeout=20, **more)


class Hand(threading.Thread):
    """Does something in the namespaces of a machine's routers, each time there is one."""

    def __init__(self, test, machine):
        super().__init__(daemon=True)
        self.test, self.machine, self.done, self.seen = test, machine, False, []
        self.failure = None

    def spaces(self):
        marks = os.listdir(self.test.marks) if os.path.isdir(self.test.marks) else []
        names = ["vaperf-%s-%s" % (mark, self.machine) for mark in marks]
        return [n for n in names if os.path.exists("/run/netns/" + n)]

    def run(self):
        while not self.done:
            for space in self.spaces():
                if self.forwards(space):
                    self.handle(space)
                    while os.path.exists("/run/netns/" + space):
                        time.sleep(0.01)
            time.sleep(0.01)

    def inside(self, space, *words, **more):
        return run("ip", "netns", "exec", space, *words, **more)

    def forwards(self, space):
        """Its appliance is set up: the last route is there."""
        return "proto 181" in run("ip", "-n", space, "route").stdout

    def handle(self, space):
        raise NotImplementedError


class Firewall(Hand):
    """Drops a packet of twenty, and keeps the last count that was to be had."""

    def handle(self, space):
        put = self.inside(space, "nft", "-f", "-", input=FIREWALL)
        if put.returncode != 0:
            self.failure = put.stderr
            return
        self.seen.append(None)
        while os.path.exists("/run/netns/" + space):
            out = self.inside(space, "nft", "list", "counter", "inet", "loss", "dropped").stdout
            count = re.search(r"packets (\d+)", out)
            if count is None:
                break
            self.seen[-1] = int(count.group(1))
            time.sleep(0.02)


class Scissors(Hand):
    """Takes a link down once packets are forwarded over it."""

    def handle(self, space):
        while os.path.exists("/run/netns/" + space):
            out = run("ip", "-n", space, "-j", "-s", "link", "show", "eth1").stdout
            if out and json.loads(out)[0]["stats64"]["tx"]["packets"] > 50:
                self.seen.append(run("ip", "-n", space, "link", "set", "eth1", "down").returncode)
                return
            time.sleep(0.01)


BGP = """study: bgp
trials: 1
duration: 500ms
warmup: 0
settle: 300ms
interval: 100ms
void_retries: 0
networks: {west: {}, east: {}}
machines:
  router: {links: [west, east], appliance: {type: router, daemon: DAEMON, routes: 10000}}
  silent:
    links: [west, east]
    appliance: {type: router, daemon: DAEMON, peer: 198.18.250.1, converge: 300ms}
setups:
  N: {platform: native, platform_options: {network: own}, without: [silent],
      router: {appliance: {routes: 1000, routes6: 1000}}}
  D: {platform: oci, platform_options: {root: /, capabilities: "MAY"}, without: [silent]}
  silent:
    platform: native
    platform_options: {network: own}
    without: [router]
    loads: [{type: flow, to: silent, frames: yes, flows: 4, rate: 1000}]
loads:
  - {type: flow, to: router, frames: yes, flows: 100, rate: 1000, sizes: "84,300"}
limits: {loss: 50%}
generator: {drain: 300ms, void_lateness: 10s, void_steal: 100%, void_wait: 100%,
            void_achieved: 1%, void_clock_step: 1h, void_pause: 1m}
"""


@unittest.skipIf(shutil.which("bird") is None, "needs bird, of Debian's package bird2")
class BgpTest(StudyTest):
    def series(self, metric):
        rows = self.query('SELECT c.name, x.value FROM sample x JOIN series s ON s.id = x.series '
                          'JOIN trial t ON t.id = s.trial JOIN "case" c ON c.id = t.case_id '
                          "WHERE s.entity = 'router' AND s.metric = '%s'" % metric)
        return {(name.split("/")[0], value) for name, value in rows}

    def test_bird(self):
        self.hear("bird", "kill")

    @unittest.skipUnless(os.path.exists("/usr/lib/frr/zebra"), "needs Debian's package frr")
    def test_frr(self):
        self.hear("frr", "chown,setuid,setgid,sys_admin")

    def hear(self, daemon, may):
        path = os.path.join(self.dir, "bgp.yaml")
        self.file = os.path.join(self.dir, "bgp.vaperf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(BGP.replace("DAEMON", daemon).replace("MAY", may))
        child = self.start("run", path, "-o", self.file)
        code, out = child.finish()
        self.assertEqual(code, 3, out + child.said)
        states = {name.split("/")[0]: state for name, _, _, state in self.trials()}
        self.assertEqual(states, {"N": "done", "D": "done", "silent": "failed"}, child.said)
        self.assertEqual(self.series("routes"), {("N", 2000), ("D", 10000)})
        for _, milliseconds in self.series("route_load_ms"):
            self.assertGreater(milliseconds, 0)
        lost = self.query("SELECT value FROM result WHERE metric = 'flow_lost'")
        self.assertEqual(lost, [(0,), (0,)])
        self.assertRegex("\n".join(r for r in self.reasons() if r), "machine silent: router: %s: "
                         "after 300 ms 0 of 1 routes are in the kernel's table" % daemon)


class RouterTest(StudyTest):
    def test_routers(self):
        path = os.path.join(self.dir, "routers.yaml")
        self.file = os.path.join(self.dir, "routers.vaperf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(PLAN)
        hands = [Firewall(self, "lossy"), Scissors(self, "cut")]
        for hand in hands:
            hand.start()
        child = self.start("run", path, "-o", self.file)
        code, out = child.finish()
        for hand in hands:
            hand.done = True
            hand.join()
            self.assertIsNone(hand.failure)
        self.assertEqual(code, 3, out + child.said)
        states = {name.split("/")[0]: state for name, _, _, state in self.trials()}
        self.assertEqual(states, {"loss": "done", "loss-oci": "done", "refused": "failed",
                                  "cut": "failed"}, out + child.said)
        self.check_losses(hands[0].seen)
        self.check_failures()
        self.assertEqual(hands[1].seen, [0])
        self.assertEqual([n for n in os.listdir(self.marks) if n[0] != "."], [])
        self.assertFalse([n for n in os.listdir("/run/netns") if n.endswith(("-lossy", "-cut"))])

    def check_losses(self, dropped):
        rows = self.query("SELECT r.metric, r.value FROM result r JOIN trial t ON t.id = r.trial "
                          "WHERE t.state = 1 AND r.entity = 'flow' AND r.metric IN "
                          "('flow_lost', 'flow_sent', 'flow_received') ORDER BY t.id")
        figures = {m: [v for metric, v in rows if metric == m] for m in dict(rows)}
        self.assertEqual(figures["flow_lost"], dropped)
        for sent, received, lost in zip(figures["flow_sent"], figures["flow_received"], dropped):
            self.assertEqual(sent - received, lost)
            self.assertGreater(sent, 2000)
            self.assertTrue(0.02 < lost / sent < 0.1, (lost, sent))

    def check_failures(self):
        reasons = "\n".join(r for r in self.reasons() if r)
        self.assertRegex(reasons, r"machine cut: router: its link eth1 (is|went) down")
        self.assertRegex(reasons, r"machine refused: router: the kernel refused the next hop "
                                  r"203\.0\.113\.1: ")


if __name__ == "__main__":
    if os.geteuid() != 0:
        skip("needs root for network namespaces")
    for program in ("ip", "nft", "runc"):
        if shutil.which(program) is None:
            skip("needs %s" % program)
    beside.main(loopback.enter)
