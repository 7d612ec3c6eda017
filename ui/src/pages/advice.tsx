import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { advice } from "../api/prometheus";
import { ErrorNotice, Skeleton } from "../components/state";
import { Markdown } from "../lib/markdown";
import { useLoad } from "../state/load";
import { place } from "../state/url";

/** The catalogue's advice page for one kind of cache; the address may name a section. */
export function AdvicePage(props: { kind: string }): VNode {
  const loaded = useLoad(`advice/${props.kind}`, (abort) => advice(props.kind, abort), { once: true });
  const hash = place.value.hash;
  useEffect(() => {
    if (loaded.data === undefined || hash === "") return;
    const node = document.getElementById(hash.toLowerCase());
    node?.scrollIntoView();
    document.querySelectorAll(".prose .here").forEach((one) => one.classList.remove("here"));
    node?.classList.add("here");
  }, [loaded.data, hash]);
  return (
    <div class="page narrow">
      {loaded.error !== undefined && <ErrorNotice what={`cannot open advice on ${props.kind}`} text={loaded.error} />}
      {loaded.data === undefined && loaded.error === undefined && <Skeleton lines={6} />}
      {loaded.data !== undefined && <Markdown text={loaded.data} />}
    </div>
  );
}
