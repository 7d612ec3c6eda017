// Runs the queries of one panel: variables and intervals filled in, answers as series and tables.

import type { Panel, QueryTarget } from "../lib/dashboard";
import { parseTime } from "../lib/datemath";
import type { Zone } from "../lib/dateformat";
import { parseDuration } from "../lib/duration";
import { onGrid, parseValue, toTable, type Series, type Table } from "../lib/frames";
import { alignRange, computeIntervals, intervalVariables, type Intervals } from "../lib/interval";
import { interpolate, textVariable, type Variables } from "../lib/interpolate";
import { seriesName } from "../lib/labels";
import { queryInstant, queryRange } from "./prometheus";

export interface PanelData {
  series: Series[];
  tables: Table[];
  warnings: string[];
  /** One message per query that failed; the others' data is still here. */
  errors: string[];
  fromMs: number;
  toMs: number;
  /** The queries as sent, for the link that opens them. */
  sent: string[];
}

export interface PanelQuery {
  panel: Panel;
  variables: Variables;
  fromMs: number;
  toMs: number;
  zone: Zone;
  /** Width in pixels: no more points than that are asked for. */
  width: number;
  scrapeMs: number;
  /** The dashboard's range is relative, so timeFrom and timeShift apply. */
  relative: boolean;
}

/** The panel's own time range where it has one. */
export function panelSpan(query: Pick<PanelQuery, "panel" | "fromMs" | "toMs" | "relative" | "zone" | "variables">): {
  fromMs: number;
  toMs: number;
} {
  let { fromMs, toMs } = query;
  if (!query.relative) return { fromMs, toMs };
  const own =
    query.panel.timeFrom === undefined ? undefined : interpolate(query.panel.timeFrom, query.variables, "prometheus");
  if (own !== undefined) {
    const now = Date.now();
    const duration = parseDuration(own);
    const start = duration !== undefined ? now - duration : parseTime(own, false, now, query.zone);
    if (start !== undefined) {
      fromMs = start;
      toMs = now;
    }
  }
  const shift =
    query.panel.timeShift === undefined
      ? undefined
      : parseDuration(interpolate(query.panel.timeShift, query.variables, "prometheus"));
  return shift === undefined ? { fromMs, toMs } : { fromMs: fromMs - shift, toMs: toMs - shift };
}

export function targetIntervals(query: PanelQuery, target: QueryTarget, rangeMs: number): Intervals {
  const fill = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : interpolate(text, query.variables, "prometheus");
  return computeIntervals({
    rangeMs,
    maxDataPoints: query.panel.maxDataPoints ?? Math.max(50, query.width),
    panelInterval: fill(query.panel.interval),
    targetInterval: fill(target.interval),
    intervalFactor: target.intervalFactor,
    scrapeMs: query.scrapeMs,
  });
}

interface Part {
  series: Series[];
  table: Table | undefined;
  warnings: string[];
  sent: string;
}

async function runTarget(
  query: PanelQuery,
  target: QueryTarget,
  span: { fromMs: number; toMs: number },
  valueName: string,
  abort: AbortSignal,
): Promise<Part> {
  const rangeMs = span.toMs - span.fromMs;
  const intervals = targetIntervals(query, target, rangeMs);
  const builtIn = Object.fromEntries(
    Object.entries(intervalVariables(intervals, rangeMs)).map(([name, text]) => [name, textVariable(text)]),
  );
  const variables: Variables = { ...query.variables, ...builtIn };
  const expr = interpolate(target.expr, variables, "prometheus");
  const legend = target.legendFormat === undefined ? undefined : interpolate(target.legendFormat, variables, "text");
  const name = (labels: Readonly<Record<string, string>>, all: readonly Readonly<Record<string, string>>[]): string =>
    seriesName(legend, labels, expr, all);

  if (target.instant && !(target.range && target.format !== "table" && query.panel.type === "timeseries")) {
    const answer = await queryInstant(expr, span.toMs / 1_000, abort);
    const labels = answer.items.map((item) => item.metric);
    const rows = answer.items.map((item) => ({
      labels: item.metric,
      timeMs: item.sample[0] * 1_000,
      value: parseValue(item.sample[1]),
    }));
    const series = answer.items.map((item): Series => ({
      refId: target.refId,
      name: name(item.metric, labels),
      labels: item.metric,
      times: [item.sample[0]],
      values: [parseValue(item.sample[1])],
    }));
    return {
      series,
      table: target.format === "table" ? toTable(target.refId, rows, valueName) : undefined,
      warnings: notes(answer),
      sent: expr,
    };
  }
  const offset = query.zone === "utc" ? 0 : -new Date(span.toMs).getTimezoneOffset() * 60_000;
  const { start, end } = alignRange(span.fromMs, span.toMs, intervals.stepMs, offset);
  const stepS = intervals.stepMs / 1_000;
  const answer = await queryRange(expr, start / 1_000, end / 1_000, stepS, abort);
  const labels = answer.items.map((item) => item.metric);
  const series = answer.items.map((item): Series => ({
    refId: target.refId,
    name: name(item.metric, labels),
    labels: item.metric,
    ...onGrid(item.samples, start / 1_000, end / 1_000, stepS),
  }));
  const table =
    target.format !== "table"
      ? undefined
      : toTable(
          target.refId,
          answer.items.flatMap((item) =>
            item.samples.map(([time, text]) => ({
              labels: item.metric,
              timeMs: time * 1_000,
              value: parseValue(text),
            })),
          ),
          valueName,
        );
  return { series, table, warnings: notes(answer), sent: expr };
}

function notes(answer: { warnings: string[]; histograms: number }): string[] {
  return answer.histograms === 0
    ? answer.warnings
    : [
        ...answer.warnings,
        `${answer.histograms} series hold native histograms and are not drawn; use histogram_quantile() on them`,
      ];
}

export async function runPanel(query: PanelQuery, abort: AbortSignal): Promise<PanelData> {
  const span = panelSpan(query);
  const targets = query.panel.targets.filter((target) => !target.hide && target.expr.trim() !== "");
  const tableCount = targets.filter((target) => target.format === "table").length;
  const results = await Promise.allSettled(
    targets.map((target) => runTarget(query, target, span, tableCount > 1 ? `Value #${target.refId}` : "Value", abort)),
  );
  const failures = results
    .filter((one): one is PromiseRejectedResult => one.status === "rejected")
    .map((one) => one.reason as Error);
  const passing = failures.find(
    (failure) => failure.name === "ApiError" && (failure as { kind?: string }).kind !== "refused",
  );
  if (passing !== undefined) throw passing;
  const parts = results.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  return {
    series: parts.flatMap((part) => (part.table === undefined ? part.series : [])),
    tables: parts.flatMap((part) => (part.table === undefined ? [] : [part.table])),
    warnings: parts.flatMap((part) => part.warnings),
    errors: failures.map((failure) => failure.message),
    ...span,
    sent: parts.map((part) => part.sent),
  };
}
