// SPDX-License-Identifier: GPL-3.0-or-later
// Calls: what was established of what was offered, and how often requests were sent again.
import { axis, categoryLabel, digits, escape, tooltip, valueAxis } from "./parts.js";

const mean = (c, load, metric) => c.metrics[load]?.[metric]?.mean ?? null;

// Every load of calls in every case, in the order of the plan.
function points(data) {
  return data.cases.flatMap((c) => Object.keys(c.loads)
    .filter((load) => mean(c, load, "session_establishment_ratio_pct") !== null)
    .map((load) => {
      const calls = mean(c, load, "sip_calls");
      const again = mean(c, load, "sip_retransmissions_sent");
      return {
        name: Object.keys(c.loads).length > 1 ? `${c.name} ${load}` : c.name,
        offered: mean(c, load, "offered_per_s"),
        established: mean(c, load, "session_establishment_rate_sps"),
        failed: mean(c, load, "failed_pct"),
        again: calls > 0 && again !== null ? again / calls : null,
      };
    }));
}

const describe = (p) => [
  `<b>${escape(p.name)}</b>`, `offered: ${digits(p.offered)}/s`,
  `established: ${digits(p.established)}/s`, `failed: ${digits(p.failed)} %`,
  `retransmissions a call: ${digits(p.again)}`,
].join("<br>");

export function callsOption(data, state, colors, width) {
  const all = points(data);
  return {
    height: 420,
    option: {
      legend: { top: 0, textStyle: { color: colors.ink }, type: "scroll" },
      grid: { left: 84, right: 64, top: 36, bottom: 84 },
      tooltip: tooltip(colors, {
        trigger: "axis", axisPointer: { type: "shadow" },
        formatter: (items) => describe(all[items[0].dataIndex]),
      }),
      xAxis: {
        type: "category", data: all.map((p) => p.name), axisTick: { show: false },
        axisLine: { lineStyle: { color: colors.faint } },
        axisLabel: categoryLabel(colors, width, all.length),
      },
      yAxis: [
        valueAxis(colors, state.axis, "Calls a second", all.map((p) => p.offered)),
        { ...valueAxis(colors, "value", "Retransmissions a call", all.map((p) => p.again)),
          position: "right", splitLine: { show: false } },
      ],
      series: [
        { type: "bar", name: "established", barMaxWidth: 48, color: colors.colors[0],
          data: all.map((p) => p.established ?? "-") },
        { type: "scatter", name: "offered", symbol: "diamond", symbolSize: 9, z: 4,
          itemStyle: { color: "transparent", borderColor: colors.faint, borderWidth: 1.6 },
          data: all.map((p) => p.offered ?? "-") },
        { type: "scatter", name: "retransmissions a call", yAxisIndex: 1, symbol: "triangle",
          symbolSize: 9, color: colors.colors[5], data: all.map((p) => p.again ?? "-") },
      ],
    },
  };
}

// The way up and the way back of one trial: [begun, established] of each interval. The way back
// begins where the most calls were begun.
function ways(trial) {
  const line = (name) => trial?.lines.find((l) => l.panel === "calls" && l.name.endsWith(name));
  const begun = line(" begun"), established = line(" established");
  if (!begun || !established) return { up: [], back: [] };
  const all = begun.t_s.flatMap((t, i) => {
    const k = established.t_s.indexOf(t);
    return k < 0 ? [] : [[begun.values[i], established.values[k], t]];
  });
  const top = all.reduce((best, p, i) => (p[0] >= all[best][0] ? i : best), 0);
  return { up: all.slice(0, top + 1), back: all.slice(top) };
}

export function hysteresisOption(data, state, colors) {
  const { up, back } = ways(data.series[Number(state.trial)]);
  const most = Math.max(1, ...[...up, ...back].map((p) => Math.max(p[0], p[1])));
  const way = (name, color, points) => ({
    type: "line", name, color, data: points, symbolSize: 6, lineStyle: { width: 1.6 },
  });
  return {
    height: 420,
    option: {
      legend: { top: 0, textStyle: { color: colors.ink } },
      grid: { left: 84, right: 24, top: 36, bottom: 64 },
      tooltip: tooltip(colors, {
        trigger: "item",
        formatter: (x) => `<b>${escape(x.seriesName)}</b>, ${digits(x.value[2])} s<br>` +
          `begun: ${digits(x.value[0])}/s<br>established: ${digits(x.value[1])}/s`,
      }),
      xAxis: axis(colors, "Calls begun a second", {
        type: "value", min: 0, nameGap: 32,
        axisLabel: { color: colors.faint, formatter: (v) => digits(v) },
      }),
      yAxis: axis(colors, "Calls established a second", {
        type: "value", min: 0, max: Math.ceil(most),
        axisLabel: { color: colors.faint, formatter: (v) => digits(v) },
      }),
      series: [
        way("on the way up", colors.colors[0], up),
        way("on the way back", colors.colors[5], back),
      ],
    },
  };
}
