import type { VNode } from "preact";
import { textOn } from "../lib/colors";
import { asObject, asString } from "../lib/json";
import { shownValues } from "./reduced";
import type { ChartProps } from "./registry";
import { Sparkline } from "./sparkline";

let ruler: CanvasRenderingContext2D | null = null;

/** Width of a text at 100 px, in the weight of values. */
function textWidth(text: string): number {
  ruler ??= document.createElement("canvas").getContext("2d");
  if (ruler === null) return text.length * 65;
  ruler.font = `600 100px ${getComputedStyle(document.body).fontFamily}`;
  return ruler.measureText(text).width;
}

/** All boxes share one text size: the largest with which the longest text fits. */
function valueSize(texts: readonly string[], width: number, height: number): number {
  const widest = texts.reduce((most, text) => Math.max(most, textWidth(text)), 1);
  return Math.max(11, Math.min(56, height * 0.55, ((width - 14) / widest) * 100));
}

export function Stat(props: ChartProps): VNode {
  const { panel, width, height, theme } = props;
  const { shown } = shownValues(props);
  if (shown.length === 0) return <div class="empty">No data</div>;
  const colorMode = asString(panel.options["colorMode"]) ?? "value";
  const graph = asString(panel.options["graphMode"]) ?? "area";
  const textMode = asString(panel.options["textMode"]) ?? "auto";
  const orientation = asString(panel.options["orientation"]) ?? "auto";
  const vertical = orientation === "horizontal" || (orientation === "auto" && height > width);
  const columns = vertical ? 1 : Math.min(shown.length, Math.max(1, Math.floor(width / 110)));
  const rows = Math.ceil(shown.length / columns);
  const withName = textMode === "value_and_name" || textMode === "name" || (textMode === "auto" && shown.length > 1);
  const withValue = textMode !== "name" && textMode !== "none";
  const values = asObject(panel.options["reduceOptions"])["values"] === true;
  const boxHeight = height / rows - (withName ? 18 : 0);
  const size = valueSize(
    shown.map((one) => one.display.text),
    width / columns,
    boxHeight,
  );
  return (
    <div class="stats" style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
      {shown.map((one, i) => {
        const filled = colorMode.startsWith("background");
        const color = one.display.color;
        const ink = filled ? textOn(color) : colorMode === "value" ? color : undefined;
        const hasTrend = !values && graph !== "none" && one.trend.length > 1 && boxHeight > 56;
        return (
          <div class="stat" key={i} style={{ background: filled ? color : undefined, color: ink }}>
            {withName && <div class="stat-name">{one.name}</div>}
            {withValue && (
              <div class="stat-value" style={{ fontSize: `${size.toFixed(1)}px` }}>
                {one.display.text}
              </div>
            )}
            {hasTrend && (
              <div class="stat-trend">
                <Sparkline
                  values={one.trend}
                  color={
                    filled ? (ink ?? color) : colorMode === "none" ? (theme === "dark" ? "#8e99a8" : "#5b6673") : color
                  }
                  area={graph === "area"}
                  label={`trend of ${one.name}`}
                />
              </div>
            )}
          </div>
        );
      })}
    </div>
  );
}
