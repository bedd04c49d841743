#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signalling appliance: calls of Debian's sipp through it, by UDP and TCP, and
through Debian's kamailio; and, message by message, what a proxy, a registrar and a called party owe (RFC 3261)."""

import csv
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

import beside
import loopback
from sip_peer import Peer, digest

NODE = os.environ["VAPERF_NODE"]
CALLS = 60


class Server:
    """vaperf-node appliance, and what it counted when it ends."""

    def __init__(self, *options, kind="signalling"):
        self.address = ("127.0.0.1", loopback.port())
        self.process = subprocess.Popen(
            [NODE, "appliance", kind, "--listen", "%s:%d" % self.address, "--json_lines",
             "--quiet", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.uri = "sip:%s@%s:%d" % ("%s", *self.address)
        probe = Peer(self.address)
        for _ in range(600):  # it serves when it answers
            probe.request("OPTIONS", "sip:%s:%d" % self.address, "probe")
            if probe.hear(0.05):
                break
            if self.process.poll() is not None:
                raise AssertionError("it ended: " + self.process.stderr.read())
        else:
            raise AssertionError("no answer: " + self.process.stderr.read())
        probe.close()

    def close(self):
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=30)
        if self.process.returncode != 0:
            raise AssertionError("exit %d: %s" % (self.process.returncode, err))
        lines = [json.loads(line) for line in out.splitlines()]
        last = [line for line in lines if "values" in line][-1]["values"]
        return {c["metric"]: value for c, value in zip(lines[0]["columns"], last)}


class Sipp(unittest.TestCase):
    def calls_through(self, transport, kind="signalling"):
        """What the server counted, and the records it wrote."""
        with tempfile.TemporaryDirectory() as folder:
            records = os.path.join(folder, "records.csv")
            port = loopback.port()
            # Nothing is lost here, and sipp's uas breaks a call off when an INVITE comes again.
            own = (["--records", records, "--sync", "each", "--t1", "2s"] if kind == "signalling"
                   else [])
            # More than one of kamailio's processes may send a call's 200 before its 180.
            others = ["--children", "1", "--t1", "2000"] if kind == "kamailio" else []
            server = Server("--next_hop", "127.0.0.1:%d" % port, *own, *others, kind=kind)
            uas = subprocess.Popen(["sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(port), "-t",
                                    transport, "-nostdin", "-m", str(CALLS)], cwd=folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                loopback.wait_for_port(port, "udp" if transport == "u1" else "tcp", uas)
                uac = subprocess.run(
                    ["sipp", "-sn", "uac", "%s:%d" % server.address, "-i", "127.0.0.1", "-p",
                     str(loopback.port()), "-t", transport, "-m", str(CALLS), "-r", "200", "-d", "50",
                     "-nostdin", "-timeout", "30s", "-trace_err", "-error_file", "errors"],
                    cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            finally:
                uas.terminate()
                uas.wait()
                counted = server.close()
            self.assertEqual(uac.returncode, 0, uac.stdout[-3000:])
            if not own:
                return counted, None
            with open(records, encoding="utf-8") as f:
                return counted, list(csv.DictReader(f))

    def calls_are_counted(self, transport):
        counted, rows = self.calls_through(transport)
        for what in ["calls", "calls_answered", "calls_ended", "records", "answers_1xx"]:
            self.assertGreaterEqual(counted[what], CALLS, what)
        self.assertEqual(counted["calls"], CALLS)
        self.assertEqual(counted["calls_failed"], 0)
        self.assertEqual(len(rows), CALLS)
        self.assertEqual({r["status"] for r in rows}, {"200"})
        self.assertTrue(all(float(r["talk_s"]) > 0 for r in rows))

    def test_udp(self):
        self.calls_are_counted("u1")

    def test_tcp(self):
        self.calls_are_counted("t1")

    def test_records_for_the_writing_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "records.csv")
            words = ["--records", path, "--keep_records=no"]
            server = Server(*words)
            self.assertFalse(os.path.exists(path))
            self.assertTrue(any(os.readlink(fd) == path + " (deleted)" for fd in
                                glob.glob("/proc/%d/fd/*" % server.process.pid)))
            server.close()
            with open(path, "w", encoding="utf-8") as f:
                f.write("mine")
            refused = subprocess.run([NODE, "appliance", "signalling", *words],
                                     stderr=subprocess.PIPE, text=True)
            self.assertEqual(refused.returncode, 3)
            self.assertIn("File exists", refused.stderr)
            self.assertTrue(os.path.exists(path))

    @unittest.skipIf(shutil.which("kamailio") is None, "kamailio is not installed")
    def test_kamailio(self):
        for transport in "u1", "t1":
            with self.subTest(transport):
                self.through_kamailio(transport)

    def through_kamailio(self, transport):
        counted, _ = self.calls_through(transport, kind="kamailio")
        self.assertGreaterEqual(counted["invites"], CALLS)
        self.assertGreaterEqual(counted["responses"], 3 * CALLS)
        self.assertEqual(counted["transactions_4xx"], 0)


class Proxy(unittest.TestCase):
    def setUp(self):
        self.bob = Peer()
        self.server = Server("--next_hop", "%s:%d" % (self.bob.host, self.bob.port),
                             *self.options())
        self.alice = Peer(self.server.address)
        self.counted = None

    def options(self):
        return {"test_too_many_calls": ["--calls", "1", "--overload", "486"],
                "test_announcement": ["--calls", "1", "--overload", "announce",
                                      "--announcement", "1s"],
                "test_nobody_answers": ["--t1", "20ms"],
                "test_digest": ["--auth", "sha256"]}.get(self._testMethodName, [])

    def tearDown(self):
        if self.counted is None:
            self.server.close()
        self.alice.close()
        self.bob.close()

    def end(self):
        self.counted = self.server.close()
        return self.counted

    def invite(self, call, **more):
        return self.alice.request("INVITE", self.server.uri % "bob", call, **more)

    def test_a_call_passes_and_is_answered_once(self):
        text = self.invite("one", branch="z9hG4bKone")
        self.assertEqual(self.alice.hear().status, 100)
        came = self.bob.expect("INVITE")
        self.assertEqual(len(came.all("Via")), 2)
        self.assertIn(";lr>", came.get("Record-Route"))
        self.assertEqual(came.get("Max-Forwards"), "69")
        self.alice.send(text)  # again: 100 again, and nothing at the other end
        self.assertEqual(self.alice.hear().status, 100)
        self.bob.answer(came, 180)
        self.bob.answer(came, 200)
        ok = self.alice.expect(200)
        self.assertEqual(len(ok.all("Via")), 1)
        self.alice.request("ACK", self.server.uri % "bob", "one", to_tag=";tag=b")
        self.bob.expect("ACK")
        self.alice.request("BYE", "sip:bob@%s:%d" % (self.bob.host, self.bob.port), "one",
                           extra="Route: <sip:%s:%d;lr>\r\n" % self.server.address,
                           to_tag=";tag=b", cseq=2)
        bye = self.bob.expect("BYE")
        self.assertEqual(bye.all("Route"), [])
        self.bob.answer(bye, 200)
        self.assertIn("BYE", self.alice.expect(200).get("CSeq"))
        counted = self.end()
        self.assertEqual((counted["calls"], counted["calls_ended"]), (1, 1))
        self.assertEqual(counted["requests_again"], 1)

    def test_cancel(self):
        self.invite("two", branch="z9hG4bKtwo")
        came = self.bob.expect("INVITE")
        self.bob.answer(came, 180)
        self.alice.expect(180)
        self.alice.request("CANCEL", self.server.uri % "bob", "two", branch="z9hG4bKtwo")
        self.assertIn("CANCEL", self.alice.expect(200).get("CSeq"))
        cancel = self.bob.expect("CANCEL")
        self.assertEqual(cancel.get("Via"), came.all("Via")[0])
        self.bob.answer(cancel, 200)
        self.bob.answer(came, 487)
        self.assertEqual(self.bob.expect("ACK").get("Via"), came.all("Via")[0])
        self.alice.expect(487)
        self.alice.request("ACK", self.server.uri % "bob", "two", branch="z9hG4bKtwo")
        self.alice.request("CANCEL", self.server.uri % "bob", "none", branch="z9hG4bKnone")
        self.alice.expect(481)

    def test_nobody_answers(self):
        self.invite("three")
        self.assertEqual(self.bob.expect("INVITE").method, "INVITE")
        self.alice.expect(408)  # after 64 T1
        counted = self.end()
        self.assertEqual((counted["timeouts"], counted["calls_failed"]), (1, 1))
        self.assertGreaterEqual(counted["sent_again"], 2)  # six, unless it was kept from its CPU

    def test_registrar(self):
        uri = self.server.uri % "carol"
        self.alice.request("REGISTER", uri, "r1", extra="Expires: 60\r\n")
        self.assertIn("expires=60", self.alice.expect(200).get("Contact"))
        self.bob.server = self.server.address
        self.bob.request("INVITE", uri, "four")
        invite = self.alice.expect("INVITE")
        self.assertIn("INVITE sip:alice@%s:%d" % (self.alice.host, self.alice.port), invite.start)
        self.alice.answer(invite, 486)
        self.bob.expect(486)
        self.alice.request("REGISTER", uri, "r1", extra="Expires: 0\r\n", cseq=2)
        self.assertEqual(self.alice.expect(200).all("Contact"), [])
        self.alice.request("REGISTER", uri, "r1", extra="Expires: x\r\n", cseq=3)
        self.alice.expect(400)

    def test_what_it_refuses(self):
        uri = self.server.uri % "bob"
        for status, start, change in [
                (483, "OPTIONS", ("Max-Forwards: 70", "Max-Forwards: 0")),
                (400, "OPTIONS", ("CSeq: 1 OPTIONS", "CSeq: 1 BYE")),
                (505, "OPTIONS", ("SIP/2.0\r\nVia", "SIP/3.0\r\nVia")),
                (416, "OPTIONS", ("OPTIONS sip:", "OPTIONS http://")),
                (420, "INVITE", ("Max-Forwards", "Proxy-Require: magic\r\nMax-Forwards"))]:
            with self.subTest(status):
                old, self.alice.server = self.alice.server, (self.bob.host, self.bob.port)
                text = self.alice.request(start, uri, "bad%d" % status)
                self.alice.server = old
                self.bob.hear()
                self.alice.send(text.replace(*change, 1))
                self.alice.expect(status)

    def test_too_many_calls(self):
        self.invite("five")
        self.bob.answer(self.bob.expect("INVITE"), 200)
        self.alice.expect(200)
        self.invite("six")
        self.alice.expect(486)
        counted = self.end()
        self.assertEqual((counted["overloaded"], counted["calls"]), (1, 1))

    def test_announcement(self):
        self.invite("seven")
        self.bob.answer(self.bob.expect("INVITE"), 200)
        self.alice.expect(200)
        with Listener() as rtp:
            self.invite("eight", body="v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
                        "c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP 8\r\n" % rtp.port,
                        extra="Content-Type: application/sdp\r\n")
            ok = self.alice.expect(200)
            self.assertIn("m=audio", ok.body)
            self.alice.request("ACK", self.server.uri % "bob", "eight",
                               to_tag=ok.get("To").partition(">")[2])
            bye = self.alice.expect("BYE")
            self.assertEqual(bye.get("Call-ID"), "eight")
            self.alice.answer(bye, 200)
            self.assertGreaterEqual(rtp.count(), 10)
        self.assertEqual(self.end()["overloaded"], 1)

    def test_digest(self):
        self.invite("nine")
        challenge = self.alice.expect(407).get("Proxy-Authenticate")
        uri = self.server.uri % "bob"
        for password, way in [("wrong", 407), ("secret", 100)]:
            self.alice.request("INVITE", uri, "nine", cseq=2, extra="Proxy-Authorization: %s\r\n"
                               % digest(challenge, "INVITE", uri, "alice", password))
            self.alice.expect(way)
        self.bob.expect("INVITE")


def configured_by(pid):
    """The configurations that the children of a process were started with."""
    found = []
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as f:
        for child in f.read().split():
            with open("/proc/%s/cmdline" % child, encoding="ascii") as words:
                found += [w for w in words.read().split("\0") if w.endswith("/kamailio.cfg")]
    return [path for path in found if os.path.exists(path)]


@unittest.skipIf(shutil.which("kamailio") is None, "kamailio is not installed")
class Kamailio(unittest.TestCase):
    """With digest authentication, as it is configured for us; and nothing of it stays."""

    def test_digest(self):
        bob = Peer()
        server = Server("--next_hop", "%s:%d" % (bob.host, bob.port), "--mode", "digest",
                        "--children", "1", kind="kamailio")
        configured = configured_by(server.process.pid)
        alice = Peer(server.address)
        uri = server.uri % "bob"
        try:
            alice.request("INVITE", uri, "k1", branch="z9hG4bKk1")
            challenge = alice.expect(407).get("Proxy-Authenticate")
            alice.request("ACK", uri, "k1", branch="z9hG4bKk1")
            alice.request("INVITE", uri, "k1", cseq=2, extra="Proxy-Authorization: %s\r\n"
                          % digest(challenge, "INVITE", uri, "alice", "secret"))
            invite = bob.expect("INVITE")
            self.assertEqual(invite.all("Proxy-Authorization"), [])
            bob.answer(invite, 486)
            alice.expect(486)
        finally:
            counted = server.close()
            alice.close()
            bob.close()
        self.assertGreaterEqual(counted["invites"], 2)
        self.assertEqual(len(configured), 1)
        self.assertFalse(os.path.exists(configured[0]))


class Listener:
    """Who hears RTP: how many packets of G.711 at 20 ms came, with numbers in order."""

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        return self

    def __exit__(self, *_):
        self.socket.close()

    def count(self):
        self.socket.setblocking(False)
        numbers = []
        try:
            while True:
                packet = self.socket.recv(2048)
                assert len(packet) == 172 and packet[1] & 127 == 8
                numbers.append(int.from_bytes(packet[2:4], "big"))
        except BlockingIOError:
            assert numbers == sorted(numbers)
            return len(numbers)


class Answering(unittest.TestCase):
    def test_a_call(self):
        server = Server("--mode", "answer", "--ring", "100ms", "--t1", "100ms")
        alice = Peer(server.address)
        uri = server.uri % "bob"
        alice.request("INVITE", uri, "ten")
        self.assertEqual(alice.hear().status, 180)
        ok = alice.expect(200)
        self.assertIn("m=audio", ok.body)
        self.assertEqual(alice.hear().status, 200)  # until the ACK
        tag = ok.get("To").partition(">")[2]
        alice.request("ACK", uri, "ten", to_tag=tag)
        alice.request("BYE", uri, "ten", to_tag=tag, cseq=2)
        while "BYE" not in alice.expect(200).get("CSeq"):
            pass
        alice.request("BYE", uri, "none", to_tag=tag)
        alice.expect(481)
        alice.close()
        self.assert_calls(server, calls=1, calls_ended=1, calls_failed=0)

    def test_a_call_that_rings_is_cancelled(self):
        server = Server("--mode", "answer", "--ring", "1m")
        alice = Peer(server.address)
        uri = server.uri % "bob"
        alice.request("INVITE", uri, "eleven", branch="z9hG4bKeleven")
        alice.expect(180)
        alice.request("CANCEL", uri, "eleven", branch="z9hG4bKeleven")
        alice.expect(487)
        alice.close()
        self.assert_calls(server, calls=1, calls_ended=0, calls_failed=1)

    def assert_calls(self, server, **wanted):
        counted = server.close()
        self.assertEqual({name: counted[name] for name in wanted}, wanted)


if __name__ == "__main__":
    if shutil.which("sipp") is None:
        print("sipp is not installed (Debian: sip-tester)")
        raise SystemExit(77)
    beside.main(loopback.enter, workers=9)
