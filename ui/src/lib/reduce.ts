// Many values of a series to one.

export type Values = readonly (number | null | undefined)[];

export const kReducerLabels: Record<string, string> = {
  lastNotNull: "Last *",
  last: "Last",
  firstNotNull: "First *",
  first: "First",
  min: "Min",
  max: "Max",
  mean: "Mean",
  median: "Median",
  variance: "Variance",
  stdDev: "StdDev",
  sum: "Total",
  count: "Count",
  countAll: "Count all",
  range: "Range",
  delta: "Delta",
  step: "Step",
  diff: "Difference",
  logmin: "Min (above zero)",
  allIsZero: "All Zeros",
  allIsNull: "All Nulls",
  changeCount: "Change Count",
  distinctCount: "Distinct Count",
  diffperc: "Difference percent",
};

const kOldNames: Record<string, string> = { avg: "mean", current: "last", total: "sum" };

export function reducerLabel(id: string): string {
  const name = kOldNames[id] ?? id;
  return kReducerLabels[name] ?? (/^p\d+$/.test(name) ? `${name.slice(1)}th %` : name);
}

/** Sum of the rises, except the rise right after a fall (a counter's restart). */
function delta(present: readonly number[]): number {
  let total = 0;
  let fell = false;
  for (let i = 1; i < present.length; i++) {
    const rise = (present[i] ?? 0) - (present[i - 1] ?? 0);
    if (rise >= 0 && !fell) total += rise;
    fell = rise < 0;
  }
  return total;
}

function smallestStep(present: readonly number[]): number | null {
  if (present.length < 2) return null;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 1; i < present.length; i++) least = Math.min(least, (present[i] ?? 0) - (present[i - 1] ?? 0));
  return least;
}

const sumOf = (present: readonly number[]): number => present.reduce((total, value) => total + value, 0);

function variance(present: readonly number[]): number {
  if (present.length === 0) return 0;
  const mean = sumOf(present) / present.length;
  return sumOf(present.map((value) => (value - mean) ** 2)) / present.length;
}

function median(present: readonly number[]): number {
  const sorted = [...present].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function quantile(present: readonly number[], percent: number): number | null {
  const sorted = [...present].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? null;
}

/** One value of a series. Nulls are left out except where the reducer's name says otherwise. */
export function reduceValues(values: Values, reducer: string): number | boolean | null {
  const id = kOldNames[reducer] ?? reducer;
  const present = values.filter((value): value is number => value !== null && value !== undefined);
  const first = present[0];
  const last = present[present.length - 1];
  switch (id) {
    case "lastNotNull":
      return last ?? null;
    case "last":
      return values[values.length - 1] ?? null;
    case "firstNotNull":
      return first ?? null;
    case "first":
      return values[0] ?? null;
    case "min":
      return present.length === 0 ? null : present.reduce((a, b) => Math.min(a, b));
    case "max":
      return present.length === 0 ? null : present.reduce((a, b) => Math.max(a, b));
    case "mean":
      return present.length === 0 ? null : sumOf(present) / present.length;
    case "median":
      return median(present);
    case "variance":
      return variance(present);
    case "stdDev":
      return Math.sqrt(variance(present));
    case "sum":
      return sumOf(present);
    case "count":
      return present.length;
    case "countAll":
      return values.length;
    case "range":
      return present.length === 0 ? null : Number(reduceValues(values, "max")) - Number(reduceValues(values, "min"));
    case "delta":
      return delta(present);
    case "step":
      return smallestStep(present);
    case "diff":
      return first === undefined || last === undefined ? null : last - first;
    case "diffperc":
      return first === undefined || last === undefined ? 0 : ((last - first) / first) * 100;
    case "logmin":
      return present.filter((value) => value > 0).reduce((a, b) => Math.min(a, b), Number.MAX_VALUE);
    case "allIsZero":
      return present.length > 0 && present.every((value) => value === 0);
    case "allIsNull":
      return present.length === 0;
    case "changeCount":
      return present.filter((value, i) => i > 0 && value !== present[i - 1]).length;
    case "distinctCount":
      return new Set(present).size;
  }
  const percentile = /^p(\d{1,2})$/.exec(id);
  if (percentile !== null) return quantile(present, Number(percentile[1]));
  return last ?? null;
}

export function reduceToNumber(values: Values, reducer: string): number | null {
  const result = reduceValues(values, reducer);
  return typeof result === "boolean" ? Number(result) : result;
}
