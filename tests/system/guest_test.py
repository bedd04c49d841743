#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest of ours, under plain QEMU: it answers soon, over the agent channel alone; conversations
that break off leave nothing behind; it is switched off; and one that is silent tells why."""

from concurrent.futures import ThreadPoolExecutor

from guest import (QEMU, Agent, Guest, build_image, choose_accel, os, remove_old_images, shutil,
                   skip_all, socket, subprocess, tempfile, time, unittest)

READY_S = 15.0  # three of it is the kernel, emulated; waiting for something in vain takes longer
READY_TRIES = 3
MAC = "52:54:00:12:34:0a"
TRAILER = b"070701" + b"00000000" * 4 + b"00000001" + b"00000000" * 6 + b"0000000b" + \
    b"00000000" + b"TRAILER!!!\0"


def setUpModule():
    """The other images are made while the first is used, and the classes stand in that order."""
    global IMAGE, GENERIC, HELLO, ACCEL
    if shutil.which(QEMU) is None:
        skip_all("%s is not installed" % QEMU)
    IMAGE = build_image()
    maker = unittest.enterModuleContext(ThreadPoolExecutor(1))
    GENERIC = maker.submit(build_image, "--kernel", "generic")
    HELLO = maker.submit(build_image, "hello")
    ACCEL = choose_accel()


class GuestTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="vaperf-guest-")
        self.addCleanup(shutil.rmtree, self.dir, True)

    def boot(self, **more):
        self.guest = Guest(self.dir, more.pop("image", IMAGE), ACCEL, **more)
        self.addCleanup(self.guest.stop)
        return self.guest

    def agent(self, **more):
        agent = Agent(self.guest.socket, **more)
        self.addCleanup(agent.break_off)
        return agent


class Conversations(GuestTest):
    """One guest, many controllers."""

    def test_all(self):
        best = None
        for _ in range(READY_TRIES):
            took = self.boot_until_ready()
            best = took if best is None else min(best, took)
            if best < READY_S:
                break
            self.guest.stop()
        print("ready after %.2f s" % best, flush=True)
        self.assertLess(best, READY_S)
        self.facts()
        self.work()
        self.broken_off()
        self.half_a_line()
        self.not_a_bridge()
        self.many()
        self.shut_down()
        self.power_off()

    def boot_until_ready(self):
        """The seconds, without those in which others had the CPUs."""
        begin = time.monotonic()
        words = "vaperf.hostname=media.1 vaperf.net=%s,10.9.8.7/24,10.9.8.1 " \
                "vaperf.net=%s,fd00:9::7/64 vaperf.net=nonsense" % (MAC, MAC)
        self.boot(words=words, devices=["-netdev", "hubport,id=n,hubid=0", "-device",
                                        "virtio-net-pci,netdev=n,romfile=,mac=" + MAC])
        agent = self.agent()
        self.assertEqual(agent.call("describe")["program"], "vaperf-node")
        took = time.monotonic() - begin - self.guest.waited_s()
        self.assertEqual(agent.finish(), (0, ""))
        return took

    def facts(self):
        agent = self.agent()
        self.assertEqual(agent.call("identity")["hostname"], "media.1")
        self.assertIn("vaperf.hostname=media.1", str(agent.call("facts")))
        with self.assertRaisesRegex(AssertionError, "nosuch"):
            agent.call("nosuch")
        self.assertEqual(agent.finish(), (0, ""))
        self.assertIn("kernel command line: 'vaperf.net=nonsense' is not", self.guest.console())

    def work(self):
        agent = self.agent()
        agent.call("bench.start", id="pi", type="pi", options={"digits": "2000"}, rounds=2)
        done = agent.call("bench.wait", id="pi")
        self.assertEqual((done["rounds"], done["verified"]), (2, True))
        for address in ["10.9.8.7", "fd00:9::7"]:  # nobody but the guest's interface has these
            agent.call("appliance.open", id=address, type="media", options={}, address=address)
            shown = agent.call("appliance.endpoints", id=address, peers=["[::1]:9" if ":" in address
                                                                         else "10.9.8.1:9"])
            self.assertIn(address, shown["endpoints"][0])
        self.assertEqual(agent.finish(), (0, ""))

    def open_port(self, agent):
        agent.call("appliance.open", id="m", type="media", options={"base_port": "40000"},
                   address="10.9.8.7")
        shown = agent.call("appliance.endpoints", id="m", peers=["10.9.8.1:9"])
        self.assertEqual(shown["endpoints"], ["10.9.8.7:40000"])

    def broken_off(self):
        """The port is free again: the node that had it is gone."""
        first = self.agent()
        self.open_port(first)
        first.call("bench.start", id="b", type="null", options={}, rounds=0)
        before = first.call("identity")["pid"]
        first.break_off()
        second = self.agent()
        self.assertNotEqual(second.call("identity")["pid"], before)
        self.open_port(second)
        self.assertEqual(second.finish(), (0, ""))

    def half_a_line(self):
        first = self.agent()
        first.call("clock")
        first.send('{"jsonrpc": "2.0", "id": 77, "method": "descr')
        first.break_off()
        second = self.agent()
        self.assertGreater(second.call("clock")["monotonic_ns"], 0)
        self.assertEqual(second.notices, [])
        self.assertEqual(second.finish(), (0, ""))

    def not_a_bridge(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.guest.socket)
            s.sendall(b'nonsense\x16' b'0123{"jsonrpc": "2.0", "id": 1, "method": "identity"}\n')
            s.settimeout(0.2)
            with self.assertRaises(TimeoutError):  # it is no conversation, so there is no answer
                s.recv(1)
        agent = self.agent()
        agent.call("identity")
        self.assertEqual(agent.finish(), (0, ""))

    def many(self):
        seen = set()
        for _ in range(8):
            agent = self.agent()
            seen.add(agent.call("identity")["pid"])
            agent.break_off()
        self.assertEqual(len(seen), 8)

    def shut_down(self):
        agent = self.agent()
        agent.call("shutdown")
        self.assertEqual(agent.bridge.wait(60), 0)

    def power_off(self):
        agent = self.agent()
        agent.call("guest.poweroff")
        self.assertEqual(agent.finish(), (0, ""))
        self.assertEqual(self.guest.qemu.wait(60), 0)


class Interfaces(GuestTest):
    def test_e1000(self):
        """The kernel for any machine has it."""
        image = GENERIC.result()
        self.assertNotEqual(image["id"], IMAGE["id"])
        self.boot(image=image, words="vaperf.net=%s,10.9.8.7/24" % MAC, memory=256,
                  devices=["-netdev", "hubport,id=n,hubid=0", "-device",
                           "e1000,netdev=n,romfile=,mac=" + MAC])
        agent = self.agent()
        agent.call("appliance.open", id="m", type="media", options={}, address="10.9.8.7")
        shown = agent.call("appliance.endpoints", id="m", peers=["10.9.8.1:9"])
        self.assertIn("10.9.8.7:", shown["endpoints"][0])
        self.assertEqual(agent.finish(), (0, ""))


class Packages(GuestTest):
    def test_kept(self):
        def made():
            return [(s.st_ino, s.st_mtime_ns) for s in
                    (os.stat(IMAGE[name]) for name in ("kernel", "initrd"))]
        before = made()
        again = build_image()
        self.assertEqual(again, IMAGE)
        self.assertEqual(made(), before)

    def test_package(self):
        image = HELLO.result()
        with open(image["initrd"], "rb") as archive:
            names = subprocess.run(["cpio", "-t", "--quiet"], stdin=archive, capture_output=True,
                                   text=True, check=True).stdout.split("\n")
        for name in ["init", "usr/bin/hello", "modules/order", "lib64/ld-linux-x86-64.so.2",
                     "dev/console"]:
            self.assertIn(name, names)
        self.assertNotIn("usr/share/doc", names)
        self.assertEqual(build_image("hello", "hello"), image)
        self.assertNotEqual(image["id"], IMAGE["id"])
        remove_old_images([IMAGE["id"], image["id"], GENERIC.result()["id"]])
        self.assertEqual(build_image("hello"), image)


class Silent(GuestTest):
    def test_no_init(self):
        """No node inside: the kernel says so on the console, and the bridge ends."""
        empty = os.path.join(self.dir, "empty")
        with open(empty, "wb") as f:
            f.write(TRAILER + bytes(-len(TRAILER) % 512))
        self.boot(image=dict(IMAGE, initrd=empty))
        code, said = self.agent().finish()
        self.assertEqual(code, 3)
        self.assertIn("the guest has ended", said)
        self.guest.qemu.wait(60)
        self.assertIn("Kernel panic", self.guest.console()[-2000:])

    def test_stopped(self):
        """The channel is there, and nobody answers."""
        self.boot(devices=["-S"])  # stopped before its first instruction
        code, said = self.agent(wait="500ms").finish()
        self.assertEqual(code, 3)
        self.assertIn("no answer from a node in the guest within 0.5 s", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
