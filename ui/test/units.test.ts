import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTicks, formatUnit } from "../src/lib/units";
import { vectors } from "./vectors";

const { data, skip } = vectors<{ values: number[]; formats: Record<string, Record<string, string[]>> }>("units.json");

for (const unit of Object.keys(data?.formats ?? {})) {
  test(`units: ${unit}`, () => {
    for (const [setting, texts] of Object.entries(data?.formats[unit] ?? {})) {
      const decimals = setting === "auto" ? undefined : Number(setting);
      data?.values.forEach((value, i) => {
        const expected = texts[i] ?? "";
        // Beyond what a date can hold the measured text says so; a clock needs no date.
        if (expected.includes("Invalid date")) return;
        assert.equal(formatUnit(value, unit, decimals, "utc"), expected, `${value} ${unit} decimals ${setting}`);
      });
    }
  });
}
test("units: vectors are present", { skip }, () => assert.ok(Object.keys(data?.formats ?? {}).length > 50));

test("units: what is no number", () => {
  assert.equal(formatUnit(null, "bytes"), "");
  assert.equal(formatUnit(Number.NaN, "none"), "NaN");
  assert.equal(formatUnit(Number.POSITIVE_INFINITY, "none"), "∞");
  assert.equal(formatUnit(Number.POSITIVE_INFINITY, "bytes"), "∞ B");
});

test("units: ticks keep apart with as few decimals as needed", () => {
  assert.deepEqual(formatTicks([0, 0.5, 1, 1.5], "short", undefined), ["0.0", "0.5", "1.0", "1.5"]);
  assert.deepEqual(formatTicks([0, 1, 2], "short", undefined), ["0", "1", "2"]);
  assert.deepEqual(formatTicks([0.9, 0.925, 0.95], "percentunit", undefined), ["90.0%", "92.5%", "95.0%"]);
  assert.deepEqual(formatTicks([0, 512, 1024], "bytes", undefined), ["0 B", "512 B", "1 KiB"]);
});
