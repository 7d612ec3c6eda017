// Alerts, silences, acknowledgements and thresholds: Alertmanager's API, and what it cannot say beside it.

import { signal } from "@preact/signals";
import { asArray, asObject, asStrings, shaped, type Json } from "../lib/json";
import { labelsContain, type Labels } from "../lib/labels";
import type { Matcher } from "../lib/matchers";
import { ApiError, getData, getJson, sendJson, type Params } from "./client";
import { alerts, readLabels, type Sample } from "./prometheus";

const kBase = "/api/v1/alerting";

/** Counts changes made here; what was read before one is read again. */
export const changes = signal(0);

async function change(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<Json> {
  const answer = asObject(await sendJson(method, path, body));
  changes.value++;
  return asObject(answer["data"]);
}

async function read(path: string, params: Params, abort: AbortSignal | undefined): Promise<Json> {
  return asObject((await getData(`${kBase}/${path}`, params, abort)).data);
}

/** What `run` gives, or something else when the server does not have it. */
export async function ifThere<T>(run: Promise<T>, otherwise: (why: string) => T): Promise<T> {
  try {
    return await run;
  } catch (cause) {
    if (cause instanceof ApiError && cause.status === 404) return otherwise(cause.message);
    throw cause;
  }
}

const list = (json: Json, name: string): Json[] => asArray(json[name]).map(asObject);

export type AlertState = "firing" | "pending" | "acknowledged" | "muted" | "silenced" | "inhibited";

export interface ActiveAlert {
  /** Empty while only the rule knows the alert. */
  fingerprint: string;
  name: string;
  labels: Labels;
  annotations: Labels;
  state: AlertState;
  startsAt: string;
  value: string;
  silencedBy: string[];
  inhibitedBy: string[];
  mutedBy: string[];
  receivers: string[];
  acknowledged: { author: string; comment: string; at: string } | undefined;
  escalation: { step: number; steps: number; receiver: string; nextAt: string } | undefined;
  cooldownUntil: string;
  flapping: boolean;
  transitions: number;
}

const kUntold = {
  fingerprint: "",
  silencedBy: [],
  inhibitedBy: [],
  mutedBy: [],
  receivers: [],
  acknowledged: undefined,
  escalation: undefined,
  cooldownUntil: "",
  flapping: false,
  transitions: 0,
};

function readAlert(json: Json): ActiveAlert {
  const status = asObject(json["status"]);
  const [silencedBy, inhibitedBy, mutedBy] = ["silencedBy", "inhibitedBy", "mutedBy"].map((by) =>
    asStrings(status[by]),
  ) as [string[], string[], string[]];
  const labels = readLabels(json["labels"]);
  const acknowledged = json["acknowledged"];
  const escalation = json["escalation"];
  return {
    ...shaped(json, {
      fingerprint: "",
      startsAt: "",
      value: "",
      cooldownUntil: "",
      flapping: false,
      transitions: 0,
    }),
    name: labels["alertname"] ?? "",
    labels,
    annotations: readLabels(json["annotations"]),
    silencedBy,
    inhibitedBy,
    mutedBy,
    state:
      silencedBy.length > 0
        ? "silenced"
        : inhibitedBy.length > 0
          ? "inhibited"
          : mutedBy.length > 0
            ? "muted"
            : acknowledged
              ? "acknowledged"
              : "firing",
    receivers: list(json, "receivers").map((one) => String(one["name"])),
    acknowledged: acknowledged ? shaped(acknowledged, { author: "", comment: "", at: "" }) : undefined,
    escalation: escalation ? shaped(escalation, { step: 0, steps: 0, receiver: "", nextAt: "" }) : undefined,
  };
}

/** What the notifier holds, as far as it matches. */
export async function heldAlerts(filter: readonly string[], abort?: AbortSignal): Promise<ActiveAlert[]> {
  return list(await read("alerts", { filter }, abort), "alerts").map(readAlert);
}

/** Every active alert: those of the notifier, and those of the rules it has not been told of. */
export async function activeAlerts(abort?: AbortSignal): Promise<ActiveAlert[]> {
  const [held, ruled] = await Promise.all([
    // A server without a notifier still has rules.
    ifThere(heldAlerts([], abort), () => []),
    alerts(abort),
  ]);
  const untold = ruled.filter((one) => !held.some((other) => labelsContain(other.labels, one.labels)));
  return [
    ...held,
    ...untold.map((one): ActiveAlert => ({
      ...kUntold,
      name: one.name,
      labels: one.labels,
      annotations: one.annotations,
      state: one.state === "pending" ? "pending" : "firing",
      startsAt: one.activeAt,
      value: one.value,
    })),
  ];
}

export interface AlertGroup {
  labels: Labels;
  receiver: string;
  fingerprints: string[];
}

/** The groups that are told as one. */
export async function alertGroups(abort?: AbortSignal): Promise<AlertGroup[]> {
  return asArray(await getJson("/api/v2/alerts/groups", {}, abort))
    .map(asObject)
    .map((one) => ({
      labels: readLabels(one["labels"]),
      receiver: String(asObject(one["receiver"])["name"]),
      fingerprints: list(one, "alerts").map((alert) => String(alert["fingerprint"])),
    }));
}

export function acknowledge(fingerprint: string, author: string, comment: string): Promise<unknown> {
  return change("POST", `${kBase}/acknowledgements`, { fingerprint, author, comment });
}

export function unacknowledge(fingerprint: string, author: string): Promise<unknown> {
  const by = author === "" ? "" : `?author=${encodeURIComponent(author)}`;
  return change("DELETE", `${kBase}/acknowledgements/${encodeURIComponent(fingerprint)}${by}`);
}

export interface AlertEvent {
  id: string;
  at: string;
  kind: string;
  fingerprint: string;
  alertname: string;
  details: Json;
}

export async function history(params: Params, abort?: AbortSignal): Promise<AlertEvent[]> {
  return list(await read("history", params, abort), "events").map((one) => ({
    ...shaped(one, { at: "", kind: "", fingerprint: "", alertname: "", details: {} }),
    id: String(one["id"]),
  }));
}

const kCounts = {
  fired: 0,
  pages: 0,
  nightPages: 0,
  meanSecondsToAcknowledge: null as number | null,
  meanSecondsToResolve: null as number | null,
};
const kOfOne = { ...kCounts, alertname: "", firingSeconds: 0, flaps: 0, neverAcknowledged: 0, lastFiredAt: "" };

export async function statistics(
  params: Params,
  abort?: AbortSignal,
): Promise<{ total: typeof kCounts; alerts: (typeof kOfOne)[] }> {
  const json = await read("statistics", params, abort);
  return { total: shaped(json["total"], kCounts), alerts: list(json, "alerts").map((one) => shaped(one, kOfOne)) };
}

export interface Explanation {
  query: string;
  comparison: string;
  threshold: string;
  points: Sample[];
  changes: { at: string; kind: string; text: string }[];
  moved: { series: Labels; rate: boolean; before: string; after: string; score: number; onset: string }[];
  seriesRead: number;
  seriesCut: boolean;
  alerts: { fingerprint: string; alertname: string; startsAt: string }[];
  annotations: { at: string; text: string }[];
  runbook: string;
}

export async function explain(fingerprint: string, abort?: AbortSignal): Promise<Explanation> {
  const json = await read(`explain/${encodeURIComponent(fingerprint)}`, {}, abort);
  const values = asObject(json["values"]);
  return {
    ...shaped(json, { seriesRead: 0, seriesCut: false, runbook: "" }),
    ...shaped(values, { query: "", comparison: "", threshold: "" }),
    points: asArray(values["points"]).map((point) => [Number(asArray(point)[0]), String(asArray(point)[1])]),
    changes: list(json, "changes").map((one) => shaped(one, { at: "", kind: "", text: "" })),
    moved: list(json, "moved").map((one) => ({
      ...shaped(one, { rate: false, before: "", after: "", score: 0, onset: "" }),
      series: readLabels(one["series"]),
    })),
    alerts: list(json, "alerts").map((one) => shaped(one, { fingerprint: "", alertname: "", startsAt: "" })),
    annotations: list(json, "annotations").map((one) => shaped(one, { at: "", text: "" })),
  };
}

export interface Threshold {
  id: string;
  name: string;
  expression: string;
  operator: string;
  value: number;
  severity: string;
  for: string;
  cooldown: string;
  escalation: { after: string; severity: string; receiver: string }[];
  /** Who is told first; empty: as the routes say. */
  receiver: string;
  summary: string;
  enabled: boolean;
  author: string;
  state: string;
}

export const kNewThreshold: Threshold = {
  id: "",
  name: "",
  expression: "",
  operator: ">",
  value: 0,
  severity: "warning",
  for: "5m",
  cooldown: "30m",
  escalation: [],
  receiver: "",
  summary: "",
  enabled: true,
  author: "",
  state: "inactive",
};

export async function thresholds(abort?: AbortSignal): Promise<Threshold[]> {
  return list(await read("thresholds", {}, abort), "thresholds").map((one) => ({
    ...shaped(one, kNewThreshold),
    escalation: list(one, "escalation").map((step) => shaped(step, { after: "", severity: "", receiver: "" })),
  }));
}

/** Creates it where it has no id yet. */
export function saveThreshold({ id, state: _, ...rest }: Threshold): Promise<unknown> {
  const path = `${kBase}/thresholds`;
  return id === "" ? change("POST", path, rest) : change("PUT", `${path}/${encodeURIComponent(id)}`, rest);
}

export function deleteThreshold(id: string): Promise<unknown> {
  return change("DELETE", `${kBase}/thresholds/${encodeURIComponent(id)}`);
}

const kFinding = { group: "", file: "", rule: "", selector: "", verdict: "", why: "", repair: "", lastMatchedAt: "" };

export async function selectorFindings(abort?: AbortSignal): Promise<(typeof kFinding)[]> {
  return list(await read("selectors", {}, abort), "findings").map((one) => shaped(one, kFinding));
}

const kIntegration = {
  name: "",
  supported: true,
  sent: 0,
  failed: 0,
  lastError: "",
  lastErrorAt: "",
  lastSentAt: "",
};
export type Integration = typeof kIntegration;

export interface Receiver {
  name: string;
  integrations: Integration[];
}

export async function receivers(abort?: AbortSignal): Promise<Receiver[]> {
  return list(await read("receivers", {}, abort), "receivers").map((one) => ({
    name: String(one["name"]),
    integrations: list(one, "integrations").map((integration) => shaped(integration, kIntegration)),
  }));
}

const kDrill = { integration: "", ok: false, error: "", seconds: 0 };
export type Drill = typeof kDrill;

export async function drill(receiver: string): Promise<Drill[]> {
  const json = await change("POST", `${kBase}/receivers/${encodeURIComponent(receiver)}/test`);
  return list(json, "results").map((one) => shaped(one, kDrill));
}

const kRoute = { path: "", receiver: "", groupBy: [] as string[], continue: false, matchers: [] as string[] };

export async function routesFor(labels: readonly string[], abort?: AbortSignal): Promise<(typeof kRoute)[]> {
  return list(await read("route", { label: labels }, abort), "routes").map((one) => shaped(one, kRoute));
}

export interface Silence {
  id: string;
  state: string;
  matchers: Matcher[];
  startsAt: string;
  endsAt: string;
  createdBy: string;
  comment: string;
}

export async function silences(abort?: AbortSignal): Promise<Silence[]> {
  return asArray(await getJson("/api/v2/silences", {}, abort))
    .map(asObject)
    .map((one) => ({
      ...shaped(one, { id: "", startsAt: "", endsAt: "", createdBy: "", comment: "" }),
      state: String(asObject(one["status"])["state"]),
      matchers: list(one, "matchers").map((matcher) =>
        shaped(matcher, { name: "", value: "", isRegex: false, isEqual: true }),
      ),
    }));
}

/** Creates it where it has no id yet. */
export function saveSilence({ id, state: _, ...rest }: Silence): Promise<unknown> {
  return change("POST", "/api/v2/silences", id === "" ? rest : { id, ...rest });
}

export function expireSilence(id: string): Promise<unknown> {
  return change("DELETE", `/api/v2/silence/${encodeURIComponent(id)}`);
}
