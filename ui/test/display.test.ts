import assert from "node:assert/strict";
import { test } from "node:test";
import { classicPalette, continuousColor, resolveColor, textOn, type Theme } from "../src/lib/colors";
import { display, readFieldConfig, setProperty } from "../src/lib/display";
import { reduceValues, reducerLabel } from "../src/lib/reduce";
import { vectors } from "./vectors";

interface DisplayCase {
  name: string;
  config: unknown;
  cases: [number | string | null, { text: string; color: string; percent?: number }][];
}
const displays = vectors<{ cases: DisplayCase[] }>("display.json");

test("display: thresholds, mappings and colours", { skip: displays.skip }, () => {
  for (const one of displays.data?.cases ?? []) {
    const config = readFieldConfig(one.config);
    for (const [value, expected] of one.cases) {
      const got = display(config, value === "NaN" ? Number.NaN : value, { theme: "dark" });
      assert.equal(got.text, expected.text, `${one.name}: text of ${value}`);
      assert.equal(got.color, expected.color, `${one.name}: colour of ${value}`);
      if (config.min !== undefined && config.max !== undefined) assert.equal(got.percent, expected.percent, one.name);
    }
  }
});

const colors = vectors<{
  named: Record<Theme, Record<string, string>>;
  modes: Record<string, Record<Theme, string[]>>;
}>("colors.json");

test("colors: names and palettes", { skip: colors.skip }, () => {
  for (const theme of ["dark", "light"] as const) {
    for (const [name, css] of Object.entries(colors.data?.named[theme] ?? {}))
      assert.equal(resolveColor(name, theme), css, name);
    assert.deepEqual(classicPalette(theme), colors.data?.modes["palette-classic"]?.[theme]);
    assert.equal(continuousColor("continuous-viridis", 0, theme), "rgb(68, 1, 84)");
  }
});

test("colors: anything that is no colour turns grey", () => {
  assert.equal(resolveColor("url(x)", "dark"), "#808080");
  assert.equal(resolveColor("#abc", "dark"), "#abc");
  assert.equal(textOn("#F2CC0C"), "#111217");
  assert.equal(textOn("#1F60C4"), "#ffffff");
});

test("display: deep override paths leave the defaults alone", () => {
  const defaults = readFieldConfig({ custom: { hideFrom: { viz: false, legend: false } } });
  const changed = { ...defaults };
  setProperty(changed, "custom.hideFrom.viz", true);
  assert.deepEqual(changed.custom, { hideFrom: { viz: true, legend: false } });
  assert.deepEqual(defaults.custom, { hideFrom: { viz: false, legend: false } });
});

const reducers = vectors<{
  labels: Record<string, string>;
  cases: { values: (number | null)[]; result: Record<string, unknown> }[];
}>("reducers.json");

test("reducers: vectors", { skip: reducers.skip }, () => {
  for (const { values, result } of reducers.data?.cases ?? []) {
    for (const [id, expected] of Object.entries(result)) {
      if (id === "allValues" || id === "uniqueValues") continue;
      const got = reduceValues(values, id);
      const name = `${id} of ${JSON.stringify(values)}`;
      // The last bits of a sum depend on its order.
      if (typeof got === "number" && typeof expected === "number")
        assert.ok(Math.abs(got - expected) <= 1e-12 * Math.abs(expected), name);
      else assert.deepEqual(got, expected === "NaN" ? Number.NaN : expected, name);
    }
  }
  for (const [id, label] of Object.entries(reducers.data?.labels ?? {})) {
    if (id !== "allValues" && id !== "uniqueValues") assert.equal(reducerLabel(id), label);
  }
});
