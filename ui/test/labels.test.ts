import assert from "node:assert/strict";
import { test } from "node:test";
import { formatSeries, labelsContain, labelsKey, selector, seriesName } from "../src/lib/labels";

test("labels: identity does not depend on order or name", () => {
  assert.equal(labelsKey({ a: "1", b: "2", __name__: "x" }), labelsKey({ b: "2", a: "1" }));
  assert.ok(labelsContain({ a: "1", b: "2", __name__: "x" }, { a: "1", __name__: "y" }));
  assert.ok(!labelsContain({ a: "1" }, { a: "1", b: "2" }));
});

test("labels: selectors quote what PromQL would misread", () => {
  assert.equal(selector({ __name__: "up", a: 'q"\\\n' }), '{a="q\\"\\\\\\n"}');
});

test("labels: series names", () => {
  const labels = { __name__: "up", job: "j", instance: "i" };
  assert.equal(formatSeries(labels), 'up{instance="i", job="j"}');
  assert.equal(seriesName(undefined, labels, "expr", [labels]), 'up{instance="i", job="j"}');
  assert.equal(seriesName("", {}, "1 + 1", [{}]), "1 + 1");
  assert.equal(seriesName("{{job}} on {{ instance }}{{none}}", labels, "expr", [labels]), "j on i");
  assert.equal(seriesName("constant", labels, "expr", [labels]), "constant");
  assert.equal(seriesName("{{none}}", { a: "1" }, "expr", [{ a: "1" }]), '{a="1"}');
  assert.equal(seriesName("__auto", { a: "1" }, "expr", [{ a: "1" }, { a: "2" }]), "1");
  assert.equal(seriesName("__auto", { a: "1", b: "2" }, "expr", [{ a: "1", b: "2" }]), '{a="1", b="2"}');
  assert.equal(seriesName("__auto", { __name__: "up" }, "expr", [{ __name__: "up" }]), "up");
});
