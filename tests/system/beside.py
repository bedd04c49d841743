# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases of a file, or the parts of a case, side by side: for tests that mostly wait and measure
nothing. Each worker that takes cases is a process, with a loopback of its own where it is told so:
then they share neither ports nor firewalls."""

import concurrent.futures
import concurrent.futures.process
import io
import multiprocessing
import sys
import time
import unittest

import loopback

WORKERS = 3


def do(function, values):
    """What the function returns for each of the values, called at the same time by threads."""
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(function, values))


def cases_of(suite):
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from cases_of(one)
        else:
            yield one.id().split(".", 1)[1]


def run_case(name):
    """Seconds, whether it is good, why it was skipped (None: it was not), what was said."""
    said, begun = io.StringIO(), time.monotonic()
    suite = unittest.defaultTestLoader.loadTestsFromName(name, sys.modules["__main__"])
    result = unittest.TextTestRunner(stream=said, verbosity=2).run(suite)
    good = result.wasSuccessful() and (result.testsRun == 1 or bool(result.skipped))
    return (time.monotonic() - begun, good, result.skipped[0][1] if result.skipped else None,
            said.getvalue())


def result_of(case):
    try:
        return case.result()
    except concurrent.futures.process.BrokenProcessPool as e:
        return 0, False, None, "its process, or one beside it, has ended: %s" % e


def run_all(names, enter, workers):
    """How many failed; of each the text when it has ended, at last the counts."""
    failed, skipped = 0, 0
    with concurrent.futures.ProcessPoolExecutor(
            min(workers, len(names)), multiprocessing.get_context("fork"), enter) as pool:
        running = {pool.submit(run_case, name): name for name in names}
        for case in concurrent.futures.as_completed(running):
            seconds, good, why, said = result_of(case)
            name = running[case]
            print("%6.2f s  %s ... %s" % (seconds, name, "ok" if good else "FAILED\n" + said))
            if good and why is not None:
                print("skipped: %s: %s" % (name, why))
            sys.stdout.flush()
            failed += not good
            skipped += good and why is not None
    print("%d passed, %d failed, %d skipped" % (len(names) - failed - skipped, failed, skipped))
    return failed


def main(enter=None, first=(), workers=WORKERS):
    """In the place of unittest.main(): all of this program's cases, or those that are named; with
    options, as unittest does it. `enter` is called in each process before its first one. Those that
    take long are begun first: their names in `first`."""
    if enter is not None and loopback.why_not():
        print(loopback.why_not())
        sys.exit(77)
    sys.stdout.flush()
    if any(word.startswith("-") for word in sys.argv[1:]):
        if enter is not None:
            enter()
        unittest.main(verbosity=2)
    loader, module = unittest.defaultTestLoader, sys.modules["__main__"]
    names = list(cases_of(loader.loadTestsFromNames(sys.argv[1:], module) if sys.argv[1:]
                          else loader.loadTestsFromModule(module)))
    if not names:
        sys.exit("there are no cases here")
    last = [name.rpartition(".")[2] for name in names]
    missing = [name for name in first if name not in last and not sys.argv[1:]]
    if missing:
        sys.exit("no cases: %s" % ", ".join(missing))
    names.sort(key=lambda name: name.rpartition(".")[2] not in first)
    sys.exit(1 if run_all(names, enter, workers) else 0)
