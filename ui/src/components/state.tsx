import type { ComponentChildren, VNode } from "preact";

export type Tone = "good" | "watch" | "bad" | "unknown";

/** Different shapes, so that the state can be read without colour. */
const kMarks: Record<Tone, string> = { good: "●", watch: "▲", bad: "■", unknown: "○" };

export function State(props: { tone: Tone; mark?: string | undefined; children: ComponentChildren }): VNode {
  return (
    <span class={`state ${props.tone}`}>
      <i aria-hidden="true">{props.mark ?? kMarks[props.tone]}</i>
      {props.children}
    </span>
  );
}

export function LabelList(props: { labels: Readonly<Record<string, string>>; without?: readonly string[] }): VNode {
  const names = Object.keys(props.labels)
    .filter((name) => name !== "__name__" && !(props.without ?? []).includes(name))
    .sort();
  return (
    <span class="labels">
      {names.map((name) => (
        <span class="label">
          <span>{name}</span>
          {props.labels[name]}
        </span>
      ))}
    </span>
  );
}

export function ErrorNotice(props: { text: string; what?: string }): VNode {
  return (
    <div class="error-notice" role="alert">
      <b>{props.what ?? "Error"}</b> <span>{props.text}</span>
    </div>
  );
}

export function Skeleton(props: { lines?: number; class?: string }): VNode {
  return (
    <div class={`skeleton ${props.class ?? ""}`} role="status" aria-label="Loading">
      {Array.from({ length: props.lines ?? 3 }, (_, i) => (
        <span key={i} />
      ))}
    </div>
  );
}
