// Numbers as text, with the unit names dashboards use. Scaling comes first, rounding last, so 999.5 stays below its step.

import { formatDate, formatRelative, type Zone } from "./dateformat";

export type Decimals = number | null | undefined;
type Formatter = (value: number, decimals: Decimals) => string;

/** Three significant digits, none after the point for whole numbers; `decimals` fixes the count. */
export function toFixed(value: number, decimals: Decimals): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  if (decimals !== null && decimals !== undefined) return value.toFixed(Math.min(20, Math.max(0, decimals)));
  if (value === 0 || Number.isInteger(value)) return value.toFixed(0);
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(20, places));
}

const plain =
  (suffix: string): Formatter =>
  (value, decimals) =>
    toFixed(value, decimals) + suffix;

/** Divides by `base` while the value is too large (and multiplies while it is too small, down to `lowest`). */
function scaled(
  base: number,
  prefixes: readonly string[],
  start: number,
  lowest: number,
  text: (size: string, prefix: string) => string,
): Formatter {
  return (value, decimals) => {
    if (!Number.isFinite(value)) return text(toFixed(value, decimals), prefixes[start] ?? "");
    let size = value;
    let index = start;
    while (Math.abs(size) >= base && index < prefixes.length - 1) {
      size /= base;
      index++;
    }
    if (size !== 0) {
      while (Math.abs(size) < 1 && index > lowest) {
        size *= base;
        index--;
      }
    }
    return text(toFixed(size, decimals), prefixes[index] ?? "");
  };
}

const kSi = ["y", "z", "a", "f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y"];
const kIec = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];
const kShort = ["", " K", " Mil", " Bil", " Tri", " Quadr", " Quint", " Sext", " Sept"];
const kCount = ["", "K", "M", "B", "T"];

const si = (unit: string, offset = 0): Formatter =>
  scaled(1_000, kSi, 8 + offset, 0, (size, prefix) => `${size} ${prefix}${unit}`);
const iec = (unit: string, offset = 0): Formatter =>
  scaled(1_024, kIec, offset, 0, (size, prefix) => `${size} ${prefix}${unit}`);
const count = (unit: string): Formatter =>
  scaled(1_000, kCount, 0, 0, (size, prefix) => `${size}${prefix} ${unit}`.trimEnd());
const currency =
  (symbol: string, after = false): Formatter =>
  (value, decimals) => {
    const text = scaled(1_000, kCount, 0, 0, (size, prefix) => size + prefix)(Math.abs(value), decimals);
    return after ? `${value < 0 ? "-" : ""}${text} ${symbol}` : `${value < 0 ? "-" : ""}${symbol}${text}`;
  };

/** Steps of a time unit: below `limit` the value is divided by `size` and named. `many` adds the plural s. */
interface TimeStep {
  limit: number;
  size: number;
  name: string;
  many?: boolean;
}

const timeScale =
  (steps: readonly TimeStep[], zero?: string): Formatter =>
  (value, decimals) => {
    if (value === 0 && zero !== undefined) return zero;
    const step = steps.find((one) => Math.abs(value) < one.limit) ?? steps[steps.length - 1];
    if (step === undefined) return toFixed(value, decimals);
    const size = value / step.size;
    return `${toFixed(size, decimals)} ${step.name}${step.many === true && Math.abs(size) > 1 ? "s" : ""}`;
  };

const kInf = Number.POSITIVE_INFINITY;
const seconds = timeScale(
  [
    { limit: 1e-6, size: 1e-9, name: "ns" },
    { limit: 1e-3, size: 1e-6, name: "µs" },
    { limit: 1, size: 1e-3, name: "ms" },
    { limit: 60, size: 1, name: "s" },
    { limit: 3_600, size: 60, name: "min", many: true },
    { limit: 86_400, size: 3_600, name: "hour", many: true },
    { limit: 604_800, size: 86_400, name: "day", many: true },
    { limit: 31_536_000, size: 604_800, name: "week", many: true },
    { limit: kInf, size: 3.15569e7, name: "year", many: true },
  ],
  "0 s",
);
const milliseconds = timeScale([
  { limit: 1e3, size: 1, name: "ms" },
  { limit: 6e4, size: 1e3, name: "s" },
  { limit: 3.6e6, size: 6e4, name: "min", many: true },
  { limit: 8.64e7, size: 3.6e6, name: "hour", many: true },
  { limit: 3.1536e10, size: 8.64e7, name: "day", many: true },
  { limit: kInf, size: 3.1536e10, name: "year", many: true },
]);
const microseconds = timeScale([
  { limit: 1e3, size: 1, name: "µs" },
  { limit: 1e6, size: 1e3, name: "ms" },
  { limit: kInf, size: 1e6, name: "s" },
]);
const nanoseconds = timeScale([
  { limit: 1e3, size: 1, name: "ns" },
  { limit: 1e6, size: 1e3, name: "µs" },
  { limit: 1e9, size: 1e6, name: "ms" },
  { limit: 6e10, size: 1e9, name: "s" },
  { limit: 3.6e12, size: 6e10, name: "min", many: true },
  { limit: 8.64e13, size: 3.6e12, name: "hour", many: true },
  { limit: kInf, size: 8.64e13, name: "day", many: true },
]);
const minutes = timeScale([
  { limit: 60, size: 1, name: "min" },
  { limit: 1_440, size: 60, name: "hour", many: true },
  { limit: 10_080, size: 1_440, name: "day", many: true },
  { limit: 604_800, size: 10_080, name: "week", many: true },
  { limit: kInf, size: 5.25948e5, name: "year", many: true },
]);
const hours = timeScale([
  { limit: 24, size: 1, name: "hour" },
  { limit: 168, size: 24, name: "day", many: true },
  { limit: 8_760, size: 168, name: "week", many: true },
  { limit: kInf, size: 8_760, name: "year", many: true },
]);
const days = timeScale([
  { limit: 7, size: 1, name: "day", many: true },
  { limit: 365, size: 7, name: "week", many: true },
  { limit: kInf, size: 365, name: "year", many: true },
]);

const kWords: readonly (readonly [string, number])[] = [
  ["year", 31_536_000_000],
  ["month", 2_592_000_000],
  ["week", 604_800_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
  ["millisecond", 1],
];

/** "2 hours, 5 minutes": the largest unit, then as many more as `decimals` says. */
const words =
  (unitMs: number, zero: string): Formatter =>
  (value, decimals) => {
    if (value === 0) return zero;
    if (!Number.isFinite(value)) return toFixed(value, decimals);
    let rest = Math.abs(value) * unitMs;
    let left = Math.max(0, decimals ?? 0) + 1;
    const parts: string[] = [];
    for (const [name, size] of kWords) {
      const amount = Math.floor(rest / size);
      if (amount > 0 || parts.length > 0) {
        parts.push(`${amount} ${name}${amount === 1 ? "" : "s"}`);
        rest -= amount * size;
        left--;
      }
      if (left === 0) break;
    }
    return parts.join(", ") + (value < 0 && parts.length > 0 ? " ago" : "");
  };

const hms: Formatter = (value) => {
  const total = Math.floor(Math.abs(value));
  const two = (n: number): string => String(n).padStart(2, "0");
  const text = `${two(Math.floor(total / 3_600))}:${two(Math.floor((total % 3_600) / 60))}:${two(total % 60)}`;
  return value < 0 ? `${text} ago` : text;
};

/** "20m:34s:567ms"; decimals cut the number of parts. */
const clock =
  (unitMs: number): Formatter =>
  (value, decimals) => {
    const total = Math.trunc(value * unitMs);
    const part = (n: number, width: number): string => String(n).padStart(width, "0");
    const modulo = (n: number, base: number): number => ((n % base) + base) % base;
    const parts: string[] = [];
    const hour = Math.floor(total / 3_600_000);
    if (total >= 3_600_000) parts.push(`${hour}h`);
    if (total >= 60_000) parts.push(`${part(modulo(Math.floor(total / 60_000), 60), 2)}m`);
    if (total >= 1_000) parts.push(`${part(modulo(Math.floor(total / 1_000), 60), 2)}s`);
    parts.push(`${part(modulo(total, 1_000), 3)}ms`);
    return parts.slice(0, decimals === null || decimals === undefined ? parts.length : decimals + 1).join(":");
  };

const hex =
  (prefix: string): Formatter =>
  (value, decimals) => {
    const digits = Math.abs(Number(toFixed(value, decimals)))
      .toString(16)
      .toUpperCase();
    return `${value < 0 ? "-" : ""}${prefix}${digits}`;
  };

const kFormats: Record<string, Formatter> = {
  none: plain(""),
  short: scaled(1_000, kShort, 0, 0, (size, prefix) => size + prefix),
  sishort: si(""),
  percent: plain("%"),
  percentunit: (value, decimals) => `${toFixed(value * 100, decimals)}%`,
  humidity: plain(" %H"),
  dB: plain(" dB"),
  string: (value) => String(value),
  locale: (value, decimals) => value.toLocaleString("en-US", { maximumFractionDigits: decimals ?? 3 }),
  sci: (value, decimals) => value.toExponential(decimals ?? undefined),
  hex: hex(""),
  hex0x: hex("0x"),
  bytes: iec("B"),
  kbytes: iec("B", 1),
  mbytes: iec("B", 2),
  gbytes: iec("B", 3),
  tbytes: iec("B", 4),
  pbytes: iec("B", 5),
  decbytes: si("B"),
  deckbytes: si("B", 1),
  decmbytes: si("B", 2),
  decgbytes: si("B", 3),
  dectbytes: si("B", 4),
  decpbytes: si("B", 5),
  bits: iec("b"),
  decbits: si("b"),
  Bps: si("B/s"),
  KBs: si("B/s", 1),
  MBs: si("B/s", 2),
  GBs: si("B/s", 3),
  TBs: si("B/s", 4),
  binBps: iec("B/s"),
  KiBs: iec("B/s", 1),
  MiBs: iec("B/s", 2),
  GiBs: iec("B/s", 3),
  bps: si("b/s"),
  Kbits: si("b/s", 1),
  Mbits: si("b/s", 2),
  Gbits: si("b/s", 3),
  binbps: iec("b/s"),
  Kibits: iec("b/s", 1),
  Mibits: iec("b/s", 2),
  Gibits: iec("b/s", 3),
  pps: si("p/s"),
  hertz: si("Hz"),
  rothz: si("Hz"),
  watt: si("W"),
  kwatt: si("W", 1),
  volt: si("V"),
  kvolt: si("V", 1),
  amp: si("A"),
  watth: si("Wh"),
  joule: si("J"),
  rotrpm: plain(" rpm"),
  celsius: plain(" °C"),
  fahrenheit: plain(" °F"),
  kelvin: plain(" K"),
  degree: plain(" °"),
  s: seconds,
  ms: milliseconds,
  µs: microseconds,
  us: microseconds,
  ns: nanoseconds,
  m: minutes,
  h: hours,
  d: days,
  dtdurations: words(1_000, "0 seconds"),
  dtdurationms: words(1, "0 milliseconds"),
  dthms: hms,
  timeticks: (value, decimals) => seconds(value / 100, decimals),
  clocks: clock(1_000),
  clockms: clock(1),
  bool: (value) => (value ? "True" : "False"),
  bool_yes_no: (value) => (value ? "Yes" : "No"),
  bool_on_off: (value) => (value ? "On" : "Off"),
  currencyUSD: currency("$"),
  currencyEUR: currency("€"),
  currencyGBP: currency("£"),
  currencyJPY: currency("¥"),
};

const kRates: readonly (readonly [string, string])[] = [
  ["ops", "ops"],
  ["req", "req"],
  ["r", "rd"],
  ["w", "wr"],
  ["io", "io"],
  ["e", "evt"],
  ["m", "msg"],
  ["c", "c"],
  ["rec", "rec"],
  ["rows", "rows"],
];
for (const [id, symbol] of kRates) {
  kFormats[id === "ops" ? "ops" : `${id}ps`] = count(`${symbol}/s`);
  kFormats[id === "ops" ? "opm" : `${id}pm`] = count(`${symbol}/m`);
}

const kDates: Record<string, string> = {
  dateTimeAsIso: "YYYY-MM-DD HH:mm:ss",
  dateTimeAsIsoNoDateIfToday: "YYYY-MM-DD HH:mm:ss",
  dateTimeAsUS: "MM/DD/YYYY h:mm:ss a",
  dateTimeAsUSNoDateIfToday: "MM/DD/YYYY h:mm:ss a",
  dateTimeAsLocal: "YYYY-MM-DD HH:mm:ss",
  dateTimeAsSystem: "YYYY-MM-DD HH:mm:ss",
};

/** `si:mF`: the first letter is the scale the value is in, the rest its unit. */
function siCustom(spec: string): Formatter {
  const letter = spec.charAt(0) === "u" ? "µ" : spec.charAt(0);
  const index = spec.length > 1 ? kSi.indexOf(letter) : -1;
  return index < 0 || letter === "" ? si(spec) : si(spec.slice(1), index - 8);
}

function custom(unit: string): Formatter {
  const colon = unit.indexOf(":");
  if (colon > 0) {
    const rest = unit.slice(colon + 1);
    switch (unit.slice(0, colon)) {
      case "suffix":
        return plain(` ${rest}`);
      case "prefix":
        return (value, decimals) => rest + toFixed(value, decimals);
      case "count":
        return count(rest);
      case "currency":
        return currency(rest);
      case "si":
        return siCustom(rest);
      case "bool": {
        const [yes, no] = rest.split("/");
        return (value) => (value ? (yes ?? "") : (no ?? ""));
      }
    }
  }
  return plain(` ${unit}`);
}

/** Text of a value in its unit; null and undefined give empty text. */
export function formatUnit(
  value: number | null | undefined,
  unit = "",
  decimals?: Decimals,
  zone: Zone = "browser",
): string {
  if (value === null || value === undefined) return "";
  if (unit === "") return toFixed(value, decimals);
  if (unit === "dateTimeFromNow") return formatRelative(value, Date.now());
  const date = unit.startsWith("time:") ? unit.slice(5) : kDates[unit];
  if (date !== undefined) return formatDate(value, date, zone);
  return (kFormats[unit] ?? custom(unit))(value, decimals);
}

/** True for units counted in powers of two, whose axis ticks must be such powers too. */
export function isBinaryUnit(unit: string): boolean {
  return /^(bytes|[kmgtp]bytes|bits|binBps|binbps|[KMG]iBs|[KMG]ibits)$/.test(unit);
}

const suffixOf = (text: string): string => text.replace(/^-?[\d.,]+(e[+-]?\d+)?/, "");

/** Texts for axis ticks: as few decimals as keep them true and apart, equal for all ticks of one magnitude. */
export function formatTicks(
  values: readonly number[],
  unit: string,
  decimals: Decimals,
  zone: Zone = "browser",
): string[] {
  if (decimals !== null && decimals !== undefined)
    return values.map((value) => formatUnit(value, unit, decimals, zone));
  const kMost = 6;
  const exact = values.map((value) => formatUnit(value, unit, kMost, zone));
  const suffixes = values.map((value) => suffixOf(formatUnit(value, unit, 0, zone)));
  const places = new Map<string, number>();
  values.forEach((value, i) => {
    const suffix = suffixes[i] ?? "";
    let least = 0;
    while (
      least < kMost &&
      Math.abs(parseFloat(formatUnit(value, unit, least, zone)) - parseFloat(exact[i] ?? "")) > 1e-9
    )
      least++;
    places.set(suffix, Math.max(places.get(suffix) ?? 0, Math.min(least, 3)));
  });
  const texts = values.map((value, i) => formatUnit(value, unit, places.get(suffixes[i] ?? "") ?? 0, zone));
  return new Set(texts).size === values.length ? texts : exact.map((_, i) => formatUnit(values[i], unit, kMost, zone));
}
