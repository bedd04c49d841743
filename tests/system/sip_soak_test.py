#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls through our proxy to our server while a peer sends what is broken, late, twice or looping: the
short form of the bench's ten minutes. Nothing crashes, nothing is left, every kind is counted."""

import os
import sys
import unittest

import loopback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "perf"))
import soak  # pylint: disable=wrong-import-position

SECONDS = 2


class SipSoakTest(unittest.TestCase):
    def test_calls_among_hostile_messages(self):
        seen = soak.soak(os.environ["VAPERF_NODE"], SECONDS)
        self.assertEqual(soak.troubles(seen), [], seen)
        self.assertEqual(len(seen["hostile"]), len(soak.KINDS))
        self.assertGreater(seen["resets"], 0)

    def test_what_is_wrong_is_told(self):
        seen = {"seconds": 600, "calls": 10, "successful": 9, "causes": {"rejected": 1},
                "left": {"calls_now": 2}, "exit_codes": {"a": -11}, "proxy": {"malformed": 0},
                "growth": {"a": {"grown_mb": 50.0, "grown_pct": 50.0, "grown_files": 100}}}
        self.assertEqual(len(soak.troubles(seen)), 6)


if __name__ == "__main__":
    loopback.enter()
    unittest.main(verbosity=2)
