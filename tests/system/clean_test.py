#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""vaperf clean and things with names of ours of which nothing is recorded: told of, removed when
that is asked for, and never a living run's. In a network and a mount namespace of the test's own, with
/run, /sys and /var/tmp of its own, so that nothing of this machine's is seen."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

VAPERF = os.environ["VAPERF"]
MOUNTS = """mount --make-rprivate / && mount -t sysfs sysfs /sys &&
mount -t tmpfs tmpfs /sys/fs/cgroup && mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/tmp"""


def run(*words, check=True, **more):
    return subprocess.run(words, check=check, text=True, capture_output=True, timeout=60, **more)


class Unrecorded(unittest.TestCase):
    def clean(self, *words, code=0):
        done = run(VAPERF, "clean", *words, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout.splitlines(), done.stderr.splitlines()

    def make(self, mark):
        """What a run killed at the worst moment leaves, should its record be lost."""
        run("ip", "link", "add", "vp%sb0" % mark, "type", "bridge")
        run("ip", "netns", "add", "vaperf-%s-router" % mark)
        run("ip", "link", "add", "vp%sv0" % mark, "type", "veth", "peer", "name", "eth0", "netns",
            "vaperf-%s-router" % mark)
        os.mkdir("/sys/fs/cgroup/vaperf-%s-router" % mark)
        self.addCleanup(self.clean, "--unrecorded")
        return ["cgroup vaperf-%s-router" % mark, "network namespace vaperf-%s-router" % mark,
                "interface vp%sb0" % mark, "interface vp%sv0" % mark]

    def things(self):
        return sorted(os.listdir("/sys/class/net") + os.listdir("/sys/fs/cgroup") +
                      (os.listdir("/run/netns") if os.path.exists("/run/netns") else []))

    def test_told_of_then_removed(self):
        for name in "vpabc", "vpABCDEFb0", "vpabcdefx0", "other-abcdef":
            run("ip", "link", "add", name, "type", "bridge")
            self.addCleanup(run, "ip", "link", "delete", name)
        os.mkdir("/sys/fs/cgroup/vaperf-abc")
        self.addCleanup(os.rmdir, "/sys/fs/cgroup/vaperf-abc")
        before = self.things()
        names = self.make("abcdef")
        between = self.things()
        out, said = self.clean()
        self.assertEqual(out, ["nothing is left of killed runs"])
        self.assertEqual(said, ["vaperf: %s is in no record and no living run's" % n for n in names]
                         + ["vaperf: vaperf clean --unrecorded removes that"])
        out, said = self.clean("--unrecorded", "--dry-run")
        self.assertEqual((out, said), (["would remove " + n for n in names], []))
        self.assertEqual(self.things(), between)
        out, said = self.clean("--unrecorded")
        # With the namespace went the veth's other end, so the veth may be gone already.
        self.assertEqual((out[:3], said), (["removed " + n for n in names[:3]], []))
        self.assertEqual(self.things(), before)
        self.assertEqual(self.clean("--unrecorded"), (["nothing is left of killed runs"], []))

    def test_never_a_living_run_s(self):
        self.make("qwerty")
        before = self.things()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as alive:
            alive.bind("\0vaperf-qwerty")
            self.assertEqual(self.clean(), (["nothing is left of killed runs"], []))
            self.clean("--unrecorded")
            self.assertEqual(self.things(), before)
        with subprocess.Popen(["unshare", "--net", sys.executable, "-c", "import socket, sys\n"
                               "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                               "s.bind('\\0vaperf-qwerty'); print(flush=True); sys.stdin.read()"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as elsewhere:
            elsewhere.stdout.readline()
            self.clean("--unrecorded")
            self.assertEqual(self.things(), before)
            elsewhere.stdin.close()
        os.mkdir("/var/tmp/vaperf-qwerty")  # another host's run has its folder here
        self.clean("--unrecorded")
        os.rmdir("/var/tmp/vaperf-qwerty")
        self.assertEqual(self.things(), before)
        self.assertEqual(len(self.clean()[1]), 5)

    def test_a_run_that_was_killed_and_its_record_lost(self):
        """A real one: it is stopped once its bridge is there; alive it is let be."""
        plan = os.path.join(os.environ["VAPERF_RUN_DIR"], "plan.yaml")
        with open(plan, "w", encoding="utf-8") as f:
            f.write("study: strays\ntrials: 1\nduration: 60s\nwarmup: 0\nnetworks: {west: {}}\n"
                    "machines: {media: {links: [west], appliance: {type: media}}}\n"
                    "setups: {N: {platform: native, platform_options: {network: own}}}\n"
                    "loads: [{type: rtp, to: media, streams: 1}]\nlimits: {loss: 50%}\n")
        child = subprocess.Popen([VAPERF, "run", plan, "-o", plan + ".vaperf", "--quiet"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        while not any(n.startswith("vp") and n[8] == "b" for n in self.things()):
            self.assertIsNone(child.poll())
        marks = [n for n in os.listdir(os.environ["VAPERF_RUN_DIR"]) if len(n) == 6]
        self.assertEqual(len(marks), 1)
        record = os.path.join(os.environ["VAPERF_RUN_DIR"], marks[0])
        os.rename(record, record + ".lost")
        child.send_signal(signal.SIGSTOP)
        before = self.things()
        self.clean("--unrecorded")
        self.assertEqual(self.things(), before)
        child.kill()
        child.wait()
        out = self.clean("--unrecorded")[0]
        self.assertIn("removed interface vp%sb0" % marks[0], out)
        self.assertFalse([n for n in self.things() if marks[0] in n])

    def test_only_of_this_host(self):
        said = self.clean("--unrecorded", "--host", "ssh://there", code=2)[1]
        self.assertEqual(said, ["vaperf: --unrecorded: only of this host; run it on ssh://there "
                                "itself"])


def main():
    if os.geteuid() != 0:
        print("needs root for namespaces")
        sys.exit(77)
    if "--inside" not in sys.argv:
        words = ["unshare", "--net", "--mount"]
        if run(*words, "sh", "-c", MOUNTS, check=False).returncode != 0:
            print("cannot make a mount namespace with a /sys of its own")
            sys.exit(77)
        os.execvp(words[0], words + ["sh", "-c", MOUNTS + ' && exec "$@"', "sh", sys.executable,
                                     os.path.abspath(__file__), "--inside"])
    sys.argv.remove("--inside")
    run("ip", "link", "set", "lo", "up")
    with tempfile.TemporaryDirectory(prefix="vaperf-clean-") as folder:
        os.environ["VAPERF_RUN_DIR"] = folder
        result = unittest.main(verbosity=2, exit=False).result
    sys.exit(not result.wasSuccessful())


if __name__ == "__main__":
    main()
