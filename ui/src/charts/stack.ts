// Stacking: the line of a series is the sum of those below it. Positive and negative values stack apart.

export interface Stackable {
  values: readonly (number | null | undefined)[];
  /** Series of one group stack; undefined stands alone. */
  group: string | undefined;
  percent: boolean;
  hidden: boolean;
}

/** Values to draw, in the order given; a gap counts as nothing in a stack. */
export function stackValues(series: readonly Stackable[], length: number): (number | null | undefined)[][] {
  const totals = new Map<string, number[]>();
  for (const one of series) {
    if (one.group === undefined || !one.percent || one.hidden) continue;
    const total = totals.get(one.group) ?? new Array<number>(length).fill(0);
    for (let i = 0; i < length; i++) total[i] = (total[i] ?? 0) + Math.abs(one.values[i] ?? 0);
    totals.set(one.group, total);
  }
  const above = new Map<string, { up: number[]; down: number[] }>();
  return series.map((one) => {
    if (one.group === undefined || one.hidden) return [...one.values];
    const sums = above.get(one.group) ?? {
      up: new Array<number>(length).fill(0),
      down: new Array<number>(length).fill(0),
    };
    above.set(one.group, sums);
    const total = totals.get(one.group);
    const out: (number | null | undefined)[] = new Array(length);
    for (let i = 0; i < length; i++) {
      const value = one.values[i];
      if (value === undefined) {
        out[i] = undefined;
        continue;
      }
      const share = total === undefined ? (value ?? 0) : (total[i] ?? 0) === 0 ? 0 : (value ?? 0) / (total[i] ?? 1);
      const side = share < 0 ? sums.down : sums.up;
      side[i] = (side[i] ?? 0) + share;
      out[i] = value === null && share === 0 && series.length === 1 ? null : (side[i] ?? 0);
    }
    return out;
  });
}
