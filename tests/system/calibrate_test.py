#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The generator calibrated against itself, without the appliance: what is found, kept and advised."""

import json

import loopback
from study import StudyTest, os, unittest

CALLS = """study: calls
duration: 300ms
interval: 100ms
warmup: 100ms
hosts: {{sut: local, gen: local}}
networks: {{traffic: {{}}}}
machines:
  sip: {{links: [traffic], appliance: {{type: {appliance}}}}}
loads:
  - {{type: sip, to: sip, {load}}}
limits: {{delay.p99: 20s}}
generator: {{void_lateness: 10s, void_steal: 100%, void_wait: 100%, void_achieved: 80%,
            void_clock_step: 1h, void_pause: 1m, drain: 20s}}
setups:
  A: {{platform: "null"}}
"""


class Calibrated(StudyTest):
    """The generator without the appliance, and what a later run makes of it."""

    def setUp(self):
        super().setUp()
        self.env["VAPERF_CACHE_DIR"] = os.path.join(self.dir, "cache")

    def test_calibrate(self):
        plan = self.plan(trials=1, rate="[100, 200]")
        _, said = self.vaperf("run", plan, "--dry-run")
        self.assertIn("note: the generator on host gen was never calibrated for these loads", said)
        # A void rule that the third level must break: there the generator is the limit.
        out, said = self.vaperf("calibrate", plan, "--duration", "300ms", "--factor", "100",
                                "--json")
        found = json.loads(out)
        self.assertEqual(said, "")
        self.assertEqual((found["host"], found["load"], found["option"]), ("local", "null", "rate"))
        self.assertGreaterEqual(found["highest"], 100)
        self.assertGreater(found["reached"], found["highest"])
        self.assertIn(found["end"], ("loss", "generator"))
        self.assert_nothing_left()
        self.assertFalse(os.path.exists(self.file))
        _, said = self.vaperf("run", plan, "--dry-run")
        self.assertEqual("asks for 200" in said, found["highest"] < 200, said)
        more = self.plan(trials=1, rate="[100, 10000000]", name="more.yaml")
        _, said = self.vaperf("run", more, "--dry-run")
        self.assertIn("carried %.0f rate alone, and setup A asks for 10000000" % found["highest"],
                      said)
        other = self.plan(trials=1, rate="100", name="other.yaml", lateness="9s")
        _, said = self.vaperf("run", other, "--dry-run")
        self.assertIn("was never calibrated", said)

    def calls(self, load, name="calls.yaml", appliance="signalling"):
        """A plan of loads to a machine whose appliance is left out in a calibration."""
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(CALLS.format(load=load, appliance=appliance))
        return path

    def test_calls_are_answered_without_the_appliance(self):
        # At 20 calls a second there is room for each; of 2000 there is for half: the generator is
        # the limit there.
        rate = "rate: [20, 40], pause: 100ms, limit: 100"
        for load, appliance in ((", called: {type: sip-uas}", "signalling"),
                                ("", "signalling, mode: answer"),
                                (", protocol: tcp", "signalling, mode: answer"),
                                (", scenario: uac", "sip-uas")):
            plan = self.calls(rate + load, appliance=appliance)
            self.vaperf("run", plan, "--dry-run")
            out, said = self.vaperf("calibrate", plan, "--duration", "300ms", "--factor", "100",
                                    "--json")
            found = json.loads(out)
            self.assertEqual((found["load"], found["option"]), ("sip", "rate"))
            self.assertEqual((found["highest"], found["reached"], found["end"]),
                             (20, 2000, "generator"))
            _, said = self.vaperf("run", plan, "--dry-run")
            self.assertNotIn("never calibrated", said)
            self.assert_nothing_left()

    @unittest.skipIf(os.geteuid() != 0, "network namespaces need root")
    def test_frames_are_forwarded_without_the_appliance(self):
        """The plan's router, whose next hop the kernel refuses, is never made. At 20000 a second a
        limit of the plan is broken, whatever the machine carries."""
        for option, appliance in (("", "router, via: 203.0.113.1, routes6: 5"),
                                  (", bridged: yes", "router, mode: bridge")):
            plan = self.calls("rate: [200, 400]", name="frames.yaml", appliance=appliance)
            with open(plan, encoding="utf-8") as f:
                text = f.read().replace("type: sip,", "type: flow, frames: yes, sizes: 128%s,"
                                        % option).replace("{traffic: {}}", "{west: {}, east: {}}")
            with open(plan, "w", encoding="utf-8") as f:
                f.write(text.replace("links: [traffic]", "links: [west, east]")
                        .replace("delay.p99: 20s", "sent: 1000")
                        .replace('"null"', "native, platform_options: {network: own}"))
            out, said = self.vaperf("calibrate", plan, "--duration", "300ms", "--factor", "100",
                                    "--json")
            found = json.loads(out)
            self.assertEqual((found["load"], found["option"], said), ("flow", "rate", ""))
            self.assertEqual((found["highest"], found["reached"], found["end"]),
                             (200, 20000, "loss"))
            _, said = self.vaperf("run", plan, "--dry-run")
            self.assertIn("asks for 400", said)
            self.assertNotIn("never calibrated", said)
            self.assertEqual([n for n in os.listdir(self.marks) if n[0] != "."], [])

    def test_loads_that_cannot_be_calibrated(self):
        router = ("flow, frames: yes", "of one link cannot be calibrated: without the appliance nothing "
                  "forwards them")
        password = ("sip, scenario: uac_auth, called: {type: sip-uas}", "nobody registers or asks")
        users = ("sip, users: 5, register: register, called: {type: sip-uas}", "nobody registers")
        other = ("sip, scenario: options", "is not known")
        for load, why in (router, password, users, other):
            plan = self.calls("rate: [20, 40]", name="no.yaml")
            with open(plan, encoding="utf-8") as f:
                text = f.read().replace("type: sip,", "type: %s," % load)
            with open(plan, "w", encoding="utf-8") as f:
                f.write(text)
            out, said = self.vaperf("calibrate", plan, code=2)
            self.assertRegex(said, r"^vaperf: .*no\.yaml:\d+:\d+: setup A: ")
            self.assertIn("cannot be calibrated", said)
            self.assertIn(why, said)
            self.assertEqual((out, len(said.splitlines())), ("", 1))
            # Nor does a run advise it.
            _, said = self.vaperf("run", plan, "--dry-run")
            self.assertNotIn("calibrate", said)

    def test_advice_names_the_setup(self):
        """The first setup is calibrated unasked; one with other loads has to be named."""
        plan = self.calls("rate: [20, 40]", appliance="signalling, mode: answer")
        with open(plan, "a", encoding="utf-8") as f:
            f.write("  B: {from: A}\n  C:\n    from: A\n"
                    "    loads: [{type: sip, to: sip, rate: [5], hold: 100ms}]\n")
        _, said = self.vaperf("run", plan, "--dry-run")
        self.assertEqual([line.split("vaperf calibrate ")[1] for line in said.splitlines()],
                         [plan, plan + " --setup 'C'"])

    def test_no_level_carried(self):
        """What broke the limits at once is no void trial, and is told as what it is."""
        plan = self.plan(trials=1, rate="[100, 200]", limit="1ns")
        out, said = self.vaperf("calibrate", plan, "--duration", "300ms", code=1)
        self.assertIn("1 valid, 0 void", out)
        self.assertIn("no level kept the limits; 100 broke them", out)
        self.assertEqual(said.count("delay.p99 is"), 1)
        self.assertFalse(os.path.exists(self.file))
        self.vaperf("calibrate", plan, "--duration", "300ms", "-o", self.file, code=1)
        self.assertEqual([t[0] for t in self.trials()], ["alone/100"])
        os.remove(self.file)
        _, said = self.vaperf("run", plan, "--dry-run")
        self.assertIn("carried not even the lowest level of these loads", said)

    def test_words(self):
        for words, what in ((["a", "b"], "one plan at a time"), (["--factor", "1"], "factor"),
                            (["--host", "http://x"], "is not a host")):
            _, said = self.vaperf("calibrate", *words, code=2)
            self.assertIn(what, said)
            self.assertEqual(len(said.splitlines()), 1)
        _, said = self.vaperf("calibrate", "--host", "ssh://no-such-host.invalid", code=3)
        self.assertEqual(len(said.splitlines()), 1)


if __name__ == "__main__":
    loopback.enter()
    unittest.main(verbosity=2)
