// One sentence about a cache, in plain words, from what was measured. Says "unknown" where nothing was measured.

import { humanDuration } from "./duration";
import { formatUnit } from "./units";

export type Level = "good" | "watch" | "bad" | "unknown";

/** Everything about one cache; undefined means "not measured". Rates are per second over the window. */
export interface CacheFacts {
  state: "up" | "down" | "unknown";
  error?: string | undefined;
  hitsPerSecond?: number | undefined;
  missesPerSecond?: number | undefined;
  /** Hit ratio of the hour before, 0 to 1, for comparison. */
  usualHitRatio?: number | undefined;
  opsPerSecond?: number | undefined;
  memoryUsed?: number | undefined;
  /** 0 means no limit is set. */
  memoryMax?: number | undefined;
  evictionsPerSecond?: number | undefined;
  rejectedPerSecond?: number | undefined;
  clients?: number | undefined;
  maxClients?: number | undefined;
  policy?: string | undefined;
  replicaLinkDown?: boolean | undefined;
  uptimeSeconds?: number | undefined;
  /** Summaries of the alerts that fire for this cache. */
  firing?: readonly string[] | undefined;
}

export interface Judgement {
  level: Level;
  text: string;
}

/** Fewer lookups than this say nothing about a ratio: 30 in five minutes. */
export const kTrafficFloor = 0.1;

export type HitRatio =
  { state: "known"; ratio: number } | { state: "no traffic" | "too little traffic" | "not measured" };

export function hitRatio(facts: Pick<CacheFacts, "hitsPerSecond" | "missesPerSecond">): HitRatio {
  const { hitsPerSecond: hits, missesPerSecond: misses } = facts;
  if (hits === undefined || misses === undefined || Number.isNaN(hits + misses)) return { state: "not measured" };
  const lookups = hits + misses;
  if (lookups <= 0) return { state: "no traffic" };
  if (lookups < kTrafficFloor) return { state: "too little traffic" };
  return { state: "known", ratio: hits / lookups };
}

const percent = (ratio: number): string => formatUnit(ratio, "percentunit", ratio > 0.995 && ratio < 1 ? 1 : 0);
const bytes = (value: number): string => formatUnit(value, "bytes");

/** The most important thing to know, worst first. */
export function judge(facts: CacheFacts): Judgement {
  if (facts.state === "down")
    return { level: "bad", text: facts.error ? `Does not answer: ${facts.error}` : "Does not answer." };
  if (facts.state === "unknown") return { level: "unknown", text: "Nothing heard from this cache yet." };
  return withAlerts(trouble(facts) ?? hits(facts), facts.firing ?? []);
}

/** A cache for which an alert fires is never called healthy. */
function withAlerts(verdict: Judgement, firing: readonly string[]): Judgement {
  const first = firing[0];
  if (first === undefined || verdict.level === "bad") return verdict;
  const more = firing.length > 1 ? ` (and ${firing.length - 1} more)` : "";
  const rest = verdict.text.replace(/^Healthy: (.)/, (_, letter: string) => letter.toUpperCase());
  return { level: "watch", text: `Alert: ${first}${more}. ${rest}` };
}

function trouble(facts: CacheFacts): Judgement | undefined {
  const { memoryUsed: used, memoryMax: max } = facts;
  if ((facts.rejectedPerSecond ?? 0) > 0) {
    return { level: "bad", text: "Turns clients away: the connection limit is reached." };
  }
  if (facts.replicaLinkDown === true)
    return { level: "bad", text: "Replica has lost its link to the master; its data grows old." };
  const full = used !== undefined && max !== undefined && max > 0 ? used / max : undefined;
  if (full !== undefined && full >= 0.95 && facts.policy === "noeviction") {
    return {
      level: "bad",
      text: `Memory is ${percent(full)} full and nothing may be evicted: writes fail at the limit.`,
    };
  }
  return undefined;
}

const kSilence = {
  "no traffic": "Up, but nobody looked anything up in the last 5 minutes.",
  "too little traffic": "Up; too few lookups to judge the hit ratio.",
  "not measured": "Up; the hit ratio is not measured yet.",
};

function hits(facts: CacheFacts): Judgement {
  const now = hitRatio(facts);
  if (now.state !== "known") return { level: "unknown", text: kSilence[now.state] };
  if (now.ratio < 0.8 && facts.uptimeSeconds !== undefined && facts.uptimeSeconds < 300) {
    return {
      level: "watch",
      text: `Still filling: it started ${humanDuration(facts.uptimeSeconds * 1_000)} ago; ${percent(now.ratio)} of lookups hit so far.`,
    };
  }
  const usual = facts.usualHitRatio;
  if (usual !== undefined && usual - now.ratio > 0.1) {
    return {
      level: now.ratio < 0.5 ? "bad" : "watch",
      text: `Hit ratio fell to ${percent(now.ratio)}; over the last hour it was ${percent(usual)}.${evictionClause(facts)}`,
    };
  }
  if (now.ratio < 0.5) {
    return {
      level: "watch",
      text: `Most lookups miss: only ${percent(now.ratio)} are answered from the cache.${evictionClause(facts)}`,
    };
  }
  if ((facts.evictionsPerSecond ?? 0) > 0) {
    const keys = formatUnit(facts.evictionsPerSecond ?? 0, "short");
    return now.ratio >= 0.9
      ? {
          level: "good",
          text: `Healthy: ${percent(now.ratio)} of lookups hit. It is full and evicts ${keys} keys a second, as a cache may.`,
        }
      : {
          level: "watch",
          text: `Full: it evicts ${keys} keys a second to make room, and ${percent(1 - now.ratio)} of lookups miss.`,
        };
  }
  if (now.ratio < 0.8) return { level: "watch", text: `Works, but every ${ordinal(now.ratio)} lookup misses.` };
  return {
    level: "good",
    text: `Healthy: ${percent(now.ratio)} of lookups are answered from the cache${roomClause(facts)}.`,
  };
}

function evictionClause(facts: CacheFacts): string {
  if ((facts.evictionsPerSecond ?? 0) > 0) return " It is evicting keys: it may be too small.";
  if (facts.uptimeSeconds !== undefined && facts.uptimeSeconds < 900) {
    return ` It restarted ${humanDuration(facts.uptimeSeconds * 1_000)} ago and is still filling.`;
  }
  return "";
}

function roomClause(facts: CacheFacts): string {
  const { memoryUsed: used, memoryMax: max } = facts;
  if (used === undefined || max === undefined) return "";
  if (max === 0) return ", with no memory limit set";
  return used < max ? `, with ${bytes(max - used)} of memory left` : "";
}

function ordinal(ratio: number): string {
  const nth = Math.max(2, Math.round(1 / (1 - ratio)));
  return ["", "", "second", "third", "fourth", "fifth"][nth] ?? `${nth}th`;
}
