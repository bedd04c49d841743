// SPDX-License-Identifier: GPL-3.0-or-later
// What the charts share. Names come from plans: every tooltip escapes them.

export const ms = (ns) => (ns === null || ns === undefined ? null : ns / 1e6);

export function escape(text) {
  return String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

// Three digits, never an exponent.
export function digits(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const decimals = Math.max(0, Math.min(9, 2 - Math.floor(Math.log10(Math.abs(value)) + 1e-12)));
  return String(Number(value.toFixed(decimals)));
}

export function axis(colors, name, more) {
  return {
    name,
    nameLocation: "middle",
    nameGap: 52,
    nameTextStyle: { color: colors.ink },
    axisLabel: { color: colors.faint },
    axisLine: { show: true, lineStyle: { color: colors.faint } },
    splitLine: { lineStyle: { color: colors.line } },
    minorSplitLine: { show: false },
    ...more,
  };
}

export function tooltip(colors, more) {
  return {
    backgroundColor: colors.paper,
    borderColor: colors.line,
    textStyle: { color: colors.ink, fontSize: 12 },
    confine: true,
    ...more,
  };
}

// A log axis cannot show 0 and wants whole decades around the values.
export function logBounds(values) {
  const good = values.filter((v) => v !== null && v > 0);
  if (good.length === 0) return {};
  return {
    min: 10 ** Math.floor(Math.log10(Math.min(...good))),
    max: 10 ** Math.ceil(Math.log10(Math.max(...good))),
  };
}

export function valueAxis(colors, kind, name, values) {
  const log = kind === "log";
  return axis(colors, name, {
    type: kind,
    ...(log ? { logBase: 10, ...logBounds(values) } : { min: 0 }),
    axisLabel: { color: colors.faint, formatter: (v) => digits(v) },
  });
}

// Long names of many cases are broken into lines as wide as their place.
export function categoryLabel(colors, width, count) {
  return {
    color: colors.ink, interval: 0, width: Math.max(48, (width - 90) / Math.max(1, count) - 8),
    overflow: "break", lineHeight: 15, fontSize: 12, hideOverlap: false,
  };
}

// Of calls it is response times that are known, not delays of packets.
export const isOfCalls = (data, load) =>
  data.cases.some((c) => c.metrics[load]?.session_establishment_ratio_pct);

export function lossText(loss) {
  if (!loss) return "unknown";
  return loss.lost === 0 ? `0 % (< ${digits(loss.sure[1])})` : `${digits(loss.pct)} %`;
}

// A mean with its interval as a small I, by category index and offset.
export function intervalSeries(name, color, items) {
  return {
    type: "custom",
    name,
    silent: true,
    z: 5,
    data: items,
    encode: { x: 0, y: [1, 2, 3] },
    renderItem: (params, api) => {
      const shift = api.value(4) || 0;
      const at = (v) => api.coord([api.value(0), v]);
      const [x, mean] = at(api.value(1));
      const low = at(api.value(2))[1], high = at(api.value(3))[1];
      const cx = x + shift;
      const line = (x1, y1, x2, y2, width) => ({
        type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: color, lineWidth: width },
      });
      return {
        type: "group",
        children: [
          line(cx, low, cx, high, 1.5), line(cx - 5, low, cx + 5, low, 1.5),
          line(cx - 5, high, cx + 5, high, 1.5), line(cx - 9, mean, cx + 9, mean, 2.5),
        ],
      };
    },
  };
}
