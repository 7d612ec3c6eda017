import assert from "node:assert/strict";
import { test } from "node:test";
import { readDashboard, type VariableDefinition } from "../src/lib/dashboard";
import { kAll } from "../src/lib/interpolate";
import {
  autoInterval,
  choose,
  customOptions,
  dependencyOrder,
  parseVariableQuery,
  resultLine,
  toOptions,
  variableValue,
} from "../src/lib/variables";

function define(json: Record<string, unknown>): VariableDefinition {
  const [one] = readDashboard({ templating: { list: [{ name: "v", type: "query", ...json }] } }).variables;
  assert.ok(one !== undefined);
  return one;
}

test("variables: what a query asks", () => {
  assert.deepEqual(parseVariableQuery("label_values(redis_up, instance)"), {
    kind: "label_values",
    match: "redis_up",
    label: "instance",
  });
  assert.deepEqual(parseVariableQuery('label_values(up{a="1, 2", b=~"x"},job)'), {
    kind: "label_values",
    match: 'up{a="1, 2", b=~"x"}',
    label: "job",
  });
  assert.deepEqual(parseVariableQuery("label_values(job)"), { kind: "label_values", match: undefined, label: "job" });
  assert.deepEqual(parseVariableQuery("label_values({}, job)"), {
    kind: "label_values",
    match: undefined,
    label: "job",
  });
  assert.deepEqual(parseVariableQuery("label_names()"), { kind: "label_names", match: undefined });
  assert.deepEqual(parseVariableQuery("metrics(redis_.*)"), { kind: "metrics", regex: "redis_.*" });
  assert.deepEqual(parseVariableQuery("query_result(topk(3, up))"), { kind: "query_result", expr: "topk(3, up)" });
  assert.deepEqual(parseVariableQuery("up{}"), { kind: "series", match: "up{}" });
  assert.equal(parseVariableQuery(" "), undefined);
  assert.equal(resultLine({ __name__: "up", b: "2", a: "1" }, "1", 5), 'up{a="1",b="2"} 1 5000');
});

test("variables: regex and order", () => {
  const values = ["b-2", "a-10", "a-9", "b-2"];
  const texts = (regex: string, sort: number): string[] => toOptions(values, { regex, sort }).map((one) => one.text);
  assert.deepEqual(texts("", 0), ["b-2", "a-10", "a-9"]);
  assert.deepEqual(texts("", 1), ["a-10", "a-9", "b-2"]);
  assert.deepEqual(texts("", 7), ["a-9", "a-10", "b-2"]);
  assert.deepEqual(texts("/a-(\\d+)/", 3), ["9", "10"]);
  assert.deepEqual(texts("/a-(\\d+)/", 4), ["10", "9"]);
  assert.deepEqual(texts("a", 0), []);
  assert.deepEqual(toOptions(["x=1"], { regex: "/(?<text>.)=(?<value>.)/", sort: 0 }), [{ text: "x", value: "1" }]);
  assert.deepEqual(texts("/(/", 0), ["b-2", "a-10", "a-9"]);
});

test("variables: custom lists", () => {
  assert.deepEqual(customOptions("1m, five minutes : 5m, a\\,b"), [
    { text: "1m", value: "1m" },
    { text: "five minutes", value: "5m" },
    { text: "a,b", value: "a,b" },
  ]);
});

test("variables: the address beats the file, the file beats the first option", () => {
  const options = [
    { text: "a", value: "a" },
    { text: "b", value: "b" },
  ];
  const multi = define({ multi: true, includeAll: true, current: { value: ["b"] } });
  assert.deepEqual(choose(multi, options, ["a", "b"]), ["a", "b"]);
  assert.deepEqual(choose(multi, options, ["All"]), [kAll]);
  assert.deepEqual(choose(multi, options, undefined), ["b"]);
  assert.deepEqual(choose(multi, [{ text: "c", value: "c" }], undefined), [kAll]);
  const single = define({ current: { value: "gone" } });
  assert.deepEqual(choose(single, options, undefined), ["a"]);
  assert.deepEqual(choose(single, [], undefined), []);
  assert.deepEqual(choose(define({ current: { value: ["b"] } }), options, undefined), ["b"]);
  assert.deepEqual(variableValue(multi, options, [kAll]).options, ["a", "b"]);
});

test("variables: each after those it uses", () => {
  const list = [
    { name: "c", type: "query", query: 'label_values(up{b="$b"}, c)' },
    { name: "b", type: "query", query: { query: 'label_values(up{a="${a}"}, b)' } },
    { name: "a", type: "query", query: "label_values(a)" },
    { name: "x", type: "query", query: "$y" },
    { name: "y", type: "query", query: "$x" },
  ];
  const order = dependencyOrder(readDashboard({ templating: { list } }).variables).map((one) => one.name);
  assert.deepEqual(order.slice(0, 3), ["a", "b", "c"]);
  assert.equal(order.length, 5);
});

test("variables: auto interval", () => {
  assert.equal(autoInterval(define({ type: "interval", auto_count: 30, auto_min: "10s" }), 3_600_000), "2m");
  assert.equal(autoInterval(define({ type: "interval", auto_min: "1h" }), 3_600_000), "1h");
});
