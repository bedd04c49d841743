#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""reap.py PROGRAM [WORD...]: runs a test, and reaps at once every process that has lost its parent.

Guests and containers are such processes. Where process 1 reaps seldom, as in many containers, each
end of a guest takes libvirt as long, and a study as well. Exits as the test does."""

import ctypes
import os
import signal
import sys

PR_SET_CHILD_SUBREAPER = 36


def main(words):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit("reap.py: prctl: " + os.strerror(ctypes.get_errno()))
    test = os.posix_spawnp(words[0], words, os.environ)
    signal.signal(signal.SIGTERM, lambda number, _: os.kill(test, number))
    while True:
        pid, status = os.wait()
        if pid == test:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
