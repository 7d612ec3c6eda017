// What happened to alerts, one event a row.

import type { VNode } from "preact";
import type { AlertEvent } from "../api/alerting";
import { formatDate } from "../lib/dateformat";
import { zone } from "../state/time";
import { withTime } from "../state/url";
import type { Column } from "./data_table";
import { LabelList, State, type Tone } from "./state";

export const kKinds: Record<string, readonly [tone: Tone, mark: string]> = {
  firing: ["bad", "■"],
  resolved: ["good", "●"],
  notified: ["unknown", "→"],
  acknowledged: ["good", "✓"],
  unacknowledged: ["watch", "▲"],
  escalated: ["watch", "▲"],
  suppressed: ["unknown", "◇"],
  unsuppressed: ["watch", "▲"],
  annotation: ["unknown", "○"],
};

const text = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value));

/** The words in plain, the rest as names with values. */
export function Details({ event }: { event: AlertEvent }): VNode {
  const { comment, text: note, ...rest } = event.details;
  const shown = Object.entries(rest).filter(([, value]) => value !== "" && value !== null);
  return (
    <div class="details">
      {[comment, note].map((one) => one !== undefined && one !== "" && <span class="words">{text(one)} </span>)}
      <LabelList labels={Object.fromEntries(shown.map(([name, value]) => [name, text(value)]))} />
    </div>
  );
}

export const kEventColumns: readonly Column<AlertEvent>[] = [
  {
    name: "Time",
    cell: (one) => <span class="when">{formatDate(Date.parse(one.at), "MM-DD HH:mm:ss", zone.value)}</span>,
  },
  {
    name: "What",
    cell: (one) => {
      const [tone, mark] = kKinds[one.kind] ?? ["unknown", "○"];
      return (
        <State tone={tone} mark={mark}>
          {one.kind}
        </State>
      );
    },
  },
  {
    name: "Alert",
    cell: (one) =>
      one.fingerprint === "" ? one.alertname : <a href={withTime(`/alerts/${one.fingerprint}`)}>{one.alertname}</a>,
  },
  { name: "Details", cell: (one) => <Details event={one} /> },
];
