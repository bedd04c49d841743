# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of perf/run for whole frames: our sender of flows against trafgen of netsniff-ng over a veth
whose other end drops what comes, and a million routes. Needs root and iproute2."""

import json
import os
import re
import shutil
import tempfile

from direct import LEFT, RIGHT, Link

PACKETS = 1000000
ROUTES = 1000000
PAIRS = 5

# The same frame as ours, of 60 bytes, without number and time.
FRAME = """{{
  {to}, {own}, 0x08, 0x00,
  0x45, 0x00, 0x00, 0x2e, 0x00, 0x00, 0x40, 0x00, 64, 17, csumip(14, 33),
  {source}, 10, 0, 0, 1,
  c16(40000), c16(40000), c16(26), 0x00, 0x00,
  fill(0x00, 18)
}}
"""


def as_bytes(mac):
    return ", ".join("0x" + byte for byte in mac.split(":"))


def arrived(link):
    """Packets that the right end has got since it was made."""
    told = json.loads(link.ip("-n", link.right, "-json", "-statistics", "link", "show", "right"))
    return told[0]["stats64"]["rx"]["packets"]


def cost(run, link, cpu, sent, before):
    """us CPU a packet, if all that is said to have been sent is at the other end."""
    came = arrived(link) - before
    if came < sent:
        raise run.CannotRun(f"{came} of {sent} packets came to the other end")
    return cpu * 1e6 / sent


def trafgen(run, link, work):
    """us CPU a packet, flat out on the first CPU. In a FIFO thread, as ours: else some of what
    the kernel does for a packet is done by whoever has the CPU just then, on no account of ours."""
    own = json.loads(link.ip("-n", link.left, "-json", "link", "show", "left"))[0]["address"]
    path = os.path.join(work, "frame.cfg")
    with open(path, "w", encoding="ascii") as f:
        f.write(FRAME.format(to=as_bytes(link.mac), own=as_bytes(own),
                             source=LEFT.replace(".", ", ")))
    before = arrived(link)
    cpu, _, out = run.run_timed(link.at_left("chrt", "--fifo", "10", "trafgen", "--dev", "left",
                                             "--conf", path, "--num", str(PACKETS), "--cpus", "1"))
    sent = re.search(r"(\d+) packets outgoing", out)
    return cost(run, link, cpu, int(sent.group(1)) if sent else PACKETS, before)


def flows(run, link, p, transport):
    """All packets are due long before they can be sent, so all leave in full batches; nothing comes
    back, and the result is void (5), by design."""
    words = [p.node, "load", "flow", "--frames", "--bind", LEFT, "--via", RIGHT, "--to",
             "10.0.0.1:9", "--transport", transport, "--rate", str(4 * PACKETS), "--duration",
             "250ms", "--scheduling", "fifo", "--cpus", "0", "--warmup", "0", "--drain", "0",
             "--json", "--quiet"]
    before = arrived(link)
    cpu, _, out = run.run_timed(link.at_left(*words), ok=(0, 5))
    return cost(run, link, cpu, json.loads(out)["sent"], before)


def row_sender(run, p, transport, bar):
    if not shutil.which("trafgen"):
        raise run.CannotRun("trafgen is missing: package netsniff-ng")
    run.run_timed(["chrt", "--fifo", "10", "true"])  # may we?
    work = tempfile.mkdtemp(prefix="vaperf-bench-")
    try:
        with Link(run) as link:
            a, b = run.alternate(lambda: flows(run, link, p, transport),
                                 lambda: trafgen(run, link, work), PAIRS)
    finally:
        shutil.rmtree(work)
    return dict(unit="us CPU a packet", bar=bar, ours=a, theirs=b,
                peer="trafgen's packet ring, frames of 64 bytes over a veth, both flat out in a "
                     "FIFO thread")


def row_routes(run, p):
    """From the appliance's own figure; the namespace goes with its routes."""
    def ours():
        with Link(run) as link:
            words = [p.node, "appliance", "router", "--listen", LEFT, "--out", "other", "--via",
                     "10.89.0.1", "--routes", str(ROUTES), "--prefix", "11.0.0.0/8", "--duration",
                     "1s", "--json"]
            link.ip("-n", link.left, "link", "add", "other", "type", "veth", "peer", "name", "far")
            link.ip("-n", link.left, "address", "add", "10.89.0.2/24", "dev", "other")
            for name in ("other", "far"):
                link.ip("-n", link.left, "link", "set", name, "up")
            _, _, out = run.run_timed(link.at_left(*words))
        rows = json.loads(out)["series"]
        return next(r["max"] for r in rows if r["metric"] == "route_load_ms") / 1e3

    return dict(unit="s", peer="limit of 5 s for 1,000,000 routes", bar=1.0,
                ours=[ours() for _ in range(run.RUNS)], theirs=[5.0] * run.RUNS)


ROWS = {
    # >= 0.9 and >= 1.1 times the packets a CPU second.
    "flow, packet ring": lambda run, p: row_sender(run, p, "ring", 1 / 0.9),
    "flow, AF_XDP": lambda run, p: row_sender(run, p, "xdp", 1 / 1.1),
    "million routes": row_routes,
}
