# SPDX-License-Identifier: GPL-3.0-or-later
"""A real libvirtd of a test's own, which the rest of the machine does not see.

    with Libvirtd() as daemon:
        daemon.run(["virsh", "list", "--all"])          # or vaperf, with qemu:///system
        subprocess.Popen(daemon.words([VAPERF, "run", plan], cwd=folder))
        daemon.kill()                                   # SIGKILL; its guests live on
        daemon.restart()

It lives in a mount namespace in which libvirt's folders are its own; all other files are the
machine's. A holder keeps the namespace. When the test ends, however it ends, the holder's input
does too: then it kills every process of the namespace, and removes the control groups of its
guests. Where the machine had no /run/libvirt, an empty one stays: others may be using it."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

URI = "qemu:///system"
READY_S = 30
PROGRAMS = (("libvirtd", "libvirt-daemon"), ("virsh", "libvirt-clients"),
            ("qemu-system-x86_64", "qemu-system-x86"), ("nsenter", "util-linux"))

# $1: what libvirt finds out of QEMU in some seconds, kept from test to test.
HOLDER = r"""
trap '' INT TERM HUP
set -eu
mkdir -p /etc/libvirt /run/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt
for d in /etc/libvirt /run/libvirt /var/lib/libvirt /var/log/libvirt; do
  mount -t tmpfs -o mode=755,size=32m vaperf-test $d
done
mount --bind "$1" /var/cache/libvirt
cat >/etc/libvirt/qemu.conf <<END
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
stdio_handler = "file"
namespaces = []
END
cat >/etc/libvirt/libvirtd.conf <<END
auth_unix_ro = "none"
auth_unix_rw = "none"
unix_sock_ro_perms = "0700"
unix_sock_rw_perms = "0700"
END
echo ready
cat >/dev/null || :
set +e
ours=$(readlink /proc/$$/ns/mnt | tr '[]' '??')
end_all() {
  left=
  for p in $(find /proc -maxdepth 3 -path '/proc/[0-9]*/ns/mnt' -lname "$ours" -printf '%P\n' \
               2>/dev/null); do
    p=${p%%/*}
    [ $p = $$ ] || ! kill -9 $p 2>/dev/null || left=1
  done
  [ -z "$left" ]
}
i=0
until end_all || [ $i -eq 250 ]; do i=$((i+1)); sleep 0.02; done
for f in /etc/libvirt/qemu/*.xml /run/libvirt/qemu/*.xml; do
  [ -e "$f" ] || continue
  name=$(basename "$f" .xml)
  find /sys/fs/cgroup -depth -type d -path "*/qemu-*-$name.libvirt-qemu*" -exec rmdir {} + \
    2>/dev/null
done
rmdir /sys/fs/cgroup/machine /sys/fs/cgroup/*/machine 2>/dev/null
exit 0
"""


def why_not():
    """Why it cannot run here, or None."""
    if os.geteuid() != 0:
        return "a libvirtd of a test's own needs root"
    for program, package in PROGRAMS:
        if shutil.which(program) is None:
            return "%s is not installed: apt install %s" % (program, package)
    tried = subprocess.run(["unshare", "--mount", "--propagation", "private", "true"],
                           capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return "no mount namespace can be made here: " + tried.stderr.strip()
    return None


class Libvirtd:
    """`place`: the words in front of a command that bring it into a mount namespace in which
    nothing is shared, so that all of it ends with the daemon; else one is made."""

    def __init__(self, place=("unshare", "--mount", "--propagation", "private")):
        self.place = place
        self.dir = tempfile.mkdtemp(prefix="vaperf-libvirtd-")
        self.log = os.path.join(self.dir, "log")
        self.holder = self.daemon = None

    def __enter__(self):
        try:
            self.hold()
            self.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, *unused):
        if self.holder is not None:
            self.holder.stdin.close()
            self.holder.wait(30)
            self.holder.stdout.close()
        if self.daemon is not None:
            self.daemon.wait()
        shutil.rmtree(self.dir)

    def hold(self):
        cache = os.path.join(os.environ["VAPERF_BUILD"], "libvirtd-cache")
        os.makedirs(cache, exist_ok=True)
        self.holder = subprocess.Popen(
            [*self.place, "sh", "-c", HOLDER, "sh", cache],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        if self.holder.stdout.readline() != "ready\n":
            raise AssertionError("no place for a libvirtd can be made here")

    def words(self, words, cwd="/"):
        """The words that run these in its namespace. A chroot is kept, a folder is not: so cwd."""
        return ["nsenter", "--target", str(self.holder.pid), "--mount", "--net", "--uts", "--root",
                "env", "--chdir", cwd, "LIBVIRT_DEFAULT_URI=" + URI, *words]

    def run(self, words, cwd="/", timeout=60, **more):
        return subprocess.run(self.words(words, cwd), text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=timeout, check=False, **more)

    def virsh(self, *words):
        """What it prints; that it fails is an error of the test."""
        done = self.run(["virsh", "--quiet", *words])
        if done.returncode != 0:
            raise AssertionError("virsh %s: %s" % (" ".join(words), done.stderr))
        return done.stdout

    def start(self, read_only=False):
        """Without the system's bus: a guest is no business of a systemd that runs here."""
        with open(self.log, "ab") as log:
            self.daemon = subprocess.Popen(
                self.words(["DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent", "libvirtd",
                            "--pid-file", "/run/libvirt/libvirtd.pid"]),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_S
        ask = ["virsh", "--quiet", *(["--readonly"] if read_only else []), "uri"]
        while self.run(ask).returncode != 0:
            if self.daemon.poll() is not None or time.monotonic() > deadline:
                with open(self.log, encoding="utf-8", errors="replace") as log:
                    raise AssertionError("libvirtd does not answer: " + log.read()[-2000:])
            time.sleep(0.02)

    def kill(self):
        """At once, with no time to clean up."""
        self.daemon.kill()
        self.daemon.wait()

    def restart(self):
        self.kill()
        self.start()
