import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { changes, drill, receivers, routesFor, type Drill, type Integration, type Receiver } from "../../api/alerting";
import { Ago } from "../../components/ago";
import { AlertFrame } from "../../components/alert_frame";
import { DataTable, type Column } from "../../components/data_table";
import { ErrorNotice, State } from "../../components/state";
import { useSettled } from "../../components/alert_dialogs";
import { parseMatchers } from "../../lib/matchers";
import { formatUnit } from "../../lib/units";
import { useLoad } from "../../state/load";
import { attempt } from "../../state/said";
import { place, setParams } from "../../state/url";

const failing = (one: Integration): boolean => Date.parse(one.lastErrorAt) > (Date.parse(one.lastSentAt) || 0);

const kColumns: readonly Column<Integration>[] = [
  {
    name: "State",
    cell: (one) =>
      !one.supported ? (
        <State tone="unknown">not supported</State>
      ) : failing(one) ? (
        <State tone="bad">failing</State>
      ) : one.sent > 0 ? (
        <State tone="good">works</State>
      ) : (
        <State tone="unknown">not used yet</State>
      ),
  },
  { name: "Integration", cell: (one) => <b>{one.name}</b> },
  { name: "Sent", number: true, cell: (one) => one.sent },
  { name: "Failed", number: true, cell: (one) => one.failed },
  { name: "Last sent", number: true, cell: (one) => <Ago at={one.lastSentAt} none="never" /> },
  {
    name: "Last error",
    cell: (one) =>
      one.lastError !== "" && (
        <span class={failing(one) ? "wrong" : "muted words"}>
          {one.lastError}, <Ago at={one.lastErrorAt} />
        </span>
      ),
  },
];

function ReceiverView({ receiver }: { receiver: Receiver }): VNode {
  const [results, setResults] = useState<readonly Drill[]>([]);
  const [busy, setBusy] = useState(false);
  const send = async (): Promise<void> => {
    setBusy(true);
    setResults([]);
    await attempt(`A drill was sent to ${receiver.name}.`, async () => setResults(await drill(receiver.name)));
    setBusy(false);
  };
  return (
    <section>
      <h2 class="group-head">
        {receiver.name}
        <button
          type="button"
          class="push"
          disabled={busy || receiver.integrations.length === 0}
          aria-label={`Send a drill to ${receiver.name}`}
          onClick={() => void send()}
        >
          {busy ? "Sending…" : "Send a drill"}
        </button>
      </h2>
      {results.map((one) => (
        <p role="status">
          <State tone={one.ok ? "good" : "bad"}>{one.ok ? "arrived" : "failed"}</State> {one.integration} in{" "}
          {formatUnit(one.seconds, "s")} {one.error !== "" && <span class="wrong">{one.error}</span>}
        </p>
      ))}
      {receiver.integrations.length === 0 ? (
        <p class="muted">Tells nobody.</p>
      ) : (
        <DataTable
          label={receiver.name}
          rows={receiver.integrations}
          keyOf={(one) => one.name}
          columns={kColumns}
          fixed
        />
      )}
    </section>
  );
}

function RouteTest(): VNode {
  const text = place.value.query.get("labels") ?? "";
  const matchers = parseMatchers(useSettled(text));
  const labels = (matchers ?? []).map(({ name, value }) => `${name}=${value}`);
  const loaded = useLoad(`route/${labels.join("\n")}`, (abort) => routesFor(labels, abort), {
    enabled: matchers !== undefined,
  });
  return (
    <section>
      <h2>Where would an alert go?</h2>
      <div class="bar">
        <input
          class="wide"
          aria-label="Labels of the alert"
          placeholder='alertname="RedisDown", severity="critical"'
          spellcheck={false}
          value={text}
          onInput={(event) => setParams({ labels: event.currentTarget.value || undefined }, true)}
        />
      </div>
      {matchers === undefined && <p class="wrong">Write labels as severity="critical", cluster="eu".</p>}
      {loaded.error !== undefined && <ErrorNotice what="cannot test the routes" text={loaded.error} />}
      {loaded.data !== undefined && matchers !== undefined && (
        <DataTable
          label="Routes"
          rows={loaded.data}
          keyOf={(one) => one.path}
          columns={[
            { name: "Receiver", cell: (one) => <b>{one.receiver}</b> },
            { name: "Route", cell: (one) => <code>{one.path}</code> },
            { name: "Matchers", cell: (one) => <code class="words">{one.matchers.join(", ") || "all"}</code> },
            { name: "Grouped by", cell: (one) => one.groupBy.join(", ") },
            { name: "Then", cell: (one) => (one.continue ? "goes on" : "stops") },
          ]}
        />
      )}
    </section>
  );
}

export function ReceiversPage(): VNode {
  const loaded = useLoad(`receivers/${changes.value}`, receivers);
  return (
    <AlertFrame title="Receivers" loaded={loaded}>
      {loaded.data?.length === 0 && <p class="muted">No receivers are configured.</p>}
      {(loaded.data ?? []).map((one) => (
        <ReceiverView key={one.name} receiver={one} />
      ))}
      <RouteTest />
    </AlertFrame>
  );
}
