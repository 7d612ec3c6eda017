// Panel types the page draws. A new type is one file here and one line in the table below.

import type { ComponentType } from "preact";
import type { PanelData } from "../api/panel";
import type { Theme } from "../lib/colors";
import type { Panel } from "../lib/dashboard";
import type { Zone } from "../lib/dateformat";
import type { Variables } from "../lib/interpolate";
import { BarGauge } from "./bargauge";
import { Gauge } from "./gauge";
import { Stat } from "./stat";
import { TablePanel } from "./table";
import { TextPanel } from "./text";
import { TimeSeries } from "./timeseries";

export interface ChartProps {
  panel: Panel;
  data: PanelData;
  /** Pixels inside the panel's frame. */
  width: number;
  height: number;
  theme: Theme;
  zone: Zone;
  variables: Variables;
  /** Charts with the same key share their crosshair; undefined keeps it alone. */
  syncKey: string | undefined;
}

export interface ChartType {
  component: ComponentType<ChartProps>;
  /** False for types that show no query's answer. */
  queries: boolean;
}

export const kCharts: Readonly<Record<string, ChartType>> = {
  timeseries: { component: TimeSeries, queries: true },
  stat: { component: Stat, queries: true },
  gauge: { component: Gauge, queries: true },
  bargauge: { component: BarGauge, queries: true },
  table: { component: TablePanel, queries: true },
  text: { component: TextPanel, queries: false },
};
