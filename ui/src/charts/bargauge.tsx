import type { VNode } from "preact";
import { shownValues } from "./reduced";
import type { ChartProps } from "./registry";

export function BarGauge(props: ChartProps): VNode {
  const { shown, extent } = shownValues(props);
  if (shown.length === 0) return <div class="empty">No data</div>;
  return (
    <div class="bars">
      {shown.map((one, i) => {
        const min = one.config.min ?? Math.min(0, extent?.[0] ?? 0);
        const max = one.config.max ?? extent?.[1] ?? 100;
        const filled = one.value === null || max <= min ? 0 : Math.min(1, Math.max(0, (one.value - min) / (max - min)));
        return (
          <div class="bar" key={i}>
            <span class="bar-name">{one.name}</span>
            <span class="bar-track">
              <span
                class="bar-fill"
                style={{ width: `${(filled * 100).toFixed(1)}%`, background: one.display.color }}
              />
            </span>
            <span class="bar-value" style={{ color: one.display.color }}>
              {one.display.text}
            </span>
          </div>
        );
      })}
    </div>
  );
}
