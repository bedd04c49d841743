#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Media in calls: our callers against our sip-uas and against Debian's sipp, and sipp's against
ours. nftables counts the packets between the two ends, and throws some away: what it says is what we
say."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import beside
import loopback
from loopback import wait_for_port

NODE = os.environ["VAPERF_NODE"]
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILT_IN = os.path.join(SOURCE, "src", "node", "scenario", "builtin", "%s.xml")
SCENARIOS = os.path.join(SOURCE, "tests", "scenarios")
CALLS = 10
TOLERANT = ["--void_lateness", "10s", "--void_pause", "1m", "--void_wait", "100%",
            "--void_steal", "100%", "--void_clock_step", "1h"]
PATIENT = ["--media_linger", "2s"]  # a busy machine may take long to return a packet
OURS, THEIRS = 10000, 30000  # where the ports of media begin, of callers and of called ones
RULES = """
table ip media {
    counter there { }
    counter back { }
    counter lost { }
    counter returned { }
    chain input {
        type filter hook input priority 0
        udp dport 30000-31999 counter name there
        udp dport 10000-19999 counter name back
        udp sport 30000-31999 counter name returned
        %s
    }
}
"""


def rules(text=""):
    subprocess.run(["nft", "flush", "ruleset"], check=True)
    subprocess.run(["nft", "-f", "-"], input=RULES % text, text=True, check=True)


def counted():
    out = subprocess.run(["nft", "-j", "list", "counters"], stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    return {c["counter"]["name"]: c["counter"]["packets"]
            for c in json.loads(out)["nftables"] if "counter" in c}


def our_server(port, *more):
    return subprocess.Popen([NODE, "appliance", "sip-uas", "--listen", "127.0.0.1:%d" % port,
                             "--media_port", str(THEIRS), *PATIENT, "--json", "--quiet", *more],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def totals(server):
    """Stops our server; its counters."""
    server.send_signal(signal.SIGINT)
    out, err = server.communicate(timeout=60)
    if server.returncode != 0:
        raise AssertionError(err)
    return {s["metric"]: s.get("total", 0) for s in json.loads(out)["series"]}


def stop(server):
    if server.poll() is None:
        server.kill()
    server.communicate()


def our_calls(port, *more):
    out = subprocess.run([NODE, "load", "sip", "--to", "127.0.0.1:%d" % port, "--rate", str(2 * CALLS),
                          "--duration", "500ms", "--warmup", "0s", "--drain", "20s", "--media_port",
                          str(OURS), *PATIENT, "--json", "--quiet", *TOLERANT, *more],
                         cwd=SOURCE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if out.returncode != 0:
        raise AssertionError("exit %d: %s%s" % (out.returncode, out.stderr, out.stdout[-300:]))
    return json.loads(out.stdout)


class Media(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.port = loopback.port()
        rules()

    def tearDown(self):
        shutil.rmtree(self.folder)

    def sipp(self, *words):
        return subprocess.Popen(["sipp", *words, "-i", "127.0.0.1", "-mi", "127.0.0.1", "-nostdin"],
                                cwd=self.folder, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def serve(self, *more):
        server = our_server(self.port, *more)
        self.addCleanup(stop, server)
        wait_for_port(self.port, "udp", server)
        return server

    def assert_whole(self, counters):
        """Every call had media, and nothing odd came."""
        self.assertEqual(counters["sip_successful"], CALLS)
        self.assertEqual(counters["media_begun"], counters["media_ended"])
        for name in ["silent", "stopped", "malformed", "other_source", "stray", "bad_sdp",
                     "no_port", "nowhere_to_send", "duplicates"]:
            self.assertEqual(counters["media_" + name], 0, name)

    def test_loss_is_what_was_thrown_away(self):
        """A tenth of what goes there, by nftables; both ends of ours agree."""
        rules("udp dport 30000-31999 numgen inc mod 10 3 counter name lost drop")
        server = self.serve("--media", "echo")
        report = our_calls(self.port, "--media", "stream", "--pause", "600ms")
        counters, seen, called = report["counters"], counted(), totals(server)
        self.assert_whole(counters)
        self.assertGreater(seen["lost"], CALLS)
        self.assertEqual(seen["there"], counters["media_sent"])
        self.assertEqual(counters["media_lost"], seen["lost"])
        self.assertEqual(counters["media_returned"], counters["media_sent"] - seen["lost"])
        self.assertEqual(called["media_received"], counters["media_returned"])
        self.assertEqual(called["media_echoed"], seen["back"])
        metrics, media = report["workload"]["metrics"], report["workload"]["media"]
        self.assertAlmostEqual(metrics["media_lost_pct"],
                               100 * seen["lost"] / counters["media_sent"])
        self.assertEqual(media["calls"], CALLS)
        worst = media["worst"]
        self.assertEqual([w["mos"] for w in worst], sorted(w["mos"] for w in worst))
        self.assertEqual(sum(w["lost"] for w in worst), seen["lost"])
        self.assertLess(metrics["media_mos.mean"], 4.3)
        self.assertGreater(metrics["media_delay_ms.mean"], 0)

    def write_with(self, name, line):
        """A built-in scenario whose SDP has one line more."""
        path = os.path.join(self.folder, name + ".xml")
        with open(BUILT_IN % name, encoding="latin-1") as f:
            text = f.read().replace("a=rtpmap:0 PCMU/8000", "a=rtpmap:0 PCMU/8000\n      " + line)
        with open(path, "w", encoding="latin-1") as f:
            f.write(text)
        self.assertIn(line, text)
        return path

    def assert_reports(self, counters, called):
        self.assertGreater(counters["media_rtcp_sent"], CALLS)
        self.assertEqual(counters["media_rtcp_sent"], called["media_rtcp_received"])
        self.assertGreater(called["media_rtcp_sent"], CALLS)
        self.assertEqual(called["media_rtcp_sent"], counters["media_rtcp_received"])
        self.assertEqual(counters["media_rtcp_malformed"] + called["media_rtcp_malformed"], 0)

    def test_what_the_far_end_reports(self):
        """A tenth of the media is thrown away on its way there, and no report: the far end says so."""
        rules("udp dport 30000-31999 udp length 180 numgen random mod 10 3 counter name lost drop")
        server = self.serve("--media", "echo", "--media_rtcp", "100ms")
        report = our_calls(self.port, "--media", "stream", "--media_rtcp", "100ms", "--pause", "1s")
        counters, seen, called = report["counters"], counted(), totals(server)
        self.assert_whole(counters)
        self.assert_reports(counters, called)
        self.assertEqual(seen["there"], counters["media_sent"] + counters["media_rtcp_sent"])
        self.assertEqual(counters["media_lost"], seen["lost"])
        metrics = report["workload"]["metrics"]
        self.assertGreater(metrics["media_rtt_ms.mean"], 0)
        self.assertAlmostEqual(metrics["media_far_loss_pct.mean"], metrics["media_lost_pct"], delta=3)
        worst = report["workload"]["media"]["worst"]
        self.assertEqual(len(worst), CALLS)
        for call in worst:
            self.assertGreater(call["rtt_ms"], 0)
            self.assertAlmostEqual(call["far_loss_pct"], call["loss_pct"], delta=10)

    def test_reports_with_the_media(self):
        """Both descriptions have a=rtcp-mux: nothing goes to an odd port."""
        rules("udp dport & 1 == 1 udp dport { 10000-19999, 30000-31999 } counter name lost")
        called_by = self.write_with("uas", "a=rtcp-mux")
        server = self.serve("--media", "echo", "--media_rtcp", "100ms", "--scenario", called_by)
        report = our_calls(self.port, "--media", "stream", "--media_rtcp", "100ms", "--pause", "500ms",
                           "--scenario", self.write_with("uac", "a=rtcp-mux"))
        counters, seen, called = report["counters"], counted(), totals(server)
        self.assert_whole(counters)
        self.assert_reports(counters, called)
        self.assertEqual(seen["lost"], 0)
        self.assertEqual(counters["media_returned"], counters["media_sent"])
        self.assertEqual(called["media_echoed"], counters["media_sent"])

    def write_secure(self, name, suite="aescm128sha180"):
        """A built-in scenario with SRTP, its keys in the SDP (RFC 4568)."""
        path = self.write_with(name, "a=crypto:[cryptotag1audio] [cryptosuite%s1audio] "
                                     "inline:[cryptokeyparams1audio]" % suite)
        with open(path, encoding="latin-1") as f:
            text = f.read()
        self.assertIn("RTP/AVP", text)
        with open(path, "w", encoding="latin-1") as f:
            f.write(text.replace("RTP/AVP", "RTP/SAVP"))
        return path

    def test_protected_media(self):
        """All of it grows by the ten octets of its authentication (there: 172 of RTP and 8 of UDP);
        both ends open and judge it, reports too."""
        rules("udp dport 30000-31999 udp length 190 counter name lost")
        server = self.serve("--media", "echo", "--media_rtcp", "100ms", "--scenario",
                            self.write_secure("uas"))
        report = our_calls(self.port, "--media", "stream", "--media_rtcp", "100ms", "--pause", "500ms",
                           "--scenario", self.write_secure("uac"))
        counters, seen, called = report["counters"], counted(), totals(server)
        self.assert_whole(counters)
        self.assert_reports(counters, called)
        self.assertEqual(seen["lost"], counters["media_sent"])
        self.assertEqual(counters["media_returned"], counters["media_sent"])
        self.assertEqual(called["media_received"], counters["media_sent"])
        self.assertEqual(counters["media_not_authentic"] + called["media_not_authentic"], 0)
        self.assertEqual(counters["media_no_key"] + called["media_no_key"], 0)
        self.assertGreater(report["workload"]["metrics"]["media_rtt_ms.mean"], 0)

    def test_nothing_goes_unprotected(self):
        """The called end answers with another suite than was offered: no key, no packet."""
        server = self.serve("--media", "echo", "--scenario",
                            self.write_secure("uas", "aescm128sha132"))
        report = our_calls(self.port, "--media", "stream", "--pause", "300ms", "--scenario",
                           self.write_secure("uac"))
        counters, seen = report["counters"], counted()
        totals(server)
        self.assertEqual(counters["sip_successful"], CALLS)
        self.assertEqual(counters["media_refused_by_peer"], CALLS)
        self.assertEqual((counters["media_sent"], seen["there"]), (0, 0))

    def test_both_ends_talk(self):
        """Each hears the other's own stream; a file is played."""
        server = self.serve("--media", "stream")
        report = our_calls(self.port, "--media", "stream", "--media_file",
                           os.path.join(SCENARIOS, "tone.wav"), "--pause", "400ms")
        counters, seen, called = report["counters"], counted(), totals(server)
        self.assert_whole(counters)
        self.assertEqual(counters["media_returned"], 0)
        self.assertEqual(counters["media_received"], seen["back"])
        self.assertEqual(called["media_sent"], seen["back"])
        self.assertEqual(called["media_received"], counters["media_sent"])
        self.assertEqual(counters["media_lost"], 0)
        self.assertIsNone(report["workload"]["metrics"]["media_delay_ms.mean"])
        if counters["media_discarded"] == 0:  # none came too late to be played
            self.assertGreater(report["workload"]["metrics"]["media_mos.min"], 4)

    def test_actions_against_sipp(self):
        """Our caller streams, dials and plays a capture file; sipp echoes it all."""
        uas = self.sipp("-sf", BUILT_IN % "uas", "-p", str(self.port), "-mp", str(THEIRS), "-rtp_echo")
        try:
            wait_for_port(self.port, "udp", uas)
            report = our_calls(self.port, "--scenario",
                               os.path.join("tests", "scenarios", "media_caller.xml"))
        finally:
            uas.terminate()
            uas.wait()
        counters, seen = report["counters"], counted()
        self.assert_whole(counters)
        self.assertEqual(counters["media_sent"], seen["there"])
        self.assertEqual(counters["media_received"], seen["back"])
        self.assertEqual(counters["media_returned"], seen["there"])
        self.assertEqual(counters["media_digits_sent"], 2 * CALLS)
        self.assertEqual(counters["media_digits_received"], 2 * CALLS)

    def write_streaming_caller(self):
        """SIPp's caller with a stream of 500 ms, as uac.xml."""
        with open(BUILT_IN % "uac", encoding="latin-1") as f:
            text = f.read().replace("<pause/>", """
                <nop><action><exec rtp_stream="%s,-1,0"/></action></nop>
                <pause milliseconds="500"/>""" % os.path.join(SCENARIOS, "tone.wav"))
        with open(os.path.join(self.folder, "uac.xml"), "w", encoding="latin-1") as f:
            f.write(text)

    def run_sipp(self):
        self.write_streaming_caller()
        uac = self.sipp("-sf", "uac.xml", "127.0.0.1:%d" % self.port, "-p", "5099", "-m", str(CALLS),
                        "-r", "40", "-mp", str(OURS), "-timeout", "60s")
        self.assertEqual(uac.wait(), 0)

    def test_sipp_calls(self):
        """sipp streams a file; our server echoes it and judges what it heard."""
        server = self.serve("--media", "echo")
        self.run_sipp()
        called, seen = totals(server), counted()
        self.assertGreater(seen["there"], CALLS * 10)
        self.assertEqual(called["media_received"], seen["there"])
        self.assertEqual(called["media_echoed"], seen["there"])
        self.assertEqual(called["media_lost"], 0)
        self.assertEqual(called["media_silent"], 0)

    def test_as_sipp(self):
        """The same with our server in SIPp's mode, by its option."""
        server = subprocess.Popen([NODE, "sip", "-sn", "uas", "-i", "127.0.0.1", "-p", str(self.port),
                                   "-mp", str(THEIRS), "-rtp_echo", "-m", str(CALLS), "-nostdin"],
                                  cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True)
        self.addCleanup(stop, server)
        wait_for_port(self.port, "udp", server)
        self.run_sipp()
        seen = counted()
        self.assertGreater(seen["there"], CALLS * 10)
        self.assertEqual(seen["returned"], seen["there"])


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("nftables in a network namespace of its own needs root")
        sys.exit(77)
    for program, package in [("sipp", "sip-tester"), ("nft", "nftables")]:
        if shutil.which(program) is None:
            print("Debian's %s is not here" % package)
            sys.exit(77)
    beside.main(loopback.enter, workers=9)
