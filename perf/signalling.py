# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of perf/run: the signalling appliance against Kamailio, the same calls of Debian's sipp through
each (INVITE, 100, 180, 200, ACK, BYE, 200, with Record-Route), one thread against one process."""

import os
import shutil
import signal
import subprocess
import tempfile
import time

CALLS, RATE = 6000, 1500
TRIES = 3  # a caller whose call was lost on a busy host says nothing of the server
UAC, UAS, SERVER = 26180, 26170, 26160


def wait_ready(run, server):
    """Until its port is taken."""
    for _ in range(500):
        if server.poll() is not None:
            raise run.CannotRun("the server ended at once")
        with open("/proc/net/udp", encoding="ascii") as f:
            if any(":%04X " % SERVER in line for line in f):
                return
        time.sleep(0.02)
    raise run.CannotRun("the server does not listen")


def calls(run, transport, folder):
    """Makes the calls. All of them have to be good."""
    uas = subprocess.Popen(["sipp", "-sn", "uas", "-i", run.ADDR, "-p", str(UAS), "-t", transport,
                            "-nostdin"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           cwd=folder)
    try:
        time.sleep(0.5)
        run.run_timed(["sipp", "-sn", "uac", f"{run.ADDR}:{SERVER}", "-i", run.ADDR, "-p", str(UAC),
                       "-t", transport, "-m", str(CALLS), "-r", str(RATE), "-nostdin", "-timeout",
                       "60s", "-buff_size", "4194304"], cwd=folder)
    finally:
        uas.terminate()
        uas.wait()


def cost(run, p, transport, words):
    """Microseconds of CPU for a call, of the server and all its processes."""
    server = subprocess.Popen(
        [p.node, "appliance", *words, "--listen", f"{run.ADDR}:{SERVER}", "--next_hop",
         f"{run.ADDR}:{UAS}", "--quiet", "--json"], stdout=subprocess.DEVNULL)
    try:
        with tempfile.TemporaryDirectory() as folder:
            wait_ready(run, server)
            calls(run, transport, folder)
    finally:
        server.send_signal(signal.SIGINT)
        _, status, usage = os.wait4(server.pid, 0)
        server.returncode = os.waitstatus_to_exitcode(status)
    if server.returncode != 0:
        raise run.CannotRun(f"{words[0]} ended with {server.returncode}")
    return (usage.ru_utime + usage.ru_stime) / CALLS * 1e6


def cost_of_good(run, p, transport, words):
    for _ in range(TRIES - 1):
        try:
            return cost(run, p, transport, words)
        except run.CannotRun as why:
            print(f"{'':18} again: {words[0]}: {str(why)[:60]}", flush=True)
    return cost(run, p, transport, words)


def row(run, transport, p):
    for program in "sipp", "kamailio":
        if shutil.which(program) is None:
            raise run.CannotRun(f"{program} is not installed")
    ours, theirs = run.alternate(
        lambda: cost_of_good(run, p, transport, ["signalling", "--threads", "1"]),
        lambda: cost_of_good(run, p, transport, ["kamailio", "--children", "1"]))
    return {"unit": "us CPU a call", "peer": "Kamailio, stateful, without authentication", "bar": 1 / 3,
            "ours": ours, "theirs": theirs}


ROWS = {
    "SIP proxy, UDP": lambda run, p: row(run, "u1", p),
    "SIP proxy, TCP": lambda run, p: row(run, "t1", p),
}
