#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""vaperf-node: whole output and exit codes, right and wrong. The helps are in tests/cli/node/*.txt;
--update rewrites them. Traffic stays on the loopback."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
import beside  # pylint: disable=wrong-import-position
import loopback  # pylint: disable=wrong-import-position

# Its number is another one on each architecture.
RT_SIGTIMEDWAIT = {"x86_64": "128", "aarch64": "137"}.get(os.uname().machine)
HERE = os.path.dirname(os.path.abspath(__file__))
NODE = os.environ["VAPERF_NODE"]
UPDATE = "--update" in sys.argv
SHORT = ["--duration", "300ms", "--warmup", "100ms", "--drain", "1s", "--scheduling", "other"]
# A busy machine may make a generator late; that it is then void is another test's concern.
TOLERANT = ["--void-lateness", "10s", "--void-pause", "1m", "--void-wait", "100%", "--void-steal", "100%",
            "--void-achieved", "0%", "--void-clock-step", "1h"]
NOTHING_COMES = [*SHORT, *TOLERANT, "--drain", "50ms"]


def run(*words, **more):
    done = subprocess.run([NODE, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False, timeout=50, **more)
    return done.returncode, done.stdout, done.stderr


def is_waiting(line):
    """What a slow machine says before it begins."""
    return re.match(r"before    (preparing|reaching|asking) ", line) is not None


def without_progress(text):
    return "".join(line for line in text.splitlines(True)
                   if " sent " not in line and not is_waiting(line))


def first_line(stream):
    line = stream.readline()
    while is_waiting(line):
        line = stream.readline()
    return line


class Appliance:
    """`vaperf-node appliance ...` as another terminal has it."""

    def __init__(self, *words):
        self.process = subprocess.Popen([NODE, "appliance", *words], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.said = self.process.stderr.readline()

    def end(self, how=signal.SIGINT):
        self.process.send_signal(how)
        out, error = self.process.communicate(timeout=30)
        return self.process.returncode, out, error


class Help(unittest.TestCase):
    maxDiff = None

    def compare(self, name, *words):
        code, out, error = run(*words)
        self.assertEqual((code, error), (0, ""))
        golden = os.path.join(HERE, "node", name + ".txt")
        if UPDATE:
            with open(golden, "w", encoding="utf-8") as f:
                f.write(out)
        with open(golden, encoding="utf-8") as f:
            self.assertEqual(f.read(), out, "node_test.py --update writes it anew")
        for line in out.splitlines():
            self.assertLessEqual(len(line), 100, line)

    def test_program(self):
        self.compare("program", "--help")

    def test_commands(self):
        for command in ("load", "serve", "hold"):
            self.compare(command, command, "--help")

    def test_types(self):
        self.compare("load-rtp", "load", "rtp", "--help")
        self.compare("appliance-media", "appliance", "media", "--help")
        self.compare("bench-pi", "bench", "pi", "-h")
        self.compare("probe-process", "probe", "process", "--help")

    def test_every_type_has_help(self):
        drivers = json.loads(run("describe")[1])["drivers"]
        for kind, command in (("workload", "load"), ("appliance", "appliance"),
                              ("bench", "bench"), ("probe", "probe")):
            for driver in drivers[kind]:
                code, out, error = run(command, driver["name"], "--help")
                self.assertEqual((code, error), (0, ""))
                self.assertIn("%s: %s" % (driver["name"], driver["summary"]), out)
                for option in driver["options"]:
                    self.assertIn("--" + option["name"], out)

    def test_nothing_is_a_mistake(self):
        code, out, error = run()
        self.assertEqual((code, out), (2, ""))
        self.assertEqual(error, run("--help")[1])

    def test_version(self):
        code, out, error = run("--version")
        self.assertEqual((code, error), (0, ""))
        self.assertRegex(out, r"^vaperf-node \d+\.\d+\.\d+\n$")

    def test_manual(self):
        code, out, error = run("manual")
        self.assertEqual((code, error), (0, ""))
        for word in ("load", "appliance", "bench", "probe", "serve", "hold"):
            self.assertIn(".SS vaperf\\-node " + word, out)
        self.assertIn("\\-\\-streams", out)
        self.assertFalse(re.search(r"(?m)^'", out))

    def test_manual_of_a_type(self):
        """Every option that `describe` has stands in it, and what users of other tools type runs."""
        code, out, error = run("manual", "load", "rtp")
        self.assertEqual((code, error), (0, ""))
        plain = out.replace("\\-", "-")
        self.assertIn(".TH VAPERF-NODE-LOAD-RTP 1", plain)
        rtp = next(d for d in json.loads(run("describe")[1])["drivers"]["workload"]
                   if d["name"] == "rtp")
        for option in rtp["options"]:
            self.assertIn("\\fB--%s\\fR" % option["name"], plain)
        typed = re.findall(r"(?m)^\.B vaperf-node (load rtp .*|appliance .*)$", plain)
        self.assertGreater(len(typed), 8)
        for line in typed:
            # What is not understood is refused before anything is tried: the last option is none.
            self.assertEqual(run(*line.split(), "--no-such-option")[2],
                             "vaperf-node: unknown option --no-such-option (--help lists them)\n")


def run_between_links(*words):
    """In a namespace of its own with two links: a1 with 10.77.1.2/24, and a2 with 10.77.2.2/24."""
    links = ("for i in 1 2; do ip link add a$i type veth peer name b$i; ip link set a$i up; "
             "ip link set b$i up; ip addr add 10.77.$i.2/24 dev a$i; done; ip link set lo up; "
             "exec \"$@\"")
    done = subprocess.run(["unshare", "-n", "sh", "-ec", links, "sh", NODE, *words],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def types(kind):
    """The names of a kind of driver, as messages list them."""
    return ", ".join(driver["name"] for driver in json.loads(run("describe")[1])["drivers"][kind])


class Mistakes(unittest.TestCase):
    maxDiff = None

    def refuse(self, words, text, code=2):
        self.assertEqual(run(*words.split()), (code, "", "vaperf-node: " + text + "\n"))

    def test_commands(self):
        self.refuse("laod", "there is no command 'laod' (did you mean load?)")
        self.refuse("xyzzy", "there is no command 'xyzzy' (vaperf-node --help lists them)")
        self.refuse("--jsno", "unknown option '--jsno' (vaperf-node --help lists them)")
        self.refuse("hold 5", "hold takes no '5'")
        self.refuse("manual hold", "no command with types is called 'hold' (such as load)")
        self.refuse("manual load", "manual takes a command and one of its types, such as load rtp")
        self.refuse("manual load rpt", "there is no workload 'rpt' (did you mean rtp?)")
        self.refuse("serve --json", "unknown option --json (--help lists them)")

    def test_types(self):
        loads, benches = types("workload"), types("bench")
        self.refuse("load", "load: a type comes first (there is %s)" % loads)
        self.refuse("load --json", "load: a type comes first (there is %s)" % loads)
        self.refuse("load rtpp", "there is no workload 'rtpp' (did you mean rtp?)")
        self.refuse("bench xyzzy --json", "there is no bench 'xyzzy' (there is %s)" % benches)
        self.refuse("probe null hots", "there is no probe 'hots' (did you mean host?)")

    def test_options(self):
        self.refuse("load rtp --strems 5", "unknown option --strems (did you mean --streams?)")
        self.refuse("load rtp --streams 100cps",
                    "--streams: '100cps' is not a count (a whole number such as 400)")
        self.refuse("load rtp --duration 10", "--duration: '10' is not a duration (with its unit, "
                                              "such as 20ms, 1.5s or 20m)")
        self.refuse("load rtp --streams", "--streams needs a count (a whole number such as 400)")
        self.refuse("load rtp --codec pmca",
                    "--codec: 'pmca' is none of pcma, pcmu, pcma-noplc, g722, g729, opus32, video "
                    "(did you mean pcma?)")
        self.refuse("load rtp 5000", "'5000' is no option (options begin with --)")
        self.refuse("appliance media --threads 0",
                    "--threads: '0' is too small (1 to 256)")
        self.refuse("probe null --interval 1us host", "--interval: '1us' is too small "
                                                      "(at least 1ms)")

    def test_addresses(self):
        such = "such as 10.0.0.1:5000, [::1]:5000 or 10.0.0.1:5000-5199)"
        one_of = ("where to? --to ADDRESS:PORT names an appliance that runs, --appliance TYPE "
                  "starts one (one of the two)")
        self.refuse("load rtp", one_of)
        self.refuse("load rtp --to 127.0.0.1:5000 --appliance media", one_of)
        self.refuse("load rtp --to localhost:5000",
                    "--to: 'localhost:5000' is no address (names are not looked up; " + such)
        self.refuse("load rtp --to 127.0.0.1",
                    "--to: '127.0.0.1' is no address (a port is wanted; " + such)
        self.refuse("load rtp --to 127.0.0.1:5000-4000",
                    "--to: '127.0.0.1:5000-4000' is no address (its last port is below its first; "
                    + such)
        self.refuse("load rtp --to 127.0.0.1:5000-70000",
                    "--to: '127.0.0.1:5000-70000' is no address (its last port is none; " + such)
        self.refuse("appliance media --listen here:5000",
                    "--listen: 'here:5000' is no address (names are not looked up; such as "
                    "127.0.0.1:5000 or [::1]:5000)")
        self.refuse("appliance media --listen 127.0.0.1:65000 --streams 1000",
                    "--streams: 1000 ports from 65000 on go beyond 65535")

    def test_reports_on_a_port_of_their_own(self):
        odd = "RTP with RTCP beside it goes to even ports (RFC 3550 clause 11), 5001 is odd: base_port 5000"
        self.refuse("load rtp --rtcp_port next --to 127.0.0.1:5000",
                    "rtcp_port: what for? No reports are sent without rtcp, their mean time apart "
                    "(e.g. rtcp: 5s)")
        self.refuse("load rtp --rtcp 1s --rtcp_port next --to 127.0.0.1:5001-5005",
                    "rtcp_port next: RTP goes to even ports and its RTCP to the next one (RFC 3550 "
                    "clause 11), the port of 127.0.0.1:5001 is odd")
        self.refuse("appliance media --rtcp_port next --listen 127.0.0.1:5001", odd)
        none = ("appliance signalling has no ports of their own for RTCP: rtcp_port: mux puts it on "
                "RTP's")
        self.refuse("load rtp --rtcp 1s --rtcp_port next --streams 2 --appliance signalling", none)
        self.refuse("appliance signalling --rtcp_port next --listen 127.0.0.1:5070", none)

    def test_an_appliance_without_ports_needs_no_listen(self):
        code, out, error = run("appliance", "router", "--out", "nowhere9")
        self.assertEqual(out, "")
        self.assertIn(code, (2, 3))
        self.assertNotIn("--listen", error)
        self.refuse("appliance router --listen 127.0.0.1:5000",
                    "--listen: appliance router chooses its ports itself: give an address alone")

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_router_between_two_links(self):
        """By hand it must be told which link is which, and then says what it does."""
        def router(*words):
            return run_between_links("appliance", "router", "--routes", "100", "--duration", "50ms",
                                     *words)

        code, out, error = router()
        self.assertEqual((code, out), (3, ""))
        self.assertIn("besides lo there is more than one interface with an address: ", error)
        self.assertIn("; by hand --listen ADDRESS names the one that packets come in by, --out the "
                      "one that they leave by\n", error)
        code, out, error = router("--listen", "10.77.1.2", "--out", "10.77.2.2", "--json")
        self.assertEqual((code, error.splitlines()[0]),
                         (0, "vaperf-node: appliance router passes on what comes in at 10.77.1.2, "
                             "such as to 10.0.0.1:9"))
        result = json.loads(out)
        self.assertEqual((result["listen"], result["destination"]), ("10.77.1.2", "10.0.0.1:9"))

    def test_child_appliance(self):
        self.refuse("load rtp --appliance medai",
                    "there is no appliance 'medai' (did you mean media?)")
        self.refuse("load rtp --appliance media,work",
                    "appliance: 'work' is no NAME=VALUE (such as media,work=20us)")
        self.refuse("load rtp --appliance media,work=transcode",
                    "match: appliance media with work: transcode changes what packets carry, so "
                    "that none would be known again: wants match: sequence")
        self.refuse("load rtp --appliance media,work=20",
                    "appliance media: work: '20' is not a duration (with its unit, such as 20ms, "
                    "1.5s or 20m), and none of relay, transcode, echo-cancel, tone-detect, "
                    "jitter-buffer, mix")

    def test_files_of_calls(self):
        sip = "load sip --to 127.0.0.1:9 "
        missing = ": No such file or directory"
        builtins = (": no file and no built-in one has that name (uac, uas, register, options, "
                    "uac_media, uac_pcap, regexp, branchc, branchs, 3pcc-C-A, 3pcc-C-B, 3pcc-A, "
                    "3pcc-B, uac_auth, ooc_default, ooc_dummy, ooc_answer)")
        self.refuse(sip + "--scenario uca", "scenario uca" + builtins)
        self.refuse(sip + "--mix uac=70,nope=30", "scenario nope" + builtins)
        self.refuse(sip + "--scenario nope.xml", "scenario nope.xml" + missing)
        self.refuse(sip + "--inject /nonexist.csv", "injection file /nonexist.csv" + missing)
        self.refuse(sip + "--media stream --media_file nofile.wav", "nofile.wav" + missing)
        self.refuse(sip + "--scenario 3pcc-C-A", "scenario 3pcc-C-A talks with a 3PCC twin, which "
                                                 "only vaperf-node sip does")
        self.refuse("appliance sip-uas --scenario usa", "scenario usa" + builtins)

    def test_scenario_and_mix(self):
        self.refuse("load sip --to 127.0.0.1:9 --scenario uac --mix uac=70,options=30",
                    "scenario and mix: each says what the calls are; one of them")

    def test_hold_of_a_mix(self):
        """It is the pause of some of its calls, and with erlang of all."""
        sip = "load sip --to 127.0.0.1:9 --hold 1s --mix "
        right = ("a <pause/> without a length lasts as long as hold (or rate instead of erlang and "
                 "hold)")
        self.refuse(sip + "uac=50,options=50 --erlang 2",
                    "hold 1s: scenario options has no pause that it could be; " + right)
        self.refuse(sip + "register=50,options=50 --rate 2",
                    "hold 1s: scenario register has no pause that it could be; " + right)
        self.refuse(sip + "uac=50,uac_media=50 --rate 2",
                    "hold 1s: calls of scenario uac_media last as long as its own pauses say (line "
                    "63); " + right)

    def test_child_appliance_of_another_protocol(self):
        self.refuse("load sip --protocol tcp --appliance sip-uas,protocol=udp",
                    "appliance: protocol=udp, but the load has --protocol tcp")

    def test_port_taken(self):
        port = loopback.port()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", port))
            code, out, error = run("appliance", "media", "--listen", "127.0.0.1:%d" % port)
        self.assertEqual((code, out), (3, ""))
        self.assertIn("127.0.0.1:%d" % port, error)
        self.assertIn("in use", error)
        self.assertEqual(error.count("\n"), 1)

    def test_static_srtp(self):
        """The static node has no SRTP, and says why."""
        done = subprocess.run([os.environ["VAPERF_NODE_STATIC"], "load", "rtp", "--match", "sequence",
                               "--srtp", "AEAD_AES_128_GCM", "--appliance", "media"],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("srtp: the static node has no libsrtp2", done.stderr)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "secure.xml")
            with open(os.path.join(os.environ["VAPERF_SOURCE"], "src", "node", "scenario",
                                   "builtin", "uac.xml"),
                      encoding="latin-1") as f:
                text = f.read().replace("a=rtpmap:0 PCMU/8000", "a=crypto:[cryptotag1audio] x")
            with open(path, "w", encoding="latin-1") as f:
                f.write(text)
            done = subprocess.run([os.environ["VAPERF_NODE_STATIC"], "load", "sip", "--scenario", path,
                                   "--to", "127.0.0.1:9"], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("the static node has no libsrtp2", done.stderr)

    def test_full_disk(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([NODE, "describe"], stdout=full, stderr=subprocess.PIPE,
                                  text=True, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr,
                         "vaperf-node: cannot write the result: No space left on device\n")


@unittest.skipIf(os.geteuid() != 0, "needs root")
class Waits(unittest.TestCase):
    """Who is not there is asked for seconds, and meanwhile there are lines that say so."""

    def check(self, done, what, why):
        lines = done[2].splitlines()
        self.assertEqual((done[0], done[1]), (3, ""))
        self.assertRegex(lines[0], r"^before    %s, \d+\.\d s$" % re.escape(what))
        self.assertRegex(lines[-1], "^vaperf-node: .*" + why)

    def test_for_a_neighbour(self):
        self.check(run_between_links("load", "rtp", "--transport", "ring", "--bind", "10.77.1.2",
                                     "--to", "10.77.1.9:5000", "--interval", "50ms"),
                   "reaching 10.77.1.9:5000", "nobody at interface a1 answers")

    def test_for_a_clock(self):
        ticket = "0123456789abcdef.00112233445566778899aabbccddeeff"
        for words in ("bench", "null", "--clock"), ("clock", "--ask"):
            self.check(run(*words, "127.0.0.1", "--ticket", ticket, "--interval", "50ms"),
                       "asking the clock at 127.0.0.1", "127.0.0.1")

    def test_for_the_far_end_of_a_bench(self):
        self.check(run_between_links("bench", "tcp", "--peer", "10.77.1.9:5000", "--interval",
                                     "50ms"),
                   "preparing bench tcp", "10.77.1.9:5000")

    def test_for_a_port_of_a_guest(self):
        """An agent has no lines of its own: who asks is at the port's other end."""
        code, out, error = run("agent", "--port", "vaperf.none")
        self.assertEqual((code, out), (3, ""))
        self.assertIn("there is no virtio-serial port named vaperf.none", error)


class Describe(unittest.TestCase):
    def test_shape(self):
        d = json.loads(run("describe")[1])
        self.assertEqual(d["program"], "vaperf-node")
        self.assertGreaterEqual(d["protocol"], 1)
        self.assertEqual(set(d["drivers"]), {"workload", "appliance", "bench", "probe"})
        for kind, drivers in d["drivers"].items():
            self.assertIn("null", [x["name"] for x in drivers], kind)
            for driver in drivers:
                self.assertEqual(set(driver) - {"reason", "metrics", "lacks"},
                                 {"name", "summary", "options", "supported"})
                self.assertEqual("reason" in driver, not driver["supported"], driver["name"])
                self.check_options(driver["options"])
        self.check_options(d["load_options"])
        self.assertIn("serve", [c["name"] for c in d["commands"]])

    def check_options(self, options):
        names = [o["name"] for o in options]
        self.assertEqual(len(names), len(set(names)))
        for option in options:
            self.assertTrue(option["type"] and option["help"], option)
            self.assertFalse(option["help"].endswith("."), option)

    def test_facts(self):
        facts = json.loads(run("facts")[1])
        self.assertTrue(facts["kernel"])


class Load(unittest.TestCase):
    maxDiff = None

    def check_report(self, report, streams):
        packets = streams * 15  # 300 ms at one packet a stream in 20 ms
        self.assertEqual((report["due"], report["sent"], report["received"]),
                         (packets, packets, packets))
        self.assertEqual(report["counters"]["rtp_lost"], 0)
        delay, sent = report["delay_from_intended_ns"], report["delay_from_sent_ns"]
        self.assertEqual(delay["count"], packets)
        self.assertGreaterEqual(delay["mean"], sent["mean"])
        self.assertLessEqual(delay["min"], delay["p50"])
        self.assertLessEqual(delay["p50"], delay["max"])
        self.assertTrue(1 < report["workload"]["metrics"]["mos"] < 5)

    def test_ports_one_after_another(self):
        port = [loopback.port() for _ in range(20)][0]
        appliance = Appliance("media", "--listen", "127.0.0.1:%d" % port, "--streams", "20",
                              "--json")
        self.assertEqual(appliance.said, "vaperf-node: appliance media listens on 127.0.0.1:%d to "
                                         "127.0.0.1:%d\n" % (port, port + 19))
        code, out, _ = run("load", "rtp", "--streams", "20", "--json", *SHORT, *TOLERANT, "--to",
                           "127.0.0.1:%d-%d" % (port, port + 19))
        ended, counted, _ = appliance.end()
        self.assertEqual((code, ended), (0, 0))
        self.check_report(json.loads(out), 20)
        counted = json.loads(counted)
        self.assertEqual((counted["appliance"], counted["streams"]), ("media", 20))
        relayed = sum(c["total"] for c in counted["series"] if c["metric"] == "relayed_packets")
        self.assertGreaterEqual(relayed, 20 * 15)

    def test_one_port_for_all(self):
        port = loopback.port()
        appliance = Appliance("media", "--listen", "127.0.0.1:%d" % port, "--threads", "1")
        self.assertEqual(appliance.said,
                         "vaperf-node: appliance media listens on 127.0.0.1:%d\n" % port)
        code, out, error = run("load", "rtp", "--streams", "10", *SHORT, *TOLERANT, "--to",
                               "127.0.0.1:%d" % port)
        ended, counted, _ = appliance.end(signal.SIGTERM)
        self.assertEqual((code, ended), (0, 0))
        self.assertEqual(without_progress(error), "")
        self.assertIn("load rtp to 127.0.0.1:%d\n  offered 500 packets/s over 0.3 s, sent 100.000 "
                      "%% of them\n" % port, out)
        self.assertRegex(out, r"rtp_sent +150 +rtp_received +150 +rtp_lost +0\n")
        for row in ("delay from intended time", "delay from actual send", "lateness of sending",
                    "rtp_jitter_us", "mos"):
            self.assertRegex(out, r"(?m)^  %s +\S*\d" % row)
        self.assertTrue(out.endswith("verdict: valid\n"), out)
        self.assertRegex(counted, r"media/thread.0 +relayed_packets +\d")
        for line in out.splitlines():
            self.assertLessEqual(len(line), 105, line)

    def test_self_contained(self):
        code, out, error = run("load", "rtp", "--streams", "10", "--appliance",
                               "media,threads=1,work=1us", "--quiet", "--json", *SHORT, *TOLERANT)
        self.assertEqual((code, error), (0, ""))
        self.check_report(json.loads(out), 10)

    def test_child_has_the_protocol_of_the_load(self):
        for protocol in ("udp", "tcp"):
            code, out, error = run("load", "sip", "--rate", "40", "--protocol", protocol,
                                   "--appliance", "sip-uas", "--quiet", "--json", *SHORT, *TOLERANT,
                                   "--drain", "20s")
            self.assertEqual((code, error), (0, ""))
            counted = json.loads(out)["counters"]
            self.assertGreaterEqual(counted["sip_successful"], 1, protocol)
            self.assertEqual(counted["sip_failed"], 0, protocol)

    def test_report_of_calls(self):
        """It counts calls, says why some failed, and has a line for each scenario of a mix."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
            deaf.bind(("127.0.0.1", 0))
            code, out, _ = run("load", "sip", "--rate", "100", "--mix", "uac=50,options=50", "--to",
                               "127.0.0.1:%d" % deaf.getsockname()[1], "--recv_timeout", "50ms",
                               "--invite_retrans", "1", "--other_retrans", "1", "--quiet", *SHORT,
                               *TOLERANT)
        self.assertEqual(code, 0)
        self.assertIn("  offered 100 calls/s over 0.3 s, ", out)
        self.assertRegex(out, r"us of CPU a call, ")
        self.assertNotIn("packet", out)
        self.assertRegex(out, r"\ncauses of failure\n  \S.* +\d+\n")
        for name in ("uac", "options"):
            self.assertRegex(out, r"(?m)^  %s \(mix\) +\S*\d +0 +\d+ +\d+$" % name)

    def load_of(self, change, *more):
        """A load of the caller's scenario, changed, against a callee of its own: text and JSON."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "own.xml")
            _, text, _ = run("sip", "-sd", "uac")
            with open(path, "w", encoding="ascii") as f:
                f.write(change(text))
            words = ["load", "sip", "--rate", "100", "--scenario", path, "--appliance", "sip-uas",
                     "--quiet", *SHORT, *TOLERANT, *more]
            code, out, error = run(*words)
            self.assertEqual((code, error), (0, ""))
            _, whole, _ = run(*words, "--json")
        return out, json.loads(whole)["workload"]

    def test_examples_of_failures(self):
        """Where a call stood, what it waited for, what came."""
        lines = {}

        def wait_for_404(text):
            text = text.replace('<recv response="200" rtd', '<recv response="404" rtd')
            for word in ("100", "404"):
                lines[word] = text[:text.index('response="%s"' % word)].count("\n") + 1
            return text
        out, report = self.load_of(wait_for_404)
        text = ("scenario Caller, step 1 (line %d), while waiting for 100, 180, 183 or 404: "
                '"SIP/2.0 200 OK" came' % lines["100"])
        self.assertIn("\nthe first of each\n  unexpected message: " + text + "\n", out)
        self.assertEqual(report["failures"], [
            {"cause": "unexpected message", "scenario": "Caller", "step": 1, "line": lines["100"],
             "kind": "recv", "expected": "100, 180, 183 or 404", "received": "SIP/2.0 200 OK",
             "text": text}])

    def test_hint_of_a_proxy(self):
        """Where it has nobody to pass calls on to they come back, or nobody is known there."""
        code, out, error = run("load", "sip", "--rate", "100", "--appliance", "signalling", "--quiet",
                               *SHORT, *TOLERANT)
        self.assertEqual((code, error), (0, ""))
        self.assertRegex(out, r'  unexpected message: scenario Caller, step 1 .*: "INVITE sip:\S+ '
                              r'SIP/2.0" came\n    \(the call came back to who began it: a proxy needs '
                              r'somebody else to pass it on to \(its next_hop; in a plan, called: '
                              r'\{type: sip-uas\} of the load\)\)\n')

    def test_example_of_a_check(self):
        """It failed at its step, though the call went on to the end; nothing that came ended it."""
        check = ('<recv response="200" rtd="1"><action><ereg regexp="zzz" search_in="msg" '
                 'check_it="true" assign_to="x"/></action></recv><Reference variables="x"/>')
        lines = []

        def look_for_zzz(text):
            at = text.index('<recv response="200" rtd')
            lines.append(text[:at].count("\n") + 1)
            return text[:at] + check + text[text.index(">", at) + 1:]
        _, report = self.load_of(look_for_zzz)
        self.assertEqual([(f["step"], f["line"], f["expected"], f["received"])
                          for f in report["failures"]], [(4, lines[0], "200", None)])

    def test_example_of_silence(self):
        """Who got no answer says what it waited for; who had no failure has no example."""
        silent = '<recv request="INFO" timeout="100"/>'  # what does come may be late
        out, report = self.load_of(lambda text: text.replace("<pause/>", silent))
        self.assertIn(", while waiting for INFO: none came\n", out)
        self.assertEqual([(f["expected"], f["received"]) for f in report["failures"]],
                         [("INFO", None)])
        out, report = self.load_of(lambda text: text)
        self.assertNotIn("the first of each", out)
        self.assertEqual(report["failures"], [])

    def test_to_self(self):
        """Of several workers each stream comes back to the one that sent it."""
        code, out, error = run("load", "rtp", "--streams", "10", "--to", "self", "--workers", "2",
                               "--quiet", "--json", *SHORT, *TOLERANT)
        self.assertEqual((code, error), (0, ""))
        self.check_report(json.loads(out), 10)

    def test_json_lines(self):
        code, out, error = run("load", "rtp", "--streams", "10", "--appliance", "media", "--quiet",
                               "--json-lines", "--interval", "50ms", *SHORT, *TOLERANT)
        self.assertEqual((code, error), (0, ""))
        lines = [json.loads(line) for line in out.splitlines()]
        columns = lines[0]["columns"]
        rows = lines[1:-1]
        self.assertGreaterEqual(len(rows), 2)  # eight, unless it was kept from its CPU
        for row in rows:
            self.assertEqual(row["source"], "load.rtp")
            self.assertEqual(len(row["values"]), len(columns))
        times = [row["at_ns"] for row in rows]
        self.assertEqual(times, sorted(times))
        at = [c["metric"] for c in columns].index("sent")
        self.assertEqual(rows[-1]["values"][at], 150)
        self.check_report(lines[-1]["result"], 10)

    def test_interrupted_before(self):
        """Ctrl-C while users are registered, with a server that says nothing."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
            deaf.bind(("127.0.0.1", 0))
            process = subprocess.Popen(
                [NODE, "load", "sip", "--users", "50", "--register", "register", "--to",
                 "127.0.0.1:%d" % deaf.getsockname()[1], "--interval", "50ms"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertEqual(first_line(process.stderr), "before    0 of 50 users registered\n")
            process.send_signal(signal.SIGINT)
            out, error = process.communicate(timeout=30)
        self.assertEqual((process.returncode, out), (130, ""))
        self.assertEqual(error.splitlines()[-1],
                         "vaperf-node: interrupted: 0 of 50 users were registered")

    def test_interrupted(self):
        """Ctrl-C ends it early, and what was measured is reported."""
        process = subprocess.Popen(
            [NODE, "load", "rtp", "--streams", "10", "--appliance", "media", "--json-lines",
             "--quiet", "--interval", "20ms", *TOLERANT, "--duration", "1h", "--warmup", "0",
             "--scheduling", "other"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4):
            self.assertTrue(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=30)
        self.assertEqual((process.returncode, error), (130, ""))
        report = json.loads(out.splitlines()[-1])["result"]
        self.assertTrue(report["cut_short"])
        self.assertEqual(report["void"], [])
        self.assertGreater(report["sent"], 0)

    def test_void(self):
        """No generator is never late: a limit of 1 ns makes any point void."""
        code, out, _ = run("load", "rtp", "--streams", "10", "--appliance", "media", *SHORT,
                           "--void-lateness", "1ns")
        self.assertEqual(code, 5)
        self.assertIn("\nverdict: VOID, the generator was the limit: this says nothing about the "
                      "appliance\n  - ", out)

    def test_nobody_listens(self):
        port = loopback.port()
        code, out, _ = run("load", "rtp", "--streams", "10", "--json", *NOTHING_COMES, "--to",
                           "127.0.0.1:%d" % port)
        report = json.loads(out)
        self.assertEqual(code, 0)
        self.assertEqual((report["received"], report["counters"]["rtp_lost"]), (0, 150))
        self.assertIsNone(report["delay_from_intended_ns"]["p50"])

    def test_nobody_listens_for_people(self):
        to = "127.0.0.1:%d" % loopback.port()
        code, out, _ = run("load", "rtp", "--streams", "10", *NOTHING_COMES, "--to", to)
        self.assertEqual(code, 0)
        self.assertTrue(out.endswith("\nnothing came back from %s: does somebody listen there?\n"
                                     "verdict: valid\n" % to), out)
        code, out, _ = run("load", "rtp", "--streams", "10", *SHORT, *TOLERANT, "--to", "self")
        self.assertEqual(code, 0)
        self.assertNotIn("nothing came back", out)

    def test_transport_for_people(self):
        """Which of the list it was, and why none before it."""
        code, out, _ = run("load", "rtp", "--streams", "10", "--transport", "xdp,ring,sockets",
                           *SHORT, *TOLERANT, "--to", "self")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"\ntransport: udp sockets, sendmmsg and recvmmsg\n"
                              r" +not those before it in the list: xdp: AF_XDP: 127\.0\.0\.1:0 is "
                              r"of the loopback interface, .*; ring: a packet ring: 127\.0\.0\.1")
        code, out, _ = run("load", "rtp", "--streams", "10", *SHORT, *TOLERANT, "--to", "self")
        self.assertEqual(code, 0)
        self.assertIn("\ntransport: udp sockets, sendmmsg and recvmmsg\nverdict: ", out)


class Others(unittest.TestCase):
    def test_bench(self):
        code, out, error = run("bench", "pi", "--digits", "1000", "--rounds", "3", "--json",
                               "--quiet")
        self.assertEqual((code, error), (0, ""))
        result = json.loads(out)
        self.assertEqual((result["bench"], result["rounds"], result["verified"]), ("pi", 3, True))
        self.assertLessEqual(result["round_s"]["min"], result["round_s"]["max"])

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_bench_by_a_clock(self):
        """The clock says its ticket; the bench says both times, and how they differ."""
        with subprocess.Popen([NODE, "clock", "--bind", "127.0.0.1"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True) as clock:
            ticket = re.search(r"ticket (\S+)\n", clock.stderr.readline()).group(1)
            bench = ("bench", "pi", "--digits", "20000", "--rounds", "3", "--quiet", "--clock",
                     "127.0.0.1", "--ticket", ticket)
            as_json, as_text = run(*bench, "--json"), run(*bench)
            clock.send_signal(signal.SIGTERM)
        self.assertEqual((as_json[0], as_text[0]), (0, 0))
        result = json.loads(as_json[1])
        self.assertEqual(result["outside"]["untimed"], 0)
        self.assertEqual(len(result["outside"]["outside_ns"]), 3)
        self.assertNotIn("why", result["outside"])
        self.assertAlmostEqual(result["distortion"],
                               result["round_s"]["mean"] / result["outside_s"]["mean"], 6)
        self.assertRegex(as_text[1], r"(?m)^  distortion +\d")
        for line in as_text[1].splitlines():
            self.assertRegex(line, r"^  \S+ +\S")

    def test_numbers_have_their_digits(self):
        """Counts have all, and nothing between a thousandth and a million an exponent."""
        code, out, _ = run("bench", "command", "--command", "echo n=30212 t=18820.4", "--parser",
                           "regex", "--pattern", "n=n=([0-9]+);;t_us=t=([0-9.]+)", "--quiet")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"(?m)^  last_round\.n +30212$")
        self.assertRegex(out, r"(?m)^  last_round\.t_us +18820$")
        code, out, _ = run("load", "null", "--rate", "1234567", "--to", "self", "--quiet",
                           "--duration", "1ms", "--warmup", "0", "--scheduling", "other")
        self.assertIn(code, (0, 5))
        self.assertIn("\n  offered 1234567 packets/s over 0.001 s, ", out)

    def test_a_ticket_is_of_a_clock(self):
        self.assertEqual(run("bench", "pi", "--ticket", "x"),
                         (2, "", "vaperf-node: --ticket: of which clock? --clock is its address "
                                 "(e.g. 10.0.0.1)\n"))

    def test_neighbour_until_ended(self):
        process = subprocess.Popen([NODE, "bench", "null", "--rounds", "0", "--interval", "10ms"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.assertRegex(first_line(process.stderr), r"^0 s, \d+ rounds done\n$")
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0)
        self.assertIn("verified", out)

    def test_probes_with_their_own_options(self):
        code, out, error = run("probe", "process", "--pids", str(os.getpid()), "netdev",
                               "--interface", "lo", "--interval", "20ms", "--duration", "300ms",
                               "--json-lines")
        self.assertEqual((code, error), (0, ""))
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertGreaterEqual(len(lines), 6)
        entities = {c["entity"] for c in lines[0]["columns"]}
        self.assertTrue(any(e.startswith("lo") for e in entities), entities)
        self.assertGreater(lines[-1]["result"]["probe"]["cost_us_mean"], 0)

    def test_probe_for_people(self):
        code, out, error = run("probe", "host", "--interval", "50ms", "--duration", "300ms")
        self.assertEqual(code, 0)
        self.assertRegex(error, r"(?m)^cpu0 +\S+ ")
        self.assertRegex(out, r"(?m)^cpu0 +busy_pct +[\d.]+ +[\d.]+ +[\d.]+$")
        self.assertIn("\nsampling itself\n", out)

    @unittest.skipIf(RT_SIGTIMEDWAIT is None, "the number of rt_sigtimedwait here is not known")
    def test_hold(self):
        for how in (signal.SIGTERM, signal.SIGINT):
            process = subprocess.Popen([NODE, "hold"], stdin=subprocess.DEVNULL)
            while not self.waits_for_signals(process.pid):
                time.sleep(0.01)
            process.send_signal(how)
            self.assertEqual(process.wait(timeout=30), 0)

    @staticmethod
    def waits_for_signals(pid):
        """Asleep in `hold`, with its signals taken: a signal being waited for counts as not
        blocked, and SIGTERM would end a program that had not got so far."""
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            begun = b"hold" in f.read()
        with open("/proc/%d/syscall" % pid, encoding="ascii") as f:
            return begun and f.read().split()[0] == RT_SIGTIMEDWAIT


class Serve(unittest.TestCase):
    def start(self):
        return subprocess.Popen([NODE, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    @staticmethod
    def ask(process, method, params):
        process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                                        "params": params}) + "\n")
        process.stdin.flush()
        while True:
            answer = json.loads(process.stdout.readline())
            if "id" in answer:
                return answer

    def test_ends_with_its_input(self):
        process = self.start()
        answer = self.ask(process, "bench.start", {"id": "n", "type": "pi", "rounds": 0})
        self.assertEqual(answer, {"jsonrpc": "2.0", "id": 1, "result": {}})
        _, error = process.communicate(timeout=30)
        self.assertEqual((process.returncode, error), (0, ""))

    def test_signals(self):
        for how in (signal.SIGTERM, signal.SIGINT):
            process = self.start()
            self.assertIn("result", self.ask(process, "clock", {}))
            process.send_signal(how)
            _, error = process.communicate(timeout=30)
            self.assertEqual((process.returncode, error), (0, ""))

    def test_shutdown(self):
        process = self.start()
        self.assertEqual(self.ask(process, "shutdown", {})["result"], {})
        self.assertEqual(process.wait(timeout=30), 0)
        process.communicate()

    def test_errors_carry_errno(self):
        process = self.start()
        answer = self.ask(process, "load.check", {"type": "rtp", "options": {"streams": "100cps"}})
        self.assertEqual(answer["error"]["code"], -32022)
        self.assertIn("streams: '100cps' is not a count", answer["error"]["message"])
        self.assertEqual(self.ask(process, "nothing", {})["error"]["code"], -32601)
        process.communicate(timeout=30)

    def test_reader_gone(self):
        """Who asked is gone while rows are written: the node ends, quietly."""
        process = self.start()
        self.ask(process, "probe.start", {"id": "p", "interval_ns": 1000000,
                                          "probes": [{"type": "host"}]})
        process.stdout.close()
        self.assertEqual(process.wait(timeout=30), 0)
        process.stdin.close()
        self.assertEqual(process.stderr.read(), "")
        process.stderr.close()

    def test_input_must_be_a_stream(self):
        with tempfile.TemporaryFile() as f:
            done = subprocess.run([NODE, "serve"], stdin=f, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertEqual(done.stderr, "vaperf-node: control: its input is a file: a pipe, socket "
                                      "or terminal is needed\n")


class Static(unittest.TestCase):
    def setUp(self):
        self.program = os.environ["VAPERF_NODE_STATIC"]
        if not os.path.exists(self.program):
            self.skipTest("not built with sanitizers")

    def test_needs_no_library(self):
        """It is the only file of a container: no interpreter, no shared library."""
        done = subprocess.run(["readelf", "-lW", self.program], stdout=subprocess.PIPE, text=True,
                              check=True)
        self.assertNotIn("INTERP", done.stdout)
        self.assertNotIn("DYNAMIC", done.stdout)

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_runs_alone(self):
        with tempfile.TemporaryDirectory(prefix="vaperf-test-") as root:
            os.link(self.program, os.path.join(root, "node")) \
                if os.stat(self.program).st_dev == os.stat(root).st_dev \
                else subprocess.run(["cp", self.program, os.path.join(root, "node")], check=True)
            done = subprocess.run(
                ["chroot", root, "/node", "load", "rtp", "--streams", "10", "--appliance", "media",
                 "--quiet", "--json", *SHORT, *TOLERANT],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(json.loads(done.stdout)["received"], 150)


if __name__ == "__main__":
    sys.argv = [a for a in sys.argv if a != "--update"]
    # Without root they share one loopback, so they run one after the other.
    why_not = loopback.why_not()
    beside.main(None if why_not else loopback.enter, workers=1 if why_not else beside.WORKERS,
                first=["test_for_a_port_of_a_guest", "test_for_a_neighbour",
                       "test_for_the_far_end_of_a_bench", "test_for_a_clock"])
