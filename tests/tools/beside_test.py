#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases side by side: one that fails, or takes its process with it, fails the whole."""

import os
import subprocess
import sys
import tempfile
import unittest

SYSTEM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system")
HEAD = """
import os, sys, unittest
sys.path.insert(0, %r)
import beside
class Cases(unittest.TestCase):
    def test_good(self):
        pass
    @unittest.skip("not here")
    def test_skipped(self):
        pass
""" % SYSTEM
TAIL = """
if __name__ == "__main__":
    beside.main()
"""


def run(more="", *words):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "cases.py")
        with open(path, "w", encoding="ascii") as f:
            f.write(HEAD + more + TAIL)
        out = subprocess.run([sys.executable, "-B", path, *words], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, timeout=60)
    return out.returncode, out.stdout + out.stderr


class Beside(unittest.TestCase):
    def test_all_good(self):
        code, said = run()
        self.assertEqual(code, 0, said)
        self.assertIn("Cases.test_good ... ok", said)
        self.assertIn("skipped: Cases.test_skipped: not here", said)
        self.assertRegex(said, "(?m)^1 passed, 0 failed, 1 skipped$")

    def test_one_fails(self):
        bad = "    def test_bad(self):\n        self.assertEqual(1, 2)\n"
        code, said = run(bad)
        self.assertEqual(code, 1, said)
        self.assertIn("AssertionError: 1 != 2", said)
        self.assertRegex(said, "(?m)^1 passed, 1 failed, 1 skipped$")
        self.assertEqual(run(bad, "Cases.test_good")[0], 0)

    def test_one_part_fails(self):
        code, said = run("    def test_parts(self):\n        for i in range(2):\n"
                         "            with self.subTest(i):\n                self.assertEqual(i, 0)\n")
        self.assertEqual(code, 1, said)

    def test_one_ends_its_process(self):
        code, said = run("    def test_ends(self):\n        os._exit(0)\n")
        self.assertNotEqual(code, 0, said)

    def test_a_name_that_is_none(self):
        self.assertNotEqual(run("", "Cases.test_nothing")[0], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
