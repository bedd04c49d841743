#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""vaperf-node as sipp: its exit codes, what its options do, its files, keys and control port. The
other side is the same program, or a socket of the test."""

import csv
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import beside
import loopback
from sipp_pair import SCENARIOS, our_program

HEAD = '<?xml version="1.0"?><scenario name="test">%s</scenario>'
OPTIONS = """<send%s><![CDATA[
OPTIONS sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:a@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:b@[remote_ip]>
Call-ID: [call_id]
CSeq: [cseq] OPTIONS
X-Words: %s
Content-Length: 0

]]></send>"""
ANSWER = """<recv request="OPTIONS"/><send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=1
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>"""
OK = '<recv response="200" rtd="true"/>'


def runs(pid):
    """Not ended, and not only waiting for somebody who asks how."""
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii") as f:
            return f.read().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Sipp(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sipp_mode.")
        self.program = our_program(self.folder)
        self.started = []

    def tearDown(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
        shutil.rmtree(self.folder)

    def start(self, *words, **more):
        process = subprocess.Popen([self.program, *words], cwd=self.folder, text=True,
                                   **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                                      "stderr": subprocess.PIPE, **more})
        self.started.append(process)
        return process

    def run_it(self, *words):
        """Exit code, output, errors."""
        process = self.start(*words)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
            f.write(text)
        return name

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8", newline="") as f:
            return f.read()

    def files(self, pattern):
        return [n for n in os.listdir(self.folder) if re.fullmatch(pattern, n)]

    def last_row(self, name, delimiter=";"):
        rows = [r for r in csv.reader(self.read(name).split("\n"), delimiter=delimiter) if r]
        return dict(zip(rows[0], rows[-1]))

    def server(self, *words, transport="udp"):
        """An answering one, ready; its port."""
        port = loopback.port()
        process = self.start("-i", "127.0.0.1", "-p", str(port), *(words or ("-sn", "uas")))
        loopback.wait_for_port(port, transport, process)
        return process, port

    def deaf(self):
        """A port of a socket that hears and never answers."""
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(s.close)
        s.bind(("127.0.0.1", loopback.port()))
        s.settimeout(20)
        return s

    def call(self, port, *words):
        return self.run_it("-i", "127.0.0.1", *words, "127.0.0.1:%d" % port)

    @staticmethod
    def all_of(heard):
        """The datagrams that have come; those of a process that ended are there."""
        heard.setblocking(False)
        found = []
        while True:
            try:
                found.append(heard.recv(4000))
            except BlockingIOError:
                return found

    def count(self, heard):
        return len(self.all_of(heard))


class ExitCodes(Sipp):
    def test_without_calls(self):
        for words, code, said in [
                ((), 99, "vaperf-node sip"), (("-h",), 99, "-trace_stat"), (("-v",), 99, "vaperf"),
                (("-sd", "uac"), 99, "<scenario"), (("--help",), 0, "-sf FILE")]:
            result = self.run_it(*words)
            self.assertEqual(result[0], code, words)
            self.assertIn(said, result[1])

    def test_manual(self):
        """Every option of -h is in the page."""
        page = subprocess.run([os.environ["VAPERF_NODE"], "manual", "sip"], text=True, check=True,
                              stdout=subprocess.PIPE).stdout
        options = re.findall(r"(?m)^  (-\S+)", self.run_it("-h")[1])
        self.assertGreater(len(options), 120)
        for option in options:
            self.assertRegex(page, r"(?m)^\.B %s( |$)" % re.escape(option.replace("-", "\\-")))

    def test_mistakes(self):
        self.write("bad.xml", HEAD % "<sned/>")
        for words, said in [
                ("-trace_stats", "did you mean -trace_stat?"), ("-sd nope", "no built-in"),
                ("-sd uat", "the nearest is uac"), ("-sn uax 127.0.0.1", "the nearest is uac"),
                ("-r many 127.0.0.1", "a number is wanted"), ("-sn uac", "HOST"),
                ("-sn nope 127.0.0.1", "no built-in"), ("-sf none.xml 127.0.0.1", "No such file"),
                ("-sf bad.xml 127.0.0.1", "bad.xml:1:"), ("-t s1 127.0.0.1", "SCTP"),
                ("-plugin x 127.0.0.1", "built for SIPp alone"), ("-ci x 127.0.0.1", "-ci x"),
                ("-i nowhere.invalid 127.0.0.1", "not known"),
                ("-rsa :1 127.0.0.1", "-rsa")]:
            code, out, err = self.run_it(*words.split())
            self.assertEqual(code, 255, words)
            self.assertIn(said, err)
            self.assertEqual(len(err.splitlines()), 1, err)
            self.assertTrue(err.startswith("sipp: "), err)
            self.assertEqual(out, "")

    def test_files_that_cannot_be_written(self):
        """Said with the path, one that cannot be opened before the first call."""
        heard = self.deaf()
        port = heard.getsockname()[1]
        for words in [("-trace_stat", "-stf"), ("-trace_msg", "-message_file"),
                      ("-trace_screen", "-screen_file"), ("-trace_err", "-error_file")]:
            code, out, err = self.call(port, "-sn", "uac", "-m", "1", "-r", "100", *words,
                                       "nowhere/x")
            self.assertEqual((code, out), (255, ""), words)
            self.assertRegex(err, r"^[^\n]*cannot write nowhere/x: No such file[^\n]*\n$")
            self.assertEqual(self.count(heard), 0)
        code, _, err = self.call(port, "-sn", "uac", "-m", "1", "-r", "100", "-nr", "-recv_timeout",
                                 "50", "-trace_stat", "-stf", "/dev/full")
        self.assertEqual(code, 255)
        self.assertIn("cannot write /dev/full: No space left", err)

    def test_addresses_that_are_taken(self):
        taken = self.deaf().getsockname()[1]
        for words in [("-p", str(taken)), ("-cp", str(taken)),
                      ("-i", "192.0.2.1", "-bind_local")]:
            code, _, err = self.run_it("-sn", "uas", "-i", "127.0.0.1", *words)
            self.assertEqual(code, 254, words)
            self.assertEqual(len(err.splitlines()), 1, err)

    def test_a_failed_call(self):
        code, out, _ = self.call(self.deaf().getsockname()[1], "-m", "1", "-r", "100", "-nr",
                                 "-recv_timeout", "50")
        self.assertEqual(code, 1)
        self.assertIn("FailedTimeoutOnRecv    |        1", out)

    def test_time_outs(self):
        _, port = self.server()
        deaf = self.deaf().getsockname()[1]
        calling = ["-sn", "uac", "-r", "100", "-timeout", "1s"]
        failing = [*calling, "-nr", "-recv_timeout", "50"]  # failed calls stay failed
        running = [(self.start("-i", "127.0.0.1", *words, "127.0.0.1:%d" % to), words, code)
                   for to, words, code in [
                       (port, calling, 0), (port, [*calling, "--strict"], 97),
                       (port, [*calling, "-timeout_error"], 255), (deaf, failing, 1),
                       (deaf, [*failing, "--strict"], 97)]]
        self.assertEqual(self.run_it("-sn", "uas", "-i", "127.0.0.1", "-p", str(loopback.port()),
                                     "-timeout", "100ms")[0], 97)
        for process, words, code in running:
            process.communicate(timeout=30)
            self.assertEqual(process.returncode, code, words)

    def test_actions(self):
        _, port = self.server("-sf", self.write("answer.xml", HEAD % ANSWER))
        for action, code in [('<error message="so it is"/>', 255),
                             ('<exec int_cmd="stop_now"/>', 97),
                             ('<exec int_cmd="stop_gracefully"/>', 0),
                             ('<warning message="so it is"/>', 0)]:
            self.write("act.xml", HEAD % (OPTIONS % ("", "") + OK +
                                          "<nop><action>%s</action></nop>" % action))
            result = self.call(port, "-sf", "act.xml", "-m", "3", "-r", "100")
            self.assertEqual(result[0], code, action)
            self.assertEqual("so it is" in result[2], code == 255)

    def test_a_command_of_the_shell(self):
        _, port = self.server("-sf", self.write("answer.xml", HEAD % ANSWER))
        self.write("act.xml", HEAD % (OPTIONS % ("", "") + OK + "<nop><action><exec command="
                                      "\"echo [call_number] &gt; did\"/></action></nop>"))
        self.assertEqual(self.call(port, "-sf", "act.xml", "-m", "1", "-r", "100")[0], 0)
        while not os.path.exists(os.path.join(self.folder, "did")):
            time.sleep(0.01)

    def test_signals(self):
        for number, code in [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGUSR1, 0)]:
            process, _ = self.server()
            process.send_signal(number)
            self.assertEqual(process.wait(20), code)
        process, _ = self.server("-sn", "uas", "-screen_file", "screens")
        process.send_signal(signal.SIGUSR2)
        while not self.files("screens"):
            time.sleep(0.01)
        process.send_signal(signal.SIGUSR1)
        self.assertEqual(process.wait(20), 0)
        self.assertIn("Statistics Screen", self.read("screens"))

    def test_background(self):
        port = loopback.port()
        code, out, err = self.run_it("-sf", self.write("answer.xml", HEAD % ANSWER), "-i",
                                     "127.0.0.1", "-p", str(port), "-bg", "-m", "2", "-trace_stat",
                                     "-stf", "stat.csv")
        self.assertEqual((code, err), (99, ""))
        pid = int(re.search(r"PID=\[(\d+)\]", out).group(1))
        self.addCleanup(lambda: runs(pid) and os.kill(pid, signal.SIGKILL))
        self.write("ask.xml", HEAD % (OPTIONS % ("", "") + OK))
        self.assertEqual(self.call(port, "-sf", "ask.xml", "-m", "2", "-r", "100")[0], 0)
        while runs(pid):
            time.sleep(0.01)
        self.assertEqual(self.last_row("stat.csv")["SuccessfulCall(C)"], "2")
        self.assertEqual(self.run_it("-sn", "uas", "-bg", "-i", "127.0.0.1", "-cp",
                                     str(self.deaf().getsockname()[1]))[0], 254)


class Options(Sipp):
    def setUp(self):
        super().setUp()
        self.write("ask.xml", HEAD % (OPTIONS % (' retrans="20" start_rtd="true"', "[word]") + OK))
        self.write("answer.xml", HEAD % ANSWER)

    def ask(self, port, *words):
        """One call; what was sent of it."""
        code, _, err = self.call(port, "-sf", "ask.xml", "-m", "1", "-r", "1000", "-trace_msg",
                                 "-message_file", "sent", *words)
        self.assertEqual(code, 0, err)
        return self.read("sent").split("message received")[0]

    def test_words_of_messages(self):
        _, port = self.server("-sf", "answer.xml")
        sent = self.ask(port, "-base_cseq", "77", "-cid_str", "id-%u@%s", "-s", "bob", "-key",
                        "word", "brackets [here]")
        for text in ["OPTIONS sip:bob@127.0.0.1:%d SIP/2.0" % port, "CSeq: 77 OPTIONS",
                     "Call-ID: id-1@127.0.0.1", "X-Words: brackets [here]"]:
            self.assertIn(text, sent)

    def test_another_place_to_send_to(self):
        _, port = self.server("-sf", "answer.xml")
        sent = self.call_with_rsa(port)
        self.assertIn("OPTIONS sip:service@192.0.2.7:5099", sent)

    def call_with_rsa(self, port):
        code, _, err = self.run_it("-sf", "ask.xml", "-m", "1", "-r", "1000", "-key", "word", "",
                                   "-trace_msg", "-message_file", "sent", "-i", "127.0.0.1",
                                   "192.0.2.7:5099", "-rsa", "127.0.0.1:%d" % port)
        self.assertEqual(code, 0, err)
        return self.read("sent")

    def test_media_words(self):
        _, port = self.server()
        code, _, _ = self.call(port, "-sn", "uac", "-m", "1", "-mi", "192.0.2.3", "-mp", "7100",
                               "-trace_msg", "-message_file", "sent")
        self.assertEqual(code, 0)
        self.assertIn("c=IN IP4 192.0.2.3", self.read("sent"))
        self.assertIn("m=audio 7100", self.read("sent"))

    def test_retransmissions(self):
        for words, times in [(["-max_retrans", "2"], 3), (["-nr", "-recv_timeout", "300"], 1),
                             (["-max_non_invite_retrans", "0"], 1)]:
            heard = self.deaf()
            code = self.call(heard.getsockname()[1], "-sf", "ask.xml", "-m", "1", "-r", "1000",
                             "-key", "word", "", *words)[0]
            self.assertEqual(code, 1)
            self.assertEqual(self.count(heard), times, words)

    def test_rates(self):
        _, port = self.server()
        begun = time.monotonic()
        code, out, _ = self.call(port, "-sn", "uac", "-m", "10", "-r", "5", "-rp", "100",
                                 "-trace_stat", "-stf", "stat.csv")
        self.assertEqual(code, 0)
        self.assertGreaterEqual(time.monotonic() - begun, 0.2)
        self.assertEqual(self.last_row("stat.csv")["TargetRate"], "5")
        code, out, _ = self.call(port, "-sn", "uac", "-m", "4", "-r", "1000", "-l", "1", "-d", "30")
        self.assertEqual(code, 0)
        self.assertIn("Peak was 1 calls", out)
        self.assertIn("(limit 1)", out)
        code, out, _ = self.call(port, "-sn", "uac", "-r", "10", "-rate_increase", "10",
                                 "-rate_interval", "50ms", "-rate_max", "30")
        self.assertEqual(code, 0)
        self.assertIn("  30.0(0 ms)/1.000s", out)

    def test_answered_outside_the_scenario(self):
        with open(os.path.join(SCENARIOS, "plain.xml"), encoding="utf-8") as f:
            text = f.read()
        i = text.rindex("  <send")
        info = text[i:].split("</send>")[0].replace("BYE", "INFO") + "</send>"
        self.write("info.xml", text[:i] + info + '\n<recv response="200"/>\n' + text[i:])
        for words, count, patience in [(["-aa"], "1", "20s"), ([], "0", "500ms")]:
            process, port = self.server("-sn", "uas", "-trace_stat", "-stf", "stat.csv", *words)
            code = self.call(port, "-sf", "info.xml", "-m", "1", "-recv_timeout", patience, "-r",
                             "100")[0]
            process.send_signal(signal.SIGTERM)
            process.wait(20)
            self.assertEqual(code, 0 if words else 1)
            self.assertEqual(self.last_row("stat.csv")["AutoAnswered(C)"], count)

    def test_source_addresses(self):
        heard = self.deaf()
        self.write("from.csv", "SEQUENTIAL\na;127.0.0.2\nb;127.0.0.3\n")
        self.call(heard.getsockname()[1], "-sf", "ask.xml", "-t", "ui", "-inf", "from.csv",
                  "-ip_field", "1", "-m", "4", "-r", "1000", "-key", "word", "", "-nr",
                  "-recv_timeout", "10", "-p", str(loopback.port()))
        self.assertEqual(sorted(heard.recvfrom(4000)[1][0] for _ in range(4)),
                         ["127.0.0.2"] * 2 + ["127.0.0.3"] * 2)

    def test_late_messages(self):
        """Of a call that ended, and of none."""
        peer = self.deaf()
        self.write("wait.xml", HEAD % (OPTIONS % ("", "") + OK))
        for words, columns in [([], ("1", "0")), (["-deadcall_wait", "0"], ("0", "1"))]:
            own = loopback.port()
            process = self.start("-sf", "wait.xml", "-i", "127.0.0.1", "-p", str(own), "-r",
                                 "1000", "-l", "1", "-m", "2", "127.0.0.1:%d" % peer.getsockname()[1], "-trace_stat",
                                 "-stf", "stat.csv", *words)
            for number in range(2):  # the second begins when the first has ended
                asked = peer.recv(4000).decode().replace("OPTIONS sip", "X", 1)
                answer = "SIP/2.0 200 OK\r\n" + asked.split("\r\n", 1)[1]
                for _ in range(2 - number):
                    peer.sendto(answer.encode(), ("127.0.0.1", own))
            self.assertEqual(process.wait(20), 0)
            row = self.last_row("stat.csv")
            self.assertEqual((row["DeadCallMsgs(C)"], row["OutOfCallMsgs(C)"]), columns)

    def test_users(self):
        """As many calls at a time as users, each with its own number."""
        _, port = self.server()
        self.write("users.csv", "USERS\nanna\nberta\ncarl\n")
        with open(os.path.join(SCENARIOS, "plain.xml"), encoding="utf-8") as f:
            text = f.read().replace("  <recv response=\"200\"/>\n\n  <send>", "  <recv "
                                    "response=\"200\"/><pause/>\n\n  <send>", 1)
        self.write("user.xml", text.replace("Max-Forwards", "X-User: [field0]\nMax-Forwards"))
        code, out, _ = self.call(port, "-sf", "user.xml", "-users", "3", "-inf", "users.csv", "-m",
                                 "9", "-d", "50", "-trace_msg", "-message_file", "sent",
                                 "-trace_stat", "-stf", "stat.csv")
        self.assertEqual(code, 0)
        self.assertIn("Peak was 3 calls", out)
        self.assertEqual(self.last_row("stat.csv")["TargetRate"], "3")
        for name in ["anna", "berta", "carl"]:
            self.assertIn("X-User: " + name, self.read("sent"))

    def test_requests_of_no_call(self):
        """A client answers them by the scenario of -oocsf, beside its own calls."""
        peer = self.deaf()
        own = loopback.port()
        process = self.start("-sn", "uac", "-i", "127.0.0.1", "-p", str(own), "-r", "1", "-rp", "1h",
                             "-oocsf", "answer.xml", "127.0.0.1:%d" % peer.getsockname()[1])
        loopback.wait_for_port(own, "udp", process)
        ask = ("OPTIONS sip:a@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bKx\r\n"
               "From: <sip:b@b>;tag=1\r\nTo: <sip:a@a>\r\nCall-ID: stray\r\nCSeq: 1 OPTIONS\r\n"
               "Content-Length: 0\r\n\r\n" % peer.getsockname()[1])
        peer.sendto(ask.encode(), ("127.0.0.1", own))
        self.assertTrue(peer.recv(4000).startswith(b"SIP/2.0 200 OK"))
        process.send_signal(signal.SIGTERM)
        out = process.communicate(timeout=20)[0]
        self.assertIn("Successful call        |        0 ", out)
        self.assertIn("Incoming calls created |        0 ", out)

    def test_calls_that_come(self):
        """A client answers them by the scenario of -rxsf as long as calls of its own run, whatever
        -users and -m say of these."""
        peer = self.deaf()
        own = loopback.port()
        self.write("call.xml", HEAD % (OPTIONS % ("", "x") + OK))
        process = self.start("-sf", "call.xml", "-rxsn", "uas", "-users", "1", "-m", "1", "-nr",
                             "-i", "127.0.0.1", "-p", str(own), "-trace_stat", "-stf", "rx.csv",
                             "127.0.0.1:%d" % peer.getsockname()[1])
        asked, at = peer.recvfrom(4000)
        self.assertEqual(self.call(own, "-sn", "uac", "-m", "5", "-r", "100")[0], 0)
        self.assertIsNone(process.poll())
        peer.sendto(b"SIP/2.0 200 OK\r\n" + asked[asked.index(b"Via:"):], at)
        out = process.communicate(timeout=20)[0]
        self.assertEqual(process.returncode, 0, out)
        last = self.last_row("rx.csv")
        for name, value in [("IncomingCall", 5), ("OutgoingCall", 1), ("TotalCallCreated", 6),
                            ("SuccessfulCall", 6), ("FailedCall", 0)]:
            full = name if name in last else name + "(C)"
            self.assertEqual(last[full], str(value), name)

    def test_a_call_that_comes_and_fails(self):
        """It is a failed call of the run."""
        peer = self.deaf()
        own = loopback.port()
        self.write("call.xml", HEAD % (OPTIONS % ("", "x") + OK))
        process = self.start("-sf", "call.xml", "-rxsf", "answer.xml", "-users", "1", "-nr",
                             "-i", "127.0.0.1", "-p", str(own), "-trace_err", "-error_file", "rx",
                             "127.0.0.1:%d" % peer.getsockname()[1])
        peer.recv(4000)
        self.assertEqual(self.call(own, "-sn", "uac", "-m", "1", "-r", "100", "-nr", "-recv_timeout",
                                   "2s", "-nd")[0], 1)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(20), 1)
        self.assertIn("while expecting 'OPTIONS' (index 0", self.read("rx"))

    def test_knobs_without_effect(self):
        """The run goes on, and says so once for each."""
        _, port = self.server()
        code, _, err = self.call(port, "-sn", "uac", "-m", "1", "-r", "100", "-mb", "4096",
                                 "-random_base_ssrc", "-rtp_threadtasks", "8")
        self.assertEqual(code, 0)
        said = [line for line in err.split("\n") if "has no effect here: " in line]
        self.assertEqual([line.split()[:2] for line in said],
                         [["sipp:", "-mb"], ["sipp:", "-rtp_threadtasks"]])

    def test_payload_type(self):
        """-rtp_payload is that of rtp_stream where the scenario names none."""
        shutil.copy(os.path.join(SCENARIOS, "tone.wav"), self.folder)
        heard = self.deaf()
        sdp = ("v=0\no=x 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\n"
               "m=audio %d RTP/AVP 8 0\n" % heard.getsockname()[1])
        self.write("called.xml", HEAD % ANSWER.replace(
            "Content-Length: 0\n\n", "Content-Type: application/sdp\nContent-Length: [len]\n\n" + sdp))
        _, port = self.server("-sf", "called.xml")
        for words, payload in [((), 8), (("-rtp_payload", "0"), 0)]:
            self.write("call.xml", HEAD % (
                OPTIONS % ("", "[media_port]") + OK + '<nop><action><exec rtp_stream="tone.wav"/>'
                '</action></nop><pause milliseconds="200"/>'))
            code, _, err = self.call(port, "-sf", "call.xml", "-m", "1", "-r", "100", *words)
            self.assertEqual(code, 0, err)
            types = {packet[1] & 0x7f for packet in self.all_of(heard)}
            self.assertEqual(types, {payload}, words)
        code, _, err = self.call(port, "-sf", "call.xml", "-rtp_payload", "77")
        self.assertEqual(code, 255)
        self.assertIn("-rtp_payload 77", err)

    def test_interface(self):
        """-bind_to_device: sockets of both transports are the interface's, those of media too."""
        for transport, letter in [("udp", "u"), ("tcp", "t")]:
            words = ["-t", letter + "1", "-bind_to_device", "lo"]
            _, port = self.server("-sn", "uas", *words, transport=transport)
            self.assertIn("lo:%d " % port, self.sockets(letter))
            self.assertEqual(self.call(port, "-sn", "uac", "-m", "2", "-r", "100", *words)[0], 0)
        shutil.copy(os.path.join(SCENARIOS, "tone.wav"), self.folder)
        self.write("play.xml", HEAD % (
            '<nop><action><exec rtp_stream="tone.wav"/></action></nop>'
            + OPTIONS % ("", "[media_port]") + OK))
        heard, first = self.deaf(), loopback.port()
        self.start("-sf", "play.xml", "-m", "1", "-r", "100", "-nr", "-i", "127.0.0.1", "-mp", "9000",
                   "-p", str(first), "-bind_to_device", "lo",
                   "127.0.0.1:%d" % heard.getsockname()[1])
        heard.recv(4000)
        self.assertIn("127.0.0.1%lo:9000 ", self.sockets("u"))
        code, _, err = self.call(5060, "-sn", "uac", "-bind_to_device", "nowhere")
        self.assertEqual(code, 255)
        self.assertIn("-bind_to_device nowhere: No such device", err)

    @staticmethod
    def sockets(letter):
        """As ss shows those of UDP or TCP: address%interface:port."""
        return subprocess.run(["ss", "-Hna" + letter], check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    def test_media(self):
        """What the scenario plays comes back from -rtp_echo, packet by packet."""
        shutil.copy(os.path.join(SCENARIOS, "tone.wav"), self.folder)
        echo, port = self.server("-sn", "uas", "-rtp_echo", "-mp", "9000")
        with open(os.path.join(SCENARIOS, "plain.xml"), encoding="utf-8") as f:
            text = f.read()
        i = text.index("</send>", text.index("ACK sip:")) + len("</send>")
        self.write("play.xml", text[:i] + '<nop><action><exec rtp_stream="tone.wav,-1,8"/></action>'
                   '</nop><pause milliseconds="500"/>' + text[i:])
        counted = self.packets()
        self.assertEqual(self.call(port, "-sf", "play.xml", "-m", "1", "-r", "100", "-min_rtp_port",
                                   "8000", "-max_rtp_port", "8100")[0], 0)
        self.assertGreater(self.packets() - counted, 20)  # 25 there, 25 back, at 20 ms
        echo.send_signal(signal.SIGTERM)

    def returned(self, s, alters):
        """Sends back what comes, as it is or with one bit changed, until the test is over."""
        over = threading.Event()

        def run():
            while not over.is_set():
                if select.select([s], [], [], 0.1)[0]:
                    data, peer = s.recvfrom(4000)
                    if alters:
                        data = data[:-1] + bytes([data[-1] ^ 1])
                    s.sendto(data, peer)
        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(over.set)

    def check_call(self, pattern, alters, *words):
        """A call that plays the pattern to sockets of the test; its exit code and what it noted."""
        audio, video = self.deaf(), self.deaf()
        for s in (audio, video):
            self.returned(s, alters)
        uas = self.run_it("-sd", "uas")[1]
        line = "m=audio [media_port] RTP/AVP 0"
        self.assertIn(line, uas)
        self.write("called.xml", uas.replace(
            line, "m=audio %d RTP/AVP 0\nm=video %d RTP/AVP 97" %
            (audio.getsockname()[1], video.getsockname()[1])))
        called, port = self.server("-sf", "called.xml")
        with open(os.path.join(SCENARIOS, "plain.xml"), encoding="utf-8") as f:
            text = f.read()
        i = text.index("</send>", text.index("ACK sip:")) + len("</send>")
        self.write("play.xml", text[:i] + '<nop><action><exec rtp_stream="%s"/></action></nop>'
                   '<pause milliseconds="700"/>' % pattern + text[i:])
        code, _, err = self.call(port, "-sf", "play.xml", "-m", "1", "-r", "100", "-mp", "8000",
                                 "-trace_err", "-error_file", "noted", *words)
        called.send_signal(signal.SIGTERM)
        return code, self.read("noted") + err

    def test_rtp_check(self):
        """A pattern that comes back as it left passes; one that is altered, or nothing, is 253."""
        patterns = {"audio": "apattern,1,0,PCMU/8000", "video": "vpattern,6,97,H264/90000"}
        for medium, pattern in patterns.items():
            code, noted = self.check_call(pattern, False, "-rtpcheck_debug")
            self.assertEqual(code, 0, noted)
            self.assertRegex(noted, "call 1: RTP check of %s passed: of [0-9]+ packets" % medium)
            code, noted = self.check_call(pattern, True, "-%stolerance" % medium, "0.5")
            self.assertEqual(code, 253, noted)
            self.assertRegex(noted, "call 1: RTP check of %s failed: .* 0 came back right" % medium)
        code, noted = self.check_call(patterns["audio"], True, "-audiotolerance", "1.1")
        self.assertEqual((code, noted), (0, ""))

    def test_rtp_check_of_an_echo(self):
        """SIPp's own default: only a call of which nothing came back right fails."""
        with open(os.path.join(SCENARIOS, "plain.xml"), encoding="utf-8") as f:
            text = f.read()
        i = text.index("</send>", text.index("ACK sip:")) + len("</send>")
        self.write("play.xml", text[:i] + '<nop><action><exec rtp_stream="apattern,2,8,PCMA/8000"/>'
                   '</action></nop><pause milliseconds="500"/>' + text[i:])
        for words, expected in [(["-rtp_echo"], 0), ([], 253)]:
            called, port = self.server("-sn", "uas", *words, "-mp", "9000")
            code, _, err = self.call(port, "-sf", "play.xml", "-m", "3", "-r", "100", "-mp", "8000")
            self.assertEqual(code, expected, err)
            self.assertEqual("RTP check: 3 streams" in err, expected == 253)
            called.send_signal(signal.SIGTERM)
            called.wait(20)

    def test_tls(self):
        if shutil.which("openssl") is None:
            self.skipTest("openssl is not here")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key",
                        "-out", "cert", "-days", "2", "-subj", "/CN=test"], cwd=self.folder,
                       check=True, capture_output=True)
        own = ["-tls_cert", "cert", "-tls_key", "key"]
        _, port = self.server("-sn", "uas", "-t", "l1", *own, transport="tcp")
        for mode in ["l1", "ln"]:
            self.assertEqual(self.call(port, "-sn", "uac", "-t", mode, "-m", "5", "-r", "100",
                                       "-tls_ca", "cert", *own)[0], 0, mode)
        self.assertEqual(self.call(port, "-sn", "uac", "-t", "l1", "-tls_cert", "none")[0], 255)

    def packets(self):
        """UDP datagrams that came, of this loopback."""
        with open("/proc/net/snmp", encoding="ascii") as f:
            names, values = [line.split() for line in f if line.startswith("Udp:")]
        return int(dict(zip(names[1:], values[1:]))["InDatagrams"])

    def test_reconnections(self):
        listener = socket.create_server(("127.0.0.1", loopback.port()))
        self.addCleanup(listener.close)
        process = self.start("-sf", "ask.xml", "-key", "word", "", "-i", "127.0.0.1", "-t", "t1",
                             "-r", "100", "-max_reconnect", "2", "-reconnect_sleep", "10",
                             "127.0.0.1:%d" % listener.getsockname()[1])
        for _ in range(4):
            listener.settimeout(20)
            try:
                connection = listener.accept()[0]
            except TimeoutError:
                break
            connection.close()
            if process.poll() is not None:
                break
        self.assertEqual(process.wait(20), 255)
        self.assertIn("more than 2 reconnections", process.stderr.read())

    def test_a_stall_is_counted(self):
        process, _ = self.server("-sn", "uas", "-watchdog_interval", "20",
                                 "-watchdog_minor_threshold", "100", "-watchdog_minor_maxtriggers",
                                 "2", "-watchdog_major_threshold", "1m", "-trace_stat", "-stf",
                                 "stat.csv")
        while process.poll() is None:
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.3)
            process.send_signal(signal.SIGCONT)
            time.sleep(0.1)
        self.assertEqual(process.returncode, 255)
        self.assertIn("minor threshold", process.stderr.read())
        self.assertEqual(self.last_row("stat.csv")["WatchdogMinor(C)"], "2")

    def test_sleeps_first(self):
        begun = time.monotonic()
        self.assertEqual(self.run_it("-sn", "uas", "-i", "127.0.0.1", "-sleep", "300ms", "-p",
                                     str(loopback.port()), "-timeout", "10ms")[0], 97)
        self.assertGreaterEqual(time.monotonic() - begun, 0.3)


class Files(Sipp):
    KINDS = {"stat": r"ask_\d+_\.csv", "rtt": r"ask_\d+_rtt\.csv", "counts": r"ask_\d+_counts\.csv",
             "msg": r"ask_\d+_messages\.log", "shortmsg": r"ask_\d+_shortmessages\.log",
             "err": r"ask_\d+_errors\.log", "error_codes": r"ask_\d+_error_codes\.csv",
             "calldebug": r"ask_\d+_calldebug\.log", "screen": r"ask_\d+_screen\.log",
             "logs": r"ask_\d+_logs\.log"}

    def setUp(self):
        super().setUp()
        said = '<nop><action><log message="said"/></action></nop>'
        self.write("ask.xml", HEAD % (
            said + OPTIONS % (' start_rtd="true" counter="asked"', "") + OK +
            '<ResponseTimeRepartition value="10,20"/><CallLengthRepartition value="10"/>'))
        self.write("refuse.xml", HEAD % ANSWER.replace("200 OK", "404 Not Found"))
        self.write("answer.xml", HEAD % ANSWER)

    def test_each_trace(self):
        _, port = self.server("-sf", "refuse.xml")
        traces = ["-trace_" + kind for kind in self.KINDS]
        self.assertEqual(self.call(port, "-sf", "ask.xml", "-m", "3", "-r", "100", *traces)[0], 1)
        _, port = self.server("-sf", "answer.xml")
        self.assertEqual(self.call(port, "-sf", "ask.xml", "-m", "3", "-r", "100", "-trace_rtt")[0],
                         0)
        texts = {kind: "".join(self.read(n) for n in self.files(pattern))
                 for kind, pattern in self.KINDS.items()}
        self.assertEqual(texts["logs"], "said\n" * 3)
        self.assertEqual(texts["msg"].count("UDP message sent"), 3)
        self.assertEqual(texts["msg"].count("UDP message received"), 3)
        self.assertEqual(len(re.findall(r"\tS\t.*\tCSeq:1 OPTIONS\tOPTIONS sip:", texts["shortmsg"])),
                         3)
        self.assertEqual(texts["err"].count("while expecting '200' (index 2, line"), 3)
        self.assertEqual(re.findall(r";(404;404;404;)\n", texts["error_codes"]), ["404;404;404;"])
        self.assertEqual(len(re.findall(r"step 2 \(line \d+\) 200: unexpected message\n",
                                        texts["calldebug"])), 3)
        self.assertIn("Repartition Screen", texts["screen"])
        self.assertIn(";1_OPTIONS_Sent;1_OPTIONS_Retrans;2_200_Recv;2_200_Retrans;2_200_Timeout;"
                      "2_200_Unexp;", texts["counts"])
        self.assertTrue(texts["counts"].endswith(";3;0;0;0;0;3;\n"), texts["counts"])
        self.assertEqual(len(re.findall(r"(?m)^[\d.]+;[\d.]+;1$", texts["rtt"])), 3)
        row = self.last_row(self.files(self.KINDS["stat"])[0])
        for name, value in [("OutgoingCall(C)", "3"), ("FailedCall(C)", "3"),
                            ("FailedUnexpectedMessage(C)", "3"), ("asked(C)", "3"),
                            ("ResponseTimeRepartition1_<10", "0")]:
            self.assertEqual(row[name], value, name)
        self.assertEqual(sum(int(n) for name, n in row.items()
                             if name.startswith("CallLengthRepartition_")), 3)

    def test_a_ring_of_logs(self):
        """-ringbuffer_size begins a log anew, and -ringbuffer_files older ones stay."""
        _, port = self.server()
        code, _, err = self.call(port, "-sn", "uac", "-m", "20", "-r", "100", "-trace_msg",
                                 "-ringbuffer_files", "3", "-ringbuffer_size", "5000")
        self.assertEqual(code, 0, err)
        self.assertEqual(len(self.files(r"uac_\d+_messages\.log")), 1)
        older = self.files(r"uac_\d+_messages_\d+(\.\d+)?\.log")
        self.assertEqual(len(older), 3)
        for name in older:
            self.assertGreater(os.path.getsize(os.path.join(self.folder, name)), 5000)

    def test_forms_and_names(self):
        _, port = self.server("-sf", "answer.xml")
        words = ["-sf", "ask.xml", "-m", "2", "-r", "100", "-trace_stat", "-stf", "s.csv",
                 "-stat_delimiter", ",", "-rfc3339", "-trace_logs", "-log_file", "l.log",
                 "-trace_msg", "-message_file", "m.log", "-max_log_size", "700", "-fd", "50ms",
                 "-trace_rtt", "-rtt_freq", "1", "-periodic_rtd"]
        self.assertEqual(self.call(port, *words)[0], 0)
        self.assertEqual(self.call(port, *words, "-log_overwrite", "false")[0], 0)
        self.assertEqual(self.read("l.log"), "said\n" * 4)
        self.assertLessEqual(len(self.read("m.log")), 700)
        rows = [r for r in csv.reader(self.read("s.csv").split("\n")) if r]
        self.assertGreaterEqual(len(rows), 3)
        self.assertRegex(rows[1][0], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[-+]\d\d:\d\d$")
        at = [i for i, name in enumerate(rows[0]) if name.startswith("ResponseTimeRepartition1_")]
        self.assertEqual(len(at), 3)
        self.assertEqual(sum(int(r[i]) for r in rows[1:] for i in at), 2)  # each period its own


class Control(Sipp):
    def test_port(self):
        """Datagrams are keys or a command; nobody else's machine reaches it."""
        server, port = self.server()
        control = loopback.port()
        process = self.start("-sn", "uac", "-i", "127.0.0.1", "-r", "1", "-rp", "1h", "-cp",
                             str(control), "127.0.0.1:%d" % port, "-trace_stat", "-stf", "s.csv",
                             "-message_file", "m.log", "-screen_file", "screens")
        loopback.wait_for_port(control, "udp", process)
        with open("/proc/net/udp", encoding="ascii") as f:
            self.assertIn("0100007F:%04X" % control, f.read())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(("127.0.0.1", control))
            for text in ["ctrace messages on", "cset rate 1000000", "s", "cdump stats"]:
                s.send(text.encode())
            while not self.files("m.log") or "BYE" not in self.read("m.log"):
                time.sleep(0.01)
            s.send(b"q")
        self.assertEqual(process.wait(20), 0)
        self.assertIn("Scenario Screen", self.read("screens"))
        self.assertGreater(int(self.last_row("s.csv")["SuccessfulCall(C)"]), 0)
        server.send_signal(signal.SIGTERM)

    def test_keys(self):
        """On a terminal: a live screen, changed by keys."""
        own, theirs = pty.openpty()
        self.addCleanup(os.close, own)
        process = self.start("-sn", "uas", "-i", "127.0.0.1", "-p", str(loopback.port()), "-f",
                             "100ms", stdin=theirs, stdout=theirs)
        os.close(theirs)
        seen = self.see(own, b"", b"Scenario Screen")
        seen = self.see(own, b"2", b"Statistics Screen")
        seen = self.see(own, b"3", b"Repartition Screen")
        seen = self.see(own, b"cset nothing 1\n", b"are known")
        seen = self.see(own, b"1", b"Scenario Screen")
        self.see(own, b"q", b"Test Terminated")
        self.assertEqual(process.wait(20), 0)
        self.assertIn(b"[1-9]: Change Screen", seen)

    def see(self, terminal, keys, text):
        """Types and reads until the text is there."""
        os.write(terminal, keys)
        seen = b""
        while text not in seen:
            self.assertTrue(select.select([terminal], [], [], 20)[0], text)
            seen += os.read(terminal, 4096)
        return seen

    def test_pause_and_rate(self):
        heard = self.deaf()
        process = self.start("-sn", "uac", "-i", "127.0.0.1", "-r", "20", "-nr",
                             "127.0.0.1:%d" % heard.getsockname()[1], stdin=subprocess.PIPE)
        heard.recv(4000)
        process.stdin.write("p")
        process.stdin.flush()
        heard.settimeout(0.3)  # six intervals
        for _ in range(200):
            try:
                heard.recv(4000)
            except TimeoutError:
                break
        else:
            self.fail("it goes on")
        heard.settimeout(20)
        process.stdin.write("p")
        process.stdin.flush()
        self.assertIn(b"INVITE", heard.recv(4000))
        process.stdin.write("Q")
        process.stdin.close()
        self.assertEqual(process.wait(20), 1)  # calls were broken off


if __name__ == "__main__":
    beside.main(loopback.enter, workers=9)
