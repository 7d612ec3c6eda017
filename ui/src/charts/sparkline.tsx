import type { VNode } from "preact";

export interface SparklineProps {
  values: readonly (number | null | undefined)[];
  color: string;
  area?: boolean;
  /** Fixed scale where the meaning has one, as a ratio has 0 to 1. */
  min?: number | undefined;
  max?: number | undefined;
  label?: string;
}

const kWidth = 200;
const kHeight = 40;

/** A line without axes. Gaps stay gaps; it fills the box it is put in. */
export function Sparkline(props: SparklineProps): VNode | null {
  const numbers = props.values.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
  if (numbers.length === 0) return null;
  const low = props.min ?? numbers.reduce((a, b) => Math.min(a, b));
  const high = props.max ?? numbers.reduce((a, b) => Math.max(a, b));
  const x = (i: number): string => ((i / Math.max(1, props.values.length - 1)) * kWidth).toFixed(1);
  const y = (value: number): string =>
    (high === low ? kHeight / 2 : kHeight - 2 - ((value - low) / (high - low)) * (kHeight - 4)).toFixed(1);
  const runs: [number, number][][] = [];
  let run: [number, number][] = [];
  props.values.forEach((value, i) => {
    if (typeof value === "number" && Number.isFinite(value)) run.push([i, value]);
    else if (value === null && run.length > 0) {
      runs.push(run);
      run = [];
    }
  });
  if (run.length > 0) runs.push(run);
  const line = runs
    .map(
      (points) =>
        points.map(([i, value], n) => `${n === 0 ? "M" : "L"}${x(i)} ${y(value)}`).join("") +
        (points.length === 1 ? "h1" : ""),
    )
    .join("");
  const area = runs
    .map((points) => {
      const first = points[0]?.[0] ?? 0;
      const last = points[points.length - 1]?.[0] ?? 0;
      return `M${x(first)} ${kHeight}${points.map(([i, value]) => `L${x(i)} ${y(value)}`).join("")}L${x(last)} ${kHeight}Z`;
    })
    .join("");
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${kWidth} ${kHeight}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={props.label ?? "trend"}
    >
      {props.area !== false && <path d={area} fill={props.color} opacity="0.14" />}
      <path
        d={line}
        fill="none"
        stroke={props.color}
        stroke-width="1.5"
        vector-effect="non-scaling-stroke"
        stroke-linejoin="round"
      />
    </svg>
  );
}
