// Time texts of dashboards and URLs: "now-6h", "now-1d/d", epoch milliseconds, ISO dates.

import type { Zone } from "./dateformat";

type Unit = "s" | "m" | "h" | "d" | "w" | "M" | "Q" | "y";

/** Start of the unit around a time; `offsetUnits` moves by whole units (used to find the unit's end). */
function floorTo(timestampMs: number, unit: Unit, offsetUnits: number, zone: Zone): number {
  const d = new Date(timestampMs);
  const utc = zone === "utc";
  const make = (y: number, mo: number, da = 1, h = 0, mi = 0, s = 0): number =>
    utc ? Date.UTC(y, mo, da, h, mi, s) : new Date(y, mo, da, h, mi, s).getTime();
  const year = utc ? d.getUTCFullYear() : d.getFullYear();
  const month = utc ? d.getUTCMonth() : d.getMonth();
  const day = utc ? d.getUTCDate() : d.getDate();
  const hour = utc ? d.getUTCHours() : d.getHours();
  const minute = utc ? d.getUTCMinutes() : d.getMinutes();
  const second = utc ? d.getUTCSeconds() : d.getSeconds();
  const weekday = utc ? d.getUTCDay() : d.getDay();
  switch (unit) {
    case "s":
      return make(year, month, day, hour, minute, second + offsetUnits);
    case "m":
      return make(year, month, day, hour, minute + offsetUnits);
    case "h":
      return make(year, month, day, hour + offsetUnits);
    case "d":
      return make(year, month, day + offsetUnits);
    case "w":
      return make(year, month, day - ((weekday + 6) % 7) + 7 * offsetUnits);
    case "M":
      return make(year, month + offsetUnits);
    case "Q":
      return make(year, month - (month % 3) + 3 * offsetUnits);
    case "y":
      return make(year + offsetUnits, 0);
  }
}

/** Moves by calendar units; a month's end is kept inside the month. */
function add(timestampMs: number, count: number, unit: Unit, zone: Zone): number {
  const fixed: Partial<Record<Unit, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };
  const size = fixed[unit];
  if (size !== undefined) return timestampMs + count * size;
  const d = new Date(timestampMs);
  if (unit === "d" || unit === "w") {
    const days = count * (unit === "w" ? 7 : 1);
    if (zone === "utc") return timestampMs + days * 86_400_000;
    d.setDate(d.getDate() + days);
    return d.getTime();
  }
  const months = count * (unit === "y" ? 12 : unit === "Q" ? 3 : 1);
  if (zone === "utc") {
    const day = d.getUTCDate();
    d.setUTCDate(1);
    d.setUTCMonth(d.getUTCMonth() + months);
    d.setUTCDate(Math.min(day, new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + 1, 0)).getUTCDate()));
  } else {
    const day = d.getDate();
    d.setDate(1);
    d.setMonth(d.getMonth() + months);
    d.setDate(Math.min(day, new Date(d.getFullYear(), d.getMonth() + 1, 0).getDate()));
  }
  return d.getTime();
}

/**
 * Milliseconds since the epoch, or undefined when the text is no time.
 * `roundUp` makes "/d" mean the unit's last millisecond, as the end of a range wants it.
 */
export function parseTime(text: string, roundUp: boolean, nowMs: number, zone: Zone = "browser"): number | undefined {
  const trimmed = text.trim();
  if (/^\d{9,}$/.test(trimmed)) return Number(trimmed);
  if (!trimmed.startsWith("now")) return parseAbsolute(trimmed, zone);
  let time = nowMs;
  let rest = trimmed.slice(3).replace(/\s+/g, "");
  while (rest !== "") {
    const match = /^(?:([+-])(\d+)|(\/))f?([smhdwMQy])/.exec(rest);
    if (match === null) return undefined;
    const unit = match[4] as Unit;
    if (match[3] === "/") {
      time = roundUp ? floorTo(time, unit, 1, zone) - 1 : floorTo(time, unit, 0, zone);
    } else {
      time = add(time, (match[1] === "-" ? -1 : 1) * Number(match[2]), unit, zone);
    }
    rest = rest.slice(match[0].length);
  }
  return time;
}

function parseAbsolute(text: string, zone: Zone): number | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/.exec(
    text,
  );
  if (match === null) return undefined;
  if (match[8] !== undefined) {
    const parsed = Date.parse(text.replace(" ", "T"));
    return Number.isNaN(parsed) ? undefined : parsed;
  }
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((i) => Number(match[i] ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const ms = Math.round(Number(match[7] ?? 0) * 1_000);
  return zone === "utc"
    ? Date.UTC(year, month - 1, day, hour, minute, second, ms)
    : new Date(year, month - 1, day, hour, minute, second, ms).getTime();
}

export interface QuickRange {
  from: string;
  to: string;
  name: string;
}

const last = (from: string, name: string): QuickRange => ({ from: `now-${from}`, to: "now", name: `Last ${name}` });

export const kQuickRanges: readonly QuickRange[] = [
  last("5m", "5 minutes"),
  last("15m", "15 minutes"),
  last("30m", "30 minutes"),
  last("1h", "1 hour"),
  last("3h", "3 hours"),
  last("6h", "6 hours"),
  last("12h", "12 hours"),
  last("24h", "24 hours"),
  last("2d", "2 days"),
  last("7d", "7 days"),
  last("30d", "30 days"),
  last("90d", "90 days"),
  last("6M", "6 months"),
  last("1y", "1 year"),
  last("2y", "2 years"),
  { from: "now/d", to: "now", name: "Today so far" },
  { from: "now/d", to: "now/d", name: "Today" },
  { from: "now-1d/d", to: "now-1d/d", name: "Yesterday" },
  { from: "now-2d/d", to: "now-2d/d", name: "Day before yesterday" },
  { from: "now-7d/d", to: "now-7d/d", name: "This day last week" },
  { from: "now-1w/w", to: "now-1w/w", name: "Previous week" },
  { from: "now-1M/M", to: "now-1M/M", name: "Previous month" },
  { from: "now/w", to: "now", name: "This week so far" },
  { from: "now/M", to: "now", name: "This month so far" },
];

export function isRelative(text: string): boolean {
  return text.startsWith("now");
}
