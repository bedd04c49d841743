# SPDX-License-Identifier: GPL-3.0-or-later
"""What the system tests of studies on guests share: why there can be none here, plans, and that
nothing of a guest is left."""

import glob
import json
import subprocess
import threading
import time

from study import PATIENCE_S, StudyTest, VAPERF, os

OPTIONS = []  # another guest than vaperf's own
for name in "kernel", "initrd":
    if os.environ.get("QEMU_" + name.upper()):
        OPTIONS.append("%s: %s" % (name, os.environ["QEMU_" + name.upper()]))

HEAD = """study: guests
seed: real guests
trials: {trials}
duration: {duration}
interval: 500ms
warmup: 1s
hosts: {{sut: local, gen: local}}
networks: {{traffic: {{}}}}
generator: {{cpus: "1", void_lateness: 10s, void_steal: 100%, void_wait: 100%, void_achieved: 1%,
            void_clock_step: 1h, void_pause: 1m, drain: 20s}}
"""

MEDIA = HEAD + """machines:
  media: {{vcpus: 1, memory: {memory}, pin: "0", appliance: {{type: media}}}}
setups:
  Q: {{platform: qemu, platform_options: {{{options}}}}}
loads:
  - {{type: rtp, to: media, streams: 20}}
"""


def why_not():
    """Why this host cannot run guests, or None."""
    path = "/tmp/vaperf-qemu-%d.yaml" % os.getpid()
    try:
        with open(path, "w", encoding="utf-8") as f:
            f.write(MEDIA.format(trials=1, duration="1s", memory="128M",
                                 options=", ".join(OPTIONS)))
        got = subprocess.run([VAPERF, "plan", "check", path], text=True, check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    finally:
        os.unlink(path)
    if got.returncode == 3 and "platform qemu" in got.stdout:
        return got.stdout.strip().split("\n")[-1]
    return None


def processes_with(word):
    """[(process id, name)] of those with it in their command line or environment."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            text = b""
            for file in "cmdline", "environ":
                with open("/proc/%s/%s" % (name, file), "rb") as f:
                    text += f.read()
        except OSError:
            continue
        if word.encode() in text:
            yield name, text.split(b"\0")[0].decode(errors="replace")


def without_notes(said):
    """The lines but those that only advise."""
    return [line for line in said.splitlines() if not line.startswith("note: ")]


class GuestStudyTest(StudyTest):
    def setUp(self):
        super().setUp()
        self.file = os.path.join(self.dir, "guests.vaperf")
        self.seen = set()  # marks of its runs

    def write(self, text, trials=1, duration="2s", options=(), memory="128M",
              name="plan.yaml", **more):
        """Options of the test's own stand alone when they name a kernel. A guest that is to answer has
        most of the time that a run has."""
        given = [*options] if "kernel: " in str(options) else [*OPTIONS, *options]
        given += [] if "ready: " in str(options) else ["ready: %ds" % (PATIENCE_S * 3 // 4)]
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.format(trials=trials, duration=duration, memory=memory,
                                options=", ".join(given), **more))
        return path

    def start(self, *args):
        run = super().start(*args)
        threading.Thread(target=self.note_marks, args=[run.child], daemon=True).start()
        return run

    def note_marks(self, child):
        """The record of a run goes with it, and its mark is how to find what it left."""
        while child.returncode is None:
            self.seen.update(self.alive())
            time.sleep(0.005)

    def own_kernel(self, name, initrd):
        """Options: the kernel of vaperf's guest, with another initial file system."""
        made = subprocess.run([VAPERF, "image", "build", "--json"], check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        path = os.path.join(self.dir, name)
        with open(path, "wb") as f:
            f.write(initrd)
        return ["kernel: " + json.loads(made.stdout)["kernel"], "initrd: " + path]

    def alive(self):
        return [m for m in os.listdir(self.marks) if m[0] != "."] \
            if os.path.isdir(self.marks) else []

    def left(self):
        """What of this test's runs is still there: processes, control groups, interfaces, disks."""
        found = ["record " + mark for mark in self.alive()]
        for mark in self.seen:
            found += glob.glob("/sys/class/net/vp" + mark + "*")
            found += glob.glob("/var/tmp/vaperf-%s-*" % mark)
            found += ["process %s %s" % told for told in processes_with(mark)]
            found += subprocess.run(["find", "/sys/fs/cgroup", "-type", "d", "-name",
                                     "*%s*" % mark], capture_output=True, text=True,
                                    check=False).stdout.split()
        return found

    def assert_gone(self):
        self.assertTrue(self.seen)
        self.assertEqual(self.left(), [])
