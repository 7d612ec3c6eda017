import type { VNode } from "preact";
import { helpOpen, kShortcuts, pageShortcuts } from "../state/shortcuts";
import { Dialog } from "./dialog";

export function Help(): VNode {
  return (
    <Dialog
      title="Keyboard shortcuts"
      open={helpOpen.value}
      onClose={() => {
        helpOpen.value = false;
      }}
    >
      <dl class="keys">
        {[...kShortcuts, ...pageShortcuts.value].map((one) => (
          <div>
            <dt>
              {one.keys.split(" ").map((key) => (
                <kbd>{key}</kbd>
              ))}
            </dt>
            <dd>{one.what}</dd>
          </div>
        ))}
      </dl>
      <p class="muted">
        On a chart: drag to zoom in, double-click to zoom out. In a legend: click shows one series alone, Ctrl+click
        hides or shows it.
      </p>
    </Dialog>
  );
}
