#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""RTP through a relay that loses packets in bursts and counts them itself, in a network namespace of
its own, with tshark listening: our losses are its drops, our bursts are its bursts, the rating is
the E-model's, and tshark's RTP analysis sees the same loss and jitter."""

import json
import math
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

NODE = os.environ["VAPERF_NODE"]
SPACE = "vaperf-media-%d" % os.getpid()
PORT, STREAMS, SECONDS, PTIME = 6000, 60, 4, 0.02
EACH = round(SECONDS / PTIME)
LOSS, BURST = 0.01, 3.0  # a packet of a hundred, three in a row
JITTER_BUFFER_MS = 60.0
SO_RCVBUFFORCE = 33  # beyond what net.core.rmem_max allows: what it does not see, it did not drop
TOLERANT = ["--void_lateness", "10s", "--void_pause", "1m", "--void_wait", "100%",
            "--void_steal", "100%", "--void_achieved", "0%", "--void_clock_step", "1h"]


def skip(why):
    print(why)
    sys.exit(77)


class Relay(threading.Thread):
    """Sends packets back where they came from, but for those it drops: a two-state chain for each
    stream, never among the first and the last packets, which tshark could not miss. Now and then it
    waits, so that there is jitter."""

    def __init__(self):
        super().__init__()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        self.socket.bind(("127.0.0.1", PORT))
        self.socket.settimeout(0.1)
        self.random = random.Random(1)
        self.streams = {}  # SSRC: [seen, dropped, dropping, run, runs]
        self.done = False

    def drops(self, ssrc):
        s = self.streams.setdefault(ssrc, [0, 0, False, []])
        s[0] += 1
        chance = 1 / BURST if s[2] else LOSS / (1 - LOSS) / BURST
        if self.random.random() < chance:
            s[2] = not s[2]
        if s[0] <= 10 or s[0] > EACH - 10:
            s[2] = False
        if s[2]:
            if s[1] == 0 or s[3][-1][1] != s[0] - 1:
                s[3].append([s[0], s[0]])
            s[3][-1][1] = s[0]
            s[1] += 1
        return s[2]

    def run(self):
        while not self.done:
            try:
                packet, source = self.socket.recvfrom(2048)
            except socket.timeout:
                continue
            if self.drops(struct.unpack("!I", packet[8:12])[0]):
                continue
            if self.random.random() < 0.002:
                time.sleep(self.random.random() * 0.008)
            self.socket.sendto(packet, source)

    @property
    def dropped(self):
        return sum(s[1] for s in self.streams.values())

    @property
    def bursts(self):
        return [last - first + 1 for s in self.streams.values() for first, last in s[3]]


def inside(function):
    """Runs it in the namespace, so that sockets it opens are there."""
    def run():
        with open("/run/netns/" + SPACE, "rb") as space:
            if LIBC.setns(space.fileno(), 0x40000000) != 0:
                raise OSError("cannot enter the namespace")
        function()
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


def listen(capture, what):
    """dumpcap, once it listens."""
    listener = subprocess.Popen(
        ["ip", "netns", "exec", SPACE, "dumpcap", "-q", "-i", "lo", "-B", "64", "-w", capture,
         "-f", what], stderr=subprocess.PIPE, text=True)
    said = ""
    while "File: " not in said:
        line = listener.stderr.readline()
        if line == "":
            raise AssertionError("dumpcap: " + said)
        said += line
    return listener


def rating(ta_ms, loss_pct, burst_ratio):
    """R and MOS of ITU-T G.107 with its default parameters, G.711 with concealment (Ie 0, Bpl 25.1)
    and T = Ta, Tr = 2 Ta: clauses 7.1 to 7.6. R is told from 0 to 100 and MOS from 1 on: a relay that
    was long kept from its CPU makes so much late that R falls below."""
    ro, si, no = 94.7688, 1.4136, -61.1787
    terv = 65 - 40 * math.log10((1 + ta_ms / 10) / (1 + ta_ms / 150)) + 6 * math.exp(-0.3 * ta_ms ** 2)
    re_ = 80 + 2.5 * (terv - 14)
    roe = -1.5 * (no - 2)
    idte = ((roe - re_) / 2 + math.sqrt((roe - re_) ** 2 / 4 + 100) - 1) * (1 - math.exp(-ta_ms))
    rle = 10.5 * (110 + 7) * (2 * ta_ms + 1) ** -0.25
    idle = (ro - rle) / 2 + math.sqrt((ro - rle) ** 2 / 4 + 169)
    idd, x = 0, math.log2(max(ta_ms, 100) / 100)
    if ta_ms > 100:
        idd = 25 * ((1 + x ** 6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2)
    ie = 95 * loss_pct / (loss_pct / burst_ratio + 25.1)
    r = min(max(ro - si - idte - idle - idd - ie, 0), 100)
    return r, max(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def tshark_streams(capture):
    """{SSRC: (packets, lost, largest jitter in ms)}"""
    text = subprocess.run(
        ["tshark", "-n", "-r", capture, "-q", "-d", "udp.port==%d,rtp" % PORT, "-z", "rtp,streams"],
        check=True, capture_output=True, text=True, timeout=60).stdout
    head = next(line for line in text.splitlines() if "SSRC" in line)
    last_jitter = "Max Jitter(ms)" in head
    found = {}
    for line in text.splitlines():
        match = re.search(r"0x([0-9A-Fa-f]{8})\s+(\S.*?)\s+(\d+)\s+(-?\d+) \(-?[\d.]+%\)\s+(.*)", line)
        if match:
            numbers = [float(v) for v in re.findall(r"-?\d+\.\d+", match.group(5))]
            # deltas: least, mean, largest; jitter: least, mean, largest
            found[int(match.group(1), 16)] = (int(match.group(3)), int(match.group(4)),
                                              numbers[5] if last_jitter else None)
    return found


class Media(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="vaperf-media-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        ip("netns", "add", SPACE)
        cls.addClassCleanup(ip, "netns", "del", SPACE)
        ip("-n", SPACE, "link", "set", "lo", "up")
        cls.capture = os.path.join(cls.folder, "media.pcap")
        cls.relay = None
        cls.measure()

    @classmethod
    def measure(cls):
        def start():
            cls.relay = Relay()
            cls.relay.start()
        inside(start)
        listener = listen(cls.capture, "udp src port %d" % PORT)
        done = subprocess.run(
            ["ip", "netns", "exec", SPACE, NODE, "load", "rtp", "--to", "127.0.0.1:%d" % PORT,
             "--streams", str(STREAMS), "--duration", "%ds" % SECONDS, "--warmup", "0", "--drain",
             "500ms", "--json", "--quiet", *TOLERANT], capture_output=True, text=True, timeout=60)
        listener.send_signal(signal.SIGINT)
        listener.communicate(timeout=20)
        cls.relay.done = True
        cls.relay.join()
        cls.relay.socket.close()
        assert done.returncode == 0, done.stderr
        cls.report = json.loads(done.stdout)
        cls.workload = cls.report["workload"]
        cls.metrics = cls.workload["metrics"]
        cls.counters = cls.report["counters"]

    def test_losses_are_the_drops(self):
        self.assertEqual(self.counters["rtp_sent"], STREAMS * EACH)
        self.assertEqual(sum(s[0] for s in self.relay.streams.values()), STREAMS * EACH)
        self.assertGreater(self.relay.dropped, STREAMS)
        self.assertEqual(self.counters["rtp_lost"], self.relay.dropped)
        self.assertEqual(self.counters["rtp_received"], STREAMS * EACH - self.relay.dropped)
        self.assertEqual(self.counters["rtp_duplicates"] + self.counters["rtp_foreign"], 0)

    def test_bursts_are_its_bursts(self):
        bursts = self.relay.bursts
        self.assertEqual(self.metrics["rtp_loss_bursts"], len(bursts))
        self.assertEqual(self.metrics["rtp_loss_burst_longest_packets"], max(bursts))
        self.assertAlmostEqual(self.metrics["rtp_loss_burst_mean_packets"],
                               sum(bursts) / len(bursts), places=9)
        lost = self.relay.dropped / (STREAMS * EACH)
        self.assertAlmostEqual(self.metrics["burst_ratio"],
                               sum(bursts) / len(bursts) * (1 - lost), places=6)

    def test_the_rating_is_the_e_models(self):
        delay_ms = self.report["delay_from_sent_ns"]["mean"] / 1e6
        loss = 100 * (self.relay.dropped / (STREAMS * EACH)) + self.metrics["rtp_discard_pct"]
        r, mos = rating(1000 * PTIME + delay_ms + JITTER_BUFFER_MS, loss, self.metrics["burst_ratio"])
        self.assertAlmostEqual(self.metrics["r_factor"], r, delta=0.1)
        self.assertAlmostEqual(self.metrics["mos"], mos, delta=0.01)
        self.assertLess(mos, 4.4)

    def test_tshark_sees_the_same(self):
        streams = tshark_streams(self.capture)
        self.assertEqual(set(streams), set(self.relay.streams))
        for ssrc, (packets, lost, _) in streams.items():
            self.assertEqual((packets, lost), (EACH - self.relay.streams[ssrc][1],
                                               self.relay.streams[ssrc][1]))
        self.assertEqual(sum(lost for _, lost, _ in streams.values()), self.counters["rtp_lost"])
        theirs = sorted(jitter for _, _, jitter in streams.values())
        ours = self.workload["per_stream"]["rtp_jitter_max_us"]
        self.assertEqual(ours["streams"], STREAMS)
        for name, value in [("min", theirs[0]), ("median", theirs[STREAMS // 2]),
                            ("mean", sum(theirs) / STREAMS), ("max", theirs[-1])]:
            self.assertAlmostEqual(ours[name], 1000 * value, delta=30 + 0.02 * 1000 * value, msg=name)
        self.assertGreater(theirs[-1], 0.1)


class Reports(unittest.TestCase):
    """RTCP on a port of its own through the media appliance: RFC 3550 clause 11, by tshark's eyes."""

    LISTEN, STREAMS = 7000, 4

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="vaperf-media-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        ip("netns", "add", SPACE)
        cls.addClassCleanup(ip, "netns", "del", SPACE)
        ip("-n", SPACE, "link", "set", "lo", "up")
        capture = os.path.join(cls.folder, "reports.pcap")
        last = cls.LISTEN + 2 * cls.STREAMS - 1
        listener = listen(capture, "udp portrange %d-%d" % (cls.LISTEN, last))
        appliance = subprocess.Popen(
            ["ip", "netns", "exec", SPACE, NODE, "appliance", "media", "--rtcp_port", "next",
             "--streams", str(cls.STREAMS), "--listen", "127.0.0.1:%d" % cls.LISTEN],
            stderr=subprocess.PIPE, text=True)
        cls.said = appliance.stderr.readline()
        done = subprocess.run(
            ["ip", "netns", "exec", SPACE, NODE, "load", "rtp", "--rtcp", "100ms", "--rtcp_port",
             "next", "--to", "127.0.0.1:%d-%d" % (cls.LISTEN, last), "--streams", str(cls.STREAMS),
             "--duration", "1s", "--warmup", "0", "--json", "--quiet", *TOLERANT],
            capture_output=True, text=True, timeout=60)
        appliance.send_signal(signal.SIGINT)
        appliance.communicate(timeout=20)
        listener.send_signal(signal.SIGINT)
        listener.communicate(timeout=20)
        assert done.returncode == 0, done.stderr
        cls.report = json.loads(done.stdout)
        words = ["-d", "udp.port==%d-%d,rtp" % (cls.LISTEN, last)]
        for port in range(cls.LISTEN + 1, last + 1, 2):
            words += ["-d", "udp.port==%d,rtcp" % port]
        text = subprocess.run(
            ["tshark", "-n", "-r", capture, *words, "-T", "fields", "-e", "udp.srcport", "-e",
             "udp.dstport", "-e", "rtp.ssrc", "-e", "rtcp.pt", "-e", "_ws.malformed"],
            check=True, capture_output=True, text=True, timeout=60).stdout
        cls.packets = [line.split("\t") for line in text.splitlines()]

    def test_it_says_where_it_listens(self):
        self.assertIn("listens on 127.0.0.1:%d to 127.0.0.1:%d" %
                      (self.LISTEN, self.LISTEN + 2 * (self.STREAMS - 1)), self.said)

    def test_each_kind_has_its_ports(self):
        media, reports = set(), set()
        for source, target, ssrc, kinds, malformed in self.packets:
            self.assertEqual(malformed, "")
            self.assertEqual(int(source) % 2, int(target) % 2)
            if int(source) % 2 == 0:
                self.assertNotEqual(ssrc, "")
                media.add((int(source), int(target)))
            else:
                self.assertEqual(ssrc, "")
                self.assertIn(kinds, ["200,202", "201,202,207"])  # SR, RR with XR, both with SDES
                reports.add((int(source), int(target)))
        self.assertEqual(len(media), 2 * self.STREAMS)  # there and back
        self.assertEqual(reports, {(source + 1, target + 1) for source, target in media})

    def test_all_of_them_came_back(self):
        counters, metrics = self.report["counters"], self.report["workload"]["metrics"]
        sent = sum(int(target) < 8000 and kinds != "" for _, target, _, kinds, _ in self.packets)
        self.assertGreater(sent, 2 * self.STREAMS)
        self.assertGreaterEqual(counters["rtcp_sent"], sent)  # the capture may end a moment early
        self.assertEqual(counters["rtcp_received"], counters["rtcp_sent"])
        self.assertEqual(counters["rtcp_malformed"] + counters["rtp_foreign"], 0)
        self.assertEqual(metrics["rtcp_reported_lost"], 0)
        self.assertGreater(metrics["rtcp_rtt_us"], 0)


if __name__ == "__main__":
    if os.geteuid() != 0:
        skip("a network namespace needs root")
    for command in ["ip", "tshark", "dumpcap"]:
        if shutil.which(command) is None:
            skip("%s is not installed (make check installs it)" % command)
    if subprocess.run(["ip", "netns", "add", SPACE + "-t"], capture_output=True).returncode != 0:
        skip("this machine allows no network namespace")
    subprocess.run(["ip", "netns", "del", SPACE + "-t"], check=True)
    import ctypes
    LIBC = ctypes.CDLL(None, use_errno=True)
    unittest.main(verbosity=2)
