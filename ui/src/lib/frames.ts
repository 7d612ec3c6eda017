// Query answers as fields that share one time axis, or as a table; overrides applied.

import type { Override } from "./dashboard";
import { readFieldConfig, setProperty, toRegExp, type FieldConfig } from "./display";
import { asNumber, asObject, asString, asStrings } from "./json";
import { formatLabels, legendFromTemplate, type Labels } from "./labels";
import { reduceToNumber } from "./reduce";

export interface Series {
  refId: string;
  /** Name from the legend format. */
  name: string;
  labels: Labels;
  /** Seconds since the epoch, ascending. */
  times: number[];
  values: (number | null)[];
}

export interface Field {
  refId: string;
  name: string;
  labels: Labels;
  config: FieldConfig;
  /** null is a gap; undefined means another series has a sample at this time and this one does not. */
  values: (number | null | undefined)[];
  /** Position among all fields of the panel, for palette colours. */
  index: number;
}

export interface SeriesFrame {
  times: number[];
  fields: Field[];
}

/** A value as Prometheus writes it. */
export function parseValue(text: string): number {
  if (text === "+Inf" || text === "Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  return text === "NaN" ? Number.NaN : Number(text);
}

/** Samples on the grid of the query's steps; a step without a sample, and NaN, is a gap. */
export function onGrid(
  samples: readonly (readonly [number, string])[],
  startS: number,
  endS: number,
  stepS: number,
): Pick<Series, "times" | "values"> {
  const count = Math.max(0, Math.floor((endS - startS) / stepS + 1e-6)) + 1;
  const times = new Array<number>(count);
  const values = new Array<number | null>(count).fill(null);
  for (let i = 0; i < count; i++) times[i] = startS + i * stepS;
  for (const [time, text] of samples) {
    const i = Math.round((time - startS) / stepS);
    if (i < 0 || i >= count) continue;
    const value = parseValue(text);
    values[i] = Number.isFinite(value) ? value : null;
  }
  return { times, values };
}

/** All series on one time axis. */
export function joinSeries(series: readonly Series[]): { times: number[]; values: (number | null | undefined)[][] } {
  const first = series[0];
  if (first === undefined) return { times: [], values: [] };
  const same = series.every(
    (one) =>
      one.times.length === first.times.length &&
      one.times[0] === first.times[0] &&
      one.times[one.times.length - 1] === first.times[first.times.length - 1],
  );
  if (same) return { times: first.times, values: series.map((one) => one.values) };
  const times = [...new Set(series.flatMap((one) => one.times))].sort((a, b) => a - b);
  const position = new Map(times.map((time, i) => [time, i]));
  const values = series.map((one) => {
    const row = new Array<number | null | undefined>(times.length).fill(undefined);
    one.times.forEach((time, i) => {
      row[position.get(time) ?? 0] = one.values[i] ?? null;
    });
    return row;
  });
  return { times, values };
}

interface Matched {
  name: string;
  rawName: string;
  refId: string;
  type: "number" | "string" | "time";
  values: readonly unknown[];
}

export function matches(override: Override, field: Matched): boolean {
  const { id, options } = override.matcher;
  const named = (name: string): boolean => name === field.name || name === field.rawName;
  switch (id) {
    case "byName":
      return named(asString(options) ?? "");
    case "byNames": {
      const names = asObject(options);
      const inside = asStrings(names["names"]).some(named);
      return names["mode"] === "exclude" ? !inside : inside;
    }
    case "byRegexp": {
      const regex = toRegExp(asString(options) ?? "");
      return regex !== undefined && regex.test(field.name);
    }
    case "byType":
      return options === field.type;
    case "byFrameRefID":
      return options === field.refId;
    case "numeric":
      return field.type === "number";
    case "time":
      return field.type === "time";
    case "byValue": {
      const rule = asObject(options);
      const numbers = field.values.map((value) => (typeof value === "number" ? value : null));
      const value = reduceToNumber(numbers, asString(rule["reducer"]) ?? "lastNotNull");
      const limit = asNumber(rule["value"]) ?? 0;
      if (value === null) return false;
      switch (rule["op"]) {
        case "gte":
          return value >= limit;
        case "lte":
          return value <= limit;
        case "gt":
          return value > limit;
        case "lt":
          return value < limit;
        case "eq":
          return value === limit;
        case "neq":
          return value !== limit;
        default:
          return false;
      }
    }
    default:
      return false;
  }
}

export function configFor(defaults: unknown, overrides: readonly Override[], field: Matched): FieldConfig {
  const config = readFieldConfig(defaults);
  for (const override of overrides) {
    if (!matches(override, field)) continue;
    for (const { id, value } of override.properties) setProperty(config, id, value);
  }
  return config;
}

export function displayName(config: FieldConfig, name: string, labels: Labels): string {
  if (config.displayName === undefined) return name;
  return config.displayName
    .replace(/\$\{__(?:series|field)\.(?:name|displayName)\}/g, name)
    .replace(/\$\{__field\.labels\}/g, formatLabels(labels))
    .replace(/\$\{__field\.labels\.([^}]+)\}/g, (_, label: string) => labels[label] ?? "")
    .replace(/\{\{.+?\}\}/g, (template) => legendFromTemplate(template, labels));
}

export function toFields(series: readonly Series[], defaults: unknown, overrides: readonly Override[]): SeriesFrame {
  const { times, values } = joinSeries(series);
  const fields = series.map((one, index): Field => {
    const own = values[index] ?? [];
    const config = configFor(defaults, overrides, {
      name: one.name,
      rawName: one.name,
      refId: one.refId,
      type: "number",
      values: own,
    });
    return {
      refId: one.refId,
      name: displayName(config, one.name, one.labels),
      labels: one.labels,
      config,
      values: own,
      index,
    };
  });
  return { times, fields };
}

export interface Column {
  /** Name as the data has it; transformations look columns up by it. */
  name: string;
  type: "number" | "string" | "time";
  values: (number | string | null)[];
  refId: string;
  labels?: Labels;
  /** Name given by a transformation. */
  renamed?: string;
}

export interface Table {
  refId: string;
  columns: Column[];
}

export interface TableRow {
  labels: Labels;
  timeMs: number;
  value: number;
}

/** A query in table format: Time, one column per label, Value. */
export function toTable(refId: string, rows: readonly TableRow[], valueName: string): Table {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.labels)))].sort();
  return {
    refId,
    columns: [
      { name: "Time", type: "time", refId, values: rows.map((row) => row.timeMs) },
      ...names.map((name): Column => ({
        name,
        type: "string",
        refId,
        values: rows.map((row) => row.labels[name] ?? null),
      })),
      { name: valueName, type: "number", refId, values: rows.map((row) => row.value) },
    ],
  };
}

/** A series as a table of Time and its value. */
export function seriesTable(series: Series): Table {
  return {
    refId: series.refId,
    columns: [
      { name: "Time", type: "time", refId: series.refId, values: series.times.map((time) => time * 1_000) },
      { name: series.name, type: "number", refId: series.refId, values: series.values, labels: series.labels },
    ],
  };
}

export function lengthOf(table: Table): number {
  return table.columns.reduce((length, column) => Math.max(length, column.values.length), 0);
}
