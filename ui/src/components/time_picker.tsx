import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatDate } from "../lib/dateformat";
import { isRelative, kQuickRanges, parseTime } from "../lib/datemath";
import { timePickerOpen } from "../state/shortcuts";
import { rangeText, rawRange, refresh, reload, setRange, shift, zone, zoomOut } from "../state/time";
import { setParams } from "../state/url";

const kRefresh = ["5s", "10s", "30s", "1m", "5m", "15m", "1h"];

function editable(text: string, up: boolean): string {
  if (isRelative(text)) return text;
  const time = parseTime(text, up, Date.now(), zone.value);
  return time === undefined ? text : formatDate(time, "YYYY-MM-DD HH:mm:ss", zone.value);
}

function Popover(props: { onClose: () => void }): VNode {
  const range = rawRange.value;
  const node = useRef<HTMLDivElement>(null);
  const [from, setFrom] = useState(editable(range.from, false));
  const [to, setTo] = useState(editable(range.to, true));
  const [wrong, setWrong] = useState("");

  useEffect(() => {
    (
      node.current?.querySelector<HTMLElement>("[aria-pressed=true]") ??
      node.current?.querySelector<HTMLElement>("input")
    )?.focus();
    const outside = (event: PointerEvent): void => {
      if (event.target instanceof Node && node.current?.parentElement?.contains(event.target) === false)
        props.onClose();
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, []);

  const apply = (event: Event): void => {
    event.preventDefault();
    const start = parseTime(from, false, Date.now(), zone.value);
    const end = parseTime(to, true, Date.now(), zone.value);
    if (start === undefined || end === undefined) {
      setWrong(`Cannot read "${start === undefined ? from : to}". Write now-6h or 2026-11-20 14:00:00.`);
      return;
    }
    if (start >= end) {
      setWrong("The start must come before the end.");
      return;
    }
    const value = (text: string, time: number): string => (isRelative(text.trim()) ? text.trim() : String(time));
    setRange({ from: value(from, start), to: value(to, end) });
    props.onClose();
  };

  return (
    <div
      class="popover"
      ref={node}
      role="dialog"
      aria-label="Time range"
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.stopPropagation();
          props.onClose();
        }
      }}
    >
      <form onSubmit={apply}>
        <label>
          From
          <input
            value={from}
            onInput={(event) => setFrom(event.currentTarget.value)}
            spellcheck={false}
            autocomplete="off"
          />
        </label>
        <label>
          To
          <input
            value={to}
            onInput={(event) => setTo(event.currentTarget.value)}
            spellcheck={false}
            autocomplete="off"
          />
        </label>
        {wrong !== "" && (
          <p class="wrong" role="alert">
            {wrong}
          </p>
        )}
        <button type="submit" class="primary">
          Apply
        </button>
        <button type="button" onClick={() => setParams({ timezone: zone.value === "utc" ? "browser" : "utc" })}>
          Times in {zone.value === "utc" ? "UTC" : "local time"}
        </button>
      </form>
      <div class="quick">
        {kQuickRanges.map((one) => (
          <button
            type="button"
            aria-pressed={one.from === range.from && one.to === range.to}
            onClick={() => {
              setRange(one);
              props.onClose();
            }}
          >
            {one.name}
          </button>
        ))}
      </div>
    </div>
  );
}

/** Range, shift, zoom, refresh; what it chooses goes to the address bar. */
export function TimeControls(): VNode {
  const button = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    timePickerOpen.value = false;
    button.current?.focus();
  };
  const chosen = refresh.value;
  const intervals = chosen !== "" && !kRefresh.includes(chosen) ? [chosen, ...kRefresh] : kRefresh;
  return (
    <div class="time-controls">
      <button type="button" aria-label="Earlier" title="Earlier by half the range" onClick={() => shift(-1)}>
        ‹
      </button>
      <span class="anchor">
        <button
          type="button"
          ref={button}
          class="range"
          aria-haspopup="dialog"
          aria-expanded={timePickerOpen.value}
          title="Time range (t)"
          onClick={() => {
            timePickerOpen.value = !timePickerOpen.value;
          }}
        >
          {rangeText(rawRange.value, zone.value)}
          {zone.value === "utc" && <small> UTC</small>}
        </button>
        {timePickerOpen.value && <Popover onClose={close} />}
      </span>
      <button type="button" aria-label="Later" title="Later by half the range" onClick={() => shift(1)}>
        ›
      </button>
      <button type="button" class="zoom" aria-label="Zoom out" title="Zoom out (z)" onClick={zoomOut}>
        −
      </button>
      <button type="button" aria-label="Refresh" title="Refresh now (r)" onClick={reload}>
        ↻
      </button>
      <select
        aria-label="Refresh interval"
        value={chosen}
        onChange={(event) => setParams({ refresh: event.currentTarget.value })}
      >
        <option value="">off</option>
        {intervals.map((text) => (
          <option value={text}>{text}</option>
        ))}
      </select>
    </div>
  );
}
