// Where panels go: repeats made into copies, then everything moved up as far as it fits.

import type { GridPos, Panel, Section } from "./dashboard";

export interface RepeatValues {
  /** Values chosen for a variable, "All" already spelled out; undefined when there is no such variable. */
  (variable: string): string[] | undefined;
}

const kColumns = 24;

/** Sections with every repeat carried out; at least one copy of each always remains. */
export function expandRepeats(sections: readonly Section[], values: RepeatValues): Section[] {
  const out: Section[] = [];
  for (const section of sections) {
    const chosen = section.repeat === undefined ? undefined : values(section.repeat);
    if (section.repeat === undefined || chosen === undefined || chosen.length === 0) {
      out.push({ ...section, panels: expandPanels(section.panels, values) });
      continue;
    }
    for (const value of chosen) {
      const scope = { [section.repeat]: value };
      const panels = section.panels.map((panel) => ({
        ...panel,
        key: `${panel.key}/${value}`,
        scope: { ...panel.scope, ...scope },
      }));
      out.push({
        ...section,
        key: `${section.key}/${value}`,
        title: section.title,
        panels: expandPanels(panels, values),
      });
    }
  }
  return out;
}

function expandPanels(panels: readonly Panel[], values: RepeatValues): Panel[] {
  const out: Panel[] = [];
  let shift = 0;
  for (const panel of [...panels].sort(readingOrder)) {
    const chosen = panel.repeat === undefined ? undefined : values(panel.repeat);
    const grid = { ...panel.grid, y: panel.grid.y + shift };
    if (panel.repeat === undefined || chosen === undefined || chosen.length === 0) {
      out.push({ ...panel, grid });
      continue;
    }
    const name = panel.repeat;
    const perRow = panel.repeatDirection === "h" ? Math.max(1, Math.min(chosen.length, panel.maxPerRow)) : 1;
    const width = panel.repeatDirection === "h" ? Math.floor(kColumns / perRow) : grid.w;
    chosen.forEach((value, i) => {
      const place: GridPos =
        panel.repeatDirection === "h"
          ? { x: (i % perRow) * width, y: grid.y + Math.floor(i / perRow) * grid.h, w: width, h: grid.h }
          : { ...grid, y: grid.y + i * grid.h };
      out.push({ ...panel, key: `${panel.key}/${value}`, grid: place, scope: { ...panel.scope, [name]: value } });
    });
    shift += (Math.ceil(chosen.length / perRow) - 1) * grid.h;
  }
  return out;
}

export function readingOrder(a: { grid: GridPos }, b: { grid: GridPos }): number {
  return a.grid.y - b.grid.y || a.grid.x - b.grid.x;
}

function overlaps(a: GridPos, b: GridPos): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/** Each panel as far up as it goes without covering one before it, in reading order. */
export function compact<T extends { grid: GridPos }>(panels: readonly T[]): T[] {
  const placed: T[] = [];
  for (const panel of [...panels].sort(readingOrder)) {
    const free = (y: number): boolean => !placed.some((other) => overlaps({ ...panel.grid, y }, other.grid));
    // Below everything placed there is always room, so the search up from there ends.
    let y = placed.reduce((low, other) => Math.max(low, other.grid.y + other.grid.h), 0);
    while (y > 0 && free(y - 1)) y--;
    placed.push({ ...panel, grid: { ...panel.grid, y } });
  }
  return placed;
}
