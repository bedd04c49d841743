# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of `vaperf report` in a real browser, from disk: it asks for nothing else, complains of
nothing, draws its charts, and shows the figures of the JSON. Hostile names stay text."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import chromium  # noqa: E402

VAPERF, MAKE_STORE = os.environ["VAPERF"], os.environ["REPORT_STORE"]
HOSTILE = 'capped <script>alert(1)</script> & "10 ms"/400'


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="vaperf-report-")
        file = os.path.join(cls.folder.name, "study.vaperf")
        cls.page_path = os.path.join(cls.folder.name, "study.html")
        subprocess.run([MAKE_STORE, file], check=True)
        subprocess.run([VAPERF, "report", file], check=True, stderr=subprocess.DEVNULL)
        text = subprocess.run([VAPERF, "report", file, "--json"], check=True,
                              stdout=subprocess.PIPE).stdout
        cls.json = json.loads(text)
        cls.page = chromium.Page()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.addClassCleanup(cls.page.close)
        cls.page.open("file://" + cls.page_path)

    def test_nothing_leaves_and_nothing_is_complained_of(self):
        self.assertEqual(self.page.requests, ["file://" + self.page_path])
        self.assertEqual(self.page.complaints, [])

    def test_a_complaint_would_be_seen(self):
        page = chromium.Page()
        self.addCleanup(page.close)
        page.open("data:text/html,<script>console.error('seen')</script><img src='file:///no'>")
        self.assertIn("seen", "".join(page.complaints))
        self.assertGreater(len(page.requests), 1)

    def test_every_chart_is_drawn(self):
        charts = self.page.evaluate(
            "[...document.querySelectorAll('figure.chart')].map(f => [f.dataset.chart,"
            " f.querySelectorAll('svg path').length, f.querySelector('svg').clientHeight])")
        self.assertEqual([c[0] for c in charts], ["delay", "cpus", "machines", "trials", "time"])
        for name, paths, height in charts:
            self.assertGreater(paths, 10, name)
            self.assertGreater(height, 200, name)

    def test_one_box_a_measured_case_and_its_loss_below(self):
        text = self.page.evaluate(
            "[...document.querySelectorAll('figure[data-chart=delay] svg text')]"
            ".map(t => t.textContent).join('|')")
        for case in self.json["cases"]:
            for load in case["loads"].values():
                if load["loss"]["lost"] > 0:
                    self.assertIn(f"{load['loss']['pct']:.3g} %", text)
        self.assertIn("no valid trial", text)

    def test_links_lead_to_every_section(self):
        links, ids = (self.page.evaluate(f"[...document.querySelectorAll('{what}')].map(x => {how})")
                      for what, how in (("nav a", "x.hash.slice(1)"), ("section[id]", "x.id")))
        self.assertEqual(links, ids)
        self.assertIn("trials", ids)

    def test_calls_have_response_times(self):
        """The same study, as if its load had made calls."""
        with open(self.page_path, encoding="utf-8") as file:
            text = file.read().replace('"loss_pct":', '"session_establishment_ratio_pct":')
        path = self.page_path.replace(".html", "-calls.html")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        page = chromium.Page()
        self.addCleanup(page.close)
        page.open("file://" + path)
        self.assertEqual(page.complaints, [])
        for chart, axis in (("delay", "Response time (ms)"), ("trials", "p99 response time (ms)"),
                            ("time", "p99 response time (ms)")):
            drawn = page.evaluate(f"[...document.querySelectorAll('figure[data-chart={chart}] text')]"
                                  ".map(t => t.textContent).join('|')")
            self.assertIn(axis, drawn)
            self.assertNotIn("elay (ms)", drawn)
            self.assertNotIn("loss", drawn)
        labels = page.evaluate("document.querySelector('figure[data-chart=delay] .controls').innerText")
        self.assertIn("Response time from", labels)

    def find(self, path):
        at = self.json
        for key in path.split("/"):
            at = at[int(key)] if isinstance(at, list) else at[key]
        return at

    def test_figures_are_those_of_the_json(self):
        cells = self.page.evaluate(
            "[...document.querySelectorAll('td[data-path]')].map(c =>"
            " [c.dataset.path, Number(c.dataset.value), Number(c.textContent)])")
        self.assertGreater(len(cells), 100)
        for path, value, shown in cells:
            expected = self.find(path)
            self.assertAlmostEqual(value, expected, delta=abs(expected) * 1e-11, msg=path)
            last = path.rsplit("/", 1)[1]
            scale = 1e3 if "jitter" in path else 1 if "mos" in path or last == "pct" else 1e6
            self.assertAlmostEqual(shown, expected / scale,
                                   delta=abs(expected / scale) * 5e-3 + 1e-12, msg=path)

    def test_charts_draw_what_the_json_says(self):
        inside = self.page.evaluate("JSON.parse(document.getElementById('data').textContent)")
        for key in ("study", "cases", "trials", "findings", "facts"):
            self.assertEqual(inside[key], self.json[key], key)

    def test_hostile_names_are_text(self):
        self.assertEqual(self.page.evaluate("document.querySelectorAll('script').length"), 2)
        self.assertEqual(self.page.evaluate("document.querySelectorAll('td b, td i, pre b').length"),
                         0)
        self.assertEqual(self.page.evaluate(
            "document.querySelector('#verdicts tbody tr:nth-child(3) td').textContent"), HOSTILE)
        self.assertEqual(self.page.evaluate("document.title"), self.json["study"]["title"])

    def test_void_trials_are_no_results(self):
        row = self.page.evaluate(
            "[...document.querySelectorAll('#verdicts tbody tr:nth-child(4) td')]"
            ".map(c => c.textContent)")
        self.assertEqual(row[0], "=void/400")
        self.assertEqual(row[2], "void")
        self.assertEqual(set(row[4:7]) | set(row[8:]), {"–"})
        voids = self.page.evaluate("document.querySelectorAll('#voids tbody tr').length")
        self.assertEqual(voids, sum(t["state"] == "void" for t in self.json["trials"]))
        chosen = self.page.evaluate(
            "[...document.querySelectorAll('figure[data-chart=time] option')]"
            ".map(o => o.textContent).join()")
        self.assertNotIn("=void", chosen)

    def test_controls_redraw(self):
        before = self.page.evaluate("document.querySelector('figure[data-chart=delay] svg').innerHTML")
        self.page.evaluate(
            "(() => { const s = document.querySelectorAll('figure[data-chart=delay] select')[1];"
            " s.value = 'value'; s.dispatchEvent(new Event('change')); })()")
        after = self.page.evaluate("document.querySelector('figure[data-chart=delay] svg').innerHTML")
        self.assertNotEqual(before, after)
        self.assertEqual(self.page.complaints, [])

    def test_dark_and_without_javascript(self):
        dark = chromium.Page(dark=True)
        self.addCleanup(dark.close)
        dark.open("file://" + self.page_path)
        self.assertEqual(dark.evaluate("getComputedStyle(document.body).backgroundColor"),
                         "rgb(20, 24, 28)")
        self.assertEqual(dark.complaints, [])
        plain = chromium.Page(script=False)
        self.addCleanup(plain.close)
        plain.open("file://" + self.page_path)
        root = plain.call("DOM.getDocument")["root"]["nodeId"]
        find = lambda what: plain.call("DOM.querySelectorAll", nodeId=root, selector=what)["nodeIds"]
        self.assertGreater(len(find("td[data-path]")), 100)
        self.assertEqual(find("figure svg"), [])
        figure = plain.call("DOM.querySelector", nodeId=root, selector="figure.chart")["nodeId"]
        plain.call("DOM.enable")
        plain.call("CSS.enable")
        styles = plain.call("CSS.getComputedStyleForNode", nodeId=figure)["computedStyle"]
        self.assertIn({"name": "display", "value": "none"}, styles)


if __name__ == "__main__":
    unittest.main()
