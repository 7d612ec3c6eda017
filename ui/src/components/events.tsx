// What happened to alerts, one event a row.

import type { VNode } from "preact";
import type { AlertEvent } from "../api/alerting";
import { formatDate } from "../lib/dateformat";
import { asObject } from "../lib/json";
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
  annotation: ["unknown", "○"],
};

const text = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value));

/** The words in plain, the rest as names with values; without what the row says itself. */
export function Details({ event }: { event: AlertEvent }): VNode {
  const { comment, text: note, why, reason, labels, ...more } = event.details;
  const shown = { ...asObject(labels), ...more };
  const without = ["alertname", "startsAt", "endsAt", "ok", "begins", "lead", "notification"];
  return (
    <div class="details">
      {[comment, note, why, reason].map((one) => one !== undefined && one !== "" && <span>{text(one)} </span>)}
      <LabelList
        labels={Object.fromEntries(
          Object.entries(shown)
            .filter(([, value]) => value !== "" && value !== null)
            .map(([name, value]) => [name, text(value)]),
        )}
        without={without}
      />
    </div>
  );
}

/** A notification may have failed, and a suppression have ended. */
function What({ event }: { event: AlertEvent }): VNode {
  const [tone, mark] = kKinds[event.kind] ?? ["unknown", "○"];
  const { ok, begins } = event.details;
  if (ok === false) return <State tone="bad">not {event.kind}</State>;
  if (begins === false) return <State tone="watch">not {event.kind}</State>;
  return (
    <State tone={tone} mark={mark}>
      {event.kind}
    </State>
  );
}

export const kEventColumns: readonly Column<AlertEvent>[] = [
  {
    name: "Time",
    cell: (one) => <span class="when">{formatDate(Date.parse(one.at), "MM-DD HH:mm:ss", zone.value)}</span>,
  },
  {
    name: "What",
    cell: (one) => <What event={one} />,
  },
  {
    name: "Alert",
    cell: (one) =>
      one.fingerprint === "" ? one.alertname : <a href={withTime(`/alerts/${one.fingerprint}`)}>{one.alertname}</a>,
  },
  { name: "Details", cell: (one) => <Details event={one} /> },
];
