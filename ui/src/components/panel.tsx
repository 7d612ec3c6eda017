// The frame around a chart: title, query, loading, errors, notices. Asks only while it can be seen.

import { Component, type ComponentChildren, type VNode } from "preact";
import { runPanel, type PanelData } from "../api/panel";
import { kCharts } from "../charts/registry";
import type { Panel } from "../lib/dashboard";
import { interpolate, textVariable, type Variables } from "../lib/interpolate";
import { isRelative } from "../lib/datemath";
import { useLoad } from "../state/load";
import { scrapeMs } from "../state/source";
import { theme } from "../state/theme";
import { rawRange, span, zone } from "../state/time";
import { place, setParams, withTime } from "../state/url";
import { useBox } from "./use_box";

export interface PanelProps {
  panel: Panel;
  variables: Variables;
  syncKey: string | undefined;
  /** Without a frame of its own. */
  bare?: boolean;
}

/** A chart that fails takes down its own panel only. */
class Guard extends Component<
  { of: unknown; children: ComponentChildren },
  { failure: string | undefined; of: unknown }
> {
  override state = { failure: undefined as string | undefined, of: undefined as unknown };
  static override getDerivedStateFromProps(
    props: { of: unknown },
    state: { of: unknown },
  ): { failure: undefined; of: unknown } | null {
    return props.of === state.of ? null : { failure: undefined, of: props.of };
  }
  override componentDidCatch(cause: unknown): void {
    this.setState({ failure: cause instanceof Error ? cause.message : String(cause) });
  }
  override render(): ComponentChildren {
    return this.state.failure === undefined ? (
      this.props.children
    ) : (
      <PanelError text={`cannot draw panel: ${this.state.failure}`} />
    );
  }
}

function PanelError(props: { text: string }): VNode {
  return (
    <div class="panel-error" role="alert">
      <span>{props.text}</span>
    </div>
  );
}

function Notice(props: { children: ComponentChildren }): VNode {
  return (
    <div class="panel-notice">
      <span>{props.children}</span>
    </div>
  );
}

const kEmpty: PanelData = { series: [], tables: [], warnings: [], errors: [], fromMs: 0, toMs: 1, sent: [] };

function foreignSource(panel: Panel, variables: Variables): string | undefined {
  const own = ["prometheus", "datasource", "grafana", "-- Mixed --", "mixed"];
  const types = [panel.datasourceType, ...panel.targets.map((target) => target.datasourceType)]
    .filter((type): type is string => type !== undefined && type !== "")
    .map((type) => interpolate(type, variables, "text"));
  return types.find((type) => !own.includes(type) && !type.startsWith("$"));
}

function Body(
  props: PanelProps & {
    data: PanelData | undefined;
    error: string | undefined;
    loading: boolean;
    width: number;
    height: number;
  },
): VNode {
  const { panel, data, error } = props;
  if (panel.libraryPanel !== undefined && panel.type === "")
    return <Notice>Library panel “{panel.libraryPanel}” is not part of this dashboard's file.</Notice>;
  const chart = kCharts[panel.type];
  if (chart === undefined)
    return (
      <Notice>
        Panel type <code>{panel.type || "(none)"}</code> cannot be drawn here.
      </Notice>
    );
  const foreign = chart.queries ? foreignSource(panel, props.variables) : undefined;
  if (foreign !== undefined)
    return (
      <Notice>
        Data source <code>{foreign}</code> is not available.
      </Notice>
    );
  if (chart.queries && error !== undefined && (data === undefined || data.series.length + data.tables.length === 0))
    return <PanelError text={error} />;
  if (chart.queries && data === undefined)
    return props.loading ? (
      <div class="panel-loading" role="status" aria-label="Loading" />
    ) : (
      <div class="empty">No data</div>
    );
  if (props.width === 0 || props.height === 0) return <div />;
  const Chart = chart.component;
  return (
    <Guard of={data}>
      <Chart
        panel={panel}
        data={data ?? kEmpty}
        width={props.width}
        height={props.height}
        theme={theme.value}
        zone={zone.value}
        variables={props.variables}
        syncKey={props.syncKey}
      />
    </Guard>
  );
}

export function PanelView(props: PanelProps): VNode {
  const { panel } = props;
  const { ref, box, visible } = useBox<HTMLDivElement>();
  const { fromMs, toMs } = span.value;
  const scoped: Variables = {
    ...props.variables,
    ...Object.fromEntries(Object.entries(panel.scope).map(([name, value]) => [name, textVariable(value)])),
  };
  const width = Math.ceil(box.width / 50) * 50;
  const queries = kCharts[panel.type]?.queries === true && foreignSource(panel, scoped) === undefined;
  const key = queries
    ? JSON.stringify([panel.key, rawRange.value, zone.value, width, scrapeMs.value, scoped, panel.targets])
    : "none";
  const loaded = useLoad<PanelData>(
    key,
    (abort) =>
      runPanel(
        {
          panel,
          variables: scoped,
          fromMs,
          toMs,
          zone: zone.value,
          width,
          scrapeMs: scrapeMs.value,
          relative: isRelative(rawRange.value.to),
        },
        abort,
      ),
    { enabled: queries && visible && width > 0 },
  );
  const title = interpolate(panel.title, scoped, "text");
  const trouble = [loaded.error, ...(loaded.data?.errors ?? [])].filter((text): text is string => text !== undefined);
  const warnings = loaded.data?.warnings ?? [];
  const override =
    panel.hideTimeOverride || (panel.timeFrom === undefined && panel.timeShift === undefined)
      ? ""
      : [
          panel.timeFrom === undefined ? "" : `last ${panel.timeFrom}`,
          panel.timeShift === undefined ? "" : `shifted ${panel.timeShift}`,
        ]
          .filter(Boolean)
          .join(", ");
  const first = loaded.data?.sent[0];
  const alone = place.value.query.get("viewPanel") === String(panel.id);
  return (
    <section class={panel.transparent || props.bare === true ? "panel bare" : "panel"} aria-label={title || panel.type}>
      {(title !== "" || trouble.length > 0 || panel.description !== "") && (
        <header class="panel-head">
          <h3 title={title}>{title}</h3>
          {panel.description !== "" && (
            <button
              type="button"
              class="hint"
              aria-label={panel.description}
              data-tip={interpolate(panel.description, scoped, "text")}
            >
              i
            </button>
          )}
          {override !== "" && <span class="muted">{override}</span>}
          {warnings.length > 0 && (
            <button type="button" class="hint warn" aria-label={warnings.join("; ")} data-tip={warnings.join("\n")}>
              !
            </button>
          )}
          {trouble.length > 0 && (
            <button type="button" class="hint bad" aria-label={trouble.join("; ")} data-tip={trouble.join("\n")}>
              !
            </button>
          )}
          <span class="panel-tools">
            {first !== undefined && (
              <a
                href={withTime("/query", { expr: first })}
                title="Open the query"
                aria-label={`Open the query of ${title}`}
              >
                ƒ
              </a>
            )}
            {props.bare !== true && (
              <button
                type="button"
                title={alone ? "Back to all panels" : "Show alone"}
                aria-label={`${alone ? "Show all panels" : "Show alone"}: ${title}`}
                onClick={() => setParams({ viewPanel: alone ? undefined : String(panel.id) })}
              >
                {alone ? "⤡" : "⤢"}
              </button>
            )}
          </span>
          {loaded.loading && loaded.data !== undefined && <span class="busy" aria-hidden="true" />}
        </header>
      )}
      <div class="panel-body" ref={ref}>
        {box.seen && (
          <Body
            {...props}
            variables={scoped}
            data={loaded.data}
            error={trouble[0]}
            loading={loaded.loading}
            width={box.width}
            height={box.height}
          />
        )}
      </div>
    </section>
  );
}
