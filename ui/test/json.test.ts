import assert from "node:assert/strict";
import { test } from "node:test";
import { shaped } from "../src/lib/json";

test("json: the shape's fields, and its own value where the answer has none or another kind", () => {
  const shape = { text: "none", count: 0, list: [] as string[], any: null as unknown };
  assert.deepEqual(shaped({ text: "a", count: 2, list: ["x"], any: 1, more: true }, shape), {
    text: "a",
    count: 2,
    list: ["x"],
    any: 1,
  });
  assert.deepEqual(shaped({ text: 1, count: "2", list: { 0: "x" } }, shape), shape);
  assert.deepEqual(shaped({ text: null, count: null, list: null, any: null }, shape), shape);
  for (const value of [null, undefined, 1, "text", []]) assert.deepEqual(shaped(value, shape), shape);
});
