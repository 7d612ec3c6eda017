// The box beside the pointer: time, then every series with its value. Built from text nodes.

import type uPlot from "uplot";
import { formatDate, type Zone } from "../lib/dateformat";

export interface TooltipRow {
  name: string;
  color: string;
  value: number;
  text: string;
  /** Where the line is drawn, to find the one nearest to the pointer. */
  drawn: number;
  scale: string;
}

export interface TooltipOptions {
  mode: "single" | "multi" | "none";
  sort: "none" | "asc" | "desc";
  zone: Zone;
  rows: (index: number) => TooltipRow[];
}

const kMostRows = 16;

function element(tag: string, className: string, text?: string): HTMLElement {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function nearest(plot: uPlot, rows: readonly TooltipRow[]): TooltipRow | undefined {
  const top = plot.cursor.top ?? 0;
  let best: TooltipRow | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    const distance = Math.abs(plot.valToPos(row.drawn, row.scale) - top);
    if (distance < least) {
      least = distance;
      best = row;
    }
  }
  return best;
}

function visibleRows(all: readonly TooltipRow[], close: TooltipRow | undefined, options: TooltipOptions): TooltipRow[] {
  if (options.mode === "single") return close === undefined ? [] : [close];
  const rows = [...all];
  if (options.sort !== "none" || rows.length > kMostRows)
    rows.sort((a, b) => (options.sort === "asc" ? a.value - b.value : b.value - a.value));
  const shown = rows.slice(0, kMostRows);
  if (close !== undefined && !shown.includes(close)) shown[shown.length - 1] = close;
  return shown;
}

export function tooltipPlugin(options: () => TooltipOptions): uPlot.Plugin {
  let box: HTMLElement | undefined;
  let inside = false;
  const hide = (): void => box?.classList.remove("shown");
  return {
    hooks: {
      ready: (plot) => {
        box = element("div", "tooltip");
        plot.over.appendChild(box);
        plot.over.addEventListener("mouseenter", () => {
          inside = true;
        });
        plot.over.addEventListener("mouseleave", () => {
          inside = false;
          hide();
        });
      },
      setCursor: (plot) => {
        const { idx, left, top } = plot.cursor;
        const now = options();
        if (
          !inside ||
          box === undefined ||
          now.mode === "none" ||
          idx === null ||
          idx === undefined ||
          left === undefined ||
          left < 0
        )
          return hide();
        const all = now.rows(idx);
        if (all.length === 0) return hide();
        const close = nearest(plot, all);
        const rows = visibleRows(all, close, now);
        const time = (plot.data[0][idx] ?? 0) * 1_000;
        const lines = rows.map((row) => {
          const line = element("div", row === close && all.length > 1 ? "tip-row near" : "tip-row");
          const mark = element("i", "swatch");
          mark.style.background = row.color;
          line.append(mark, element("span", "tip-name", row.name), element("b", "tip-value", row.text));
          return line;
        });
        if (rows.length < all.length && now.mode === "multi")
          lines.push(element("div", "tip-more", `and ${all.length - rows.length} more`));
        box.replaceChildren(element("div", "tip-time", formatDate(time, "YYYY-MM-DD HH:mm:ss", now.zone)), ...lines);
        box.classList.add("shown");
        place(plot, box, left, top ?? 0);
      },
    },
  };
}

/** Beside the pointer, kept inside the window. */
function place(plot: uPlot, box: HTMLElement, left: number, top: number): void {
  const area = plot.over.getBoundingClientRect();
  const own = box.getBoundingClientRect();
  let x = left + 14;
  if (area.left + x + own.width > window.innerWidth - 8) x = left - own.width - 14;
  if (area.left + x < 4) x = 4 - area.left;
  const lowest = window.innerHeight - own.height - 8 - area.top;
  const y = Math.max(4 - area.top, Math.min(top + 10, lowest));
  box.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
}
