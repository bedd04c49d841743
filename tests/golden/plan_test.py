#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""plan -> cases: `vaperf plan show` of tests/golden/plan/*.yaml, compared whole with *.txt (for
people, with the order of the trials) and *.json. --update rewrites them."""

import glob
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
VAPERF = os.environ["VAPERF"]
UPDATE = "--update" in sys.argv


def show(plan, option):
    done = subprocess.run([VAPERF, "plan", "show", option, os.path.basename(plan)],
                          cwd=os.path.dirname(plan), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError("%s: exit code %d: %s" % (plan, done.returncode, done.stderr))
    return done.stdout


class Golden(unittest.TestCase):
    maxDiff = None

    def compare(self, option, ending):
        plans = sorted(glob.glob(os.path.join(HERE, "plan", "*.yaml")))
        self.assertTrue(plans)
        for plan in plans:
            golden = plan[:-len(".yaml")] + ending
            text = show(plan, option)
            if UPDATE:
                with open(golden, "w", encoding="utf-8") as f:
                    f.write(text)
            with open(golden, encoding="utf-8") as f:
                self.assertEqual(f.read(), text, golden)

    def test_text(self):
        self.compare("--order", ".txt")

    def test_json(self):
        self.compare("--json", ".json")


if __name__ == "__main__":
    unittest.main(argv=[a for a in sys.argv if a != "--update"])
