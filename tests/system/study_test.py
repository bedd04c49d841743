#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A study of platform null from its plan to its file: what is stored, resumed, refused, searched."""

import json
import socket

import beside
import loopback
from study import StudyTest, os, signal


# Warm-up, so that an appliance has counted before; no whole number of intervals.
COUNTS = """study: counts
trials: 1
duration: 1050ms
warmup: 330ms
interval: 100ms
hosts: {sut: local, gen: local}
networks: {traffic: {}}
machines: {media: {links: [traffic], appliance: {type: media, threads: 1}}}
setups: {N: {platform: "null"}}
loads: [{type: rtp, to: media, streams: 20}]
generator: {void_lateness: 10s, void_steal: 100%, void_wait: 100%, void_achieved: 1%,
            void_clock_step: 1h, void_pause: 1m, scheduling: other, drain: 20s}
"""


def stand_at(rows, at_ns):
    """Of a counter, at an even pace between its rows."""
    before = max(row for row in rows if row[0] <= at_ns)
    after = min(row for row in rows if row[0] >= at_ns)
    if after[0] == before[0]:
        return before[1]
    return before[1] + (after[1] - before[1]) * (at_ns - before[0]) / (after[0] - before[0])


CALLS = """study: calls
trials: 1
duration: 500ms
interval: 100ms
warmup: 0
hosts: {sut: local, gen: local}
networks: {traffic: {}}
machines:
  sip: {links: [traffic], appliance: {type: signalling, mode: answer}}
loads:
  - {type: sip, to: sip, rate: 100, mix: "uac=1,options=1/1s"}
limits: {%s}
generator: {void_lateness: 10s, void_steal: 100%%, void_wait: 100%%, void_achieved: 1%%,
            void_clock_step: 1h, void_pause: 1m, drain: 20s}
setups:
  A: {platform: "null"}
"""


class EndToEnd(StudyTest):
    def test_study(self):
        out, said = self.vaperf("run", self.plan(rate="[100, 200]", duration="200ms"))
        self.assertEqual(len(self.trials()), 8)
        self.assertEqual({t[3] for t in self.trials()}, {"done"})
        self.assertEqual({t[2] for t in self.trials()}, {1})
        self.assertIn("A/100", out)
        self.assertIn("pass 2/2", out)
        self.assertIn("pass", out)
        self.assertIn("B/200 trial 2: pass", said)
        self.assert_nothing_left()
        figures = dict(self.query("SELECT metric, value FROM result WHERE trial = 1"
                                  " AND entity = 'null'"))
        self.assertEqual(figures["loss_pct"], 0)
        self.assertGreater(figures["delay_from_intended_p50_ns"], 0)
        self.assertGreaterEqual(figures["delay_from_intended_p50_ns"],
                                figures["delay_from_sent_p50_ns"])
        self.assertEqual(self.query("SELECT count(*) FROM hist"), [(24,)])
        self.assertGreater(self.query("SELECT count(*) FROM sample")[0][0], 100)
        report = json.loads(self.query("SELECT report FROM trial WHERE id = 1")[0][0])
        self.assertEqual(set(report["neighbours"]), {"cpu.1", "cpu.2"})
        self.assertGreater(report["neighbours"]["cpu.1"]["rounds"], 0)
        self.assertEqual(report["loads"][0]["to"], "media")
        plan, facts, ended = self.query("SELECT plan_text, facts, ended_real_ns FROM study")[0]
        self.assertIn("study: tiny", plan)
        self.assertEqual(set(json.loads(facts)["hosts"]), {"sut", "gen"})
        self.assertGreater(ended, 0)

    def test_neighbour_without_a_whole_round(self):
        """A job longer than the trial has nothing to verify: that is no wrong result."""
        self.vaperf("run", self.plan(trials=1, neighbour="{type: pi, digits: 2^23}"), "--setup",
                    "A")
        self.assertEqual([t[3] for t in self.trials()], ["done"])
        report = json.loads(self.query("SELECT report FROM trial WHERE id = 1")[0][0])
        self.assertEqual(report["neighbours"]["cpu.1"]["rounds"], 0)

    def test_baseline(self):
        """What all does before the load is beside what it does with it, over a time of its own."""
        self.vaperf("run", self.plan(trials=1, more="baseline: 600ms"), "--setup", "A")
        figures = {(e, m): v for e, m, v in self.query("SELECT entity, metric, value FROM result")}
        before, within = ([v for (e, m), v in figures.items()
                           if m == "busy_pct" and e.startswith(prefix)]
                          for prefix in ("baseline/cpu", "cpu"))
        self.assertEqual(len(before), len(within))
        self.assertTrue(all(0 <= share <= 100 for share in before), before)
        events = dict(self.query("SELECT text, real_ns FROM event"))
        self.assertGreater(events["warm-up ends"] - events["baseline begins"], 600e6 + 100e6)
        out = self.vaperf("report", self.file, "--json")[0]
        cpus = json.loads(out)["cases"][0]["cpus"]
        self.assertAlmostEqual(cpus["cpu0"]["baseline_busy_pct"]["mean"],
                               figures["baseline/cpu0", "busy_pct"])
        self.assertNotIn("baseline/cpu0", cpus)
        self.vaperf("report", self.file)
        with open(self.file.replace(".vaperf", ".html"), encoding="utf-8") as f:
            self.assertTrue(">Busy before the load<" in f.read())

    def test_an_appliance_counts_in_the_measured_part(self):
        """What it counted there lies between the rows around its ends."""
        plan = os.path.join(self.dir, "counts.yaml")
        with open(plan, "w", encoding="utf-8") as f:
            f.write(COUNTS)
        self.vaperf("run", plan, "-o", self.file)
        results = {(e, m): v for e, m, v in self.query("SELECT entity, metric, value FROM result")}
        begin, end = self.query(
            "SELECT measure_from_real_ns, measure_to_real_ns FROM trial")[0]
        for series, entity, metric in self.query(
                "SELECT id, entity, metric FROM series WHERE metric = 'relayed_packets'"):
            rows = self.query("SELECT real_ns, value FROM sample WHERE series = %d"
                              " ORDER BY real_ns" % series)
            grown = stand_at(rows, end) - stand_at(rows, begin)
            self.assertGreater(grown, 0)
            self.assertLessEqual(abs(results[entity, metric] - grown), 1)
        self.assertEqual([key for key in results if key[1] == "counted_time_pct"], [])

    def test_samples_lie_in_the_trial(self):
        self.vaperf("run", self.plan(trials=1), "--setup", "A")
        begin, end = self.query("SELECT started_real_ns, ended_real_ns FROM trial")[0]
        low, high = self.query("SELECT min(real_ns), max(real_ns) FROM sample")[0]
        self.assertLessEqual(begin, low)
        self.assertLessEqual(high, end)

    def test_words(self):
        plan = self.plan()
        out, _ = self.vaperf("run", plan, "--dry-run")
        self.assertIn("A/200", out)
        self.assertFalse(os.path.exists(self.file))
        other = os.path.join(self.dir, "other.vaperf")
        self.vaperf("run", plan, "-o", other, "--setup", "B", "--trials", "1", "--quiet")
        self.assertEqual(self.query("SELECT name FROM \"case\"", other), [("B/200",)])
        _, said = self.vaperf("run", plan, "--setup", "C", code=2)
        self.assertIn("there is no setup C", said)
        self.vaperf("run", code=2)
        out, _ = self.vaperf("run", "--help")
        self.assertIn("--resume", out)

    def test_limits_fail(self):
        out, said = self.vaperf("run", self.plan(trials=1, limit="1ns"), code=1)
        self.assertIn("fail: null: delay.p99 is", said)
        self.assertIn("fail", out)

    def test_limits_of_a_scenario_of_a_mix(self):
        text = CALLS % ("failed@uac: 0, failed@options: 0, srd_ms.p99@uac: 1ns,"
                        " timeouts@options: 0, session_establishment_ratio_pct@uac: 100%")
        path = os.path.join(self.dir, "calls.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        _, said = self.vaperf("run", path, "-o", self.file, code=1)
        self.assertRegex(said, r"fail: sip: srd_ms\.p99@uac is [^;]*, at most 1ns\n")
        figures = dict(self.query("SELECT metric, value FROM result WHERE entity = 'sip'"))
        for metric in "successful", "sip_calls", "calls_per_s":
            self.assertGreater(figures[metric + "@uac"], 0)
            self.assertAlmostEqual(figures[metric + "@uac"] + figures[metric + "@options"],
                                   figures[metric])
        self.vaperf("report", self.file, "-o", self.file + ".html")
        with open(self.file + ".html", encoding="utf-8") as f:
            page = f.read()
        self.assertIn("<td>sip@uac</td>", page)
        self.assertIn("<td>sip@options</td>", page)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace("failed@options", "failed@option"))
        _, said = self.vaperf("plan", "check", path, code=2)
        self.assertIn("no load of setup A has a scenario 'option' in its mix", said)

    def test_void_is_measured_again(self):
        out, said = self.vaperf("run", self.plan(trials=1, lateness="1ns"), "--setup", "A", code=5)
        self.assertEqual(self.trials(), [("A/200", 1, 1, "void"), ("A/200", 1, 2, "void")])
        self.assertIn("(attempt 2): void: null: ", said)
        self.assertIn("0 valid, 2 void", out)
        # Void as often as allowed is an end: there is nothing to resume.
        self.vaperf("run", self.plan(trials=1, lateness="1ns"), "--setup", "A", "--resume",
                    self.file, code=5)
        self.assertEqual(len(self.trials()), 2)

    def test_ladder(self):
        more = "search: {type: ladder, from: 100, step: 50, to: 200}"
        out, said = self.vaperf("run", self.plan(trials=1, more=more, duration="200ms"))
        self.assertIn("capacity of A: 200 is the highest level that kept the limits; "
                      "no higher level was tried", said)
        self.assertEqual(sorted(t[0] for t in self.trials()),
                         ["A/100", "A/150", "A/200", "B/100", "B/150", "B/200"])
        self.assertEqual(self.query("SELECT count(*) FROM event WHERE text LIKE 'capacity of %'"),
                         [(2,)])
        # Resumed, it finds its verdicts in the file and measures nothing again.
        self.vaperf("run", self.plan(trials=1, more=more, duration="200ms"), "--resume", self.file)
        self.assertEqual(len(self.trials()), 6)

    def test_ladder_ends_at_the_limit(self):
        more = "search: {type: ladder, from: 100, factor: 2}"
        _, said = self.vaperf("run", self.plan(trials=1, limit="1ns", more=more), "--setup", "A")
        self.assertIn("capacity of A: no level kept the limits; 100 broke them", said)
        self.assertEqual(len(self.trials()), 1)

    def test_ladder_ends_at_the_generator(self):
        more = "search: {type: ladder, from: 100, factor: 2}"
        _, said = self.vaperf("run", self.plan(trials=1, lateness="1ns", more=more), "--setup",
                              "A", code=5)
        self.assertIn("at 100 the generator was the limit", said)


class Refused(StudyTest):
    def refused(self, *args, code, words):
        _, said = self.vaperf(*args, code=code)
        self.assertIn(words, said)
        self.assertEqual(len(said.splitlines()), 1, said)
        self.assert_nothing_left()

    def test_file_exists(self):
        plan = self.plan(trials=1)
        with open(self.file, "w", encoding="utf-8") as f:
            f.write("mine")
        self.refused("run", plan, code=2, words="--resume tiny.vaperf")
        self.refused("run", plan, "-o", self.file, code=2, words="exists already")
        with open(self.file, encoding="utf-8") as f:
            self.assertEqual(f.read(), "mine")
        self.refused("run", plan, "--resume", self.file, code=2,
                     words="not a vaperf result file")

    def test_damaged_file(self):
        plan = self.plan(trials=1)
        self.vaperf("run", plan)
        with open(self.file, "r+b") as f:
            f.seek(4096)
            f.write(b"\x5a" * 40000)
        with open(self.file, "rb") as f:
            before = f.read()
        self.refused("run", plan, "--resume", self.file, code=2, words="damaged")
        with open(self.file, "rb") as f:
            self.assertEqual(f.read(), before)

    def test_resume_without_its_file(self):
        """The file is the option's, not the output's: that is told, and not the number of plans."""
        plan = self.plan()
        form = "--resume takes the result file of the run that goes on: vaperf run PLAN --resume FILE"
        for words in (["--resume", "-o", self.file], ["--resume", "--quiet"], ["--resume"]):
            self.refused("run", plan, *words, code=2, words=form)
        self.refused("run", "--resume", self.file, code=2, words="vaperf run PLAN --resume FILE")
        self.refused("run", plan, "--resume", self.file, "-o", self.file, code=2,
                     words="leave --output out")

    def test_plan_is_a_directory(self):
        for command in (["run"], ["plan", "check"], ["plan", "show"], ["calibrate"]):
            self.refused(*command, self.dir, code=2, words=self.dir + ": this is a directory")

    def test_no_file_to_resume(self):
        self.refused("run", self.plan(), "--resume", "none.vaperf", code=3,
                     words="none.vaperf: No such file")

    def test_no_node(self):
        self.refused("run", self.plan(), "--node", "/nonexistent/vaperf-node", code=3,
                     words="there is no node program /nonexistent/vaperf-node")

    def test_node_that_is_none(self):
        self.refused("run", self.plan(), "--node", "/bin/false", code=3, words="node")

    def test_folder_cannot_be_written(self):
        self.refused("run", self.plan(), "-o", "/nonexistent/x.vaperf", code=3,
                     words="No such file")

    def test_cpu_that_is_not_there(self):
        plan = self.plan(more="")
        with open(plan, encoding="utf-8") as f:
            text = f.read().replace("generator: {", "generator: {cpus: \"900\", ")
        with open(plan, "w", encoding="utf-8") as f:
            f.write(text)
        self.refused("run", plan, code=2, words="there is no CPU 900")

    def test_search_without_rise(self):
        self.refused("run", self.plan(more="search: {type: ladder, from: 100}"), code=2,
                     words="either step: or factor:")

    def test_port_taken(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            port = loopback.port()
            s.bind(("127.0.0.1", port))
            plan = self.plan(appliance=", base_port: %d" % port, trials=3)
            _, said = self.vaperf("run", plan, "--setup", "A", code=3)
        self.assertIn("Address already in use", said)
        self.assertIn("given up, as 3 trials in a row failed alike", said)
        self.assertEqual([t[3] for t in self.trials()], ["failed"] * 3)
        self.assert_nothing_left()
        # The port is free again: the same file is gone on with.
        self.vaperf("run", plan, "--setup", "A", "--resume", self.file)
        self.assertEqual([t[3] for t in self.trials()].count("done"), 3)


class Resumed(StudyTest):
    def kill_after_first_trial(self, plan):
        run = self.start("run", plan)
        run.wait_line("trial 1: pass")
        run.child.send_signal(signal.SIGKILL)
        run.finish()

    def test_only_what_is_not_done_runs_again(self):
        plan = self.plan(trials=3)
        self.kill_after_first_trial(plan)
        before = self.trials()
        done = [t for t in before if t[3] == "done"]
        self.assertTrue(done)
        self.assertLess(len(done), 6)
        self.vaperf("run", plan, "--resume", self.file)
        after = self.trials()
        self.assertEqual(after[:len(done)], done)
        self.assertEqual(len([t for t in after if t[3] == "done"]), 6)
        self.assertEqual(len({t[:2] for t in after if t[3] == "done"}), 6)
        self.assertNotIn("running", {t[3] for t in after})
        for case, number, _, _ in done:
            self.assertEqual(len([t for t in after if t[:2] == (case, number)]), 1)

    def test_clean_removes_the_killed_run(self):
        self.kill_after_first_trial(self.plan(trials=3))
        marks = os.listdir(self.marks)
        self.assertEqual(len(marks), 1)
        out, _ = self.vaperf("clean", "--dry-run")
        self.assertIn(marks[0], out)
        self.assertEqual(os.listdir(self.marks), marks)
        self.vaperf("clean")
        self.assertEqual(self.nodes(), [])
        self.assert_nothing_left()
        out, _ = self.vaperf("clean")
        self.assertEqual(out, "nothing is left of killed runs\n")

    def test_another_plan_is_refused(self):
        self.vaperf("run", self.plan(trials=1))
        other = self.plan(name="other.yaml", trials=1, limit="20s")
        _, said = self.vaperf("run", other, "--resume", self.file, code=2)
        self.assertIn("other.yaml:18:1", said)
        self.assertIn("delay.p99: 10s", said)
        self.assertIn("delay.p99: 20s", said)

    def test_another_duration_is_refused(self):
        plan = self.plan(trials=1)
        self.vaperf("run", plan, "--duration", "200ms")
        _, said = self.vaperf("run", plan, "--resume", self.file, "--duration", "400ms", code=2)
        self.assertIn("duration of 200ms", said)
        self.vaperf("run", plan, "--resume", self.file)
        self.assertEqual(len(self.trials()), 2)

    def test_more_trials_than_before(self):
        plan = self.plan(trials=2)
        self.vaperf("run", plan, "--trials", "1")
        self.assertEqual(len(self.trials()), 2)
        self.vaperf("run", plan, "--resume", self.file, "--trials", "2")
        self.assertEqual(sorted(t[:2] for t in self.trials()),
                         [("A/200", 1), ("A/200", 2), ("B/200", 1), ("B/200", 2)])

    def test_one_writer_at_a_time(self):
        plan = self.plan(trials=50)  # it is still at it when the second one looks
        run = self.start("run", plan)
        run.wait_line("trial 1: pass")
        _, said = self.vaperf("run", plan, "--resume", self.file, code=3)
        self.assertIn("another vaperf writes to it", said)
        run.child.send_signal(signal.SIGINT)
        self.assertEqual(run.finish()[0], 130, run.said)
        self.assertEqual({t[3] for t in self.trials()} - {"interrupted"}, {"done"})


if __name__ == "__main__":
    beside.main(loopback.enter, first=["test_port_taken", "test_study", "test_ladder",
                                       "test_only_what_is_not_done_runs_again"])
