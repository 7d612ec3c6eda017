// What uPlot is told about a timeseries panel: series, scales, axes, bands, thresholds, brush, shared pointer.

import uPlot from "uplot";
import { resolveColor, withAlpha, type Theme } from "../lib/colors";
import type { Field } from "../lib/frames";
import { asArray, asNumber, asObject, asString } from "../lib/json";
import { tickSteps, timeTick } from "../lib/ticks";
import { formatTicks } from "../lib/units";
import { setAbsolute, zoomOut } from "../state/time";
import type { Drawn, Scale } from "./drawn";
import type { ChartProps } from "./registry";
import { tooltipPlugin, type TooltipRow } from "./tooltip";

const kInk: Record<Theme, { text: string; grid: string }> = {
  dark: { text: "#9aa4b2", grid: "rgba(160, 175, 195, 0.10)" },
  light: { text: "#5b6673", grid: "rgba(30, 45, 65, 0.09)" },
};
const kFont = "11px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

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
    case "smooth":
      return spline?.();
    case "stepBefore":
      return stepped?.({ align: -1 });
    case "stepAfter":
      return stepped?.({ align: 1 });
    default:
      return linear?.();
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
      ? { fill: custom["gradientMode"] === "opacity" ? gradient(one.color, opacity) : withAlpha(one.color, opacity) }
      : {}),
    points:
      custom["drawStyle"] === "points" || points === "always"
        ? { show: true, size: asNumber(custom["pointSize"]) ?? 5, fill: one.color, stroke: one.color }
        : points === "never"
          ? { show: false }
          : { size: asNumber(custom["pointSize"]) ?? 5, fill: one.color, stroke: one.color },
  };
}

/** The scale's ends: fixed ones as given, soft ones only widen, the rest with a little room. */
function scaleRange(scale: Scale): uPlot.Scale.Range {
  return (_plot, dataMin, dataMax) => {
    let low = Math.min(dataMin ?? 0, scale.include ?? Number.POSITIVE_INFINITY);
    let high = Math.max(dataMax ?? (scale.unit === "percentunit" ? 1 : 100), scale.include ?? Number.NEGATIVE_INFINITY);
    if (scale.fromZero) {
      low = Math.min(low, 0);
      high = Math.max(high, 0);
    }
    if (scale.softMin !== undefined) low = Math.min(low, scale.softMin);
    if (scale.softMax !== undefined) high = Math.max(high, scale.softMax);
    if (scale.log !== undefined)
      return uPlot.rangeLog(
        scale.min ?? Math.max(low, 1e-9),
        scale.max ?? Math.max(high, 1e-8),
        scale.log as 2 | 10,
        true,
      );
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
      const texts = formatTicks(
        splits.filter((v): v is number => v !== null),
        scale.unit,
        scale.decimals,
        zone,
      );
      let i = 0;
      return splits.map((value) => (value === null ? "" : (texts[i++] ?? "")));
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
    return (
      mode !== "off" && one.field.config.thresholds !== undefined && one.field.config.thresholds.mode === "absolute"
    );
  });
  if (first === undefined) return undefined;
  const mode = asString(asObject(first.field.config.custom["thresholdsStyle"])["mode"]) ?? "line";
  const steps = first.field.config.thresholds?.steps ?? [];
  return (plot) => {
    const { left, top, width, height } = plot.bbox;
    const y = (value: number): number =>
      Math.min(
        top + height,
        Math.max(top, Number.isFinite(value) ? plot.valToPos(value, first.scale, true) : top + height),
      );
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

/** `[from, to]` in seconds of the panel's option `spans`, shaded over the whole height; no end reaches to the edge. */
function spansHook(props: ChartProps): (plot: uPlot) => void {
  const spans = asArray(props.panel.options["spans"]).map(asArray);
  const color = resolveColor("red", props.theme);
  return (plot) => {
    const { left, top, width, height } = plot.bbox;
    const x = (value: unknown, edge: number): number =>
      typeof value !== "number" ? edge : Math.min(left + width, Math.max(left, plot.valToPos(value, "x", true)));
    for (const [from, to] of spans) {
      const start = x(from, left);
      plot.ctx.fillStyle = withAlpha(color, 0.12);
      plot.ctx.fillRect(start, top, x(to, left + width) - start, height);
      plot.ctx.fillStyle = color;
      plot.ctx.fillRect(start, top, devicePixelRatio, height);
    }
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
    return [
      {
        series: [i + 1, at + 1],
        fill: withAlpha(one.color, (asNumber(one.field.config.custom["fillOpacity"]) ?? 10) / 100),
      },
    ];
  });
}

export interface Live {
  rows: (index: number) => TooltipRow[];
  mode: "single" | "multi" | "none";
  sort: "none" | "asc" | "desc";
}

export function plotOptions(
  drawn: Drawn[],
  scales: Map<string, Scale>,
  props: ChartProps,
  live: () => Live,
): Omit<uPlot.Options, "width" | "height"> {
  const { theme, zone, syncKey } = props;
  const bands = [...stackBands(drawn), ...belowBands(drawn)];
  const banded = new Set(bands.map((band) => band.series[0] - 1));
  const draw = thresholdHook(drawn, theme);
  const used = [...scales.values()].filter((scale) => drawn.some((one) => one.scale === scale.key));
  return {
    pxAlign: 0,
    legend: { show: false },
    // The series under the pointer is named in the tooltip; the others are not dimmed.
    focus: { alpha: 1 },
    padding: [
      8,
      used.some((scale) => scale.side === "right") ? 0 : 12,
      0,
      used.some((scale) => scale.side === "left") ? 0 : 12,
    ],
    cursor: {
      points: { size: 6 },
      drag: { x: props.panel.options["brush"] !== false, y: false, setScale: false },
      focus: { prox: 24 },
      bind: {
        dblclick: () => () => {
          zoomOut();
          return null;
        },
      },
      // Only the pointer is shared: a brush belongs to the chart it was drawn on.
      ...(syncKey === undefined
        ? {}
        : {
            sync: {
              key: syncKey,
              scales: ["x", null],
              filters: { sub: (type) => !/^mouse(down|up)$|click/.test(type), pub: () => true },
            },
          }),
    },
    scales: {
      x: { time: true, auto: false },
      ...Object.fromEntries(
        used.map((scale) => [
          scale.key,
          {
            auto: true,
            range: scaleRange(scale),
            ...(scale.log === undefined ? {} : { distr: 3 as const, log: scale.log as 2 | 10 }),
          },
        ]),
      ),
    },
    axes: [
      {
        stroke: kInk[theme].text,
        font: kFont,
        size: 26,
        gap: 6,
        space: 64,
        grid: { stroke: kInk[theme].grid, width: 1 },
        ticks: { show: false },
        values: (plot, splits, _axis, _space, step) => {
          const x = plot.scales["x"];
          return splits.map((s) => timeTick(s, step, (x?.max ?? 0) - (x?.min ?? 0), zone));
        },
      },
      ...used.map((scale, i) => yAxis(scale, i === 0, theme, zone)),
    ],
    series: [{}, ...drawn.map((one, i) => seriesOptions(one, banded.has(i)))],
    bands,
    hooks: {
      drawClear: [spansHook(props), ...(draw === undefined ? [] : [draw])],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 6) return;
          setAbsolute(plot.posToVal(left, "x") * 1_000, plot.posToVal(left + width, "x") * 1_000);
          plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
        },
      ],
    },
    plugins: [tooltipPlugin(() => ({ ...live(), zone }))],
  };
}

export function shapeOf(drawn: readonly Drawn[], props: ChartProps): string {
  return JSON.stringify([
    props.theme,
    props.zone,
    props.syncKey,
    props.panel.options["spans"],
    drawn.map((one) => [
      one.field.name,
      one.color,
      one.scale,
      one.stack,
      one.hidden,
      one.field.config.custom,
      one.field.config.decimals,
      one.field.config.thresholds,
    ]),
  ]);
}
