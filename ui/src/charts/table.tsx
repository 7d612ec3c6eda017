import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { resolveColor, textOn } from "../lib/colors";
import { display, type FieldConfig } from "../lib/display";
import { configFor, displayName, lengthOf, seriesTable, type Column, type Table } from "../lib/frames";
import { interpolate } from "../lib/interpolate";
import { asArray, asNumber, asObject, asString } from "../lib/json";
import { safeUrl } from "../lib/links";
import { sortRows, transform } from "../lib/transform";
import type { ChartProps } from "./registry";

interface ShownColumn {
  column: Column;
  config: FieldConfig;
  title: string;
  extent: readonly [number, number] | undefined;
}

/** More rows than this slow the page down and are read by nobody. */
const kMostRows = 500;

function extentOf(column: Column): readonly [number, number] | undefined {
  const numbers = column.values.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
  if (numbers.length === 0) return undefined;
  return [numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b))];
}

function columnsOf(table: Table, props: ChartProps): ShownColumn[] {
  return table.columns
    .map((column) => {
      const name = column.renamed ?? column.name;
      const config = configFor(props.panel.defaults, props.panel.overrides, {
        name,
        rawName: column.name,
        refId: column.refId,
        type: column.type,
        values: column.values,
      });
      if (column.type === "time") {
        config.unit ??= "dateTimeAsIso";
        if (!config.unit.startsWith("time:") && !config.unit.startsWith("dateTime")) config.unit = "dateTimeAsIso";
      }
      return { column, config, title: displayName(config, name, column.labels ?? {}), extent: extentOf(column) };
    })
    .filter(({ config }) => config.custom["hidden"] !== true && asObject(config.custom["hideFrom"])["viz"] !== true);
}

function Cell(props: { shown: ShownColumn; row: number; chart: ChartProps }): VNode {
  const { shown, row, chart } = props;
  const value = shown.column.values[row] ?? null;
  const cell = asObject(shown.config.custom["cellOptions"]);
  const type = asString(cell["type"]) ?? asString(shown.config.custom["displayMode"]) ?? "auto";
  const config = shown.config.color === undefined ? { ...shown.config, color: { mode: "thresholds" } } : shown.config;
  const seen = display(config, value, {
    theme: chart.theme,
    zone: chart.zone,
    extent: shown.extent,
    name: shown.title,
  });
  const numeric = shown.column.type === "number";
  const style: Record<string, string | undefined> = { textAlign: alignOf(shown, numeric) };
  if (type === "color-text") style["color"] = seen.color;
  if (type.startsWith("color-background")) {
    style["background"] = seen.color;
    style["color"] = textOn(seen.color);
  }
  const link = safeUrl(
    interpolate(asString(asObject(asArray(config.links)[0])["url"]) ?? "", chart.variables, "text").replace(
      /\$\{__value\.(?:raw|text|numeric)\}/g,
      () => encodeURIComponent(String(value ?? "")),
    ),
  );
  const isGauge = /gauge/.test(type) && numeric && seen.percent !== undefined;
  return (
    <td style={style} class={numeric ? "number" : undefined}>
      {isGauge && (
        <span class="cell-bar">
          <span
            style={{
              width: `${Math.min(100, Math.max(0, (seen.percent ?? 0) * 100)).toFixed(1)}%`,
              background: seen.color,
            }}
          />
        </span>
      )}
      {link ? <a href={link}>{seen.text}</a> : seen.text}
    </td>
  );
}

function alignOf(shown: ShownColumn, numeric: boolean): string {
  const align = asString(shown.config.custom["align"]);
  return align === "left" || align === "center" || align === "right" ? align : numeric ? "right" : "left";
}

export function TablePanel(props: ChartProps): VNode {
  const { panel, data } = props;
  const [chosen, setChosen] = useState(0);
  const initial = asObject(asArray(panel.options["sortBy"])[0]);
  const [sort, setSort] = useState<{ name: string; descending: boolean } | undefined>(
    asString(initial["displayName"])
      ? { name: asString(initial["displayName"]) ?? "", descending: initial["desc"] === true }
      : undefined,
  );
  const { tables, skipped } = transform([...data.tables, ...data.series.map(seriesTable)], panel.transformations);
  const frame = Math.min(chosen, tables.length - 1);
  const base = tables[frame];
  if (base === undefined || lengthOf(base) === 0) return <div class="empty">No data</div>;
  const byTitle = columnsOf(base, props).find((one) => one.title === sort?.name);
  const table =
    sort === undefined
      ? base
      : sortRows(base, byTitle?.column.renamed ?? byTitle?.column.name ?? sort.name, sort.descending);
  const columns = columnsOf(table, props);
  const count = lengthOf(table);
  const next = (name: string): void =>
    setSort(
      sort?.name !== name ? { name, descending: true } : sort.descending ? { name, descending: false } : undefined,
    );
  return (
    <div class="table-panel">
      <div class="scroll">
        <table class="data">
          {panel.options["showHeader"] !== false && (
            <thead>
              <tr>
                {columns.map((one) => {
                  const sorted = sort?.name === one.title;
                  const width = asNumber(one.config.custom["width"]);
                  return (
                    <th
                      aria-sort={sorted ? (sort.descending ? "descending" : "ascending") : "none"}
                      style={{
                        width: width === undefined ? undefined : `${width}px`,
                        textAlign: alignOf(one, one.column.type === "number"),
                      }}
                    >
                      <button type="button" onClick={() => next(one.title)}>
                        {one.title}
                        {sorted ? (sort.descending ? " ▾" : " ▴") : ""}
                      </button>
                    </th>
                  );
                })}
              </tr>
            </thead>
          )}
          <tbody>
            {Array.from({ length: Math.min(count, kMostRows) }, (_, row) => (
              <tr key={row}>
                {columns.map((one) => (
                  <Cell shown={one} row={row} chart={props} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {(tables.length > 1 || count > kMostRows || skipped.length > 0) && (
        <div class="table-foot">
          {tables.length > 1 && (
            <select
              aria-label="Series shown"
              value={frame}
              onChange={(event) => setChosen(Number(event.currentTarget.value))}
            >
              {tables.map((one, i) => (
                <option value={i}>{one.columns[one.columns.length - 1]?.name ?? one.refId}</option>
              ))}
            </select>
          )}
          {count > kMostRows && (
            <span class="muted">
              first {kMostRows} of {count} rows
            </span>
          )}
          {skipped.length > 0 && (
            <span class="muted" style={{ color: resolveColor("orange", props.theme) }}>
              not applied: {skipped.join(", ")}
            </span>
          )}
        </div>
      )}
    </div>
  );
}
