// SPDX-License-Identifier: GPL-3.0-or-later
// Draws the charts of a report from the JSON inside the page. Asks no server for anything.
import * as echarts from "echarts/core";
import { BarChart, BoxplotChart, CustomChart, LineChart, ScatterChart } from "echarts/charts";
import {
  AxisPointerComponent, DataZoomComponent, GridComponent, LegendComponent, TooltipComponent,
} from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
import { callsOption, hysteresisOption } from "./calls.js";
import { cpusOption, machinesOption } from "./cpu.js";
import { delayOption } from "./delay.js";
import { isOfCalls } from "./parts.js";
import { ratesOption } from "./rates.js";
import { timeOption } from "./time.js";
import { trialsOption } from "./trials.js";

echarts.use([
  BarChart, BoxplotChart, CustomChart, LineChart, ScatterChart, AxisPointerComponent,
  DataZoomComponent, GridComponent, LegendComponent, TooltipComponent, SVGRenderer,
]);

const trialControl = (data) => ({
  key: "trial", label: "Trial", values: data.series.map((s, i) => [
    String(i), `${s.case}, trial ${s.number}${s.attempt > 1 ? `, attempt ${s.attempt}` : ""}`]),
});

const kinds = {
  delay: {
    option: delayOption,
    controls: (data, load) => [
      { key: "from", label: isOfCalls(data, load) ? "Response time from" : "Delay from", values: [
        ["delay_from_intended", "intended time"], ["delay_from_sent", "actual send"]] },
      { key: "axis", label: "Axis", values: [["log", "logarithmic"], ["value", "linear"]] },
    ],
  },
  cpus: { option: cpusOption, controls: () => [] },
  machines: { option: machinesOption, controls: () => [] },
  rates: {
    option: ratesOption,
    controls: () => [
      { key: "axis", label: "Axis", values: [["value", "linear"], ["log", "logarithmic"]] },
    ],
  },
  hysteresis: { option: hysteresisOption, controls: (data) => [trialControl(data)] },
  calls: {
    option: callsOption,
    controls: () => [
      { key: "axis", label: "Axis", values: [["value", "linear"], ["log", "logarithmic"]] },
    ],
  },
  trials: {
    option: trialsOption,
    controls: () => [
      { key: "point", label: "Percentile", values: [["p99", "p99"], ["p95", "p95"], ["p50", "p50"]] },
      { key: "axis", label: "Axis", values: [["log", "logarithmic"], ["value", "linear"]] },
    ],
  },
  time: {
    option: timeOption,
    controls: (data) => [trialControl(data)],
  },
};

// Colours that stay apart for colour-blind readers (Okabe and Ito), by the page's light or dark.
function theme() {
  const css = getComputedStyle(document.documentElement);
  const get = (name) => css.getPropertyValue(name).trim();
  return {
    ink: get("--ink"), faint: get("--faint"), line: get("--line"), paper: get("--paper"),
    shade: get("--shade"),
    colors: matchMedia("(prefers-color-scheme: dark)").matches && !matchMedia("print").matches
      ? ["#4aa3df", "#e69f00", "#2fc49a", "#e0a0c4", "#9ad4f5", "#ff8c42", "#d6c936", "#a8a8a8"]
      : ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b3a100", "#7f7f7f"],
  };
}

function addControls(figure, controls, state, redraw) {
  const place = figure.querySelector(".controls");
  for (const control of controls) {
    const label = document.createElement("label");
    const select = document.createElement("select");
    for (const [value, text] of control.values) {
      const option = document.createElement("option");
      option.value = value;
      option.textContent = text;
      select.append(option);
    }
    state[control.key] = control.values.length > 0 ? control.values[0][0] : "";
    select.addEventListener("change", () => {
      state[control.key] = select.value;
      redraw();
    });
    label.append(control.label, select);
    place.append(label);
  }
}

function draw(figure, data) {
  const kind = kinds[figure.dataset.chart];
  const plot = figure.querySelector(".plot");
  const state = { load: figure.dataset.load };
  let chart = null;
  const redraw = () => {
    const colors = theme();
    const made = kind.option(data, state, colors, plot.clientWidth);
    plot.style.height = `${made.height}px`;
    if (chart === null) chart = echarts.init(plot, null, { renderer: "svg" });
    else chart.resize();
    chart.setOption({
      animation: false,
      color: colors.colors,
      backgroundColor: "transparent",
      textStyle: { color: colors.ink, fontFamily: "system-ui, 'DejaVu Sans', sans-serif" },
      ...made.option,
    }, true);
  };
  addControls(figure, kind.controls(data, state.load), state, redraw);
  redraw();
  return redraw;
}

function start() {
  const data = JSON.parse(document.getElementById("data").textContent);
  document.documentElement.classList.add("js");
  const all = [...document.querySelectorAll("figure.chart")].map((f) => draw(f, data));
  const again = () => all.forEach((redraw) => redraw());
  let width = document.body.clientWidth;
  addEventListener("resize", () => {
    if (document.body.clientWidth !== width) again();
    width = document.body.clientWidth;
  });
  for (const query of ["(prefers-color-scheme: dark)", "print"])
    matchMedia(query).addEventListener("change", again);
  document.documentElement.dataset.charts = String(all.length);
}

start();
