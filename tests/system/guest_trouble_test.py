#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests in trouble, without a daemon: kernels that panic, guests that never answer, a study that is
killed. Each ends in one clear sentence, with the guest's last words, and leaves nothing."""

import struct
import time

import guest_study
from guest import skip_all
from guest_study import MEDIA, GuestStudyTest, without_notes
from study import os, signal, unittest, wait_running

# A process 1 that says a word and then waits for ever: x86-64's write(1, ...), and pause().
WORD = b"nobody is at home\n"
CODE = b"\xb8\x01\0\0\0\xbf\x01\0\0\0\x48\x8d\x35\x10\0\0\0\xba" + bytes([len(WORD)]) + \
    b"\0\0\0\x0f\x05\xb8\x22\0\0\0\x0f\x05\xeb\xf7" + WORD
ELF_START = 0x400000
ELF = struct.pack("<4s12xHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1, ELF_START + 120, 64, 0, 0, 64,
                  56, 1, 0, 0, 0) + \
    struct.pack("<IIQQQQQQ", 1, 5, 0, ELF_START, ELF_START, 120 + len(CODE), 120 + len(CODE),
                4096) + CODE


def archive(init):
    """An initial file system, of a kernel, with this one program."""
    def entry(name, mode, data=b""):
        fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        head = b"070701" + b"".join(b"%08x" % f for f in fields) + name + b"\0"
        return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)
    return entry(b"init", 0o100755, init) + entry(b"TRAILER!!!", 0)


# A boot sector that writes a word to the first serial port, and halts: real mode, from 0x7c00.
DISC_WORD = b"the disc was booted\n\0"
# xor ax,ax; mov ds,ax; mov si,0x7c15; mov dx,0x3f8; a: lodsb; test al,al; jz b; out dx,al; jmp a;
# b: hlt; jmp b
DISC_CODE = b"\x31\xc0\x8e\xd8\xbe\x15\x7c\xba\xf8\x03\xac\x84\xc0\x74\x03\xee\xeb\xf8" \
    b"\xf4\xeb\xfd" + DISC_WORD


def disc():
    """An ISO 9660 image that a BIOS boots (El Torito 1.0, no emulation): 21 sectors of 2048."""
    volume = b"\x01CD001\x01".ljust(2048, b"\0")
    record = (b"\0CD001\x01" + b"EL TORITO SPECIFICATION").ljust(71, b"\0") + \
        struct.pack("<I", 19)
    head = bytearray(b"\x01" + bytes(29) + b"\x55\xaa")
    struct.pack_into("<H", head, 28, -sum(struct.unpack("<16H", head)) & 0xffff)
    entry = struct.pack("<BBHBBHI", 0x88, 0, 0, 0, 0, 4, 20)
    return bytes(16 * 2048) + volume + record.ljust(2048, b"\0") + \
        b"\xffCD001\x01".ljust(2048, b"\0") + (bytes(head) + entry).ljust(2048, b"\0") + \
        DISC_CODE.ljust(2048, b"\0")


def lasting(left):
    return [l for l in left if not l.startswith("process ") or "qemu" in l]


def setUpModule():
    why_not = guest_study.why_not()
    if why_not:
        skip_all(why_not)


class NeverReady(GuestStudyTest):
    def begin(self, name, initrd, *options):
        options = [*self.own_kernel(name + ".cpio", initrd), *options]
        plan = self.write(MEDIA, options=options, name=name + ".yaml")
        return self.start("run", plan, "-o", os.path.join(self.dir, name + ".vaperf"))

    def assert_failed(self, run, *words):
        self.assertEqual(run.finish()[0], 3, run.said)
        self.assertIn("Q/20 trial 1: failed: machine media: start: ", run.said)
        for word in words:
            self.assertIn(word, run.said)
        self.assertEqual(len(without_notes(run.said)), 1, run.said)

    def begin_disc(self):
        """A system of the user's own on a CD; this one has no node."""
        path = os.path.join(self.dir, "system.iso")
        with open(path, "wb") as f:
            f.write(disc())
        plan = self.write(MEDIA, options=["disk: " + path, "disk_format: iso", "ready: 10s"],
                          name="disc.yaml")
        return self.start("run", plan, "-o", os.path.join(self.dir, "disc.vaperf"))

    def test_disc_panic_and_silence(self):
        """The disc's guest is waited for while that of another kernel panics, which is told to stay
        there, and is seen all the same, long before its time is over. The silent one has some times
        as long as that took, to say a word."""
        disc_run, begun = self.begin_disc(), time.monotonic()
        panics = self.begin("panics", b"\x5a" * 5000, "arguments: panic=0", "ready: 10m")
        self.assert_failed(panics, "the guest's kernel panicked", "invalid magic at start",
                           "Kernel panic - not syncing: VFS: Unable to mount root fs")
        ready = "ready: %ds" % (5 + 2 * (time.monotonic() - begun))
        silent = self.begin("silent", archive(ELF), ready)
        self.assert_failed(disc_run, "no word of the guest's node within 10s",
                           "the disc was booted")
        self.assert_failed(silent, "no word of the guest's node within ", WORD.decode().strip())
        self.assert_gone()


class Killed(GuestStudyTest):
    def test_clean_and_resume(self):
        plan = self.write(MEDIA, 1, "4s", ["scratch: 16M"])
        run = self.start("run", plan, "-o", self.file, "--quiet")
        wait_running(self)
        run.child.send_signal(signal.SIGKILL)
        run.finish()
        left = self.left()
        for kind in "record ", "process ", "/sys/class/net/vp", "/sys/fs/cgroup/", "/var/tmp/":
            self.assertTrue([l for l in left if l.startswith(kind)], left)
        out, _ = self.vaperf("clean", "--dry-run")
        self.assertIn(self.alive()[0], out)
        # The guest is there still. What talked to the run may be ending by itself.
        self.assertEqual(lasting(self.left()), lasting(left))
        self.assertTrue(any("qemu" in l for l in lasting(left)), left)
        self.vaperf("clean")
        self.assert_gone()
        self.assertEqual(self.vaperf("clean")[0], "nothing is left of killed runs\n")
        self.vaperf("run", plan, "--resume", self.file)
        self.assertEqual([t[3] for t in self.trials()], ["interrupted", "done"])
        self.assert_gone()


if __name__ == "__main__":
    unittest.main(verbosity=2)
