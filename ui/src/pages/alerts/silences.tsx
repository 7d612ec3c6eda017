import type { VNode } from "preact";
import {
  changes,
  expireSilence,
  heldAlerts,
  ifThere,
  silences,
  type ActiveAlert,
  type Silence,
} from "../../api/alerting";
import { Ago } from "../../components/ago";
import { startSilence } from "../../components/alert_dialogs";
import { AlertFrame, usePageKeys } from "../../components/alert_frame";
import { Twice } from "../../components/twice";
import { State, type Tone } from "../../components/state";
import { matcherText } from "../../lib/matchers";
import { useLoad } from "../../state/load";
import { attempt } from "../../state/said";
import { setParams, withTime } from "../../state/url";

const kStates: readonly (readonly [state: string, tone: Tone, mark: string])[] = [
  ["active", "unknown", "◇"],
  ["pending", "watch", "▲"],
  ["expired", "unknown", "○"],
];
const kMostExpired = 100;

async function load(abort: AbortSignal): Promise<{ all: Silence[]; alerts: ActiveAlert[] }> {
  const [all, alerts] = await Promise.all([silences(abort), ifThere(heldAlerts([], abort), () => [])]);
  return { all: all.sort((a, b) => Date.parse(a.endsAt) - Date.parse(b.endsAt)), alerts };
}

function SilenceView(props: { one: Silence; tone: Tone; mark: string; silenced: number }): VNode {
  const { one } = props;
  const lines = one.matchers.map(matcherText);
  return (
    <article class="alert" aria-label={`Silence ${lines.join(", ")}`}>
      <header>
        <State tone={props.tone} mark={props.mark}>
          {one.state}
        </State>
        <code class="words">{lines.join(", ")}</code>
        <span class="muted push">
          {one.state === "pending" && (
            <>
              starts <Ago at={one.startsAt} />,{" "}
            </>
          )}
          {one.state === "expired" ? "ended " : "ends "}
          <Ago at={one.endsAt} />
        </span>
      </header>
      <p class="alert-summary">{one.comment}</p>
      <footer>
        <span class="muted">by {one.createdBy}</span>
        {one.state === "active" && (
          <a href={withTime("/alerts", { filter: lines.join(", ") })}>
            {props.silenced} alert{props.silenced === 1 ? "" : "s"} silenced
          </a>
        )}
        <span class="actions push">
          {one.state === "expired" ? (
            <button type="button" onClick={() => startSilence(lines.join("\n"))}>
              Again
            </button>
          ) : (
            <>
              <button type="button" onClick={() => setParams({ "edit-silence": one.id })}>
                Edit
              </button>
              <Twice what="Expire" onSure={() => void attempt("Silence ended.", () => expireSilence(one.id))} />
            </>
          )}
        </span>
      </footer>
    </article>
  );
}

export function SilencesPage(): VNode {
  const loaded = useLoad(`silences/${changes.value}`, load);
  const { all = [], alerts = [] } = loaded.data ?? {};
  usePageKeys([{ keys: "n", what: "New silence", run: () => startSilence("") }]);
  return (
    <AlertFrame
      title="Silences"
      loaded={loaded}
      head={
        <button type="button" class="primary push" title="New silence (n)" onClick={() => startSilence("")}>
          New silence
        </button>
      }
    >
      {kStates.map(([state, tone, mark]) => {
        const members = all.filter((one) => one.state === state);
        if (state === "expired") members.reverse().splice(kMostExpired);
        const views = members.map((one) => (
          <SilenceView
            key={one.id}
            one={one}
            tone={tone}
            mark={mark}
            silenced={alerts.filter((alert) => alert.silencedBy.includes(one.id)).length}
          />
        ));
        if (state === "expired")
          return (
            members.length > 0 && (
              <details>
                <summary>Expired ({members.length})</summary>
                {views}
              </details>
            )
          );
        if (members.length === 0) return state === "active" && <p class="muted">Nothing is silenced.</p>;
        return (
          <section>
            <h2 class="first-big">
              {state} <span class="muted">{members.length}</span>
            </h2>
            {views}
          </section>
        );
      })}
    </AlertFrame>
  );
}
