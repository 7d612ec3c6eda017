// What all alert pages share: tabs, the page's own keys, the dialogs, and a line that says what was just done.

import type { ComponentChildren, VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { Loaded } from "../state/load";
import { said } from "../state/said";
import { pageShortcuts, type Shortcut } from "../state/shortcuts";
import { defaults, kPageDefaults } from "../state/time";
import { place, withTime } from "../state/url";
import { AcknowledgeDialog, SilenceDialog } from "./alert_dialogs";
import { ErrorNotice, Skeleton } from "./state";

const kTabs = ["Active", "Rules", "Silences", "History", "Statistics", "Thresholds", "Receivers"];

export function usePageKeys(keys: readonly Shortcut[]): void {
  useEffect(() => {
    pageShortcuts.value = keys;
    return () => {
      pageShortcuts.value = [];
    };
  });
}

/** A page whose usual time range is another than the last hour. */
export function useUsualRange(from: string): void {
  useEffect(() => {
    defaults.value = { ...kPageDefaults, from };
    return () => {
      defaults.value = kPageDefaults;
    };
  }, []);
}

export function AlertFrame(props: {
  title: string;
  /** What the page shows, for its errors and while it waits. */
  loaded?: Loaded<unknown>;
  head?: ComponentChildren;
  children?: ComponentChildren;
}): VNode {
  const { loaded } = props;
  useEffect(() => {
    said.value = "";
  }, [place.value.path]);
  return (
    <div class="page">
      <nav class="tabs" aria-label="Alerts">
        {kTabs.map((name, i) => {
          const path = i === 0 ? "/alerts" : `/alerts/${name.toLowerCase()}`;
          const here =
            i === 0 ? /^\/alerts(\/[0-9a-f]{16})?\/?$/.test(place.value.path) : place.value.path.startsWith(path);
          return (
            <a href={withTime(path)} aria-current={here ? "page" : undefined}>
              {name}
            </a>
          );
        })}
      </nav>
      <div class="page-head">
        <h1>{props.title}</h1>
        {props.head}
      </div>
      <p role="status" class={said.value.startsWith("■") ? "said wrong" : "said"}>
        {said.value}
      </p>
      {loaded?.error !== undefined && (
        <ErrorNotice what={`cannot read ${props.title.toLowerCase()}`} text={loaded.error} />
      )}
      {loaded !== undefined && loaded.data === undefined && loaded.error === undefined && <Skeleton lines={5} />}
      {(loaded === undefined || loaded.data !== undefined) && props.children}
      <AcknowledgeDialog />
      <SilenceDialog />
    </div>
  );
}
