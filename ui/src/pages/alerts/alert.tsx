import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import {
  activeAlerts,
  changes,
  explain,
  history,
  ifThere,
  type ActiveAlert,
  type AlertEvent,
  type Explanation,
} from "../../api/alerting";
import { Ago } from "../../components/ago";
import { acknowledging, silenceAlert } from "../../components/alert_dialogs";
import { AlertFrame, usePageKeys } from "../../components/alert_frame";
import { Actions, AlertStateMark, canAcknowledge, Outside, Since, Standing, Value } from "../../components/alert_view";
import { DataTable } from "../../components/data_table";
import { kEventColumns } from "../../components/events";
import { lazy } from "../../components/lazy";
import { ErrorNotice, LabelList, Skeleton, State } from "../../components/state";
import { formatDate } from "../../lib/dateformat";
import { humanDuration } from "../../lib/duration";
import { parseValue } from "../../lib/frames";
import { formatSeries, labelsKey, selector, type Labels } from "../../lib/labels";
import { formatUnit } from "../../lib/units";
import { useLoad } from "../../state/load";
import { zone } from "../../state/time";
import { withTime } from "../../state/url";

/** The history of one alert reaches back so far. */
const kHistoryMs = 30 * 86_400_000;
const kMostEvents = 50;
/** Around the start of an alert, for links to queries. */
const kAroundMs = 1_800_000;

function around(startMs: number): Record<string, string> {
  return { from: String(startMs - kAroundMs), to: String(Math.min(Date.now(), startMs + kAroundMs)) };
}

const AlertChart = lazy(
  () => import("../drawing"),
  (module) => module.AlertChart,
);

/** Everything that happened near, in order, with its distance from the alert's start. */
function Timeline({ of, name, startMs }: { of: Explanation; name: string; startMs: number }): VNode {
  const rows = [
    { at: startMs, kind: "this alert", what: <b>{name} begins</b> },
    ...of.changes.map((one) => ({ at: Date.parse(one.at), kind: one.kind, what: <>{one.text}</> })),
    ...of.annotations.map((one) => ({ at: Date.parse(one.at), kind: "note", what: <>{one.text}</> })),
    ...of.alerts.map((one) => ({
      at: Date.parse(one.startsAt),
      kind: "alert",
      what: <a href={withTime(`/alerts/${one.fingerprint}`)}>{one.alertname}</a>,
    })),
  ].sort((a, b) => a.at - b.at);
  return (
    <ol class="timeline">
      {rows.map(({ at, kind, what }) => (
        <li>
          <span class="when">{formatDate(at, "HH:mm:ss", zone.value)}</span>
          <span class="when muted">
            {at === startMs ? "" : `${at < startMs ? "−" : "+"}${humanDuration(Math.abs(at - startMs))}`}
          </span>
          <span class="tag">{kind}</span>
          <span>{what}</span>
        </li>
      ))}
    </ol>
  );
}

function exprFor(series: Labels, rate: boolean): string {
  const plain = (series["__name__"] ?? "") + selector(series).replace(/^\{\}$/, "");
  return rate ? `rate(${plain}[5m])` : plain;
}

function Moved({ of, startMs }: { of: Explanation; startMs: number }): VNode {
  const number = (text: string, rate: boolean): string => `${formatUnit(parseValue(text), "short")}${rate ? "/s" : ""}`;
  if (of.moved.length === 0) return <p class="muted">None of the {of.seriesRead} series read moved with it.</p>;
  return (
    <DataTable
      label="Series that moved"
      rows={of.moved}
      keyOf={(one) => labelsKey(one.series, [])}
      columns={[
        {
          name: "Series",
          cell: (one) => (
            <span class="expr">
              <a href={withTime("/query", { expr: exprFor(one.series, one.rate), ...around(startMs) })}>
                {formatSeries(one.series)}
              </a>
            </span>
          ),
        },
        { name: "Before", number: true, cell: (one) => number(one.before, one.rate) },
        { name: "After", number: true, cell: (one) => <b>{number(one.after, one.rate)}</b> },
        {
          name: "Began",
          number: true,
          cell: (one) => <span class="when">{formatDate(Date.parse(one.onset), "HH:mm:ss", zone.value)}</span>,
        },
      ]}
    />
  );
}

function Explained({ alert }: { alert: ActiveAlert }): VNode {
  const { fingerprint } = alert;
  const loaded = useLoad(
    `explain/${fingerprint}`,
    (abort) => ifThere<Explanation | string>(explain(fingerprint, abort), (why) => why),
    { once: true },
  );
  const { data } = loaded;
  const startMs = Date.parse(alert.startsAt);
  if (loaded.error !== undefined) return <ErrorNotice what="Cannot explain it" text={loaded.error} />;
  if (data === undefined) return <Skeleton lines={5} />;
  if (typeof data === "string") return <p class="muted">It cannot be explained: {data}.</p>;
  return (
    <>
      <section>
        <h2>Its values</h2>
        {data.points.length > 0 ? (
          <AlertChart
            expr={data.query}
            threshold={data.threshold === "" ? undefined : parseValue(data.threshold)}
            points={data.points}
            startMs={startMs}
          />
        ) : (
          <p class="muted">The expression has no values in the last hour.</p>
        )}
        <p class="expr">
          <a href={withTime("/query", { expr: data.query, ...around(startMs) })}>
            {data.query} {data.comparison} {data.threshold}
          </a>
        </p>
      </section>
      <section>
        <h2>At the same time</h2>
        <Timeline of={data} name={alert.name} startMs={startMs} />
        {data.changes.length + data.annotations.length + data.alerts.length === 0 && (
          <p class="muted">No restart, reload, note or other alert is near.</p>
        )}
      </section>
      <section>
        <h2>
          Moved with it{" "}
          <span class="muted">
            {data.seriesRead} series read{data.seriesCut ? ", there are more" : ""}
          </span>
        </h2>
        <Moved of={data} startMs={startMs} />
      </section>
      {data.runbook !== "" && alert.annotations["runbook_url"] === undefined && (
        <section>
          <h2>What to do</h2>
          <Outside url={data.runbook}>{data.runbook}</Outside>
        </section>
      )}
    </>
  );
}

function Header(props: { alert: ActiveAlert; others: readonly ActiveAlert[]; over: boolean }): VNode {
  const { alert, others } = props;
  const { summary, description, runbook_url: runbook, ...rest } = alert.annotations;
  return (
    <div class="alert-top">
      {summary !== undefined && <p class="lead">{summary}</p>}
      {description !== undefined && <p class="alert-description">{description}</p>}
      {Object.entries(rest).map(([name, text]) => (
        <p class="alert-description">
          <b>{name}</b> {text}
        </p>
      ))}
      <Standing alert={alert} others={others} />
      <footer>
        <LabelList labels={alert.labels} without={["alertname"]} />
        <span class="actions push">
          <Outside url={runbook}>What to do</Outside>
          {!props.over && <Actions alert={alert} />}
        </span>
      </footer>
    </div>
  );
}

/** Who is told, and when each last was. */
function Told({ alert, events }: { alert: ActiveAlert; events: readonly AlertEvent[] }): VNode {
  const told = events.filter((one) => one.kind === "notified");
  return (
    <section>
      <h2>Who is told</h2>
      {alert.receivers.map((name) => {
        const last = told.find((one) => one.details["receiver"] === name);
        return (
          <p>
            <b>{name}</b>{" "}
            {last === undefined ? (
              <span class="muted">not yet</span>
            ) : (
              <>
                <Ago at={last.at} /> {last.details["ok"] === false && <State tone="bad">not delivered</State>}
              </>
            )}
          </p>
        );
      })}
    </section>
  );
}

/** One alert: what it says, what happened near, what became of it. */
export function AlertPage({ fingerprint }: { fingerprint: string }): VNode {
  const loaded = useLoad(`alert/${fingerprint}/${changes.value}`, activeAlerts);
  const past = useLoad(`past/${fingerprint}/${changes.value}`, (abort) =>
    history({ fingerprint, limit: kMostEvents, start: new Date(Date.now() - kHistoryMs).toISOString() }, abort),
  );
  const active = loaded.data?.find((one) => one.fingerprint === fingerprint);
  // Who looks at it while it resolves goes on reading.
  const last = useRef(active);
  if (active !== undefined) last.current = active;
  const alert = last.current;
  const events = past.data ?? [];
  const name = alert?.name ?? events[0]?.alertname ?? `Alert ${fingerprint.slice(0, 8)}`;
  useEffect(() => {
    document.title = `${name} · cachescope`;
  }, [name]);
  usePageKeys([
    {
      keys: "a",
      what: "Acknowledge it",
      run: () => {
        if (active !== undefined && canAcknowledge(active)) acknowledging.value = [active];
      },
    },
    { keys: "s", what: "Silence it", run: () => active !== undefined && silenceAlert(active) },
  ]);
  return (
    <AlertFrame
      title={name}
      loaded={loaded}
      head={
        active === undefined ? (
          loaded.data !== undefined && <State tone="good">not firing</State>
        ) : (
          <>
            <AlertStateMark state={active.state} />
            <Value text={active.value} />
            <Since at={active.startsAt} />
          </>
        )
      }
    >
      {alert !== undefined && (
        <>
          <Header alert={alert} others={loaded.data ?? []} over={active === undefined} />
          <Explained alert={alert} />
          <Told alert={alert} events={events} />
        </>
      )}
      <section>
        <h2>
          History <a href={`/alerts/history?from=now-30d&fingerprint=${fingerprint}`}>of 30 days</a>
        </h2>
        {past.error !== undefined && <ErrorNotice what="cannot read its history" text={past.error} />}
        {events.length === 0 ? (
          <p class="muted">Nothing is noted.</p>
        ) : (
          <DataTable
            label="History"
            rows={events}
            keyOf={(one) => one.id}
            columns={kEventColumns.filter((one) => one.name !== "Alert")}
          />
        )}
      </section>
    </AlertFrame>
  );
}
