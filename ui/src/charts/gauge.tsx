import type { VNode } from "preact";
import { fieldColor } from "../lib/display";
import { formatUnit } from "../lib/units";
import { shownValues, type Shown } from "./reduced";
import type { ChartProps } from "./registry";

const kSweep = 240;
const kStart = -120;

function point(angle: number, radius: number): string {
  const radians = ((angle - 90) * Math.PI) / 180;
  return `${(100 + radius * Math.cos(radians)).toFixed(2)} ${(100 + radius * Math.sin(radians)).toFixed(2)}`;
}

function arc(from: number, to: number, radius: number): string {
  const start = kStart + kSweep * from;
  const end = kStart + kSweep * Math.max(to, from + 0.001);
  return `M${point(start, radius)}A${radius} ${radius} 0 ${end - start > 180 ? 1 : 0} 1 ${point(end, radius)}`;
}

interface Scale {
  min: number;
  max: number;
}

function scaleOf(one: Shown, extent: readonly [number, number] | undefined): Scale {
  const min =
    one.config.min ??
    (one.config.unit === "percent" || one.config.unit === "percentunit" ? 0 : Math.min(0, extent?.[0] ?? 0));
  const max =
    one.config.max ??
    (one.config.unit === "percent" ? 100 : one.config.unit === "percentunit" ? 1 : (extent?.[1] ?? 100));
  return max > min ? { min, max } : { min, max: min + 1 };
}

/** The thin outer band: where each threshold's colour begins and ends, 0 to 1. */
function bands(one: Shown, scale: Scale, theme: ChartProps["theme"]): { from: number; to: number; color: string }[] {
  const thresholds = one.config.thresholds;
  if (thresholds === undefined) return [];
  const at = (value: number): number => {
    const x = thresholds.mode === "percentage" ? value / 100 : (value - scale.min) / (scale.max - scale.min);
    return Math.min(1, Math.max(0, x));
  };
  return thresholds.steps
    .map((step, i) => {
      const next = thresholds.steps[i + 1];
      const from = at(step.value);
      const to = next === undefined ? 1 : at(next.value);
      const color = fieldColor(
        { ...one.config, mappings: undefined, color: { mode: "fixed", fixedColor: step.color } },
        null,
        undefined,
        { theme },
      );
      return { from, to, color };
    })
    .filter((band) => band.to > band.from);
}

export function Gauge(props: ChartProps): VNode {
  const { shown, extent } = shownValues(props);
  if (shown.length === 0) return <div class="empty">No data</div>;
  const columns = Math.max(
    1,
    Math.min(shown.length, Math.floor(props.width / Math.max(90, Math.min(200, props.height)))),
  );
  return (
    <div class="gauges" style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
      {shown.map((one, i) => {
        const scale = scaleOf(one, extent);
        const filled =
          one.value === null ? 0 : Math.min(1, Math.max(0, (one.value - scale.min) / (scale.max - scale.min)));
        const label = `${one.name}: ${one.display.text}, scale ${formatUnit(scale.min, one.config.unit)} to ${formatUnit(scale.max, one.config.unit)}`;
        const size = Math.min(40, 300 / Math.max(6, one.display.text.length));
        return (
          <div class="gauge" key={i}>
            <svg viewBox="0 2 200 152" role="img" aria-label={label}>
              <path class="gauge-track" d={arc(0, 1, 78)} />
              {one.value !== null && filled > 0 && (
                <path d={arc(0, filled, 78)} fill="none" stroke={one.display.color} stroke-width="20" />
              )}
              {props.panel.options["showThresholdMarkers"] !== false &&
                bands(one, scale, props.theme).map((band) => (
                  <path d={arc(band.from, band.to, 93)} fill="none" stroke={band.color} stroke-width="4" />
                ))}
              <text class="gauge-text" x="100" y="112" font-size={size} fill={one.display.color}>
                {one.display.text}
              </text>
            </svg>
            {shown.length > 1 && <div class="stat-name">{one.name}</div>}
          </div>
        );
      })}
    </div>
  );
}
