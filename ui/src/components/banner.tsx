import type { VNode } from "preact";
import { connection } from "../api/client";
import { formatDate } from "../lib/dateformat";
import { zone } from "../state/time";

/** Says that the daemon does not answer; what is on the page is from before. */
export function Banner(): VNode {
  const now = connection.value;
  return (
    <div aria-live="assertive" role="status">
      {!now.reachable && (
        <div class="banner">
          <b>The daemon does not answer</b> since {formatDate(now.sinceMs, "HH:mm:ss", zone.value)} ({now.cause}).
          Trying again; everything shown here is from before.
        </div>
      )}
    </div>
  );
}
