// SPDX-License-Identifier: GPL-3.0-or-later
// Box plots of delay with the loss under each box, or of the response times of calls.
import { categoryLabel, digits, escape, isOfCalls, lossText, ms, tooltip, valueAxis } from "./parts.js";

function describe(c, load, d, ofCalls) {
  if (!d || !d.box) return `<b>${escape(c.name)}</b><br>no valid trial`;
  const rows = [
    [ofCalls ? "answers" : "packets", String(d.count)], ["least", d.box.min], ["quartile 1", d.box.q1],
    ["median", d.box.median], ["quartile 3", d.box.q3], ["p95", d.p95], ["p99", d.p99],
    ["p99.9", d["p99.9"]], ["largest", d.max],
  ].map(([name, v]) => `${name}: ${typeof v === "string" ? v : `${digits(ms(v))} ms`}`);
  if (!ofCalls) rows.push(`loss: ${escape(lossText(load.loss))}`);
  return `<b>${escape(c.name)}</b><br>${rows.join("<br>")}`;
}

export function delayOption(data, state, colors, width) {
  const cases = data.cases;
  const loads = cases.map((c) => c.loads[state.load]);
  const delays = loads.map((l) => (l ? l[state.from] : undefined));
  const has = (d) => d && d.box;
  const boxes = delays.map((d) => (has(d)
    ? [d.box.whisker_low, d.box.q1, d.box.median, d.box.q3, d.box.whisker_high].map(ms)
    : ["-", "-", "-", "-", "-"]));
  const values = delays.filter(has).flatMap((d) => [ms(d.box.whisker_low), ms(d.max)]);
  const ofCalls = isOfCalls(data, state.load);
  const below = (load) => (ofCalls ? "" : `loss\n${lossText(load.loss)}`);
  const labels = cases.map((c, i) =>
    `${c.name}\n${loads[i] ? below(loads[i]) : "no valid trial"}`);
  const dots = (name, pick, symbol, color) => ({
    type: "scatter", name, symbol, symbolSize: 9, z: 4,
    itemStyle: { color: "transparent", borderColor: color, borderWidth: 1.6 },
    data: delays.flatMap((d, i) => (has(d) ? [[i, ms(pick(d))]] : [])),
  });
  return {
    height: 480,
    option: {
      legend: { top: 0, textStyle: { color: colors.ink } },
      grid: { left: 76, right: 16, top: 36, bottom: 84 },
      tooltip: tooltip(colors, {
        trigger: "axis", axisPointer: { type: "shadow" },
        formatter: (items) => {
          const at = labels.indexOf(items[0].axisValue);
          return describe(cases[at], loads[at], delays[at], ofCalls);
        },
      }),
      xAxis: {
        type: "category", data: labels, axisTick: { show: false },
        axisLine: { lineStyle: { color: colors.faint } },
        axisLabel: categoryLabel(colors, width, cases.length),
      },
      yAxis: valueAxis(colors, state.axis, ofCalls ? "Response time (ms)" : "Delay (ms)", values),
      series: [
        {
          type: "boxplot", name: "quartiles, whiskers", data: boxes, boxWidth: [12, 48],
          itemStyle: { color: colors.shade, borderColor: colors.colors[0], borderWidth: 1.6 },
        },
        dots("p99", (d) => d.p99, "diamond", colors.colors[5]),
        dots("largest", (d) => d.max, "circle", colors.faint),
      ],
    },
  };
}
