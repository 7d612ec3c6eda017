import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readDashboard, type Panel, type Section } from "../src/lib/dashboard";
import { joinSeries, onGrid, toFields, toTable } from "../src/lib/frames";
import { compact, expandRepeats } from "../src/lib/layout";
import { stackValues } from "../src/charts/stack";
import { transform } from "../src/lib/transform";
import { corpus } from "./vectors";

const overlap = (a: Panel, b: Panel): boolean =>
  a.grid.x < b.grid.x + b.grid.w &&
  b.grid.x < a.grid.x + a.grid.w &&
  a.grid.y < b.grid.y + b.grid.h &&
  b.grid.y < a.grid.y + a.grid.h;

function checkLayout(name: string, sections: readonly Section[]): void {
  for (const section of sections) {
    const panels = compact(section.panels);
    panels.forEach((a, i) =>
      panels.slice(i + 1).forEach((b) => assert.ok(!overlap(a, b), `${name}: ${a.title} covers ${b.title}`)),
    );
    for (const panel of panels) assert.ok(panel.grid.x >= 0 && panel.grid.x + panel.grid.w <= 24, name);
  }
}

test(
  "dashboards: every file of the corpus can be read and laid out",
  { skip: existsSync(corpus) ? false : `no ${corpus}` },
  () => {
    const files = readdirSync(corpus).filter((name) => name.endsWith(".json"));
    assert.ok(files.length >= 20);
    for (const name of files) {
      const dashboard = readDashboard(JSON.parse(readFileSync(join(corpus, name), "utf8")));
      const panels = dashboard.sections.flatMap((section) => section.panels);
      assert.ok(panels.length > 0, name);
      assert.notEqual(dashboard.title, "Untitled", name);
      for (const panel of panels) {
        assert.notEqual(panel.type, "", `${name}: ${panel.title}`);
        assert.ok(!["graph", "singlestat", "row", "table-old"].includes(panel.type), `${name}: ${panel.type}`);
        for (const target of panel.targets) assert.notEqual(target.refId, "", name);
      }
      checkLayout(name, dashboard.sections);
      checkLayout(
        name,
        expandRepeats(dashboard.sections, () => ["one", "two", "three"]),
      );
    }
  },
);

test("dashboards: ours draws only what the page knows and asks for nothing by job", () => {
  const text = readFileSync(join(process.env["UI_ROOT"] ?? ".", "../catalog/redis/dashboard.json"), "utf8");
  const json = JSON.parse(text) as { uid: string; schemaVersion: number };
  assert.equal(json.uid, "redis");
  assert.ok(json.schemaVersion >= 39 && json.schemaVersion <= 41);
  const dashboard = readDashboard(json);
  assert.deepEqual(
    dashboard.variables.map((one) => one.name),
    ["datasource", "instance"],
  );
  const panels = dashboard.sections.flatMap((section) => section.panels);
  const known = ["timeseries", "stat", "gauge", "table", "text"];
  for (const panel of panels) {
    assert.ok(known.includes(panel.type), panel.type);
    for (const target of panel.targets)
      assert.ok(target.expr.includes('instance=~"$instance"') && !target.expr.includes("job="), target.expr);
  }
  const flat = dashboard.sections.map((section) =>
    compact(section.panels).map((panel) => panel.grid.y - Math.min(...section.panels.map((one) => one.grid.y))),
  );
  assert.ok(flat.length > 3);
  checkLayout("redis", dashboard.sections);
});

test("dashboards: old shapes", () => {
  const old = readDashboard({
    title: "old",
    schemaVersion: 12,
    rows: [
      {
        height: "250px",
        showTitle: true,
        title: "first",
        panels: [
          {
            id: 1,
            type: "graph",
            span: 6,
            title: "g",
            yaxes: [{ format: "bytes", min: "0" }, { format: "short" }],
            stack: true,
            fill: 2,
            linewidth: 2,
            targets: [{ expr: "up" }, { expr: "down" }],
            seriesOverrides: [{ alias: "/x/", yaxis: 2 }],
            aliasColors: { a: "#fff" },
            nullPointMode: "connected",
            legend: { show: true, values: true, current: true, avg: true },
          },
          {
            id: 2,
            type: "singlestat",
            span: 6,
            valueName: "current",
            format: "percent",
            thresholds: "50,80",
            colors: ["g", "o", "r"],
            gauge: { show: true, minValue: 0, maxValue: 100 },
          },
          { id: 3, type: "singlestat", span: 12, sparkline: { show: true } },
        ],
      },
    ],
  });
  const [section] = old.sections;
  assert.equal(section?.title, "first");
  const [graph, gauge, stat] = section?.panels ?? [];
  assert.equal(graph?.type, "timeseries");
  assert.deepEqual(
    graph?.targets.map((target) => target.refId),
    ["A", "B"],
  );
  assert.equal(graph?.defaults["unit"], "bytes");
  assert.deepEqual(graph?.options["legend"], {
    showLegend: true,
    displayMode: "list",
    placement: "bottom",
    calcs: ["lastNotNull", "mean"],
    hideEmpty: false,
    hideZero: false,
  });
  assert.deepEqual([graph?.grid.w, graph?.grid.x, gauge?.grid.x], [12, 0, 12]);
  assert.equal(gauge?.type, "gauge");
  assert.equal(stat?.type, "stat");
  assert.equal(stat?.options["graphMode"], "area");
  assert.equal(graph?.overrides.length, 2);
});

test("dashboards: envelopes, and what is no dashboard", () => {
  assert.equal(readDashboard({ dashboard: { title: "in" } }).title, "in");
  assert.equal(
    readDashboard({ kind: "Dashboard", metadata: { name: "u" }, spec: { title: "in", panels: [] } }).uid,
    "u",
  );
  assert.throws(
    () => readDashboard({ kind: "Dashboard", spec: { elements: {}, layout: {} } }),
    /cannot read dashboard/,
  );
  for (const bad of [
    null,
    1,
    "x",
    [],
    { panels: 5 },
    { panels: [null, 3, { type: 7, targets: null, fieldConfig: null, gridPos: { x: 99, w: "no", h: -4 } }] },
    { refresh: false, templating: null, time: { from: 5 } },
  ]) {
    assert.doesNotThrow(() => readDashboard(bad));
  }
});

test("layout: repeats and rows", () => {
  const { sections } = readDashboard({
    panels: [
      { id: 1, type: "stat", repeat: "v", maxPerRow: 2, gridPos: { x: 0, y: 0, w: 24, h: 4 } },
      { id: 2, type: "stat", gridPos: { x: 0, y: 4, w: 24, h: 4 } },
      {
        id: 3,
        type: "row",
        title: "$v",
        collapsed: true,
        repeat: "v",
        gridPos: { x: 0, y: 8, w: 24, h: 1 },
        panels: [{ id: 4, type: "stat", gridPos: { x: 0, y: 9, w: 12, h: 3 } }],
      },
    ],
  });
  const out = expandRepeats(sections, (name) => (name === "v" ? ["a", "b", "c"] : undefined));
  assert.equal(out.length, 4);
  assert.deepEqual(
    out[0]?.panels.map((one) => [one.grid.x, one.grid.y, one.grid.w]),
    [
      [0, 0, 12],
      [12, 0, 12],
      [0, 4, 12],
      [0, 8, 24],
    ],
  );
  assert.deepEqual(
    out.slice(1).map((one) => one.panels[0]?.scope),
    [{ v: "a" }, { v: "b" }, { v: "c" }],
  );
  assert.equal(new Set(out.flatMap((one) => one.panels.map((panel) => panel.key))).size, 7);
});

test("frames: gaps stay gaps, other steps are no gaps", () => {
  const grid = onGrid(
    [
      [10, "1"],
      [30, "NaN"],
      [40, "4"],
    ],
    10,
    40,
    10,
  );
  assert.deepEqual(grid, { times: [10, 20, 30, 40], values: [1, null, null, 4] });
  const joined = joinSeries([
    { refId: "A", name: "a", labels: {}, ...grid },
    { refId: "B", name: "b", labels: {}, times: [10, 25], values: [5, 6] },
  ]);
  assert.deepEqual(joined.times, [10, 20, 25, 30, 40]);
  assert.deepEqual(joined.values, [
    [1, null, undefined, null, 4],
    [5, undefined, 6, undefined, undefined],
  ]);
});

test("frames: overrides by name, pattern and query; the last wins", () => {
  const series = ["a", "b"].map((name, i) => ({
    refId: "AB"[i] ?? "",
    name,
    labels: { l: name },
    times: [1],
    values: [i],
  }));
  const { fields } = toFields(series, { unit: "bytes" }, [
    {
      matcher: { id: "byName", options: "a" },
      properties: [
        { id: "unit", value: "s" },
        { id: "displayName", value: "${__field.labels.l}!" },
      ],
    },
    {
      matcher: { id: "byRegexp", options: "/^b$/" },
      properties: [{ id: "color", value: { mode: "fixed", fixedColor: "red" } }],
    },
    {
      matcher: { id: "byFrameRefID", options: "B" },
      properties: [
        { id: "custom.lineWidth", value: 3 },
        { id: "unit", value: "ms" },
      ],
    },
    { matcher: { id: "byNothing", options: 1 }, properties: [{ id: "unit", value: "x" }] },
  ]);
  assert.deepEqual(
    fields.map((one) => [one.name, one.config.unit, one.config.color?.fixedColor, one.config.custom["lineWidth"]]),
    [
      ["a!", "s", undefined, undefined],
      ["b", "ms", "red", 3],
    ],
  );
});

test("stack: sums of one group, signs apart, hidden left out, percent of the whole", () => {
  const make = (values: (number | null)[], more: object = {}): Parameters<typeof stackValues>[0][number] => ({
    values,
    group: "g",
    percent: false,
    hidden: false,
    ...more,
  });
  assert.deepEqual(
    stackValues([make([1, 2]), make([10, null]), make([-1, -2]), make([5, 5], { group: undefined })], 2),
    [
      [1, 2],
      [11, 2],
      [-1, -2],
      [5, 5],
    ],
  );
  assert.deepEqual(stackValues([make([1]), make([10], { hidden: true }), make([2])], 1), [[1], [10], [3]]);
  assert.deepEqual(stackValues([make([1], { percent: true }), make([3], { percent: true })], 1), [[0.25], [1]]);
});

test("transformations: merge, organize, and the name of what is not applied", () => {
  const a = toTable(
    "A",
    [
      { labels: { i: "x" }, timeMs: 1, value: 1 },
      { labels: { i: "y" }, timeMs: 1, value: 2 },
    ],
    "Value #A",
  );
  const b = toTable(
    "B",
    [
      { labels: { i: "y" }, timeMs: 1, value: 20 },
      { labels: { i: "z" }, timeMs: 1, value: 30 },
    ],
    "Value #B",
  );
  const { tables, skipped } = transform(
    [a, b],
    [
      { id: "merge" },
      {
        id: "organize",
        options: {
          excludeByName: { Time: true },
          renameByName: { i: "Instance" },
          indexByName: { "Value #B": 0, i: 1 },
        },
      },
      { id: "sortBy", options: { sort: [{ field: "Value #A", desc: true }] } },
      { id: "unheardOf" },
    ],
  );
  assert.deepEqual(skipped, ["unheardOf"]);
  assert.deepEqual(
    tables[0]?.columns.map((one) => [one.renamed, one.values]),
    [
      ["Value #B", [20, null, 30]],
      ["Instance", ["y", "x", "z"]],
      ["Value #A", [2, 1, null]],
    ],
  );
});
