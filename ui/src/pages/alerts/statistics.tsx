import type { VNode } from "preact";
import { statistics } from "../../api/alerting";
import { Ago } from "../../components/ago";
import { AlertFrame, useUsualRange } from "../../components/alert_frame";
import { DataTable, type Column } from "../../components/data_table";
import { humanDuration } from "../../lib/duration";
import { useLoad } from "../../state/load";
import { rawRange, span } from "../../state/time";
import { withTime } from "../../state/url";

type One = Awaited<ReturnType<typeof statistics>>["alerts"][number];

const took = (seconds: unknown): string => (typeof seconds === "number" ? humanDuration(seconds * 1_000) : "–");
const count = (name: string, of: (one: One) => number): Column<One> => ({
  name,
  number: true,
  by: of,
  cell: (one) => of(one) || <span class="muted">0</span>,
});
const time = (name: string, of: (one: One) => number | null): Column<One> => ({
  name,
  number: true,
  by: (one) => of(one) ?? -1,
  cell: (one) => took(of(one)),
});

const kColumns: readonly Column<One>[] = [
  {
    name: "Alert",
    by: (one) => one.alertname.toLowerCase(),
    cell: (one) => <a href={withTime("/alerts/history", { alertname: one.alertname })}>{one.alertname}</a>,
  },
  count("Fired", (one) => one.fired),
  time("Firing for", (one) => one.firingSeconds),
  time("To acknowledge", (one) => one.meanSecondsToAcknowledge),
  time("To resolve", (one) => one.meanSecondsToResolve),
  count("Pages", (one) => one.pages),
  count("At night", (one) => one.nightPages),
  count("Flaps", (one) => one.flaps),
  count("Never acknowledged", (one) => one.neverAcknowledged),
  {
    name: "Last",
    number: true,
    by: (one) => Date.parse(one.lastFiredAt) || 0,
    cell: (one) => <Ago at={one.lastFiredAt} />,
  },
];

export function StatisticsPage(): VNode {
  useUsualRange("now-7d");
  const { fromMs, toMs } = span.value;
  const loaded = useLoad(`statistics/${JSON.stringify(rawRange.value)}`, (abort) =>
    statistics({ start: new Date(fromMs).toISOString(), end: new Date(toMs).toISOString() }, abort),
  );
  const { data } = loaded;
  return (
    <AlertFrame title="Statistics" loaded={loaded}>
      {data !== undefined && (
        <>
          <dl class="totals">
            {(
              [
                ["fired", data.total.fired],
                ["pages", data.total.pages],
                ["pages at night", data.total.nightPages],
                ["mean to acknowledge", took(data.total.meanSecondsToAcknowledge)],
                ["mean to resolve", took(data.total.meanSecondsToResolve)],
              ] as const
            ).map(([name, value]) => (
              <div>
                <dt class="figure-label">{name}</dt>
                <dd class="figure-value">{value}</dd>
              </div>
            ))}
          </dl>
          {data.alerts.length === 0 ? (
            <p class="muted">Nothing fired in this time range.</p>
          ) : (
            <DataTable
              label="Per alert"
              // The noisiest first, whatever else it is sorted by.
              rows={[...data.alerts].sort((a, b) => b.pages - a.pages || b.fired - a.fired)}
              keyOf={(one) => one.alertname}
              columns={kColumns}
              sort="-Pages"
            />
          )}
        </>
      )}
    </AlertFrame>
  );
}
