// Dark or light: the system's choice until the reader makes one.

import { computed, effect, signal } from "@preact/signals";
import type { Theme } from "../lib/colors";
import { place } from "./url";

export type Choice = Theme | "auto";

const kKey = "cachescope.theme";

function stored(): Choice {
  try {
    const text = window.localStorage.getItem(kKey);
    return text === "dark" || text === "light" ? text : "auto";
  } catch {
    return "auto";
  }
}

const media = window.matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(media.matches);
media.addEventListener("change", (event) => {
  systemDark.value = event.matches;
});

export const choice = signal<Choice>(stored());

export const theme = computed<Theme>(() => {
  const fromUrl = place.value.query.get("theme");
  if (fromUrl === "dark" || fromUrl === "light") return fromUrl;
  return choice.value === "auto" ? (systemDark.value ? "dark" : "light") : choice.value;
});

/** Goes auto → dark → light → auto. */
export function nextTheme(): void {
  choice.value = choice.value === "auto" ? "dark" : choice.value === "dark" ? "light" : "auto";
  try {
    window.localStorage.setItem(kKey, choice.value);
  } catch {
    // Storage may be switched off; the choice then lasts as long as the page.
  }
}

effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
});
