// SPDX-License-Identifier: GPL-3.0-or-later
// Rates of loads, on one another: what came through together, and what was offered.
import { categoryLabel, digits, escape, tooltip, valueAxis } from "./parts.js";

const mean = (x) => (x ? x.mean : null);

export function ratesOption(data, state, colors, width) {
  const cases = data.cases.filter((c) => Object.keys(c.rates).length > 0);
  const loads = [...new Set(cases.flatMap((c) => Object.keys(c.rates)))];
  const sum = (c, key) =>
    Object.values(c.rates).reduce((all, r) => all + (mean(r[key]) ?? 0), 0);
  const describe = (c) => [
    `<b>${escape(c.name)}</b>`, `offered: ${digits(sum(c, "offered_per_s"))}/s`,
    `sent: ${digits(sum(c, "achieved_per_s"))}/s`,
    ...Object.entries(c.rates).map(([name, r]) =>
      `${escape(name)} received: ${digits(mean(r.received_per_s))}/s`),
    ...(c.fairness.jain ? [`Jain's index: ${digits(c.fairness.jain.mean)}`] : []),
  ].join("<br>");
  return {
    height: 420,
    option: {
      legend: { top: 0, textStyle: { color: colors.ink }, type: "scroll" },
      grid: { left: 84, right: 16, top: 36, bottom: 84 },
      tooltip: tooltip(colors, {
        trigger: "axis", axisPointer: { type: "shadow" },
        formatter: (items) => describe(cases[items[0].dataIndex]),
      }),
      xAxis: {
        type: "category", data: cases.map((c) => c.name), axisTick: { show: false },
        axisLine: { lineStyle: { color: colors.faint } },
        axisLabel: categoryLabel(colors, width, cases.length),
      },
      yAxis: valueAxis(colors, state.axis, "Packets a second",
        cases.map((c) => sum(c, "offered_per_s"))),
      series: [
        ...loads.map((name, i) => ({
          type: "bar", name: `${name} received`, stack: "received", barMaxWidth: 48,
          color: colors.colors[i % colors.colors.length],
          data: cases.map((c) => mean(c.rates[name]?.received_per_s) ?? "-"),
        })),
        {
          type: "scatter", name: "offered", symbol: "diamond", symbolSize: 9, z: 4,
          itemStyle: { color: "transparent", borderColor: colors.faint, borderWidth: 1.6 },
          data: cases.map((c) => sum(c, "offered_per_s")),
        },
      ],
    },
  };
}
