// Step and `$__interval` family of a panel's query.

import { formatDuration, parseDuration } from "./duration";

const kRoundMs: readonly (readonly [limit: number, value: number])[] = [
  [10, 1],
  [15, 10],
  [35, 20],
  [75, 50],
  [150, 100],
  [350, 200],
  [750, 500],
  [1_500, 1_000],
  [3_500, 2_000],
  [7_500, 5_000],
  [12_500, 10_000],
  [17_500, 15_000],
  [25_000, 20_000],
  [45_000, 30_000],
  [90_000, 60_000],
  [210_000, 120_000],
  [450_000, 300_000],
  [750_000, 600_000],
  [1_050_000, 900_000],
  [1_500_000, 1_200_000],
  [2_700_000, 1_800_000],
  [5_400_000, 3_600_000],
  [9_000_000, 7_200_000],
  [16_200_000, 10_800_000],
  [32_400_000, 21_600_000],
  [86_400_000, 43_200_000],
  [604_800_000, 86_400_000],
  [1_814_400_000, 604_800_000],
  [3_628_800_000, 2_592_000_000],
];
const kYearMs = 31_536_000_000;
/** More points than this in one series are refused by Prometheus. */
const kMaxPoints = 11_000;

export function roundInterval(ms: number): number {
  for (const [limit, value] of kRoundMs) if (ms < limit) return value;
  return kYearMs;
}

export interface IntervalInput {
  rangeMs: number;
  maxDataPoints: number;
  /** Lowest interval of the panel, as written. */
  panelInterval?: string | undefined;
  /** Interval of the target after variables are replaced. */
  targetInterval?: string | undefined;
  intervalFactor?: number | undefined;
  /** Scrape interval of the source. */
  scrapeMs: number;
}

export interface Intervals {
  requestMs: number;
  stepMs: number;
  rateMs: number;
}

export function computeIntervals(input: IntervalInput): Intervals {
  const { rangeMs, scrapeMs } = input;
  const natural = roundInterval(rangeMs / Math.max(1, Math.floor(input.maxDataPoints)));
  const lowest = parseDuration(input.panelInterval ?? "") || scrapeMs;
  const requestMs = Math.max(natural, lowest);
  const safe = roundInterval(rangeMs / kMaxPoints);
  const factor = input.intervalFactor && input.intervalFactor > 0 ? input.intervalFactor : 1;
  const wanted = (input.targetInterval ?? "").trim();
  if (/^\$(__rate_interval|\{__rate_interval\})$/.test(wanted)) {
    const rateMs = Math.max(requestMs + scrapeMs, 4 * scrapeMs);
    return { requestMs, stepMs: Math.max(rateMs, safe) * factor, rateMs };
  }
  const own = /^\$(__interval|\{__interval\})$/.test(wanted) ? requestMs : parseDuration(wanted) || 0;
  const stepMs = Math.max(natural, own > 0 ? own : requestMs, safe) * factor;
  const scrape = own > 0 ? own : scrapeMs;
  return { requestMs, stepMs, rateMs: Math.max(requestMs + scrape, 4 * scrape) };
}

/** Start and end on multiples of the step, shifted so that day steps begin at local midnight. */
export function alignRange(
  fromMs: number,
  toMs: number,
  stepMs: number,
  utcOffsetMs: number,
): { start: number; end: number } {
  const floor = (t: number): number => Math.floor((t + utcOffsetMs) / stepMs) * stepMs - utcOffsetMs;
  return { start: floor(fromMs), end: floor(toMs) };
}

/** The `$__…` names a panel's query may use, as texts. */
export function intervalVariables(intervals: Intervals, rangeMs: number): Record<string, string> {
  return {
    __interval: formatDuration(intervals.stepMs),
    __interval_ms: String(intervals.stepMs),
    __rate_interval: formatDuration(intervals.rateMs),
    __rate_interval_ms: String(intervals.rateMs),
    ...rangeVariables(rangeMs),
  };
}

export function rangeVariables(rangeMs: number): Record<string, string> {
  const seconds = Math.round(rangeMs / 1_000);
  return { __range: `${seconds}s`, __range_s: String(seconds), __range_ms: String(rangeMs) };
}
