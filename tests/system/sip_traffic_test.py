#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the workload sip offers beyond one scenario from one address: mixes for registered users, steps
with their figures, TLS with certificates made here, IPv6, many source addresses."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import beside
import loopback

NODE = os.environ["VAPERF_NODE"]
TOLERANT = ["--void_lateness", "10s", "--void_pause", "1m", "--void_wait", "100%",
            "--void_steal", "100%", "--void_clock_step", "1h", "--drain", "20s"]
CALLS = 60
VOID = 5
TONE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenarios", "tone.wav")
ANSWER = """<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=x[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port];transport=[transport]>
Content-Length: 0
]]></send>"""
# Answers whatever a mix begins.
ANY = ("""<?xml version="1.0"?><scenario name="any">
<recv request="REGISTER" optional="true" next="end"/>
<recv request="OPTIONS" optional="true" next="end"/>
<recv request="INVITE"/>""" + ANSWER + """<recv request="ACK"/><recv request="BYE"/>
<label id="end"/>""" + ANSWER + "</scenario>")
REFUSES = """<?xml version="1.0"?><scenario name="no"><recv request="REGISTER"/><send><![CDATA[
SIP/2.0 403 Forbidden
[last_Via:]
[last_From:]
[last_To:];tag=x[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0
]]></send></scenario>"""


class Server:
    """Our appliance sip-uas."""

    def __init__(self, *more, host="127.0.0.1", transport="udp"):
        port = loopback.port()
        self.address = "%s:%d" % (host, port)
        self.process = subprocess.Popen(
            [NODE, "appliance", "sip-uas", "--listen", self.address, "--protocol", transport, "--json",
             "--quiet", *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        loopback.wait_for_port(port, "udp" if transport == "udp" else "tcp", self.process)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=60)
        if self.process.returncode != 0:
            raise AssertionError(err)
        return {s["metric"]: s.get("total", 0) for s in json.loads(out)["series"]}


def load(to, *more, code=0):
    out = subprocess.run([NODE, "load", "sip", "--to", to, "--warmup", "0s", "--json", "--quiet",
                          *TOLERANT, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if out.returncode != code:
        raise AssertionError("exit %d: %s%s" % (out.returncode, out.stderr, out.stdout[-300:]))
    return json.loads(out.stdout) if code in (0, VOID) else out.stderr


class WithFolder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def server(self, *more, scenario=ANY, **how):
        server = Server("--scenario", self.file("server.xml", scenario), *more, **how)
        self.addCleanup(self.end, server.process)
        return server

    @staticmethod
    def end(process):
        process.kill()
        process.communicate()


class Traffic(WithFolder):
    def test_a_mix_of_registered_users(self):
        server = self.server()
        report = load(server.address, "--rate", "200", "--duration", "500ms", "--users", "200",
                      "--register", "register", "--registered", "50%", "--register_rate", "2000/s",
                      "--mix", "uac=60/20s,+register=20,options=20")
        counters, w = report["counters"], report["workload"]
        parts = {(s["name"], s["use"]): s for s in w["scenarios"]}
        mixed = [parts[(name, "mix")]["metrics"]["successful"] for name in ["uac", "register", "options"]]
        self.assertEqual(sum(mixed), 100)
        self.assertEqual(counters["sip_successful"], 100)
        self.assertTrue(all(n > 0 for n in mixed), mixed)
        self.assertGreater(mixed[0], mixed[1])
        self.assertEqual(parts[("register", "beforehand")]["metrics"]["successful"], 100)
        self.assertEqual(w["users"], {"count": 200, "registered": 100 + mixed[1]})
        self.assertEqual(counters["sip_registrations"], mixed[1])
        self.assertEqual(w["metrics"]["ihsa_pct"], 0)
        self.assertEqual(w["rfc7502"]["attempts_failed"], 0)
        self.assertGreater(w["rfc7502"]["session_establishment_rate_sps"], 0)
        self.assertEqual(server.stop()["sip_incoming"], 200)

    def test_who_cannot_register_fails_the_load(self):
        server = self.server(scenario=REFUSES)
        said = load(server.address, "--rate", "10", "--duration", "100ms", "--users", "5",
                    "--register", "register", code=3)
        self.assertIn("register: 0 of 5 users are registered; then: unexpected message", said)
        server.stop()

    def test_steps_have_figures_of_their_own(self):
        server = self.server()
        report = load(server.address, "--rate", "100", "--duration", "1500ms", "--profile", "steps",
                      "--steps", "40,80,120", "--step_time", "500ms", "--transient", "100ms",
                      "--objective", "30s")
        w = report["workload"]
        self.assertEqual([s["attempts"] for s in w["load_steps"]], [16, 32, 48])
        self.assertEqual([s["offered_cps"] for s in w["load_steps"]], [40, 80, 120])
        self.assertEqual(w["transients"]["attempts"], 24)
        self.assertEqual(w["metrics"]["design_objective_capacity_cps"], 120)
        self.assertEqual(report["counters"]["sip_calls"], 96)
        self.assertAlmostEqual(w["metrics"]["calls_per_s"], 80)
        server.stop()

    def test_a_step_that_fails_bounds_the_capacity(self):
        """Nobody answers: no step meets the objective, and the fault is told."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
            deaf.bind(("127.0.0.1", loopback.port()))
            w = load("127.0.0.1:%d" % deaf.getsockname()[1], "--rate", "100", "--duration", "400ms",
                     "--profile", "steps", "--steps", "50,100", "--step_time", "200ms",
                     "--invite_retrans", "0")["workload"]
        self.assertEqual([s["faults"] for s in w["load_steps"]],
                         [{"answer": 0, "silence": n, "generator": 0} for n in [10, 20]])
        self.assertEqual([s["meets_objective"] for s in w["load_steps"]], [False, False])
        self.assertEqual([s["causes"] for s in w["load_steps"]],
                         [{"no answer to the last retransmission": n} for n in [10, 20]])
        self.assertIsNone(w["metrics"]["design_objective_capacity_cps"])
        self.assertIsNone(w["rfc7502"]["session_establishment_rate_sps"])


class Ends(WithFolder):
    """What was open when the drain ended, and why a trial is void."""

    def test_calls_without_time_make_it_void(self):
        server = self.server()
        how = ["--rate", "50", "--duration", "400ms"]
        report = load(server.address, *how, "--pause", "20s", "--drain", "3s", code=VOID)
        self.assertEqual(report["void"], ["20 of 20 calls were not over when the drain of 3s ended: "
                                          "give a longer drain"])
        self.assertEqual(report["counters"]["sip_failed"], 0)
        report = load(server.address, *how, "--pause", "100ms")
        self.assertEqual(report["void"], [])
        self.assertEqual(report["counters"]["sip_successful"], 20)
        server.stop()

    def test_calls_that_nobody_answers_have_failed(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
            deaf.bind(("127.0.0.1", loopback.port()))
            report = load("127.0.0.1:%d" % deaf.getsockname()[1], "--rate", "50", "--duration", "200ms",
                          "--drain", "800ms")
        self.assertEqual(report["void"], [])
        self.assertEqual(report["counters"]["sip_failed"], 10)
        self.assertEqual(report["counters"]["sip_failed_by_silence"], 10)
        self.assertEqual(report["counters"]["sip_attempts_failed"], 10)
        self.assertEqual(report["workload"]["metrics"]["unfinished"], 0)
        self.assertEqual(report["workload"]["metrics"]["ihsa_pct"], 100)
        self.assertEqual(report["workload"]["causes"], {"unanswered at the end": 10})


    def test_a_late_peer_is_no_lack_of_time(self):
        """It answers the INVITE after a second and the BYE, just sent when the drain ends, never."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.bind(("127.0.0.1", loopback.port()))
            peer.settimeout(60)

            def answer():
                data, who = peer.recvfrom(65536)
                wanted = [line for line in data.decode().split("\r\n")
                          if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
                time.sleep(1)
                peer.sendto("\r\n".join(["SIP/2.0 200 OK", *wanted, "Content-Length: 0", "", ""])
                            .encode(), who)
            thread = threading.Thread(target=answer)
            thread.start()
            report = load("127.0.0.1:%d" % peer.getsockname()[1], "--rate", "10", "--duration", "100ms",
                          "--drain", "1200ms")
            thread.join()
        self.assertEqual(report["void"], [])
        self.assertEqual(report["counters"]["sip_failed_by_silence"], 1)

    def test_attempts_without_a_free_user_are_named(self):
        server = self.server()
        report = load(server.address, "--rate", "50", "--duration", "400ms", "--users", "5", "--pause",
                      "1h", "--drain", "100ms", code=VOID)
        self.assertIn("15 attempts found no free user: give more users", report["void"])
        server.stop()

    def test_calls_without_a_media_port_make_it_void(self):
        server = self.server("--media", "echo")
        port = loopback.port()
        report = load(server.address, "--rate", "50", "--duration", "400ms", "--pause", "1s", "--media",
                      "stream", "--media_port", str(port), "--media_ports", "8", "--media_file", TONE,
                      code=VOID)
        without = report["counters"]["media_no_port"]
        self.assertGreater(without, 0)
        self.assertEqual(report["void"],
                         ["%d calls found no media port: give more media_ports" % without])
        server.stop()

    def test_steps_that_are_all_transient_are_void(self):
        server = self.server()
        report = load(server.address, "--rate", "100", "--duration", "300ms", "--profile", "steps",
                      "--steps", "40,80", "--step_time", "2s", "--transient", "1s", code=VOID)
        self.assertEqual(len(report["void"]), 1)
        self.assertIn("no step has a measured attempt, after a transient of 1s each", report["void"][0])
        self.assertEqual(report["workload"]["transients"]["attempts"], 12)
        server.stop()


class Addresses(WithFolder):
    def whole(self, server, *more):
        for sharing in ["one", "call"]:
            report = load(server.address, "--rate", str(4 * CALLS), "--duration", "250ms", "--sharing",
                          sharing, *more)
            self.assertEqual(report["counters"]["sip_successful"], CALLS, report["workload"]["causes"])
            if "--protocol" in more and "udp" not in more:  # a busy machine may be slow to answer
                self.assertEqual(report["counters"]["sip_retransmissions_sent"], 0)
        self.assertEqual(server.stop()["sip_incoming"], 2 * CALLS)

    def test_ipv6(self):
        for transport in ["udp", "tcp"]:
            server = self.server(host="[::1]", transport=transport)
            self.whole(server, "--protocol", transport, "--bind", "::1")

    def certificate(self, name):
        path = os.path.join(self.folder, name)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                        path + ".key", "-out", path + ".pem"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return path

    def test_tls(self):
        ours, other = self.certificate("ours"), self.certificate("other")
        server = self.server("--tls_certificate", ours + ".pem", "--tls_key", ours + ".key",
                             transport="tls")
        self.whole(server, "--protocol", "tls", "--tls_authorities", ours + ".pem")
        server = self.server("--tls_certificate", ours + ".pem", "--tls_key", ours + ".key",
                             transport="tls")
        report = load(server.address, "--rate", "20", "--duration", "250ms", "--protocol", "tls",
                      "--tls_authorities", other + ".pem")
        self.assertEqual(report["counters"]["sip_failed"], 5)
        self.assertEqual(report["counters"]["sip_successful"], 0)
        self.assertEqual(set(report["workload"]["causes"]) - {"connection failed", "connection closed"},
                         set())
        server.stop()

    def test_many_sources(self):
        """Every source address sends, and each call keeps to its own."""
        sources = ["127.0.1.%d" % i for i in range(1, 21)]
        seen, calls = set(), {}
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.bind(("127.0.0.1", loopback.port()))

            def answer():
                while True:
                    data, who = peer.recvfrom(65536)
                    if data == b"end":
                        return
                    lines = data.decode().split("\r\n")
                    wanted = [line for line in lines
                              if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
                    call = [line for line in lines if line.startswith("Call-ID")][0]
                    seen.add(who[0])
                    calls.setdefault(call, set()).add(who)
                    if "%s:%d" % who not in wanted[0]:
                        calls[call].add("another Via")
                    peer.sendto("\r\n".join(["SIP/2.0 200 OK", *wanted, "Content-Length: 0", "", ""])
                                .encode(), who)
            thread = threading.Thread(target=answer)
            thread.start()
            try:
                report = load("127.0.0.1:%d" % peer.getsockname()[1], "--scenario", "options",
                              "--rate", "200", "--duration", "300ms", "--sharing", "address",
                              "--sources", ",".join(sources))
            finally:
                peer.sendto(b"end", peer.getsockname())
                thread.join()
        self.assertEqual(report["counters"]["sip_successful"], 60)
        self.assertEqual(seen, set(sources))
        self.assertTrue(all(len(who) == 1 for who in calls.values()))


@unittest.skipUnless(shutil.which("sipp"), "Debian's sip-tester is not here")
class TlsAgainstSipp(Addresses):
    def test_sipp_calls_us(self):
        version = subprocess.run(["sipp", "-v"], stdout=subprocess.PIPE, text=True).stdout
        if "TLS" not in version:
            self.skipTest("this sipp has no TLS: " + version.strip().split("\n")[0].strip())
        ours = self.certificate("ours")
        server = self.server("--tls_certificate", ours + ".pem", "--tls_key", ours + ".key",
                             transport="tls")
        code = subprocess.run(["sipp", "-sn", "uac", "-t", "l1", "-tls_cert", ours + ".pem", "-tls_key",
                               ours + ".key", server.address, "-m", "20", "-nostdin", "-timeout", "60s"],
                              cwd=self.folder, stdout=subprocess.DEVNULL).returncode
        self.assertEqual(code, 0)
        self.assertEqual(server.stop()["sip_incoming"], 20)

    test_ipv6 = test_tls = test_many_sources = None


if __name__ == "__main__":
    if shutil.which("openssl") is None:
        print("openssl is not here")
        sys.exit(77)
    beside.main(loopback.enter, workers=9)
