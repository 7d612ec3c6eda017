// One alert as every alert page shows it: its state, why it is silent, its texts, what can be done.

import type { ComponentChildren, VNode } from "preact";
import { unacknowledge, type ActiveAlert, type AlertState } from "../api/alerting";
import { formatDate } from "../lib/dateformat";
import { parseValue } from "../lib/frames";
import { safeUrl } from "../lib/links";
import { formatUnit } from "../lib/units";
import { author } from "../state/author";
import { attempt } from "../state/said";
import { zone } from "../state/time";
import { withTime } from "../state/url";
import { Ago } from "./ago";
import { acknowledging, silenceAlert } from "./alert_dialogs";
import { State, type Tone } from "./state";

/** In the order in which they want attention. */
export const kStates: Record<AlertState, readonly [tone: Tone, mark: string]> = {
  firing: ["bad", "■"],
  pending: ["watch", "▲"],
  acknowledged: ["good", "✓"],
  silenced: ["unknown", "◇"],
  inhibited: ["unknown", "▽"],
  muted: ["unknown", "◌"],
};
export const kOrder = Object.keys(kStates) as AlertState[];

export function AlertStateMark(props: { state: AlertState; children?: ComponentChildren }): VNode {
  const [tone, mark] = kStates[props.state];
  return (
    <State tone={tone} mark={mark}>
      {props.children ?? props.state}
    </State>
  );
}

export function Since(props: { at: string }): VNode | null {
  const time = Date.parse(props.at);
  if (Number.isNaN(time) || time <= 0) return null;
  return (
    <span class="muted">
      since {formatDate(time, Date.now() - time < 86_400_000 ? "HH:mm:ss" : "MM-DD HH:mm", zone.value)},{" "}
      <Ago bare at={props.at} />
    </span>
  );
}

export function Outside(props: { url: string | undefined; children: ComponentChildren }): VNode | null {
  const url = props.url === undefined || props.url === "" ? undefined : safeUrl(props.url);
  if (url === undefined) return null;
  return (
    <a href={url} {...(/^https?:/i.test(url) ? { target: "_blank", rel: "noreferrer noopener" } : {})}>
      {props.children}
    </a>
  );
}

/** Why nobody is told, or who is told next. `others` may hold the alerts it follows from. */
export function Standing({ alert, others }: { alert: ActiveAlert; others: readonly ActiveAlert[] }): VNode {
  const { acknowledged, escalation } = alert;
  return (
    <p class="standing">
      {acknowledged !== undefined && (
        <span>
          ✓ {acknowledged.author || "somebody"} acknowledged <Ago at={acknowledged.at} />
          {acknowledged.comment !== "" && `: ${acknowledged.comment}`}
        </span>
      )}
      {alert.silencedBy.map((id) => (
        <span>
          silenced by <a href={withTime("/alerts/silences", { "edit-silence": id })}>{id.slice(0, 8)}</a>
        </span>
      ))}
      {alert.inhibitedBy.map((id) => (
        <span>
          a consequence of{" "}
          <a href={withTime(`/alerts/${id}`)}>{others.find((one) => one.fingerprint === id)?.name ?? id.slice(0, 8)}</a>
        </span>
      ))}
      {alert.mutedBy.map((name) => (
        <span>muted at these hours by {name}</span>
      ))}
      {escalation !== undefined && escalation.nextAt !== "" && acknowledged === undefined && (
        <span>
          ▲ step {escalation.step} of {escalation.steps}, {escalation.receiver || "the next"} is told{" "}
          <Ago at={escalation.nextAt} />
        </span>
      )}
      {Date.parse(alert.cooldownUntil) > Date.now() && (
        <span>
          cooldown ends <Ago at={alert.cooldownUntil} />
        </span>
      )}
      {alert.flapping && <span>▲ flaps: {alert.transitions} changes</span>}
    </p>
  );
}

export const canAcknowledge = (alert: ActiveAlert): boolean => alert.fingerprint !== "" && alert.state === "firing";

export function Actions({ alert }: { alert: ActiveAlert }): VNode {
  return (
    <span class="actions">
      {canAcknowledge(alert) && (
        <button
          type="button"
          title="Acknowledge (a)"
          onClick={() => {
            acknowledging.value = [alert];
          }}
        >
          Acknowledge
        </button>
      )}
      {alert.acknowledged !== undefined && (
        <button
          type="button"
          onClick={() =>
            void attempt(`${alert.name} is told again.`, () => unacknowledge(alert.fingerprint, author.value))
          }
        >
          Unacknowledge
        </button>
      )}
      <button type="button" title="Silence (s)" onClick={() => silenceAlert(alert)}>
        Silence
      </button>
    </span>
  );
}

export function Value({ text }: { text: string }): VNode | null {
  if (text === "" || text === "NaN") return null;
  return (
    <span title={text}>
      value <b>{formatUnit(parseValue(text), "none")}</b>
    </span>
  );
}
