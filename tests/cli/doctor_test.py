#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""vaperf doctor: table, JSON, exit codes; hosts that are wrong or have no node."""

import json
import os
import socket
import subprocess
import unittest

VAPERF = os.environ["VAPERF"]
SO_SNDBUFFORCE = 32  # which Python does not name


def run_doctor(*words):
    done = subprocess.run([VAPERF, "doctor", *words], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return done.returncode, done.stdout, done.stderr


def can_force():
    """May this process have socket buffers above the limit (SO_SNDBUFFORCE)?"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 8 << 20)
        except PermissionError:
            return False
    return True


def limit():
    with open("/proc/sys/net/core/wmem_max", encoding="ascii") as f:
        return int(f.read())


may_exceed = can_force()


class Doctor(unittest.TestCase):
    def test_json_agrees_with_the_host(self):
        code, out, error = run_doctor("--json")
        answer = json.loads(out)
        found = {c["name"]: c for c in answer["checks"]}
        self.assertEqual(error, "")
        self.assertEqual(code, 0 if answer["fit"] else 3)
        self.assertEqual(found["root"]["state"], "good" if os.geteuid() == 0 else "bad")
        self.assertEqual(found["wmem_max"]["state"], "good" if may_exceed or limit() >= 8 << 20
                         else "weak")
        for check in answer["checks"]:
            self.assertEqual(check["remedy"] is None, check["state"] in ("good", "unknown"), check)

    def test_buffers_of_the_unprivileged(self):
        """The limit on socket buffers is none for who has CAP_NET_ADMIN, and is said to be weak for
        who has not."""
        if not may_exceed:
            self.skipTest("this test has no CAP_NET_ADMIN to lose")
        if limit() >= 8 << 20:
            self.skipTest("the limit of this host holds nobody back")
        found = {c["name"]: c for c in json.loads(run_doctor("--json")[1])["checks"]}
        self.assertIn("and gets them: the limit holds for unprivileged users alone",
                      found["wmem_max"]["found"])
        done = subprocess.run(["setpriv", "--inh-caps=-net_admin", "--bounding-set=-net_admin",
                               VAPERF, "doctor", "--json"], stdout=subprocess.PIPE, check=False)
        found = {c["name"]: c for c in json.loads(done.stdout)["checks"]}
        self.assertEqual(found["wmem_max"]["state"], "weak")
        self.assertNotIn("unprivileged", found["wmem_max"]["found"])
        self.assertIn("or run as root", found["wmem_max"]["remedy"])

    def test_table(self):
        code, out, _ = run_doctor()
        self.assertIn("SCHED_FIFO", out)
        self.assertIn("this host can measure\n" if code == 0 else "this host cannot measure", out)

    def test_wrong_host(self):
        self.assertEqual(run_doctor("--host", "http://x"),
                         (2, "", "vaperf: 'http://x' is not a host: local or "
                                 "ssh://[user@]host[:port]\n"))

    def test_no_node(self):
        code, out, error = run_doctor("--node", "/nonexistent/node")
        self.assertEqual((code, out), (3, ""))
        self.assertIn("/nonexistent/node", error)
        self.assertEqual(error.count("\n"), 1)

    def test_host_is_an_option(self):
        self.assertEqual(run_doctor("ssh://root@lab"),
                         (2, "", "vaperf: doctor: takes no words; a host is an option: "
                                 "vaperf doctor --host ssh://root@lab\n"))

    def test_words(self):
        self.assertEqual(run_doctor("now"),
                         (2, "", "vaperf: doctor: takes no words, and what is 'now'?\n"))


if __name__ == "__main__":
    unittest.main()
