# SPDX-License-Identifier: GPL-3.0-or-later
"""A program in a pseudo-terminal of 100 columns and 24 lines: keys, what it draws, its end."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time


class Terminal:
    def __init__(self, test, words, term="xterm"):
        test.addCleanup(self.remove)
        self.master, self.slave = pty.openpty()
        self.resize(24, 100, None)
        self.before = termios.tcgetattr(self.slave)
        self.text = ""
        self.child = subprocess.Popen(words, stdin=self.slave, stdout=self.slave,
                                      stderr=subprocess.PIPE, start_new_session=True,
                                      env={**os.environ, "TERM": term, "LC_ALL": "C.UTF-8"})
        self.after = None

    def resize(self, lines, columns, child):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        if child is not None:
            child.send_signal(signal.SIGWINCH)

    def press(self, keys):
        self.text = ""
        os.write(self.master, keys.encode())

    def wait_for(self, pattern):
        """Until it was drawn since the last key. What did not change is drawn anew now and then."""
        start = anew = time.monotonic()
        while re.search(pattern, re.sub("\x1b[^A-Za-z]*[A-Za-z]", " ", self.text)) is None:
            if time.monotonic() > start + 20 or self.child.poll() is not None:
                raise AssertionError("no %r in %r" % (pattern, self.text))
            self.read(0.1)
            if time.monotonic() > anew + 0.2:
                anew = time.monotonic()
                self.child.send_signal(signal.SIGWINCH)

    def read(self, wait_s):
        if not select.select([self.master], [], [], wait_s)[0]:
            return False
        self.text += os.read(self.master, 65536).decode(errors="replace")
        return True

    def end(self):
        """(exit code, what it said), when all it wrote was read."""
        deadline = time.monotonic() + 20
        while self.child.poll() is None and time.monotonic() < deadline:
            self.read(0.05)
        self.child.kill()
        code = self.child.wait()
        while self.read(0):
            pass
        error = self.child.stderr.read().decode()
        self.after = termios.tcgetattr(self.slave)
        self.child.stderr.close()
        os.close(self.master)
        os.close(self.slave)
        return code, error

    def remove(self):
        """Whatever became of the test."""
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()

    def hang_up(self):
        """The exit code when the terminal goes away under it."""
        os.close(self.slave)
        os.close(self.master)
        self.child.stderr.close()
        return self.child.wait(20)

    def is_restored(self):
        """After the end: the settings, and xterm's other screen."""
        return self.after == self.before and "\x1b[?1049l" in self.text
