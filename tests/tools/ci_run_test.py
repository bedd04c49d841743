# SPDX-License-Identifier: GPL-3.0-or-later
""".ci/run with stand-ins for make check and make check-long: it sums, and fails when either does."""

import os
import shutil
import unittest

import tool


def ci(check, check_long):
    makefile = "check:\n\t@%s\n\ncheck-long:\n\t@%s\n" % (check, check_long)
    with tool.tree({"Makefile": makefile, ".ci/keep": ""}) as folder:
        shutil.copy(os.path.join(tool.TOP, ".ci", "run"), os.path.join(folder, ".ci", "run"))
        code, output = tool.run("bash", os.path.join(folder, ".ci", "run"), MAKEFLAGS="")
        return code, output.rstrip().split("\n")[-1], output


class CiRun(unittest.TestCase):
    def test_sum(self):
        code, last, _ = ci("echo 10 passed, 0 failed, 2 skipped",
                           "echo noise; echo 3 passed, 0 failed, 1 skipped")
        self.assertEqual((code, last), (0, "13 passed, 0 failed, 3 skipped"))

    def test_failure_of_either(self):
        code, last, output = ci("echo 1 passed, 2 failed, 0 skipped; exit 1",
                                "echo 3 passed, 0 failed, 0 skipped")
        self.assertEqual((code, last), (1, "4 passed, 2 failed, 0 skipped"))
        self.assertIn("== make check-long", output)
        code, last, _ = ci("echo 1 passed, 0 failed, 0 skipped",
                           "echo 0 passed, 1 failed, 0 skipped; exit 1")
        self.assertEqual((code, last), (1, "1 passed, 1 failed, 0 skipped"))

    def test_failure_without_a_count(self):
        code, last, _ = ci("echo cannot install; exit 3", "echo 3 passed, 0 failed, 0 skipped")
        self.assertEqual((code, last), (1, "3 passed, 1 failed, 0 skipped"))

    def test_silence_is_no_success(self):
        code, last, _ = ci("true", "echo 3 passed, 0 failed, 0 skipped")
        self.assertEqual((code, last), (1, "3 passed, 1 failed, 0 skipped"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
