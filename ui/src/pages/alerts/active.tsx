import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import { activeAlerts, alertGroups, changes, type ActiveAlert, type AlertState } from "../../api/alerting";
import { acknowledging, silenceAlert, startSilence } from "../../components/alert_dialogs";
import { AlertFrame, usePageKeys } from "../../components/alert_frame";
import {
  Actions,
  AlertStateMark,
  canAcknowledge,
  kOrder,
  kStates,
  Outside,
  Since,
  Standing,
  Value,
} from "../../components/alert_view";
import { LabelList } from "../../components/state";
import { formatLabels, labelsKey, type Labels } from "../../lib/labels";
import { filterTest, matcherText } from "../../lib/matchers";
import { useLoad } from "../../state/load";
import { navigate, place, setParams, withTime } from "../../state/url";

/** The group names that are no label: one name for all alike, and the groups that are told together. */
const kByName = "alertname";
const kAsTold = "as told";
const kMostDrawn = 300;

interface Group {
  title: string;
  /** What a silence for the whole group would match. */
  labels: Labels;
  alerts: ActiveAlert[];
}

function AlertRow(props: { alert: ActiveAlert; others: readonly ActiveAlert[]; without: readonly string[] }): VNode {
  const { alert, without } = props;
  const { severity } = alert.labels;
  const { summary, description, runbook_url: runbook } = alert.annotations;
  const href = withTime(`/alerts/${alert.fingerprint}`);
  const title = alert.name || "(no name)";
  return (
    <article
      class={`alert ${kStates[alert.state][0]}`}
      tabIndex={-1}
      data-id={alert.fingerprint || labelsKey(alert.labels)}
      aria-label={`${title}, ${alert.state}`}
    >
      <header>
        <AlertStateMark state={alert.state} />
        <h3>{alert.fingerprint === "" ? title : <a href={href}>{title}</a>}</h3>
        {severity !== undefined && <span class="tag">{severity}</span>}
        <Value text={alert.value} />
        <span class="push">
          <Since at={alert.startsAt} />
        </span>
      </header>
      {(summary ?? description) !== undefined && <p class="alert-summary">{summary ?? description}</p>}
      {summary !== undefined && description !== undefined && <p class="alert-description">{description}</p>}
      <Standing alert={alert} others={props.others} />
      <footer>
        <LabelList labels={alert.labels} without={["severity", ...without]} />
        <span class="actions push">
          {alert.fingerprint !== "" && (
            <a href={href} title="Why (e)">
              Why
            </a>
          )}
          <Outside url={runbook}>What to do</Outside>
          <Actions alert={alert} />
        </span>
      </footer>
    </article>
  );
}

async function load(asTold: boolean, abort: AbortSignal): Promise<{ alerts: ActiveAlert[]; told: Group[] }> {
  const [alerts, groups] = await Promise.all([activeAlerts(abort), asTold ? alertGroups(abort) : []]);
  const told = groups.map(({ labels, receiver, fingerprints }) => ({
    title: `${receiver} ${Object.keys(labels).length === 0 ? "" : formatLabels(labels)}`,
    labels,
    alerts: alerts.filter((one) => fingerprints.includes(one.fingerprint)),
  }));
  const known = new Set(told.flatMap((one) => one.alerts));
  const rest = alerts.filter((one) => !known.has(one));
  return { alerts, told: [...told, { title: "Not told yet", labels: {}, alerts: rest }] };
}

/** What wants attention first, the gravest of it first, then what is new. */
const kSeverities = ["info", "warning"];
const rank = (alert: ActiveAlert): number => {
  const { severity = "info" } = alert.labels;
  // An unknown severity may mean "page": it stands with the gravest.
  const grave = kSeverities.includes(severity) ? kSeverities.indexOf(severity) : kSeverities.length;
  return kOrder.indexOf(alert.state) * 1e13 - grave * 1e11 - Date.parse(alert.startsAt) / 1_000;
};

function grouped(alerts: readonly ActiveAlert[], label: string): Group[] {
  const groups = new Map<string, ActiveAlert[]>();
  for (const one of alerts) {
    const value = one.labels[label] ?? "";
    groups.set(value, [...(groups.get(value) ?? []), one]);
  }
  return [...groups].map(([value, members]) => ({
    title: label === kByName ? value : value === "" ? `no ${label}` : `${label} ${value}`,
    labels: { [label]: value },
    alerts: members,
  }));
}

function focused(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>("article.alert") ?? null;
}

function move(by: number): void {
  const all = [...document.querySelectorAll<HTMLElement>("article.alert")];
  const here = focused();
  const next = here === null ? (by > 0 ? 0 : all.length - 1) : all.indexOf(here) + by;
  all[Math.max(0, Math.min(all.length - 1, next))]?.focus();
}

function GroupView(props: { group: Group; by: string; left: number; others: readonly ActiveAlert[] }): VNode {
  const { group, by, left, others } = props;
  const { labels, alerts } = group;
  const names = Object.keys(labels);
  return (
    <section aria-label={group.title}>
      {(alerts.length > 1 || by !== kByName) && (
        <h2 class="group-head">
          {group.title} <span class="muted">{alerts.length}</span>
          {alerts.length > 1 && names.length > 0 && (
            <button
              type="button"
              class="plain push"
              onClick={() =>
                startSilence(
                  names
                    .map((name) => matcherText({ name, value: labels[name] ?? "", isRegex: false, isEqual: true }))
                    .join("\n"),
                )
              }
            >
              Silence all {alerts.length}
            </button>
          )}
        </h2>
      )}
      {alerts.slice(0, left).map((one) => (
        <AlertRow
          key={labelsKey(one.labels)}
          alert={one}
          others={others}
          without={by === kByName ? [by] : ["alertname", ...names]}
        />
      ))}
    </section>
  );
}

export function ActivePage(): VNode {
  const query = place.value.query;
  const filter = query.get("filter") ?? "";
  const only = query.get("state") ?? "";
  const by = query.get("group") ?? kByName;
  const box = useRef<HTMLInputElement>(null);
  const loaded = useLoad(`active/${changes.value}/${by === kAsTold}`, (abort) => load(by === kAsTold, abort));
  const alerts = loaded.data?.alerts ?? [];
  const test = filterTest(filter);
  const matching = alerts.filter((one) => test?.(one.labels, one.annotations["summary"] ?? "") ?? true);
  const shown = matching.filter((one) => only === "" || one.state === only);
  const sets = by === kAsTold ? (loaded.data?.told ?? []) : grouped(shown, by);
  const groups = sets
    .map((one) => ({
      ...one,
      alerts: one.alerts.filter((alert) => shown.includes(alert)).sort((a, b) => rank(a) - rank(b)),
    }))
    .filter((one) => one.alerts.length > 0)
    .sort((a, b) => rank(a.alerts[0] as ActiveAlert) - rank(b.alerts[0] as ActiveAlert));
  const open = shown.filter((one) => one.state === "firing" && canAcknowledge(one));
  const labels = [...new Set(alerts.flatMap((one) => Object.keys(one.labels)))]
    .filter((name) => name !== kByName)
    .sort();
  const count = (state: AlertState): number => matching.filter((one) => one.state === state).length;

  const here = (): ActiveAlert | undefined => {
    const id = focused()?.dataset["id"];
    return shown.find((one) => (one.fingerprint || labelsKey(one.labels)) === id);
  };
  const explain = (): void => {
    const alert = here();
    if (alert !== undefined && alert.fingerprint !== "") navigate(withTime(`/alerts/${alert.fingerprint}`));
  };
  usePageKeys([
    { keys: "j", what: "Next alert", run: () => move(1) },
    { keys: "k", what: "Previous alert", run: () => move(-1) },
    {
      keys: "a",
      what: "Acknowledge it",
      run: () => {
        const alert = here();
        if (alert !== undefined && canAcknowledge(alert)) acknowledging.value = [alert];
      },
    },
    {
      keys: "s",
      what: "Silence it",
      run: () => {
        const alert = here();
        if (alert !== undefined) silenceAlert(alert);
      },
    },
    { keys: "e", what: "Why it fires", run: explain },
    { keys: "/", what: "Filter", run: () => box.current?.focus() },
  ]);

  let left = kMostDrawn;
  return (
    <AlertFrame title="Alerts" loaded={loaded}>
      <div class="bar">
        <input
          ref={box}
          type="search"
          class="wide"
          aria-label="Filter: matchers or words"
          placeholder='Filter: severity="critical", or words'
          title="Filter (/)"
          spellcheck={false}
          value={filter}
          onInput={(event) => setParams({ filter: event.currentTarget.value || undefined }, true)}
          onKeyDown={(event) => {
            if (event.key === "Escape" || event.key === "Enter") event.currentTarget.blur();
          }}
        />
        <select aria-label="Group by" value={by} onChange={(event) => setParams({ group: event.currentTarget.value })}>
          {[kByName, kAsTold, ...labels].map((name) => (
            <option value={name}>{name === kAsTold ? "group as told" : `group by ${name}`}</option>
          ))}
        </select>
        {open.length > 1 && (
          <button
            type="button"
            onClick={() => {
              acknowledging.value = open;
            }}
          >
            Acknowledge all {open.length}
          </button>
        )}
      </div>
      {test === undefined && (
        <p class="wrong" role="alert">
          Cannot read the filter. Write matchers, as severity="critical", instance=~"redis.*", or plain words.
        </p>
      )}
      <div class="chips" role="group" aria-label="States">
        {kOrder
          .filter((state) => state === "firing" || state === only || count(state) > 0)
          .map((state) => (
            <button
              type="button"
              aria-pressed={only === state}
              onClick={() => setParams({ state: only === state ? undefined : state })}
            >
              <AlertStateMark state={state}>
                {count(state)} {state}
              </AlertStateMark>
            </button>
          ))}
      </div>
      {shown.length === 0 && (
        <p class="muted">
          {alerts.length === 0 ? "Nothing is firing or pending." : "No alert is left by this filter."}
        </p>
      )}
      {groups.map((group) => {
        const room = left;
        left -= group.alerts.length;
        return room <= 0 ? null : <GroupView key={group.title} group={group} by={by} left={room} others={alerts} />;
      })}
      {left < 0 && <p class="muted">{-left} more: filter to see them.</p>}
    </AlertFrame>
  );
}
