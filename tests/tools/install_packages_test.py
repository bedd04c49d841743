# SPDX-License-Identifier: GPL-3.0-or-later
"""install-packages against stand-ins for dpkg-query and apt-get that write down their calls."""

import os
import unittest

import tool

LIST = """# comment
[one]
alpha
beta       vaperf-no-such-command
gamma      sh

[two]
delta
alpha
"""
DPKG = """#!/bin/sh
for last; do :; done
grep -qx "$last" "$STATE/installed" && echo installed || exit 1
"""
APT = """#!/bin/sh
echo "$@" >>"$STATE/calls"
"$VAPERF_POLICY_FILE" frr start; echo $? >>"$STATE/policies"
[ "$1" != "$FAIL" ]
"""


class InstallPackages(unittest.TestCase):
    def setUp(self):
        self.folder = tool.tree({"list": LIST, "installed": "", "bin/dpkg-query": DPKG,
                                 "bin/apt-get": APT, "bin/sudo": "#!/bin/sh\nexec \"$@\"\n"})
        self.addCleanup(self.folder.cleanup)
        for name in os.listdir(self.path("bin")):
            os.chmod(self.path("bin/" + name), 0o755)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def install(self, *groups, installed=(), fail=""):
        with open(self.path("installed"), "w", encoding="utf-8") as f:
            f.write("".join(name + "\n" for name in installed))
        code, output = tool.run(
            tool.path("install-packages"), *groups, VAPERF_PACKAGES=self.path("list"), FAIL=fail,
            VAPERF_POLICY_FILE=self.path("policy"), STATE=self.folder.name,
            PATH=self.path("bin") + ":" + os.environ["PATH"])
        calls = []
        if os.path.exists(self.path("calls")):
            with open(self.path("calls"), encoding="utf-8") as f:
                calls = f.read().splitlines()
        return code, output, calls

    def test_installs_only_what_is_missing(self):
        code, output, calls = self.install("one", "two", installed=["delta"])
        self.assertEqual(code, 0, output)
        self.assertEqual(calls, ["update", "install -y --no-install-recommends alpha beta"])

    def test_no_service_is_started(self):
        self.assertEqual(self.install("one")[0], 0)
        with open(self.path("policies"), encoding="utf-8") as f:
            self.assertEqual(f.read(), "101\n101\n")
        self.assertFalse(os.path.exists(self.path("policy")))
        self.assertEqual(self.install("one", fail="install")[0], 3)
        self.assertFalse(os.path.exists(self.path("policy")))

    def test_a_policy_of_the_host_stays(self):
        with open(self.path("policy"), "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\nexit 7\n")
        os.chmod(self.path("policy"), 0o755)
        self.assertEqual(self.install("one")[0], 0)
        with open(self.path("policies"), encoding="utf-8") as f:
            self.assertEqual(f.read(), "7\n7\n")
        self.assertTrue(os.path.exists(self.path("policy")))

    def test_nothing_missing_asks_nobody(self):
        code, _, calls = self.install("one", installed=["alpha", "beta"])
        self.assertEqual((code, calls), (0, []))

    def test_failures_are_environment(self):
        for step in "update", "install":
            code, output, _ = self.install("two", fail=step)
            self.assertEqual(code, 3)
            self.assertIn("apt-get %s failed; missing: delta alpha" % step, output)

    def test_usage(self):
        self.assertEqual(self.install()[0], 2)
        code, output, _ = self.install("three")
        self.assertEqual(code, 2)
        self.assertIn("no group [three]", output)

    def test_our_list_has_what_the_makefile_asks_for(self):
        with open(os.path.join(tool.TOP, "Makefile"), encoding="utf-8") as f:
            asked = [line.split("install-packages")[1].split() for line in f
                     if line.startswith("\t@tools/install-packages")]
        self.assertTrue(asked)
        with open(os.path.join(tool.TOP, "packaging", "debian-packages.txt"),
                  encoding="utf-8") as f:
            text = f.read()
        for group in sum(asked, []):
            self.assertIn("\n[%s]\n" % group, text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
