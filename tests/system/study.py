# SPDX-License-Identifier: GPL-3.0-or-later
"""What the system tests of studies share: plans of platform null, a run as a child, its file."""

import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

VAPERF = os.environ["VAPERF"]

PLAN = """study: tiny
seed: a system test
trials: {trials}
duration: {duration}
interval: 100ms
warmup: 100ms
void_retries: {void_retries}
hosts: {{sut: local, gen: local}}
networks: {{traffic: {{}}}}
machines:
  media: {{links: [traffic], appliance: {{type: "null"{appliance}}}}}
  cpu: {{count: 2, neighbour: {neighbour}}}
setups:
  A: {{platform: "null"}}
  B: {{from: A}}
loads:
  - {{type: "null", to: media, rate: {rate}}}
limits: {{delay.p99: {limit}}}
generator: {{void_lateness: {lateness}, void_steal: 100%, void_wait: 100%, void_achieved: 1%,
            void_clock_step: 1h, void_pause: 1m, drain: 20s}}
{more}
"""
DEFAULTS = dict(trials=2, duration="300ms", void_retries=1, appliance="", rate="200", limit="10s",
                lateness="10s", neighbour='{type: "null", idle: 10ms}', more="")

PATIENCE_S = 240  # some emulated guests may be booting on a busy machine
STATES = ["running", "done", "void", "failed", "interrupted"]


class Run:
    """A vaperf that runs; its stderr is read line by line, which is what tests wait for."""

    def __init__(self, words, env, cwd):
        self.child = subprocess.Popen(words, env=env, cwd=cwd, text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.said = ""

    def wait_line(self, words):
        for line in self.child.stderr:
            self.said += line
            if words in line:
                return line
        raise AssertionError("it ended without saying '%s':\n%s" % (words, self.said))

    def finish(self):
        out, err = self.child.communicate(timeout=PATIENCE_S)
        self.said += err
        return self.child.returncode, out


class StudyTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="vaperf-system-")
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.marks = os.path.join(self.dir, "marks")
        self.env = dict(os.environ, VAPERF_RUN_DIR=self.marks)
        self.file = os.path.join(self.dir, "tiny.vaperf")

    def plan(self, name="plan.yaml", **values):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(PLAN.format(**dict(DEFAULTS, **values)))
        return path

    def words(self, args):
        """The words of a vaperf in the test's folder; a suite may have it run elsewhere."""
        return [VAPERF, *args]

    def start(self, *args):
        run = Run(self.words(args), self.env, self.dir)
        self.addCleanup(run.child.stderr.close)
        self.addCleanup(run.child.stdout.close)
        self.addCleanup(run.child.wait)
        self.addCleanup(run.child.kill)
        return run

    def vaperf(self, *args, code=0):
        run = self.start(*args)
        got, out = run.finish()
        self.assertEqual(got, code, out + run.said)
        return out, run.said

    def query(self, sql, path=None):
        db = sqlite3.connect("file:%s?mode=ro" % (path or self.file), uri=True)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def trials(self):
        """[(case, number, attempt, state)] in order of start."""
        rows = self.query('SELECT c.name, t.number, t.attempt, t.state FROM trial t JOIN "case" c'
                          " ON c.id = t.case_id ORDER BY t.id")
        return [(name, number, attempt, STATES[state]) for name, number, attempt, state in rows]

    def reasons(self):
        return [row[0] for row in self.query("SELECT reason FROM trial ORDER BY id")]

    def nodes(self, machine=None):
        """Process ids of nodes of this test's runs."""
        found = []
        marks = os.listdir(self.marks) if os.path.isdir(self.marks) else []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/environ" % pid, "rb") as f:
                    words = f.read().split(b"\0")
            except OSError:
                continue
            for mark in marks:
                word = "VAPERF_MARK=" + mark if machine is None else \
                    "VAPERF_MACHINE=%s/%s" % (mark, machine)
                if word.encode() in words:
                    found.append(int(pid))
        return found

    def assert_nothing_left(self):
        self.assertEqual(os.listdir(self.marks) if os.path.isdir(self.marks) else [], [])


def signal_node(test, machine, number):
    pids = test.nodes(machine)
    test.assertTrue(pids, "no node of %s" % machine)
    for pid in pids:
        os.kill(pid, number)


def wait_running(test, sql="SELECT count(*) FROM event WHERE trial = 1", path=None):
    """Until the first trial has begun to measure: its warm-up event is in the file. The file is
    polled, because vaperf says nothing of it on a pipe."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if test.query(sql, path)[0][0] > 0:
                return
        except sqlite3.Error:  # not there yet, or just being made
            pass
        time.sleep(0.02)
    raise AssertionError("no trial begins")
