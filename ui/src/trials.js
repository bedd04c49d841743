// SPDX-License-Identifier: GPL-3.0-or-later
// One point a valid trial, with mean and interval.
import { categoryLabel, digits, escape, intervalSeries, isOfCalls, ms, tooltip, valueAxis } from "./parts.js";

export function trialsOption(data, state, colors, width) {
  const cases = data.cases;
  const figures = cases.map((c) => {
    const load = c.loads[state.load];
    return load ? load.delay_from_intended.trials[state.point] : null;
  });
  const values = figures.flatMap((e) => (e ? e.values.map(ms) : []));
  const low = values.length > 0 ? Math.min(...values) : 0;
  const clip = (v) => (state.axis === "log" ? Math.max(v, low / 10) : Math.max(v, 0));
  const highs = figures.flatMap((e) => (e && e.student ? [ms(e.student[1])] : []));
  const lows = figures.flatMap((e) => (e && e.student ? [clip(ms(e.student[0]))] : []));
  const points = figures.flatMap((e, i) => (e ? e.values.map((v, k) => ({
    value: [i, ms(v)], trial: k + 1,
    symbolOffset: [(k - (e.values.length - 1) / 2) * Math.min(7, 60 / e.values.length), 0],
  })) : []));
  return {
    height: 380,
    option: {
      grid: { left: 76, right: 16, top: 16, bottom: 64 },
      tooltip: tooltip(colors, {
        trigger: "item",
        formatter: (item) =>
          `<b>${escape(cases[item.value[0]].name)}</b><br>valid trial ${item.data.trial}: ` +
          `${digits(item.value[1])} ms`,
      }),
      xAxis: {
        type: "category", data: cases.map((c) => c.name), axisTick: { show: false },
        axisLine: { lineStyle: { color: colors.faint } },
        axisLabel: categoryLabel(colors, width, cases.length),
      },
      yAxis: valueAxis(colors, state.axis, `${state.point} ${isOfCalls(data, state.load) ? "response time" : "delay"} (ms)`,
        [...values, ...highs, ...lows]),
      series: [
        intervalSeries("mean and 95 % interval", colors.ink, figures.flatMap((e, i) =>
          (e && e.student
            ? [[i, ms(e.mean), clip(ms(e.student[0])), ms(e.student[1]), -28]] : []))),
        { type: "scatter", name: "trials", symbolSize: 8, z: 6, data: points,
          itemStyle: { color: colors.colors[0], opacity: 0.85 } },
      ],
    },
  };
}
