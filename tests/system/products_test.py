#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One plan, one word changed: vaperf's media server and an rtpengine, on the host and in a container;
vaperf's SIP proxy and a Kamailio. Nothing is lost, and what each says that it relayed is what was
sent, or what came out at its other end."""

import shutil
import sys

import beside
from study import StudyTest, os, subprocess, unittest

PLAN = """study: products
seed: products
trials: 1
duration: 600ms
interval: 200ms
warmup: 200ms
hosts: {{sut: local, gen: local}}
networks: {{traffic: {{}}}}
machines:
  media: {{appliance: {{type: {type}, threads: 1{more}}}}}
setups:
  N: {{platform: native}}
  C: {{platform: oci, platform_options: {{root: /}}}}
loads:
  - {{type: rtp, to: media, streams: 40}}
limits: {{loss: 50%}}
generator: {{void_lateness: 10s, void_steal: 100%, void_wait: 100%, void_achieved: 1%,
            void_clock_step: 1h, void_pause: 1m, drain: 20s}}
"""


CALLS = """study: calls
seed: calls
trials: 1
duration: 600ms
interval: 200ms
warmup: 200ms
hosts: {{sut: local, gen: local}}
networks: {{traffic: {{}}}}
machines:
  sip: {{appliance: {{{appliance}}}}}
setups:
  X: {{platform: {platform}}}
loads:
  - {{type: sip, to: sip, rate: 50, hold: 100ms{more}, called: {{type: sip-uas}}}}
limits: {{failed: 0, session_establishment_ratio_pct: 100%}}
generator: {{void_lateness: 10s, void_steal: 100%, void_wait: 100%, void_achieved: 1%,
            void_clock_step: 1h, void_pause: 1m, drain: 20s}}
"""
CALLED = 30  # 50 a second for 600 ms
OCI = "oci, platform_options: {root: /}"


def running(program="rtpengine"):
    """Process ids of every such program."""
    found = subprocess.run(["pgrep", "-x", program], capture_output=True, text=True, check=False)
    return set(found.stdout.split())


class Products(StudyTest):
    def words(self, args):
        """Runs at the same time do not share ports: each has a loopback of its own."""
        return ["unshare", "-n", "sh", "-ec", 'ip link set lo up; exec "$@"', "sh",
                *super().words(args)]

    def write(self, kind, more=""):
        path = os.path.join(self.dir, kind + ".yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(PLAN.format(type=kind, more=more))
        return path

    def measure(self, kind):
        path = os.path.join(self.dir, kind + ".vaperf")
        self.vaperf("run", self.write(kind), "-o", path)
        return {(name, metric): value for name, metric, value in self.query(
            'SELECT c.name, r.metric, r.value FROM result r JOIN trial t ON t.id = r.trial JOIN'
            ' "case" c ON c.id = t.case_id WHERE r.entity IN ("rtp", "media")', path)}

    def test_one_word_changes_the_product(self):
        before = running()
        kinds = "media", "rtpengine"
        for kind, seen in zip(kinds, beside.do(self.measure, kinds)):
            for case in "N/40", "C/40":
                with self.subTest(product=kind, case=case):
                    self.assertEqual(seen[case, "rtp_sent"], 1200)
                    self.assertEqual(seen[case, "loss_pct"], 0)
                    self.assertEqual(seen[case, "relayed_of_sent_pct"], 100)
        self.assertEqual(running() - before, set())
        self.assertEqual([m for m in os.listdir(self.marks) if m[0] != "."], [])

    def call(self, name, appliance, platform="native", more=""):
        """Calls through a SIP proxy to the tester's other end: what both ends and the proxy say."""
        plan, file = (os.path.join(self.dir, name + end) for end in (".yaml", ".vaperf"))
        with open(plan, "w", encoding="utf-8") as f:
            f.write(CALLS.format(appliance=appliance, platform=platform, more=more))
        self.vaperf("run", plan, "-o", file)
        results = {(entity, metric): value for entity, metric, value in self.query(
            "SELECT entity, metric, value FROM result", file)}
        self.assertEqual(results["sip", "sip_calls"], CALLED)
        self.assertEqual(results["sip", "sip_sessions_established"], CALLED)
        most = dict(((entity, metric), value) for entity, metric, value in self.query(
            "SELECT entity, metric, max(value) FROM series JOIN sample ON series = series.id"
            " GROUP BY series.id", file))
        self.assertGreaterEqual(most["called.sip/sip-uas", "sip_calls"], CALLED)
        self.vaperf("report", file, "-o", file + ".html")
        with open(file + ".html", encoding="utf-8") as f:
            page = f.read()
        self.assertIn('<section id="calls">', page)
        self.assertIn('data-path="cases/0/metrics/sip/sip_retransmissions_sent/mean"', page)
        return most

    @unittest.skipIf(shutil.which("kamailio") is None, "kamailio is not installed")
    def test_kamailio_in_the_place_of_signalling(self):
        before = running("kamailio"), running()
        own, plain, digest, media = beside.do(
            lambda words: self.call(*words),
            [("signalling", "type: signalling"),
             ("kamailio", "type: kamailio, children: 1"),
             ("digest", "type: kamailio, children: 1, mode: digest, password: told", OCI,
              ", scenario: uac_auth, auth_password: told"),
             ("media", "type: kamailio, children: 1, mode: rtpengine", OCI)])
        self.assertGreaterEqual(own["sip/signalling", "calls_answered"], CALLED)
        self.assertGreaterEqual(plain["sip/kamailio", "invites"], CALLED)
        self.assertGreaterEqual(digest["sip/kamailio", "invites"], 2 * CALLED)
        self.assertGreater(digest["sip/kamailio", "transactions_4xx"]
                           + digest["sip/kamailio", "answers_stateless"], 0)
        self.assertGreater(media["sip/kamailio", "media_calls_ended"], 0)
        self.assertEqual((running("kamailio") - before[0], running() - before[1]), (set(), set()))

    def stand_in(self, script):
        path = os.path.join(self.dir, "a-kamailio")
        with open(path, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\n" + script)
        os.chmod(path, 0o755)
        plan = path + ".yaml"
        with open(plan, "w", encoding="utf-8") as f:
            f.write(CALLS.format(appliance="type: kamailio, children: 1, program: " + path,
                                 platform="native", more=""))
        return plan

    @unittest.skipIf(shutil.which("kamailio") is None, "kamailio is not installed")
    def test_what_kamailio_says_is_kept_with_the_trial(self):
        plan = self.stand_in('seq -f "complaint %.0f" 100000 >&2\nexec kamailio "$@"\n')
        said = "".join(self.vaperf("run", plan, "-o", plan + ".vaperf"))
        self.assertNotIn("complaint", said)
        kept = [text for (text,) in self.query(
            "SELECT text FROM event WHERE trial IS NOT NULL", plan + ".vaperf")
            if "kamailio said:" in text]
        self.assertEqual(len(kept), 1)
        self.assertIn("complaint 1\ncomplaint 2\n", kept[0])
        self.assertRegex(kept[0], r"\n\[\d+ bytes left out\]\n")
        self.assertLess(len(kept[0]), 20000)

    def test_last_words_of_a_kamailio_that_ends(self):
        plan = self.stand_in("echo first >&2\necho no such module >&2\nexit 1\n")
        said = "".join(self.vaperf("run", plan, "-o", plan + ".vaperf", code=3))
        self.assertIn("kamailio: it ended at once, with status 1: no such module", said)

    @unittest.skipIf(shutil.which("kamailio") is None, "kamailio is not installed")
    def test_wrong_password(self):
        plan = os.path.join(self.dir, "wrong.yaml")
        with open(plan, "w", encoding="utf-8") as f:
            f.write(CALLS.format(appliance="type: kamailio, children: 1, mode: digest",
                                 platform="native", more=", scenario: uac_auth"))
        said = self.vaperf("run", plan, "-o", plan + ".vaperf", code=1)
        self.assertIn("session_establishment_ratio_pct is 0%, at least 100%", said[0] + said[1])

    def test_no_kamailio(self):
        plan = os.path.join(self.dir, "none.yaml")
        with open(plan, "w", encoding="utf-8") as f:
            f.write(CALLS.format(appliance="type: kamailio, program: no-such-kamailio",
                                 platform="native", more=""))
        said = self.vaperf("run", plan, "-o", plan + ".vaperf", code=3)[1]
        self.assertIn("there is no program 'no-such-kamailio' here: it comes with Debian's package"
                      " kamailio", said)

    def test_too_few_ports(self):
        plan = self.write("rtpengine", ", first_port: 21000, last_port: 21019")
        path = os.path.join(self.dir, "few.vaperf")
        said = self.vaperf("run", plan, "-o", path, "--setup", "N", code=3)[1]
        self.assertIn("rtpengine: offer: it says: Ran out of ports", said)

    def test_no_such_program(self):
        plan = self.write("rtpengine", ", program: no-such-rtpengine")
        path = os.path.join(self.dir, "none.vaperf")
        said = self.vaperf("run", plan, "-o", path, "--setup", "N", code=3)[1]
        self.assertIn("there is no program 'no-such-rtpengine' here: it comes with Debian's package"
                      " rtpengine-daemon", said)

    def test_no_such_root(self):
        plan = self.write("rtpengine")
        with open(plan, encoding="utf-8") as f:
            text = f.read().replace("root: /", "root: %s" % self.dir)
        with open(plan, "w", encoding="utf-8") as f:
            f.write(text)
        said = self.vaperf("run", plan, "-o", os.path.join(self.dir, "r.vaperf"), "--setup", "C",
                           code=2)[1]
        self.assertIn("is no system with a merged /usr", said)


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("containers need root")
        sys.exit(77)
    for command in "rtpengine", "runc":
        if shutil.which(command) is None:
            print("%s is not installed (make check installs it)" % command)
            sys.exit(77)
    unittest.main(verbosity=2)
