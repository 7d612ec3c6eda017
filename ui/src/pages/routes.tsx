// Which page an address shows. A new page is one file and one line, and one in the part it is fetched with: every part
// more costs more bytes than it saves.

import type { VNode } from "preact";
import { lazy } from "../components/lazy";
import { withTime } from "../state/url";
import { AdvicePage } from "./advice";
import { CachesPage } from "./caches";
import { DashboardsPage } from "./dashboards";
import { TargetsPage } from "./targets";

const alerts = (): Promise<typeof import("./alerts/pages")> => import("./alerts/pages");
const drawing = (): Promise<typeof import("./drawing")> => import("./drawing");
const ActivePage = lazy(alerts, (module) => module.ActivePage);
const AlertPage = lazy(alerts, (module) => module.AlertPage);
const HistoryPage = lazy(alerts, (module) => module.HistoryPage);
const ReceiversPage = lazy(alerts, (module) => module.ReceiversPage);
const RulesPage = lazy(alerts, (module) => module.RulesPage);
const SilencesPage = lazy(alerts, (module) => module.SilencesPage);
const StatisticsPage = lazy(alerts, (module) => module.StatisticsPage);
const ThresholdsPage = lazy(alerts, (module) => module.ThresholdsPage);
const DashboardPage = lazy(drawing, (module) => module.DashboardPage);
const QueryPage = lazy(drawing, (module) => module.QueryPage);

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
  { pattern: /^\/alerts\/?$/, title: "Alerts", draw: () => <ActivePage /> },
  {
    pattern: /^\/alerts\/([0-9a-f]{16})\/?$/,
    title: "Alert",
    draw: (match) => <AlertPage key={match[1]} fingerprint={match[1] ?? ""} />,
  },
  { pattern: /^\/alerts\/rules\/?$/, title: "Rules", draw: () => <RulesPage /> },
  { pattern: /^\/alerts\/silences\/?$/, title: "Silences", draw: () => <SilencesPage /> },
  { pattern: /^\/alerts\/history\/?$/, title: "History", draw: () => <HistoryPage /> },
  { pattern: /^\/alerts\/statistics\/?$/, title: "Statistics", draw: () => <StatisticsPage /> },
  { pattern: /^\/alerts\/thresholds\/?$/, title: "Thresholds", draw: () => <ThresholdsPage /> },
  { pattern: /^\/alerts\/receivers\/?$/, title: "Receivers", draw: () => <ReceiversPage /> },
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
