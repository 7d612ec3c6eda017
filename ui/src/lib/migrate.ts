// Older dashboard JSON to the shape the page draws: rows to the grid, graph to timeseries, singlestat to stat or gauge,
// table-old to table, old stat options to fieldConfig. Only what is drawn is brought over; the file itself is not changed.

import { asArray, asNumber, asObject, asString, asStrings, type Json } from "./json";

const kOldTypes: Record<string, string> = {
  graph2: "graph",
  "grafana-singlestat-panel": "singlestat",
  gauge2: "gauge",
  text2: "text",
  table2: "table",
};
const kOldCalcs: Record<string, string> = { avg: "mean", current: "lastNotNull", total: "sum" };

/** Panels of a dashboard on the 24-column grid, whatever its age. */
export function upgradePanels(dashboard: Json): Json[] {
  const rows = asArray(dashboard["rows"]).map(asObject);
  const panels =
    rows.length > 0 && asArray(dashboard["panels"]).length === 0
      ? rowsToPanels(rows)
      : asArray(dashboard["panels"]).map(asObject);
  return panels
    .filter((panel) => panel["repeatPanelId"] === undefined && panel["repeatByRow"] !== true)
    .map(upgradePanel);
}

function rowHeight(panel: Json, row: Json): number {
  const pixels = asNumber(String(panel["height"] ?? row["height"] ?? "250").replace("px", "")) ?? 250;
  return Math.ceil(Math.max(pixels, 90) / 38);
}

function rowsToPanels(rows: Json[]): Json[] {
  const withRows = rows.some((row) => row["collapse"] === true || row["showTitle"] === true || asString(row["repeat"]));
  const out: Json[] = [];
  let y = 0;
  for (const row of rows) {
    const panels: Json[] = [];
    let header: Json | undefined;
    if (withRows) {
      header = {
        type: "row",
        title: row["showTitle"] === false ? "" : row["title"],
        collapsed: row["collapse"] === true,
        repeat: row["repeat"],
        gridPos: { x: 0, y, w: 24, h: 1 },
        panels: [],
      };
      y++;
    }
    let x = 0;
    let tallest = 0;
    for (const panel of asArray(row["panels"]).map(asObject)) {
      const w = Math.min(24, Math.floor(asNumber(panel["span"]) ?? 4) * 2);
      const h = rowHeight(panel, row);
      if (x + w > 24) {
        x = 0;
        y += tallest;
        tallest = 0;
      }
      panels.push({ ...panel, gridPos: { x, y, w, h } });
      x += w;
      tallest = Math.max(tallest, h);
    }
    y += tallest;
    if (header !== undefined) out.push(header);
    if (header?.["collapsed"] === true) header["panels"] = panels;
    else out.push(...panels);
  }
  return out;
}

function upgradePanel(source: Json): Json {
  const type = kOldTypes[asString(source["type"]) ?? ""] ?? asString(source["type"]) ?? "";
  const panel: Json = { ...source, type };
  switch (type) {
    case "row":
      return { ...panel, panels: asArray(panel["panels"]).map(asObject).map(upgradePanel) };
    case "graph":
      return upgradeGraph(panel);
    case "singlestat":
      return upgradeSinglestat(panel);
    case "table":
      return asArray(panel["styles"]).length > 0 ? upgradeTable(panel) : panel;
    case "table-old":
      return upgradeTable(panel);
    case "stat":
    case "gauge":
    case "bargauge":
      return upgradeReduced(panel);
    case "text": {
      const options = asObject(panel["options"]);
      return { ...panel, options: { mode: panel["mode"], content: panel["content"], ...options } };
    }
    default:
      return panel;
  }
}

function graphCustom(panel: Json): Json {
  const on = (name: string): boolean => panel[name] === true;
  const custom: Json = {
    drawStyle: on("bars") ? "bars" : panel["lines"] === false && on("points") ? "points" : "line",
    lineInterpolation: on("steppedLine") ? "stepAfter" : "linear",
    lineWidth: asNumber(panel["linewidth"]) ?? 1,
    fillOpacity: on("bars") ? 100 : (asNumber(panel["fill"]) ?? 1) * 10,
    showPoints: on("points") ? "always" : "never",
    pointSize: 2 + 2 * (asNumber(panel["pointradius"]) ?? 2),
    spanNulls: panel["nullPointMode"] === "connected",
    stacking: { mode: on("stack") ? (on("percentage") ? "percent" : "normal") : "none", group: "A" },
  };
  if ((asNumber(panel["fillGradient"]) ?? 0) > 0) custom["gradientMode"] = "opacity";
  return custom;
}

function axisConfig(axis: Json, custom: Json): Json {
  const config: Json = { unit: axis["format"], min: axis["min"], max: axis["max"], decimals: axis["decimals"] };
  const log = asNumber(axis["logBase"]) ?? 1;
  if (log > 1) custom["scaleDistribution"] = { type: "log", log: log === 2 ? 2 : 10 };
  if (axis["show"] === false) custom["axisPlacement"] = "hidden";
  if (asString(axis["label"])) custom["axisLabel"] = axis["label"];
  return config;
}

function seriesOverride(source: Json, right: Json): Json {
  const alias = asString(source["alias"]) ?? "";
  const regex = /^\/.*\/[a-z]*$/.test(alias);
  const properties: Json[] = [];
  const add = (id: string, value: unknown): void => void properties.push({ id, value });
  if (asNumber(source["yaxis"]) === 2) {
    add("custom.axisPlacement", "right");
    for (const [id, value] of Object.entries(right)) if (value !== null && value !== undefined) add(id, value);
  }
  if (asNumber(source["fill"]) !== undefined) add("custom.fillOpacity", (asNumber(source["fill"]) ?? 0) * 10);
  if (source["lines"] === false) add("custom.lineWidth", 0);
  if (source["bars"] === true) add("custom.drawStyle", "bars");
  if (source["points"] === true) add("custom.showPoints", "always");
  if (asNumber(source["linewidth"]) !== undefined) add("custom.lineWidth", source["linewidth"]);
  if (asString(source["color"])) add("color", { mode: "fixed", fixedColor: source["color"] });
  if (source["stack"] === false) add("custom.stacking", { mode: "none", group: "A" });
  if (source["transform"] === "negative-Y") add("custom.transform", "negative-Y");
  if (source["dashes"] === true) add("custom.lineStyle", { fill: "dash", dash: [10, 10] });
  if (source["legend"] === false || source["hiddenSeries"] === true) {
    add("custom.hideFrom", {
      legend: source["legend"] === false,
      viz: source["hiddenSeries"] === true,
      tooltip: false,
    });
  }
  return { matcher: { id: regex ? "byRegexp" : "byName", options: alias }, properties };
}

function graphLegend(source: unknown): Json {
  const legend = asObject(source);
  const names: [string, string][] = [
    ["current", "lastNotNull"],
    ["avg", "mean"],
    ["min", "min"],
    ["max", "max"],
    ["total", "sum"],
  ];
  return {
    showLegend: legend["show"] !== false,
    displayMode: legend["alignAsTable"] === true ? "table" : "list",
    placement: legend["rightSide"] === true ? "right" : "bottom",
    calcs: legend["values"] === true ? names.filter(([old]) => legend[old] === true).map(([, calc]) => calc) : [],
    hideEmpty: legend["hideEmpty"] === true,
    hideZero: legend["hideZero"] === true,
  };
}

function upgradeGraph(panel: Json): Json {
  const yaxes = asArray(panel["yaxes"]).map(asObject);
  const formats = asStrings(panel["y_formats"]);
  const grid = asObject(panel["grid"]);
  const left = yaxes[0] ?? { format: formats[0], min: grid["leftMin"], max: grid["leftMax"] };
  const right = yaxes[1] ?? { format: formats[1] };
  const custom = graphCustom(panel);
  const rightConfig = axisConfig(right, {});
  const overrides: Json[] = [
    ...Object.entries(asObject(panel["aliasColors"])).map(([name, color]) => ({
      matcher: { id: "byName", options: name },
      properties: [{ id: "color", value: { mode: "fixed", fixedColor: color } }],
    })),
    ...asArray(panel["seriesOverrides"]).map((one) => seriesOverride(asObject(one), rightConfig)),
  ];
  const tooltip = asObject(panel["tooltip"]);
  return {
    ...panel,
    type: "timeseries",
    options: {
      legend: graphLegend(panel["legend"]),
      tooltip: {
        mode: tooltip["shared"] === false ? "single" : "multi",
        sort: ["none", "asc", "desc"][asNumber(tooltip["sort"]) ?? 0],
      },
    },
    fieldConfig: { defaults: { ...axisConfig(left, custom), custom, color: { mode: "palette-classic" } }, overrides },
  };
}

function oldMappings(panel: Json): Json[] {
  const useRanges = asNumber(panel["mappingType"]) === 2;
  const source = asArray(useRanges ? panel["rangeMaps"] : panel["valueMaps"]).map(asObject);
  return source.map((one): Json => {
    const result = { text: asString(one["text"]) ?? "" };
    if (useRanges) return { type: "range", options: { from: asNumber(one["from"]), to: asNumber(one["to"]), result } };
    if (one["value"] === "null") return { type: "special", options: { match: "null", result } };
    return { type: "value", options: { [String(one["value"])]: result } };
  });
}

function upgradeSinglestat(panel: Json): Json {
  const gauge = asObject(panel["gauge"]);
  const isGauge = gauge["show"] === true;
  const name = asString(panel["valueName"]) ?? "avg";
  const colors = asStrings(panel["colors"]);
  const limits = (asString(panel["thresholds"]) ?? "")
    .split(",")
    .filter((text) => text.trim() !== "")
    .map(Number);
  const steps =
    limits.length === 0
      ? [{ value: null, color: "text" }]
      : [
          { value: null, color: colors[0] ?? "green" },
          ...limits.map((value, i) => ({ value, color: colors[i + 1] ?? "red" })),
        ];
  return {
    ...panel,
    type: isGauge ? "gauge" : "stat",
    options: {
      reduceOptions: { calcs: [kOldCalcs[name] ?? name], values: false, fields: "" },
      colorMode: panel["colorBackground"] === true ? "background" : panel["colorValue"] === true ? "value" : "none",
      graphMode: asObject(panel["sparkline"])["show"] === true ? "area" : "none",
      prefix: asString(panel["prefix"]),
      postfix: asString(panel["postfix"]),
    },
    fieldConfig: {
      defaults: {
        unit: panel["format"],
        decimals: panel["decimals"],
        noValue: panel["nullText"] ?? undefined,
        mappings: oldMappings(panel),
        color: { mode: "thresholds" },
        thresholds: { mode: "absolute", steps },
        ...(isGauge ? { min: gauge["minValue"] ?? 0, max: gauge["maxValue"] ?? 100 } : {}),
      },
      overrides: [],
    },
  };
}

/** stat and gauge before their settings moved to fieldConfig. */
function upgradeReduced(panel: Json): Json {
  const options = asObject(panel["options"]);
  const old = asObject(options["fieldOptions"]);
  if (Object.keys(old).length === 0) return panel;
  const defaults = { ...asObject(old["defaults"]) };
  if (defaults["displayName"] === undefined) defaults["displayName"] = defaults["title"];
  return {
    ...panel,
    options: { ...options, reduceOptions: { calcs: old["calcs"], values: old["values"] === true, fields: "" } },
    fieldConfig: { defaults: { color: { mode: "thresholds" }, ...defaults }, overrides: asArray(old["overrides"]) },
  };
}

function upgradeTable(panel: Json): Json {
  const overrides = asArray(panel["styles"])
    .map(asObject)
    .map((style) => {
      const pattern = asString(style["pattern"]) ?? "";
      const properties: Json[] = [];
      const add = (id: string, value: unknown): void =>
        void (value !== undefined && value !== null && properties.push({ id, value }));
      if (asString(style["alias"])) add("displayName", style["alias"]);
      if (style["type"] === "hidden") add("custom.hidden", true);
      if (style["type"] === "number") {
        add("unit", style["unit"]);
        add("decimals", asNumber(style["decimals"]));
      }
      return { matcher: { id: /^\/.*\/$/.test(pattern) ? "byRegexp" : "byName", options: pattern }, properties };
    });
  return { ...panel, type: "table", options: { showHeader: true }, fieldConfig: { defaults: {}, overrides } };
}
