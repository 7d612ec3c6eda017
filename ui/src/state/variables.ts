// The variables of the dashboard on the page: options from the server, choices from the address bar.

import { useEffect, useRef, useState } from "preact/hooks";
import { labelNames, labelValues, queryInstant, series, type Window } from "../api/prometheus";
import type { VariableState } from "../components/variable_bar";
import type { Dashboard, VariableDefinition } from "../lib/dashboard";
import { rangeVariables } from "../lib/interval";
import { interpolate, textVariable, type VariableValue, type Variables } from "../lib/interpolate";
import {
  autoInterval,
  choose,
  customOptions,
  dependencyOrder,
  parseVariableQuery,
  resultLine,
  seriesLine,
  toOptions,
  variableValue,
  type Option,
} from "../lib/variables";
import { rawRange, span, tick, zone } from "./time";
import { place } from "./url";

/** The one data source there is; its uid as other dashboards may store it. */
const kSource: Option = { text: "cachescope", value: "cachescope" };

async function ask(query: string, window: Window, abort: AbortSignal): Promise<string[]> {
  const parsed = parseVariableQuery(query);
  switch (parsed?.kind) {
    case undefined:
      return [];
    case "label_names":
      return labelNames(parsed.match, window, abort);
    case "label_values":
      return labelValues(parsed.label, parsed.match, window, abort);
    case "metrics": {
      const regex = new RegExp(parsed.regex);
      return (await labelValues("__name__", undefined, window, abort)).filter((name) => regex.test(name));
    }
    case "query_result":
      return (await queryInstant(parsed.expr, window.endS, abort)).items.map(({ metric, sample }) =>
        resultLine(metric, sample[1], sample[0]),
      );
    case "series":
      return (await series(parsed.match, window, abort)).map(seriesLine);
  }
}

async function optionsOf(
  definition: VariableDefinition,
  known: Variables,
  abort: AbortSignal,
  cache: Map<string, string[]>,
): Promise<Option[]> {
  const { fromMs, toMs } = span.value;
  switch (definition.type) {
    case "datasource":
      return [kSource];
    case "custom":
      return customOptions(definition.query);
    case "interval":
      return [...(definition.auto ? [{ text: "auto", value: "$__auto" }] : []), ...customOptions(definition.query)];
    case "query": {
      const query = interpolate(definition.query, known, "prometheus");
      const key = JSON.stringify([query, definition.refresh === 2 ? rawRange.value : ""]);
      const found = cache.get(key);
      const values =
        found !== undefined && found.length > 0
          ? found
          : await ask(query, { startS: fromMs / 1_000, endS: toMs / 1_000 }, abort);
      cache.set(key, values);
      return toOptions(values, { ...definition, regex: interpolate(definition.regex, known, "prometheus") });
    }
    default:
      return [];
  }
}

function valueOf(
  definition: VariableDefinition,
  options: readonly Option[],
  chosen: readonly string[],
  rangeMs: number,
): VariableValue {
  const auto = definition.type === "interval" && /^\$__auto/.test(chosen[0] ?? "");
  return auto ? textVariable(autoInterval(definition, rangeMs)) : variableValue(definition, options, chosen);
}

/** Names that exist in every dashboard. */
export function builtIns(dashboard: Pick<Dashboard, "title" | "uid">, fromMs: number, toMs: number): Variables {
  const texts: Record<string, string> = {
    __from: String(fromMs),
    __to: String(toMs),
    __dashboard: dashboard.title,
    __timezone: zone.value,
    ...rangeVariables(toMs - fromMs),
  };
  return Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, textVariable(value)]));
}

export interface ResolvedVariables {
  states: VariableState[];
  values: Variables;
  ready: boolean;
}

export function useVariables(dashboard: Dashboard | undefined): ResolvedVariables {
  const [result, setResult] = useState<ResolvedVariables & { of: Dashboard | undefined }>({
    states: [],
    values: {},
    ready: false,
    of: undefined,
  });
  const cache = useRef(new Map<string, string[]>());
  const query = place.value.query;
  const chosen = JSON.stringify([...query].filter(([name]) => name.startsWith("var-")));
  const hasEmpty = result.states.some((one) => one.definition.type === "query" && one.options.length === 0);
  // Caches may appear after the page was opened: while a list is empty it is asked for again at every tick.
  const again = hasEmpty ? tick.value : 0;
  const range = JSON.stringify(rawRange.value);

  useEffect(() => {
    cache.current.clear();
  }, [dashboard]);

  useEffect(() => {
    if (dashboard === undefined) return undefined;
    const control = new AbortController();
    const { fromMs, toMs } = span.value;
    const run = async (): Promise<void> => {
      const values: Record<string, VariableValue> = { ...builtIns(dashboard, fromMs, toMs) };
      const states = new Map<string, VariableState>();
      for (const definition of dependencyOrder(dashboard.variables)) {
        let options: Option[] = [];
        let error: string | undefined;
        try {
          options = await optionsOf(definition, values, control.signal, cache.current);
        } catch (cause) {
          error = cause instanceof Error ? cause.message : String(cause);
        }
        if (control.signal.aborted) return;
        const fromUrl = query.has(`var-${definition.name}`) ? query.getAll(`var-${definition.name}`) : undefined;
        const free = definition.type === "textbox" || definition.type === "constant";
        const picked =
          definition.type === "datasource"
            ? [kSource.value]
            : free
              ? [fromUrl?.[0] ?? definition.current[0] ?? definition.query]
              : choose(definition, options, fromUrl);
        values[definition.name] = valueOf(definition, options, picked, toMs - fromMs);
        states.set(definition.name, { definition, options, chosen: picked, error });
      }
      const ordered = dashboard.variables.flatMap((one) => states.get(one.name) ?? []);
      setResult({ states: ordered, values, ready: true, of: dashboard });
    };
    void run();
    return () => control.abort();
  }, [dashboard, chosen, range, again]);

  return result.of === dashboard ? result : { states: [], values: {}, ready: false };
}
