// The timeseries panel: lines, bars, points, stacks, two axes, thresholds, legend, brush, shared crosshair.

import type { VNode } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { resolveColor, withAlpha, type Theme } from "../lib/colors";
import { display, fieldColor } from "../lib/display";
import { toFields, type Field, type SeriesFrame } from "../lib/frames";
import { asNumber, asObject, asString, asStrings } from "../lib/json";
import { reducerLabel, reduceToNumber } from "../lib/reduce";
import { tickSteps, timeTick } from "../lib/ticks";
import { formatTicks, formatUnit } from "../lib/units";
import { setAbsolute, zoomOut } from "../state/time";
import { Legend, type LegendItem } from "./legend";
import { Plot } from "./plot";
import type { ChartProps } from "./registry";
import { stackValues } from "./stack";
import { tooltipPlugin, type TooltipRow } from "./tooltip";

/** A field with what its drawing needs. */
interface Drawn {
  field: Field;
  color: string;
  scale: string;
  stack: string | undefined;
  percent: boolean;
  negative: boolean;
  hidden: boolean;
}

interface Scale {
  key: string;
  unit: string;
  side: "left" | "right" | "hidden";
  decimals: number | undefined;
  min: number | undefined;
  max: number | undefined;
  softMin: number | undefined;
  softMax: number | undefined;
  log: number | undefined;
  fromZero: boolean;
  label: string | undefined;
}

const kInk: Record<Theme, { text: string; grid: string }> = {
  dark: { text: "#9aa4b2", grid: "rgba(160, 175, 195, 0.10)" },
  light: { text: "#5b6673", grid: "rgba(30, 45, 65, 0.09)" },
};
const kFont = "11px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

function scaleKey(field: Field): string {
  const { custom, unit, min, max } = field.config;
  const spread = asObject(custom["scaleDistribution"]);
  return [unit ?? "", min ?? "", max ?? "", asString(custom["axisPlacement"]) ?? "auto", spread["type"] ?? "linear", spread["log"] ?? ""].join("|");
}

function scalesOf(fields: readonly Field[]): Map<string, Scale> {
  const scales = new Map<string, Scale>();
  for (const field of fields) {
    const key = scaleKey(field);
    const { custom, unit, min, max, decimals } = field.config;
    const stacked = ["normal", "percent"].includes(asString(asObject(custom["stacking"])["mode"]) ?? "none");
    const known = scales.get(key);
    if (known !== undefined) {
      known.fromZero ||= stacked || custom["drawStyle"] === "bars";
      continue;
    }
    const placement = asString(custom["axisPlacement"]) ?? "auto";
    const spread = asObject(custom["scaleDistribution"]);
    scales.set(key, {
      key,
      unit: asObject(custom["stacking"])["mode"] === "percent" ? "percentunit" : unit ?? "",
      side: placement === "right" || placement === "hidden" || placement === "left" ? placement : scales.size === 0 ? "left" : "right",
      decimals,
      min,
      max,
      softMin: asNumber(custom["axisSoftMin"]),
      softMax: asNumber(custom["axisSoftMax"]),
      log: spread["type"] === "log" ? asNumber(spread["log"]) ?? 10 : undefined,
      fromZero: stacked || custom["drawStyle"] === "bars",
      label: asString(custom["axisLabel"]) || undefined,
    });
  }
  return scales;
}

function colorOf(field: Field, theme: Theme): string {
  const mode = field.config.color?.mode ?? "palette-classic";
  const config = { ...field.config, color: { ...field.config.color, mode } };
  const value = reduceToNumber(field.values, config.color.seriesBy ?? "last");
  const { min, max } = config;
  const percent = value === null || min === undefined || max === undefined || max === min ? undefined : (value - min) / (max - min);
  return fieldColor(config, value, percent, { theme, index: field.index, name: field.name });
}

function drawnFields(frame: SeriesFrame, theme: Theme, hidden: ReadonlySet<string>): Drawn[] {
  return frame.fields.filter((field) => asObject(field.config.custom["hideFrom"])["viz"] !== true && field.config.custom["hidden"] !== true)
    .map((field): Drawn => {
      const { custom } = field.config;
      const stacking = asObject(custom["stacking"]);
      const mode = asString(stacking["mode"]) ?? "none";
      const scale = scaleKey(field);
      return { field, color: colorOf(field, theme), scale, percent: mode === "percent", hidden: hidden.has(field.name),
        stack: mode === "none" ? undefined : `${scale}/${asString(stacking["group"]) ?? "A"}`,
        negative: custom["transform"] === "negative-Y" };
    });
}

function gradient(color: string, opacity: number): uPlot.Series.Fill {
  return (plot) => {
    const { top, height } = plot.bbox;
    if (!Number.isFinite(top) || !Number.isFinite(height)) return withAlpha(color, opacity);
    const fill = plot.ctx.createLinearGradient(0, top, 0, top + height);
    fill.addColorStop(0, withAlpha(color, opacity));
    fill.addColorStop(1, withAlpha(color, opacity * 0.1));
    return fill;
  };
}

function pathsFor(custom: Field["config"]["custom"]): uPlot.Series.PathBuilder | undefined {
  const { linear, spline, stepped, bars } = uPlot.paths;
  if (custom["drawStyle"] === "bars") return bars?.({ size: [asNumber(custom["barWidthFactor"]) ?? 0.6, 60] });
  if (custom["drawStyle"] === "points") return () => null;
  switch (custom["lineInterpolation"]) {
    case "smooth": return spline?.();
    case "stepBefore": return stepped?.({ align: -1 });
    case "stepAfter": return stepped?.({ align: 1 });
    default: return linear?.();
  }
}

function seriesOptions(one: Drawn, filledBelow: boolean): uPlot.Series {
  const { custom } = one.field.config;
  const opacity = (asNumber(custom["fillOpacity"]) ?? 0) / 100;
  const width = asNumber(custom["lineWidth"]) ?? 1;
  const points = asString(custom["showPoints"]) ?? "auto";
  const lineStyle = asObject(custom["lineStyle"]);
  const dash = lineStyle["fill"] === "dash" ? [10, 10] : lineStyle["fill"] === "dot" ? [0, 10] : undefined;
  const spanNulls = custom["spanNulls"];
  const paths = pathsFor(custom);
  return {
    label: one.field.name,
    scale: one.scale,
    show: !one.hidden,
    stroke: one.color,
    width,
    ...(paths === undefined ? {} : { paths }),
    ...(dash === undefined ? {} : { dash }),
    spanGaps: spanNulls === true || typeof spanNulls === "number",
    ...(opacity > 0 && !filledBelow
      ? { fill: custom["gradientMode"] === "opacity" ? gradient(one.color, opacity) : withAlpha(one.color, opacity) } : {}),
    points: custom["drawStyle"] === "points" || points === "always"
      ? { show: true, size: asNumber(custom["pointSize"]) ?? 5, fill: one.color, stroke: one.color }
      : points === "never" ? { show: false } : { size: asNumber(custom["pointSize"]) ?? 5, fill: one.color, stroke: one.color },
  };
}

/** The scale's ends: fixed ones as given, soft ones only widen, the rest with a little room. */
function scaleRange(scale: Scale): uPlot.Scale.Range {
  return (_plot, dataMin, dataMax) => {
    let low = dataMin ?? 0;
    let high = dataMax ?? (scale.unit === "percentunit" ? 1 : 100);
    if (scale.fromZero) {
      low = Math.min(low, 0);
      high = Math.max(high, 0);
    }
    if (scale.softMin !== undefined) low = Math.min(low, scale.softMin);
    if (scale.softMax !== undefined) high = Math.max(high, scale.softMax);
    if (scale.log !== undefined) return uPlot.rangeLog(scale.min ?? Math.max(low, 1e-9), scale.max ?? Math.max(high, 1e-8), scale.log as 2 | 10, true);
    const span = high - low;
    // A flat line sits in the middle of a scale that reaches down to zero.
    const pad = span > 0 ? span * 0.08 : Math.abs(high) * 0.5 || 1;
    const lowPad = low >= 0 && low - pad < 0 ? 0 : low - pad;
    const bottom = scale.min ?? (low === scale.softMin || (scale.fromZero && low === 0) ? low : lowPad);
    const top = scale.max ?? (high === scale.softMax || (scale.fromZero && high === 0) ? high : high + pad);
    return [bottom, top > bottom ? top : bottom + 1];
  };
}

function yAxis(scale: Scale, first: boolean, theme: Theme, zone: ChartProps["zone"]): uPlot.Axis {
  const steps = tickSteps(scale.unit, scale.decimals);
  return {
    scale: scale.key,
    side: scale.side === "right" ? 1 : 3,
    show: scale.side !== "hidden",
    stroke: kInk[theme].text,
    font: kFont,
    gap: 6,
    ...(steps === undefined ? {} : { incrs: steps }),
    ...(scale.label === undefined ? {} : { label: scale.label, labelSize: 18, labelFont: kFont }),
    space: 36,
    grid: { show: first, stroke: kInk[theme].grid, width: 1 },
    ticks: { show: false },
    values: (_plot, splits) => {
      const texts = formatTicks(splits.filter((v): v is number => v !== null), scale.unit, scale.decimals, zone);
      let i = 0;
      return splits.map((value) => (value === null ? "" : texts[i++] ?? ""));
    },
    size: (plot, values) => {
      if (values === null || values === undefined) return 40;
      plot.ctx.save();
      plot.ctx.font = kFont;
      const widest = values.reduce((most, text) => Math.max(most, plot.ctx.measureText(text ?? "").width), 0);
      plot.ctx.restore();
      return Math.ceil(widest) + 14;
    },
  };
}

function thresholdHook(drawn: readonly Drawn[], theme: Theme): ((plot: uPlot) => void) | undefined {
  const first = drawn.find((one) => {
    const mode = asString(asObject(one.field.config.custom["thresholdsStyle"])["mode"]) ?? "off";
    return mode !== "off" && one.field.config.thresholds !== undefined && one.field.config.thresholds.mode === "absolute";
  });
  if (first === undefined) return undefined;
  const mode = asString(asObject(first.field.config.custom["thresholdsStyle"])["mode"]) ?? "line";
  const steps = first.field.config.thresholds?.steps ?? [];
  return (plot) => {
    const { left, top, width, height } = plot.bbox;
    const y = (value: number): number => Math.min(top + height, Math.max(top,
      Number.isFinite(value) ? plot.valToPos(value, first.scale, true) : top + height));
    plot.ctx.save();
    steps.forEach((step, i) => {
      const color = resolveColor(step.color, theme);
      const at = y(step.value);
      if (mode.includes("area")) {
        const next = steps[i + 1];
        const above = next === undefined ? top : y(next.value);
        plot.ctx.fillStyle = withAlpha(color, 0.08);
        plot.ctx.fillRect(left, above, width, at - above);
      }
      if (mode.includes("line") || mode.includes("dashed")) {
        if (!Number.isFinite(step.value) || at <= top || at >= top + height) return;
        plot.ctx.strokeStyle = withAlpha(color, 0.7);
        plot.ctx.lineWidth = devicePixelRatio;
        plot.ctx.setLineDash(mode.includes("dashed") ? [10, 8] : []);
        plot.ctx.beginPath();
        plot.ctx.moveTo(left, at);
        plot.ctx.lineTo(left + width, at);
        plot.ctx.stroke();
      }
    });
    plot.ctx.restore();
  };
}

/** Bands between neighbours of a stack, so that each fill ends at the series below it. */
function stackBands(drawn: readonly Drawn[]): uPlot.Band[] {
  const below = new Map<string, number>();
  const bands: uPlot.Band[] = [];
  drawn.forEach((one, i) => {
    if (one.stack === undefined || one.hidden) return;
    const group = `${one.stack}${one.negative ? "-" : "+"}`;
    const previous = below.get(group);
    const opacity = (asNumber(one.field.config.custom["fillOpacity"]) ?? 0) / 100;
    if (previous !== undefined && opacity > 0) {
      bands.push({ series: [i + 1, previous + 1], fill: withAlpha(one.color, opacity), dir: one.negative ? 1 : -1 });
    }
    below.set(group, i);
  });
  return bands;
}

/** The band between a series and the one it names as its lower edge. */
function belowBands(drawn: readonly Drawn[]): uPlot.Band[] {
  return drawn.flatMap((one, i): uPlot.Band[] => {
    const lower = asString(one.field.config.custom["fillBelowTo"]);
    const at = lower === undefined ? -1 : drawn.findIndex((other) => other.field.name === lower);
    if (at < 0) return [];
    return [{ series: [i + 1, at + 1], fill: withAlpha(one.color, (asNumber(one.field.config.custom["fillOpacity"]) ?? 10) / 100) }];
  });
}

interface Live {
  rows: (index: number) => TooltipRow[];
  mode: "single" | "multi" | "none";
  sort: "none" | "asc" | "desc";
}

function plotOptions(drawn: Drawn[], scales: Map<string, Scale>, props: ChartProps, live: () => Live): Omit<uPlot.Options, "width" | "height"> {
  const { theme, zone, syncKey } = props;
  const bands = [...stackBands(drawn), ...belowBands(drawn)];
  const banded = new Set(bands.map((band) => band.series[0] - 1));
  const draw = thresholdHook(drawn, theme);
  const used = [...scales.values()].filter((scale) => drawn.some((one) => one.scale === scale.key));
  return {
    pxAlign: 0,
    legend: { show: false },
    padding: [8, used.some((scale) => scale.side === "right") ? 0 : 12, 0, used.some((scale) => scale.side === "left") ? 0 : 12],
    cursor: {
      points: { size: 6 },
      drag: { x: true, y: false, setScale: false },
      focus: { prox: 24 },
      bind: { dblclick: () => () => {
        zoomOut();
        return null;
      } },
      ...(syncKey === undefined ? {} : { sync: { key: syncKey, scales: ["x", null] } }),
    },
    scales: {
      x: { time: true, auto: false },
      ...Object.fromEntries(used.map((scale) => [scale.key, { auto: true, range: scaleRange(scale),
        ...(scale.log === undefined ? {} : { distr: 3 as const, log: scale.log as 2 | 10 }) }])),
    },
    axes: [
      { stroke: kInk[theme].text, font: kFont, size: 26, gap: 6, space: 64, grid: { stroke: kInk[theme].grid, width: 1 }, ticks: { show: false },
        values: (plot, splits, _axis, _space, step) => {
          const x = plot.scales["x"];
          return splits.map((s) => timeTick(s, step, (x?.max ?? 0) - (x?.min ?? 0), zone));
        } },
      ...used.map((scale, i) => yAxis(scale, i === 0, theme, zone)),
    ],
    series: [{}, ...drawn.map((one, i) => seriesOptions(one, banded.has(i)))],
    bands,
    hooks: {
      ...(draw === undefined ? {} : { drawClear: [draw] }),
      setSelect: [(plot) => {
        const { left, width } = plot.select;
        if (width < 6) return;
        setAbsolute(plot.posToVal(left, "x") * 1_000, plot.posToVal(left + width, "x") * 1_000);
        plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
      }],
    },
    plugins: [tooltipPlugin(() => ({ ...live(), zone }))],
  };
}

function shapeOf(drawn: readonly Drawn[], props: ChartProps): string {
  return JSON.stringify([props.theme, props.zone, props.syncKey,
    drawn.map((one) => [one.field.name, one.color, one.scale, one.stack, one.hidden, one.field.config.custom, one.field.config.decimals,
      one.field.config.thresholds])]);
}

function legendItems(drawn: readonly Drawn[], calcs: readonly string[], props: ChartProps): LegendItem[] {
  return drawn.filter((one) => asObject(one.field.config.custom["hideFrom"])["legend"] !== true).map((one) => {
    const numbers = calcs.map((calc) => reduceToNumber(one.field.values, calc));
    return { name: one.field.name, color: one.color, hidden: one.hidden, numbers,
      values: numbers.map((value) => display(one.field.config, value, { theme: props.theme, zone: props.zone }).text) };
  });
}

/** Sorted as the panel asks, else in the order of the series. */
function sortLegend(items: LegendItem[], calcs: readonly string[], sortBy: string | undefined, descending: boolean): LegendItem[] {
  if (sortBy === undefined) return items;
  const column = calcs.findIndex((calc) => reducerLabel(calc) === sortBy);
  const sign = descending ? -1 : 1;
  return [...items].sort((a, b) => column < 0 ? sign * a.name.localeCompare(b.name)
    : sign * ((a.numbers[column] ?? Number.NEGATIVE_INFINITY) - (b.numbers[column] ?? Number.NEGATIVE_INFINITY)));
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
    const stacked = stackValues(drawn.map((one) => ({
      values: one.negative ? one.field.values.map((v) => (typeof v === "number" ? -v : v)) : one.field.values,
      group: one.stack, percent: one.percent, hidden: one.hidden,
    })), frame.times.length);
    return [frame.times, ...stacked] as uPlot.AlignedData;
  }, [drawn, frame]);

  const tooltip = asObject(panel.options["tooltip"]);
  const mode = asString(tooltip["mode"]);
  const sort = asString(tooltip["sort"]);
  const live = useRef<Live>({ rows: () => [], mode: "multi", sort: "none" });
  live.current = {
    mode: mode === "single" || mode === "none" ? mode : "multi",
    sort: sort === "asc" || sort === "desc" ? sort : "none",
    rows: (index) => drawn.flatMap((one, i): TooltipRow[] => {
      const value = one.field.values[index];
      if (one.hidden || typeof value !== "number" || asObject(one.field.config.custom["hideFrom"])["tooltip"] === true) return [];
      return [{ name: one.field.name, color: one.color, value, text: formatUnit(value, one.field.config.unit, one.field.config.decimals, props.zone),
        drawn: Number(values[i + 1]?.[index] ?? value), scale: one.scale }];
    }),
  };

  if (frame.fields.length === 0) return <div class="empty">No data</div>;
  const legend = asObject(panel.options["legend"]);
  const showLegend = legend["showLegend"] !== false && legend["displayMode"] !== "hidden" && panel.options["legend"] !== false;
  const calcs = asStrings(legend["calcs"]);
  const table = legend["displayMode"] === "table";
  const right = legend["placement"] === "right" && props.width > 420;
  const items = showLegend ? legendItems(drawn, calcs, props) : [];
  const names = drawn.map((one) => one.field.name);
  const rowHeight = 20;
  const wanted = table ? (items.length + 1) * rowHeight : Math.ceil(items.length / Math.max(1, Math.floor(props.width / 160))) * rowHeight;
  const legendHeight = !showLegend || right ? 0 : Math.min(Math.max(rowHeight, wanted), Math.floor((props.height * 0.4) / rowHeight) * rowHeight) + 4;
  const legendWidth = showLegend && right ? Math.min(Math.max(asNumber(legend["width"]) ?? 0, table ? 150 + calcs.length * 70 : 160), Math.floor(props.width * 0.45)) : 0;
  const label = `${panel.title || "Chart"}: ${drawn.length} series. ` + drawn.slice(0, 5).map((one) =>
    `${one.field.name} ${formatUnit(reduceToNumber(one.field.values, "lastNotNull"), one.field.config.unit, one.field.config.decimals) || "no value"}`).join("; ");
  return (
    <div class={right ? "timeseries right" : "timeseries"}>
      <Plot options={() => plotOptions(drawn, scales, props, () => live.current)} shape={shapeOf(drawn, props)} data={values}
        fromS={data.fromMs / 1_000} toS={data.toMs / 1_000} width={props.width - legendWidth} height={props.height - legendHeight} label={label} />
      {showLegend && <div class="legend-box" style={right ? { width: `${legendWidth}px` } : { height: `${legendHeight}px` }}>
        <Legend items={sortLegend(items, calcs, asString(legend["sortBy"]), legend["sortDesc"] === true)} calcs={calcs}
          table={table} right={right} onToggle={(name, alone) => setHidden(toggled(hidden, names, name, alone))} />
      </div>}
    </div>
  );
}
