// The series of a timeseries panel with what drawing them needs: colour, scale, stack.

import type { Theme } from "../lib/colors";
import { fieldColor } from "../lib/display";
import type { Field, SeriesFrame } from "../lib/frames";
import { asNumber, asObject, asString } from "../lib/json";
import { reduceToNumber } from "../lib/reduce";

/** A field with what its drawing needs. */
export interface Drawn {
  field: Field;
  color: string;
  scale: string;
  stack: string | undefined;
  percent: boolean;
  negative: boolean;
  hidden: boolean;
}

export interface Scale {
  key: string;
  unit: string;
  side: "left" | "right" | "hidden";
  decimals: number | undefined;
  min: number | undefined;
  max: number | undefined;
  softMin: number | undefined;
  softMax: number | undefined;
  /** A value that is always in the picture, with room around it. */
  include: number | undefined;
  log: number | undefined;
  fromZero: boolean;
  label: string | undefined;
}

function scaleKey(field: Field): string {
  const { custom, unit, min, max } = field.config;
  const spread = asObject(custom["scaleDistribution"]);
  return [
    unit ?? "",
    min ?? "",
    max ?? "",
    asString(custom["axisPlacement"]) ?? "auto",
    spread["type"] ?? "linear",
    spread["log"] ?? "",
  ].join("|");
}

export function scalesOf(fields: readonly Field[]): Map<string, Scale> {
  const scales = new Map<string, Scale>();
  for (const field of fields) {
    const key = scaleKey(field);
    const { custom, unit, min, max, decimals } = field.config;
    const stacked = ["normal", "percent"].includes(asString(asObject(custom["stacking"])["mode"]) ?? "none");
    const known = scales.get(key);
    if (known !== undefined) {
      known.fromZero ||= stacked || custom["drawStyle"] === "bars";
      continue;
    }
    const placement = asString(custom["axisPlacement"]) ?? "auto";
    const spread = asObject(custom["scaleDistribution"]);
    scales.set(key, {
      key,
      unit: asObject(custom["stacking"])["mode"] === "percent" ? "percentunit" : (unit ?? ""),
      side:
        placement === "right" || placement === "hidden" || placement === "left"
          ? placement
          : scales.size === 0
            ? "left"
            : "right",
      decimals,
      min,
      max,
      softMin: asNumber(custom["axisSoftMin"]),
      softMax: asNumber(custom["axisSoftMax"]),
      include: asNumber(custom["axisInclude"]),
      log: spread["type"] === "log" ? (asNumber(spread["log"]) ?? 10) : undefined,
      fromZero: stacked || custom["drawStyle"] === "bars",
      label: asString(custom["axisLabel"]) || undefined,
    });
  }
  return scales;
}

function colorOf(field: Field, theme: Theme): string {
  const mode = field.config.color?.mode ?? "palette-classic";
  const config = { ...field.config, color: { ...field.config.color, mode } };
  const value = reduceToNumber(field.values, config.color.seriesBy ?? "last");
  const { min, max } = config;
  const percent =
    value === null || min === undefined || max === undefined || max === min ? undefined : (value - min) / (max - min);
  return fieldColor(config, value, percent, { theme, index: field.index, name: field.name });
}

export function drawnFields(frame: SeriesFrame, theme: Theme, hidden: ReadonlySet<string>): Drawn[] {
  return frame.fields
    .filter(
      (field) => asObject(field.config.custom["hideFrom"])["viz"] !== true && field.config.custom["hidden"] !== true,
    )
    .map((field): Drawn => {
      const { custom } = field.config;
      const stacking = asObject(custom["stacking"]);
      const mode = asString(stacking["mode"]) ?? "none";
      const scale = scaleKey(field);
      return {
        field,
        color: colorOf(field, theme),
        scale,
        percent: mode === "percent",
        hidden: hidden.has(field.name),
        stack: mode === "none" ? undefined : `${scale}/${asString(stacking["group"]) ?? "A"}`,
        negative: custom["transform"] === "negative-Y",
      };
    });
}
