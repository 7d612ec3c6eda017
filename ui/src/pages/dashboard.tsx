import type { VNode } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { dashboard as loadDashboard } from "../api/prometheus";
import { PanelView } from "../components/panel";
import { ErrorNotice, Skeleton } from "../components/state";
import { VariableBar } from "../components/variable_bar";
import { readDashboard, type Dashboard, type Panel, type Section } from "../lib/dashboard";
import { interpolate, isAll, textVariable, type Variables } from "../lib/interpolate";
import { compact, expandRepeats } from "../lib/layout";
import { useLoad } from "../state/load";
import { defaults, kPageDefaults } from "../state/time";
import { place, setParams } from "../state/url";
import { useVariables } from "../state/variables";

function repeatValues(variables: Variables): (name: string) => string[] | undefined {
  return (name) => {
    const variable = variables[name];
    if (variable === undefined) return undefined;
    return (isAll(variable) ? (variable.options ?? []) : [variable.value].flat()).filter((value) => value !== "");
  };
}

function Cell(props: { panel: Panel; variables: Variables; syncKey: string | undefined }): VNode {
  const { x, y, w, h } = props.panel.grid;
  return (
    <div class="cell" style={{ "--x": x + 1, "--y": y + 1, "--w": w, "--h": h } as Record<string, string | number>}>
      <PanelView panel={props.panel} variables={props.variables} syncKey={props.syncKey} />
    </div>
  );
}

function SectionView(props: { section: Section; variables: Variables; syncKey: string | undefined }): VNode {
  const { section } = props;
  const [open, setOpen] = useState(!section.collapsed);
  const panels = useMemo(() => compact(section.panels), [section]);
  const scope = section.panels[0]?.scope ?? {};
  const named: Variables = {
    ...props.variables,
    ...Object.fromEntries(Object.entries(scope).map(([name, value]) => [name, textVariable(value)])),
  };
  return (
    <section class="row">
      {section.title !== undefined && (
        <h2 class="row-head">
          <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
            <span aria-hidden="true">{open ? "▾" : "▸"}</span>
            {interpolate(section.title, named, "text") || "Row"}
            {!open && (
              <span class="muted">
                {section.panels.length} panel{section.panels.length === 1 ? "" : "s"}
              </span>
            )}
          </button>
        </h2>
      )}
      {open && panels.length > 0 && (
        <div class="grid">
          {panels.map((panel) => (
            <Cell key={panel.key} panel={panel} variables={props.variables} syncKey={props.syncKey} />
          ))}
        </div>
      )}
    </section>
  );
}

function Content(props: { dashboard: Dashboard }): VNode {
  const { dashboard } = props;
  const { states, values, ready } = useVariables(dashboard);
  const signature = JSON.stringify(states.map((one) => [one.definition.name, one.chosen, one.options.length]));
  const sections = useMemo(
    () => (ready ? expandRepeats(dashboard.sections, repeatValues(values)) : []),
    [dashboard, ready, signature],
  );
  const syncKey = dashboard.sharedCrosshair ? `dashboard/${dashboard.uid}` : undefined;
  const alone = place.value.query.get("viewPanel");
  const single =
    alone === null ? undefined : sections.flatMap((one) => one.panels).find((one) => String(one.id) === alone);
  return (
    <>
      <VariableBar states={states} />
      {!ready && <Skeleton lines={6} />}
      {ready && single !== undefined && (
        <div class="alone">
          <button type="button" onClick={() => setParams({ viewPanel: undefined })}>
            ‹ All panels
          </button>
          <PanelView key={`alone/${single.key}`} panel={single} variables={values} syncKey={undefined} />
        </div>
      )}
      {ready &&
        single === undefined &&
        sections.map((section) => (
          <SectionView key={section.key} section={section} variables={values} syncKey={syncKey} />
        ))}
      {ready && sections.every((one) => one.panels.length === 0) && <p class="muted">This dashboard has no panels.</p>}
    </>
  );
}

export function DashboardPage(props: { uid: string }): VNode {
  const loaded = useLoad<Dashboard>(
    `dashboard/${props.uid}`,
    async (abort) => readDashboard(await loadDashboard(props.uid, abort)),
    { once: true },
  );
  const dashboard = loaded.data;
  useEffect(() => {
    if (dashboard === undefined) return undefined;
    defaults.value = {
      from: dashboard.from,
      to: dashboard.to,
      refresh: dashboard.refresh,
      timezone: dashboard.timezone,
    };
    document.title = `${dashboard.title} · cachescope`;
    return () => {
      defaults.value = kPageDefaults;
    };
  }, [dashboard]);
  return (
    <div class="page wide">
      <div class="page-head">
        <h1>{dashboard?.title ?? "Dashboard"}</h1>
        {dashboard?.tags.map((tag) => (
          <span class="tag">{tag}</span>
        ))}
      </div>
      {loaded.error !== undefined && <ErrorNotice what={`cannot open dashboard ${props.uid}`} text={loaded.error} />}
      {dashboard === undefined && loaded.error === undefined && <Skeleton lines={6} />}
      {dashboard !== undefined && <Content key={props.uid} dashboard={dashboard} />}
    </div>
  );
}
