# SPDX-License-Identifier: GPL-3.0-or-later
"""demo with a stand-in for vaperf: what it calls, what it keeps, how it ends."""

import os
import unittest

import tool

VAPERF = """#!/bin/sh
echo "$1" >>calls
verb=$1 file=$2
for word; do
    [ "$before" != -o ] || out=$word
    before=$word
done
[ "$verb" != run ] || { echo new >"$out"; exit "${RUN:-0}"; }
[ "$verb" != report ] || { cp "$file" "$out"; exit "${REPORT:-0}"; }
"""
NAME = "telephony-mixed-small"


@unittest.skipIf(os.geteuid() != 0, "needs root")
class Demo(unittest.TestCase):
    def setUp(self):
        self.folder = tool.tree({"vaperf": VAPERF})
        self.addCleanup(self.folder.cleanup)
        os.chmod(os.path.join(self.folder.name, "vaperf"), 0o755)

    def demo(self, **environment):
        return tool.run(tool.path("demo"), "./vaperf", cwd=self.folder.name, **environment)

    def read(self, name):
        with open(os.path.join(self.folder.name, name), encoding="utf-8") as f:
            return f.read()

    def test_writes_a_report_and_says_where(self):
        code, output = self.demo()
        self.assertEqual(code, 0, output)
        self.assertEqual(self.read("calls"), "run\nreport\n")
        self.assertIn(os.path.join(self.folder.name, NAME + ".html"), output)

    def test_former_results_are_kept(self):
        for n in range(3):
            with open(os.path.join(self.folder.name, NAME + ".vaperf"), "w",
                      encoding="utf-8") as f:
                f.write("old %d" % n)
            self.assertEqual(self.demo()[0], 0)
        self.assertEqual(self.read(NAME + ".1.vaperf"), "old 0")
        self.assertEqual(self.read(NAME + ".3.vaperf"), "old 2")
        self.assertEqual(self.read(NAME + ".vaperf"), "new\n")
        self.assertEqual(self.read(NAME + ".2.html"), "new\n")

    def test_exit_codes(self):
        self.assertEqual(self.demo(RUN="1")[0], 0)  # limits failed: part of the demonstration
        self.assertEqual(self.demo(RUN="5")[0], 5)
        self.assertEqual(self.demo(REPORT="3")[0], 3)

    def test_no_report_of_a_run_that_could_not_be(self):
        self.assertEqual(self.demo(RUN="3")[0], 3)
        self.assertEqual(self.read("calls"), "run\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
