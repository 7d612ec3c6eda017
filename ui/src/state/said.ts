// What was just done, or why not: one line for everybody, also for those who listen.

import { signal } from "@preact/signals";

export const said = signal("");

/** Runs a change; tells how it went. */
export async function attempt(done: string, run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run();
    said.value = done;
    return true;
  } catch (cause) {
    said.value = `■ ${cause instanceof Error ? cause.message : String(cause)}`;
    return false;
  }
}
