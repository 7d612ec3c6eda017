import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Markdown } from "../lib/markdown";
import { place } from "../state/url";
import { Skeleton } from "../components/state";

/** Advice pages of the catalogue: one file per kind of cache, loaded when opened. */
async function load(kind: string): Promise<string | undefined> {
  try {
    const page = (await import(`../../../catalog/${kind}/advice.md`)) as { default: string };
    return page.default;
  } catch {
    return undefined;
  }
}

export function AdvicePage(props: { kind: string }): VNode {
  const [text, setText] = useState<string | null | undefined>(undefined);
  const hash = place.value.hash;
  useEffect(() => {
    void load(props.kind).then((found) => setText(found ?? null));
  }, [props.kind]);
  useEffect(() => {
    if (typeof text !== "string" || hash === "") return;
    const node = document.getElementById(hash.toLowerCase());
    node?.scrollIntoView();
    document.querySelectorAll(".prose .here").forEach((one) => one.classList.remove("here"));
    node?.classList.add("here");
  }, [text, hash]);
  return (
    <div class="page narrow">
      {text === undefined && <Skeleton lines={6} />}
      {text === null && <p class="muted">There is no advice page for “{props.kind}”.</p>}
      {typeof text === "string" && <Markdown text={text} />}
    </div>
  );
}
