#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""vaperf-node as sipp against Debian's sipp: built-in scenarios both ways, and the files of
tests/scenarios, each run by us and by it against the same other side: messages, logs, columns,
counts and exit codes are alike."""

import concurrent.futures
import os
import re
import shutil
import sys
import tempfile
import unittest

import loopback
from sipp_pair import BUILT_IN, OURS, THEIRS, Pair, Side, file, our_program
from sipp_rows import BEYOND, BY_CHANCE, FAILS, OTHER_LOGS, ROWS, USERS

AT_ONCE = 10
CALLS = 20
BUSY = ["-r", "200", "-max_socket", "100"]
AT_ONCE_BEGUN = ["-r", "1000"]  # the first call of ten a second begins after a tenth
JOE = ["-au", "joe", "-ap", "secret"]


def run_all(jobs):
    """{key: Pair} of {key: its arguments}, many at once."""
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        running = {key: pool.submit(Pair, *words[0], **words[1]) for key, words in jobs.items()}
        return {key: one.result() for key, one in running.items()}


def kinds(messages):
    """One message of each first line and CSeq, however often it came."""
    found = {}
    for text in messages:
        words = [line for line in text.split("\n") if line.lower().startswith("cseq")]
        found.setdefault((text.split("\n")[0].split(" sip:")[0], *words), text)
    return found


class BuiltIn(unittest.TestCase):
    maxDiff = None

    def check(self, caller, called, sharing, result):
        name = "%s to %s, %s" % (caller, called, sharing)
        self.assertEqual(result.code, 0, name + result.said)
        self.assertEqual(result.figures["SuccessfulCall(C)"], CALLS, name)
        self.assertEqual(result.figures["FailedCall(C)"], 0, name)
        if result.called_figures:
            self.assertEqual(result.called_figures["IncomingCall(C)"], CALLS, name)
            self.assertEqual(result.called_figures["FailedCall(C)"], 0, name)

    def test_by_name(self):
        """-sn of both, each transport, each way; the same built-in ones of ours as files for both:
        messages are alike."""
        jobs = {}
        for transport in ["u1", "un", "t1", "tn"]:
            for caller, called in [("uac", "uas"), ("regexp", "uas"), ("branchc", "branchs")]:
                for whose in [(OURS, THEIRS), (THEIRS, OURS), (OURS, OURS)]:
                    if caller == "branchc" and whose != (OURS, OURS):
                        continue  # SIPp's branches by a file of users, ours by the user's name
                    jobs[caller, called, transport, whose] = (
                        (whose, ["-sn", caller], ["-sn", called]),
                        {"caller_words": BUSY, "transport": transport, "calls": CALLS})
        for (caller, called, transport, _), result in run_all(jobs).items():
            self.check(caller, called, transport, result)

    def test_messages_alike(self):
        jobs, callers = {}, set()
        for caller, called, words in [("uac", "uas", []), ("regexp", "uas", []),
                                      ("branchc", "branchs", []),
                                      ("register", "authentication_called", JOE),
                                      ("options", "options_called", []),
                                      ("uac_auth", "uac_auth_called", JOE)]:
            callers.add(caller)
            for whose in [(OURS, THEIRS), (THEIRS, THEIRS), (THEIRS, OURS)]:
                jobs[caller, whose] = ((whose, file(caller), file(called)),
                                       {"caller_words": [*BUSY, *words], "calls": CALLS})
        results = run_all(jobs)
        for caller in callers:
            ours, both, answered = (results[caller, w] for w in [
                (OURS, THEIRS), (THEIRS, THEIRS), (THEIRS, OURS)])
            for what, one in [("calls", ours), ("is measure", both), ("answers", answered)]:
                self.assertEqual(one.code, 0, caller + " " + what + one.said)
                self.assertEqual(one.figures["SuccessfulCall(C)"], CALLS, caller)
            self.assertEqual(kinds(ours.sent), kinds(both.sent), caller)
            self.assertEqual(kinds(answered.heard), kinds(both.heard), caller)
            self.assertEqual(ours.columns, both.columns, caller)


class Twins(unittest.TestCase):
    def test_third_party_call_control(self):
        jobs = {whose: ((whose, file("twin_first"), file("twin_second")),
                        {"calls": 5, "caller_words": ["-r", "50"], "twin": True})
                for whose in [(OURS, THEIRS), (THEIRS, OURS), (OURS, OURS)]}
        for whose, result in run_all(jobs).items():
            self.assertEqual(result.code, 0, (whose, result.said))
            self.assertEqual(result.figures["SuccessfulCall(C)"], 5, whose)
            self.assertEqual(result.logs.count("hello yourself"), 5)
            if result.called_figures:
                self.assertEqual(result.called_figures["SuccessfulCall(C)"], 5)


REGISTER = """<?xml version="1.0"?><scenario name="phone"><send retrans="500"><![CDATA[
REGISTER sip:[remote_ip] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:phone@[remote_ip]>;tag=[call_number]
To: <sip:phone@[remote_ip]>
Call-ID: [call_id]
CSeq: 1 REGISTER
Contact: <sip:phone@[local_ip]:[local_port]>
Content-Length: 0

]]></send><recv response="200"/><recv request="BYE"/></scenario>"""
REGISTRAR = """<?xml version="1.0"?><scenario name="registrar"><recv request="REGISTER"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=r
[last_Call-ID:]
[last_CSeq:]
[last_Contact:]
Content-Length: 0

]]></send></scenario>"""


class Phones(unittest.TestCase):
    """We register with Debian's sipp, and another one calls where we registered."""

    def test_register_and_receive(self):
        folder = tempfile.mkdtemp(prefix="sipp_phone.")
        self.addCleanup(shutil.rmtree, folder)
        our_program(folder)
        with open(os.path.join(BUILT_IN, "uas.xml"), encoding="utf-8") as f:
            answer = re.sub("<timewait[^>]*>", "", f.read())  # a call is over with its BYE
        for name, text in [("phone.xml", REGISTER), ("registrar.xml", REGISTRAR),
                           ("answer.xml", answer)]:
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(text)
        at, own = loopback.port(), loopback.port()
        registrar = Side(folder, "registrar", THEIRS, ["-p", str(at)], ["-sf", "registrar.xml"])
        self.addCleanup(registrar.end)
        loopback.wait_for_port(at, "udp", registrar.process)
        phone = Side(folder, "phone", OURS,
                     ["127.0.0.1:%d" % at, "-p", str(own), "-rxsf", "answer.xml", "-users", "1"],
                     ["-sf", "phone.xml"])
        self.addCleanup(phone.end)
        loopback.wait_for_port(own, "udp", phone.process)
        caller = Side(folder, "caller", THEIRS,
                      ["127.0.0.1:%d" % own, "-p", str(loopback.port()), "-m", str(CALLS), "-r",
                       "100", "-timeout", "40s"], ["-sn", "uac"])
        self.assertEqual(caller.wait(), 0, caller.read("_errors") + phone.read("_errors"))
        self.assertEqual(phone.end(), 0)
        figures = phone.figures()
        self.assertEqual(figures["IncomingCall(C)"], CALLS)
        self.assertEqual(figures["SuccessfulCall(C)"], CALLS)
        self.assertEqual(figures["OutgoingCall(C)"], 1)
        self.assertEqual(figures["FailedCall(C)"], 0)
        self.assertEqual(len([m for m in phone.messages("sent") if m.startswith("REGISTER")]), 1)
        self.assertIn("SIP/2.0 200 OK", phone.messages("received")[0])


class Files(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.jobs = {}
        for caller, called, words, _ in ROWS:
            own = USERS if "challenge" in called else []
            for whose in [(OURS, THEIRS), (THEIRS, THEIRS), (THEIRS, OURS)]:
                if caller in BEYOND and whose[0] == THEIRS:
                    continue
                self.jobs[caller, called, whose] = (
                    (whose, file(caller), file(called)),
                    {"caller_words": [*AT_ONCE_BEGUN, *words], "called_words": own})

    def test_each(self):
        results = run_all(self.jobs)
        for caller, called, _, log in ROWS:
            with self.subTest(caller=caller, called=called):
                ours = results[caller, called, (OURS, THEIRS)]
                self.check_ours(caller, ours, log)
                if caller not in BEYOND:
                    self.check_alike(caller, ours, results[caller, called, (THEIRS, THEIRS)])
                    self.check_answers(caller, results[caller, called, (THEIRS, OURS)],
                                       results[caller, called, (THEIRS, THEIRS)], log)

    def check_ours(self, caller, ours, log):
        self.assertEqual(ours.code, 1 if caller in FAILS else 0, ours.said)
        self.assertEqual(ours.figures["TotalCallCreated"], 1)
        self.assertEqual(ours.figures[FAILS.get(caller, "SuccessfulCall(C)")], 1, ours.figures)
        if caller not in OTHER_LOGS:
            self.assertIn(log, ours.logs + ours.called_logs)

    def check_alike(self, caller, ours, theirs):
        """What we do is what SIPp does in our place."""
        self.assertEqual(ours.code, theirs.code)
        self.assertEqual(ours.columns, theirs.columns)
        self.assertEqual(ours.figures, theirs.figures)
        if caller not in BY_CHANCE:
            self.assertEqual(kinds(ours.sent), kinds(theirs.sent))
            if caller not in FAILS:  # what comes behind the end
                self.assertEqual(kinds(ours.heard), kinds(theirs.heard))
        if caller not in OTHER_LOGS:
            self.assertEqual(unnumbered(ours.logs), unnumbered(theirs.logs))

    def check_answers(self, caller, answered, both, log):
        """Our answers are SIPp's."""
        self.assertEqual(answered.code, both.code, answered.said)
        self.assertEqual(answered.called_figures["IncomingCall(C)"], 1)
        if caller not in BY_CHANCE:
            past = "BYE" if caller in FAILS else ""  # whether it hears what comes behind the end
            self.assertEqual(responses(answered.heard, past), responses(both.heard, past))
        self.assertIn(log, answered.logs + answered.called_logs)
        if caller not in OTHER_LOGS:
            self.assertEqual(unnumbered(answered.called_logs), unnumbered(both.called_logs))


def responses(messages, without=""):
    """kinds() of responses, but those to one method; of requests the methods alone: a server of SIPp
    does not know where its own go, so that [remote_ip] is empty, and their To has no tag."""
    found = {}
    for key, text in kinds(messages).items():
        if not key[0].startswith("SIP/"):
            found[key[0]] = ""
        elif not without or not key[1].endswith(" " + without):
            found[key] = text
    return found


def unnumbered(text):
    """Without ports and process numbers."""
    return "".join("" if c.isdigit() else c for c in text)


if __name__ == "__main__":
    if shutil.which("sipp") is None:
        print("Debian's sip-tester is not here")
        sys.exit(77)
    loopback.enter()
    unittest.main(verbosity=2)
