#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""vaperf and vaperf plan: whole output and exit codes, right and wrong."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
import beside  # pylint: disable=wrong-import-position

VAPERF = os.environ["VAPERF"]
RIGHT = """study: small
duration: 5s
machines: {media: {appliance: {type: "null"}}}
setups: {N: {platform: "null"}}
loads: [{type: "null", to: media, rate: 100}]
"""
SECTIONS = ("study", "title", "trials", "duration", "machines", "setups", "loads", "limits",
            "sweep", "generator", "search", "networks", "hosts", "clock", "figures")
ANSWERS = {"rtp": "media", "sip": "sip-uas", "flow": "router"}


def plans_of(text):
    """The sections of a plan in each indented block of a page."""
    for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.M):
        lines, inside = [], False
        for line in (line[4:] for line in block.split("\n")):
            if line and not line.startswith(" "):
                inside = line.split(":")[0] in SECTIONS and ":" in line
            if inside and line:
                lines.append(line)
        if lines:
            yield "\n".join(lines) + "\n"


def whole(block):
    """A plan of those sections and what they need of the others."""
    has = {line.split(":")[0] for line in block.split("\n") if line and line[0] != " "}
    machines = {"media": "media"}
    machines.update((to, ANSWERS[load]) for load, to in
                    re.findall(r"type: (\w+), to: (\w+)", block))
    loads = re.findall(r"^  (\w+):.*?type: (?:router|media|external)", block, re.M | re.S)
    if "media_" in block:
        machines = {"media": "sip-uas"}
    rest = {"study": "page", "duration": "60s", "setups": "{N: {platform: native}}",
            "machines": "{cpu: {neighbour: {type: pi}}, %s}" % ", ".join(
                "%s: {appliance: {type: %s}}" % m for m in machines.items())}
    if "bench: {" not in block:
        rest["loads"] = "[{type: %s, to: %s}]" % (
            "sip" if "media_" in block else "rtp",
            loads[0] if loads and "machines" in has else "media")
    return "".join("%s: %s\n" % (k, v) for k, v in rest.items() if k not in has) + block


class Plan(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="vaperf-test-")
        self.addCleanup(self.folder.cleanup)

    def run_vaperf(self, *words, plan=None, **environment):
        if plan is not None:
            with open(os.path.join(self.folder.name, "p.yaml"), "w", encoding="utf-8") as f:
                f.write(plan)
        done = subprocess.run([VAPERF, *words], cwd=self.folder.name, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              check=False, env=dict(os.environ, **environment))
        return done.returncode, done.stdout, done.stderr

    def test_right(self):
        self.assertEqual(
            self.run_vaperf("plan", "check", "p.yaml", plan=RIGHT),
            (0, "p.yaml: study small: 1 setup, 1 case, 5 trials of each\n"
                "this machine can do all of it\n", ""))

    def test_studies(self):
        """Those that are shipped are right for this node, whatever this machine can do of them."""
        folder = os.path.join(os.environ["VAPERF_SOURCE"], "studies")
        names = sorted(name for name in os.listdir(folder) if name.endswith(".yaml"))
        self.assertGreater(len(names), 10)
        for name in names:
            with self.subTest(study=name):
                code, out, error = self.run_vaperf("plan", "show", os.path.join(folder, name))
                self.assertEqual((code, error), (0, ""))
                self.assertIn("cases:\n", out)

    def test_manual(self):
        """What its pages show of plans is right, with the rest of a plan around it."""
        seen = 0
        folder = os.path.join(os.environ["VAPERF_SOURCE"], "doc")
        for path in sorted(os.path.join(at, name) for at, _, names in os.walk(folder)
                           for name in names if name.endswith(".md")):
            with open(path, encoding="utf-8") as f:
                text = f.read()
            for block in plans_of(text):
                seen += 1
                with self.subTest(page=os.path.relpath(path, folder), plan=block):
                    code, _, error = self.run_vaperf("plan", "show", "p.yaml", plan=whole(block))
                    self.assertEqual((code, error), (0, ""))
        self.assertGreater(seen, 8)

    def test_wrong_option(self):
        self.assertEqual(
            self.run_vaperf("plan", "check", "p.yaml", plan=RIGHT.replace("rate", "rat")),
            (2, "", "vaperf: p.yaml:5:35: there is no option 'rat' (did you mean rate?)\n"))

    def test_wrong_search(self):
        plan = RIGHT.replace("rate: 100", "rate: [100, 200]") + "limits: {loss: 1%}\n"
        for search, message in [
                ("{type: ladder, rungz: 3}", "unknown option rungz (did you mean rungs?)"),
                ("{type: ladder, from: 100}", "")]:
            code, out, error = self.run_vaperf("plan", "check", "p.yaml",
                                               plan=plan + "search: %s\n" % search)
            self.assertEqual((code, out), (2, ""))
            self.assertTrue(error.startswith("vaperf: p.yaml:7:"), error)
            self.assertIn(message, error)
            self.assertEqual(error.count("\n"), 1)

    def test_not_possible_here(self):
        plan = RIGHT + "generator: {cpus: 1023}\n"
        code, out, error = self.run_vaperf("plan", "check", "p.yaml", plan=plan)
        self.assertEqual((code, error), (3, ""))
        self.assertIn("this machine cannot do all of it:\n  generator: there is no CPU 1023 here",
                      out)

    def test_option_that_a_node_lacks(self):
        """The static node has no SRTP: said of the plan, not by a trial that fails."""
        static = os.environ["VAPERF_NODE_STATIC"]
        load = '{type: rtp, to: media, match: sequence, srtp: %s}]'
        right = RIGHT.replace('{type: "null", to: media, rate: 100}]', load % "none")
        wrong = right.replace("srtp: none", "srtp: AEAD_AES_128_GCM")
        for words in ["plan", "check", "p.yaml"], ["run", "p.yaml", "--trials", "1"]:
            code, out, error = self.run_vaperf(*words, plan=wrong, VAPERF_NODE=static)
            self.assertEqual(code, 3)
            self.assertIn("workload rtp is not possible on host gen: srtp: the static node has no"
                          " libsrtp2", out + error)
        self.assertEqual(self.run_vaperf("plan", "check", "p.yaml", plan=right,
                                         VAPERF_NODE=static)[0], 0)
        self.assertEqual(self.run_vaperf("plan", "check", "p.yaml", plan=wrong)[0], 0)

    def write(self, name, text):
        with open(os.path.join(self.folder.name, name), "w", encoding="utf-8") as f:
            f.write(text)

    def refuse(self, plan, said):
        """By check, and by run before it makes anything."""
        for words in ["plan", "check", "p.yaml"], ["run", "p.yaml", "--trials", "1"]:
            self.assertEqual(self.run_vaperf(*words, plan=plan), (2, "", "vaperf: %s\n" % said))
        self.assertEqual(sorted(os.listdir(self.folder.name)), self.files)

    def test_files_of_a_load(self):
        """They are read where the load will come from, and a fault in one has its own place."""
        plan = RIGHT.replace('type: "null", to: media, rate: 100', "type: sip, to: media, "
                             "scenario: my.xml, inject: users.csv")
        plan = plan.replace('appliance: {type: "null"}', "appliance: {type: sip-uas}")
        self.files = ["p.yaml"]
        self.refuse(plan, "p.yaml:5:16: load sip: scenario my.xml: No such file or directory")
        right = subprocess.run([os.environ["VAPERF_NODE"], "sip", "-sd", "uac"], text=True,
                               stdout=subprocess.PIPE, check=False).stdout
        self.write("my.xml", right.replace('<recv response="180"', '<recv responze="180"'))
        line = right[:right.index('<recv response="180"')].count("\n") + 1
        self.write("users.csv", "SEQUENTIAL\na;b\n")
        self.files = ["my.xml", "p.yaml", "users.csv"]
        self.refuse(plan, 'p.yaml:5:16: load sip: my.xml:%d:9: <recv> has no attribute "responze"; '
                          'the nearest is "response"' % line)
        self.write("my.xml", right)
        self.write("users.csv", "a;b\n")
        code, out, error = self.run_vaperf("plan", "check", "p.yaml", plan=plan)
        self.assertEqual((code, out), (2, ""))
        self.assertTrue(error.startswith("vaperf: p.yaml:5:16: load sip: users.csv:1:"), error)
        self.write("users.csv", "SEQUENTIAL\na;b\n")
        self.assertEqual(self.run_vaperf("plan", "check", "p.yaml", plan=plan)[0], 0)

    def test_files_of_who_answers(self):
        """Of a machine that sees the host's files, and of who is called."""
        self.files = ["p.yaml"]
        plan = RIGHT.replace('type: "null", to: media, rate: 100', "type: sip, to: media")
        self.refuse(plan.replace('{type: "null"}', "{type: sip-uas, scenario: ./answer.xml}", 1),
                    "p.yaml:3:38: appliance sip-uas: scenario ./answer.xml: "
                    "No such file or directory")
        plan = plan.replace('{type: "null"}', "{type: sip-uas}", 1)
        self.refuse(plan.replace("to: media", "to: media, called: {type: sip-uas, "
                                 "scenario: ./answer.xml}"),
                    "p.yaml:5:47: called sip-uas: scenario ./answer.xml: "
                    "No such file or directory")

    def test_options_that_do_not_go_together(self):
        self.files = ["p.yaml"]
        plan = RIGHT.replace('type: "null", to: media, rate: 100',
                             "type: sip, to: media, erlang: [5, 10], hold: 1s, pause: 2s")
        plan = plan.replace('appliance: {type: "null"}', "appliance: {type: sip-uas}")
        self.refuse(plan, "p.yaml:5:16: load sip: hold and pause say the same; one of them")

    def test_calls_that_do_not_follow_hold(self):
        """Their number at a time would not be what it is called."""
        right = subprocess.run([os.environ["VAPERF_NODE"], "sip", "-sd", "uac"], text=True,
                               stdout=subprocess.PIPE, check=False).stdout
        line = right[:right.index("<pause/>")].count("\n") + 1
        self.files = ["my.xml", "p.yaml"]
        plan = RIGHT.replace('type: "null", to: media, rate: 100',
                             "type: sip, to: media, scenario: my.xml, erlang: [2, 4], hold: 1s")
        plan = plan.replace('appliance: {type: "null"}', "appliance: {type: sip-uas}")
        plan += "warmup: 2s\n"
        wanted = ("a <pause/> without a length lasts as long as hold (or rate instead of erlang and "
                  "hold)")
        self.write("my.xml", right.replace("<pause/>", '<pause milliseconds="500"/>'))
        self.refuse(plan, "p.yaml:5:16: load sip: hold 1s: calls of scenario my.xml last as long as "
                          "its own pauses say (line %d); %s" % (line, wanted))
        self.refuse(plan.replace("erlang: [2, 4]", "rate: [2, 4]"),
                    "p.yaml:5:16: load sip: hold 1s: calls of scenario my.xml last as long as "
                    "its own pauses say (line %d); %s" % (line, wanted))
        self.write("my.xml", right.replace("<pause/>", '<pause/><pause milliseconds="500"/>'))
        self.refuse(plan, "p.yaml:5:16: load sip: erlang: calls of scenario my.xml last 1.5s by "
                          "all their pauses, not hold 1s: let one <pause/> be all of it, or say "
                          "rate instead of erlang")
        self.write("my.xml", right.replace("<pause/>", ""))
        self.refuse(plan, "p.yaml:5:16: load sip: hold 1s: scenario my.xml has no pause that it "
                          "could be; " + wanted)
        self.write("my.xml", right)
        self.assertEqual(self.run_vaperf("plan", "check", "p.yaml", plan=plan)[0], 0)

    def test_times_that_calls_do_not_fit_into(self):
        """A short warm-up is worth a word; a drain that makes every trial void is refused."""
        self.files = ["p.yaml"]
        plan = RIGHT.replace('type: "null", to: media, rate: 100',
                             "type: sip, to: media, rate: [50, 60], hold: 4s")
        plan = plan.replace('appliance: {type: "null"}', "appliance: {type: sip-uas}")
        plan += "warmup: 2s\n"
        self.refuse(plan, "p.yaml:5:16: load sip: a call lasts 4s and the drain 2s: those of the "
                          "last 2s are not over when it ends, and no trial would be valid; drain: "
                          "6s or more lets them end")
        self.assertEqual(
            self.run_vaperf("plan", "check", "p.yaml", plan=plan + "generator: {drain: 6s}\n"),
            (0, "p.yaml: study small: 1 setup, 2 cases, 5 trials of each\n"
                "worth reading before it runs:\n"
                "  p.yaml:5:16: load sip: a call lasts 4s and the warm-up 2s: what is measured "
                "begins with fewer calls at a time than later; warmup: 4s or more lets all be "
                "there\nthis machine can do all of it\n", ""))
        plan = plan.replace("warmup: 2s", "warmup: 4s") + "generator: {drain: 6s}\n"
        self.assertEqual(self.run_vaperf("plan", "check", "p.yaml", plan=plan)[1].splitlines()[1:],
                         ["this machine can do all of it"])

    def test_what_a_bench_wants(self):
        """Machines that are this host have no other memory, folders and programs."""
        plan = ("study: b\nduration: 5s\nmachines: {one: {%s: {type: %s}}}\n"
                "setups: {N: {platform: \"null\"}}\n%s")
        for kind, rest in ("bench", ""), ("neighbour", "loads: []\n"):
            for driver, code, said in (
                    ("masr, size: 9000G", 3, "it wants 9000.0 GiB of memory, and "),
                    ("files, folder: /nonex", 2,
                     "folder /nonex: No such file or directory\n"),
                    ("command, command: nosuchprog", 2, "there is no program nosuchprog here: ")):
                with self.subTest(kind=kind, driver=driver):
                    out = self.run_vaperf("plan", "check", "p.yaml",
                                          plan=plan % (kind, driver, rest))
                    self.assertEqual(out[0], code)
                    place = "p.yaml:3:%d: %s %s: " % (27 + len(kind), kind, driver.split(",")[0])
                    self.assertIn(place + said, out[1] + out[2])
            self.assertEqual(self.run_vaperf("plan", "check", "p.yaml", plan=plan % (
                kind, "masr, size: 1M", rest))[0], 0)

    def test_load_and_who_answers(self):
        """A stamp in a payload that the appliance changes would never be seen again."""
        self.files = ["p.yaml"]
        plan = RIGHT.replace('{type: "null", to: media, rate: 100}', "{type: rtp, to: media}")
        for work in "transcode", "echo-cancel", "mix":
            wrong = plan.replace('{type: "null"}', "{type: media, work: %s}" % work)
            self.refuse(wrong, "p.yaml:5:16: load rtp: match: appliance media with work: %s "
                        "changes what packets carry, so that none would be known again: wants "
                        "match: sequence" % work)
            right = wrong.replace("to: media}", "to: media, match: sequence}")
            self.assertEqual(self.run_vaperf("plan", "check", "p.yaml", plan=right)[0], 0)

    def test_ways_that_are_not_there(self):
        """No frame leaves by the loopback; a router has two links, and gets whole frames."""
        self.files = ["p.yaml"]
        native = RIGHT.replace('platform: "null"', "platform: native")
        plan = native.replace('{type: "null", to: media, rate: 100}', "{type: rtp, to: media}")
        plan = plan.replace('{type: "null"}', "{type: media}")
        sip = native.replace('{type: "null", to: media, rate: 100}', "{type: sip, to: media}")
        sip = sip.replace('{type: "null"}', "{type: sip-uas}")
        for way, name in ("ring", "a packet ring"), ("xdp", "AF_XDP"):
            for given in plan, sip:
                self.refuse(given + "generator: {transport: %s}\n" % way,
                            "p.yaml:6:24: generator: transport: %s: 127.0.0.1:0 is of the loopback "
                            "interface, by which no frame leaves: use sockets, or the address of a "
                            "real or veth interface; platform native has such with "
                            "platform_options: {network: own}" % name)
        for right in (plan + "generator: {transport: \"xdp,sockets\"}\n", plan):
            self.assertEqual(self.run_vaperf("plan", "check", "p.yaml", plan=right)[0], 0)
        self.refuse(plan.replace("type: media}", "type: media, transport: xdp, threads: 2}"),
                    "p.yaml:3:38: appliance media: transport xdp: one thread serves an interface: "
                    "threads: 1, or transport: sockets")

    def test_router_of_a_plan(self):
        self.files = ["p.yaml"]
        plan = ("study: r\nduration: 5s\nnetworks: {west: {}, east: {}}\n"
                "machines: {r: {links: [%s], appliance: {type: router}}}\n"
                "setups: {N: {platform: native%s}}\n"
                "loads: [{type: flow, to: r, frames: %s}]\n")
        own = ", platform_options: {network: own}"
        links = ("p.yaml:6:16: load flow: to: appliance router needs a machine with two links of "
                 "its own, and this one has %s: links: [west, east]; on platform native with "
                 "platform_options: {network: own}")
        self.refuse(plan % ("west", own, "yes"), links % "one")
        self.refuse(plan % ("west, east", "", "yes"), links % "none")
        self.refuse(plan % ("west, east", own, "no"),
                    "p.yaml:6:16: load flow: to: appliance router hands on whole frames, which "
                    "come back by its other link: type: flow, frames: yes")

    def test_words_of_the_generator(self):
        """What the engine that sends is told, at its place under generator:."""
        self.files = ["p.yaml"]
        for option, column, said in (
                ("transport: rings", 24, "transport: 'rings' is none (did you mean ring?): sockets, "
                 "ring or xdp, or several in the order they are to be tried (e.g. "
                 "xdp,ring,sockets)"),
                ("profile: steps", 22, "profile steps needs steps, e.g. 50,100,150"),
                ("profile: trace", 22, "profile trace needs trace, a file with a time on each "
                 "line"),
                ("profile: trace, trace: none.txt", 36,
                 "trace none.txt: No such file or directory")):
            with self.subTest(option=option):
                self.refuse(RIGHT + "generator: {%s}\n" % option,
                            "p.yaml:6:%d: generator: %s" % (column, said))

    def test_one_cpu_for_both(self):
        plan = RIGHT.replace('{media: {', '{media: {pin: "0", ') + 'generator: {cpus: "0"}\n'
        plan = plan.replace('platform: "null"', "platform: native")
        said = ("p.yaml:3:12: machine media and the generator are both pinned to CPU 0: what one "
                "takes the other lacks, and delays are of both")
        self.assertIn("worth reading before it runs:\n  %s\n" % said,
                      self.run_vaperf("plan", "check", "p.yaml", plan=plan)[1])
        for other in (plan.replace('pin: "0"', "vcpus: 1"), plan.replace('{cpus: "0"}', "{}")):
            self.assertNotIn("pinned", self.run_vaperf("plan", "check", "p.yaml", plan=other)[1])

    def test_no_plan(self):
        self.assertEqual(
            self.run_vaperf("plan", "check", "none.yaml"),
            (2, "", "vaperf: none.yaml: cannot read the plan: No such file or directory\n"))

    def test_no_node(self):
        code, out, error = self.run_vaperf("plan", "check", "p.yaml", plan=RIGHT,
                                           VAPERF_NODE="./none")
        self.assertEqual((code, out), (3, ""))
        self.assertEqual(error, "vaperf: there is no node program ./none: install it beside "
                                "vaperf, or give --node PATH\n")

    def test_usage(self):
        for words, said in (
                (("plan",), "plan needs a verb: vaperf plan check PLAN, or plan show PLAN"),
                (("plan", "check"), "plan check needs one plan: vaperf plan check mixed.yaml"),
                (("plan", "check", "a", "b"),
                 "plan check needs one plan: vaperf plan check mixed.yaml"),
                (("plan", "check", "a", "--nod", "b"),
                 "unknown option --nod (did you mean --node?)"),
                (("plna",), "there is no command 'plna' (did you mean plan?)"),
                (("--verson",), "unknown option '--verson' (vaperf --help lists them)")):
            self.assertEqual(self.run_vaperf(*words), (2, "", "vaperf: %s\n" % said))

    def test_help(self):
        code, out, error = self.run_vaperf("plan", "--help")
        self.assertEqual((code, error), (0, ""))
        self.assertTrue(out.startswith("usage: vaperf plan check|show PLAN [options]\n"))
        code, out, error = self.run_vaperf("--help")
        self.assertEqual((code, error), (0, ""))
        self.assertIn("\n  plan ", out)
        code, out, error = self.run_vaperf()
        self.assertEqual((code, out), (2, ""))
        self.assertTrue(error.startswith("usage: vaperf COMMAND"))

    def test_full_disk(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([VAPERF, "--help"], stdout=full, stderr=subprocess.PIPE,
                                  text=True, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("cannot write the result: No space left on device", done.stderr)


if __name__ == "__main__":
    beside.main(first=["test_manual", "test_studies"])
