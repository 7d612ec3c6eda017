// Time range, refresh and "now" for everything on the page.

import { computed, effect, signal } from "@preact/signals";
import type { Zone } from "../lib/dateformat";
import { isRelative, kQuickRanges, parseTime } from "../lib/datemath";
import { formatDate } from "../lib/dateformat";
import { parseDuration } from "../lib/duration";
import { place, setParams } from "./url";

export interface TimeDefaults {
  from: string;
  to: string;
  refresh: string;
  timezone: string;
}

/** What holds where the address says nothing; a dashboard puts its own here. */
export const kPageDefaults: TimeDefaults = { from: "now-1h", to: "now", refresh: "10s", timezone: "" };
export const defaults = signal<TimeDefaults>(kPageDefaults);

export interface Range {
  from: string;
  to: string;
}

export const rawRange = computed<Range>(() => ({
  from: place.value.query.get("from") ?? defaults.value.from,
  to: place.value.query.get("to") ?? defaults.value.to,
}));

export const refresh = computed<string>(() => {
  const own = place.value.query.get("refresh");
  return own ?? defaults.value.refresh;
});

export const zone = computed<Zone>(() => {
  const text = place.value.query.get("timezone") ?? defaults.value.timezone;
  return text.toLowerCase() === "utc" ? "utc" : "browser";
});

/** Counts reloads: whoever reads it is run again. */
export const tick = signal(0);

export interface Span {
  fromMs: number;
  toMs: number;
}

/** The range in milliseconds, taken anew at every tick. */
export const span = computed<Span>(() => {
  void tick.value;
  return resolve(rawRange.value, zone.value);
});

export function resolve(range: Range, tz: Zone): Span {
  const now = Date.now();
  const toMs = parseTime(range.to, true, now, tz) ?? now;
  const fromMs = parseTime(range.from, false, now, tz) ?? toMs - 3_600_000;
  return fromMs < toMs ? { fromMs, toMs } : { fromMs: toMs - 60_000, toMs };
}

export function reload(): void {
  tick.value++;
}

export function setRange(range: Range): void {
  setParams({ from: range.from, to: range.to });
}

export function setAbsolute(fromMs: number, toMs: number): void {
  setRange({ from: String(Math.round(fromMs)), to: String(Math.round(toMs)) });
}

/** Doubles the span about its centre. */
export function zoomOut(): void {
  const { fromMs, toMs } = span.value;
  const half = Math.max(1_000, toMs - fromMs);
  const centre = (fromMs + toMs) / 2;
  setAbsolute(centre - half, Math.min(centre + half, Math.max(Date.now(), toMs)));
}

/** Moves by half the span; direction is −1 or 1. */
export function shift(direction: number): void {
  const { fromMs, toMs } = span.value;
  const move = ((toMs - fromMs) / 2) * direction;
  setAbsolute(fromMs + move, toMs + move);
}

export function rangeText(range: Range, tz: Zone): string {
  const quick = kQuickRanges.find((one) => one.from === range.from && one.to === range.to);
  if (quick !== undefined) return quick.name;
  const last = range.to === "now" ? /^now-(\d+[smhdwMy])$/.exec(range.from)?.[1] : undefined;
  if (last !== undefined) return `Last ${last}`;
  const text = (value: string, up: boolean): string => {
    if (isRelative(value)) return value;
    const time = parseTime(value, up, Date.now(), tz);
    return time === undefined ? value : formatDate(time, "YYYY-MM-DD HH:mm:ss", tz);
  };
  return `${text(range.from, false)} to ${text(range.to, true)}`;
}

/** Reloads at the chosen interval while the page can be seen and the range ends now. */
export function startRefreshing(): void {
  effect(() => {
    const ms = parseDuration(refresh.value) ?? 0;
    if (ms <= 0) return undefined;
    const timer = setInterval(
      () => {
        if (!document.hidden && isRelative(rawRange.value.to)) reload();
      },
      Math.max(1_000, ms),
    );
    return () => clearInterval(timer);
  });
  let hiddenAt = 0;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hiddenAt = Date.now();
    else if (Date.now() - hiddenAt > 5_000 && (parseDuration(refresh.value) ?? 0) > 0) reload();
  });
}
