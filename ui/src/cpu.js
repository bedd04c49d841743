// SPDX-License-Identifier: GPL-3.0-or-later
// CPU of the host by mode, and of machines.
import { axis, categoryLabel, digits, escape, intervalSeries, tooltip } from "./parts.js";

const modes = [
  ["user_pct", "user"], ["nice_pct", "nice"], ["system_pct", "system"], ["irq_pct", "irq"],
  ["softirq_pct", "softirq"], ["steal_pct", "stolen"],
];

const names = (cases, key) => [...new Set(cases.flatMap((c) => Object.keys(c[key])))].sort();
const mean = (e) => (e ? e.mean : null);

function frame(data, colors, width, name, max) {
  return {
    legend: { top: 0, type: "scroll", textStyle: { color: colors.ink },
      pageTextStyle: { color: colors.ink } },
    grid: { left: 70, right: 16, top: 40, bottom: 64 },
    xAxis: {
      type: "category", data: data.cases.map((c) => c.name), axisTick: { show: false },
      axisLine: { lineStyle: { color: colors.faint } },
      axisLabel: categoryLabel(colors, width, data.cases.length),
    },
    yAxis: axis(colors, name, { type: "value", min: 0, ...(max ? { max } : {}),
      axisLabel: { color: colors.faint, formatter: (v) => digits(v) } }),
  };
}

export function cpusOption(data, state, colors, width) {
  const cpus = names(data.cases, "cpus");
  const shown = modes.filter(([key]) =>
    data.cases.some((c) => Object.values(c.cpus).some((cpu) => mean(cpu[key]) > 0.05)));
  const series = cpus.flatMap((cpu, n) => shown.map(([key, name], m) => ({
    type: "bar", name, stack: cpu, barMaxWidth: 34, barGap: "25%",
    itemStyle: { color: colors.colors[modes.findIndex((x) => x[0] === key)] },
    data: data.cases.map((c) => (c.cpus[cpu] ? mean(c.cpus[cpu][key]) : null)),
    ...(m === shown.length - 1 && cpus.length * data.cases.length <= 40 ? {
      label: { show: true, position: "top", color: colors.faint, fontSize: 10,
        formatter: () => cpus[n] },
    } : {}),
  })));
  return {
    height: 360,
    option: {
      ...frame(data, colors, width, "CPU time (%)", 110),
      yAxis: axis(colors, "CPU time (%)", { type: "value", min: 0, max: 110, interval: 20,
        axisLabel: { color: colors.faint, formatter: (v) => (v > 100 ? "" : digits(v)) } }),
      tooltip: tooltip(colors, {
        trigger: "axis", axisPointer: { type: "shadow" },
        formatter: (items) => {
          const c = data.cases[items[0].dataIndex];
          const lines = Object.entries(c.cpus).map(([cpu, m]) => `${escape(cpu)}: busy ` +
            `${digits(mean(m.busy_pct))} % (${shown.map(([key, name]) =>
              `${name} ${digits(mean(m[key]))}`).join(", ")})`);
          return `<b>${escape(c.name)}</b><br>${lines.join("<br>") || "no valid trial"}`;
        },
      }),
      series,
    },
  };
}

export function machinesOption(data, state, colors, width) {
  const machines = names(data.cases, "machines");
  const figure = (c, m) => (c.machines[m] ? c.machines[m].cpu_pct : null);
  const step = Math.min(28, (width - 90) / Math.max(1, data.cases.length) / (machines.length + 1));
  const bars = machines.map((m) => ({
    type: "bar", name: m, barWidth: step, barGap: "0%",
    data: data.cases.map((c) => mean(figure(c, m))),
  }));
  const whiskers = machines.map((m, n) => intervalSeries(m, colors.ink,
    data.cases.flatMap((c, i) => {
      const e = figure(c, m);
      return e && e.student
        ? [[i, e.mean, Math.max(0, e.student[0]), e.student[1],
          (n - (machines.length - 1) / 2) * step]] : [];
    })));
  return {
    height: 360,
    option: {
      ...frame(data, colors, width, "CPU time (% of one CPU)"),
      tooltip: tooltip(colors, {
        trigger: "axis", axisPointer: { type: "shadow" },
        formatter: (items) => {
          const c = data.cases[items[0].dataIndex];
          const lines = Object.entries(c.machines).map(([m, f]) => `${escape(m)}: ` +
            `${digits(mean(f.cpu_pct))} %, waiting ${digits(mean(f.wait_pct))} %, ` +
            `throttled ${digits(mean(f.throttled_pct))} %`);
          return `<b>${escape(c.name)}</b><br>${lines.join("<br>") || "no valid trial"}`;
        },
      }),
      series: [...bars, ...whiskers],
    },
  };
}
