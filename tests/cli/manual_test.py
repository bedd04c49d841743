#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""vaperf manual: every command and option of --help is in it, and man finds nothing wrong."""

import os
import re
import shutil
import subprocess
import unittest

VAPERF = os.environ["VAPERF"]


def run(*words):
    done = subprocess.run([VAPERF, *words], stdin=subprocess.DEVNULL, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


class Manual(unittest.TestCase):
    def test_has_all_of_help(self):
        code, page, error = run("manual")
        self.assertEqual((code, error), (0, ""))
        commands = re.findall(r"(?m)^  ([a-z]+) {2,}", run("--help")[1])
        self.assertIn("doctor", commands)
        for name in commands:
            self.assertIn("\n.SS vaperf " + name, page)
            for option in re.findall(r"(?m)^ +--([a-z_-]+)", run(name, "--help")[1]):
                line = "\\fB\\-\\-" + option.replace("-", "\\-") + "\\fR"
                self.assertTrue(line in page, line)
        self.assertFalse(re.search(r"(?m)^'", page))

    def test_wrong(self):
        self.assertEqual(run("manual", "run"), (2, "",
                                                 "vaperf: manual: takes no words, and what is 'run'?\n"))

    def test_man_reads_it(self):
        if shutil.which("groff") is None:
            self.skipTest("groff is not installed")
        done = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8"], input=run("manual")[1],
                              text=True, capture_output=True, check=False)
        self.assertEqual(done.stderr, "")


if __name__ == "__main__":
    unittest.main()
