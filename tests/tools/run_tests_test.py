# SPDX-License-Identifier: GPL-3.0-or-later
"""run-tests counts what test programs say; a failure stays one unless a second run, alone, passes."""

import contextlib
import io
import unittest

import tool

runner = tool.module("run-tests")

CMOCKA = """[==========] Running 3 test(s).
[ RUN      ] a
[       OK ] a
[ RUN      ] b
no root here
[  SKIPPED ] b
[ RUN      ] c
[  FAILED  ] c
[==========] 3 test(s) run.
"""


def count(result, stdout="", stderr=""):
    tally = runner.Tally()
    with contextlib.redirect_stdout(io.StringIO()):
        runner.count_test(tally, "t", {"result": result, "stdout": stdout, "stderr": stderr})
    return tally.passed, tally.failed, tally.skips


class Counting(unittest.TestCase):
    def test_plain(self):
        self.assertEqual(count("OK", "anything"), (1, 0, []))
        self.assertEqual(count("FAIL"), (0, 1, []))
        self.assertEqual(count("TIMEOUT"), (0, 1, []))

    def test_skip_reason_is_the_last_line(self):
        self.assertEqual(count("SKIP", "one\nneeds root\n"), (0, 0, [("t", "needs root")]))
        self.assertEqual(count("SKIP"), (0, 0, [("t", "no reason given")]))

    def test_cmocka(self):
        said = "[  PASSED  ] 1 test(s).\n[  SKIPPED ] 1 test(s), listed below:\n[  SKIPPED ] b\n"
        failed = said + "[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] c\n"
        self.assertEqual(count("FAIL", CMOCKA, failed), (1, 1, [("t b", "no root here")]))

    def test_cmocka_that_crashed_after_its_summary(self):
        self.assertEqual(count("FAIL", "", "[  PASSED  ] 4 test(s).\n"), (4, 1, []))

    def test_closing_line(self):
        text = "1 passed, 0 failed, 0 skipped\nskipped: no kvm\n7 passed, 0 failed, 1 skipped\n"
        self.assertEqual(count("OK", text), (7, 0, [("t", "no kvm")]))
        self.assertEqual(count("FAIL", "7 passed, 0 failed, 0 skipped\n")[1], 1)

    def test_unittest(self):
        text = "test_x (m.T) ... skipped 'no runc'\n\nRan 5 tests in 0.1s\n\n"
        self.assertEqual(count("OK", "", text + "OK (skipped=1)\n"), (4, 0, [("t", "no runc")]))
        self.assertEqual(count("FAIL", "", text + "FAILED (failures=1, errors=1, skipped=1)\n"),
                         (2, 2, [("t", "no runc")]))


def settle(first, second, others=()):
    """(passed, failed, unsteady) where one program failed so and a second run gave that."""
    tally = runner.Tally()
    asked = []

    def again(test):
        asked.append(test)
        return second

    with contextlib.redirect_stdout(io.StringIO()):
        runner.settle(tally, "s", [dict(first, name="vaperf:unit / t")] + list(others), again)
    return tally.passed, tally.failed, tally.unsteady, asked


class Again(unittest.TestCase):
    failed = {"result": "FAIL", "returncode": 1, "duration": 2.0, "stdout": "3 is not 4\n"}
    good = {"result": "OK"}

    def test_what_passes_alone_is_unsteady(self):
        self.assertEqual(settle(self.failed, self.good), (1, 0, ["s: t"], ["t"]))

    def test_what_fails_again_has_failed(self):
        self.assertEqual(settle(self.failed, self.failed), (0, 1, [], ["t"]))
        self.assertEqual(settle(self.failed, None), (0, 1, [], ["t"]))

    def test_findings_are_not_asked_again(self):
        for more in ({"stderr": "WARNING: ThreadSanitizer: data race"}, {"result": "TIMEOUT"},
                     {"stderr": "x.c:3:4: runtime error: shift"}, {"returncode": -11},
                     {"duration": 301.0}):
            self.assertEqual(settle(dict(self.failed, **more), self.good), (0, 1, [], []), more)

    def test_many_failures_are_no_chance(self):
        others = [dict(self.failed, name="vaperf:unit / u%d" % i) for i in range(2)]
        self.assertEqual(settle(self.failed, self.good, others), (0, 3, [], []))


class Steps(unittest.TestCase):
    def step(self, kind, *arguments):
        tally = runner.Tally()
        with contextlib.redirect_stdout(io.StringIO()):
            kind(tally, "s", *arguments)
        return tally.passed, tally.failed

    def test_source(self):
        self.assertEqual(self.step(runner.step_source, ["true"]), (1, 0))
        self.assertEqual(self.step(runner.step_source, ["false"]), (0, 1))
        self.assertEqual(self.step(runner.step_source, ["vaperf-no-such-tool"]), (0, 1))

    def test_no_build_is_a_failure(self):
        self.assertEqual(self.step(runner.step_tests, ("build/no-such", ["unit"], 1)), (0, 1))

    def test_usage(self):
        self.assertEqual(tool.run(tool.path("run-tests"))[0], 2)
        self.assertEqual(tool.run(tool.path("run-tests"), "check", "--only", "nope")[0], 2)

    def test_closing_line_is_last(self):
        code, output = tool.run(tool.path("run-tests"), "check", "--only", "layers")
        self.assertRegex(output.rstrip().split("\n")[-1], runner.CLOSING)
        self.assertEqual(code, 0 if output.rstrip().endswith(" 0 failed, 0 skipped") else 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
