// What stat, gauge and bargauge share: the answers of a panel reduced to a few shown values.

import { display, type Display, type FieldConfig } from "../lib/display";
import { configFor, displayName, toFields } from "../lib/frames";
import { asNumber, asObject, asString, asStrings } from "../lib/json";
import { reduceToNumber } from "../lib/reduce";
import type { ChartProps } from "./registry";

export interface Shown {
  name: string;
  value: number | null;
  display: Display;
  config: FieldConfig;
  /** The whole series, for a sparkline. */
  trend: readonly (number | null | undefined)[];
}

interface Source {
  name: string;
  config: FieldConfig;
  values: readonly (number | null | undefined)[];
  index: number;
}

function sources(props: ChartProps): Source[] {
  const { panel, data } = props;
  const frame = toFields(data.series, panel.defaults, panel.overrides);
  const fromSeries = frame.fields.map((field) => ({
    name: field.name,
    config: field.config,
    values: field.values,
    index: field.index,
  }));
  const fromTables = data.tables.flatMap((table) =>
    table.columns
      .filter((column) => column.type === "number")
      .map((column, index) => {
        const values = column.values.map((value) => (typeof value === "number" ? value : null));
        const config = configFor(panel.defaults, panel.overrides, {
          name: column.name,
          rawName: column.name,
          refId: table.refId,
          type: "number",
          values,
        });
        return {
          name: displayName(config, column.name, column.labels ?? {}),
          config,
          values,
          index: frame.fields.length + index,
        };
      }),
  );
  return [...fromSeries, ...fromTables];
}

/** The values to show and the extent of everything in the panel, for scales without min and max. */
export function shownValues(props: ChartProps): { shown: Shown[]; extent: readonly [number, number] | undefined } {
  const options = asObject(props.panel.options["reduceOptions"]);
  const calc = asStrings(options["calcs"])[0] ?? "lastNotNull";
  const every = options["values"] === true;
  const limit = asNumber(options["limit"]) ?? 25;
  const all = sources(props);
  const numbers = all.flatMap((one) =>
    one.values.filter((value): value is number => typeof value === "number" && Number.isFinite(value)),
  );
  const extent =
    numbers.length === 0
      ? undefined
      : ([numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b))] as const);
  const prefix = asString(props.panel.options["prefix"]) ?? "";
  const postfix = asString(props.panel.options["postfix"]) ?? "";
  const show = (source: Source, value: number | null): Shown => {
    const config: FieldConfig =
      source.config.color === undefined ? { ...source.config, color: { mode: "thresholds" } } : source.config;
    const shown = display(config, value, {
      theme: props.theme,
      zone: props.zone,
      index: source.index,
      name: source.name,
      extent,
    });
    return {
      name: source.name,
      value,
      display: { ...shown, text: shown.text === "" ? "–" : prefix + shown.text + postfix },
      config,
      trend: source.values,
    };
  };
  const shown = every
    ? all.flatMap((source) => source.values.map((value) => show(source, value ?? null))).slice(0, limit)
    : all.map((source) => show(source, reduceToNumber(source.values, calc)));
  return { shown, extent };
}
