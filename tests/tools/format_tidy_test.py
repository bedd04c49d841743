# SPDX-License-Identifier: GPL-3.0-or-later
"""format and tidy pass good files and fail on bad ones."""

import json
import os
import shutil
import unittest

import tool

GOOD = "int f(int a);\n\nint f(int a)\n{\n    return a + 1;\n}\n"
ILL_LAID = "int f(int a) { return a+1; }\n"
BUG = """#include <stdlib.h>

int f(int a);

int f(int a)
{
    int *p = malloc(sizeof *p);
    if (p == NULL)
        return 0;
    *p = a;
    free(p);
    return *p;
}
"""


class Format(unittest.TestCase):
    @unittest.skipUnless(shutil.which("clang-format"), "needs clang-format")
    def test_check(self):
        with tool.tree({"good.c": GOOD, "bad.c": ILL_LAID}) as folder:
            good, bad = os.path.join(folder, "good.c"), os.path.join(folder, "bad.c")
            shutil.copy(os.path.join(tool.TOP, ".clang-format"), folder)
            self.assertEqual(tool.run(tool.path("format"), "--check", good)[0], 0)
            code, output = tool.run(tool.path("format"), "--check", good, bad)
            self.assertEqual(code, 1)
            self.assertIn("2 files, 1 to lay out again", output)
            self.assertEqual(tool.run(tool.path("format"), bad)[0], 0)
            self.assertEqual(tool.run(tool.path("format"), "--check", bad)[0], 0)


class Tidy(unittest.TestCase):
    def tidy(self, text):
        with tool.tree({"a.c": text}) as folder:
            name = os.path.join(folder, "a.c")
            shutil.copy(os.path.join(tool.TOP, ".clang-tidy"), folder)
            with open(os.path.join(folder, "compile_commands.json"), "w", encoding="utf-8") as f:
                json.dump([{"directory": folder, "command": "cc -c a.c", "file": name}], f)
            return tool.run(tool.path("tidy"), folder, name)

    @unittest.skipUnless(shutil.which("clang-tidy"), "needs clang-tidy")
    def test_finds_use_after_free(self):
        code, output = self.tidy(BUG)
        self.assertEqual(code, 1, output)
        self.assertIn("clang-analyzer-unix.Malloc", output)
        code, output = self.tidy(GOOD)
        self.assertEqual(code, 0, output)

    def test_no_build(self):
        self.assertEqual(tool.run(tool.path("tidy"), "build/no-such")[0], 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
