import assert from "node:assert/strict";
import { test } from "node:test";
import { hitRatio, judge, type CacheFacts } from "../src/lib/judgement";

const well: CacheFacts = {
  state: "up",
  hitsPerSecond: 95,
  missesPerSecond: 5,
  memoryUsed: 1 << 20,
  memoryMax: 2 << 20,
  uptimeSeconds: 86_400,
  evictionsPerSecond: 0,
  rejectedPerSecond: 0,
};

test("judgement: silence is not zero", () => {
  assert.deepEqual(hitRatio({ hitsPerSecond: 0, missesPerSecond: 0 }), { state: "no traffic" });
  assert.deepEqual(hitRatio({ hitsPerSecond: 0, missesPerSecond: 0.01 }), { state: "too little traffic" });
  assert.deepEqual(hitRatio({ hitsPerSecond: undefined, missesPerSecond: 1 }), { state: "not measured" });
  assert.deepEqual(hitRatio({ hitsPerSecond: 0, missesPerSecond: 1 }), { state: "known", ratio: 0 });
  assert.equal(judge({ ...well, hitsPerSecond: 0, missesPerSecond: 0 }).level, "unknown");
  assert.match(judge({ ...well, hitsPerSecond: 0, missesPerSecond: 0 }).text, /nobody looked anything up/);
});

test("judgement: the worst is said first", () => {
  const cases: [Partial<CacheFacts>, string, RegExp][] = [
    [{}, "good", /^Healthy: 95% .* 1 MiB of memory left\.$/],
    [{ memoryMax: 0 }, "good", /no memory limit set/],
    [{ state: "down", error: "connection refused" }, "bad", /^Does not answer: connection refused$/],
    [{ state: "unknown" }, "unknown", /Nothing heard/],
    [{ rejectedPerSecond: 1, hitsPerSecond: 1, missesPerSecond: 99 }, "bad", /Turns clients away/],
    [{ replicaLinkDown: true }, "bad", /lost its link/],
    [{ memoryUsed: 99, memoryMax: 100, policy: "noeviction" }, "bad", /writes fail/],
    [
      { hitsPerSecond: 60, missesPerSecond: 40, usualHitRatio: 0.95 },
      "watch",
      /fell to 60%; over the last hour it was 95%/,
    ],
    [{ hitsPerSecond: 30, missesPerSecond: 70, usualHitRatio: 0.95, evictionsPerSecond: 5 }, "bad", /evicting keys/],
    [{ hitsPerSecond: 30, missesPerSecond: 70 }, "watch", /Most lookups miss/],
    [{ hitsPerSecond: 50, missesPerSecond: 50, uptimeSeconds: 60 }, "watch", /Still filling: it started 1m ago/],
    [{ evictionsPerSecond: 12 }, "good", /full and evicts 12 keys/],
    [{ evictionsPerSecond: 12, hitsPerSecond: 85, missesPerSecond: 15 }, "watch", /15% of lookups miss/],
    [{ hitsPerSecond: 75, missesPerSecond: 25 }, "watch", /every fourth lookup misses/],
  ];
  for (const [change, level, text] of cases) {
    const got = judge({ ...well, ...change });
    assert.equal(got.level, level, got.text);
    assert.match(got.text, text);
  }
});

test("a cache for which an alert fires is not called healthy", () => {
  const got = judge({ ...well, firing: ["hit ratio fell", "other"] });
  assert.equal(got.level, "watch");
  assert.match(got.text, /^Alert: hit ratio fell \(and 1 more\)\. /);
  assert.doesNotMatch(got.text, /Healthy/);
  assert.match(judge({ ...well, state: "down", firing: ["x"] }).text, /Does not answer/);
});
