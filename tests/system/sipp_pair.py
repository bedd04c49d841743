# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of two programs that both take SIPp's command line, ours and Debian's: what each wrote."""

import csv
import os
import re
import shutil
import signal
import subprocess
import tempfile

import loopback

HERE = os.path.dirname(os.path.abspath(__file__))
SCENARIOS = os.path.join(HERE, "..", "scenarios")
BUILT_IN = os.path.join(HERE, "..", "..", "src", "node", "scenario", "builtin")
OURS, THEIRS = "ours", "theirs"
LONGEST_S = 60
# What two runs of the same scenario cannot have alike.
DIFFERS = [(r"z9hG4bK[-\w.]*", "BRANCH"), (r"(?<=[^\w])\d+[-a-zA-Z]*\d*-?\d*(?=@127)", "I"),
           (r"tag=[-\w.]*", "tag=T"), (r"(?m)^Call-ID:.*$", "Call-ID: I"),
           (r"127\.0\.0\.1:\d+", "127.0.0.1:P"), (r"\b2\d{4}\b", "P"),
           (r"(?m)^m=(\w+) \d+", r"m=\1 P"), (r"(?m)^Content-Length: *\d+", "Content-Length: L"),
           (r"(?m)^(X-Call|X-Message|X-Who): .*$", r"\1: I"), (r"(c?nonce|response|\buri)=[^,]*", r"\1=H"),
           (r"(?m)^X-Peer: x;tag=T$", "X-Peer: x"),  # SIPp learns tags from responses alone
           (r"nc=0+", "nc=0"), (r"\d+ \d+ IN IP4", "N N IN IP4")]


def our_program(folder):
    """The program under the name that makes it SIPp."""
    path = os.path.join(folder, "sipp")
    os.symlink(os.path.abspath(os.environ["VAPERF_NODE"]), path)
    return path


class Side:
    """One program, in the folder of the pair; its files begin with its name."""

    def __init__(self, folder, name, which, words, scenario):
        self.folder, self.name, self.which = folder, name, which
        program = os.path.join(folder, "sipp") if which == OURS else "sipp"
        self.output = os.path.join(folder, name + "_output")
        with open(self.output, "wb") as f:
            self.process = subprocess.Popen(
                [program, *scenario, "-i", "127.0.0.1", "-nostdin", "-trace_msg", "-message_file",
                 name + "_messages", "-trace_logs", "-log_file", name + "_logs", "-trace_err",
                 "-error_file", name + "_errors", "-trace_stat", "-stf", name + "_stat", *words],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                env={**os.environ, "TERM": "xterm"})

    def wait(self):
        try:
            return self.process.wait(LONGEST_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "runs on"

    def end(self):
        """Its exit code; a second time is fine."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def read(self, what):
        try:
            with open(os.path.join(self.folder, self.name + what), encoding="utf-8",
                      newline="") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def logs(self):
        return self.read("_logs")

    def messages(self, direction):
        """Those that were "sent" or "received", without what must differ."""
        parts = re.split(r"-{20,} .*\n\w+ message (sent|received) [^\n]*\n\n",
                         self.read("_messages"))
        return [alike(re.split(r"(?m)^-{20,}$", text)[0])  # what it says of calls that ended
                for d, text in zip(parts[1::2], parts[2::2]) if d == direction]

    def columns(self):
        return self.read("_stat").split("\n")[0]

    def figures(self):
        """The last row of the statistics, by column; those of calls only."""
        rows = list(csv.reader(self.read("_stat").split("\n"), delimiter=";"))
        if len(rows) < 2:
            raise AssertionError("%s wrote no figures: %s" % (self.which, self.read("_output")))
        last = dict(zip(rows[0], [r for r in rows if r][-1]))
        return {k: int(v) for k, v in last.items()
                if re.match(r"(Incoming|Outgoing|Successful|Failed|Total|CurrentCall$)", k)
                and v.isdigit() and not k.endswith("(P)")}


def file(name):
    """Of a scenario of ours, or of a peer of one."""
    for folder in (SCENARIOS, os.path.join(SCENARIOS, "peers"), BUILT_IN):
        path = os.path.join(folder, name + ".xml")
        if os.path.exists(path):
            return ["-sf", path]
    raise AssertionError("there is no scenario %s" % name)


def in_order(credentials):
    """The parameters of credentials have none."""
    head, words = credentials.group(1), credentials.group(2)
    return head + ",".join(sorted(w.strip().replace('"', "") for w in words.split(",")))


def alike(text):
    text = text.replace("\r", "")
    for pattern, to in DIFFERS:
        text = re.sub(pattern, to, text)
    return re.sub(r"(?m)^(\S*Authorization: Digest)(.*)$", in_order, text).strip()


class Pair:
    """caller and called: scenario options, such as ["-sn", "uac"]."""

    def __init__(self, whose, caller, called, caller_words=(), called_words=(), transport="u1",
                 calls=1, twin=False):
        self.folder = tempfile.mkdtemp(prefix="sipp_pair.")
        try:
            os.symlink(os.path.join(SCENARIOS, "users.csv"),
                       os.path.join(self.folder, "users.csv"))
            # Files are named from the source folder in scenarios.
            os.mkdir(os.path.join(self.folder, "tests"))
            os.symlink(SCENARIOS, os.path.join(self.folder, "tests", "scenarios"))
            our_program(self.folder)
            self.run(whose, caller, called, caller_words, called_words, transport, calls, twin)
        finally:
            shutil.rmtree(self.folder)

    def run(self, whose, caller, called, caller_words, called_words, transport, calls, twin):
        port, own = loopback.port(), loopback.port()
        if twin:  # of third party call control: the called side listens
            at = loopback.port()
            caller_words = [*caller_words, "-3pcc", "127.0.0.1:%d" % at]
            called_words = [*called_words, "-3pcc", "127.0.0.1:%d" % at]
        answering = Side(self.folder, "called", whose[1],
                         ["-p", str(port), "-t", transport[0] + "1", *called_words], called)
        try:
            loopback.wait_for_port(port, "udp" if transport[0] == "u" else "tcp",
                                   answering.process)
            if twin:
                loopback.wait_for_port(at, "tcp", answering.process)
            calling = Side(self.folder, "caller", whose[0],
                           ["127.0.0.1:%d" % port, "-t", transport, "-m", str(calls), "-timeout",
                            "40s", "-p", str(own), *caller_words], caller)
            self.code = calling.wait()
        finally:
            # It answers what comes late until the caller has ended, then ends its last calls.
            self.called_code = answering.end()
        self.sent = calling.messages("sent")
        self.heard = calling.messages("received")
        self.logs, self.called_logs = calling.logs(), answering.logs()
        self.columns, self.figures = calling.columns(), calling.figures()
        self.called_figures = answering.figures() if answering.which == OURS else {}
        self.said = calling.read("_output") + calling.read("_errors") + answering.read("_errors")
