// Which page an address shows. A new page is one file and one line.

import type { ComponentType, VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ErrorNotice, Skeleton } from "../components/state";
import { withTime } from "../state/url";
import { CachesPage } from "./caches";

/** A page whose code is fetched when it is first opened. */
function lazy<P extends object>(fetcher: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | undefined;
  return function Lazy(props: P): VNode {
    const [, again] = useState(0);
    const [failure, setFailure] = useState("");
    useEffect(() => {
      if (loaded !== undefined) return;
      fetcher().then(
        (component) => {
          loaded = component;
          again((n) => n + 1);
        },
        (cause: unknown) => setFailure(cause instanceof Error ? cause.message : String(cause)),
      );
    }, []);
    if (loaded !== undefined) {
      const Page = loaded;
      return <Page {...props} />;
    }
    return (
      <div class="page">
        {failure === "" ? <Skeleton lines={5} /> : <ErrorNotice what="cannot load this page" text={failure} />}
      </div>
    );
  };
}

const AdvicePage = lazy(() => import("./advice").then((module) => module.AdvicePage));
const AlertsPage = lazy(() => import("./alerts").then((module) => module.AlertsPage));
const DashboardPage = lazy(() => import("./dashboard").then((module) => module.DashboardPage));
const DashboardsPage = lazy(() => import("./dashboards").then((module) => module.DashboardsPage));
const QueryPage = lazy(() => import("./query").then((module) => module.QueryPage));
const TargetsPage = lazy(() => import("./targets").then((module) => module.TargetsPage));

interface Route {
  pattern: RegExp;
  title: string;
  draw: (match: RegExpExecArray) => VNode;
}

function decode(text: string | undefined): string {
  try {
    return decodeURIComponent(text ?? "");
  } catch {
    return text ?? "";
  }
}

const kRoutes: readonly Route[] = [
  { pattern: /^\/(caches|index\.html)?$/, title: "Caches", draw: () => <CachesPage /> },
  { pattern: /^\/dashboards\/?$/, title: "Dashboards", draw: () => <DashboardsPage /> },
  {
    pattern: /^\/d\/([^/]+)(\/.*)?$/,
    title: "Dashboard",
    draw: (match) => <DashboardPage key={match[1]} uid={decode(match[1])} />,
  },
  {
    pattern: /^\/dashboard\/db\/([^/]+)$/,
    title: "Dashboard",
    draw: (match) => <DashboardPage key={match[1]} uid={decode(match[1])} />,
  },
  { pattern: /^\/alerts\/?$/, title: "Alerts", draw: () => <AlertsPage /> },
  { pattern: /^\/targets\/?$/, title: "Targets", draw: () => <TargetsPage /> },
  { pattern: /^\/(query|graph|explore)\/?$/, title: "Query", draw: () => <QueryPage /> },
  { pattern: /^\/advice\/([\w-]+)\/?$/, title: "Advice", draw: (match) => <AdvicePage kind={match[1] ?? ""} /> },
];

function NoPage({ path }: { path: string }): VNode {
  return (
    <div class="page narrow">
      <h1>No such page</h1>
      <p>
        There is nothing at <code>{path}</code>. <a href={withTime("/")}>Caches</a>
      </p>
    </div>
  );
}

export function pageAt(path: string): { title: string; page: VNode } {
  for (const route of kRoutes) {
    const match = route.pattern.exec(path);
    if (match !== null) return { title: route.title, page: route.draw(match) };
  }
  return { title: "No such page", page: <NoPage path={path} /> };
}
