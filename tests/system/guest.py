# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests with guests share: an image in the build folder, a guest of plain QEMU, its agent."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

VAPERF = os.environ["VAPERF"]
NODE = os.environ["VAPERF_NODE"]
STATIC = os.environ["VAPERF_NODE_STATIC"]
CACHE = os.path.join(os.environ["VAPERF_BUILD"], "guest-cache")
QEMU = "qemu-system-x86_64"
COMMAND_LINE = "console=ttyS0 quiet panic=-1"


def skip_all(reason):
    print(reason)
    sys.exit(77)


def build_image(*words):
    """{id, kernel, initrd, ...}. A kernel is fetched once for a build folder."""
    done = subprocess.run([VAPERF, "image", "build", "--json", "--cache", CACHE, *words],
                          capture_output=True, text=True, timeout=300)
    if done.returncode == 3 and "cannot get Debian packages" in done.stderr:
        skip_all("no image can be made here: " + done.stderr.strip().split("\n")[-1])
    if done.returncode != 0:
        raise AssertionError("vaperf image build: %s" % done.stderr)
    return json.loads(done.stdout)


def remove_old_images(keep):
    """Every build of the node makes an image of its own."""
    listed = subprocess.run([VAPERF, "image", "list", "--json", "--cache", CACHE],
                            capture_output=True, text=True, check=True)
    for image in json.loads(listed.stdout):
        if image["id"] not in keep:
            subprocess.run([VAPERF, "image", "remove", image["id"], "--cache", CACHE], check=True)


class Guest:
    """A virtual machine; its console is a file."""

    def __init__(self, folder, image, accel, words="", devices=(), memory=192):
        self.socket = os.path.join(folder, "agent.sock")
        self.console_path = os.path.join(folder, "console")
        self.qemu = subprocess.Popen(
            [QEMU, "-machine", "q35", "-accel", accel, "-nodefaults", "-nographic", "-no-reboot",
             "-m", str(memory), "-kernel", image["kernel"], "-initrd", image["initrd"],
             "-append", COMMAND_LINE + " " + words, "-serial", "file:" + self.console_path,
             "-device", "virtio-serial-pci",
             "-chardev", "socket,id=agent,path=%s,server=on,wait=off" % self.socket,
             "-device", "virtserialport,chardev=agent,name=vaperf.agent", *devices],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def console(self):
        with open(self.console_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def waited_s(self):
        """How long its busiest thread, a virtual CPU while it boots, waited for a CPU here."""
        threads = []
        folder = "/proc/%d/task" % self.qemu.pid
        for thread in os.listdir(folder):
            with open(os.path.join(folder, thread, "schedstat"), encoding="ascii") as f:
                threads.append([int(n) / 1e9 for n in f.read().split()[:2]])
        return max(threads)[1]

    def stop(self):
        if self.qemu.poll() is None:
            self.qemu.kill()
        self.qemu.wait()
        self.qemu.stderr.close()


class Agent:
    """A bridge, and the conversation over it."""

    def __init__(self, path, wait="60s"):
        self.bridge = subprocess.Popen([NODE, "bridge", path, "--wait", wait], text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
        self.number = 0
        self.notices = []

    def send(self, text):
        self.bridge.stdin.write(text)
        self.bridge.stdin.flush()

    def call(self, method, **params):
        self.number += 1
        self.send(json.dumps({"jsonrpc": "2.0", "id": self.number, "method": method,
                              "params": params}) + "\n")
        for line in self.bridge.stdout:
            said = json.loads(line)
            if said.get("id") == self.number:
                if "error" in said:
                    raise AssertionError(said["error"]["message"])
                return said["result"]
            self.notices.append(said)
        raise AssertionError("no answer to %s: %s" % (method, self.bridge.stderr.read()))

    def finish(self):
        """Nothing more to say: (exit code, what it said on stderr)."""
        said = self.bridge.communicate(timeout=90)[1]
        return self.bridge.returncode, said

    def break_off(self):
        if self.bridge.poll() is None:
            self.bridge.kill()
        self.bridge.wait()
        for pipe in [self.bridge.stdin, self.bridge.stdout, self.bridge.stderr]:
            try:
                pipe.close()
            except BrokenPipeError:  # words for a bridge that has gone
                pass


def kvm_runs_guests():
    """As platform qemu has it: a /dev/kvm that can be opened may run no guest, or crawl."""
    told = json.loads(subprocess.run([VAPERF, "doctor", "--json"], capture_output=True, text=True,
                                     check=False, timeout=120).stdout)
    return any(c["name"] == "KVM" and c["state"] == "good" for c in told["checks"])


def choose_accel():
    accel = os.environ.get("VAPERF_TEST_ACCEL") or ("kvm" if kvm_runs_guests() else "tcg")
    print("guests run with accel: %s" % accel, flush=True)
    return accel
