import type { VNode } from "preact";
import { alerts } from "../api/prometheus";
import { useLoad } from "../state/load";
import { helpOpen } from "../state/shortcuts";
import { choice, nextTheme } from "../state/theme";
import { place, withTime } from "../state/url";
import { TimeControls } from "./time_picker";

const kPages: readonly (readonly [path: string, name: string, keys: string])[] = [
  ["/", "Caches", "g c"],
  ["/dashboards", "Dashboards", "g d"],
  ["/alerts", "Alerts", "g a"],
  ["/targets", "Targets", "g t"],
  ["/query", "Query", "g q"],
];

function current(path: string, page: string): boolean {
  if (page === "/") return path === "/";
  if (page === "/dashboards") return path.startsWith("/dashboard") || path.startsWith("/d/");
  if (page === "/query") return path.startsWith("/query") || path.startsWith("/graph");
  return path.startsWith(page);
}

const kThemeMarks = { auto: "◐", dark: "●", light: "○" };

export function Header(): VNode {
  const path = place.value.path;
  const firing = useLoad(
    "alerts",
    async (abort) => (await alerts(abort)).filter((one) => one.state === "firing").length,
  );
  return (
    <header class="top">
      <a class="skip" href="#main">
        Skip to content
      </a>
      <a class="brand" href={withTime("/")} aria-label="cachescope, caches">
        <span aria-hidden="true" class="brand-mark">
          <i />
          <i />
          <i />
        </span>
        cachescope
      </a>
      <nav aria-label="Pages">
        {kPages.map(([page, name, keys]) => (
          <a href={withTime(page)} title={keys} aria-current={current(path, page) ? "page" : undefined}>
            {name}
            {page === "/alerts" && (firing.data ?? 0) > 0 && (
              <span class="count" aria-label={`${firing.data} firing`}>
                {firing.data}
              </span>
            )}
          </a>
        ))}
      </nav>
      <TimeControls />
      <div class="tools">
        <button
          type="button"
          aria-label={`Colours: ${choice.value}`}
          title={`Colours: ${choice.value} (d)`}
          onClick={nextTheme}
        >
          {kThemeMarks[choice.value]}
        </button>
        <button
          type="button"
          aria-label="Keyboard shortcuts"
          title="Keyboard shortcuts (?)"
          onClick={() => {
            helpOpen.value = true;
          }}
        >
          ?
        </button>
      </div>
    </header>
  );
}
