#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""vaperf-node bridge against a guest that is a socket here; and guest where there is none.
Real guests are in tests/system."""

import os
import re
import socket
import subprocess
import tempfile
import threading
import unittest

NODE = os.environ["VAPERF_NODE"]
GREETING = re.compile(rb"\x16([0-9a-f]{16})\n")


class FakeGuest:
    """Plays the guest's side of one conversation: `play(connection, greeting)`."""

    def __init__(self, path, play):
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(path)
        self.server.listen()
        self.server.settimeout(20)
        self.failure = None
        self.thread = threading.Thread(target=self.serve, args=(play,))
        self.thread.start()

    def serve(self, play):
        try:
            connection, _ = self.server.accept()
            with connection:
                connection.settimeout(20)
                greeting = b""
                while len(greeting) < 18:
                    greeting += connection.recv(18 - len(greeting))
                play(connection, greeting)
        except (OSError, AssertionError) as e:
            self.failure = e

    def finish(self):
        self.thread.join()
        self.server.close()
        if self.failure is not None:
            raise self.failure


class Bridge(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="vaperf-test-")
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "agent")

    def run_node(self, *words, say=b""):
        done = subprocess.run([NODE, *words], input=say, capture_output=True, check=False,
                              timeout=30)
        return done.returncode, done.stdout, done.stderr.decode()

    def bridge(self, play, say=b"", wait="10s"):
        guest = FakeGuest(self.path, play)
        try:
            return self.run_node("bridge", self.path, "--wait", wait, say=say)
        finally:
            guest.finish()

    def test_both_ways(self):
        heard = []

        def play(connection, greeting):
            self.assertRegex(greeting, GREETING)
            # What an earlier conversation left on the line comes first.
            connection.sendall(b'"old"}\n\x16ffffffffffffffff\nmore\x04' + greeting + b"answer\n")
            text = b""
            while not text.endswith(b"\x04"):
                text += connection.recv(1000)
            heard.append(text)
            connection.sendall(b"last words\n\x04never seen")

        self.assertEqual(self.bridge(play, say=b"question\n"), (0, b"answer\nlast words\n", ""))
        self.assertEqual(heard, [b"question\n\x04"])

    def test_much(self):
        much = os.urandom(500000).hex().encode() + b"\n"

        def play(connection, greeting):
            connection.sendall(greeting)
            text = b""
            while not text.endswith(b"\x04"):
                text += connection.recv(65536)
            connection.sendall(text)

        self.assertEqual(self.bridge(play, say=much), (0, much, ""))

    def refused(self, play, words, **more):
        code, out, said = self.bridge(play, **more)
        self.assertEqual((code, out), (3, b""), said)
        self.assertIn(words, said)
        self.assertEqual(len(said.splitlines()), 1, said)

    def test_ends_before_it_answers(self):
        self.refused(lambda connection, greeting: None, "the guest has ended")

    def test_never_answers(self):
        self.refused(lambda connection, greeting: connection.recv(1),
                     "no answer from a node in the guest within 0.3 s", wait="300ms")

    def test_starts_anew(self):
        def play(connection, greeting):
            connection.sendall(greeting + b"\x16" + b"0" * 16 + b"\n")
            connection.recv(1)

        self.refused(play, "the guest, or the node in it, has ended")

    def test_nobody_listens(self):
        code, out, said = self.run_node("bridge", self.path, "--wait", "100ms")
        self.assertEqual((code, out), (3, b""))
        self.assertIn("no guest listens at %s: No such file or directory" % self.path, said)
        code, _, said = self.run_node("bridge", "/tmp/" + "x" * 200)
        self.assertEqual(code, 2)
        self.assertIn("at most 107 characters", said)

    def test_socket_that_comes_later(self):
        child = subprocess.Popen([NODE, "bridge", self.path], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertIsNone(child.poll())

        def play(connection, greeting):
            connection.sendall(greeting + b"here\n\x04")

        guest = FakeGuest(self.path, play)
        self.assertEqual(child.communicate(timeout=30), (b"here\n", b""))
        guest.finish()
        self.assertEqual(child.returncode, 0)

    def test_words(self):
        for words, said in [((), "give the PATH"), (("a", "b"), "what is 'b'"),
                            (("a", "--wait", "10"), "--wait"), (("--wat", "a"), "--wait?")]:
            code, _, text = self.run_node("bridge", *words)
            self.assertEqual(code, 2)
            self.assertIn(said, text)

    def test_no_guest(self):
        code, _, said = self.run_node("guest")
        self.assertEqual(code, 3)
        self.assertIn("guest is for process 1 of a virtual machine", said)

    def test_power_off_is_for_guests(self):
        code, out, _ = self.run_node(
            "serve", say=b'{"jsonrpc": "2.0", "id": 1, "method": "guest.poweroff"}\n')
        self.assertEqual(code, 0)
        self.assertIn(b"not in a guest that is ours", out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
