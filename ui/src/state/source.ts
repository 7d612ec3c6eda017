// What is known about the source of data: its usual scrape interval, for steps and rate windows.

import { signal } from "@preact/signals";
import { targets } from "../api/prometheus";
import { parseDuration } from "../lib/duration";

const kUsualMs = 15_000;

export const scrapeMs = signal(kUsualMs);

export function noteIntervals(texts: readonly string[]): void {
  const known = texts
    .map((text) => parseDuration(text) ?? 0)
    .filter((ms) => ms > 0)
    .sort((a, b) => a - b);
  scrapeMs.value = known[Math.floor(known.length / 2)] ?? kUsualMs;
}

export async function loadSource(): Promise<void> {
  try {
    noteIntervals((await targets()).active.map((target) => target.interval));
  } catch {
    // The usual interval stays; a missing target list is told on the Targets page.
  }
}
