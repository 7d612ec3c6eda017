import type { VNode } from "preact";
import { reducerLabel } from "../lib/reduce";

export interface LegendItem {
  name: string;
  color: string;
  hidden: boolean;
  /** Texts of the calcs, in their order. */
  values: string[];
  numbers: (number | null)[];
}

export interface LegendProps {
  items: LegendItem[];
  calcs: string[];
  table: boolean;
  right: boolean;
  /** Alone: only this one stays; otherwise it is taken out or put back. */
  onToggle: (name: string, alone: boolean) => void;
}

const kHelp = "Click shows only this series, Ctrl+click hides or shows it";

function Name({ item, onToggle }: { item: LegendItem; onToggle: LegendProps["onToggle"] }): VNode {
  return (
    <button
      type="button"
      class={item.hidden ? "legend-name off" : "legend-name"}
      aria-pressed={!item.hidden}
      title={`${item.name}\n${kHelp}`}
      onClick={(event) => onToggle(item.name, !(event.ctrlKey || event.metaKey || event.shiftKey))}
    >
      <i class="swatch" style={{ background: item.color }} />
      <span>{item.name}</span>
    </button>
  );
}

export function Legend(props: LegendProps): VNode {
  const place = props.right ? "legend right" : "legend";
  if (props.table) {
    return (
      <div class={place}>
        <table class="legend-table">
          <thead>
            <tr>
              <th>Name</th>
              {props.calcs.map((calc) => (
                <th class="number">{reducerLabel(calc)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {props.items.map((item) => (
              <tr>
                <td>
                  <Name item={item} onToggle={props.onToggle} />
                </td>
                {item.values.map((text) => (
                  <td class="number">{text}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    );
  }
  return (
    <div class={place}>
      <div class="legend-list">
        {props.items.map((item) => (
          <span class="legend-item">
            <Name item={item} onToggle={props.onToggle} />
            {item.values.map((text, i) => (
              <span class="legend-calc">
                {reducerLabel(props.calcs[i] ?? "")}: {text}
              </span>
            ))}
          </span>
        ))}
      </div>
    </div>
  );
}
