import assert from "node:assert/strict";
import { test } from "node:test";
import { interpolate, usedVariables, type Variables } from "../src/lib/interpolate";
import { vectors } from "./vectors";

const { data, skip } = vectors<{
  variables: Variables;
  cases: { context: string; template: string; expect: string }[];
}>("interpolation.json");

test("interpolation: vectors", { skip }, () => {
  assert.ok((data?.cases.length ?? 0) > 20);
  for (const { context, template, expect } of data?.cases ?? []) {
    assert.equal(
      interpolate(template, data?.variables ?? {}, context === "title" ? "text" : "prometheus"),
      expect,
      template,
    );
  }
});

test("interpolation: single values are escaped, names of Object are no variables", () => {
  const variables: Variables = { q: { value: "a'b\\c", text: "q" } };
  assert.equal(interpolate("$q", variables, "prometheus"), "a\\\\'b\\\\c");
  assert.equal(interpolate("$constructor", variables, "prometheus"), "$constructor");
});

test("interpolation: used names", () => {
  assert.deepEqual([...usedVariables('rate(x{a="$a"}[${b:csv}]) + [[c]]')], ["a", "b", "c"]);
});
