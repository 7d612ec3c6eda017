import type { VNode } from "preact";
import { alerts as loadAlerts, rules as loadRules, type Alert, type Rule } from "../api/prometheus";
import { ErrorNotice, LabelList, Skeleton, State, type Tone } from "../components/state";
import { formatDate } from "../lib/dateformat";
import { humanDuration } from "../lib/duration";
import { labelsKey } from "../lib/labels";
import { safeUrl } from "../lib/markdown";
import { parseValue } from "../lib/frames";
import { formatUnit } from "../lib/units";
import { useLoad } from "../state/load";
import { zone } from "../state/time";
import { withTime } from "../state/url";

interface Active {
  alert: Alert;
  rule: Rule | undefined;
}

interface Loaded {
  rules: Rule[];
  active: Active[];
}

/** Alerts of the rules, and those only the alert list knows. */
async function load(abort: AbortSignal): Promise<Loaded> {
  const [rules, alerts] = await Promise.all([loadRules(abort), loadAlerts(abort)]);
  const alerting = rules.filter((rule) => rule.kind === "alerting");
  const active: Active[] = alerting.flatMap((rule) => rule.alerts.map((alert) => ({ alert, rule })));
  const known = new Set(active.map(({ alert }) => labelsKey(alert.labels)));
  for (const alert of alerts) if (!known.has(labelsKey(alert.labels))) active.push({ alert, rule: undefined });
  active.sort(
    (a, b) => Date.parse(b.alert.activeAt) - Date.parse(a.alert.activeAt) || a.alert.name.localeCompare(b.alert.name),
  );
  return { rules, active };
}

const kTones: Record<string, Tone> = { firing: "bad", pending: "watch", inactive: "good" };

function Since(props: { at: string }): VNode | null {
  const time = Date.parse(props.at);
  if (Number.isNaN(time) || time <= 0) return null;
  return (
    <span title={formatDate(time, "YYYY-MM-DD HH:mm:ss", zone.value)}>
      since {formatDate(time, "HH:mm:ss", zone.value)}, {humanDuration(Math.max(0, Date.now() - time))}
    </span>
  );
}

/** What other annotations there are, after the two that are shown in full. */
function Annotations(props: { alert: Alert }): VNode {
  const { summary, description, runbook_url: runbook, ...rest } = props.alert.annotations;
  const url = runbook === undefined ? undefined : safeUrl(runbook);
  return (
    <>
      {summary !== undefined && <p class="alert-summary">{summary}</p>}
      {description !== undefined && <p class="alert-description">{description}</p>}
      {Object.entries(rest).map(([name, text]) => (
        <p class="alert-description">
          <b>{name}</b> {text}
        </p>
      ))}
      {url !== undefined && (
        <p>
          <a href={url} {...(/^https?:/.test(url) ? { target: "_blank", rel: "noreferrer noopener" } : {})}>
            What to do
          </a>
        </p>
      )}
    </>
  );
}

function AlertView({ alert, rule }: Active): VNode {
  const severity = alert.labels["severity"];
  return (
    <article class={`alert ${kTones[alert.state] ?? "unknown"}`} aria-label={`${alert.name}, ${alert.state}`}>
      <header>
        <State tone={kTones[alert.state] ?? "unknown"}>{alert.state}</State>
        <h3>{alert.name}</h3>
        {severity !== undefined && <span class="tag">{severity}</span>}
        <span class="muted push">
          <Since at={alert.activeAt} />
        </span>
      </header>
      <Annotations alert={alert} />
      <footer>
        {alert.value !== "" && (
          <span>
            value <b>{formatUnit(parseValue(alert.value), "none")}</b>
          </span>
        )}
        <LabelList labels={alert.labels} without={["alertname", "severity"]} />
        {rule !== undefined && (
          <a class="push expr" href={withTime("/query", { expr: rule.query })} title={rule.query}>
            {rule.query}
          </a>
        )}
      </footer>
    </article>
  );
}

function RuleRow({ rule }: { rule: Rule }): VNode {
  return (
    <tr>
      <td>
        <State tone={rule.health === "err" ? "bad" : (kTones[rule.state] ?? "unknown")}>
          {rule.health === "err" ? "broken" : rule.state}
        </State>
      </td>
      <td>
        <b>{rule.name}</b>
        {rule.labels["severity"] !== undefined && (
          <>
            {" "}
            <span class="tag">{rule.labels["severity"]}</span>
          </>
        )}
        {rule.lastError !== "" && <div class="wrong">{rule.lastError}</div>}
      </td>
      <td class="expr">
        <a href={withTime("/query", { expr: rule.query })}>{rule.query}</a>
      </td>
      <td class="number">{rule.durationS > 0 ? `for ${humanDuration(rule.durationS * 1_000)}` : ""}</td>
    </tr>
  );
}

function Group(props: { title: string; items: readonly Active[]; none: string }): VNode {
  return (
    <section>
      <h2>
        {props.title} <span class="muted">{props.items.length}</span>
      </h2>
      {props.items.length === 0 ? (
        <p class="muted">{props.none}</p>
      ) : (
        props.items.map((one) => <AlertView key={labelsKey(one.alert.labels)} {...one} />)
      )}
    </section>
  );
}

export function AlertsPage(): VNode {
  const loaded = useLoad("alerts page", load);
  const data = loaded.data;
  const alerting = data?.rules.filter((rule) => rule.kind === "alerting") ?? [];
  const quiet = alerting
    .filter((rule) => rule.alerts.length === 0)
    .sort((a, b) => Number(b.health === "err") - Number(a.health === "err"));
  const recording = data?.rules.filter((rule) => rule.kind === "recording") ?? [];
  return (
    <div class="page">
      <div class="page-head">
        <h1>Alerts</h1>
        {data !== undefined && (
          <p class="summary">
            <span>{alerting.length} alerting rules</span>
            <span>{recording.length} recording rules</span>
          </p>
        )}
      </div>
      {loaded.error !== undefined && <ErrorNotice what="cannot read rules" text={loaded.error} />}
      {data === undefined && loaded.error === undefined && <Skeleton lines={5} />}
      {data !== undefined && alerting.length === 0 && <p class="muted">No alerting rules are loaded.</p>}
      {data !== undefined && (
        <>
          <Group
            title="Firing"
            items={data.active.filter(({ alert }) => alert.state === "firing")}
            none="Nothing is firing."
          />
          <Group
            title="Pending"
            items={data.active.filter(({ alert }) => alert.state === "pending")}
            none="Nothing is pending."
          />
          {quiet.length > 0 && (
            <section>
              <h2>
                Inactive <span class="muted">{quiet.length}</span>
              </h2>
              <div class="scroll-x">
                <table class="data rules">
                  <thead>
                    <tr>
                      <th>State</th>
                      <th>Rule</th>
                      <th>Expression</th>
                      <th />
                    </tr>
                  </thead>
                  <tbody>
                    {quiet.map((rule) => (
                      <RuleRow key={`${rule.file}/${rule.group}/${rule.name}/${rule.query}`} rule={rule} />
                    ))}
                  </tbody>
                </table>
              </div>
            </section>
          )}
          {recording.length > 0 && (
            <details>
              <summary>Recording rules ({recording.length})</summary>
              <div class="scroll-x">
                <table class="data rules">
                  <tbody>
                    {recording.map((rule) => (
                      <tr key={`${rule.group}/${rule.name}/${rule.query}`}>
                        <td>
                          {rule.health === "err" ? <State tone="bad">broken</State> : <State tone="good">ok</State>}
                        </td>
                        <td>
                          <a href={withTime("/query", { expr: rule.name })}>{rule.name}</a>
                          {rule.lastError !== "" && <div class="wrong">{rule.lastError}</div>}
                        </td>
                        <td class="expr">
                          <a href={withTime("/query", { expr: rule.query })}>{rule.query}</a>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            </details>
          )}
        </>
      )}
    </div>
  );
}
