// SPDX-License-Identifier: GPL-3.0-or-later
// One trial over time: delay, loss, CPU and waiting under one another on one axis.
import { axis, digits, escape, isOfCalls, ms, tooltip } from "./parts.js";

const panels = [
  ["delay", ""], ["loss", "Loss (%)"], ["rate", "Received (1/s)"],
  ["sent", "Sent by machines (bit/s)"],
  ["calls", "Calls (1/s)"], ["retransmissions", "Sent again (1/s)"],
  ["fairness", "Jain's index"], ["cpu", "CPU busy (%)"],
  ["wait", "CPU wait (%)"],
];

// Loads of packets and of calls may stand in one panel.
function delayTitle(data, trial) {
  const ofCalls = trial.lines.filter((l) => l.panel === "delay").map((l) => isOfCalls(data, l.name));
  if (!ofCalls.includes(true)) return "p99 delay (ms)";
  return ofCalls.includes(false) ? "p99 delay, response (ms)" : "p99 response time (ms)";
}

export function timeOption(data, state, colors) {
  const trial = data.series[Number(state.trial)];
  const shown = panels.filter(([key]) => trial && trial.lines.some((l) => l.panel === key))
    .map(([key, name]) => [key, key === "delay" ? delayTitle(data, trial) : name]);
  const height = 130, gap = 62, top = 10;
  const longest = trial ? Math.max(0, ...trial.lines.flatMap((l) => l.t_s)) : 0;
  const grids = shown.map((panel, i) =>
    ({ left: 84, right: 16, top: top + 26 + i * (height + gap), height }));
  const series = trial ? trial.lines.flatMap((line) => {
    const at = shown.findIndex(([key]) => key === line.panel);
    if (at < 0) return [];
    const scale = line.unit === "ns" ? ms : (v) => v;
    return [{
      type: "line", name: line.name, color: colors.colors[
        trial.lines.filter((l) => l.panel === line.panel).indexOf(line) % colors.colors.length], xAxisIndex: at, yAxisIndex: at, showSymbol: false,
      symbolSize: 5, lineStyle: { width: 1.6 }, connectNulls: false,
      data: line.t_s.map((t, i) => [t, scale(line.values[i])]),
    }];
  }) : [];
  return {
    height: top + shown.length * (height + gap) + 26,
    option: {
      axisPointer: { link: [{ xAxisIndex: "all" }] },
      tooltip: tooltip(colors, {
        trigger: "axis",
        formatter: (items) => `<b>${digits(items[0].axisValue)} s</b><br>` +
          items.map((x) => `${escape(x.seriesName)}: ${digits(x.value[1])}`).join("<br>"),
      }),
      legend: shown.map(([key], i) => ({
        top: top + i * (height + gap), left: 84, itemHeight: 3, icon: "rect", type: "scroll",
        textStyle: { color: colors.ink, fontSize: 11 }, pageTextStyle: { color: colors.ink },
        data: [...new Set(trial.lines.filter((l) => l.panel === key).map((l) => l.name))],
      })),
      grid: grids,
      xAxis: shown.map((panel, i) => axis(colors, i === shown.length - 1 ? "Time (s)" : "", {
        gridIndex: i, type: "value", min: 0, max: longest, nameGap: 26,
        axisLabel: { color: colors.faint, formatter: (v) => digits(v) },
      })),
      yAxis: shown.map(([, name], i) => axis(colors, name, {
        gridIndex: i, type: "value", min: 0, splitNumber: 3, nameGap: 44,
        axisLabel: { color: colors.faint, formatter: (v) => digits(v) },
      })),
      series,
    },
  };
}
