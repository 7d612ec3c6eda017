// What the client library pushes arrives: a small program counts, programs that are not ours receive, the numbers are equal.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { addFlushes, peers, require, startCollector, startStatsd, startVictoriaMetrics, withoutPeers } from './client_push/receivers.mjs';
import { root, skipUnless, start, temporaryFolder, until, value } from './support.mjs';

const program = process.env.CACHESCOPE_CLIENT_PUSH ?? path.join(root, 'build/release/tests/acceptance/client_push');
const skip = withoutPeers;

async function push(t, ...args) {
  const child = start(t, program, args);
  const { code } = await child.exit;
  assert.equal(code, 0, child.err);
  return JSON.parse(child.out);
}

const near = (a, b) => assert.ok(Math.abs(a - b) <= 1e-9 * Math.abs(b), `${a} is not ${b}`);

test('a real StatsD server counts what the program counted', { skip }, async (t) => {
  const { statsd, port } = await startStatsd(t);
  const truth = await push(t, 'statsd', `127.0.0.1:${port}`);
  assert.equal(truth.dropped, 0);
  await until('all has been flushed', 10, () => addFlushes(statsd.out).counters['it.shop_lookups_total.l1.hit'] >= truth.hits);
  const before = addFlushes(statsd.out).flushes;
  await until('nothing is left', 10, () => addFlushes(statsd.out).flushes > before + 1);
  const got = addFlushes(statsd.out);
  assert.equal(got.counters['it.shop_lookups_total.l1.hit'], truth.hits);
  assert.equal(got.counters['it.shop_lookups_total.l1.miss'], truth.misses);
  assert.equal(got.counters['it.shop_cost_total'], truth.cost);
  assert.equal(got.counters['it.shop_summary_bytes.count'], truth.native_count);
  assert.equal(got.counters['it.shop_summary_bytes.sum'], truth.summary_sum);
  assert.equal(got.counters['statsd.bad_lines_seen'], 0);
  assert.equal(got.counters['statsd.packets_received'], truth.packets);
  assert.equal(got.gauges['it.shop_size_bytes'], truth.size);
  assert.equal(got.gauges['it.shop_drift'], truth.drift);
  near(got.timerCounts['it.shop_get_seconds'], truth.time_count);
  near(got.timerCounts['it.shop_native_seconds'], truth.native_count);
});

test('DogStatsD lines over a Unix socket are those of another client, and add up', { skip: skip || skipUnless('python3') }, async (t) => {
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const socket = path.join(folder, 'dsd.socket');
  const receiver = spawn('python3', [path.join(peers, 'receive_datagrams.py'), socket], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => receiver.kill());
  let out = '';
  receiver.stdout.on('data', (d) => (out += d));
  await until('it listens', 10, () => out.startsWith('ready\n'));
  const truth = await push(t, 'dogstatsd', `unix://${socket}`);
  assert.equal(truth.dropped, 0);
  const packets = await until('all have come', 10, () => {
    const all = out.split('\n').slice(1, -1).map((l) => JSON.parse(l));
    return all.length === truth.packets && all;
  });
  receiver.stdin.end();
  await once(receiver, 'exit');
  assert.equal(packets.reduce((a, p) => a + p.length, 0), truth.bytes);
  const lines = packets.flatMap((p) => p.split('\n'));
  const { StatsD } = require('hot-shots');
  const other = new StatsD({ mock: true, prefix: 'it.', globalTags: { env: 'test' } });
  const totals = {};
  for (const line of lines) {
    const [, name, values, type, , rate, tags] = /^it\.([\w.]+):([^|]+)\|([a-z]+)(\|@([\d.]+))?\|#(.*)$/.exec(line) ?? assert.fail(line);
    const own = tags.split(',').filter((tag) => tag !== 'env:test');
    for (const text of values.split(':')) {
      const x = Number(text);
      totals[`${name}|${own}`] ??= { sum: 0, count: 0 };
      const weight = rate === undefined ? 1 : Math.trunc(1 / Number(rate));
      totals[`${name}|${own}`].sum += x * weight;
      totals[`${name}|${own}`].count += weight;
      totals[`${name}|${own}`].last = x;
    }
    // The other client writes the same line for the same facts; it has no packed values and samples at random.
    if (values.includes(':') || rate !== undefined) continue;
    if (type === 'c') other.increment(name, Number(values), own);
    else if (type === 'g') other.gauge(name, Number(values), own);
    else other.histogram(name, Number(values), own);
    const theirs = other.mockBuffer.at(-1);
    const sorted = (l) => l.replace(/#(.*)$/, (_, all) => `#${all.split(',').sort().join(',')}`);
    assert.equal(sorted(line), sorted(theirs));
  }
  assert.ok(other.mockBuffer.length > 20);
  assert.equal(totals['shop_lookups_total|tier:l1,result:hit'].sum, truth.hits);
  assert.equal(totals['shop_lookups_total|tier:l1,result:miss'].sum, truth.misses);
  assert.equal(totals['shop_cost_total|'].sum, truth.cost);
  assert.equal(totals['shop_drift|'].last, truth.drift);
  assert.equal(totals['shop_get_seconds|'].count, truth.time_count);
  near(totals['shop_get_seconds|'].sum, truth.time_sum);
  assert.equal(totals['shop_native_seconds|'].count, truth.native_count);
  near(totals['shop_native_seconds|'].sum, truth.native_sum);
});

function pointsOf(received, name, attributes = {}) {
  const points = [];
  for (const request of received) {
    for (const { resource, scopeMetrics } of request.resourceMetrics) {
      assert.ok(resource.attributes.some((a) => a.key === 'service.name' && a.value.stringValue === 'client_push'));
      for (const metric of scopeMetrics.flatMap((s) => s.metrics).filter((m) => m.name === name)) {
        const data = metric[metric.data];
        for (const point of data.dataPoints) {
          const has = Object.fromEntries(point.attributes.map((a) => [a.key, a.value.stringValue]));
          if (Object.entries(attributes).every(([k, v]) => has[k] === v)) points.push({ ...point, kind: metric.data, temporality: data.aggregationTemporality, monotonic: data.isMonotonic, unit: metric.unit });
        }
      }
    }
  }
  return points;
}

for (const temporality of ['cumulative', 'delta']) {
  test(`OTLP with ${temporality} numbers, read with OpenTelemetry's definitions, equals what the program counted`, { skip }, async (t) => {
    const collector = await startCollector(t, 4);
    const truth = await push(t, 'otlp', collector.url, temporality);
    assert.equal(truth.dropped, 0);
    assert.equal(truth.packets, collector.received.length);
    const delta = temporality === 'delta';
    const total = (points, of) => (delta ? points.reduce((a, p) => a + of(p), 0) : of(points.at(-1)));
    const checkTimes = (points) => {
      points.forEach((p, i) => {
        assert.equal(p.temporality, delta ? 1 : 2);
        assert.ok(p.startTimeUnixNano > 0 && p.startTimeUnixNano <= p.timeUnixNano);
        if (i > 0) assert.equal(p.startTimeUnixNano, delta ? points[i - 1].timeUnixNano : points[0].startTimeUnixNano);
      });
    };
    for (const [result, want] of [['hit', truth.hits], ['miss', truth.misses]]) {
      const points = pointsOf(collector.received, 'shop_lookups_total', { tier: 'l1', result });
      assert.equal(points.length, 5);
      assert.ok(points.every((p) => p.kind === 'sum' && p.monotonic));
      checkTimes(points);
      assert.equal(total(points, (p) => p.asDouble), want);
    }
    assert.equal(total(pointsOf(collector.received, 'shop_cost_total'), (p) => p.asDouble), truth.cost);
    assert.equal(pointsOf(collector.received, 'shop_size_bytes').at(-1).asDouble, truth.size);
    assert.equal(pointsOf(collector.received, 'shop_drift').at(-1).asDouble, truth.drift);

    const times = pointsOf(collector.received, 'shop_get_seconds');
    checkTimes(times);
    assert.deepEqual(times[0].explicitBounds, [0.001, 0.002, 0.005, 0.01, 0.1]);
    assert.equal(total(times, (p) => p.count), truth.time_count);
    near(total(times, (p) => p.sum), truth.time_sum);
    assert.deepEqual(truth.time_buckets.map((_, i) => total(times, (p) => p.bucketCounts[i])), truth.time_buckets);

    const native = pointsOf(collector.received, 'shop_native_seconds');
    checkTimes(native);
    assert.ok(native.every((p) => p.kind === 'exponentialHistogram' && p.scale === 3 && p.unit === 's'));
    assert.equal(total(native, (p) => p.count), truth.native_count);
    near(total(native, (p) => p.sum), truth.native_sum);
    for (const p of native) {
      assert.equal(p.zeroCount + p.positive.bucketCounts.reduce((a, b) => a + b, 0), p.count);
      // The buckets hold what adds up to the sum: index i is 2^(i/8) to 2^((i+1)/8).
      const bound = (shift) => p.positive.bucketCounts.reduce((a, n, i) => a + n * 2 ** ((p.positive.offset + i + shift) / 8), 0);
      assert.ok(bound(0) <= p.sum && p.sum <= bound(1), `${bound(0)} <= ${p.sum} <= ${bound(1)}`);
    }
    const summary = pointsOf(collector.received, 'shop_summary_bytes').at(-1);
    assert.equal(summary.count, truth.native_count);
    assert.equal(summary.sum, truth.summary_sum);
    assert.deepEqual(summary.quantileValues.map((q) => [q.quantile, q.value]), [[0.5, 2], [0.99, 4]]);
  });
}

test('a real VictoriaMetrics takes OTLP and answers with what the program counted', async (t) => {
  const { skip: without, url, store } = await startVictoriaMetrics(t, ['-opentelemetry.usePrometheusNaming']);
  if (without) return t.skip(without);
  const truth = await push(t, 'otlp', `${url}/opentelemetry/v1/metrics`, 'cumulative');
  assert.equal(truth.dropped, 0);
  await fetch(`${url}/internal/force_flush`);
  const ask = (expression) => value(url, `${expression}`);
  await until('it has them', 20, async () => (await ask('shop_lookups_total{tier="l1",result="hit"}')) === truth.hits);
  assert.equal(await ask('shop_lookups_total{result="miss"}'), truth.misses);
  assert.equal(await ask('shop_size_bytes'), truth.size);
  assert.equal(await ask('shop_drift'), truth.drift);
  assert.equal(await ask('shop_get_seconds_count'), truth.time_count);
  assert.equal(await ask('shop_get_seconds_bucket{le="0.005"}'), truth.time_buckets.slice(0, 3).reduce((a, b) => a + b));
  near(await ask('shop_get_seconds_sum'), truth.time_sum);
  assert.equal(await ask('shop_native_seconds_count'), truth.native_count);
  near(await ask('shop_native_seconds_sum'), truth.native_sum);
  assert.equal(await ask('shop_summary_bytes{quantile="0.99"}'), 4);
  assert.doesNotMatch(store.err, /\b(warn|error)\b.*opentelemetry/i);
});
