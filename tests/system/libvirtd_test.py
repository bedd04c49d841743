#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests by a libvirt daemon (qemu:///system), and what goes wrong with it: each ends in one clear
sentence, and leaves nothing in it nor on this host."""

import guest_study
import libvirtd
from guest import skip_all
from guest_study import HEAD, MEDIA, GuestStudyTest, without_notes
from study import VAPERF, os, signal, subprocess, time, unittest, wait_running

DAEMON = 'uri: "%s"' % libvirtd.URI
NMI = "arguments: unknown_nmi_panic"  # so that a test can have a kernel panic when it likes

# The seed has the case without a guest first.
TWO = HEAD.replace("warmup: 1s", "warmup: 200ms") + """machines:
  media: {{vcpus: 1, memory: {memory}, appliance: {{type: "null"}}}}
setups:
  N: {{platform: "null"}}
  Q: {{platform: qemu, platform_options: {{{options}}}}}
loads:
  - {{type: "null", to: media, rate: 20}}
"""

FOREIGN = """<domain type='qemu'><name>%s</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64'>hvm</type></os><devices><controller type='usb' model='none'/>
<memballoon model='none'/></devices></domain>"""


def setUpModule():
    global daemon
    why_not = libvirtd.why_not() or guest_study.why_not()
    if why_not:
        skip_all(why_not)
    daemon = libvirtd.Libvirtd()
    unittest.enterModuleContext(daemon)


class DaemonTest(GuestStudyTest):
    def words(self, args):
        return daemon.words([VAPERF, *args], self.dir)

    def assert_gone(self):
        super().assert_gone()
        self.assertEqual(daemon.virsh("list", "--all", "--name").split(), [])


class Trouble(DaemonTest):
    """Two studies, and one trouble after the other: a boot takes its time, so they share it."""

    def test_all(self):
        self.plan = self.write(TWO, 1, "3s", [DAEMON, NMI])  # so long there is to make it panic
        one = self.start("run", self.plan, "-o", self.file)
        other_file = os.path.join(self.dir, "other.vaperf")
        other = self.start("run", self.plan, "-o", other_file, "--setup", "Q", "--duration", "1m")
        self.panics(one)
        self.daemon_killed(other, other_file)
        self.killed()
        self.killed_with_daemon()
        self.ends_well()

    def guest_of(self, run):
        """The name of its guest, and nobody else's: each carries its run's mark."""
        for mark in self.alive():
            with open(os.path.join(self.marks, mark, "owner"), encoding="ascii") as f:
                if int(f.read().split()[0]) == run.child.pid:
                    return "vaperf-%s-media" % mark
        raise AssertionError("no record of process %d" % run.child.pid)

    def panics(self, run):
        wait_running(self, "SELECT count(*) FROM event WHERE trial = 2")
        daemon.virsh("inject-nmi", self.guest_of(run))
        self.assertEqual(run.finish()[0], 3, run.said)
        self.assertEqual([t[3] for t in self.trials()], ["done", "failed"])
        self.assertIn("node of machine media was lost during the trial", self.reasons()[1])
        self.assertIn("Kernel panic - not syncing", self.reasons()[1])

    def daemon_killed(self, run, file):
        wait_running(self, "SELECT count(*) FROM event WHERE trial = 1", file)
        daemon.kill()
        self.assertEqual(run.finish()[0], 3, run.said)
        self.assertIn("Q/20 trial 1: failed: libvirt qemu:///system has gone", run.said)
        self.assertEqual(self.left(), [])
        daemon.start()
        self.assert_gone()

    def kill_when_it_boots(self):
        run = self.start("run", self.plan, "--resume", self.file)
        while not daemon.virsh("list", "--name").strip():
            self.assertIsNone(run.child.poll())
        guest = self.guest_of(run)
        run.child.send_signal(signal.SIGKILL)
        run.finish()
        return guest

    def killed(self):
        """By kill -9: the guest is there until somebody cleans up."""
        guest = self.kill_when_it_boots()
        out, _ = self.vaperf("clean", "--dry-run")
        self.assertIn(self.alive()[0], out)
        self.assertEqual(daemon.virsh("list", "--name").split(), [guest])
        self.vaperf("clean")
        self.assert_gone()

    def killed_with_daemon(self):
        self.kill_when_it_boots()
        daemon.kill()
        out, _ = self.vaperf("clean")
        self.assertIn("processes ", out)
        self.assertEqual(self.left(), [])
        daemon.start()
        self.assert_gone()

    def ends_well(self):
        """Only what is not done is measured again."""
        self.vaperf("run", self.plan, "--resume", self.file)
        self.assertEqual([(t[0], t[3]) for t in self.trials()],
                         [("N/20", "done"), ("Q/20", "failed"), ("Q/20", "interrupted"),
                          ("Q/20", "interrupted"), ("Q/20", "done")])
        self.assert_gone()


class Names(DaemonTest):
    def hold_before_its_guest(self):
        """A run that has its mark, stopped. One that has its guest already is begun anew."""
        while True:
            run = self.start("run", self.write(MEDIA, 1, "1s", [DAEMON]), "-o", self.file)
            while not self.alive():
                time.sleep(0.001)
            run.child.send_signal(signal.SIGSTOP)
            if not daemon.virsh("list", "--all", "--name").split():
                return run
            run.child.send_signal(signal.SIGINT)
            run.child.send_signal(signal.SIGCONT)
            run.finish()
            os.unlink(self.file)

    def test_taken_by_somebody_else(self):
        """Its mark is in every name, so the run is held until another guest has it."""
        run = self.hold_before_its_guest()
        name = "vaperf-%s-media" % self.alive()[0]
        path = os.path.join(self.dir, "foreign.xml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(FOREIGN % name)
        daemon.virsh("create", "--paused", path)
        before = daemon.virsh("domuuid", name)
        run.child.send_signal(signal.SIGCONT)
        self.assertEqual(run.finish()[0], 3, run.said)
        self.assertIn("has a guest %s already, which is let be" % name, self.reasons()[0])
        self.assertEqual(daemon.virsh("domuuid", name), before)
        self.assertEqual(daemon.virsh("domstate", name).strip(), "paused")
        out, _ = self.vaperf("clean")
        self.assertEqual(out, "nothing is left of killed runs\n")
        self.assertEqual(daemon.virsh("list", "--name").split(), [name])
        daemon.virsh("destroy", name)
        self.assert_gone()


class Refused(DaemonTest):
    """Before anything is made, in one line, and by plan check too."""

    def refused(self, options, words, **more):
        plan = self.write(MEDIA, options=options, **more)
        for args in ("run", plan, "-o", self.file), ("plan", "check", plan):
            out, said = self.vaperf(*args, code=3)
            self.assertIn(words, out + said)
            self.assertEqual(len(without_notes(said)), 1 if args[0] == "run" else 0, said)
        self.assertFalse(os.path.exists(self.file))

    def test_image_missing(self):
        self.refused([DAEMON, "kernel: /none/vmlinuz"], "/none/vmlinuz: this file cannot be read")
        self.refused([DAEMON, "kernel: " + VAPERF, "initrd: /none/initrd"],
                     "initrd: platform qemu cannot do it: /none/initrd: this file cannot be read")
        self.refused([DAEMON, "kernel: " + self.dir], self.dir + ": this file cannot be read")
        self.refused([DAEMON, "kernel: " + VAPERF, "disk: /none/disk"],
                     "/none/disk: this file cannot be read")
        self.assert_gone()

    def test_memory(self):
        self.refused([DAEMON], "a guest has at least 64M", memory="8M")
        self.refused([DAEMON], "its machines want 1T of memory, and host sut has", memory="1T")
        self.assert_gone()

    def test_uri(self):
        self.refused(['uri: "nonsense:///system"'],
                     "no connection driver available for nonsense:///system")
        self.refused(['uri: "qemu+tcp://127.0.0.1:1/system"'], "Connection refused")
        daemon.kill()
        self.refused([DAEMON], "libvirt qemu:///system: Failed to connect socket")
        daemon.start()
        self.assert_gone()

    def test_no_permission(self):
        plan = self.write(MEDIA, options=[DAEMON])
        os.chmod(self.dir, 0o755)
        words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        if daemon.run(words + [VAPERF, "--version"]).returncode != 0:
            self.skipTest("another user cannot run the programs of this build folder")
        for args in ["run", plan, "-o", self.file], ["plan", "check", plan]:
            done = daemon.run(words + [VAPERF, *args], self.dir, env=dict(
                os.environ, VAPERF_RUN_DIR="/tmp/vaperf-nobody-%d" % os.getpid()))
            self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
            self.assertIn("platform qemu needs root on host sut", done.stdout + done.stderr)
        subprocess.run(["rmdir", "/tmp/vaperf-nobody-%d" % os.getpid()], check=True)

    def test_libvirt_refuses(self):
        """A user who may not use its socket, and root where libvirt wants a proof of who it is."""
        words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        if daemon.run(words + [VAPERF, "--version"]).returncode != 0:
            self.skipTest("another user cannot run the programs of this build folder")
        done = daemon.run(words + [VAPERF, "top", "--csv", "--count", "1"], self.dir)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertRegex(done.stderr, "^vaperf: libvirt qemu:///system lets this user not in: "
                                      ".*Permission denied \\(run as root, .*\\)\n$")
        config = ["sed", "-i", "s/^auth_unix_rw.*/auth_unix_rw = \"%s\"/",
                  "/etc/libvirt/libvirtd.conf"]
        daemon.run([w.replace("%s", "sasl") for w in config])
        daemon.kill()
        daemon.start(read_only=True)
        self.refused([DAEMON],
                     "libvirt qemu:///system lets this user not in: authentication failed")
        daemon.run([w.replace("%s", "none") for w in config])
        daemon.restart()
        self.assert_gone()

    def test_not_what_it_should_be(self):
        """Files that are there, but of no use: QEMU's own words say so."""
        for options, words in (["disk: " + __file__], "Image is not in qcow2 format"), \
                (["kernel: " + __file__], "invalid kernel header"):
            plan = self.write(MEDIA.replace("{options}", ", ".join([DAEMON, *options])))
            _, said = self.vaperf("run", plan, "-o", self.file, code=3)
            self.assertIn("Q/20 trial 1: failed: machine media: ", said)
            self.assertIn(words, said)
            self.assertEqual(len(without_notes(said)), 1, said)
            self.assert_gone()
            os.unlink(self.file)


if __name__ == "__main__":
    unittest.main(verbosity=2)
