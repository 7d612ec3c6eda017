// The timeseries panel: a plot and its legend.

import type { VNode } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import { display } from "../lib/display";
import { toFields } from "../lib/frames";
import { asNumber, asObject, asString, asStrings } from "../lib/json";
import { reducerLabel, reduceToNumber } from "../lib/reduce";
import { formatUnit } from "../lib/units";
import { drawnFields, scalesOf, type Drawn } from "./drawn";
import { Legend, type LegendItem } from "./legend";
import { Plot } from "./plot";
import { plotOptions, shapeOf, type Live } from "./plot_options";
import type { ChartProps } from "./registry";
import { stackValues } from "./stack";
import type { TooltipRow } from "./tooltip";

function legendItems(drawn: readonly Drawn[], calcs: readonly string[], props: ChartProps): LegendItem[] {
  return drawn
    .filter((one) => asObject(one.field.config.custom["hideFrom"])["legend"] !== true)
    .map((one) => {
      const numbers = calcs.map((calc) => reduceToNumber(one.field.values, calc));
      return {
        name: one.field.name,
        color: one.color,
        hidden: one.hidden,
        numbers,
        values: numbers.map((value) => display(one.field.config, value, { theme: props.theme, zone: props.zone }).text),
      };
    });
}

/** About how wide an item of a list legend is, in pixels. */
function listWidth(item: LegendItem): number {
  return 40 + 7 * (item.name.length + item.values.join("").length) + 50 * item.values.length;
}

/** Sorted as the panel asks, else in the order of the series. */
function sortLegend(
  items: LegendItem[],
  calcs: readonly string[],
  sortBy: string | undefined,
  descending: boolean,
): LegendItem[] {
  if (sortBy === undefined) return items;
  const column = calcs.findIndex((calc) => reducerLabel(calc) === sortBy);
  const sign = descending ? -1 : 1;
  return [...items].sort((a, b) =>
    column < 0
      ? sign * a.name.localeCompare(b.name)
      : sign * ((a.numbers[column] ?? Number.NEGATIVE_INFINITY) - (b.numbers[column] ?? Number.NEGATIVE_INFINITY)),
  );
}

function toggled(hidden: ReadonlySet<string>, names: readonly string[], name: string, alone: boolean): Set<string> {
  if (!alone) {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    return next.size === names.length ? new Set() : next;
  }
  const onlyThis = names.every((other) => hidden.has(other) === (other !== name));
  return onlyThis ? new Set() : new Set(names.filter((other) => other !== name));
}

export function TimeSeries(props: ChartProps): VNode {
  const { panel, data, theme } = props;
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const frame = useMemo(() => toFields(data.series, panel.defaults, panel.overrides), [data, panel]);
  const scales = useMemo(() => scalesOf(frame.fields), [frame]);
  const drawn = useMemo(() => drawnFields(frame, theme, hidden), [frame, theme, hidden]);
  const values = useMemo(() => {
    const stacked = stackValues(
      drawn.map((one) => ({
        values: one.negative ? one.field.values.map((v) => (typeof v === "number" ? -v : v)) : one.field.values,
        group: one.stack,
        percent: one.percent,
        hidden: one.hidden,
      })),
      frame.times.length,
    );
    return [frame.times, ...stacked] as uPlot.AlignedData;
  }, [drawn, frame]);

  const tooltip = asObject(panel.options["tooltip"]);
  const mode = asString(tooltip["mode"]);
  const sort = asString(tooltip["sort"]);
  const live = useRef<Live>({ rows: () => [], mode: "multi", sort: "none" });
  live.current = {
    mode: mode === "single" || mode === "none" ? mode : "multi",
    sort: sort === "asc" || sort === "desc" ? sort : "none",
    rows: (index) =>
      drawn.flatMap((one, i): TooltipRow[] => {
        const value = one.field.values[index];
        if (
          one.hidden ||
          typeof value !== "number" ||
          asObject(one.field.config.custom["hideFrom"])["tooltip"] === true
        )
          return [];
        return [
          {
            name: one.field.name,
            color: one.color,
            value,
            text: formatUnit(value, one.field.config.unit, one.field.config.decimals, props.zone),
            drawn: Number(values[i + 1]?.[index] ?? value),
            scale: one.scale,
          },
        ];
      }),
  };

  if (frame.fields.length === 0) return <div class="empty">No data</div>;
  const legend = asObject(panel.options["legend"]);
  const showLegend =
    legend["showLegend"] !== false && legend["displayMode"] !== "hidden" && panel.options["legend"] !== false;
  const calcs = asStrings(legend["calcs"]);
  const table = legend["displayMode"] === "table";
  const right = legend["placement"] === "right" && props.width > 420;
  const items = showLegend ? legendItems(drawn, calcs, props) : [];
  const names = drawn.map((one) => one.field.name);
  const rowHeight = 20;
  const wanted = table
    ? (items.length + 1) * rowHeight
    : Math.ceil(items.reduce((sum, item) => sum + listWidth(item), 0) / Math.max(1, props.width)) * rowHeight;
  const legendHeight =
    !showLegend || right
      ? 0
      : Math.min(Math.max(rowHeight, wanted), Math.floor((props.height * 0.4) / rowHeight) * rowHeight) + 4;
  const legendWidth =
    showLegend && right
      ? Math.min(
          Math.max(asNumber(legend["width"]) ?? 0, table ? 150 + calcs.length * 70 : 160),
          Math.floor(props.width * 0.45),
        )
      : 0;
  const label =
    `${panel.title || "Chart"}: ${drawn.length} series. ` +
    drawn
      .slice(0, 5)
      .map(
        (one) =>
          `${one.field.name} ${formatUnit(reduceToNumber(one.field.values, "lastNotNull"), one.field.config.unit, one.field.config.decimals) || "no value"}`,
      )
      .join("; ");
  return (
    <div class={right ? "timeseries right" : "timeseries"}>
      <Plot
        options={() => plotOptions(drawn, scales, props, () => live.current)}
        shape={shapeOf(drawn, props)}
        data={values}
        fromS={data.fromMs / 1_000}
        toS={data.toMs / 1_000}
        width={props.width - legendWidth}
        height={props.height - legendHeight}
        label={label}
      />
      {showLegend && (
        <div class="legend-box" style={right ? { width: `${legendWidth}px` } : { height: `${legendHeight}px` }}>
          <Legend
            items={sortLegend(items, calcs, asString(legend["sortBy"]), legend["sortDesc"] === true)}
            calcs={calcs}
            table={table}
            right={right}
            onToggle={(name, alone) => setHidden(toggled(hidden, names, name, alone))}
          />
        </div>
      )}
    </div>
  );
}
