// A plain chart of an expression; with a line at a threshold, for what an alert watches.

import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import type { Sample } from "../api/prometheus";
import { TimeSeries } from "../charts/timeseries";
import { readDashboard, type Panel } from "../lib/dashboard";
import { parseValue } from "../lib/frames";
import { theme } from "../state/theme";
import { zone } from "../state/time";
import { PanelView } from "./panel";
import { useBox } from "./use_box";

export function linePanel(expr: string, threshold?: number, options: object = {}): Panel | undefined {
  const line =
    threshold === undefined || !Number.isFinite(threshold)
      ? {}
      : {
          thresholds: {
            mode: "absolute",
            steps: [
              { color: "transparent", value: null },
              { color: "red", value: threshold },
            ],
          },
          custom: { lineWidth: 1.5, thresholdsStyle: { mode: "dashed" }, axisInclude: threshold },
        };
  return readDashboard({
    title: "",
    panels: [
      {
        id: 1,
        type: "timeseries",
        title: "",
        targets: [{ refId: "A", expr }],
        options: {
          legend: { displayMode: "list", placement: "bottom" },
          tooltip: { mode: "multi", sort: "desc" },
          ...options,
        },
        fieldConfig: { defaults: { unit: "short", custom: { lineWidth: 1, fillOpacity: 5 }, ...line } },
      },
    ],
  }).sections[0]?.panels[0];
}

export interface ThresholdChartProps {
  expr: string;
  threshold: number | undefined;
}

/** Asks for its values itself, over the time range of the page. */
export function ThresholdChart({ expr, threshold }: ThresholdChartProps): VNode {
  const panel = useMemo(() => linePanel(expr, threshold), [expr, threshold]);
  return (
    <div class="alert-chart">
      {panel !== undefined && (
        <PanelView key={`${expr}/${threshold}`} panel={panel} variables={{}} syncKey={undefined} />
      )}
    </div>
  );
}

export interface AlertChartProps extends ThresholdChartProps {
  points: readonly Sample[];
  /** Since when it is firing, in ms since the epoch. */
  startMs: number;
}

/** Values at hand, with the time the alert was firing shaded. */
export function AlertChart({ expr, threshold, points, startMs }: AlertChartProps): VNode {
  const { ref, box } = useBox<HTMLDivElement>();
  const panel = useMemo(
    () =>
      linePanel(expr, threshold, {
        spans: [[startMs / 1_000, null]],
        brush: false,
        legend: { showLegend: false },
      }),
    [expr, threshold, startMs],
  );
  const data = useMemo(() => {
    const times = points.map(([time]) => time);
    const end = times[times.length - 1] ?? 1;
    const values = points.map(([, text]) => {
      const value = parseValue(text);
      return Number.isFinite(value) ? value : null;
    });
    return {
      series: [{ refId: "A", name: "value", labels: {}, times, values }],
      tables: [],
      warnings: [],
      errors: [],
      // An hour, however little of it has values.
      fromMs: Math.min(times[0] ?? 0, end - 3_600) * 1_000,
      toMs: end * 1_000,
      sent: [],
    };
  }, [points]);
  return (
    <div class="alert-chart" ref={ref}>
      {box.width > 0 && panel !== undefined && (
        <TimeSeries
          panel={panel}
          data={data}
          width={box.width}
          height={box.height}
          theme={theme.value}
          zone={zone.value}
          variables={{}}
          syncKey={undefined}
        />
      )}
    </div>
  );
}
