// A table of plain rows, on a narrow screen one below the other. Columns with `by` sort; what they sort by lives in the address.

import type { ComponentChildren, VNode } from "preact";
import { place, setParams } from "../state/url";

export interface Column<T> {
  name: string;
  cell: (row: T) => ComponentChildren;
  number?: boolean;
  by?: (row: T) => number | string;
}

export function DataTable<T>(props: {
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  /** A column's name, with "-" in front for the greatest first. */
  sort?: string;
  label?: string;
  /** Columns are equally wide, as in the table above. */
  fixed?: boolean;
}): VNode {
  const chosen = props.sort === undefined ? "" : (place.value.query.get("sort") ?? props.sort);
  const down = chosen.startsWith("-");
  const by = props.columns.find((one) => one.name === chosen.replace(/^-/, ""))?.by;
  const rows = [...props.rows];
  if (by !== undefined)
    rows.sort((a, b) => {
      const [x, y] = [by(a), by(b)];
      return (
        (down ? -1 : 1) * (typeof x === "number" && typeof y === "number" ? x - y : String(x) < String(y) ? -1 : 1)
      );
    });
  return (
    <div class="scroll-x">
      <table class={props.fixed ? "data stacked fixed" : "data stacked"} aria-label={props.label}>
        <thead>
          <tr>
            {props.columns.map(({ name, number, by: sorts }) => {
              const here = chosen.replace(/^-/, "") === name;
              return (
                <th
                  class={number ? "number" : undefined}
                  aria-sort={here ? (down ? "descending" : "ascending") : undefined}
                >
                  {sorts === undefined ? (
                    name
                  ) : (
                    <button
                      type="button"
                      onClick={() => setParams({ sort: (here ? !down : number) ? `-${name}` : name }, true)}
                    >
                      {name}
                      {here && <span aria-hidden="true">{down ? " ↓" : " ↑"}</span>}
                    </button>
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={props.keyOf(row)}>
              {props.columns.map((one) => (
                <td class={one.number ? "number" : undefined} data-name={one.name}>
                  {one.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
