// Dates as text. Tokens are those dashboards use (YYYY, MM, DD, HH, mm, ss, SSS …).

export type Zone = "browser" | "utc";

interface Parts {
  year: number;
  month: number;
  day: number;
  weekday: number;
  hour: number;
  minute: number;
  second: number;
  ms: number;
}

const kMonths = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const kDays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

function partsOf(timestampMs: number, zone: Zone): Parts | undefined {
  const date = new Date(timestampMs);
  if (Number.isNaN(date.getTime())) return undefined;
  return zone === "utc"
    ? {
        year: date.getUTCFullYear(),
        month: date.getUTCMonth(),
        day: date.getUTCDate(),
        weekday: date.getUTCDay(),
        hour: date.getUTCHours(),
        minute: date.getUTCMinutes(),
        second: date.getUTCSeconds(),
        ms: date.getUTCMilliseconds(),
      }
    : {
        year: date.getFullYear(),
        month: date.getMonth(),
        day: date.getDate(),
        weekday: date.getDay(),
        hour: date.getHours(),
        minute: date.getMinutes(),
        second: date.getSeconds(),
        ms: date.getMilliseconds(),
      };
}

const pad = (value: number, width = 2): string => String(value).padStart(width, "0");

export function formatDate(timestampMs: number, format: string, zone: Zone = "browser"): string {
  const p = partsOf(timestampMs, zone);
  if (p === undefined) return "Invalid date";
  const hour12 = p.hour % 12 === 0 ? 12 : p.hour % 12;
  return format.replace(
    /\[([^\]]*)\]|YYYY|YY|MMMM|MMM|MM|M|DD|D|dddd|ddd|HH|H|hh|h|mm|m|ss|s|SSS|A|a|X|x/g,
    (token, literal: string | undefined) => {
      if (literal !== undefined) return literal;
      switch (token) {
        case "YYYY":
          return pad(p.year, 4);
        case "YY":
          return pad(p.year % 100);
        case "MMMM":
          return kMonths[p.month] ?? "";
        case "MMM":
          return (kMonths[p.month] ?? "").slice(0, 3);
        case "MM":
          return pad(p.month + 1);
        case "M":
          return String(p.month + 1);
        case "DD":
          return pad(p.day);
        case "D":
          return String(p.day);
        case "dddd":
          return kDays[p.weekday] ?? "";
        case "ddd":
          return (kDays[p.weekday] ?? "").slice(0, 3);
        case "HH":
          return pad(p.hour);
        case "H":
          return String(p.hour);
        case "hh":
          return pad(hour12);
        case "h":
          return String(hour12);
        case "mm":
          return pad(p.minute);
        case "m":
          return String(p.minute);
        case "ss":
          return pad(p.second);
        case "s":
          return String(p.second);
        case "SSS":
          return pad(p.ms, 3);
        case "A":
          return p.hour < 12 ? "AM" : "PM";
        case "a":
          return p.hour < 12 ? "am" : "pm";
        case "X":
          return String(Math.floor(timestampMs / 1_000));
        default:
          return String(timestampMs);
      }
    },
  );
}

/** "3 minutes ago", "in 2 hours". */
export function formatRelative(timestampMs: number, nowMs: number): string {
  const delta = nowMs - timestampMs;
  const size = Math.abs(delta);
  const steps: [number, string][] = [
    [31_536_000_000, "year"],
    [2_592_000_000, "month"],
    [86_400_000, "day"],
    [3_600_000, "hour"],
    [60_000, "minute"],
    [1_000, "second"],
  ];
  for (const [unitMs, name] of steps) {
    if (size >= unitMs) {
      const count = Math.floor(size / unitMs);
      const text = `${count} ${name}${count === 1 ? "" : "s"}`;
      return delta >= 0 ? `${text} ago` : `in ${text}`;
    }
  }
  return "just now";
}
