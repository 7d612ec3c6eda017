// Template variables: what their definitions ask the server, and how answers become options.

import type { VariableDefinition } from "./dashboard";
import { toRegExp } from "./display";
import { parseDuration, formatDuration } from "./duration";
import { roundInterval } from "./interval";
import { kAll, usedVariables, type VariableValue } from "./interpolate";
import { formatSeries, type Labels } from "./labels";

export interface Option {
  text: string;
  value: string;
}

export type VariableQuery =
  | { kind: "label_names"; match: string | undefined }
  | { kind: "label_values"; label: string; match: string | undefined }
  | { kind: "metrics"; regex: string }
  | { kind: "query_result"; expr: string }
  | { kind: "series"; match: string };

/** The question behind a Prometheus variable; its variables must be replaced already. */
export function parseVariableQuery(query: string): VariableQuery | undefined {
  const text = query.trim();
  if (text === "") return undefined;
  const names = /^label_names\((.*)\)\s*$/s.exec(text);
  if (names !== null) return { kind: "label_names", match: blankToUndefined(names[1] ?? "") };
  const values = /^label_values\((?:(.*),)?\s*([^,]+?)\s*\)\s*$/s.exec(text);
  if (values !== null)
    return { kind: "label_values", match: blankToUndefined(values[1] ?? ""), label: values[2] ?? "" };
  const metrics = /^metrics\((.*)\)\s*$/s.exec(text);
  if (metrics !== null) return { kind: "metrics", regex: metrics[1] ?? "" };
  const result = /^query_result\((.*)\)\s*$/s.exec(text);
  if (result !== null) return { kind: "query_result", expr: result[1] ?? "" };
  return { kind: "series", match: text };
}

function blankToUndefined(selector: string): string | undefined {
  const text = selector.trim();
  return text === "" || text === "{}" ? undefined : text;
}

/** One line of `query_result(...)`, meant for the variable's regex. */
export function resultLine(metric: Labels, value: string, timestampSeconds: number): string {
  const name = metric["__name__"] ?? "";
  const pairs = Object.keys(metric)
    .filter((key) => key !== "__name__")
    .sort()
    .map((key) => `${key}="${metric[key] ?? ""}"`);
  return `${name}{${pairs.join(",")}} ${value} ${Math.round(timestampSeconds * 1_000)}`;
}

export const seriesLine = (metric: Labels): string => formatSeries(metric);

/** Applies the variable's regex and order; values stay unique. */
export function toOptions(values: readonly string[], definition: Pick<VariableDefinition, "regex" | "sort">): Option[] {
  const regex =
    definition.regex === ""
      ? undefined
      : toRegExp(definition.regex.startsWith("/") ? definition.regex : `^${definition.regex}$`);
  const seen = new Set<string>();
  const options: Option[] = [];
  const push = (text: string, value: string): void => {
    if (seen.has(value)) return;
    seen.add(value);
    options.push({ text, value });
  };
  for (const one of values) {
    if (regex === undefined) {
      push(one, one);
      continue;
    }
    const matches = regex.global ? [...one.matchAll(regex)] : [regex.exec(one)];
    for (const match of matches) {
      if (match === null) continue;
      const group = match.groups ?? {};
      const value = group["value"] ?? group["text"] ?? match[1] ?? match[0];
      push(group["text"] ?? value, value);
    }
  }
  return sortOptions(options, definition.sort);
}

const firstNumber = (text: string): number => {
  const match = /-?\d+(\.\d+)?/.exec(text);
  return match === null ? -1 : Number(match[0]);
};

export function sortOptions(options: Option[], sort: number): Option[] {
  const kind = Math.ceil(sort / 2);
  const sign = sort % 2 === 0 ? -1 : 1;
  const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  const compare: ((a: Option, b: Option) => number) | undefined = [
    undefined,
    (a: Option, b: Option) => compareText(a.text, b.text),
    (a: Option, b: Option) => firstNumber(a.text) - firstNumber(b.text),
    (a: Option, b: Option) => compareText(a.text.toLowerCase(), b.text.toLowerCase()),
    (a: Option, b: Option) => a.text.localeCompare(b.text, "en", { numeric: true }),
  ][kind];
  return compare === undefined ? options : [...options].sort((a, b) => sign * compare(a, b));
}

/** Options of `a,b,c` and `text : value` lists; `\,` is a comma inside a value. */
export function customOptions(query: string): Option[] {
  return query
    .split(/(?<!\\),/)
    .map((part) => part.replace(/\\,/g, ",").trim())
    .filter((part) => part !== "")
    .map((part) => {
      const pair = /^(.+?)\s+:\s+(.+)$/.exec(part);
      return pair === null ? { text: part, value: part } : { text: pair[1] ?? "", value: pair[2] ?? "" };
    });
}

export function autoInterval(definition: VariableDefinition, rangeMs: number): string {
  const least = parseDuration(definition.autoMin) ?? 10_000;
  return formatDuration(Math.max(roundInterval(rangeMs / Math.max(1, definition.autoCount)), least));
}

/** The values now chosen: the URL beats the saved ones, which beat the first option. */
export function choose(
  definition: VariableDefinition,
  options: readonly Option[],
  fromUrl: readonly string[] | undefined,
): string[] {
  const known = new Set(options.map((option) => option.value));
  if (definition.includeAll) known.add(kAll);
  const normal = (values: readonly string[]): string[] =>
    values.map((value) => (definition.includeAll && value === "All" ? kAll : value));
  if (fromUrl !== undefined && fromUrl.length > 0) return normal(definition.multi ? fromUrl : fromUrl.slice(0, 1));
  const saved = normal(definition.current).filter((value) => known.has(value));
  if (saved.length > 0) return definition.multi ? saved : saved.slice(0, 1);
  if (definition.includeAll) return [kAll];
  const first = options[0];
  return first === undefined ? [] : [first.value];
}

/** The value as queries use it. */
export function variableValue(
  definition: VariableDefinition,
  options: readonly Option[],
  chosen: readonly string[],
): VariableValue {
  const textOf = (value: string): string =>
    value === kAll ? "All" : (options.find((option) => option.value === value)?.text ?? value);
  const list = definition.multi || definition.includeAll;
  const value = definition.multi ? [...chosen] : (chosen[0] ?? "");
  return {
    value,
    text: definition.multi ? chosen.map(textOf) : textOf(chosen[0] ?? ""),
    multi: definition.multi,
    includeAll: list && definition.includeAll,
    allValue: definition.allValue,
    options: options.map((option) => option.value),
  };
}

/** Definitions in an order in which each comes after those it uses; a circle keeps the file's order. */
export function dependencyOrder(definitions: readonly VariableDefinition[]): VariableDefinition[] {
  const byName = new Map(definitions.map((one) => [one.name, one]));
  const done = new Set<string>();
  const active = new Set<string>();
  const out: VariableDefinition[] = [];
  const visit = (one: VariableDefinition): void => {
    if (done.has(one.name) || active.has(one.name)) return;
    active.add(one.name);
    for (const name of usedVariables(`${one.query} ${one.regex}`)) {
      const other = byName.get(name);
      if (other !== undefined) visit(other);
    }
    active.delete(one.name);
    done.add(one.name);
    out.push(one);
  };
  definitions.forEach(visit);
  return out;
}
