// Everything the overview says about each cache, from a handful of queries over all of them.

import { onGrid, parseValue } from "../lib/frames";
import type { CacheFacts } from "../lib/judgement";
import { labelsContain, labelsKey, selector, type Labels } from "../lib/labels";
import { queryInstant, queryRange, targets, type Target, type VectorItem } from "./prometheus";

export interface Cache {
  key: string;
  name: string;
  job: string;
  labels: Labels;
  version: string;
  role: string;
  facts: CacheFacts;
  hitRatioTrend: (number | null)[];
  opsTrend: (number | null)[];
}

const kWindow = "5m";
const kGauges = [
  "memory_used_bytes",
  "memory_max_bytes",
  "connected_clients",
  "max_clients",
  "config_maxclients",
  "uptime_in_seconds",
  "master_link_up",
  "instance_info",
  "exporter_last_scrape_error",
].map((name) => `redis_${name}`);

const rate = (metric: string, labels = "", window = kWindow): string => `rate(${metric}${labels}[${window}])`;

function ratio(labels: string, window: string, offset = ""): string {
  const hits = `rate(redis_keyspace_hits_total${labels}[${window}]${offset})`;
  const misses = `rate(redis_keyspace_misses_total${labels}[${window}]${offset})`;
  return `${hits} / (${hits} + ${misses})`;
}

/** The PromQL behind each number of a card. */
export function expressions(
  labels: Labels,
): Record<"state" | "hitRatio" | "ops" | "memory" | "memoryMax" | "evictions" | "clients", string> {
  const match = selector(labels);
  return {
    state: `redis_up${match}`,
    hitRatio: ratio(match, kWindow),
    ops: rate("redis_commands_processed_total", match),
    memory: `redis_memory_used_bytes${match}`,
    memoryMax: `redis_memory_max_bytes${match}`,
    evictions: rate("redis_evicted_keys_total", match),
    clients: `redis_connected_clients${match}`,
  };
}

function find(items: readonly VectorItem[], labels: Labels): number | undefined {
  const item = items.find((one) => labelsContain(one.metric, labels));
  return item === undefined ? undefined : parseValue(item.sample[1]);
}

function targetOf(all: readonly Target[], labels: Labels): Target | undefined {
  return all.find((one) => one.labels["instance"] === labels["instance"] && one.labels["job"] === labels["job"]);
}

/** A target that is a cache by its address, although it has not said so in a metric yet. */
function looksLikeCache(target: Target): boolean {
  return /^(rediss?|valkeys?|unix):/.test(target.url);
}

interface Answers {
  up: VectorItem[];
  seen: VectorItem[];
  gauges: VectorItem[];
  hits: VectorItem[];
  misses: VectorItem[];
  usual: VectorItem[];
  ops: VectorItem[];
  evictions: VectorItem[];
  rejected: VectorItem[];
  targets: Target[];
}

async function askAll(abort: AbortSignal): Promise<Answers> {
  const ask = async (expr: string): Promise<VectorItem[]> => (await queryInstant(expr, undefined, abort)).items;
  const [up, seen, gauges, hits, misses, usual, ops, evictions, rejected, list] = await Promise.all([
    ask("redis_up"),
    ask("last_over_time(redis_up[1h])"),
    ask(`{__name__=~"${kGauges.join("|")}"}`),
    ask(rate("redis_keyspace_hits_total")),
    ask(rate("redis_keyspace_misses_total")),
    ask(ratio("", "1h", " offset 5m")),
    ask(rate("redis_commands_processed_total")),
    ask(rate("redis_evicted_keys_total")),
    ask(rate("redis_rejected_connections_total")),
    targets(abort).catch(() => ({ active: [], dropped: 0 })),
  ]);
  return { up, seen, gauges, hits, misses, usual, ops, evictions, rejected, targets: list.active };
}

function stateOf(answers: Answers, labels: Labels): Pick<CacheFacts, "state" | "error"> {
  const target = targetOf(answers.targets, labels);
  const up = find(answers.up, labels);
  const scrapeError = answers.gauges.find(
    (one) => one.metric["__name__"] === "redis_exporter_last_scrape_error" && labelsContain(one.metric, labels),
  );
  const error = target?.lastError || scrapeError?.metric["err"] || undefined;
  if (up === 1 && target?.health !== "down") return { state: "up", error: undefined };
  if (up === undefined && target?.health !== "down") return { state: "unknown", error };
  return { state: "down", error };
}

function factsOf(answers: Answers, labels: Labels): CacheFacts {
  const gauge = (name: string): number | undefined =>
    find(
      answers.gauges.filter((one) => one.metric["__name__"] === `redis_${name}`),
      labels,
    );
  const usual = find(answers.usual, labels);
  return {
    ...stateOf(answers, labels),
    hitsPerSecond: find(answers.hits, labels),
    missesPerSecond: find(answers.misses, labels),
    usualHitRatio: usual === undefined || Number.isNaN(usual) ? undefined : usual,
    opsPerSecond: find(answers.ops, labels),
    memoryUsed: gauge("memory_used_bytes"),
    memoryMax: gauge("memory_max_bytes"),
    evictionsPerSecond: find(answers.evictions, labels),
    rejectedPerSecond: find(answers.rejected, labels),
    clients: gauge("connected_clients"),
    maxClients: gauge("max_clients") ?? gauge("config_maxclients"),
    policy: info(answers, labels)["maxmemory_policy"],
    replicaLinkDown: gauge("master_link_up") === undefined ? undefined : gauge("master_link_up") === 0,
    uptimeSeconds: gauge("uptime_in_seconds"),
  };
}

function info(answers: Answers, labels: Labels): Labels {
  return (
    answers.gauges.find((one) => one.metric["__name__"] === "redis_instance_info" && labelsContain(one.metric, labels))
      ?.metric ?? {}
  );
}

export interface TrendWindow {
  startS: number;
  endS: number;
  stepS: number;
}

async function trends(
  window: TrendWindow,
  scrapeMs: number,
  abort: AbortSignal,
): Promise<(labels: Labels, kind: "ratio" | "ops") => (number | null)[]> {
  const width = `${Math.max(60, Math.ceil((4 * scrapeMs) / 1_000), window.stepS)}s`;
  const ask = (expr: string): ReturnType<typeof queryRange> =>
    queryRange(expr, window.startS, window.endS, window.stepS, abort);
  const [ratios, ops] = await Promise.all([
    ask(ratio("", width)),
    ask(rate("redis_commands_processed_total", "", width)),
  ]);
  return (labels, kind) => {
    const item = (kind === "ratio" ? ratios : ops).items.find((one) => labelsContain(one.metric, labels));
    return item === undefined ? [] : onGrid(item.samples, window.startS, window.endS, window.stepS).values;
  };
}

/** All caches known now or within the last hour, those in trouble first. */
export async function loadCaches(window: TrendWindow, scrapeMs: number, abort: AbortSignal): Promise<Cache[]> {
  const [answers, trend] = await Promise.all([askAll(abort), trends(window, scrapeMs, abort)]);
  const known = new Map<string, Labels>();
  const keep = (labels: Labels): void => {
    const { __name__: _, ...rest } = labels;
    known.set(labelsKey(rest), rest);
  };
  answers.up.forEach((one) => keep(one.metric));
  // A cache that fell silent stays while its target is still wanted.
  answers.seen.filter((one) => targetOf(answers.targets, one.metric) !== undefined).forEach((one) => keep(one.metric));
  answers.targets
    .filter(
      (one) => looksLikeCache(one) && ![...known.values()].some((labels) => targetOf([one], labels) !== undefined),
    )
    .forEach((one) => keep(one.labels));
  const caches = [...known].map(([key, labels]): Cache => {
    const facts = info(answers, labels);
    return {
      key,
      labels,
      name: labels["instance"] ?? labels["addr"] ?? "cache",
      job: labels["job"] ?? "",
      version: facts["redis_version"] ?? "",
      role: facts["role"] ?? "",
      facts: factsOf(answers, labels),
      hitRatioTrend: trend(labels, "ratio"),
      opsTrend: trend(labels, "ops"),
    };
  });
  const rank = (one: Cache): number => (one.facts.state === "down" ? 0 : 1);
  return caches.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, "en", { numeric: true }));
}
