import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDate, formatRelative } from "../src/lib/dateformat";
import { kQuickRanges, parseTime } from "../src/lib/datemath";
import { tickSteps, timeTick } from "../src/lib/ticks";

const now = Date.UTC(2026, 10, 20, 14, 30, 15, 250); // a Friday

test("time: relative texts", () => {
  const at = (text: string, up = false): string =>
    new Date(parseTime(text, up, now, "utc") ?? Number.NaN).toISOString();
  assert.equal(at("now"), "2026-11-20T14:30:15.250Z");
  assert.equal(at("now-5m"), "2026-11-20T14:25:15.250Z");
  assert.equal(at("now+1h"), "2026-11-20T15:30:15.250Z");
  assert.equal(at("now/d"), "2026-11-20T00:00:00.000Z");
  assert.equal(at("now-1d/d"), "2026-11-19T00:00:00.000Z");
  assert.equal(at("now-1d/d", true), "2026-11-19T23:59:59.999Z");
  assert.equal(at("now-1M/M"), "2026-10-01T00:00:00.000Z");
  assert.equal(at("now-1M/M", true), "2026-10-31T23:59:59.999Z");
  assert.equal(at("now/w"), "2026-11-16T00:00:00.000Z");
  assert.equal(at("now/Q"), "2026-10-01T00:00:00.000Z");
  assert.equal(at("now/y"), "2026-01-01T00:00:00.000Z");
});

test("time: a month before the 31st is the last day of a shorter month", () => {
  assert.equal(parseTime("now-1M", false, Date.UTC(2026, 2, 31), "utc"), Date.UTC(2026, 1, 28));
});

test("time: absolute texts and what is no time", () => {
  assert.equal(parseTime("1790000000000", false, now, "utc"), 1_790_000_000_000);
  assert.equal(parseTime("2026-11-20 14:00:00", false, now, "utc"), Date.UTC(2026, 10, 20, 14));
  assert.equal(parseTime("2026-11-20", false, now, "utc"), Date.UTC(2026, 10, 20));
  assert.equal(parseTime("2026-11-20T14:00:00Z", false, now), Date.UTC(2026, 10, 20, 14));
  for (const text of ["", "yesterday", "now-", "now-5", "now-5x", "now5m", "20.11.2026"])
    assert.equal(parseTime(text, false, now), undefined, text);
});

test("time: every quick range can be read and is not empty", () => {
  for (const { from, to, name } of kQuickRanges) {
    const start = parseTime(from, false, now, "utc");
    const end = parseTime(to, true, now, "utc");
    assert.ok(start !== undefined && end !== undefined && start < end, name);
  }
});

test("time: formats", () => {
  assert.equal(formatDate(now, "YYYY-MM-DD HH:mm:ss.SSS", "utc"), "2026-11-20 14:30:15.250");
  assert.equal(formatDate(now, "MM/DD/YYYY h:mm:ss a", "utc"), "11/20/2026 2:30:15 pm");
  assert.equal(formatDate(now, "ddd MMM D [at] H", "utc"), "Fri Nov 20 at 14");
  assert.equal(formatRelative(now - 180_000, now), "3 minutes ago");
  assert.equal(formatRelative(now + 7_200_000, now), "in 2 hours");
});

test("time: ticks", () => {
  const s = now / 1_000;
  assert.equal(timeTick(s, 30, 300, "utc"), "14:30:15");
  assert.equal(timeTick(s, 300, 3_600, "utc"), "14:30");
  assert.equal(timeTick(s, 21_600, 172_800, "utc"), "11/20 14:30");
  assert.equal(timeTick(s, 86_400, 604_800, "utc"), "11/20");
  assert.ok(tickSteps("bytes")?.every((step) => Number.isInteger(Math.log2(step))));
  assert.equal(tickSteps("short"), undefined);
  assert.equal(tickSteps("short", 0)?.[0], 1);
});
