# SPDX-License-Identifier: GPL-3.0-or-later
"""A second host on this machine: a network namespace with a real sshd in it, its own /run, and two
cables to here: one with addresses that nothing here uses (.1 here, .2 there), one bare for networks under test.
Keys, configuration and known hosts are the test's own; nothing of ~/.ssh or /etc/ssh is read."""

import os
import shutil
import socket
import subprocess
import time

SSHD = "/usr/sbin/sshd"
PORT = 2222
# Those of documentation, and one of RFC 1918: the first that no address and no route here has.
PREFIXES = ("203.0.113.", "198.51.100.", "192.0.2.", "10.213.7.")

SSHD_CONFIG = """ListenAddress {there}:{port}
HostKey {dir}/host_key
AuthorizedKeysFile {dir}/authorized
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
LogLevel ERROR
MaxSessions 3
"""
SSH_CONFIG = """Host *
  IdentityFile {dir}/key
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile {dir}/known
  GlobalKnownHostsFile none
  StrictHostKeyChecking yes
"""
# Its own interfaces in /sys, its own /run and /var/tmp, and a root account without a password instead of a
# locked one. In some chroots / is no mount point: then nothing may be shared already.
START = """hostname far
mount --make-rprivate / 2>/dev/null || ! grep -q ' shared:' /proc/self/mountinfo
mkdir {dir}/cgroup; mount --rbind /sys/fs/cgroup {dir}/cgroup; mount -t sysfs sysfs /sys
mount --move {dir}/cgroup /sys/fs/cgroup
mount -t tmpfs vaperf-test /run; mkdir /run/sshd /run/netns
mount -t tmpfs -o mode=1777 vaperf-test /var/tmp
[ ! -e /etc/shadow ] || mount --bind {dir}/shadow /etc/shadow
exec {sshd} -D -e -f {dir}/sshd_config"""


def missing():
    """Why there can be no second host here, or None."""
    if os.geteuid() != 0:
        return "a second host needs root"
    for program in ("ip", "ssh", "ssh-keygen", "nsenter", "unshare", SSHD):
        if shutil.which(program) is None:
            return "%s is not installed" % program
    return None


def sh(*words):
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL, capture_output=True)


def free_prefix():
    out = subprocess.run("ip -4 -o addr; ip -4 route show table all", shell=True, text=True,
                         capture_output=True, check=True).stdout
    return next(p for p in PREFIXES if p not in out)


class SecondHost:
    def __init__(self, folder):
        self.dir = folder
        self.name = "vpssh%d" % os.getpid()
        self.cable = "vt%x" % os.getpid()  # interfaces here; "eth1" and "eth2" there
        self.sshd = None
        prefix = free_prefix()
        self.here, self.there = prefix + "1", prefix + "2"
        self.uri = "ssh://root@%s:%d" % (self.there, PORT)

    def open(self):
        self.write_files()
        sh("ip", "netns", "add", self.name)
        for end, far in (("a", "eth1"), ("b", "eth2")):
            sh("ip", "link", "add", self.cable + end, "type", "veth", "peer", "name", far, "netns",
               self.name)
            sh("ip", "link", "set", self.cable + end, "up")
            sh("ip", "-n", self.name, "link", "set", far, "up")
        sh("ip", "-n", self.name, "link", "set", "lo", "up")
        sh("ip", "address", "add", self.here + "/30", "dev", self.cable + "a")
        sh("ip", "-n", self.name, "address", "add", self.there + "/30", "dev", "eth1")
        self.start_sshd()

    def write_files(self):
        for name in ("host_key", "key", "other_key"):
            sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", os.path.join(self.dir, name))
        shutil.copy(os.path.join(self.dir, "key.pub"), os.path.join(self.dir, "authorized"))
        with open(os.path.join(self.dir, "host_key.pub"), encoding="ascii") as f:
            self.write("known", "[%s]:%d %s" % (self.there, PORT, f.read()))
        values = dict(dir=self.dir, there=self.there, port=PORT, sshd=SSHD)
        self.write("sshd_config", SSHD_CONFIG.format(**values))
        self.write("ssh_config", SSH_CONFIG.format(**values))
        self.write("shadow", "root:*:19000:0:99999:7:::\nsshd:!:19000::::::\n")
        self.write("start", START.format(**values))
        os.mkdir(os.path.join(self.dir, "bin"))
        ssh = os.path.join(self.dir, "bin", "ssh")
        self.write("bin/ssh", '#!/bin/sh\nexec %s -F %s/ssh_config "$@"\n'
                   % (shutil.which("ssh"), self.dir))
        os.chmod(ssh, 0o755)

    def write(self, name, text):
        with open(os.path.join(self.dir, name), "w", encoding="utf-8") as f:
            f.write(text)

    def start_sshd(self):
        # A plain PATH: what is built here is not installed there.
        self.sshd = subprocess.Popen(
            ["nsenter", "--net=/run/netns/" + self.name, "unshare", "-m", "-u",
             "--propagation", "unchanged", "sh", "-e",
             self.dir + "/start"],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection((self.there, PORT), 1).close()
                return
            except OSError:
                if self.sshd.poll() is not None:
                    raise AssertionError("sshd ended: " + self.sshd.stderr.read()) from None
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def environment(self):
        return {"PATH": os.path.join(self.dir, "bin") + ":" + os.environ["PATH"]}

    def processes(self, words):
        """Ids of processes there whose command line begins with the words."""
        out = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True,
                             check=True).stdout
        found = []
        for pid in out.split():
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as f:
                    line = f.read().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if line.startswith(words):
                found.append(int(pid))
        return found

    def left(self):
        """What runs of ours have left in its /var/tmp."""
        return [n for n in os.listdir("/proc/%d/root/var/tmp" % self.sshd.pid) if n[:6] == "vaperf"]

    def interfaces(self):
        out = subprocess.run(["ip", "-n", self.name, "-br", "link"], capture_output=True, text=True,
                             check=True).stdout
        return sorted(line.split()[0].split("@")[0] for line in out.splitlines())

    def received(self, interface):
        out = subprocess.run(["ip", "netns", "exec", self.name, "cat",
                              "/proc/net/dev"], capture_output=True, text=True, check=True).stdout
        for line in out.splitlines():
            if line.strip().startswith(interface + ":"):
                return int(line.split(":")[1].split()[1])
        raise AssertionError("no " + interface)

    def close(self):
        if self.sshd is not None:
            self.sshd.kill()
            self.sshd.communicate()
            for pid in self.processes(""):
                try:
                    os.kill(pid, 9)
                except OSError:
                    pass
        subprocess.run(["ip", "netns", "delete", self.name], capture_output=True, check=False)
        for end in "ab":
            subprocess.run(["ip", "link", "delete", self.cable + end], capture_output=True,
                           check=False)
