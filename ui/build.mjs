// SPDX-License-Identifier: GPL-3.0-or-later
// Bundles the browser side of the report: dist/report.js, dist/report.css and dist/NOTICE.txt.
// The same input gives the same bytes: a test rebuilds them and compares.
import { build } from "esbuild";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const version = (name) =>
  JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version;
const text = (path) => readFileSync(path, "utf8").trimEnd();
const rule = `\n\n${"-".repeat(78)}\n`;

const banner = `/*! vaperf report, GPL-3.0-or-later. Contains Apache ECharts ${version("echarts")} ` +
  `(Apache-2.0), zrender ${version("zrender")} (BSD-3-Clause), tslib ${version("tslib")} (0BSD). ` +
  `Their notices are in the page. */`;

await build({
  entryPoints: ["src/report.js", "src/report.css"],
  outdir: "dist",
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2020"],
  charset: "utf8",
  legalComments: "none",
  banner: { js: banner },
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
});

mkdirSync("dist", { recursive: true });
writeFileSync("dist/NOTICE.txt",
  "The charts of vaperf's reports are drawn by software of others, contained in the page:" +
  `${rule}Apache ECharts ${version("echarts")}, Apache License 2.0\n\n` +
  `${text("node_modules/echarts/NOTICE")}\n\n${text("node_modules/echarts/LICENSE")}` +
  `${rule}zrender ${version("zrender")}, BSD 3-Clause License\n\n` +
  `${text("node_modules/zrender/LICENSE")}` +
  `${rule}tslib ${version("tslib")}, BSD Zero Clause License\n\n` +
  `${text("node_modules/tslib/LICENSE.txt")}\n`);
