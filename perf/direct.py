# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of perf/run for packets straight at an interface (AF_XDP): over a veth between two network
namespaces of their own. Left is ours, or the peer's; right is the same cheap sink for both, or the
relay. Needs root and iproute2."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

LEFT, RIGHT, LOCAL = "10.88.0.1", "10.88.0.2", "127.0.0.1"
NOBODY = "10.88.0.3"  # frames to it go to the right, which drops them: their MAC is not its own
SINK_PORT, PORTS = 20000, 1000
RELAY_PORT, RELAY_STREAMS, NG_PORT = 20000, 300, 22222
# 20 s: what either program does once (libraries, SIPp's 300 calls, our 8 MB for the kernel) shall
# weigh as little in the cost of a packet as it does in a load of minutes.
SIPP_STREAMS, SIPP_SECONDS = 300, 20


class Link:
    """Both namespaces and what is between them; gone at the end."""

    def __init__(self, run):
        self.run = run
        self.left, self.right = (f"vaperf-bench-{os.getpid()}-{i}" for i in ("a", "b"))
        self.mac = None

    def ip(self, *words):
        return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout

    def __enter__(self):
        if os.geteuid() != 0:
            raise self.run.CannotRun("network namespaces of our own want root")
        try:
            self.ip("netns", "add", self.left)
            self.ip("netns", "add", self.right)
            # Numbers of their own: the kernel then notices at once that the link is there.
            self.ip("link", "add", "left", "netns", self.left, "index", "5", "type", "veth", "peer",
                    "name", "right", "netns", self.right, "index", "6")
            for space, name, address in ((self.left, "left", LEFT), (self.right, "right", RIGHT)):
                self.ip("-n", space, "address", "add", f"{address}/24", "dev", name)
                self.ip("-n", space, "link", "set", "lo", "up")
                self.ip("-n", space, "link", "set", name, "up")
            self.ip("-n", self.left, "neighbour", "add", NOBODY, "lladdr", "02:00:00:00:00:99",
                    "nud", "permanent", "dev", "left")
            told = json.loads(self.ip("-n", self.right, "-json", "link", "show", "right"))
            self.mac = told[0]["address"]
        except subprocess.CalledProcessError as why:
            self.__exit__()
            raise self.run.CannotRun(f"ip: {why.stderr.strip()}") from why
        return self

    def __exit__(self, *_):
        for space in (self.left, self.right):
            subprocess.run(["ip", "netns", "delete", space], check=False, capture_output=True)

    def at_left(self, *words):
        return ["ip", "netns", "exec", self.left, *words]

    def at_right(self, *words):
        return ["ip", "netns", "exec", self.right, *words]

    def wait_open(self, port, at=None):
        """Until something at the right, or where it is said, has the UDP port."""
        for _ in range(500):
            told = subprocess.run((at or self.at_right)("cat", "/proc/net/udp"), check=True,
                                  capture_output=True, text=True).stdout
            if f":{port:04X} " in told:
                return
            time.sleep(0.01)
        raise self.run.CannotRun(f"nothing opened UDP port {port}")

    def sink(self, p, ports=PORTS, at=None, address=RIGHT):
        return self.run.Background((at or self.at_right)(p.bare, "sink", address, str(SINK_PORT),
                                                         str(ports)))

    def load(self, p, to, streams, seconds, *more, near=LEFT):
        """(cpu seconds, report) of our generator at the left."""
        words = [p.node, "load", "rtp", "--bind", near, "--streams", str(streams), "--to", to,
                 "--duration", f"{seconds}s", "--warmup", "0", "--drain", "0", "--json", "--quiet",
                 *more]
        cpu, _, out = self.run.run_timed(self.at_left(*words), ok=(0, 5))
        report = json.loads(out)
        lost = report["generator"]["send_failures"]
        if lost:
            raise self.run.CannotRun(f"{lost} packets were refused by the transport")
        return cpu, report


def flat_out(link, p, transport):
    """us CPU a packet, offered more than can be sent."""
    cpu, report = link.load(p, f"{RIGHT}:{SINK_PORT}-{SINK_PORT + PORTS - 1}", PORTS, 1, "--ptime",
                            "1ms", "--payload", "172", "--transport", transport)
    return cpu * 1e6 / link.run.packets_sent(report)


def row_sender(run, p):
    """Ours and a bare AF_XDP loop, both flat out."""
    with Link(run) as link:
        def theirs():
            cpu, _, out = run.run_timed(link.at_left(
                p.bare_xdp, "left", link.mac, LEFT, RIGHT, str(SINK_PORT), str(PORTS), "172", "1000000"))
            return cpu * 1e6 / json.loads(out)["packets"]

        with link.sink(p):
            a, b = run.alternate(lambda: flat_out(link, p, "xdp"), theirs, 5)
    return dict(unit="us CPU a packet", bar=1.25, ours=a, theirs=b,
                peer="bare AF_XDP loop of frames written once, veth, both flat out")


def row_sockets(run, p):
    with Link(run) as link, link.sink(p):
        a, b = run.alternate(lambda: flat_out(link, p, "xdp"),
                             lambda: flat_out(link, p, "sockets"), 5)
    return dict(unit="us CPU a packet", bar=1 / 1.5, ours=a, theirs=b,
                peer="our own sockets (sendmmsg), veth, both flat out")


def row_ring(run, p):
    with Link(run) as link, link.sink(p):
        a, b = run.alternate(lambda: flat_out(link, p, "ring"),
                             lambda: flat_out(link, p, "sockets"), 5)
    return dict(unit="us CPU a packet", bar=1.0, ours=a, theirs=b,
                peer="packet ring against our own sockets, veth, both flat out")


def udp_sent(link):
    told = subprocess.run(link.at_left("cat", "/proc/net/snmp"), check=True, capture_output=True,
                          text=True).stdout
    names, values = (line.split() for line in told.splitlines() if line.startswith("Udp:"))
    return int(dict(zip(names, values))["OutDatagrams"])


def sipp(link, near, far, at_far, to, work):
    """us CPU a packet of SIPp at the left, whose streams go to `to`; work: a folder."""
    here, common = link.run.HERE, ["-m", str(SIPP_STREAMS), "-nostdin"]
    uas = subprocess.Popen(
        at_far("sipp", "-sf", f"{here}/sipp/streams_uas.xml", "-key", "sink_address", to, "-key",
               "sink_port", str(SINK_PORT), "-p", "5061", "-i", far, "-mi", far, *common),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        link.wait_open(5061, at_far)
        before = udp_sent(link)
        cpu, _, _ = link.run.run_timed(
            link.at_left("sipp", "-sf", f"{here}/sipp/streams_uac.xml", "-p", "5060", "-r",
                         str(SIPP_STREAMS), "-l", str(SIPP_STREAMS), "-d",
                         str(SIPP_SECONDS * 1000), "-i", near, "-mi", near, *common, f"{far}:5061"),
            cwd=work)
        uas.wait(10)
    finally:
        uas.kill()
        uas.wait()
    # Of signalling each call has three messages from here, and three from there.
    return cpu * 1e6 / (udp_sent(link) - before - SIPP_STREAMS * (3 if near != far else 6))


TOGETHER = ("--phase", "together")


def row_sipp(run, p, bar, is_direct, *more):
    """300 streams for 20 s to one port. SIPp's clock for RTP ticks once a packet time: at each tick
    it sends what all streams have due. Ours on the same grid intends these very times (--phase
    together): what of it leaves later is late, and counted as such."""
    if not shutil.which("sipp"):
        raise run.CannotRun("sipp is missing: package sip-tester")
    near, far, to = (LEFT, RIGHT, NOBODY) if is_direct else (LOCAL, LOCAL, LOCAL)
    sink = "a veth whose far end drops by the MAC" if is_direct else "loopback, same sink"

    def ours(*words):
        cpu, report = link.load(p, f"{to}:{SINK_PORT}", SIPP_STREAMS, SIPP_SECONDS, *words,
                                near=near)
        return cpu * 1e6 / run.packets_sent(report)

    with tempfile.TemporaryDirectory(prefix="vaperf-bench-") as work, Link(run) as link:
        with open(os.path.join(work, "tone.raw"), "wb") as f:
            f.write(b"\xff" * 8000)
        at_far = link.at_right if is_direct else link.at_left
        with link.sink(p, 1, at_far, far):
            a, b = run.alternate(lambda: ours(*more, *TOGETHER),
                                 lambda: sipp(link, near, far, at_far, to, work))
            beside = f"ours spread over the packet time, a phase each 2 ms: {ours(*more):.3f}"
            if not is_direct:
                beside += f"; at the tick, but packet by packet: {ours(*TOGETHER):.3f}"
    return dict(unit="us CPU a packet", bar=bar, ours=a, theirs=b,
                peer=" ".join((f"SIPp rtp_stream, 300 streams, {sink}, all at the tick of 20 ms",
                               "as SIPp sends them", *more)), beside=beside)


def cost_of(run, link, p, server, port, where):
    """us CPU a packet of a server at the right that relays, told to end when all came back."""
    child = subprocess.Popen(link.at_right(*server), stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL)
    try:
        link.wait_open(port)
        words = [p.node, "load", "rtp", "--bind", LEFT, "--streams", str(RELAY_STREAMS), *where,
                 "--duration", "5s", "--warmup", "0", "--json", "--quiet"]
        out = run.run_timed(link.at_left(*words), ok=(0, 5))[2]
    finally:
        child.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    report = json.loads(out)
    got, due = report["counters"]["rtp_received"], RELAY_STREAMS * 50 * 5
    if got != due:
        raise run.CannotRun(f"{server[0]}: {got} of {due} packets came back")
    return (usage.ru_utime + usage.ru_stime) * 1e6 / got


def row_relay(run, p):
    """The same streams through our relay by AF_XDP and through rtpengine's user space."""
    if not shutil.which("rtpengine"):
        raise run.CannotRun("rtpengine is missing: package rtpengine-daemon")
    with Link(run) as link:
        def ours():
            return cost_of(run, link, p, [
                p.node, "appliance", "media", "--listen", f"{RIGHT}:{RELAY_PORT}", "--streams",
                str(RELAY_STREAMS), "--threads", "1", "--transport", "xdp", "--quiet"],
                RELAY_PORT + RELAY_STREAMS - 1,
                ["--to", f"{RIGHT}:{RELAY_PORT}-{RELAY_PORT + RELAY_STREAMS - 1}"])

        def theirs():
            return cost_of(run, link, p, [
                "rtpengine", "--config-file=none", "--foreground", "--log-stderr", "--log-level=3",
                "--table=-1", f"--interface={RIGHT}", "--num-threads=1",
                f"--listen-ng={RIGHT}:{NG_PORT}", "--port-min=30000", "--port-max=40000"],
                NG_PORT, ["--appliance", f"rtpengine,control={RIGHT}:{NG_PORT}"])

        a, b = run.alternate(ours, theirs)
    return dict(unit="us CPU a packet", bar=1 / 2.5, ours=a, theirs=b,
                peer="rtpengine, user space, one thread, the same 300 streams, veth")


ROWS = {
    "AF_XDP sender": row_sender,
    "AF_XDP, sockets": row_sockets,
    "ring, sockets": row_ring,
    "rtp against SIPp": lambda run, p: row_sipp(run, p, 1 / 2.2, False, "--segmentation"),
    "AF_XDP, SIPp": lambda run, p: row_sipp(run, p, 1 / 4, True, "--transport", "xdp"),
    "AF_XDP, rtpengine": row_relay,
}
