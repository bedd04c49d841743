#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Studies over two hosts: the generator there and the appliance here, the other way round, and both
on one. Then what goes wrong: a host that does not answer or does not know us, a connection that
breaks, a controller that is killed. Afterwards nothing is left, here and there."""

import json
import shutil
import subprocess
import sys
import time

import second_host
from study import StudyTest, os, signal, unittest

PLAN = """study: tiny
seed: two hosts
trials: 1
duration: {duration}
warmup: 100ms
interval: 100ms
hosts:
  here: {{uri: local, address: {here}, interface: {cable}}}
  there: {{uri: "{uri}", address: {there}, interface: eth2}}
machines:
  media: {{host: here, links: [traffic], appliance: {{type: media}}}}
setups:
  gen-there: {{platform: native, generator: there}}
  sut-there: {{platform: native, generator: here, media: {{host: there}}}}
  both-there: {{from: sut-there, generator: there}}
  oci-here: {{platform: oci, generator: there}}
  oci-there: {{platform: oci, generator: here, media: {{host: there}}}}
loads:
  - {{type: rtp, to: media, streams: 20}}
limits: {{delay.p99: 10s}}
generator: {{void_lateness: 10s, void_steal: 100%, void_wait: 100%, void_achieved: 1%,
            void_clock_step: 1h, void_pause: 1m, drain: 20s}}
"""

PATIENCE_S = 60

# A node that lacks something: what it describes passes through here.
LESSER = """#!%s
import json, subprocess, sys
node = subprocess.Popen([%r, *sys.argv[1:]], stdout=subprocess.PIPE, text=True)
for line in node.stdout:
    if '"drivers"' in line:
        said = json.loads(line)
        for driver in said["result"]["drivers"]["appliance"]:
            if driver["name"] == "media":
                driver.update(supported=False, reason="it has no ears")
        line = json.dumps(said) + "\\n"
    print(line, end="", flush=True)
sys.exit(node.wait())
"""


class TwoHosts(StudyTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = os.path.realpath(subprocess.run(["mktemp", "-d"], capture_output=True,
                                                     text=True, check=True).stdout.strip())
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.far = second_host.SecondHost(cls.folder)
        cls.addClassCleanup(cls.far.close)
        cls.far.open()

    def setUp(self):
        super().setUp()
        self.env.update(self.far.environment())
        self.addCleanup(lambda: self.assertEqual(self.far.left(), []))

    def two_hosts(self, duration="300ms", uri=None):
        path = os.path.join(self.dir, "plan.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(PLAN.format(duration=duration, here=self.far.here,
                                there=self.far.there, uri=uri or self.far.uri,
                                cable=self.far.cable + "b"))
        return path

    def assert_nothing_there(self):
        # Where the connection broke off, its nodes end by themselves.
        deadline = time.monotonic() + PATIENCE_S
        while self.far.processes("/var/tmp/vaperf-") and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(self.far.processes("/var/tmp/vaperf-"), [])
        self.assertEqual(self.far.interfaces(), ["eth1", "eth2", "lo"])
        self.assertFalse(os.path.exists("/sys/class/net/%sb/master" % self.far.cable))
        records = os.listdir(self.marks) if os.path.isdir(self.marks) else []
        self.assertEqual([r for r in records if r != ".networks"], [])  # a lock for all runs

    def possible(self):
        names = ["gen-there", "sut-there", "both-there"]
        names += ["oci-here"] if shutil.which("runc") else []  # oci-there: the killed controller's
        return [word for name in names for word in ("--setup", name)]

    def test_placements(self):
        """All in one study, so that they stand in one table."""
        bare = self.far.received("eth2")
        out, _ = self.vaperf("run", self.two_hosts(), *self.possible())
        self.assertEqual({t[3] for t in self.trials()}, {"done"})
        for name in ("gen-there", "sut-there", "both-there"):
            self.assertIn(name + "/20", out)
        loss = self.query("SELECT value FROM result WHERE entity = 'rtp' AND metric = 'loss_pct'")
        self.assertEqual({row[0] for row in loss}, {0.0})
        hosts = json.loads(self.query("SELECT facts FROM study")[0][0])["hosts"]
        self.assertEqual(hosts["there"]["node_program"], "brought there for this run")
        reports = {name.split("/")[0]: json.loads(text) for name, text in self.query(
            'SELECT c.name, t.report FROM trial t JOIN "case" c ON c.id = t.case_id')}
        address = {name: r["machines"]["media"]["address"] for name, r in reports.items()}
        self.assertEqual(address["gen-there"], self.far.here)
        self.assertEqual(address["sut-there"], self.far.there)
        self.assertEqual(address["both-there"], "127.0.0.1")
        clock = reports["gen-there"]["clock"]["generator on host there"]
        self.assertGreater(clock["uncertainty_ns"], 0)
        self.assertEqual(clock["uncertainty_ns"], clock["round_trip_ns"] // 2)
        drift = reports["gen-there"]["host_clocks"]["generator on host there"]
        self.assertLessEqual(abs(drift["drift_ppm"]), drift["uncertainty_ppm"])  # one kernel
        page = os.path.join(self.dir, "report.html")
        self.vaperf("report", self.file, "-o", page)
        with open(page, encoding="utf-8") as f:
            page = f.read()
        for row in ("clocks › generator on host there › uncertainty_ns",
                    "clocks of other hosts over the trial › generator on host there"):
            self.assertTrue(row in page, row)
        if "oci-here" in address:
            self.assertTrue(address["oci-here"].startswith("198."), address)
            self.assertGreater(self.far.received("eth2") - bare, 20 * 15)  # by the bare cable
        self.assert_nothing_there()

    def test_clock_there(self):
        path = os.path.join(self.dir, "clock.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write("study: tiny\ntrials: 1\nclock: {host: there}\nhosts:\n  sut: local\n  there:"
                    " {uri: \"%s\", address: %s}\nmachines:\n  one: {host: sut, bench: {type: "
                    "\"null\", rounds: 3}}\nsetups:\n  N: {platform: native, generator: sut}\n" %
                    (self.far.uri, self.far.there))
        self.vaperf("run", path)
        report = json.loads(self.query("SELECT report FROM trial")[0][0])
        self.assertEqual([(c["address"], c["starts"], c["ends"])
                          for c in report["outside_clocks"]], [(self.far.there, 3, 3)])
        self.assertEqual(report["benches"]["one"]["timed_by"], "clock")
        self.assert_nothing_there()

    def test_doctor_and_wrong_addresses(self):
        code = self.start("doctor", "--host", self.far.uri, "--json")
        status, out = code.finish()
        self.assertIn(status, (0, 3), code.said)
        self.assertEqual(code.said, "")
        self.assertIn("checks", json.loads(out))
        plan = self.two_hosts()
        with open(plan, encoding="utf-8") as f:
            text = f.read().replace(", interface: eth2", "").replace("address: %s, " % self.far.here, "")
        with open(plan, "w", encoding="utf-8") as f:
            f.write(text)
        _, said = self.vaperf("run", plan, "--setup", "gen-there", code=2)
        self.assertIn("say at which address host here is reached", said)
        if shutil.which("runc"):
            _, said = self.vaperf("run", plan, "--setup", "oci-here", code=2)
            self.assertIn("say which interface of host there is cabled", said)
        with open(plan, "w", encoding="utf-8") as f:
            f.write(text.replace("%sb" % self.far.cable, "%sa" % self.far.cable).replace(
                "address: %s}" % self.far.there, "address: %s, interface: eth2}" % self.far.there))
        if shutil.which("runc"):
            _, said = self.vaperf("run", plan, "--setup", "oci-here", code=3)
            self.assertIn("has the address %s, which would be cut off" % self.far.here, said)
        self.assert_nothing_there()

    def test_a_driver_is_asked_of_the_host_it_runs_on(self):
        """Its node cannot do what the node here can."""
        node = os.path.join(self.dir, "lesser-node")
        with open(node, "w", encoding="utf-8") as f:
            f.write(LESSER % (sys.executable, os.environ["VAPERF_NODE"]))
        os.chmod(node, 0o755)
        plan = self.two_hosts()
        with open(plan, encoding="utf-8") as f:
            text = f.read().replace("address: %s, interface: eth2" % self.far.there,
                                    "address: %s, node: %s" % (self.far.there, node))
        with open(plan, "w", encoding="utf-8") as f:
            f.write(text)
        words = "appliance media is not possible on host there: it has no ears"
        self.assertIn(words, self.vaperf("run", plan, "--setup", "sut-there", code=3)[1])
        out, said = self.vaperf("plan", "check", plan, code=3)
        self.assertIn(words, out + said)
        self.assertNotIn("workload", out + said)
        self.vaperf("run", plan, "--setup", "gen-there")
        self.assert_nothing_there()

    def test_files_are_read_where_the_load_comes_from(self):
        """The scenario is here and not there."""
        scenario = os.path.join(self.dir, "here-only.xml")
        with open(scenario, "wb") as f:
            f.write(subprocess.run([os.environ["VAPERF_NODE"], "sip", "-sd", "uac"],
                                   stdout=subprocess.PIPE, check=False).stdout)
        path = os.path.join(self.dir, "sip.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write("study: tiny\ntrials: 1\nduration: 2s\nhosts:\n  sut: {uri: local, address: "
                    "%s}\n  there: {uri: \"%s\", address: %s}\nmachines: {sip: {appliance: {type: "
                    "sip-uas}}}\nsetups:\n  far: {platform: native, generator: there}\n"
                    "loads: [{type: sip, to: sip, rate: 5, scenario: here-only.xml}]\n" %
                    (self.far.here, self.far.uri, self.far.there))
        words = ("%s:10:16: load sip: host there: scenario here-only.xml: No such file or directory"
                 % path)
        for command in ("plan", "check"), ("run",):
            self.assertIn(words, self.vaperf(*command, path, code=2)[1])
        self.assert_nothing_there()

    def refused(self, uri, words, env=None):
        if env is not None:
            self.env.update(env)
        _, said = self.vaperf("run", self.two_hosts(uri=uri), "--setup", "gen-there", code=3)
        self.assertIn(words, said)
        self.assertEqual(len(said.splitlines()), 1, said)
        self.assert_nothing_there()

    def other_ssh(self, *words):
        """An ssh with an option in front, which so goes before the configuration's."""
        place = os.path.join(self.dir, "bin")
        os.mkdir(place)
        with open(os.path.join(place, "ssh"), "w", encoding="utf-8") as f:
            f.write('#!/bin/sh\nexec %s/bin/ssh %s "$@"\n' % (self.folder, " ".join(words)))
        os.chmod(os.path.join(place, "ssh"), 0o755)
        return {"PATH": place + ":" + self.env["PATH"]}

    def test_no_server(self):
        self.refused("ssh://root@%s:2223" % self.far.there, "no ssh server listens there")

    def test_unknown_name(self):
        self.refused("ssh://no-such-host.invalid", "no such host name")

    def test_refused_key(self):
        self.refused(self.far.uri, "it takes none of our keys", self.other_ssh(
            "-oIdentityFile=%s/other_key" % self.folder, "-F", "/dev/null",
            "-oUserKnownHostsFile=%s/known" % self.folder))

    def test_unknown_host_key(self):
        self.refused(self.far.uri, "its host key is not known here", self.other_ssh(
            "-oUserKnownHostsFile=/dev/null"))

    def wait_measuring(self, run):
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and run.child.poll() is None:
            try:
                if self.query("SELECT count(*) FROM event WHERE trial = 1")[0][0] > 0:
                    return
            except Exception:  # the file is just being made
                pass
            time.sleep(0.02)
        raise AssertionError("no trial begins: %s" % (run.finish(),) + run.said)

    def test_lost_connection(self):
        run = self.start("run", self.two_hosts("3s"), "--setup", "gen-there")
        self.wait_measuring(run)
        for pid in self.far.processes("sshd: root"):
            os.kill(pid, signal.SIGKILL)
        code, _ = run.finish()
        self.assertEqual(code, 3, run.said)
        self.assertEqual([t[3] for t in self.trials()], ["failed"])
        self.assertIn("generator on host there was lost during the trial: the connection to its "
                      "host broke off", self.reasons()[0])
        self.assert_nothing_there()

    def test_killed_controller(self):
        setup = "oci-there" if shutil.which("runc") else "sut-there"
        run = self.start("run", self.two_hosts("30s"), "--setup", setup)
        self.wait_measuring(run)
        run.child.send_signal(signal.SIGKILL)
        run.finish()
        self.assertEqual(len([m for m in os.listdir(self.marks) if m[0] != "."]), 1)
        out, _ = self.vaperf("clean")
        self.assertIn("removed folder /var/tmp/vaperf-", out)
        self.assert_nothing_there()


if __name__ == "__main__":
    reason = second_host.missing()
    if reason:
        print("skipped: " + reason)
        sys.exit(77)
    unittest.main(verbosity=2)
