#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""result file -> text, CSV, samples and JSON: `vaperf report` of the file that report/make_store
writes, compared whole with report/study.*. --update rewrites them."""

import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
VAPERF, MAKE_STORE = os.environ["VAPERF"], os.environ["REPORT_STORE"]
UPDATE = "--update" in sys.argv


def report(*words):
    return subprocess.run([VAPERF, "report", *words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


class Golden(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="vaperf-golden-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.file = os.path.join(cls.folder.name, "study.vaperf")
        subprocess.run([MAKE_STORE, cls.file], check=True)

    def compare(self, form, ending):
        done = report(self.file, "--format", form)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        golden = os.path.join(HERE, "report", "study." + ending)
        if UPDATE:
            with open(golden, "wb") as f:
                f.write(done.stdout)
        with open(golden, "rb") as f:
            self.assertEqual(f.read().decode(), done.stdout.decode(), golden)

    def test_svg(self):
        """A file for each chart, and every one is XML."""
        stem = os.path.join(self.folder.name, "charts")
        done = report(self.file, "--format", "svg", "-o", stem + ".svg")
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        names = ["delay-rtp", "machines", "cpus"]
        self.assertEqual(done.stderr.decode().split(), ["%s-%s.svg" % (stem, n) for n in names])
        for name in names:
            golden = os.path.join(HERE, "report", "study-%s.svg" % name)
            with open("%s-%s.svg" % (stem, name), "rb") as f:
                made = f.read()
            self.assertEqual(xml.etree.ElementTree.fromstring(made).tag.split("}")[1], "svg")
            if UPDATE:
                with open(golden, "wb") as f:
                    f.write(made)
            with open(golden, "rb") as f:
                self.assertEqual(f.read().decode(), made.decode(), golden)
        self.assertEqual(report(self.file, "--format", "svg", "-o", "-").returncode, 2)

    def test_text(self):
        self.compare("text", "txt")

    def test_csv(self):
        self.compare("csv", "csv")

    def test_series(self):
        self.compare("csv-series", "series.csv")

    def test_json(self):
        self.compare("json", "json")

    def test_where_it_is_written(self):
        self.assertEqual(report(self.file).returncode, 0)
        page = os.path.join(self.folder.name, "study.html")
        with open(page, encoding="utf-8") as f:
            text = f.read()
        self.assertTrue(text.startswith("<!DOCTYPE html>") and text.endswith("</html>\n"))
        other = os.path.join(self.folder.name, "other")
        self.assertEqual(report(self.file, "-o", other).returncode, 0)
        with open(other, encoding="utf-8") as f:
            self.assertEqual(f.read(), text)
        done = report(self.file, "-o", "/dev/full")
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"/dev/full: No space left on device", done.stderr)
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/full").st_mode))

    def test_where_it_cannot_be_written(self):
        for words in ((), ("--csv",), ("--format", "svg")):
            done = report(self.file, *words, "-o", "/nowhere/at/all.html")
            self.assertEqual(done.returncode, 3, done.stderr)
        with open("/dev/full", "wb") as full:
            done = subprocess.run([VAPERF, "report", self.file, "--json"], stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)

    def test_no_cpu_is_busy_beyond_all_of_its_time(self):
        """Trials that lie far apart: Student's interval would reach above 100 %."""
        other = os.path.join(self.folder.name, "spread.vaperf")
        shutil.copyfile(self.file, other)
        db = sqlite3.connect(other)
        with db:
            db.execute("UPDATE result SET value = CASE trial % 2 WHEN 0 THEN 99 ELSE 40 END"
                       " WHERE metric = 'busy_pct'")
        db.close()
        self.assertEqual(report(other).returncode, 0)
        with open(os.path.join(self.folder.name, "spread.html"), encoding="utf-8") as f:
            table = f.read().split("Physical CPUs, % of the time")[1].split("</table>")[0]
        highs = [float(high) for high in re.findall(r" to ([0-9.]+)\)", table)]
        self.assertEqual(max(highs), 100)

    def damage(self, make):
        path = os.path.join(self.folder.name, "damaged.vaperf")
        with open(self.file, "rb") as f:
            data = make(bytearray(f.read()))
        with open(path, "wb") as f:
            f.write(data)
        before = set(os.listdir(self.folder.name))
        done = report(path)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(path.encode(), done.stderr)
        self.assertEqual(done.stderr.count(b"\n"), 1)
        self.assertEqual(set(os.listdir(self.folder.name)), before)
        return done.stderr.decode()

    def test_damaged_files(self):
        self.damage(lambda d: b"not a database at all")
        self.damage(lambda d: d[:len(d) // 2])
        self.damage(lambda d: b"")

        def scratch(data):
            for at in range(8192, len(data), 4096):
                data[at:at + 512] = b"\xff" * 512
            return data
        self.damage(scratch)

    def test_wrong_words(self):
        for words, what in (((), b"give one result file"),
                            ((self.file, "more"), b"give one result file"),
                            ((self.file, "--format", "pdf"), b"format"),
                            (("/nonexistent/x.vaperf",), b"/nonexistent/x.vaperf")):
            done = report(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(what, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=[a for a in sys.argv if a != "--update"])
