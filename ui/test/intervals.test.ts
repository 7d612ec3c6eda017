import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDuration, humanDuration, parseDuration } from "../src/lib/duration";
import { alignRange, computeIntervals, roundInterval } from "../src/lib/interval";
import { vectors } from "./vectors";

type Case = Record<string, number | string | null>;
const { data, skip } = vectors<{ round_table_ms: { rows: [number | null, number][] }; cases: Case[] }>(
  "intervals.json",
);

test("intervals: rounding table", { skip }, () => {
  for (const [limit, value] of data?.round_table_ms.rows ?? []) {
    if (limit !== null) assert.equal(roundInterval(limit - 0.5), value);
  }
  assert.equal(roundInterval(1e13), 31_536_000_000);
});

test("intervals: step and rate interval", { skip }, () => {
  assert.ok((data?.cases.length ?? 0) > 10);
  for (const one of data?.cases ?? []) {
    const text = (name: string): string | undefined => (typeof one[name] === "string" ? String(one[name]) : undefined);
    const got = computeIntervals({
      rangeMs: Number(one["range_s"]) * 1_000,
      maxDataPoints: Number(one["maxDataPoints"]),
      panelInterval: text("panel.interval"),
      targetInterval: text("target.interval"),
      intervalFactor: Number(one["target.intervalFactor"] ?? 1),
      scrapeMs: parseDuration(String(one["ds_scrape_interval"])) ?? 15_000,
    });
    assert.deepEqual(
      [got.requestMs, got.stepMs, got.rateMs],
      [one["request_interval_ms"], one["step_ms"], one["rate_interval_ms"]],
      JSON.stringify(one),
    );
  }
});

test("intervals: range is aligned to the step with the offset", () => {
  assert.deepEqual(alignRange(100_001, 200_009, 10_000, 0), { start: 100_000, end: 200_000 });
  const day = 86_400_000;
  assert.deepEqual(alignRange(day * 10 + 5, day * 11 + 5, day, 3_600_000), {
    start: day * 10 - 3_600_000,
    end: day * 11 - 3_600_000,
  });
});

test("duration: parse and format", () => {
  assert.equal(parseDuration("1h30m"), 5_400_000);
  assert.equal(parseDuration(">15s"), 15_000);
  assert.equal(parseDuration("250ms"), 250);
  assert.equal(parseDuration("nonsense"), undefined);
  assert.equal(formatDuration(90_000), "90s");
  assert.equal(formatDuration(120_000), "2m");
  assert.equal(formatDuration(1_500), "1500ms");
  assert.equal(humanDuration(5_400_000), "1h 30m");
  assert.equal(humanDuration(3_600_000), "1h");
  assert.equal(humanDuration(850), "850ms");
});
