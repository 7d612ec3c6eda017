import type { VNode } from "preact";
import { formatDate } from "../lib/dateformat";
import { humanDuration } from "../lib/duration";
import { zone } from "../state/time";

/** A time as its distance from now, in full under the pointer; nothing for the zero time, which means "never". */
export function Ago(props: { at: string; none?: string; bare?: boolean }): VNode | null {
  const time = Date.parse(props.at);
  if (Number.isNaN(time) || time <= 0) return props.none === undefined ? null : <span class="muted">{props.none}</span>;
  const delta = Date.now() - time;
  const seconds = Math.round(Math.abs(delta) / 1_000);
  const text = seconds < 10 ? `${seconds}s` : humanDuration(seconds * 1_000);
  return (
    <time dateTime={props.at} title={formatDate(time, "YYYY-MM-DD HH:mm:ss", zone.value)}>
      {props.bare ? text : delta >= 0 ? `${text} ago` : `in ${text}`}
    </time>
  );
}
