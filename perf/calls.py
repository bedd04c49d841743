# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of perf/run about SIP calls: ours and Debian's sipp, each calling itself over the loopback
with the same scenarios (our built-in ones), the same socket buffers and the same rate."""

import csv
import functools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import soak

HERE = os.path.dirname(os.path.abspath(__file__))
SCENARIOS = os.path.join(HERE, "..", "src", "node", "scenario", "builtin")
PORT = 5070
BUFFER = 4000000
GATHER = "1ms"  # as sipp's own loop works in steps of a millisecond
LATE_S = 60  # what has not ended so long after its time does not end
# A good run of sipp ends at its time; once a message is lost on a busy host a call lasts, or stays.
SIPP_LATE_S, TRIES = 8, 6
RATE, SECONDS = 8000, 3
# What makes a result of ours void for others than its cost is not asked here.
TOLERANT = ["--void_lateness", "10s", "--void_pause", "1m", "--void_wait", "100%",
            "--void_steal", "100%", "--void_clock_step", "1h"]
LADDER = [int(round(2000 * 1.2 ** i, -2)) for i in range(24)]  # up to 132,500
BASE = 6000  # what is gone back to after an overload
SOAK_S = 600
MOST_CALLS = 1000000  # that a load holds at a time
MANY, LIMIT_MB = 100000, 200
# name: what carries the messages, how our two ends are told to do it
WAYS = {"udp": ("udp", ["--segmentation"]), "one by one": ("udp", []), "tcp": ("tcp", [])}
FLOOR = {"udp": "segments", "one by one": "udp", "tcp": "tcp"}


def need_sipp(run):
    if not shutil.which("sipp"):
        raise run.CannotRun("sipp is missing: package sip-tester")


def cpu_of(child, number=None, limit=LATE_S):
    """Ends it with a signal, or waits, for so many seconds; (CPU s, most MB resident, exit code)."""
    if number is not None:
        os.kill(child.pid, number)  # Popen's own would take its status away
    end = time.monotonic() + limit
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid != 0:
            break
        if time.monotonic() > end:
            os.kill(child.pid, signal.SIGKILL)
        time.sleep(0.005)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, child.returncode


def is_open(port, transport):
    with open(f"/proc/net/{transport}", encoding="ascii") as f:
        return f":{port:04X} " in f.read()


def wait_open(run, transport):
    for _ in range(500):
        if is_open(PORT, transport):
            return
        time.sleep(0.01)
    raise run.CannotRun(f"nothing opened {transport} port {PORT}")


def ours(run, p, way, rate, seconds, *more):
    """(report, of the caller and of the server: CPU s and MB)."""
    transport, joined = WAYS[way]
    server = subprocess.Popen(
        [p.node, "appliance", "sip-uas", "--listen", f"127.0.0.1:{PORT}", "--protocol", transport,
         "--gather", GATHER, "--buffer", str(BUFFER), "--quiet", *joined], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_open(run, transport)
        with tempfile.TemporaryFile("w+") as out:
            caller = subprocess.Popen(
                [p.node, "load", "sip", "--to", f"127.0.0.1:{PORT}", "--protocol", transport,
                 "--rate", str(rate), "--duration", f"{seconds}s", "--warmup", "0", "--drain",
                 "10s", "--gather", GATHER, "--socket_buffer", str(BUFFER), "--json", "--quiet",
                 *TOLERANT, *joined, *more], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
            cost = cpu_of(caller, limit=seconds + LATE_S)
            out.seek(0)
            text = out.read()
    finally:
        served = cpu_of(server, signal.SIGINT)
    if cost[2] not in (0, 5):
        raise run.CannotRun(f"our calls ended with {cost[2]}: {text[-200:]}")
    return json.loads(text), cost, served


def theirs(run, transport, rate, seconds):
    """(figures of sipp's last line, wall s, of the caller and of the server: CPU s and MB)."""
    for _ in range(TRIES):
        result = try_theirs(run, transport, rate, seconds)
        if result[2][2] >= 0 and result[0] and float(result[0]["SuccessfulCall(C)"]) > 0:
            return result
    raise run.CannotRun(f"sipp made no call, or did not end within {SIPP_LATE_S} s of its time,"
                        f" {TRIES} times")


def try_theirs(run, transport, rate, seconds):
    """The same; the exit code of a caller that did not end by itself is negative."""
    way = {"udp": "u1", "tcp": "t1"}[transport]
    common = ["-i", "127.0.0.1", "-t", way, "-nostdin", "-buff_size", str(BUFFER)]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL,
             "stderr": subprocess.DEVNULL}
    with tempfile.TemporaryDirectory(prefix="vaperf-bench-") as folder:
        server = subprocess.Popen(["sipp", "-sf", f"{SCENARIOS}/uas.xml", "-p", str(PORT),
                                   *common], cwd=folder, **quiet)
        try:
            wait_open(run, transport)
            start = time.monotonic()
            caller = subprocess.Popen(
                ["sipp", "-sf", f"{SCENARIOS}/uac.xml", f"127.0.0.1:{PORT}", "-r", str(rate), "-m",
                 str(rate * seconds), "-l", "100000", "-d", "0", "-timeout", f"{seconds + 20}s",
                 "-trace_stat", "-stf", "stat.csv", *common], cwd=folder, **quiet)
            cost = cpu_of(caller, limit=seconds + SIPP_LATE_S)
            wall = time.monotonic() - start
        finally:
            served = cpu_of(server, signal.SIGTERM)
        with open(os.path.join(folder, "stat.csv"), encoding="latin-1") as f:
            rows = list(csv.DictReader(f, delimiter=";"))
    return rows[-1] if rows else None, wall, cost, served


def floor_of(run, p, way):
    """What the kernel alone costs a call's messages, as many at a time as we take: (uac, uas)."""
    _, _, out = run.run_timed([p.bare_calls, FLOOR[way], str(RATE * SECONDS), str(RATE // 1000)])
    cost = json.loads(out)
    return cost["uac_us"], cost["uas_us"]


@functools.lru_cache(maxsize=None)
def costs_of(run, p, way):
    """us CPU a call of ours and of theirs, each a list of (caller, server): measured once, for the
    rows of both ends."""
    transport = WAYS[way][0]

    def one():
        report, *costs = ours(run, p, way, RATE, SECONDS)
        done = report["counters"]["sip_successful"]
        if done < RATE * SECONDS * 0.99:
            raise run.CannotRun(f"only {done} of our calls succeeded")
        return [cost[0] * 1e6 / done for cost in costs]

    def other():
        last, _, *costs = theirs(run, transport, RATE, SECONDS)
        return [cost[0] * 1e6 / float(last["SuccessfulCall(C)"]) for cost in costs]

    return run.alternate(one, other)


def row_cost(run, p, way, which, bar):
    """CPU a call of one end: 0 the caller, 1 the server."""
    need_sipp(run)
    transport, joined = WAYS[way]
    print(f"{'':18} {floor_of(run, p, way)[which]:9.3f} us a call is the kernel's own share, of the"
          " same messages and nothing else (bare_calls)", flush=True)
    a, b = costs_of(run, p, way)
    return dict(unit="us CPU a call", bar=bar, ours=[x[which] for x in a],
                theirs=[x[which] for x in b],
                peer=" ".join((f"sipp, {transport}, {RATE} calls/s, {('uac', 'uas')[which]}", *joined)))


def highest(is_clean):
    """A rate that is not clean is tried once more: it may have been something else on this host."""
    best = 0
    for rate in LADDER:
        if not is_clean(rate) and not is_clean(rate):
            break
        best = rate
    return best


def row_highest(run, p):
    """The highest rate of a ladder without a failed call or a retransmission, as time a call."""
    need_sipp(run)

    def ours_clean(rate):
        report, _, _ = ours(run, p, "udp", rate, 2)
        c = report["counters"]
        return (c["sip_failed"] == 0 and c["sip_retransmissions_sent"] == 0 and
                c["sip_successful"] >= 0.999 * rate * 2 and
                report["lateness_ns"]["p50"] < 20e6)

    def theirs_clean(rate):
        last, wall, cost, _ = try_theirs(run, "udp", rate, 2)
        return (cost[2] >= 0 and last is not None and float(last["FailedCall(C)"]) == 0 and
                float(last["Retransmissions(C)"]) == 0 and wall < 2 * 1.1 + 0.5)

    def period(is_clean):
        rate = highest(is_clean)
        if rate == 0:
            raise run.CannotRun(f"not clean at {LADDER[0]} calls/s")
        return 1e6 / rate

    a, b = run.alternate(lambda: period(ours_clean), lambda: period(theirs_clean))
    return dict(unit="us a call at the highest clean rate", bar=0.4, ours=a, theirs=b,
                peer="sipp, udp: its highest clean rate on these CPUs")


def row_many(run, p):
    """So many calls at once, all of them in a pause: the larger end's resident memory."""
    def one():
        rate = 8000
        hold = MANY / rate + 1
        report, *costs = ours(run, p, "udp", rate, int(hold) + 1, "--pause", f"{hold}s", "--drain",
                              "40s")
        if report["workload"]["metrics"]["failed"] > 0:
            raise run.CannotRun("calls failed")
        return max(c[1] for c in costs)

    a = [one()]
    return dict(unit="MB resident", bar=1.0, ours=a, theirs=[LIMIT_MB] * len(a),
                peer=f"limit of {LIMIT_MB} MB: {MANY} calls at a time")


def seconds_to_clean(rows, back_s):
    """From the step back until, from then on, as many calls succeed as begin. What fails later is of
    calls that began in the overload: their last retransmissions take half a minute."""
    dirty = [t for t, begun, successful in rows if t > back_s and successful < 0.95 * begun]
    return max(dirty) - back_s if dirty else 0.0


def row_overload(run, p):
    """Twice the highest clean rate for 10 s and back: how long until calls succeed as they begin."""
    _, joined = WAYS["udp"]

    def one():
        with tempfile.TemporaryFile("w+") as out:
            server = subprocess.Popen(
                [p.node, "appliance", "sip-uas", "--listen", f"127.0.0.1:{PORT}", "--quiet",
                 "--buffer", str(BUFFER), "--gather", GATHER, "--limit", str(MOST_CALLS), *joined],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                wait_open(run, "udp")
                highest_rate = highest(lambda rate: quick_is_clean(run, p, rate))
                rate = min(2 * highest_rate, MOST_CALLS // 10)
                percent = int(100 * rate / BASE)
                print(f"{'':18} {highest_rate} calls/s are clean, the overload is {rate}/s",
                      flush=True)
                subprocess.run(
                    [p.node, "load", "sip", "--to", f"127.0.0.1:{PORT}", "--rate", str(BASE),
                     "--limit", str(MOST_CALLS), "--profile", "steps", "--steps",
                     f"{percent},100,100", "--step_time", "10s", "--duration", "30s", "--warmup",
                     "0", "--drain", "5s", "--gather", GATHER, "--interval", "500ms",
                     "--json_lines", "--quiet", "--socket_buffer", str(BUFFER), *joined,
                     *TOLERANT], stdin=subprocess.DEVNULL, stdout=out, check=False)
            finally:
                cpu_of(server, signal.SIGINT)
            out.seek(0)
            return seconds_to_clean(read_rows(out), 10.0)

    a = [one()]
    return dict(unit="s until calls succeed as they begin", bar=1.0, ours=a, theirs=[2.0] * len(a),
                peer="limit of 2 s: after 10 s of twice the highest clean rate, or of what fills"
                f" {MOST_CALLS} calls")


def quick_is_clean(run, p, rate):
    _, _, out = run.run_timed(
        [p.node, "load", "sip", "--to", f"127.0.0.1:{PORT}", "--rate", str(rate), "--duration",
         "2s", "--warmup", "0", "--gather", GATHER, "--json", "--quiet", "--socket_buffer",
         str(BUFFER), *WAYS["udp"][1], *TOLERANT], ok=(0, 5))
    c = json.loads(out)["counters"]
    return (c["sip_failed"] == 0 and c["sip_retransmissions_sent"] == 0 and
            c["sip_successful"] >= 0.999 * rate * 2)


def read_rows(lines):
    """[(s since the first row, calls begun and calls successful since the row before)]."""
    names, rows, before, first = None, [], None, None
    for line in lines:
        o = json.loads(line)
        if "columns" in o:
            names = [c["metric"] for c in o["columns"]]
        elif "values" in o and names:
            v = dict(zip(names, o["values"]))
            now = (v["sip_calls"] or 0, v["sip_successful"] or 0)
            first = first or o["at_ns"]
            if before is not None:
                rows.append(((o["at_ns"] - first) / 1e9, now[0] - before[0], now[1] - before[1]))
            before = now
    return rows


def row_soak(run, p):
    """Ten minutes of calls through our proxy, among hostile messages."""
    try:
        seen = soak.soak(p.node, SOAK_S)
    except soak.CannotRun as why:
        raise run.CannotRun(str(why)) from why
    found = soak.troubles(seen)
    most = max(g["grown_mb"] for g in seen["growth"].values())
    print(f"{'':18} {seen['successful']} of {seen['calls']} calls, {sum(seen['hostile'].values())}"
          f" hostile messages, {seen['resets']} resets; {most:.2f} MB more in the second half",
          *found, sep="\n" + " " * 19, flush=True)
    return dict(unit="things went wrong", bar=0.0, ours=[len(found)], theirs=[1],
                peer=f"nothing does in {SOAK_S} s of calls among hostile messages")


ROWS = {
    "sip uac, udp": lambda run, p: row_cost(run, p, "udp", 0, 0.55),
    "sip uas, udp": lambda run, p: row_cost(run, p, "udp", 1, 0.55),
    "sip uac, single": lambda run, p: row_cost(run, p, "one by one", 0, 1.0),
    "sip uas, single": lambda run, p: row_cost(run, p, "one by one", 1, 1.0),
    "sip uac, tcp": lambda run, p: row_cost(run, p, "tcp", 0, 0.4),
    "sip uas, tcp": lambda run, p: row_cost(run, p, "tcp", 1, 0.4),
    "sip highest rate": row_highest,
    "sip 100,000 calls": row_many,
    "sip overload": row_overload,
    "sip soak": row_soak,
}
