import type { VNode } from "preact";
import { ifThere, selectorFindings } from "../../api/alerting";
import { rules as loadRules, type Rule } from "../../api/prometheus";
import { Ago } from "../../components/ago";
import { AlertFrame, usePageKeys } from "../../components/alert_frame";
import { State, type Tone } from "../../components/state";
import { formatDuration } from "../../lib/duration";
import { formatUnit } from "../../lib/units";
import { useLoad } from "../../state/load";
import { place, setParams, withTime } from "../../state/url";

type Finding = Awaited<ReturnType<typeof selectorFindings>>[number];

const kTones: Record<string, Tone> = { firing: "bad", pending: "watch", inactive: "good", ok: "good" };

interface Judged {
  rule: Rule;
  dead: Finding[];
  state: string;
}

async function load(abort: AbortSignal): Promise<Judged[]> {
  const [rules, findings] = await Promise.all([loadRules(abort), ifThere(selectorFindings(abort), () => [])]);
  return rules.map((rule) => {
    const dead = findings.filter(
      (one) =>
        one.verdict === "nothing" &&
        one.rule === rule.name &&
        one.group === rule.group &&
        (one.file === "" || one.file === rule.file),
    );
    const state =
      rule.health === "err"
        ? "broken"
        : dead.length > 0
          ? "cannot fire"
          : rule.kind === "recording"
            ? "ok"
            : rule.state;
    return { rule, dead, state };
  });
}

/** In the order in which they want attention. */
const kOrder = ["broken", "cannot fire", "firing", "pending", "inactive", "ok"];

function Row({ rule, dead, state }: Judged): VNode {
  const severity = rule.labels["severity"];
  return (
    <tr>
      <td>
        <State tone={kTones[state] ?? (state === "broken" ? "bad" : "watch")}>{state}</State>
      </td>
      <td>
        {state === "firing" || state === "pending" ? (
          <a href={withTime("/alerts", { filter: `alertname="${rule.name}"` })}>{rule.name}</a>
        ) : (
          <b>{rule.name}</b>
        )}{" "}
        {severity !== undefined && <span class="tag">{severity}</span>}
        {rule.kind === "recording" && <span class="tag">recording</span>}
        {rule.lastError !== "" && <div class="wrong">{rule.lastError}</div>}
        {dead.map((one) => (
          <div class="finding">
            <code>{one.selector}</code>: {one.why || "matches nothing"}
            {one.lastMatchedAt !== "" && "; it last did "}
            <Ago at={one.lastMatchedAt} />
            {one.repair !== "" && (
              <>
                . Try{" "}
                <a href={withTime("/query", { expr: one.repair })}>
                  <code>{one.repair}</code>
                </a>
              </>
            )}
          </div>
        ))}
      </td>
      <td class="expr">
        <a href={withTime("/query", { expr: rule.query })}>{rule.query}</a>
      </td>
      <td class="number" data-name="for">
        {rule.durationS > 0 ? formatDuration(rule.durationS * 1_000) : ""}
      </td>
      <td class="number" data-name="took">
        {rule.tookS > 0 ? formatUnit(rule.tookS, "s") : ""}
      </td>
    </tr>
  );
}

function Group({ members }: { members: readonly Judged[] }): VNode | null {
  const first = members[0]?.rule;
  if (first === undefined) return null;
  return (
    <section>
      <h2 title={first.file}>
        {first.group}{" "}
        <span class="muted">
          {first.groupIntervalS > 0 && `every ${formatDuration(first.groupIntervalS * 1_000)}`}
          {first.groupTookS > 0 && `, took ${formatUnit(first.groupTookS, "s")}`},{" "}
          <Ago at={first.lastEvaluation} none="not run yet" />
        </span>
      </h2>
      <div class="scroll-x">
        <table class="data stacked rules">
          <thead>
            <tr>
              <th>State</th>
              <th>Rule</th>
              <th>Expression</th>
              <th class="number">For</th>
              <th class="number">Took</th>
            </tr>
          </thead>
          <tbody>
            {members.map((one) => (
              <Row key={`${one.rule.name}/${one.rule.query}`} {...one} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

export function RulesPage(): VNode {
  const query = place.value.query;
  const text = query.get("filter") ?? "";
  const only = query.get("state") ?? "";
  const loaded = useLoad("rules", load);
  const words = text.toLowerCase().split(/\s+/);
  const matching = (loaded.data ?? []).filter(({ rule }) => {
    const whole = `${rule.name} ${rule.query} ${rule.group} ${rule.labels["severity"] ?? ""}`.toLowerCase();
    return words.every((word) => whole.includes(word));
  });
  const groups = new Map<string, Judged[]>();
  for (const one of matching) {
    if (only !== "" && one.state !== only) continue;
    const key = `${one.rule.file}\n${one.rule.group}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  usePageKeys([
    { keys: "/", what: "Search", run: () => document.querySelector<HTMLElement>("input[type=search]")?.focus() },
  ]);
  return (
    <AlertFrame title="Rules" loaded={loaded}>
      <div class="bar">
        <input
          type="search"
          class="wide"
          aria-label="Search rules"
          placeholder="Search names and expressions"
          value={text}
          onInput={(event) => setParams({ filter: event.currentTarget.value || undefined }, true)}
        />
      </div>
      <div class="chips" role="group" aria-label="States">
        {kOrder.map((state) => {
          const count = matching.filter((one) => one.state === state).length;
          if (count === 0 && state !== only) return null;
          return (
            <button
              type="button"
              aria-pressed={only === state}
              onClick={() => setParams({ state: only === state ? undefined : state })}
            >
              <State tone={kTones[state] ?? (state === "broken" ? "bad" : "watch")}>
                {count} {state}
              </State>
            </button>
          );
        })}
      </div>
      {loaded.data?.length === 0 && <p class="muted">No rules are loaded.</p>}
      {matching.length === 0 && text !== "" && <p class="muted">No rule is left by this search.</p>}
      {[...groups].map(([key, members]) => (
        <Group key={key} members={members} />
      ))}
    </AlertFrame>
  );
}
