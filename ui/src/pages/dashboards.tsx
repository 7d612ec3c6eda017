import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { dashboards } from "../api/prometheus";
import { ErrorNotice, Skeleton } from "../components/state";
import { useLoad } from "../state/load";
import { withTime } from "../state/url";

export function DashboardsPage(): VNode {
  const loaded = useLoad("dashboards", dashboards);
  const [filter, setFilter] = useState("");
  const list = loaded.data?.filter((one) =>
    `${one.title} ${one.tags.join(" ")}`.toLowerCase().includes(filter.toLowerCase()),
  );
  return (
    <div class="page narrow">
      <div class="page-head">
        <h1>Dashboards</h1>
        {(loaded.data?.length ?? 0) > 8 && (
          <input
            type="search"
            placeholder="Filter"
            aria-label="Filter dashboards"
            value={filter}
            onInput={(event) => setFilter(event.currentTarget.value)}
          />
        )}
      </div>
      {loaded.error !== undefined && <ErrorNotice what="cannot list dashboards" text={loaded.error} />}
      {list === undefined && loaded.error === undefined && <Skeleton lines={4} />}
      {list !== undefined && list.length === 0 && (
        <p class="muted">No dashboards. Grafana JSON files in the dashboard folder appear here.</p>
      )}
      <ul class="rows">
        {list?.map((one) => (
          <li key={one.uid}>
            {one.error !== "" ? (
              <span>{one.title}</span>
            ) : (
              <a href={withTime(`/d/${encodeURIComponent(one.uid)}`)}>{one.title}</a>
            )}
            <span class="tags">
              {one.tags.map((tag) => (
                <span class="tag">{tag}</span>
              ))}
            </span>
            {one.error !== "" && <span class="wrong">■ {one.error}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}
