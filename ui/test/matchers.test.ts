import assert from "node:assert/strict";
import { test } from "node:test";
import { filterTest, matcherLines, matcherTest, matcherText, parseMatchers } from "../src/lib/matchers";

test("matchers: every operator, quoted or bare, in braces, between commas, spaces or lines", () => {
  const expected = [
    { name: "a", value: "1", isRegex: false, isEqual: true },
    { name: "b", value: "2,3", isRegex: false, isEqual: false },
    { name: "c", value: "x.*", isRegex: true, isEqual: true },
    { name: "d", value: "", isRegex: true, isEqual: false },
  ];
  for (const text of [
    'a="1",b!="2,3",c=~"x.*",d!~""',
    ' { a = "1", b != "2,3" , c=~x.*, d!~"" } ',
    'a=1\nb!="2,3"\nc=~x.*\nd!~""\n',
    'a=1 b!="2,3" c=~"x.*" d!~""',
  ])
    assert.deepEqual(parseMatchers(text), expected, text);
  assert.deepEqual(parseMatchers(""), []);
  assert.deepEqual(parseMatchers("{}"), []);
});

test("matchers: what is none", () => {
  for (const text of ["redis", "a", 'a="1', '="1"', 'a=="1"b', '9="1"', 'a="1";b="2"', 'a="1" down'])
    assert.equal(parseMatchers(text), undefined, text);
});

test("matchers: what is written is read back", () => {
  for (const value of ["", 'q"q', "back\\slash", "two\nlines", "{a,b}", "ü 💾"])
    for (const [isRegex, isEqual] of [
      [false, true],
      [false, false],
      [true, true],
      [true, false],
    ] as const) {
      const one = { name: "label", value, isRegex, isEqual };
      assert.deepEqual(parseMatchers(matcherText(one)), [one], matcherText(one));
    }
  assert.equal(matcherLines({ b: "2", a: 'x"' }), 'a="x\\""\nb="2"');
});

test("matchers: match whole values; a missing label is an empty one", () => {
  const hit = (text: string, labels: Record<string, string>): boolean | undefined =>
    matcherTest(parseMatchers(text) ?? [])?.(labels);
  assert.equal(hit('a="1"', { a: "1" }), true);
  assert.equal(hit('a="1"', { a: "12" }), false);
  assert.equal(hit('a!="1"', {}), true);
  assert.equal(hit('a=""', {}), true);
  assert.equal(hit('a=~"1|2"', { a: "12" }), false);
  assert.equal(hit('a=~"(?i)ABC"', { a: "abc" }), true);
  assert.equal(hit('a!~"x.*"', { a: "xy" }), false);
  assert.equal(hit('a="1", b="2"', { a: "1", b: "3" }), false);
  assert.equal(matcherTest(parseMatchers('a=~"("') ?? []), undefined);
});

test("filter: matchers, or words in any order", () => {
  const labels = { alertname: "RedisDown", cluster: "orders" };
  assert.equal(filterTest("")?.(labels, ""), true);
  assert.equal(filterTest("orders redis")?.(labels, ""), true);
  assert.equal(filterTest("orders gone")?.(labels, "Gone since noon"), true);
  assert.equal(filterTest("sessions")?.(labels, ""), false);
  assert.equal(filterTest('cluster="orders"')?.(labels, ""), true);
  assert.equal(filterTest('cluster="ord'), undefined);
  assert.equal(filterTest('cluster=~"["'), undefined);
});
