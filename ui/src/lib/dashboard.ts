// A dashboard ready to draw, from Grafana's JSON in any of its shapes. Bad parts are dropped, never fatal.

import { asArray, asBool, asNumber, asObject, asString, asStrings, type Json } from "./json";
import { upgradePanels } from "./migrate";

export interface GridPos {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface QueryTarget {
  refId: string;
  expr: string;
  legendFormat: string | undefined;
  interval: string | undefined;
  intervalFactor: number | undefined;
  instant: boolean;
  range: boolean;
  format: "time_series" | "table" | "heatmap";
  hide: boolean;
  datasourceType: string | undefined;
}

export interface Override {
  matcher: { id: string; options: unknown };
  properties: { id: string; value: unknown }[];
}

export interface Panel {
  /** Unique on the page, also among repeats. */
  key: string;
  id: number;
  type: string;
  title: string;
  description: string;
  grid: GridPos;
  targets: QueryTarget[];
  options: Json;
  defaults: Json;
  overrides: Override[];
  transformations: Json[];
  transparent: boolean;
  interval: string | undefined;
  maxDataPoints: number | undefined;
  timeFrom: string | undefined;
  timeShift: string | undefined;
  hideTimeOverride: boolean;
  repeat: string | undefined;
  repeatDirection: "h" | "v";
  maxPerRow: number;
  datasourceType: string | undefined;
  libraryPanel: string | undefined;
  /** Variables fixed for this copy by a repeat. */
  scope: Record<string, string>;
}

/** A run of panels under one header; the first has no header when panels come before any row. */
export interface Section {
  key: string;
  title: string | undefined;
  collapsed: boolean;
  repeat: string | undefined;
  panels: Panel[];
}

export interface VariableDefinition {
  name: string;
  label: string;
  type: string;
  query: string;
  regex: string;
  sort: number;
  refresh: number;
  hide: number;
  multi: boolean;
  includeAll: boolean;
  allValue: string | undefined;
  options: { text: string; value: string }[];
  current: string[];
  auto: boolean;
  autoCount: number;
  autoMin: string;
}

export interface Dashboard {
  uid: string;
  title: string;
  description: string;
  tags: string[];
  timezone: string;
  from: string;
  to: string;
  refresh: string;
  refreshIntervals: string[];
  sharedCrosshair: boolean;
  sections: Section[];
  variables: VariableDefinition[];
}

/** Takes the classic form, the API envelope, and the V1 resource. */
export function unwrapDashboard(source: unknown): Json {
  let json = asObject(source);
  if (json["status"] === "success") json = asObject(json["data"]);
  if (json["dashboard"] !== undefined) return asObject(json["dashboard"]);
  if (json["kind"] === "Dashboard" && json["spec"] !== undefined) {
    return { uid: asObject(json["metadata"])["name"], ...asObject(json["spec"]) };
  }
  return json;
}

export function readDashboard(source: unknown): Dashboard {
  const json = unwrapDashboard(source);
  if (json["elements"] !== undefined && json["panels"] === undefined) {
    throw new Error(
      "cannot read dashboard: the V2 form with elements and layouts is not supported; export it as classic JSON",
    );
  }
  const time = asObject(json["time"]);
  const picker = asObject(json["timepicker"]);
  return {
    uid: asString(json["uid"]) ?? "",
    title: asString(json["title"]) ?? "Untitled",
    description: asString(json["description"]) ?? "",
    tags: asStrings(json["tags"]),
    timezone: asString(json["timezone"]) ?? "",
    from: timeText(time["from"]) ?? "now-6h",
    to: timeText(time["to"]) ?? "now",
    refresh: asString(json["refresh"]) ?? "",
    refreshIntervals: asStrings(picker["refresh_intervals"]),
    sharedCrosshair: (asNumber(json["graphTooltip"]) ?? 0) > 0 || json["sharedCrosshair"] === true,
    sections: readSections(upgradePanels(json), datasourceVariables(json)),
    variables: asArray(asObject(json["templating"])["list"])
      .map(asObject)
      .map(readVariable)
      .filter((one) => one.name !== ""),
  };
}

const timeText = (value: unknown): string | undefined =>
  typeof value === "number" ? String(value) : asString(value) || undefined;

/** Type of a data source, looked up in the data source variables (name to type) where it is named by one. */
function datasourceType(value: unknown, variables: ReadonlyMap<string, string>): string | undefined {
  const uid = asString(value) ?? asString(asObject(value)["uid"]) ?? "";
  const name = /^\$\{?(\w+)\}?$/.exec(uid)?.[1];
  return asString(asObject(value)["type"]) ?? (name === undefined ? undefined : variables.get(name));
}

function datasourceVariables(json: Json): Map<string, string> {
  const list = asArray(asObject(json["templating"])["list"]).map(asObject);
  return new Map(
    list
      .filter((one) => one["type"] === "datasource")
      .map((one) => [asString(one["name"]) ?? "", asString(one["query"]) ?? ""]),
  );
}

function readTargets(panel: Json, sources: ReadonlyMap<string, string>): QueryTarget[] {
  let next = 0;
  return asArray(panel["targets"])
    .map(asObject)
    .map((target) => {
      const letter = String.fromCharCode(65 + (next % 26));
      const refId = asString(target["refId"]) || (next < 26 ? letter : `A${letter}`);
      next++;
      const format = target["format"];
      return {
        refId,
        expr: asString(target["expr"]) ?? asString(target["query"]) ?? "",
        legendFormat: asString(target["legendFormat"]),
        interval: asString(target["interval"]),
        intervalFactor: asNumber(target["intervalFactor"]),
        instant: target["instant"] === true,
        range: target["range"] === true || target["instant"] !== true,
        format: format === "table" || format === "heatmap" ? format : format === 1 ? "table" : "time_series",
        hide: target["hide"] === true,
        datasourceType: datasourceType(target["datasource"], sources),
      };
    });
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

function readGrid(value: unknown, fallbackY: number): GridPos {
  const grid = asObject(value);
  const w = clamp(Math.round(asNumber(grid["w"]) ?? 12), 1, 24);
  return {
    x: clamp(Math.round(asNumber(grid["x"]) ?? 0), 0, 24 - w),
    y: Math.max(0, Math.round(asNumber(grid["y"]) ?? fallbackY)),
    w,
    h: clamp(Math.round(asNumber(grid["h"]) ?? 9), 1, 200),
  };
}

function readOverrides(value: unknown): Override[] {
  return asArray(value)
    .map(asObject)
    .map((one) => {
      const matcher = asObject(one["matcher"]);
      return {
        matcher: { id: asString(matcher["id"]) ?? "", options: matcher["options"] },
        properties: asArray(one["properties"])
          .map(asObject)
          .map((p) => ({ id: asString(p["id"]) ?? "", value: p["value"] })),
      };
    });
}

function readPanel(json: Json, index: number, y: number, sources: ReadonlyMap<string, string>): Panel {
  const fieldConfig = asObject(json["fieldConfig"]);
  return {
    key: `p${index}`,
    id: asNumber(json["id"]) ?? 10_000 + index,
    type: asString(json["type"]) ?? "",
    title: asString(json["title"]) ?? "",
    description: asString(json["description"]) ?? "",
    grid: readGrid(json["gridPos"], y),
    targets: readTargets(json, sources),
    options: asObject(json["options"]),
    defaults: asObject(fieldConfig["defaults"]),
    overrides: readOverrides(fieldConfig["overrides"]),
    transformations: asArray(json["transformations"])
      .map(asObject)
      .filter((one) => one["disabled"] !== true),
    transparent: json["transparent"] === true || json["transparent"] === "true",
    interval: asString(json["interval"]),
    maxDataPoints: asNumber(json["maxDataPoints"]),
    timeFrom: asString(json["timeFrom"]) || undefined,
    timeShift: asString(json["timeShift"]) || undefined,
    hideTimeOverride: asBool(json["hideTimeOverride"]) ?? false,
    repeat: asString(json["repeat"]) || undefined,
    repeatDirection: json["repeatDirection"] === "v" ? "v" : "h",
    maxPerRow: asNumber(json["maxPerRow"]) ?? 4,
    datasourceType: datasourceType(json["datasource"], sources),
    libraryPanel: asString(asObject(json["libraryPanel"])["name"]),
    scope: {},
  };
}

function readSections(panels: Json[], sources: ReadonlyMap<string, string>): Section[] {
  const sections: Section[] = [];
  let current: Section = { key: "s0", title: undefined, collapsed: false, repeat: undefined, panels: [] };
  let index = 0;
  // Rows own what follows them in the file.
  for (const json of panels) {
    if (json["type"] === "row") {
      if (current.title !== undefined || current.panels.length > 0) sections.push(current);
      current = {
        key: `s${sections.length + 1}`,
        title: asString(json["title"]) ?? "",
        collapsed: json["collapsed"] === true,
        repeat: asString(json["repeat"]) || undefined,
        panels: [],
      };
      for (const child of asArray(json["panels"]).map(asObject))
        current.panels.push(readPanel(child, index++, 0, sources));
    } else {
      current.panels.push(readPanel(json, index++, bottom(current.panels), sources));
    }
  }
  if (current.title !== undefined || current.panels.length > 0) sections.push(current);
  return sections;
}

function bottom(panels: readonly Panel[]): number {
  return panels.reduce((y, panel) => Math.max(y, panel.grid.y + panel.grid.h), 0);
}

function readVariable(json: Json): VariableDefinition {
  const query = json["query"];
  const current = asObject(json["current"])["value"];
  const options = asArray(json["options"])
    .map(asObject)
    .map((one) => ({ text: asString(one["text"]) ?? String(one["value"] ?? ""), value: String(one["value"] ?? "") }));
  return {
    name: asString(json["name"]) ?? "",
    label: asString(json["label"]) || asString(json["name"]) || "",
    type: asString(json["type"]) ?? "",
    query: asString(query) ?? asString(asObject(query)["query"]) ?? asString(json["definition"]) ?? "",
    regex: asString(json["regex"]) ?? "",
    sort: asNumber(json["sort"]) ?? 0,
    refresh: asNumber(json["refresh"]) ?? 1,
    hide: asNumber(json["hide"]) ?? 0,
    multi: json["multi"] === true,
    includeAll: json["includeAll"] === true,
    allValue: asString(json["allValue"]) || undefined,
    options,
    current: (Array.isArray(current) ? current : current === undefined || current === null ? [] : [current]).map(
      String,
    ),
    auto: json["auto"] === true,
    autoCount: asNumber(json["auto_count"]) ?? 30,
    autoMin: asString(json["auto_min"]) ?? "10s",
  };
}
