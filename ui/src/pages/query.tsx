import type { VNode } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { queryInstant } from "../api/prometheus";
import { PanelView } from "../components/panel";
import { ErrorNotice, LabelList, Skeleton } from "../components/state";
import { linePanel } from "../components/threshold_chart";
import { formatDate } from "../lib/dateformat";
import { parseValue } from "../lib/frames";
import { labelsKey } from "../lib/labels";
import { toFixed } from "../lib/units";
import { useLoad } from "../state/load";
import { rawRange, span, zone } from "../state/time";
import { place, setParams } from "../state/url";

const kMostRows = 300;

/** The address of this page, and the one Prometheus writes into alerts. */
function fromAddress(): string {
  return place.value.query.get("expr") ?? place.value.query.get("g0.expr") ?? "";
}

function Values(props: { expr: string }): VNode {
  const timeS = span.value.toMs / 1_000;
  const loaded = useLoad(`query/${props.expr}/${JSON.stringify(rawRange.value)}`, (abort) =>
    queryInstant(props.expr, timeS, abort),
  );
  if (loaded.error !== undefined) return <ErrorNotice what="Query failed" text={loaded.error} />;
  if (loaded.data === undefined) return <Skeleton lines={3} />;
  const { items, warnings } = loaded.data;
  const at = items[0]?.sample[0];
  return (
    <>
      {warnings.map((text) => (
        <p class="wrong">▲ {text}</p>
      ))}
      <h2>
        {items.length} series{" "}
        <span class="muted">
          {at === undefined
            ? "nothing at the end of the time range"
            : `at ${formatDate(at * 1_000, "HH:mm:ss", zone.value)}`}
        </span>
      </h2>
      {items.length > 0 && (
        <div class="scroll-x">
          <table class="data">
            <tbody>
              {items.slice(0, kMostRows).map((item) => (
                <tr key={labelsKey(item.metric, [])}>
                  <td>
                    {item.metric["__name__"] !== undefined && <b>{item.metric["__name__"]} </b>}
                    <LabelList labels={item.metric} />
                  </td>
                  <td class="number" title={item.sample[1]}>
                    {toFixed(parseValue(item.sample[1]), undefined)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {items.length > kMostRows && <p class="muted">The first {kMostRows} are shown.</p>}
    </>
  );
}

export function QueryPage(): VNode {
  const expr = fromAddress();
  const [draft, setDraft] = useState(expr);
  useEffect(() => setDraft(expr), [expr]);
  const panel = useMemo(() => linePanel(expr), [expr]);
  const run = (): void =>
    setParams({ expr: draft.trim() === "" ? undefined : draft.trim(), "g0.expr": undefined, "g0.tab": undefined });
  return (
    <div class="page">
      <div class="page-head">
        <h1>Query</h1>
        <span class="muted">
          PromQL, as sent to <code>/api/v1/query_range</code>
        </span>
      </div>
      <form
        class="query"
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <textarea
          aria-label="PromQL expression"
          rows={Math.min(8, draft.split("\n").length + 1)}
          spellcheck={false}
          autocomplete="off"
          placeholder="rate(redis_commands_processed_total[5m])"
          value={draft}
          onInput={(event) => setDraft(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey) {
              event.preventDefault();
              run();
            }
          }}
        />
        <button type="submit" class="primary" title="Enter runs, Shift+Enter makes a new line">
          Run
        </button>
      </form>
      {expr === "" && <p class="muted">Write an expression and press Enter.</p>}
      {expr !== "" && panel !== undefined && (
        <>
          <div class="query-chart">
            <PanelView key={expr} panel={panel} variables={{}} syncKey={undefined} />
          </div>
          <Values expr={expr} />
        </>
      )}
    </div>
  );
}
