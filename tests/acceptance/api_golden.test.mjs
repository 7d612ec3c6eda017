// The HTTP API beside a real Prometheus: the same data, the same requests, the same answers, field by field.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';
import { newestPrometheus, remoteRead, remoteWrite } from './api_support.mjs';
import { freePort, start, startServer, temporaryFolder, until, value } from './support.mjs';

const prometheus = newestPrometheus();
const skip = prometheus ? false : 'skipped: not installed: prometheus';

// Samples end ten minutes ago, so that what the servers collect about themselves is not among them.
const end = Math.floor(Date.now() / 60000) * 60 - 600;
const begin = end - 1800;
const ms = (seconds) => seconds * 1000;
const steps = (make, every = 15) => {
  const out = [];
  for (let t = begin, i = 0; t <= end; t += every, ++i) out.push([ms(t), make(i)]);
  return out;
};

const data = [
  ...['a', 'b', 'c'].flatMap((instance, n) => [
    { labels: { __name__: 'golden_requests_total', job: 'golden', instance, code: '200' }, samples: steps((i) => i * (n + 1)) },
    { labels: { __name__: 'golden_requests_total', job: 'golden', instance, code: '500' }, samples: steps((i) => Math.floor(i / 7) * (n + 1)) },
    ...['0.1', '0.5', '1', '+Inf'].map((le, b) => ({ labels: { __name__: 'golden_seconds_bucket', job: 'golden', instance, le }, samples: steps((i) => i * (b + 1)) })),
    { labels: { __name__: 'golden_memory_bytes', job: 'golden', instance }, samples: steps((i) => 1e9 + (i % 13) * 12345.678 * (n + 1)) },
  ]),
  { labels: { __name__: 'golden_up', job: 'golden', instance: 'a' }, samples: steps(() => 1) },
  { labels: { __name__: 'golden_odd', kind: 'inf' }, samples: [[ms(end), Infinity]] },
  { labels: { __name__: 'golden_odd', kind: 'minus' }, samples: [[ms(end), -Infinity]] },
  { labels: { __name__: 'golden_odd', kind: 'nan' }, samples: [[ms(end), NaN]] },
  { labels: { __name__: 'golden_odd', kind: 'tiny' }, samples: [[ms(end), 5e-324]] },
  { labels: { __name__: 'golden_odd', kind: 'large' }, samples: [[ms(end), 1.7976931348623157e308]] },
  { labels: { __name__: 'golden_odd', kind: 'minus zero' }, samples: [[ms(end), -0]] },
  { labels: { __name__: 'golden_odd', kind: '"quoted" <b>&\\\n\té€😀' }, samples: [[ms(end), 1e21]] },
  { labels: { __name__: 'golden dotted.name', 'label with blanks': 'x' }, samples: [[ms(end), 0.000001]] },
  {
    labels: { __name__: 'golden_native', job: 'golden' },
    histograms: [0, 1, 2, 3].map((i) => ({ t: ms(end - 60 + i * 15), schema: 0, count: 10 + i * 4, sum: 18.4 + i, zeroThreshold: 0.001, zeroCount: 2 + i, spans: [[0, 2], [1, 1]], buckets: [3 + i, 2 + i, 3 + i] })),
  },
  { labels: { __name__: 'golden_custom', job: 'golden' }, histograms: [{ t: ms(end), schema: -53, count: 6, sum: 3, spans: [[0, 3]], buckets: [1, 2, 3], custom: [0.5, 1] }] },
  {
    labels: { __name__: 'golden_traced_total', job: 'golden' },
    samples: steps((i) => i),
    exemplars: [0, 1, 2].map((i) => ({ labels: { trace_id: `trace-${i}`, span_id: `${i}` }, v: i + 0.5, t: ms(end - 30 + i * 10) })),
  },
];

const rules = `groups:
- name: golden
  interval: 1s
  rules:
  - record: golden:rate
    expr: sum(rate(golden_requests_total[5m]))
    labels: {kind: recorded}
  - alert: GoldenAlways
    expr: vector(2) > 1
    labels: {severity: page}
    annotations: {summary: 'value {{ $value }}'}
  - alert: GoldenPending
    expr: vector(1)
    for: 1h
    keep_firing_for: 5m
`;
const page = `# HELP golden_page_total Things counted.
# TYPE golden_page_total counter
golden_page_total{x="1"} 5
# HELP golden_page_ratio A ratio with \\\\ and \\n in it.
# TYPE golden_page_ratio gauge
golden_page_ratio 0.5
# TYPE golden_page_seconds histogram
golden_page_seconds_bucket{le="1"} 1
golden_page_seconds_bucket{le="+Inf"} 2
golden_page_seconds_sum 1.5
golden_page_seconds_count 2
`;

async function servePage(t) {
  const server = http.createServer((request, response) => response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' }).end(page));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections?.();
    server.close();
  });
  return server.address().port;
}

async function startBoth(t) {
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  fs.writeFileSync(path.join(folder, 'rules.yml'), rules);
  const target = await servePage(t);
  fs.writeFileSync(
    path.join(folder, 'p.yml'),
    `global: {scrape_interval: 1s, evaluation_interval: 1s, external_labels: {region: here}}
rule_files: [rules.yml]
scrape_configs:
- job_name: page
  static_configs: [{targets: ["127.0.0.1:${target}", "127.0.0.1:1"], labels: {env: test}}]
  relabel_configs: [{source_labels: [__address__], regex: '127.0.0.1:1', action: drop}]
`,
  );
  const features = '--enable-feature=promql-experimental-functions,exemplar-storage,native-histograms';
  const port = await freePort();
  const other = start(t, prometheus, [`--config.file=${folder}/p.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`, '--web.enable-remote-write-receiver', features]);
  const ours = await startServer(t, [`--config.file=${folder}/p.yml`, '--enable-feature=promql-experimental-functions']);
  const theirs = `http://127.0.0.1:${port}`;
  await until('Prometheus answers', 30, async () => {
    if (other.child.exitCode !== null) throw new Error(other.err);
    return (await fetch(`${theirs}/-/ready`)).status === 200;
  });
  for (const url of [ours.url, theirs]) {
    const written = await remoteWrite(url, data);
    assert.equal(written.status, 204, `${url}: ${written.text}`);
    await until('the page is scraped', 20, async () => (await value(url, 'golden_page_total')) === 5);
    await until('the alert fires', 20, async () => (await value(url, 'ALERTS{alertname="GoldenAlways",alertstate="firing"}')) === 1);
  }
  return { ours: ours.url, theirs };
}

async function ask(url, [target, params = {}, options = {}]) {
  const query = new URLSearchParams(params).toString();
  const post = options.method === 'POST';
  const response = await fetch(`${url}${target}${!post && query ? `?${query}` : ''}`, {
    method: options.method ?? 'GET',
    headers: { ...(post ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {}), ...options.headers },
    ...(post ? { body: query } : {}),
  });
  const text = await response.text();
  let body = text;
  try {
    body = JSON.parse(text);
  } catch {
    // Compared as text.
  }
  return { status: response.status, type: response.headers.get('content-type'), body };
}

const text = (v) => JSON.stringify(v);
const byText = (a, b) => (text(a) < text(b) ? -1 : 1);

// What two right answers may differ in.
function normalize(answer, [target, params = {}]) {
  const out = structuredClone(answer);
  const result = out.body?.data?.result;
  // Instant vectors come in no particular order unless they are sorted.
  if (out.body?.data?.resultType === 'vector' && !/sort|topk|bottomk/.test(params.query ?? '')) result.sort(byText);
  if (out.body?.data?.stats) {
    const shape = (v) => (typeof v === 'object' ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, shape(x)])) : typeof v);
    out.body.data.stats = shape(out.body.data.stats);
  }
  // Label sets come in no particular order, and a limit may keep any of them.
  if (target === '/api/v1/series' && Array.isArray(out.body?.data)) out.body.data = params.limit ? out.body.data.length : out.body.data.sort(byText);
  // The engines of regular expressions word their errors differently, and pairs of series are named in any order.
  if (out.body?.error) out.body.error = out.body.error.replace(/(error parsing regexp: ).*/, '$1…').replace(/: \[\{.*\}\];/, ': […];');
  if (target === '/federate') out.body = String(out.body).split('\n').filter((line) => !/^(# TYPE )?(ALERTS|golden:)/.test(line));
  if (target === '/federate') out.type = out.type?.split(';')[0];
  return out;
}

const at = { time: end };
const span = { start: begin + 300, end, step: 60 };
const q = (query, more = {}) => ['/api/v1/query', { ...at, query, ...more }];
const r = (query, more = {}) => ['/api/v1/query_range', { ...span, query, ...more }];
const window = { start: begin, end };
const golden = { ...window, 'match[]': '{__name__=~"golden.*",job!="page"}' };

const requests = [
  ...[
    'golden_up', 'golden_requests_total', 'golden_odd', '{"golden dotted.name"}', 'golden_native', 'golden_custom', 'golden_nothing', '1', '"text"', '-1.5e-9', 'NaN', 'time()',
    'sum by (code) (rate(golden_requests_total[5m]))', 'histogram_quantile(0.9, sum by (le) (rate(golden_seconds_bucket[5m])))', 'topk(2, golden_memory_bytes)', 'sort_desc(golden_memory_bytes)',
    'golden_requests_total[1m]', 'golden_native[1m]', 'golden_up[5m:1m]', 'histogram_quantile(0.5, golden_native)', 'histogram_count(golden_native)', 'rate(golden_native[1m])',
    'golden_requests_total offset 10m', `golden_up @ ${begin + 60}`, 'count(golden_requests_total) by (instance) > 1', 'golden_requests_total / ignoring(code) group_left golden_up',
    'label_replace(golden_up, "new", "$1-x", "instance", "(.*)")', 'absent(golden_nothing{a="b"})', 'rate(golden_memory_bytes[5m])', 'sum(golden_native) + 1', 'golden_up == bool 1', '-golden_up',
    'quantile_over_time(0.5, golden_memory_bytes[10m])', 'sum without (instance) (golden_requests_total)', 'limitk(1, golden_up)', 'increase(golden_up[5m])',
    // Errors.
    'sum(', 'golden_up[', 'foo(1)', 'golden_up{a="b}', 'rate(golden_up)', 'golden_up + on(instance) golden_requests_total', '{}', '', 'label_replace(golden_up, "~invalid", "", "src", "(.*)")',
    'golden_requests_total{job=~"("}', 'sum(golden_up) by', '1 + "a"', 'golden_up @ x', 'vector("1")', 'golden_up[5m] + 1', 'count_values("a b", golden_up)',
  ].map((query) => q(query)),
  q('golden_up', { time: new Date(end * 1000).toISOString() }), q('golden_up', { time: 'now' }), q('golden_up', { time: '' }), q('golden_up', { time: `${end}.123456` }), q('golden_up', { time: '1e400' }),
  q('golden_requests_total', { limit: 2 }), q('golden_requests_total', { limit: 100 }), q('golden_requests_total', { limit: 0 }), q('golden_up', { limit: '-1' }), q('golden_up', { limit: 'x' }), q('golden_up', { limit: '99999999999999999999' }),
  q('golden_up', { timeout: '10s' }), q('golden_up', { timeout: 'soon' }), q('golden_up', { lookback_delta: '1m' }), q('golden_up', { lookback_delta: '1s', time: end + 5 }), q('golden_up', { lookback_delta: 'x' }), q('golden_up', { time: end + 299 }), q('golden_up', { time: end + 301 }),
  q('golden_up', { stats: 'true' }), q('golden_up', { stats: 'all' }), r('golden_up', { stats: 'all' }),
  ['/api/v1/query', { ...at, query: 'sum(golden_requests_total)' }, { method: 'POST' }],
  ['/api/v1/query', {}],
  ...['golden_up', 'sum by (code) (rate(golden_requests_total[5m]))', 'golden_native', '1', 'time()', 'golden_odd', 'golden_nothing', 'sum(rate(golden_requests_total[5m])) by (instance) > 0.1', '"text"', 'golden_up[5m]', 'sum(', 'rate(golden_native[1m])', 'golden_requests_total'].map((query) => r(query)),
  r('golden_up', { step: 0 }), r('golden_up', { step: -1 }), r('golden_up', { step: 'x' }), r('golden_up', { step: '1m' }), r('golden_up', { step: 0.5 }), r('golden_up', { step: 0.01 }), r('golden_up', { start: end + 1 }), r('golden_up', { start: 'x' }), r('golden_up', { end: 'x' }),
  r('golden_up', { step: '' }), r('golden_up', { start: '' }), r('golden_requests_total', { limit: 3 }), r('golden_up', { limit: -3 }), r('golden_up', { timeout: '1x' }), ['/api/v1/query_range', {}], ['/api/v1/query_range', { ...span, query: 'golden_up' }, { method: 'POST' }],
  ...['sum(rate(golden_up{a="b"}[5m]))by(x)', 'foo{', 'a+b', 'golden_up', 'histogram_quantile(0.9, sum(rate(http_request_duration_seconds_bucket{job="api",handler="/x"}[5m])) by (le, job, handler)) > 1', ''].map((query) => ['/api/v1/format_query', { query }]),
  ...[
    'golden_up', '1', '-1.5', '+Inf', '"x"', 'a{b!="c",d=~"e.*",f!~"g"}', 'a[5m]', 'a[5m] offset 1h', 'a @ 100', 'a @ start()', 'a[5m] @ end() offset -5m', 'rate(a[5m])', 'sum by (x) (a)', 'sum without () (a)', 'topk(3, a)', 'a + b',
    'a + on (x) group_left (y) b', 'a == bool 1', 'a and ignoring(z) b', '-a', '(a)', 'max_over_time(a[1h:5m] offset 3s)', 'a[1h:]', 'label_replace(a, "b", "c", "d", "e")', 'time()', 'round(a)', 'quantile(0.5, a)', '{"x.y", a="b"}', 'a > 1', 'foo(', '', 'count_values("v", a)', '5m', 'scalar(a) * 2 ^ 3',
  ].map((query) => ['/api/v1/parse_query', { query }]),
  ['/api/v1/parse_query', { query: 'a + b' }, { method: 'POST' }],
  ['/api/v1/series', golden], ['/api/v1/series', golden, { method: 'POST' }], ['/api/v1/series', { ...golden, limit: 2 }], ['/api/v1/series', window], ['/api/v1/series', { 'match[]': '{' }], ['/api/v1/series', { ...window, 'match[]': '{}' }],
  ['/api/v1/series', { 'match[]': 'golden_up', start: 'x' }], ['/api/v1/series', { 'match[]': 'golden_up', end: 'x' }], ['/api/v1/series', { 'match[]': 'golden_up', limit: 'x' }], ['/api/v1/series', { 'match[]': 'golden_up', start: 0, end: 10 }], ['/api/v1/series', { 'match[]': 'golden_up', start: 10, end: 0 }],
  ['/api/v1/labels', golden], ['/api/v1/labels', { ...golden, limit: 1 }], ['/api/v1/labels', golden, { method: 'POST' }], ['/api/v1/labels', { 'match[]': 'x{' }], ['/api/v1/labels', { 'match[]': '{a=""}' }], ['/api/v1/labels', { 'match[]': 'golden_nothing' }], ['/api/v1/labels', { ...golden, start: 'x' }],
  ...['__name__', 'instance', 'le', 'kind', 'nothing', 'label with blanks', 'U__label_20_with_20_blanks'].map((name) => [`/api/v1/label/${encodeURIComponent(name)}/values`, golden]),
  ['/api/v1/label/instance/values', { ...golden, limit: 1 }], ['/api/v1/label/instance/values', { ...golden, limit: 'x' }], ['/api/v1/label/instance/values', { 'match[]': '{' }],
  ['/api/v1/query_exemplars', { ...window, query: 'golden_traced_total' }], ['/api/v1/query_exemplars', { ...window, query: 'rate(golden_traced_total{job="golden"}[5m]) + golden_up' }], ['/api/v1/query_exemplars', { start: end - 25, end: end - 15, query: 'golden_traced_total' }], ['/api/v1/query_exemplars', { ...window, query: 'golden_nothing' }],
  ['/api/v1/query_exemplars', { ...window, query: '1' }], ['/api/v1/query_exemplars', { ...window, query: 'x{' }], ['/api/v1/query_exemplars', { start: end, end: begin, query: 'x' }], ['/api/v1/query_exemplars', { start: 'x', query: 'x' }], ['/api/v1/query_exemplars', { ...window, query: 'golden_traced_total' }, { method: 'POST' }],
  ['/api/v1/metadata', { metric: 'golden_page_ratio' }], ['/api/v1/metadata', { metric: 'golden_page_total' }], ['/api/v1/metadata', { metric: 'golden_nothing' }], ['/api/v1/metadata', { limit: 'x' }], ['/api/v1/metadata', { limit_per_metric: 'x' }], ['/api/v1/metadata', { metric: 'golden_page_total', limit_per_metric: 1 }], ['/api/v1/metadata', { limit: 0, metric: 'golden_page_total' }],
  ['/api/v1/targets/metadata', { match_target: '{job="page"}', metric: 'golden_page_ratio' }], ['/api/v1/targets/metadata', { match_target: '{job="page"}', metric: 'golden_nothing' }], ['/api/v1/targets/metadata', { match_target: '{job="nothing"}' }], ['/api/v1/targets/metadata', { match_target: '{' }], ['/api/v1/targets/metadata', { limit: 'x' }],
  ['/api/v1/alertmanagers'], ['/api/v1/status/tsdb', { limit: 'x' }], ['/api/v1/status/tsdb', { limit: 0 }], ['/api/v1/rules', { type: 'x' }], ['/api/v1/rules', { exclude_alerts: 'x' }], ['/api/v1/rules', { group_limit: 'x' }], ['/api/v1/rules', { 'match[]': '{' }], ['/api/v1/rules', { group_next_token: 'x' }], ['/api/v1/rules', { 'rule_group[]': 'nothing' }], ['/api/v1/rules', { 'rule_name[]': 'nothing' }],
  ['/api/v1/admin/tsdb/delete_series', { 'match[]': 'x' }, { method: 'POST' }], ['/api/v1/admin/tsdb/clean_tombstones', {}, { method: 'POST' }], ['/api/v1/admin/tsdb/snapshot', {}, { method: 'POST' }],
  ['/api/v1/status/walreplay'], ['/api/v1/notifications'],
  ['/federate', { 'match[]': 'golden_page_total' }], ['/federate', { 'match[]': '{job="page"}' }], ['/federate', { 'match[]': '{' }], ['/federate', {}],
];

// Fields of these hold times and addresses: compared after the ones named here are taken out, and where they differ by design.
function withoutTimes(value) {
  if (Array.isArray(value)) return value.map(withoutTimes);
  if (value === null || typeof value !== 'object') return value;
  const volatile = ['lastScrape', 'lastScrapeDuration', 'evaluationTime', 'lastEvaluation', 'activeAt', 'keepFiringSince', 'globalUrl', 'file'];
  return Object.fromEntries(Object.entries(value).map(([k, v]) => (volatile.includes(k) ? [k, typeof v] : [k, withoutTimes(v)])));
}

test('answers are those of a real Prometheus', { skip, timeout: 180000 }, async (t) => {
  const { ours, theirs } = await startBoth(t);
  await t.test('every request', async () => {
    const different = [];
    for (const request of requests) {
      const [mine, real] = [normalize(await ask(ours, request), request), normalize(await ask(theirs, request), request)];
      // Federation reads the clock, and scrapes go on meanwhile.
      if (request[0] === '/federate' && Array.isArray(mine.body)) {
        for (const answer of [mine, real]) answer.body = answer.body.filter((line) => !line.includes('scrape_') && !line.startsWith('up')).map((line) => line.replace(/ \d{13}$/, ' T')).sort();
      }
      if (text(mine.body) !== text(real.body)) {
        try {
          assert.deepEqual(mine.body, real.body);
        } catch {
          different.push(`${request[2]?.method ?? 'GET'} ${request[0]} ${text(request[1])}\n  ours   ${mine.status} ${text(mine.body).slice(0, 1500)}\n  theirs ${real.status} ${text(real.body).slice(0, 1500)}`);
          continue;
        }
      }
      if (mine.status !== real.status) different.push(`${request[0]} ${text(request[1])}: status ${mine.status}, theirs ${real.status}`);
      else if (mine.type?.toLowerCase().replaceAll(' ', '') !== real.type?.toLowerCase().replaceAll(' ', '')) different.push(`${request[0]} ${text(request[1])}: type ${mine.type}, theirs ${real.type}`);
    }
    assert.deepEqual(different, [], `${different.length} of ${requests.length} answers differ:\n${different.join('\n')}`);
    console.log(`${requests.length} answers are the same`);
  });

  await t.test('rules, alerts and targets', async () => {
    // We ship rules of our own, unlike they.
    for (const more of ['', '&type=alert', '&type=record', '&exclude_alerts=true', '&rule_name[]=GoldenAlways', '&match[]={severity="page"}', '&group_limit=5', '&file[]=nothing']) {
      const target = `/api/v1/rules?rule_group[]=golden${more}`;
      const [mine, real] = [await ask(ours, [target]), await ask(theirs, [target])];
      assert.deepEqual(withoutTimes(mine.body), withoutTimes(real.body), target);
    }
    const alerts = (answer) => withoutTimes(answer.body.data.alerts.filter((x) => x.labels.alertname.startsWith('Golden'))).sort(byText);
    assert.deepEqual(alerts(await ask(ours, ['/api/v1/alerts'])), alerts(await ask(theirs, ['/api/v1/alerts'])));
    const pool = (answer) => answer.body.data.activeTargets.filter((x) => x.labels.job === 'page');
    const [mine, real] = [await ask(ours, ['/api/v1/targets']), await ask(theirs, ['/api/v1/targets'])];
    assert.deepEqual(withoutTimes(pool(mine)), withoutTimes(pool(real)));
    assert.deepEqual(mine.body.data.droppedTargets, real.body.data.droppedTargets);
    assert.equal(mine.body.data.droppedTargetCounts.page, real.body.data.droppedTargetCounts.page);
    const keys = (answer) => Object.keys(answer.body.data).sort();
    for (const target of ['/api/v1/status/buildinfo', '/api/v1/status/runtimeinfo', '/api/v1/status/tsdb', '/api/v1/status/config']) {
      const [a, b] = [keys(await ask(ours, [target])), keys(await ask(theirs, [target]))];
      assert.deepEqual(b.filter((k) => !a.includes(k)), [], `${target}: fields that are missing here`);
    }
  });

  await t.test('remote read of samples, byte for byte', async () => {
    for (const name of ['golden_requests_total', 'golden_memory_bytes', 'golden_nothing']) {
      const [mine, real] = [await remoteRead(ours, name, ms(begin), ms(end - 60)), await remoteRead(theirs, name, ms(begin), ms(end - 60))];
      assert.equal(mine.type, real.type);
      assert.deepEqual(mine.series, real.series, name);
    }
  });

  await t.test('cross-origin requests', async () => {
    for (const options of [{ headers: { Origin: 'http://example.org' } }, { method: 'OPTIONS', headers: { Origin: 'http://example.org' } }, {}]) {
      const [mine, real] = [await fetch(`${ours}/api/v1/labels`, options), await fetch(`${theirs}/api/v1/labels`, options)];
      for (const name of ['access-control-allow-origin', 'access-control-allow-methods', 'access-control-allow-headers', 'access-control-expose-headers']) {
        assert.equal(mine.headers.get(name), real.headers.get(name), name);
      }
      assert.equal(mine.status, real.status);
    }
  });
});

test('a real Prometheus reads our samples and chunks by remote read', { skip, timeout: 120000 }, async (t) => {
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const ours = await startServer(t, []);
  assert.equal((await remoteWrite(ours.url, data)).status, 204);
  fs.writeFileSync(path.join(folder, 'p.yml'), `remote_read: [{url: "${ours.url}/api/v1/read", read_recent: true}]\n`);
  const port = await freePort();
  start(t, prometheus, [`--config.file=${folder}/p.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`, '--enable-feature=native-histograms']);
  const theirs = `http://127.0.0.1:${port}`;
  await until('Prometheus answers', 30, async () => (await fetch(`${theirs}/-/ready`)).status === 200);
  for (const request of ['golden_requests_total', 'golden_odd', 'golden_native', 'golden_custom', 'rate(golden_native[1m])', 'sum by (code) (rate(golden_requests_total[5m]))', '{"golden dotted.name"}', 'golden_requests_total[30m]', 'golden_native[5m]'].map((query) => q(query))) {
    const [mine, real] = [normalize(await ask(ours.url, request), request), normalize(await ask(theirs, request), request)];
    assert.equal(real.status, 200, text(real.body));
    assert.ok(real.body.data.result.length > 0, text(request));
    assert.deepEqual(real.body.data, mine.body.data, text(request));
  }
  // The range that the native histograms' reset hints do not depend on.
  const request = r('golden_memory_bytes');
  assert.deepEqual((await ask(theirs, request)).body.data, (await ask(ours.url, request)).body.data);
});

test('a real Prometheus writes to us, in both versions of the protocol', { skip, timeout: 120000 }, async (t) => {
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const ours = await startServer(t, []);
  const target = await servePage(t);
  const sender = (name, message) => `- {name: ${name}, url: "${ours.url}/api/v1/write"${message}, write_relabel_configs: [{target_label: sender, replacement: ${name}}]}\n`;
  fs.writeFileSync(
    path.join(folder, 'p.yml'),
    `global: {scrape_interval: 1s}
scrape_configs: [{job_name: page, static_configs: [{targets: ["127.0.0.1:${target}"]}]}]
remote_write:
${sender('one', '')}${sender('two', ', protobuf_message: io.prometheus.write.v2.Request')}`,
  );
  const port = await freePort();
  const other = start(t, prometheus, [`--config.file=${folder}/p.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`, '--enable-feature=metadata-wal-records']);
  for (const name of ['one', 'two']) {
    await until(`samples of version ${name} arrive`, 60, async () => {
      if (other.child.exitCode !== null) throw new Error(other.err);
      return (await value(ours.url, `golden_page_total{job="page",sender="${name}"}`)) === 5;
    });
  }
  assert.equal(await value(ours.url, 'sum(cachescope_write_requests_refused_total) or vector(0)'), 0);
  assert.doesNotMatch(other.err, /non-recoverable error/);
});
