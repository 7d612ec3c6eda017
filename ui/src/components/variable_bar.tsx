import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { VariableDefinition } from "../lib/dashboard";
import { kAll } from "../lib/interpolate";
import type { Option } from "../lib/variables";
import { setParams } from "../state/url";

export interface VariableState {
  definition: VariableDefinition;
  options: Option[];
  chosen: string[];
  error: string | undefined;
}

function set(name: string, values: readonly string[]): void {
  setParams({ [`var-${name}`]: values.length === 0 ? "" : values });
}

function Many({ state }: { state: VariableState }): VNode {
  const { definition, options, chosen } = state;
  const [open, setOpen] = useState(false);
  const [filter, setFilter] = useState("");
  const node = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event: PointerEvent): void => {
      if (event.target instanceof Node && node.current?.contains(event.target) === false) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    node.current?.querySelector<HTMLElement>(".popover input")?.focus();
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);
  const all = chosen[0] === kAll;
  const text = all
    ? "All"
    : chosen.map((value) => options.find((one) => one.value === value)?.text ?? value).join(" + ") || "none";
  const toggle = (value: string): void => {
    const base = all ? [] : chosen;
    const next = base.includes(value) ? base.filter((one) => one !== value) : [...base, value];
    set(definition.name, next.length === 0 && definition.includeAll ? [kAll] : next);
  };
  return (
    <span
      class="anchor"
      ref={node}
      onKeyDown={(event) => {
        if (event.key === "Escape" && open) {
          event.stopPropagation();
          setOpen(false);
          node.current?.querySelector<HTMLElement>("button")?.focus();
        }
      }}
    >
      <button
        type="button"
        class="choice"
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-label={`${definition.label}: ${text}`}
        onClick={() => setOpen(!open)}
      >
        {text}
      </button>
      {open && (
        <div class="popover list" role="dialog" aria-label={definition.label}>
          <input
            type="search"
            placeholder="Filter"
            aria-label="Filter"
            value={filter}
            onInput={(event) => setFilter(event.currentTarget.value)}
          />
          <div class="options">
            {definition.includeAll && (
              <label>
                <input type="checkbox" checked={all} onChange={() => set(definition.name, [kAll])} />
                All
              </label>
            )}
            {options
              .filter((one) => one.text.toLowerCase().includes(filter.toLowerCase()))
              .slice(0, 300)
              .map((one) => (
                <label>
                  <input
                    type="checkbox"
                    checked={!all && chosen.includes(one.value)}
                    onChange={() => toggle(one.value)}
                  />
                  {one.text}
                </label>
              ))}
          </div>
        </div>
      )}
    </span>
  );
}

function One({ state }: { state: VariableState }): VNode {
  const { definition, options, chosen } = state;
  if (definition.type === "textbox") {
    return (
      <input
        value={chosen[0] ?? ""}
        aria-label={definition.label}
        onChange={(event) => set(definition.name, [event.currentTarget.value])}
      />
    );
  }
  const value = chosen[0] ?? "";
  const known = options.some((one) => one.value === value) || value === kAll;
  return (
    <select
      value={value}
      aria-label={definition.label}
      onChange={(event) => set(definition.name, [event.currentTarget.value])}
    >
      {definition.includeAll && <option value={kAll}>All</option>}
      {!known && <option value={value}>{value === "" ? "None" : value}</option>}
      {options.map((one) => (
        <option value={one.value}>{one.text}</option>
      ))}
    </select>
  );
}

export function VariableBar(props: { states: readonly VariableState[] }): VNode | null {
  const shown = props.states.filter(
    ({ definition, options }) =>
      definition.hide !== 2 &&
      definition.type !== "constant" &&
      !(definition.type === "datasource" && options.length < 2),
  );
  if (shown.length === 0) return null;
  return (
    <div class="variables">
      {shown.map((state) => (
        <span class="variable" key={state.definition.name}>
          {state.definition.hide !== 1 && <span class="variable-name">{state.definition.label}</span>}
          {state.definition.multi ? <Many state={state} /> : <One state={state} />}
          {state.error !== undefined && (
            <span class="wrong" title={state.error}>
              ■ {state.error}
            </span>
          )}
        </span>
      ))}
    </div>
  );
}
