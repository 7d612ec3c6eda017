// The Prometheus HTTP API, typed, and the dashboards' list. Shapes are checked as far as the page relies on them.

import { asArray, asNumber, asObject, asString, type Json } from "../lib/json";
import type { Labels } from "../lib/labels";
import { getData, getJson, getText } from "./client";

export type Sample = readonly [seconds: number, value: string];

export interface VectorItem {
  metric: Labels;
  sample: Sample;
}

export interface MatrixItem {
  metric: Labels;
  samples: Sample[];
}

export function readLabels(value: unknown): Labels {
  const out: Record<string, string> = {};
  for (const [name, text] of Object.entries(asObject(value))) out[name] = String(text);
  return out;
}

function readSample(value: unknown): Sample {
  const pair = asArray(value);
  return [Number(pair[0]), String(pair[1])];
}

export interface Answer<T> {
  items: T[];
  warnings: string[];
  /** Series with native histograms carry no number and are left out; their count is told. */
  histograms: number;
}

/** Instant query; scalars come as one item without labels. */
export async function queryInstant(
  expr: string,
  timeS: number | undefined,
  abort?: AbortSignal,
): Promise<Answer<VectorItem>> {
  const { data, warnings } = await getData("/api/v1/query", { query: expr, time: timeS }, abort);
  const result = asObject(data);
  if (result["resultType"] === "scalar" || result["resultType"] === "string") {
    return { items: [{ metric: {}, sample: readSample(result["result"]) }], warnings, histograms: 0 };
  }
  const all = asArray(result["result"]).map(asObject);
  if (result["resultType"] === "matrix") {
    return {
      items: all.flatMap((one) =>
        asArray(one["values"])
          .slice(-1)
          .map((value) => ({ metric: readLabels(one["metric"]), sample: readSample(value) })),
      ),
      warnings,
      histograms: 0,
    };
  }
  const plain = all.filter((one) => one["value"] !== undefined);
  return {
    items: plain.map((one) => ({ metric: readLabels(one["metric"]), sample: readSample(one["value"]) })),
    warnings,
    histograms: all.length - plain.length,
  };
}

export async function queryRange(
  expr: string,
  startS: number,
  endS: number,
  stepS: number,
  abort?: AbortSignal,
): Promise<Answer<MatrixItem>> {
  const { data, warnings } = await getData(
    "/api/v1/query_range",
    { query: expr, start: startS, end: endS, step: stepS },
    abort,
  );
  const all = asArray(asObject(data)["result"]).map(asObject);
  const plain = all.filter((one) => one["values"] !== undefined);
  return {
    items: plain.map((one) => ({ metric: readLabels(one["metric"]), samples: asArray(one["values"]).map(readSample) })),
    warnings,
    histograms: all.length - plain.length,
  };
}

export interface Window {
  startS: number;
  endS: number;
}

const windowParams = (window: Window | undefined): { start?: number; end?: number } =>
  window === undefined ? {} : { start: Math.floor(window.startS), end: Math.ceil(window.endS) };

export async function labelNames(match: string | undefined, window?: Window, abort?: AbortSignal): Promise<string[]> {
  const { data } = await getData(
    "/api/v1/labels",
    { "match[]": match === undefined ? [] : [match], ...windowParams(window) },
    abort,
  );
  return asArray(data).map(String);
}

export async function labelValues(
  label: string,
  match: string | undefined,
  window?: Window,
  abort?: AbortSignal,
): Promise<string[]> {
  const { data } = await getData(
    `/api/v1/label/${encodeURIComponent(label)}/values`,
    { "match[]": match === undefined ? [] : [match], ...windowParams(window) },
    abort,
  );
  return asArray(data).map(String);
}

export async function series(match: string, window?: Window, abort?: AbortSignal): Promise<Labels[]> {
  const { data } = await getData("/api/v1/series", { "match[]": [match], ...windowParams(window) }, abort);
  return asArray(data).map(readLabels);
}

export interface Alert {
  name: string;
  state: string;
  labels: Labels;
  annotations: Labels;
  activeAt: string;
  value: string;
}

export interface Rule {
  kind: "alerting" | "recording";
  name: string;
  query: string;
  durationS: number;
  state: string;
  health: string;
  lastError: string;
  lastEvaluation: string;
  labels: Labels;
  annotations: Labels;
  alerts: Alert[];
  /** How long the last evaluation took, of the rule and of its group. */
  tookS: number;
  group: string;
  file: string;
  groupIntervalS: number;
  groupTookS: number;
}

function readAlert(value: unknown, fallbackName: string): Alert {
  const json = asObject(value);
  const labels = readLabels(json["labels"]);
  return {
    name: labels["alertname"] ?? fallbackName,
    state: asString(json["state"]) ?? "unknown",
    labels,
    annotations: readLabels(json["annotations"]),
    activeAt: asString(json["activeAt"]) ?? "",
    value: json["value"] === undefined ? "" : String(json["value"]),
  };
}

function readRule(json: Json, group: Json): Rule {
  const name = asString(json["name"]) ?? "";
  return {
    kind: json["type"] === "recording" ? "recording" : "alerting",
    name,
    query: asString(json["query"]) ?? "",
    durationS: asNumber(json["duration"]) ?? 0,
    state: asString(json["state"]) ?? "inactive",
    health: asString(json["health"]) ?? "unknown",
    lastError: asString(json["lastError"]) ?? "",
    lastEvaluation: asString(json["lastEvaluation"]) ?? "",
    labels: readLabels(json["labels"]),
    annotations: readLabels(json["annotations"]),
    alerts: asArray(json["alerts"]).map((alert) => readAlert(alert, name)),
    tookS: asNumber(json["evaluationTime"]) ?? 0,
    group: asString(group["name"]) ?? "",
    file: asString(group["file"]) ?? "",
    groupIntervalS: asNumber(group["interval"]) ?? 0,
    groupTookS: asNumber(group["evaluationTime"]) ?? 0,
  };
}

export async function rules(abort?: AbortSignal): Promise<Rule[]> {
  const { data } = await getData("/api/v1/rules", {}, abort);
  return asArray(asObject(data)["groups"])
    .map(asObject)
    .flatMap((group) => asArray(group["rules"]).map((rule) => readRule(asObject(rule), group)));
}

export async function alerts(abort?: AbortSignal): Promise<Alert[]> {
  const { data } = await getData("/api/v1/alerts", {}, abort);
  return asArray(asObject(data)["alerts"]).map((alert) => readAlert(alert, ""));
}

export interface Target {
  pool: string;
  url: string;
  labels: Labels;
  health: string;
  lastError: string;
  lastScrape: string;
  durationS: number;
  interval: string;
  timeout: string;
}

export async function targets(abort?: AbortSignal): Promise<{ active: Target[]; dropped: number }> {
  const { data } = await getData("/api/v1/targets", { state: "active" }, abort);
  const json = asObject(data);
  const active = asArray(json["activeTargets"])
    .map(asObject)
    .map((one): Target => ({
      pool: asString(one["scrapePool"]) ?? "",
      url: asString(one["scrapeUrl"]) ?? asString(one["globalUrl"]) ?? "",
      labels: readLabels(one["labels"]),
      health: asString(one["health"]) ?? "unknown",
      lastError: asString(one["lastError"]) ?? "",
      lastScrape: asString(one["lastScrape"]) ?? "",
      durationS: asNumber(one["lastScrapeDuration"]) ?? 0,
      interval: asString(one["scrapeInterval"]) ?? "",
      timeout: asString(one["scrapeTimeout"]) ?? "",
    }));
  const counts = Object.values(asObject(json["droppedTargetCounts"])).map((count) => asNumber(count) ?? 0);
  const dropped = counts.length > 0 ? counts.reduce((a, b) => a + b, 0) : asArray(json["droppedTargets"]).length;
  return { active, dropped };
}

export async function buildInfo(abort?: AbortSignal): Promise<Labels> {
  return readLabels((await getData("/api/v1/status/buildinfo", {}, abort)).data);
}

export interface DashboardEntry {
  uid: string;
  title: string;
  tags: string[];
  error: string;
}

export async function dashboards(abort?: AbortSignal): Promise<DashboardEntry[]> {
  const body = await getJson("/api/dashboards", {}, abort);
  const list = Array.isArray(body) ? body : asArray(asObject(body)["data"]);
  return list.map(asObject).map((one) => ({
    uid: asString(one["uid"]) ?? "",
    title: asString(one["title"]) ?? asString(one["uid"]) ?? "",
    tags: asArray(one["tags"]).map(String),
    error: asString(one["error"]) ?? "",
  }));
}

export async function dashboard(uid: string, abort?: AbortSignal): Promise<unknown> {
  return getJson(`/api/dashboards/${encodeURIComponent(uid)}`, {}, abort);
}

/** Markdown of an advice page. */
export async function advice(kind: string, abort?: AbortSignal): Promise<string> {
  return getText(`/api/advice/${encodeURIComponent(kind)}`, abort);
}
