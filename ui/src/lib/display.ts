// From a number to what is shown: text in its unit, value mappings, thresholds, colour.

import { colorblindColor, colorByName, continuousColor, paletteColor, resolveColor, type Theme } from "./colors";
import type { Zone } from "./dateformat";
import { asArray, asNumber, asObject, asString, type Json } from "./json";
import { formatUnit } from "./units";

export interface ThresholdStep {
  /** −∞ for the first step. */
  value: number;
  color: string;
}

export interface Thresholds {
  mode: "absolute" | "percentage";
  steps: ThresholdStep[];
}

export interface FieldConfig {
  unit?: string | undefined;
  decimals?: number | undefined;
  min?: number | undefined;
  max?: number | undefined;
  displayName?: string | undefined;
  noValue?: string | undefined;
  color?: { mode: string; fixedColor?: string | undefined; seriesBy?: string | undefined } | undefined;
  thresholds?: Thresholds | undefined;
  mappings?: Json[] | undefined;
  links?: Json[] | undefined;
  custom: Json;
}

export interface Display {
  text: string;
  color: string;
  /** Position between min and max, 0 to 1; undefined when either is unknown. */
  percent: number | undefined;
}

export function readThresholds(value: unknown): Thresholds | undefined {
  const source = asObject(value);
  const steps = asArray(source["steps"] ?? value)
    .map(asObject)
    .map((step) => ({
      value: asNumber(step["value"]) ?? Number.NEGATIVE_INFINITY,
      color: asString(step["color"]) ?? "green",
    }));
  if (steps.length === 0) return undefined;
  return { mode: source["mode"] === "percentage" ? "percentage" : "absolute", steps };
}

export function readFieldConfig(source: unknown): FieldConfig {
  const json = asObject(source);
  const config: FieldConfig = { custom: asObject(json["custom"]) };
  for (const [id, value] of Object.entries(json)) if (id !== "custom") setProperty(config, id, value);
  return config;
}

/** Sets one property as overrides name it; unknown ones are ignored. */
export function setProperty(config: FieldConfig, id: string, value: unknown): void {
  switch (id) {
    case "unit":
      config.unit = asString(value);
      return;
    case "decimals":
      config.decimals = asNumber(value);
      return;
    case "min":
      config.min = asNumber(value);
      return;
    case "max":
      config.max = asNumber(value);
      return;
    case "displayName":
      config.displayName = asString(value) || undefined;
      return;
    case "noValue":
      config.noValue = value === null || value === undefined ? undefined : String(value);
      return;
    case "thresholds":
      config.thresholds = readThresholds(value);
      return;
    case "mappings":
      config.mappings = asArray(value).map(asObject);
      return;
    case "links":
      config.links = asArray(value).map(asObject);
      return;
    case "color": {
      const color = asObject(value);
      config.color = {
        mode: asString(color["mode"]) ?? "thresholds",
        fixedColor: asString(color["fixedColor"]),
        seriesBy: asString(color["seriesBy"]),
      };
      return;
    }
  }
  if (!id.startsWith("custom.")) return;
  const path = id.slice(7).split(".");
  const leaf = path.pop() ?? "";
  config.custom = { ...config.custom };
  let node = config.custom;
  for (const step of path) {
    const child = { ...asObject(node[step]) };
    node[step] = child;
    node = child;
  }
  node[leaf] = value;
}

interface Mapped {
  text?: string | undefined;
  color?: string | undefined;
}

function readResult(value: unknown): Mapped {
  const json = asObject(value);
  return { text: asString(json["text"]), color: asString(json["color"]) };
}

function matchesSpecial(match: unknown, value: unknown): boolean {
  const isNaNValue = typeof value === "number" && Number.isNaN(value);
  switch (match) {
    case "null":
      return value === null || value === undefined;
    case "nan":
      return isNaNValue;
    case "null+nan":
      return value === null || value === undefined || isNaNValue;
    case "true":
      return value === true || value === "true";
    case "false":
      return value === false || value === "false";
    case "empty":
      return value === "";
    default:
      return false;
  }
}

/** First mapping that fits the value. A regular expression is tried on text only. */
export function applyMappings(mappings: readonly Json[], value: unknown): Mapped | undefined {
  for (const mapping of mappings) {
    const options = asObject(mapping["options"]);
    switch (mapping["type"]) {
      case "value": {
        const hit = value === null || value === undefined ? undefined : options[String(value)];
        if (hit !== undefined) return readResult(hit);
        break;
      }
      case "range": {
        if (typeof value !== "number" || Number.isNaN(value)) break;
        const from = asNumber(options["from"]) ?? Number.NEGATIVE_INFINITY;
        const to = asNumber(options["to"]) ?? Number.POSITIVE_INFINITY;
        if (value >= from && value <= to) return readResult(options["result"]);
        break;
      }
      case "regex": {
        if (typeof value !== "string") break;
        const pattern = toRegExp(asString(options["pattern"]) ?? "");
        if (pattern === undefined || !pattern.test(value)) break;
        const result = readResult(options["result"]);
        return { ...result, text: result.text === undefined ? undefined : value.replace(pattern, result.text) };
      }
      case "special":
        if (matchesSpecial(options["match"], value)) return readResult(options["result"]);
        break;
    }
  }
  return undefined;
}

/** `/re/flags` or a bare pattern; undefined when it does not compile. */
export function toRegExp(text: string): RegExp | undefined {
  const parts = /^\/(.*)\/([a-z]*)$/s.exec(text);
  try {
    return parts === null ? new RegExp(text) : new RegExp(parts[1] ?? "", parts[2]);
  } catch {
    return undefined;
  }
}

export function thresholdColor(
  thresholds: Thresholds,
  value: number | null,
  percent: number | undefined,
  theme: Theme,
): string {
  const x =
    thresholds.mode === "percentage" ? (percent === undefined ? Number.NaN : percent * 100) : (value ?? Number.NaN);
  let color = thresholds.steps[0]?.color ?? "green";
  for (const step of thresholds.steps) if (step.value <= x) color = step.color;
  return resolveColor(color, theme);
}

export interface DisplayContext {
  theme: Theme;
  zone?: Zone;
  /** Position and name of the series in its panel, for palette colours. */
  index?: number;
  name?: string;
  /** Extent of the panel's values, used where the configuration names no min or max. */
  extent?: readonly [min: number, max: number] | undefined;
}

const kDefaultThresholds: Thresholds = {
  mode: "absolute",
  steps: [
    { value: Number.NEGATIVE_INFINITY, color: "green" },
    { value: 80, color: "red" },
  ],
};

export function display(
  config: FieldConfig,
  value: number | string | null | undefined,
  context: DisplayContext,
): Display {
  const { theme } = context;
  const number = typeof value === "number" ? value : null;
  const min = config.min ?? context.extent?.[0];
  const max = config.max ?? context.extent?.[1];
  const percent =
    number === null || min === undefined || max === undefined || max === min ? undefined : (number - min) / (max - min);
  const mapped = config.mappings === undefined ? undefined : applyMappings(config.mappings, value ?? null);
  let text: string;
  if (mapped?.text !== undefined) text = mapped.text;
  else if (value === null || value === undefined) text = config.noValue ?? "";
  else if (typeof value === "string") text = value;
  else text = formatUnit(value, config.unit, config.decimals, context.zone);
  const color =
    mapped?.color !== undefined ? resolveColor(mapped.color, theme) : fieldColor(config, number, percent, context);
  return { text, color, percent };
}

/** Colour of a value, or of a series when the mode does not look at values. */
export function fieldColor(
  config: FieldConfig,
  value: number | null,
  percent: number | undefined,
  context: DisplayContext,
): string {
  const { theme } = context;
  const mode = config.color?.mode;
  switch (mode) {
    case undefined:
      return "#808080";
    case "fixed":
    case "shades":
      return resolveColor(config.color?.fixedColor ?? "text", theme);
    case "palette-classic":
      return paletteColor(context.index ?? 0, theme);
    case "palette-classic-by-name":
      return colorByName(context.name ?? "", theme);
    case "palette-colorblind":
      return colorblindColor(context.index ?? 0, theme);
    case "thresholds":
      return thresholdColor(config.thresholds ?? kDefaultThresholds, value, percent, theme);
    default:
      return continuousColor(mode, percent ?? 0, theme) ?? paletteColor(context.index ?? 0, theme);
  }
}
