import type { VNode } from "preact";
import { targets, type Target } from "../api/prometheus";
import { ErrorNotice, LabelList, Skeleton, State, type Tone } from "../components/state";
import { formatDate } from "../lib/dateformat";
import { humanDuration } from "../lib/duration";
import { formatUnit } from "../lib/units";
import { useLoad } from "../state/load";
import { zone } from "../state/time";
import { withTime } from "../state/url";

const kTones: Record<string, Tone> = { up: "good", down: "bad" };

function Ago(props: { at: string }): VNode {
  const time = Date.parse(props.at);
  // A zero time of the server means "never".
  if (Number.isNaN(time) || time <= 0) return <span class="muted">never</span>;
  return (
    <span title={formatDate(time, "YYYY-MM-DD HH:mm:ss", zone.value)}>
      {humanDuration(Math.max(0, Date.now() - time))} ago
    </span>
  );
}

function Row({ target }: { target: Target }): VNode {
  return (
    <tr>
      <td>
        <State tone={kTones[target.health] ?? "unknown"}>{target.health}</State>
      </td>
      <td class="endpoint">
        <span>{target.url}</span>
        {target.lastError !== "" && <div class="wrong">{target.lastError}</div>}
      </td>
      <td>
        <LabelList labels={target.labels} without={["job"]} />
      </td>
      <td class="number">
        <Ago at={target.lastScrape} />
      </td>
      <td class="number">{target.durationS > 0 ? formatUnit(target.durationS, "s") : ""}</td>
      <td class="number">{target.interval}</td>
    </tr>
  );
}

export function TargetsPage(): VNode {
  const loaded = useLoad("targets", targets);
  const active = loaded.data?.active ?? [];
  const pools = [...new Set(active.map((one) => one.pool))].sort();
  const up = active.filter((one) => one.health === "up").length;
  return (
    <div class="page">
      <div class="page-head">
        <h1>Targets</h1>
        {loaded.data !== undefined && (
          <p class="summary">
            <span>
              <b>{up}</b> of {active.length} up
            </span>
            {loaded.data.dropped > 0 && <span>{loaded.data.dropped} dropped by relabelling</span>}
          </p>
        )}
      </div>
      {loaded.error !== undefined && <ErrorNotice what="cannot read targets" text={loaded.error} />}
      {loaded.data === undefined && loaded.error === undefined && <Skeleton lines={5} />}
      {loaded.data !== undefined && active.length === 0 && (
        <p class="muted">
          Nothing is being collected. Connect a cache with <code>cachescope up redis://host:port</code>, or name targets
          in the configuration. <a href={withTime("/")}>Caches</a>
        </p>
      )}
      {pools.map((pool) => {
        const members = active
          .filter((one) => one.pool === pool)
          .sort((a, b) => Number(a.health === "up") - Number(b.health === "up") || a.url.localeCompare(b.url));
        return (
          <section key={pool}>
            <h2>
              {pool}{" "}
              <span class="muted">
                {members.filter((one) => one.health === "up").length} of {members.length} up
              </span>
            </h2>
            <div class="scroll-x">
              <table class="data targets">
                <thead>
                  <tr>
                    <th>State</th>
                    <th>Endpoint</th>
                    <th>Labels</th>
                    <th class="number">Last scrape</th>
                    <th class="number">Took</th>
                    <th class="number">Every</th>
                  </tr>
                </thead>
                <tbody>
                  {members.map((target) => (
                    <Row key={target.url + JSON.stringify(target.labels)} target={target} />
                  ))}
                </tbody>
              </table>
            </div>
          </section>
        );
      })}
    </div>
  );
}
