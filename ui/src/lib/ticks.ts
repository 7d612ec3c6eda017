// Where axis ticks may stand and how times are written under them.

import { formatDate, type Zone } from "./dateformat";
import { isBinaryUnit } from "./units";

const kSeconds = [
  1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800,
  432_000, 864_000, 2_592_000, 7_776_000, 31_536_000,
];

/** Distances between ticks that look round in the unit; undefined leaves the choice to decimal steps. */
export function tickSteps(unit: string, decimals?: number): number[] | undefined {
  if (isBinaryUnit(unit)) {
    const out: number[] = [];
    for (let power = 0; power <= 70; power++) out.push(2 ** power);
    return out;
  }
  const small: number[] = [];
  for (let power = -9; power < 0; power++) for (const head of [1, 2, 2.5, 5]) small.push(Number(`${head}e${power}`));
  if (unit === "s" || unit === "dtdurations" || unit === "dthms" || unit === "clocks") return [...small, ...kSeconds];
  if (unit === "ms" || unit === "dtdurationms" || unit === "clockms") {
    return [...small, 1, 2, 5, 10, 20, 50, 100, 200, 500, ...kSeconds.map((s) => s * 1_000)];
  }
  // Fixed decimals allow no finer steps than they can show; a ratio shown in percent has two more.
  if (decimals === undefined) return undefined;
  const finest = -decimals - (unit === "percentunit" ? 2 : 0);
  const steps: number[] = [];
  for (let power = finest; power <= 18; power++) for (const head of [1, 2, 5]) steps.push(Number(`${head}e${power}`));
  return steps;
}

/** Text for a tick of the time axis from the distance between ticks. */
export function timeTick(seconds: number, stepS: number, rangeS: number, zone: Zone): string {
  const ms = seconds * 1_000;
  if (stepS < 1) return formatDate(ms, "HH:mm:ss.SSS", zone);
  if (stepS < 60) return formatDate(ms, "HH:mm:ss", zone);
  if (stepS < 86_400 && rangeS <= 86_400 + 3_600) return formatDate(ms, "HH:mm", zone);
  if (stepS < 86_400) return formatDate(ms, "MM/DD HH:mm", zone);
  if (stepS < 28 * 86_400) return formatDate(ms, "MM/DD", zone);
  if (stepS < 365 * 86_400) return formatDate(ms, "YYYY-MM", zone);
  return formatDate(ms, "YYYY", zone);
}
