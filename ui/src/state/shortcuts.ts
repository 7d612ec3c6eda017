// Keys that work anywhere but in a field: one key, or two in a row.

import { signal } from "@preact/signals";
import { nextTheme } from "./theme";
import { reload, zoomOut } from "./time";
import { navigate, withTime } from "./url";

export const helpOpen = signal(false);
export const timePickerOpen = signal(false);

export interface Shortcut {
  keys: string;
  what: string;
  run: () => void;
}

export const kShortcuts: readonly Shortcut[] = [
  { keys: "g c", what: "Caches", run: () => navigate(withTime("/")) },
  { keys: "g d", what: "Dashboards", run: () => navigate(withTime("/dashboards")) },
  { keys: "g a", what: "Alerts", run: () => navigate(withTime("/alerts")) },
  { keys: "g t", what: "Targets", run: () => navigate(withTime("/targets")) },
  { keys: "g q", what: "Query", run: () => navigate(withTime("/query")) },
  {
    keys: "t",
    what: "Choose the time range",
    run: () => {
      timePickerOpen.value = true;
    },
  },
  { keys: "z", what: "Zoom out in time", run: zoomOut },
  { keys: "r", what: "Refresh now", run: reload },
  { keys: "d", what: "Dark, light or the system's colours", run: nextTheme },
  {
    keys: "?",
    what: "This list",
    run: () => {
      helpOpen.value = true;
    },
  },
];

/** Keys of the page that is shown; they come before those that hold everywhere. */
export const pageShortcuts = signal<readonly Shortcut[]>([]);

/** A second key must follow within this time. */
const kPauseMs = 1_200;

export function startShortcuts(): void {
  let first = "";
  let firstAt = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return;
    const target = event.target;
    if (target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)))
      return;
    if (document.querySelector("dialog[open]") !== null) return;
    const two = Date.now() - firstAt < kPauseMs ? `${first} ${event.key}` : "";
    const all = [...pageShortcuts.value, ...kShortcuts];
    const hit = all.find((one) => one.keys === two) ?? all.find((one) => one.keys === event.key);
    if (hit !== undefined) {
      first = "";
      event.preventDefault();
      hit.run();
      return;
    }
    first = event.key;
    firstAt = Date.now();
  });
}
