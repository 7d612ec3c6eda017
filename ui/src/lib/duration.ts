const kUnitMs: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  M: 2_592_000_000,
  y: 31_536_000_000,
};

/** "1h30m", "15s", "250ms" in milliseconds; undefined when the text is no duration. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim().replace(/^>/, "");
  if (!/^(\d+(\.\d+)?(ms|[smhdwMy]))+$/.test(trimmed)) return undefined;
  let total = 0;
  for (const match of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwMy])/g)) {
    total += Number(match[1]) * (kUnitMs[match[2] ?? ""] ?? 0);
  }
  return total;
}

/** The shortest single-unit form that Prometheus reads back to the same value: 90000 → "90s", 120000 → "2m". */
export function formatDuration(ms: number): string {
  for (const unit of ["w", "d", "h", "m", "s"]) {
    const size = kUnitMs[unit] ?? 1;
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${Math.round(ms)}ms`;
}

/** A duration for people, two units at most: 5400000 → "1h 30m". */
export function humanDuration(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  const negative = ms < 0;
  let rest = Math.abs(ms);
  if (rest < 1_000) return `${negative ? "-" : ""}${Math.round(rest)}ms`;
  if (rest < 10_000) return `${negative ? "-" : ""}${(rest / 1_000).toFixed(1)}s`;
  rest = Math.round(rest / 1_000) * 1_000;
  const parts: string[] = [];
  for (const unit of ["d", "h", "m", "s"]) {
    const size = kUnitMs[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) {
      parts.push(`${count}${unit}`);
      rest -= count * size;
    } else if (parts.length > 0) {
      break;
    }
    if (parts.length === 2) break;
  }
  return (negative ? "-" : "") + parts.join(" ");
}
