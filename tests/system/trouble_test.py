#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a study in trouble: Ctrl-C, nodes that die or hang, a generator that stalls, a
full disk. Each ends in one clear sentence, with everything measured kept and nothing left behind."""

import subprocess
import time

from study import StudyTest, os, signal, signal_node, unittest, wait_running


class Interrupted(StudyTest):
    def test_once(self):
        plan = self.plan(trials=2, duration="2s")
        run = self.start("run", plan)
        wait_running(self, "SELECT count(*) FROM sample")
        run.child.send_signal(signal.SIGINT)
        code, out = run.finish()
        self.assertEqual(code, 130, run.said)
        self.assertEqual([t[3] for t in self.trials()], ["interrupted"])
        self.assertGreater(self.query("SELECT count(*) FROM sample")[0][0], 0)
        self.assertIn("--resume", run.said)
        self.assertIn(" trial 1: interrupted\n", run.said)
        self.assertEqual(self.nodes(), [])
        self.assert_nothing_left()
        self.vaperf("run", plan, "--resume", self.file, "--setup", "A")
        self.assertEqual([t for t in self.trials() if t[3] == "done"][-1][0], "A/200")

    def test_twice(self):
        run = self.start("run", self.plan(duration="10m"))  # longer than finish() waits
        wait_running(self)
        signal_node(self, "media", signal.SIGSTOP)  # it would not end by itself
        run.child.send_signal(signal.SIGTERM)
        run.child.send_signal(signal.SIGTERM)
        self.assertEqual(run.finish()[0], 130, run.said)
        self.assertEqual(self.nodes(), [])
        self.assert_nothing_left()


class Nodes(StudyTest):
    def failed_once(self, machine, words):
        plan = self.plan(trials=2, duration="3s")  # so long there is to kill it
        run = self.start("run", plan, "--setup", "A")
        wait_running(self)
        signal_node(self, machine, signal.SIGKILL)
        code, _ = run.finish()
        self.assertEqual(code, 0, run.said)  # the other trial of the case is valid
        self.assertEqual([t[3] for t in self.trials()], ["failed", "done"])
        self.assertIn(words, self.reasons()[0])
        self.assertIn("killed by signal 9", self.reasons()[0])
        self.assert_nothing_left()

    def test_killed_appliance(self):
        self.failed_once("media", "node of machine media was lost during the trial")

    def test_killed_neighbour(self):
        self.failed_once("cpu.2", "node of machine cpu.2 was lost during the trial")

    def test_killed_generator(self):
        self.failed_once("generator", "generator on host gen was lost during the trial")

    def test_hanging_node(self):
        run = self.start("run", self.plan(trials=1, duration="3s"), "--setup", "A")
        wait_running(self)
        signal_node(self, "cpu.1", signal.SIGSTOP)
        code, _ = run.finish()
        self.assertEqual(code, 3, run.said)
        self.assertEqual([t[3] for t in self.trials()], ["failed"])
        self.assertIn("node of machine cpu.1", self.reasons()[0])
        self.assertEqual(self.nodes(), [])
        self.assert_nothing_left()

    def test_stalled_generator_is_void(self):
        plan = self.plan(trials=1, duration="6s", lateness="20ms", void_retries=0)
        run = self.start("run", plan, "--setup", "A")
        wait_running(self)
        time.sleep(0.5)  # well inside the measured part, however late the warm-up's end was seen
        signal_node(self, "generator", signal.SIGSTOP)
        time.sleep(1)  # the stall itself, longer than what a busy machine adds by itself
        signal_node(self, "generator", signal.SIGCONT)
        code, _ = run.finish()
        self.assertEqual(code, 5, run.said)
        self.assertEqual([t[3] for t in self.trials()], ["void"])
        figures = dict(self.query("SELECT metric, value FROM result WHERE entity = 'null'"))
        # 200 of 1200 packets are late by up to 1 s, and were answered at once all the same.
        self.assertGreater(figures["delay_from_intended_max_ns"], 900e6)
        self.assertGreater(figures["delay_from_intended_p99_ns"], 900e6)
        self.assertLess(figures["delay_from_sent_p99_ns"], 900e6)


class FullDisk(StudyTest):
    def mount(self, size):
        place = os.path.join(self.dir, "disk")
        os.mkdir(place)
        if os.geteuid() != 0:
            self.skipTest("mounting a small disk needs root")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + size, "vaperf-test", place],
                              capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest("no tmpfs can be mounted here: " + done.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", place], check=True)
        self.file = os.path.join(place, "x.vaperf")
        return place

    def test_known_beforehand(self):
        place = self.mount("1m")
        _, said = self.vaperf("run", self.plan(), "-o", self.file, code=3)
        self.assertIn("this study may need", said)
        self.assertEqual(os.listdir(place), [])
        self.assert_nothing_left()

    def test_in_the_middle(self):
        place = self.mount("40m")
        plan = self.plan(trials=3)
        run = self.start("run", plan, "-o", self.file)
        run.wait_line("trial 1: pass")
        with open(os.path.join(place, "filler"), "wb") as f:
            try:
                while f.write(b"\0" * 65536):
                    f.flush()
            except OSError:
                pass
            try:
                f.close()
            except OSError:
                pass
        code, _ = run.finish()
        self.assertEqual(code, 3, run.said)
        self.assertIn("no space left", run.said)
        self.assert_nothing_left()
        os.unlink(os.path.join(place, "filler"))
        done = [t for t in self.trials() if t[3] == "done"]
        self.assertTrue(done)
        self.vaperf("run", plan, "--resume", self.file)
        after = self.trials()
        self.assertEqual(len([t for t in after if t[3] == "done"]), 6)
        self.assertEqual([t for t in after if t in done], done)


if __name__ == "__main__":
    unittest.main(verbosity=2)
