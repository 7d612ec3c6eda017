// Who acknowledges and silences here: asked for once, then remembered by the browser.

import { signal } from "@preact/signals";

const kKey = "cachescope.author";

function stored(): string {
  try {
    return window.localStorage.getItem(kKey) ?? "";
  } catch {
    return "";
  }
}

export const author = signal(stored());

export function setAuthor(name: string): void {
  author.value = name;
  try {
    window.localStorage.setItem(kKey, name);
  } catch {
    // Storage may be switched off; the name then lasts as long as the page.
  }
}
