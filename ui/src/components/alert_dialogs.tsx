// Acknowledge, and create or edit a silence. A silence in the making is in the address: it can be sent to somebody.

import { signal } from "@preact/signals";
import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { acknowledge, heldAlerts, saveSilence, silences, type ActiveAlert, type Silence } from "../api/alerting";
import { parseTime } from "../lib/datemath";
import { formatDuration, parseDuration } from "../lib/duration";
import { formatLabels } from "../lib/labels";
import { matcherLines, matcherText, parseMatchers } from "../lib/matchers";
import { author, setAuthor } from "../state/author";
import { useLoad } from "../state/load";
import { said } from "../state/said";
import { zone } from "../state/time";
import { place, setParams } from "../state/url";
import { Dialog } from "./dialog";
import { ErrorNotice } from "./state";

export const acknowledging = signal<readonly ActiveAlert[]>([]);

export function startSilence(matchers: string): void {
  setParams({ silence: matchers });
}

/** The labels that say which one it is; the others follow from the rule. */
export function silenceAlert(alert: ActiveAlert): void {
  startSilence(matcherLines(alert.labels));
}

export function Field(props: { label: string; children: ComponentChildren }): VNode {
  return (
    <label class="field">
      <span>{props.label}</span>
      {props.children}
    </label>
  );
}

/** A form that stays until the server has agreed. Enter sends it; a dialog itself finds what has `autofocus`. */
export function Form(props: {
  send: string;
  onSend: () => Promise<unknown>;
  onDone: () => void;
  onCancel?: () => void;
  children: ComponentChildren;
}): VNode {
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>("[autofocus]")?.focus(), []);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await props.onSend();
      props.onDone();
    } catch (cause) {
      setWrong(cause instanceof Error ? cause.message : String(cause));
    }
    setBusy(false);
  };
  return (
    <form ref={form} class="form" onSubmit={(event) => void send(event)}>
      {props.children}
      {wrong !== "" && <ErrorNotice what="Not done" text={wrong} />}
      <p class="form-end">
        {props.onCancel !== undefined && (
          <button type="button" class="plain" onClick={props.onCancel}>
            Cancel
          </button>
        )}
        <button type="submit" class="primary" disabled={busy}>
          {props.send}
        </button>
      </p>
    </form>
  );
}

export function AuthorField(): VNode {
  return (
    <Field label="Your name">
      <input
        required
        autocomplete="username"
        value={author.value}
        onInput={(event) => setAuthor(event.currentTarget.value)}
      />
    </Field>
  );
}

/** At most so many requests at the same time. */
const kAtOnce = 6;

export function AcknowledgeDialog(): VNode {
  const alerts = acknowledging.value;
  const [comment, setComment] = useState("");
  const close = (): void => {
    acknowledging.value = [];
    setComment("");
  };
  const what = alerts.length === 1 ? (alerts[0]?.name ?? "") : `${alerts.length} alerts`;
  return (
    <Dialog title={`Acknowledge ${what}`} open={alerts.length > 0} onClose={close}>
      {alerts.length > 0 && (
        <Form
          send="Acknowledge"
          onSend={async () => {
            for (let i = 0; i < alerts.length; i += kAtOnce)
              await Promise.all(
                alerts.slice(i, i + kAtOnce).map((one) => acknowledge(one.fingerprint, author.value, comment)),
              );
          }}
          onDone={() => {
            said.value = `Acknowledged ${what}.`;
            close();
          }}
        >
          <p class="muted">Nobody is told again until it resolves. Then it counts as new.</p>
          <Field label="Comment">
            <input autofocus value={comment} onInput={(event) => setComment(event.currentTarget.value)} />
          </Field>
          <AuthorField />
        </Form>
      )}
    </Dialog>
  );
}

const kDurations = ["1h", "4h", "1d"];
const kPauseMs = 250;

/** `value`, once it has been left alone for a moment. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), kPauseMs);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/** The alerts a silence would match now, as the server sees it. */
function Preview(props: { text: string }): VNode {
  const matchers = (parseMatchers(useSettled(props.text)) ?? []).map(matcherText);
  const loaded = useLoad(`preview/${matchers.join("\n")}`, (abort) => heldAlerts(matchers, abort), {
    enabled: matchers.length > 0,
  });
  if (parseMatchers(props.text) === undefined)
    return <p class="wrong">Write one matcher a line: severity="page", instance=~"redis.*"</p>;
  if (matchers.length === 0) return <p class="wrong">Write at least one matcher.</p>;
  if (loaded.error !== undefined) return <p class="wrong">{loaded.error}</p>;
  const alerts = loaded.data ?? [];
  return (
    <div class="preview" aria-live="polite">
      <b>
        Matches {alerts.length} alert{alerts.length === 1 ? "" : "s"} now
      </b>
      {alerts.slice(0, 5).map((one) => (
        <p>
          {one.name} <span class="muted">{formatLabels(one.labels, ["alertname"])}</span>
        </p>
      ))}
      {alerts.length > 5 && <p class="muted">and {alerts.length - 5} more</p>}
    </div>
  );
}

function SilenceForm(props: { old: Silence | undefined; text: string; onDone: () => void }): VNode {
  const { old } = props;
  const remaining =
    old === undefined ? 3_600_000 : Date.parse(old.endsAt) - Math.max(Date.now(), Date.parse(old.startsAt));
  const [text, setText] = useState(old?.matchers.map(matcherText).join("\n") ?? props.text);
  const [lasts, setLasts] = useState(formatDuration(Math.max(60_000, Math.round(remaining / 60_000) * 60_000)));
  const [starts, setStarts] = useState("now");
  const [comment, setComment] = useState(old?.comment ?? "");
  const send = async (): Promise<void> => {
    const matchers = parseMatchers(text) ?? [];
    const kept = old !== undefined && starts.trim() === "now" ? Date.parse(old.startsAt) : undefined;
    const start = kept ?? parseTime(starts, false, Date.now(), zone.value);
    const duration = parseDuration(lasts);
    if (matchers.length === 0) throw new Error("matchers: write at least one, one a line");
    if (start === undefined) throw new Error(`starts: cannot read "${starts}"; write now+1h or 2026-11-20 14:00`);
    if (duration === undefined || duration <= 0) throw new Error(`lasts: cannot read "${lasts}"; write 90m or 2d`);
    await saveSilence({
      id: old?.id ?? "",
      state: "",
      matchers,
      startsAt: new Date(start).toISOString(),
      endsAt: new Date(Math.max(start, old === undefined ? 0 : Date.now()) + duration).toISOString(),
      createdBy: author.value,
      comment,
    });
  };
  return (
    <Form
      send={old === undefined ? "Silence" : "Save"}
      onSend={send}
      onDone={() => {
        said.value = old === undefined ? "Silenced." : "Silence changed.";
        props.onDone();
      }}
    >
      <Field label="Matchers, one a line">
        <textarea
          rows={Math.min(8, Math.max(3, text.split("\n").length))}
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </Field>
      <Preview text={text} />
      <div class="fields">
        <Field label="Lasts">
          <input size={6} required value={lasts} onInput={(event) => setLasts(event.currentTarget.value)} />
        </Field>
        {kDurations.map((one) => (
          <button type="button" aria-pressed={lasts === one} onClick={() => setLasts(one)}>
            {one}
          </button>
        ))}
        <Field label="Starts">
          <input size={12} required value={starts} onInput={(event) => setStarts(event.currentTarget.value)} />
        </Field>
      </div>
      <Field label="Comment">
        <input autofocus required value={comment} onInput={(event) => setComment(event.currentTarget.value)} />
      </Field>
      <AuthorField />
    </Form>
  );
}

export function SilenceDialog(): VNode {
  const query = place.value.query;
  const text = query.get("silence");
  const id = query.get("edit-silence") ?? "";
  const loaded = useLoad(
    `silence/${id}`,
    async (abort) => (await silences(abort)).find((one) => one.id === id) ?? null,
    { enabled: id !== "", once: true },
  );
  const close = (): void => setParams({ silence: undefined, "edit-silence": undefined });
  const open = text !== null || id !== "";
  const old = id === "" ? undefined : loaded.data;
  return (
    <Dialog title={id === "" ? "Silence" : "Edit silence"} open={open} onClose={() => open && close()}>
      {old === null && <ErrorNotice what="No such silence" text={id} />}
      {open && old !== null && (id === "" || old?.id === id) && (
        <SilenceForm key={id} old={old} text={text ?? ""} onDone={close} />
      )}
    </Dialog>
  );
}
