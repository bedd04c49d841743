#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""vaperf image from outside, where no network is needed: what is wrong is said in one line."""

import json
import os
import subprocess
import tempfile
import unittest

VAPERF = os.environ["VAPERF"]
NODE = os.environ["VAPERF_NODE"]
STATIC = os.environ["VAPERF_NODE_STATIC"]


class Image(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="vaperf-test-")
        self.addCleanup(self.folder.cleanup)
        self.cache = os.path.join(self.folder.name, "cache")

    def run_image(self, *words, **environment):
        done = subprocess.run([VAPERF, "image", *words], stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, check=False, timeout=50,
                              env=dict(os.environ, VAPERF_CACHE_DIR=self.cache, **environment))
        return done.returncode, done.stdout, done.stderr

    def assert_refused(self, code, words, *arguments, **environment):
        got, out, said = self.run_image(*arguments, **environment)
        self.assertEqual((got, out), (code, ""), said)
        self.assertIn(words, said)
        self.assertEqual(len(said.splitlines()), 1, said)
        self.assertFalse(os.path.exists(os.path.join(self.cache, "images")))

    def test_empty(self):
        self.assertEqual(self.run_image("list"), (0, "", ""))
        self.assertEqual(self.run_image("list", "--json"), (0, "[]\n", ""))
        self.assertEqual(self.run_image("remove", "--all"),
                         (0, "removed 0 images and what was fetched for them\n", ""))
        self.assertFalse(os.path.exists(self.cache))

    def test_verbs(self):
        self.assert_refused(2, "build, list or remove")
        self.assert_refused(2, "no verb 'make'", "make")
        self.assert_refused(2, "image list takes no 'x'", "list", "x")
        self.assert_refused(2, "--all", "remove")
        self.assert_refused(2, "or --all", "remove", "x", "--all")
        self.assert_refused(2, "there is no image 'x'", "remove", "x")
        self.assert_refused(2, "unknown option --jsn (did you mean --json?)", "list", "--jsn")

    def test_help(self):
        code, out, said = self.run_image("--help")
        self.assertEqual((code, said), (0, ""))
        for word in ["build [PACKAGE...]", "--update", "--cache", "vaperf image build kamailio"]:
            self.assertIn(word, out)

    def test_packages(self):
        for name in ["../x", "a", "Kamailio", "kamailio=1", "kamailio:amd64", "a b", ""]:
            self.assert_refused(2, "'%s' cannot be the name of a Debian package" % name, "build",
                                "--node", STATIC, "--", name)
        self.assert_refused(2, "cannot be the name", "build", "--node", STATIC, "--", "-oDir=/")

    def test_node(self):
        self.assert_refused(3, "not linked static", "build", "--node", NODE)
        self.assert_refused(3, "is no 64-bit program", "build", "--node", __file__)
        self.assert_refused(3, "No such file", "build", "--node", "/nonexistent")

    def test_kernel(self):
        self.assert_refused(2, "cloud, generic", "build", "--node", STATIC, "--kernel", "mine")

    def test_cache(self):
        self.assert_refused(2, "does not begin with /", "build", "--node", STATIC, "--cache", "x")
        self.assert_refused(3, "/proc/nowhere", "build", "--node", STATIC, "--cache",
                            "/proc/nowhere")

    def fake(self, script):
        """An apt-get of ours comes first on the PATH."""
        folder = os.path.join(self.folder.name, "bin")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "apt-get")
        with open(path, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\n" + script)
        os.chmod(path, 0o755)
        return folder + ":" + os.environ["PATH"]

    def refused_by_apt(self, script, code, words):
        got, out, said = self.run_image("build", "--quiet", "--node", STATIC,
                                        PATH=self.fake(script))
        self.assertEqual((got, out), (code, ""), said)
        self.assertIn(words, said)
        self.assertEqual(len(said.splitlines()), 1, said)
        self.assertEqual(os.listdir(os.path.join(self.cache, "images")), [])

    def test_no_network(self):
        self.refused_by_apt("echo 'E: Could not resolve host' >&2; exit 100\n", 3,
                            "cannot get Debian packages: apt-get: E: Could not resolve host")

    def test_no_kernel(self):
        self.refused_by_apt("case \"$*\" in *update) exit 0;; esac\n"
                            "echo 'E: Unable to locate package x' >&2; exit 100\n", 3,
                            "this host's apt has no package linux-image-cloud")
        self.refused_by_apt("exit 0\n", 3, "points to no kernel")

    def test_broken_image_is_not_listed(self):
        folder = os.path.join(self.cache, "images", "0123")
        os.makedirs(folder)
        for text in ["", "[]", '{"id": 3}', '{"id": "0123", "packages": [1]}']:
            with open(os.path.join(folder, "image.json"), "w", encoding="utf-8") as f:
                f.write(text)
            self.assertEqual(json.loads(self.run_image("list", "--json")[1]), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
