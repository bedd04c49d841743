# SPDX-License-Identifier: GPL-3.0-or-later
"""check-layers finds each kind of breach, at its line, and passes a good tree."""

import unittest

import tool

ROOMS = tool.module("check-layers").ROOMS


def check(files):
    rooms = {"src/%s/README.md" % room: "" for room in ROOMS}
    with tool.tree({**rooms, **files}) as folder:
        return tool.run(tool.path("check-layers"), folder)


class CheckLayers(unittest.TestCase):
    def breach(self, path, line, rule):
        code, output = check({path: "/* a */\n%s\n" % line})
        self.assertEqual(code, 1, output)
        self.assertIn("%s:2: " % path, output)
        self.assertIn(rule, output)

    def good(self, path, line):
        code, output = check({path: line + "\n"})
        self.assertEqual(code, 0, output)

    def test_our_tree_is_read(self):
        code, output = tool.run(tool.path("check-layers"))
        self.assertIn(code, (0, 1), output)
        self.assertRegex(output, r"[1-9]\d* files, \d+ includes against the rules")

    def test_allowed(self):
        self.good("src/io/loop.c", '#include "base/err.h"')
        self.good("src/node/serve/serve.c", '#include "node/load/load.h"')
        self.good("src/control/cli/main.c", '#include "control/store/store.h"')
        self.good("src/node/codec/rtp.c", '#include "version.h"')
        self.good("src/base/x.c", "#include <sys/epoll.h>")

    def test_wings_never_meet(self):
        rule = "node and control never include each other"
        self.breach("src/node/serve/a.c", '#include "control/plan/plan.h"', rule)
        self.breach("src/control/cli/a.c", '#include "node/load/load.h"', rule)

    def test_table(self):
        self.breach("src/base/a.c", '#include "io/loop.h"', "base may include nothing, not io")
        self.breach("src/node/codec/a.h", '  #  include "io/udp.h"', "may include base, not io")
        self.breach("src/control/search/a.c", '#include "control/store/store.h"', "not control/store")

    def test_libraries(self):
        self.breach("src/control/run/a.c", "#include <sqlite3.h>", "control/store alone")
        self.breach("src/control/cli/a.c", "#include <libfyaml.h>", "control/plan alone")
        self.breach("src/control/platform/a.c", "#include <libvirt/libvirt.h>",
                    "control/virt alone")
        self.breach("src/rpc/a.c", "#include <curl/curl.h>", "no known library")
        self.good("src/control/store/a.c", "#include <sqlite3.h>")

    def test_form(self):
        self.breach("src/io/loop.c", '#include "loop.h"', "name our headers from src")
        self.breach("src/io/loop.c", '#include "../base/err.h"', "name our headers from src")
        self.breach("src/io/loop.c", "#include <base/err.h>", "with quotes")

    def test_tests(self):
        self.good("src/io/loop_test.c", "#include <cmocka.h>")
        self.breach("src/io/loop.c", "#include <cmocka.h>", "for tests")

    def test_outside_any_room(self):
        code, output = check({"src/attic/a.c": "int a;\n"})
        self.assertEqual(code, 1)
        self.assertIn("src/attic/a.c:1: this file is in no room", output)

    def test_missing_room(self):
        with tool.tree({"src/base/a.c": "int a;\n"}) as folder:
            code, output = tool.run(tool.path("check-layers"), folder)
        self.assertEqual(code, 1)
        self.assertIn("src/control/plan: a room of the table that does not exist", output)


if __name__ == "__main__":
    unittest.main(verbosity=2)
