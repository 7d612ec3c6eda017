// What a program with the client library exposes, judged by promtool and by real Prometheus servers: one that scrapes
// protobuf, with native histograms, and one that scrapes OpenMetrics. Their answers must be the program's numbers.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';
import zlib from 'node:zlib';
import { freePort, getJson, query, root, skipUnless, start, temporaryFolder, until, value } from '../support.mjs';

const program =
  process.env.CACHESCOPE_EXPOSITION_PROGRAM ??
  path.join(root, 'build/release/tests/acceptance/client_exposition/client_exposition_program');
const trace = '4bf92f3577b34da6a3ce929d0e0e4736';

async function startProgram(t) {
  const child = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  t.after(async () => {
    child.stdin.end();
    const [code] = await exit;
    assert.equal(code, 0, 'nothing was refused');
  });
  let out = '';
  child.stdout.on('data', (d) => (out += d));
  await until('the program serves', 10, () => /port \d+\n/.test(out));
  return { address: `127.0.0.1:${/port (\d+)/.exec(out)[1]}`, child };
}

// Without fetch, which adds headers of its own and unpacks.
function get(address, where, headers = {}) {
  return new Promise((resolve, reject) => {
    http
      .get(`http://${address}${where}`, { headers, agent: false }, (response) => {
        const parts = [];
        response.on('data', (d) => parts.push(d));
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
      })
      .on('error', reject);
  });
}

async function startPrometheus(t, address, features) {
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  fs.writeFileSync(
    path.join(folder, 'p.yml'),
    `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: demo, honor_labels: true, static_configs: [{targets: ["${address}"]}]}]\n`,
  );
  const server = start(t, 'prometheus', [
    `--config.file=${folder}/p.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    `--enable-feature=${features}`,
  ]);
  const url = `http://127.0.0.1:${port}`;
  await until('Prometheus has scraped the program', 60, async () => (await value(url, 'up{job="demo"}')) === 1);
  const { body } = await getJson(`${url}/api/v1/targets`);
  assert.equal(body.data.activeTargets[0].lastError, '');
  assert.doesNotMatch(server.err, /level=(warn|error).*(scrape|append)/i);
  return url;
}

async function exemplars(url, selector) {
  const range = new URLSearchParams({ query: selector, start: String(Date.now() / 1000 - 600), end: String(Date.now() / 1000 + 60) });
  const { body } = await getJson(`${url}/api/v1/query_exemplars?${range}`);
  return body.data.flatMap((series) => series.exemplars);
}

// What every server must answer, whatever the format it scraped.
async function checkNumbers(url) {
  const numbers = {
    'demo_requests_total{method="get",path="/a\\"b\\\\c\\nd",env="test"}': 42,
    'demo_requests_total{method="put",path="grüß"}': 7,
    'demo_spent_seconds_total': 2.125,
    'demo_big_total': 9007199254740992,
    'demo_temperature_celsius': -3.5,
    'demo_nothing': NaN,
    'demo_build_info{version="1.2.3"}': 1,
    'demo_breaker{demo_breaker="open"}': 1,
    'demo_breaker{demo_breaker="closed"}': 0,
    'demo_breaker{demo_breaker="half open"}': 0,
    'demo_computed_bytes': 1024,
    'demo_classic_seconds_count': 101,
    'demo_classic_seconds_bucket{le="0.5"}': 25,
    'demo_classic_seconds_bucket{le=~"1|1.0"}': 51,
    'demo_classic_seconds_bucket{le=~"10|10.0"}': 101,
    'demo_classic_seconds_bucket{le="+Inf"}': 101,
    'demo_wait_seconds_count': 100,
    'count(demo_wait_seconds)': 2,
    'cachescope_client_registration_errors_total': 0,
  };
  for (const [expression, want] of Object.entries(numbers)) {
    assert.deepEqual(await value(url, expression), want, expression);
  }
  for (const [expression, want, tolerance] of [
    ['demo_classic_seconds_sum', 101.75, 1e-9],
    ['demo_wait_seconds_sum', 101, 1e-9],
    ['demo_wait_seconds{quantile="0.5"}', 1, 0.03],
    ['demo_wait_seconds{quantile=~"1|1.0"}', 2, 0.03],
  ]) {
    assert.ok(Math.abs((await value(url, expression)) - want) <= tolerance, expression);
  }
  const found = await exemplars(url, 'demo_requests_total');
  assert.equal(found.length, 1);
  assert.deepEqual([found[0].labels.trace_id, Number(found[0].value)], [trace, 1]);
  assert.ok(Math.abs(found[0].timestamp - Date.now() / 1000) < 300);
  const ofBucket = await exemplars(url, 'demo_classic_seconds_bucket{le=~"1|1.0"}');
  assert.deepEqual(ofBucket.map((e) => [e.labels, Number(e.value)]), [[{ trace_id: trace, span_id: '00f067aa0ba902b7' }, 0.75]]);
}

test('promtool has no complaint about the text', { skip: skipUnless('promtool') }, async (t) => {
  const { address } = await startProgram(t);
  for (const where of ['/metrics', '/utf8', '/joined']) {
    const page = (await get(address, where)).body;
    const result = spawnSync('promtool', ['check', 'metrics'], { input: page, encoding: 'utf8' });
    assert.equal(result.status, 0, `${where}: ${result.stdout}${result.stderr}`);
    assert.equal(result.stdout + result.stderr, '', where);
  }
});

test('a Prometheus with native histograms scrapes protobuf and answers our numbers', { skip: skipUnless('prometheus') }, async (t) => {
  const { address, child } = await startProgram(t);
  const url = await startPrometheus(t, address, 'native-histograms,exemplar-storage');
  await checkNumbers(url);
  // 100 values of either sign and one zero; sums of the two cancel.
  assert.equal(await value(url, 'histogram_count(demo_native_seconds)'), 201);
  assert.ok(Math.abs(await value(url, 'histogram_sum(demo_native_seconds)')) < 1e-9);
  assert.equal(await value(url, 'histogram_count(demo_both_seconds)'), 101);
  assert.ok(Math.abs((await value(url, 'histogram_sum(demo_both_seconds)')) - 101.75) < 1e-9);
  for (const [expression, want] of [
    ['histogram_quantile(0.5, demo_both_seconds)', 1],
    ['histogram_quantile(0.9, demo_both_seconds)', 1.8],
    ['histogram_quantile(0.95, demo_native_seconds)', 1.8],
    ['histogram_quantile(0.05, demo_native_seconds)', -1.8],
    ['histogram_fraction(-100, 0, demo_native_seconds)', 0.5],
  ]) {
    const got = await value(url, expression);
    assert.ok(Math.abs(got - want) <= Math.abs(want) * 0.09, `${expression}: ${got} instead of ${want}`);
  }
  const [native] = await query(url, 'demo_native_seconds');
  assert.equal(native.histogram[1].count, '201');
  const zero = native.histogram[1].buckets.find((bucket) => bucket[0] === 3);
  assert.equal(zero[3], '1', 'the zero bucket');
  const total = native.histogram[1].buckets.reduce((sum, bucket) => sum + Number(bucket[3]), 0);
  assert.equal(total, 201);
  const ofNative = await exemplars(url, 'demo_both_seconds');
  assert.deepEqual(ofNative.map((e) => [e.labels, Number(e.value)]), [[{ trace_id: trace }, 0.75]]);
  child.stdin.write('one\ntwo\n');
  await until('the next scrape has the new number', 30, async () => (await value(url, 'demo_lines_total')) === 2);
});

test('a Prometheus without them scrapes OpenMetrics and answers our numbers', { skip: skipUnless('prometheus') }, async (t) => {
  const { address } = await startProgram(t);
  const url = await startPrometheus(t, address, 'exemplar-storage');
  await checkNumbers(url);
  assert.equal(await value(url, 'demo_native_seconds_count'), 201);
  assert.equal(await value(url, 'demo_native_seconds_bucket{le="+Inf"}'), 201);
  assert.equal(await value(url, 'demo_both_seconds_bucket{le="1.0"}'), 51);
  for (const name of ['demo_requests_created{method="put"}', 'demo_classic_seconds_created', 'demo_wait_seconds_created', 'demo_native_seconds_created']) {
    const age = Date.now() / 1000 - (await value(url, name));
    assert.ok(age > -1 && age < 300, `${name}: began ${age} s ago`);
  }
  const { body } = await getJson(`${url}/api/v1/metadata`);
  const kinds = Object.fromEntries(Object.entries(body.data).map(([name, [first]]) => [name, `${first.type} ${first.unit}`.trim()]));
  assert.equal(kinds.demo_spent_seconds, 'counter seconds');
  assert.equal(kinds.demo_build, 'info');
  assert.equal(kinds.demo_breaker, 'stateset');
  assert.equal(kinds.demo_temperature_celsius, 'gauge celsius');
  assert.equal(kinds.demo_wait_seconds, 'summary seconds');
  assert.equal(body.data.demo_requests[0].help, 'Requests.');
});

test('formats, escaping and compression are negotiated', async (t) => {
  const { address } = await startProgram(t);
  const openMetrics = 'application/openmetrics-text;version=1.0.0';
  const plain = await get(address, '/metrics');
  assert.equal(plain.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(plain.headers.vary, 'Accept, Accept-Encoding');
  const open = await get(address, '/metrics', { accept: openMetrics, 'accept-encoding': 'gzip' });
  assert.equal(open.headers['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  assert.equal(open.headers['content-encoding'], 'gzip');
  assert.match(zlib.gunzipSync(open.body).toString(), /\n# EOF\n$/);
  const dots = async (accept) => {
    const page = await get(address, '/utf8', { accept });
    return [page.headers['content-type'].split('; ').at(-1), page.body.toString().split('\n').find((line) => line.endsWith(' 5'))];
  };
  assert.deepEqual(await dots(`${openMetrics};escaping=allow-utf-8`), ['escaping=allow-utf-8', '{"app.requests_total","http.method"="get"} 5']);
  assert.deepEqual(await dots(`${openMetrics};escaping=dots`), ['escaping=dots', 'app_dot_requests__total{http_dot_method="get"} 5']);
  assert.deepEqual(await dots(`${openMetrics};escaping=values`), ['escaping=values', 'U__app_2e_requests__total{U__http_2e_method="get"} 5']);
  assert.deepEqual(await dots('text/plain;version=0.0.4'), ['charset=utf-8', 'app_requests_total{http_method="get"} 5']);
  assert.deepEqual(await dots('text/plain;version=1.0.0;escaping=allow-utf-8'), ['escaping=allow-utf-8', '{"app.requests_total","http.method"="get"} 5']);
  const joined = (await get(address, '/joined')).body.toString();
  assert.match(joined, /\ndemo_temperature_celsius\{env="test"\} -3.5\ndemo_temperature_celsius\{env="more"\} 20\n/);
  assert.match((await get(address, '/')).body.toString(), /<a href="\/utf8">/);
  const missing = await get(address, '/nothing');
  assert.deepEqual([missing.status, missing.body.toString()], [404, 'metrics are at /metrics, /utf8, /joined\n']);
});
