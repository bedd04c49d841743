# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of tools/ share: running a tool, and making a tree of files for it."""

import importlib.machinery
import importlib.util
import os
import subprocess
import tempfile

TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def path(name):
    return os.path.join(TOP, "tools", name)


def run(*command, **environment):
    """(exit code, stdout and stderr)."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False,
                          cwd=environment.pop("cwd", None), env=dict(os.environ, **environment))
    return done.returncode, done.stdout


def tree(files):
    """A temporary folder with these files: {path: text}. The caller cleans it up."""
    folder = tempfile.TemporaryDirectory(prefix="vaperf-test-")
    for name, text in files.items():
        full = os.path.join(folder.name, name)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as f:
            f.write(text)
    return folder


def module(name):
    """A tool as a Python module."""
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), path(name))
    found = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(found)
    return found
