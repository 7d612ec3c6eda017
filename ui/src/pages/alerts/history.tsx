import type { VNode } from "preact";
import { useRef, useState } from "preact/hooks";
import { changes, history, type AlertEvent } from "../../api/alerting";
import { AlertFrame, usePageKeys, useUsualRange } from "../../components/alert_frame";
import { DataTable } from "../../components/data_table";
import { kEventColumns, kKinds } from "../../components/events";
import { useLoad } from "../../state/load";
import { attempt } from "../../state/said";
import { rawRange, span } from "../../state/time";
import { place, setParams } from "../../state/url";

const kPage = 200;

export function HistoryPage(): VNode {
  useUsualRange("now-24h");
  const query = place.value.query;
  const [alertname, kind, fingerprint] = ["alertname", "kind", "fingerprint"].map((name) => query.get(name) ?? "") as [
    string,
    string,
    string,
  ];
  const { fromMs, toMs } = span.value;
  const key = JSON.stringify([rawRange.value, alertname, kind, fingerprint]);
  const params = {
    start: new Date(fromMs).toISOString(),
    end: new Date(toMs).toISOString(),
    limit: kPage,
    ...(kind === "" ? {} : { kind }),
    ...(alertname === "" ? {} : { alertname }),
    ...(fingerprint === "" ? {} : { fingerprint }),
  };
  // What was read stays, so that older pages do not go when the newest is read again.
  const seen = useRef({ key, events: new Map<string, AlertEvent>(), end: false });
  const [, redraw] = useState(0);
  if (seen.current.key !== key) seen.current = { key, events: new Map(), end: false };
  const keep = (events: readonly AlertEvent[]): void => {
    const into = seen.current;
    if (into.key !== key) return;
    if (into.events.size === 0 || !events.some((one) => into.events.has(one.id))) into.end = events.length < kPage;
    for (const one of events) into.events.set(one.id, one);
  };
  const loaded = useLoad(`history/${key}/${changes.value}`, async (abort) => {
    const events = await history(params, abort);
    keep(events);
    return events;
  });
  const events = [...seen.current.events.values()]
    .filter((one) => Date.parse(one.at) >= fromMs)
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  const oldest = Math.min(...events.map((one) => Number(one.id)));
  usePageKeys([
    { keys: "/", what: "Filter", run: () => document.querySelector<HTMLElement>("input[type=search]")?.focus() },
  ]);
  return (
    <AlertFrame title="History" loaded={loaded}>
      <div class="bar">
        <input
          type="search"
          aria-label="Alert name"
          placeholder="Alert name"
          list="names"
          value={alertname}
          onChange={(event) => setParams({ alertname: event.currentTarget.value || undefined })}
        />
        <datalist id="names">
          {[...new Set(events.map((one) => one.alertname))].map((name) => (
            <option value={name} />
          ))}
        </datalist>
        <select
          aria-label="Kind"
          value={kind}
          onChange={(event) => setParams({ kind: event.currentTarget.value || undefined })}
        >
          <option value="">all that happened</option>
          {Object.keys(kKinds).map((name) => (
            <option value={name}>{name}</option>
          ))}
        </select>
        {fingerprint !== "" && (
          <button type="button" onClick={() => setParams({ fingerprint: undefined })}>
            only {fingerprint.slice(0, 8)} ✕
          </button>
        )}
      </div>
      {events.length === 0 ? (
        <p class="muted">Nothing happened in this time range.</p>
      ) : (
        <DataTable label="Events" rows={events} keyOf={(one) => one.id} columns={kEventColumns} />
      )}
      {events.length > 0 && !seen.current.end && (
        <p class="more">
          <button
            type="button"
            onClick={() =>
              void attempt("", async () => {
                const older = await history({ ...params, before: oldest });
                keep(older);
                seen.current.end = older.length < kPage;
                redraw((n) => n + 1);
              })
            }
          >
            Load older
          </button>
        </p>
      )}
    </AlertFrame>
  );
}
