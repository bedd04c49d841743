# SPDX-License-Identifier: GPL-3.0-or-later
"""check-size fails on each hard limit, only warns at an aim, and is not fooled by C."""

import unittest

import tool

size = tool.module("check-size")


def check(text, name="src/base/a.c", *options):
    with tool.tree({name: text}) as folder:
        return tool.run(tool.path("check-size"), *options, folder)


def function(lines, head="static int f(int a)"):
    return head + "\n{\n" + "    a++;\n" * (lines - 3) + "}\n"


class CheckSize(unittest.TestCase):
    def test_hard_function(self):
        self.assertEqual(check(function(70))[0], 0)
        code, output = check("int x;\n\n" + function(71))
        self.assertEqual(code, 1)
        self.assertIn("src/base/a.c:3: lines of f(): 71, the limit is 70", output)

    def test_hard_file(self):
        self.assertEqual(check("int x;\n" * 700)[0], 0)
        code, output = check("int x;\n" * 701)
        self.assertEqual(code, 1)
        self.assertIn("src/base/a.c: lines of the file: 701", output)

    def test_hard_line(self):
        self.assertEqual(check("/*" + "x" * 96 + "*/\n")[0], 0)
        code, output = check("\n/*" + "x" * 97 + "*/\n")
        self.assertEqual(code, 1)
        self.assertIn("src/base/a.c:2: columns: 101", output)

    def test_aims_warn(self):
        code, output = check(function(41), "src/base/a.c", "-v")
        self.assertEqual(code, 0)
        self.assertIn("lines of f(): 41, the aim is 40", output)
        self.assertIn("warning: 1 above the aim for function", output)
        code, output = check("int f(int a, int b, int c, int d, int e, int g, int h);\n")
        self.assertEqual(code, 0)
        self.assertIn("aim for parameters", output)
        self.assertIn("aim for header", check("int a;\n" * 151, "src/base/a.h")[1])
        self.assertIn("aim for file", check("int a;\n" * 401)[1])

    def test_nesting(self):
        inner = "int f(int a)\n{\n    for (;;) {\n        while (a) {\n            if (a) {\n"
        code, output = check(inner + "                do {\n                } while (0);\n"
                             + "            }\n        }\n    }\n}\n")
        self.assertEqual(code, 0)
        self.assertIn("aim for nesting", output)

    def test_nothing_to_check(self):
        with tool.tree({"README.md": ""}) as folder:
            self.assertEqual(tool.run(tool.path("check-size"), folder)[0], 2)

    def test_reading_c(self):
        text = """
/* int comment(void) { } */
#define MACRO(x) \\
    do {         \\
        (x)++;   \\
    } while (0)
static const char *const names[] = {"a{", "b(", NULL};
static const struct ops null_ops = {
    .open = null_open,
};
struct ops {
    int (*check)(const void *options, struct shape *ret);
};
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    if (format[0] == '{')
        return;
}
enum kind { A, B };
int last(void)
{
    struct point p = {.x = 1};
    return p.x;
}
void prototype(int (*callback)(int a, int b), void *user);
"""
        found = [(f[0], f[2], f[3]) for f in size.functions(text)]
        self.assertEqual(found, [("say", 5, 2), ("last", 5, 0), ("prototype", 0, 2)])


if __name__ == "__main__":
    unittest.main(verbosity=2)
