# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of perf/run for the benches: against iperf3, fio and plain programs. Costs are CPU time of
both ends for what arrived."""

import contextlib
import json
import os
import shutil
import subprocess
import time

RUNS = 3
PORT = 25300
LINK = ("vpbench0", "vpbench1", "vpbench")  # two ends, and the namespace of the second


class CannotRun(Exception):
    pass


def cpu_of(child):
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def wait_tcp(address, port, prefix):
    """Until somebody listens: asked where the listener is, without a connection."""
    want = ":%04X 00000000:0000 0A" % port
    for _ in range(500):
        said = subprocess.run([*prefix, "cat", "/proc/net/tcp", "/proc/net/tcp6"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
        if want in said or ":%04X 0000000000000000" % port in said:
            return
        time.sleep(0.01)
    raise CannotRun(f"nobody listens at {address}:{port}")


def need(program, package=None):
    if not shutil.which(program):
        raise CannotRun(f"{program} is missing: package {package or program}")


def both(server, client, address, prefix, stop):
    """(CPU seconds of both, what the client printed)."""
    far = subprocess.Popen([*prefix, *server], stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_tcp(address, PORT, prefix)
        near = subprocess.Popen(client, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
        out, err = near.stdout.read(), near.stderr.read()
        cpu = cpu_of(near)
        if near.returncode != 0:
            raise CannotRun(f"{client[0]} ended with {near.returncode}: {err.strip()[-200:]}")
    finally:
        if stop:
            far.terminate()
        cpu_far = cpu_of(far)
    return cpu + cpu_far, json.loads(out)


def ours(p, kind, address, prefix, *words):
    return both([p.node, "far", "--bind", f"{address}:{PORT}", "--quiet"],
                [p.node, "bench", kind, "--peer", f"{address}:{PORT}", "--json", "--quiet", *words],
                address, prefix, True)


def iperf3(address, prefix, *words):
    return both(["iperf3", "-s", "-1", "-B", address, "-p", str(PORT)],
                ["iperf3", "-c", address, "-p", str(PORT), "-J", *words], address, prefix, False)


@contextlib.contextmanager
def veth():
    """A second network namespace behind a veth pair: (its address, how to run there)."""
    if os.geteuid() != 0:
        raise CannotRun("needs root for a network namespace")
    here, there, space = LINK
    ip = lambda *words: subprocess.run(["ip", *words], check=True, stdout=subprocess.DEVNULL)
    try:
        ip("netns", "add", space)
        ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", space)
        ip("addr", "add", "198.51.100.1/24", "dev", here)
        ip("link", "set", here, "up")
        ip("-n", space, "addr", "add", "198.51.100.2/24", "dev", there)
        ip("-n", space, "link", "set", there, "up")
        ip("-n", space, "link", "set", "lo", "up")
        yield "198.51.100.2", ["ip", "netns", "exec", space]
    finally:
        subprocess.run(["ip", "netns", "del", space], check=False, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def loopback():
    yield "127.0.0.1", []


def row_udp(p, where, bar):
    need("iperf3")

    def a(address, prefix):
        cpu, said = ours(p, "udp", address, prefix, "--payload", "172", "--size", "256M")
        return cpu * 1e6 / said["last_round"]["out_received_packets"]

    def b(address, prefix):
        cpu, said = iperf3(address, prefix, "-u", "-b", "0", "-l", "172", "-t", "2")
        total = said["end"]["sum"]
        return cpu * 1e6 / (total["packets"] - total["lost_packets"])

    with where() as (address, prefix):
        pairs = [(a(address, prefix), b(address, prefix)) for _ in range(RUNS)]
    return dict(unit="us CPU of both ends a packet received", bar=bar, ours=[x for x, _ in pairs],
                theirs=[x for _, x in pairs], peer="iperf3 -u -b 0 -l 172, one port")


def row_tcp(p):
    need("iperf3")

    def a(address, prefix):
        cpu, said = ours(p, "tcp", address, prefix, "--size", "8G")
        return cpu * 1e6 / (8 << 10)

    def b(address, prefix):
        cpu, said = iperf3(address, prefix, "-n", "8G")
        return cpu * 1e6 / (said["end"]["sum_received"]["bytes"] / (1 << 20))

    with loopback() as (address, prefix):
        pairs = [(a(address, prefix), b(address, prefix)) for _ in range(RUNS)]
    return dict(unit="us CPU of both ends a MiB", bar=1.0, ours=[x for x, _ in pairs],
                theirs=[x for _, x in pairs], peer="iperf3, one TCP connection over loopback")


def report_of(words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise CannotRun(f"{words[0]} ended with {done.returncode}: {done.stderr.strip()[-200:]}")
    return json.loads(done.stdout)


def row_pi(p):
    digits = str(1 << 20)
    pairs = [(report_of([p.node, "bench", "pi", "--digits", digits, "--json", "--quiet"])
              ["cpu_s"]["mean"], report_of([p.plain, "pi", digits])["seconds"])
             for _ in range(RUNS)]
    return dict(unit="s CPU, 2^20 digits", bar=1.0, ours=[x for x, _ in pairs],
                theirs=[x for _, x in pairs], peer="plain Gauss-Legendre with MPFR")


def row_masr(p):
    size = 1 << 30

    def a():
        said = report_of([p.node, "bench", "masr", "--size", str(size), "--json", "--quiet"])
        last = said["last_round"]
        return size / last["set_bytes_per_s"] + size / last["read_bytes_per_s"]

    pairs = [(a(), report_of([p.plain, "memory", str(size)])["seconds"]) for _ in range(RUNS)]
    return dict(unit="s, second pass over 1 GiB", bar=1.1, ours=[x for x, _ in pairs],
                theirs=[x for _, x in pairs], peer="a plain loop that sets and one that reads")


def row_files(p):
    need("fio")
    folder = os.environ.get("TMPDIR", "/tmp")
    name = os.path.join(folder, "vaperf-bench-fio-%d" % os.getpid())

    def a():
        said = report_of([p.node, "bench", "files", "--folder", folder, "--work", "random",
                          "--direct", "--size", "64M", "--operations", "4000", "--json",
                          "--quiet"])
        return 1e6 / said["last_round"]["random_reads_per_s"]

    def b():
        said = report_of(["fio", "--name=x", "--rw=randread", "--bs=4k", "--size=64M",
                          "--io_size=16M", "--direct=1", "--ioengine=psync", "--norandommap",
                          f"--filename={name}", "--output-format=json"])
        return 1e6 / said["jobs"][0]["read"]["iops"]

    try:
        b()  # lays the file out
        pairs = [(a(), b()) for _ in range(RUNS)]
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
    return dict(unit="us a random read of 4 KiB, direct", bar=1.25, ours=[x for x, _ in pairs],
                theirs=[x for _, x in pairs], peer="fio, psync, the same pattern")


ROWS = {
    "udp 172 B": lambda p: row_udp(p, loopback, 0.1),
    "udp 172 B, veth": lambda p: row_udp(p, veth, 0.25),
    "tcp bulk": row_tcp,
    "pi": row_pi,
    "masr": row_masr,
    "files": row_files,
}
