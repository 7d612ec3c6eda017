import type { VNode } from "preact";
import { useState } from "preact/hooks";
import {
  changes,
  deleteThreshold,
  kNewThreshold,
  receivers as loadReceivers,
  saveThreshold,
  thresholds,
  type Threshold,
} from "../../api/alerting";
import { queryInstant } from "../../api/prometheus";
import { AuthorField, Field, Form, useSettled } from "../../components/alert_dialogs";
import { AlertFrame, usePageKeys } from "../../components/alert_frame";
import { lazy } from "../../components/lazy";
import { State, type Tone } from "../../components/state";
import { Twice } from "../../components/twice";
import { DataTable } from "../../components/data_table";
import { author } from "../../state/author";
import { useLoad } from "../../state/load";
import { attempt, said } from "../../state/said";
import { place, setParams, withTime } from "../../state/url";

const kOperators = [">", ">=", "<", "<=", "==", "!="];
const kSeverities = ["critical", "warning", "info"];
const kTones: Record<string, Tone> = { firing: "bad", pending: "watch", inactive: "good" };

const ThresholdChart = lazy(
  () => import("../drawing"),
  (module) => module.ThresholdChart,
);

/** The last hour with the line in it, and how many series are beyond it now. */
function Preview({ expression, operator, value }: Pick<Threshold, "expression" | "operator" | "value">): VNode | null {
  const expr = useSettled(expression.trim());
  const condition = `(${expr}) ${operator} ${value}`;
  const now = useLoad(condition, (abort) => queryInstant(condition, undefined, abort), { enabled: expr !== "" });
  if (expr === "") return null;
  const count = now.data?.items.length ?? 0;
  return (
    <>
      <ThresholdChart expr={expr} threshold={value} />
      <p aria-live="polite" class={now.error === undefined ? "muted" : "wrong"}>
        {now.error ?? (count === 0 ? "True for nothing now." : `True now for ${count} series.`)}
      </p>
    </>
  );
}

function Steps(props: { steps: Threshold["escalation"]; onChange: (steps: Threshold["escalation"]) => void }): VNode {
  const known = useLoad("receiver names", async (abort) => (await loadReceivers(abort)).map((one) => one.name), {
    once: true,
  });
  const set = (i: number, change: Partial<Threshold["escalation"][number]>): void =>
    props.onChange(props.steps.map((one, n) => (n === i ? { ...one, ...change } : one)));
  return (
    <fieldset>
      <legend>When nobody acknowledges</legend>
      {props.steps.map((step, i) => (
        <div class="fields">
          <Field label="After">
            <input
              size={5}
              required
              value={step.after}
              onInput={(event) => set(i, { after: event.currentTarget.value })}
            />
          </Field>
          <Field label="tell">
            <input
              required
              list="receivers"
              placeholder="receiver"
              value={step.receiver}
              onInput={(event) => set(i, { receiver: event.currentTarget.value })}
            />
          </Field>
          <Field label="as">
            <select value={step.severity} onChange={(event) => set(i, { severity: event.currentTarget.value })}>
              {["", ...kSeverities].map((name) => (
                <option value={name}>{name || "before"}</option>
              ))}
            </select>
          </Field>
          <button
            type="button"
            aria-label={`Remove step ${i + 1}`}
            onClick={() => props.onChange(props.steps.filter((_, n) => n !== i))}
          >
            ✕
          </button>
        </div>
      ))}
      <datalist id="receivers">
        {(known.data ?? []).map((name) => (
          <option value={name} />
        ))}
      </datalist>
      <button
        type="button"
        onClick={() =>
          props.onChange([...props.steps, { after: `${10 * (props.steps.length + 1)}m`, severity: "", receiver: "" }])
        }
      >
        Add a step
      </button>
    </fieldset>
  );
}

function Editor({ old }: { old: Threshold }): VNode {
  const [draft, setDraft] = useState(old);
  const [value, setValue] = useState(old.id === "" ? "" : String(old.value));
  const set = (change: Partial<Threshold>): void => setDraft({ ...draft, ...change });
  const close = (): void => setParams({ edit: undefined });
  const text = (
    name: "name" | "for" | "cooldown" | "summary" | "receiver",
    label: string,
    more: object = {},
  ): VNode => (
    <Field label={label}>
      <input value={draft[name]} onInput={(event) => set({ [name]: event.currentTarget.value })} {...more} />
    </Field>
  );
  const choice = (name: "operator" | "severity", label: string, options: readonly string[]): VNode => (
    <Field label={label}>
      <select value={draft[name]} onChange={(event) => set({ [name]: event.currentTarget.value })}>
        {options.map((one) => (
          <option value={one}>{one}</option>
        ))}
      </select>
    </Field>
  );
  return (
    <section class="editor" aria-label={old.id === "" ? "New threshold" : `Edit ${old.name}`}>
      <Form
        send={old.id === "" ? "Create" : "Save"}
        onCancel={close}
        onSend={() => saveThreshold({ ...draft, value: Number(value), author: author.value })}
        onDone={() => {
          said.value = `${draft.name} is saved.`;
          close();
        }}
      >
        <div class="fields">
          {text("name", "Name", { required: true, autofocus: true, placeholder: "RedisMemoryHigh" })}
          {choice("severity", "Severity", kSeverities)}
        </div>
        <Field label="Metric or expression">
          <textarea
            rows={2}
            required
            spellcheck={false}
            placeholder="redis_memory_used_bytes / redis_memory_max_bytes"
            value={draft.expression}
            onInput={(event) => set({ expression: event.currentTarget.value })}
          />
        </Field>
        <div class="fields">
          {choice("operator", "Fires when it is", kOperators)}
          <Field label="Value">
            <input
              type="number"
              step="any"
              required
              value={value}
              onInput={(event) => setValue(event.currentTarget.value)}
            />
          </Field>
          {text("for", "For at least", { size: 5 })}
          {text("cooldown", "Told at most once in", { size: 5 })}
        </div>
        <Preview expression={draft.expression} operator={draft.operator} value={Number(value)} />
        {text("summary", "What to tell", { placeholder: "Memory of {{ $labels.instance }} is nearly full" })}
        {text("receiver", "Who to tell", { list: "receivers", placeholder: "as the routes say" })}
        <Steps steps={draft.escalation} onChange={(escalation) => set({ escalation })} />
        <AuthorField />
      </Form>
    </section>
  );
}

export function ThresholdsPage(): VNode {
  const edit = place.value.query.get("edit");
  const loaded = useLoad(`thresholds/${changes.value}`, thresholds);
  const all = loaded.data ?? [];
  const edited =
    edit === "new"
      ? { ...kNewThreshold, expression: place.value.query.get("expression") ?? "" }
      : all.find((one) => one.id === edit);
  const start = (): void => setParams({ edit: "new" });
  usePageKeys([{ keys: "n", what: "New threshold", run: start }]);
  return (
    <AlertFrame
      title="Thresholds"
      loaded={loaded}
      head={
        edit === null && (
          <button type="button" class="primary push" title="New threshold (n)" onClick={start}>
            New threshold
          </button>
        )
      }
    >
      {edited !== undefined && <Editor key={edit} old={edited} />}
      {edit !== null && edited === undefined && <p class="wrong">There is no threshold {edit}.</p>}
      {all.length === 0 ? (
        edit === null && (
          <p class="muted">
            A threshold is an alert made here: one expression, one limit. Rules in files are under Rules.
          </p>
        )
      ) : (
        <DataTable
          label="Thresholds"
          rows={all}
          keyOf={(one) => one.id}
          columns={[
            {
              name: "State",
              cell: (one) => (
                <State tone={one.enabled ? (kTones[one.state] ?? "unknown") : "unknown"}>
                  {one.enabled ? one.state : "off"}
                </State>
              ),
            },
            {
              name: "Name",
              by: (one) => one.name,
              cell: (one) => (
                <>
                  <b>{one.name}</b> <span class="tag">{one.severity}</span>
                </>
              ),
            },
            {
              name: "Fires when",
              cell: (one) => (
                <span class="expr">
                  <a href={withTime("/query", { expr: one.expression })}>
                    {one.expression} {one.operator} {one.value}
                  </a>
                </span>
              ),
            },
            { name: "For", number: true, cell: (one) => one.for },
            { name: "Cooldown", number: true, cell: (one) => one.cooldown },
            { name: "Steps", number: true, cell: (one) => one.escalation.length || "" },
            {
              name: "",
              number: true,
              cell: (one) => (
                <span class="actions">
                  <button
                    type="button"
                    onClick={() =>
                      void attempt(`${one.name} is ${one.enabled ? "off" : "on"}.`, () =>
                        saveThreshold({ ...one, enabled: !one.enabled }),
                      )
                    }
                  >
                    {one.enabled ? "Turn off" : "Turn on"}
                  </button>
                  <button type="button" onClick={() => setParams({ edit: one.id })}>
                    Edit
                  </button>
                  <Twice
                    what="Delete"
                    onSure={() => void attempt(`${one.name} is deleted.`, () => deleteThreshold(one.id))}
                  />
                </span>
              ),
            },
          ]}
          sort="Name"
        />
      )}
    </AlertFrame>
  );
}
