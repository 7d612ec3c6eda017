// Series for the comparison: counters with resets, gauges with gaps, staleness, NaN and infinities, classic and native
// histograms, info series; label sets that join, half join and do not join.
import { STALE } from './remote_write.mjs';

export const BASE = Math.floor(Date.now() / 3600000) * 3600000 - 3 * 3600000;
export const SPAN_MS = 2 * 3600000;
const JOBS = ['api', 'batch', 'cache'];
const INSTANCES = ['a:1', 'b:1', 'c:1', 'd:1'];

function scrapeTimes(random, interval, { base, span }) {
  const times = [];
  const phase = random.below(interval);
  for (let t = base + phase; t < base + span; t += interval) {
    if (!random.chance(0.02)) times.push(t + (random.chance(0.3) ? random.below(200) : 0));
  }
  return times;
}

// Cuts one or two holes, ended by a staleness marker or not.
function withHoles(random, samples) {
  if (random.chance(0.5)) return samples;
  const from = random.below(samples.length);
  const length = random.between(5, 60);
  const out = samples.slice(0, from);
  if (random.chance(0.6) && from < samples.length) out.push({ t: samples[from].t, v: STALE });
  return out.concat(samples.slice(from + length));
}

function counter(random, times) {
  let value = random.below(1000);
  const pace = random.pick([0, 1, 10, 1000]);
  return times.map((t) => {
    if (random.chance(0.01)) value = 0;
    else value += random.chance(0.2) ? 0 : random.below(pace + 1) + (random.chance(0.1) ? 0.5 : 0);
    return { t, v: value };
  });
}

function gauge(random, times) {
  const kind = random.pick(['walk', 'walk', 'noise', 'constant', 'special', 'tiny']);
  let value = random.below(200) - 100;
  return times.map((t) => {
    if (kind === 'walk') value += random.between(-5, 5);
    if (kind === 'noise') value = random.next() * 1000 - 300;
    if (kind === 'tiny') value = (random.next() - 0.5) * 1e-9;
    if (kind === 'special' && random.chance(0.3)) return { t, v: random.pick([NaN, Infinity, -Infinity, 0, -0]) };
    return { t, v: value };
  });
}

function classicHistogram(random, labels, times) {
  const bounds = ['0.1', '0.5', '1', '5', '+Inf'];
  const counts = bounds.map(() => 0);
  let sum = 0;
  const out = Object.fromEntries([...bounds, 'sum', 'count'].map((k) => [k, []]));
  for (const t of times) {
    if (random.chance(0.01)) {
      counts.fill(0);
      sum = 0;
    }
    for (let i = random.below(5); i < bounds.length; i++) counts[i] += random.below(4);
    for (let i = 1; i < bounds.length; i++) counts[i] = Math.max(counts[i], counts[i - 1]);
    sum += random.next() * 10;
    bounds.forEach((bound, i) => out[bound].push({ t, v: counts[i] }));
    out.sum.push({ t, v: sum });
    out.count.push({ t, v: counts[4] });
  }
  return [
    ...bounds.map((le) => ({ labels: { __name__: 'request_seconds_bucket', ...labels, le }, samples: out[le] })),
    { labels: { __name__: 'request_seconds_sum', ...labels }, samples: out.sum },
    { labels: { __name__: 'request_seconds_count', ...labels }, samples: out.count },
  ];
}

function nativeHistogram(random, labels, times) {
  const schema = random.pick([-1, 0, 2, 3]);
  const width = random.between(2, 6);
  const offset = random.between(-4, 2);
  const positive = new Array(width).fill(0);
  const negative = random.chance(0.4) ? new Array(2).fill(0) : [];
  let zeroCount = 0;
  let sum = 0;
  const deltas = (counts) => counts.map((c, i) => c - (i === 0 ? 0 : counts[i - 1]));
  const histograms = times.map((t) => {
    if (random.chance(0.01)) {
      positive.fill(0);
      negative.fill(0);
      zeroCount = 0;
      sum = 0;
    }
    for (const list of [positive, negative]) list.forEach((_, i) => (list[i] += random.below(4)));
    zeroCount += random.below(2);
    sum += random.next() * 20 - 4;
    const count = zeroCount + [...positive, ...negative].reduce((a, b) => a + b, 0);
    return {
      t, schema, zeroThreshold: 0.001, zeroCount, count, sum,
      positive: { spans: [[offset, width]], deltas: deltas(positive) },
      negative: { spans: negative.length > 0 ? [[0, negative.length]] : [], deltas: deltas(negative) },
    };
  });
  return { labels: { __name__: 'request_size_bytes', ...labels }, histograms };
}

// `when`: {base, span} in ms.
export function makeDataSet(random, when = { base: BASE, span: SPAN_MS }) {
  const series = [];
  for (const job of JOBS) {
    for (const instance of INSTANCES) {
      const interval = random.pick([5000, 10000, 15000, 15000, 30000]);
      const times = () => scrapeTimes(random, interval, when);
      const labels = { job, instance };
      for (const result of ['hit', 'miss']) {
        series.push({ labels: { __name__: 'cache_gets_total', ...labels, result }, samples: withHoles(random, counter(random, times())) });
      }
      series.push({ labels: { __name__: 'cache_gets_sum_total', ...labels }, samples: counter(random, times()) });
      series.push({ labels: { __name__: 'memory_bytes', ...labels }, samples: withHoles(random, gauge(random, times())) });
      series.push({ labels: { __name__: 'temperature', ...labels, zone: random.pick(['x', 'y', '']) || 'none' }, samples: gauge(random, times()) });
      series.push({
        labels: { __name__: 'build_info', ...labels, version: `1.${instance.charCodeAt(0) % 3}`, arch: 'amd64' },
        samples: times().map((t) => ({ t, v: 1 })),
      });
      if (instance < 'c') series.push({ labels: { __name__: 'limit_bytes', job, instance, kind: 'soft' }, samples: gauge(random, times()) });
      if (instance < 'd') series.push(...classicHistogram(random, labels, times()));
      if (instance < 'c') series.push(nativeHistogram(random, labels, times()));
    }
    series.push({ labels: { __name__: 'job_weight', job }, samples: scrapeTimes(random, 30000, when).map((t) => ({ t, v: random.between(1, 9) })) });
  }
  return series;
}
