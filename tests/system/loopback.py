# SPDX-License-Identifier: GPL-3.0-or-later
"""A loopback of the test's own: nobody else takes its ports, and it needs not to look for free ones."""

import ctypes
import itertools
import os
import socket
import subprocess
import sys
import time

CLONE_NEWNET = 0x40000000
TCP_LISTEN, UDP_UNCONNECTED = 0x0A, 0x07
ports = itertools.count(20000)  # below those that the kernel gives away by itself


def why_not():
    """Why there can be none here, or None."""
    made = subprocess.run(["unshare", "--net", "true"], capture_output=True, text=True, check=False)
    return None if made.returncode == 0 else "a loopback of its own needs root"


def enter():
    """This process, and those it starts, get a network namespace with nothing but a loopback. Where
    there can be none the test is skipped: others beside it take the same ports."""
    if why_not():
        print(why_not())
        sys.exit(77)
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def port():
    """A port that this test has not used yet."""
    return next(ports)


def listens(number, transport):
    """Whether a socket of "udp" or "tcp" has the port. Looking does not take it, unlike a try to bind."""
    state = UDP_UNCONNECTED if transport == "udp" else TCP_LISTEN
    for family in ["", "6"]:
        with open("/proc/net/" + transport + family, encoding="ascii") as f:
            for line in f.readlines()[1:]:
                words = line.split()
                if int(words[1].split(":")[1], 16) == number and int(words[3], 16) == state:
                    return True
    return False


def wait_for_port(number, transport, process):
    """Until the process listens there."""
    for _ in range(1500):
        if listens(number, transport):
            return
        if process.poll() is not None:
            raise AssertionError("the server ended with exit code %d" % process.returncode)
        time.sleep(0.02)
    raise AssertionError("the server does not listen")
