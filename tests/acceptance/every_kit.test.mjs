// The whole client library in one program (examples/every_kit) with everybody who can read it at once: a Prometheus that
// scrapes, a StatsD server, a DogStatsD receiver, an OTLP endpoint and a VictoriaMetrics. Each family of the catalogue
// must reach each of them, under the name and the labels that the catalogue says, and must move.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { addFlushes, startCollector, startStatsd, startVictoriaMetrics, withoutPeers } from './client_push/receivers.mjs';
import { binary, freePort, getJson, query, root, skipUnless, start, temporaryFolder, until, value } from './support.mjs';

const program = process.env.CACHESCOPE_EVERY_KIT ?? path.join(root, 'build/release/examples/example_every_kit');
const skip = withoutPeers || skipUnless('prometheus');

// A folder that looks like /proc of a busy host; the real one may well stand still.
function startHost(t) {
  const folder = temporaryFolder();
  let [step, busy] = [0, 0];
  const write = (name, text) => {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(`${file}.new`, text);
    fs.renameSync(`${file}.new`, file);
  };
  const advance = () => {
    ++step;
    const jitter = (step * 37) % 50;
    busy += 10 + jitter;
    write('stat', `cpu  ${busy} 0 0 ${20 * step} 0 0 0 0 0 0\n`);
    write('meminfo', `MemTotal: 1000000 kB\nMemFree: 100000 kB\nMemAvailable: ${400000 + 100 * jitter} kB\n`);
    write('net/dev', ` Inter-| Receive\n face |bytes\n    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n  eth0: ${1000 * step} 1 0 0 0 0 0 0 ${2000 * step} 1 0 0 0 0 0 0\n`);
    write('42/stat', `42 (redis-server) S 1 42 42 0 -1 4194560 1 0 0 0 ${busy} ${step} 0 0 20 0 5 0 100 1000000 ${300 + jitter} 18446744073709551615\n`);
    // Slower than anybody reads it: a rhythm like that of the readers could look like standing still.
    const processes = Math.floor(step / 7) % 4;
    for (let id = 100; id < 104; ++id) {
      if (id < 100 + processes) write(`${id}/stat`, `${id} (sh) S 1\n`);
      else fs.rmSync(path.join(folder, String(id)), { recursive: true, force: true });
    }
    fs.writeFileSync(path.join(folder, 'data'), Buffer.alloc((1 + (step % 16)) << 20)); // so that the disk's use moves
  };
  advance();
  const timer = setInterval(advance, 500);
  t.after(() => {
    clearInterval(timer);
    fs.rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

async function startPrometheus(t, target) {
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const url = `http://127.0.0.1:${await freePort()}`;
  fs.writeFileSync(path.join(folder, 'p.yml'), `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: every, static_configs: [{targets: ["${target}"]}]}]\n`);
  const server = start(t, 'prometheus', [
    `--config.file=${folder}/p.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=${url.slice(7)}`,
    '--enable-feature=native-histograms,exemplar-storage',
  ]);
  await until('Prometheus has scraped the program', 60, async () => (await value(url, 'up{job="every"}')) === 1);
  return { url, server };
}

// Lines of DogStatsD: for each name its types and the sets of tag names it came with.
async function startDogStatsd(t) {
  const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  const names = new Map();
  socket.on('message', (packet) => {
    for (const line of packet.toString().split('\n')) {
      const [, name, type, tags] = /^([\w.-]+):[^|]+\|([a-z]+)(?:\|@[\d.e-]+)?\|#(.*)$/.exec(line) ?? assert.fail(line);
      if (!names.has(name)) names.set(name, { types: new Set(), tags: new Set() });
      names.get(name).types.add(type);
      names.get(name).tags.add(tags.split(',').map((tag) => tag.slice(0, tag.indexOf(':'))).filter((tag) => tag !== 'env').sort().join());
    }
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  return { port: socket.address().port, names };
}

const catalogue = () => JSON.parse(execFileSync(binary, ['catalog', '--json'], { encoding: 'utf8' }));
const fullName = (family) => (family.space === 'library' ? `app_${family.name}` : family.name);
const labelText = (labels) => [...labels].sort().join();

// The series that a store has of a family: those whose labels are exactly the catalogue's. Prometheus' names.
function seriesOf(all, family, ownLabels) {
  const name = fullName(family);
  const parts = family.type === 'histogram' ? ['_count', '_sum', '_bucket'] : family.type === 'summary' ? ['', '_count', '_sum'] : [''];
  const found = parts.map((part) => {
    const extra = part === '_bucket' ? ['le'] : part === '' && family.type === 'summary' ? ['quantile'] : [];
    const want = labelText([...family.labels, ...extra]);
    return (all.get(name + part) ?? []).filter(({ metric }) => labelText(Object.keys(metric).filter((label) => !ownLabels.has(label))) === want);
  });
  return found.every((series) => series.length > 0) ? found.flat() : [];
}

async function everySeries(url, selector) {
  const all = new Map();
  for (const series of await query(url, selector)) {
    const name = series.metric.__name__;
    if (!all.has(name)) all.set(name, []);
    all.get(name).push(series);
  }
  return all;
}

const ofPrometheus = new Set(['__name__', 'job', 'instance']);
const textOf = (series) =>
  series
    .filter((s) => s.value && s.value[1] !== 'NaN')
    .map((s) => JSON.stringify([s.metric, s.value[1]]))
    .sort()
    .join('\n');

function checkStatsd(families, flushes) {
  const missing = [];
  for (const family of families) {
    const name = `every.${family.space}.${family.statsd || fullName(family)}`;
    // A part of the name for each label, the values in the catalogue's order.
    const has = (kind, infix = '', more = 0, check = () => true) =>
      Object.entries(flushes[kind]).some(([key, number]) => {
        const head = name + infix;
        if (key !== head && !key.startsWith(`${head}.`)) return false;
        const labels = key === head ? 0 : key.slice(head.length + 1).split('.').length;
        return labels === family.labels.length + more && check(number);
      });
    const moved = (number) => number > 0;
    const fine =
      family.type === 'counter' ? has('counters', '', 0, moved)
      : family.type === 'histogram' ? has('timerCounts', '', 0, moved)
      : family.type === 'summary' ? has('counters', '.count', 0, moved) && has('counters', '.sum', 0, moved) && has('gauges', '', 1)
      : has('gauges');
    if (!fine) missing.push(`${family.type} ${name}`);
  }
  assert.deepEqual(missing, [], 'families that StatsD did not see');
}

function checkDogStatsd(families, names) {
  const missing = [];
  for (const family of families) {
    const name = `every.${family.space}.${family.statsd || fullName(family)}`;
    const has = (full, type, tags) => names.get(full)?.types.has(type) && names.get(full).tags.has(labelText(tags));
    const fine =
      family.type === 'counter' ? has(name, 'c', family.labels)
      : family.type === 'histogram' ? has(name, 'h', family.labels)
      : family.type === 'summary' ? has(`${name}.count`, 'c', family.labels) && has(`${name}.sum`, 'c', family.labels) && has(name, 'g', [...family.labels, 'quantile'])
      : has(name, 'g', family.labels);
    if (!fine) missing.push(`${family.type} ${name}`);
  }
  assert.deepEqual(missing, [], 'families that DogStatsD did not see');
}

function checkOtlp(families, received) {
  const kinds = { counter: 'sum', gauge: 'gauge', histogram: 'histogram', summary: 'summary', info: 'sum' };
  const seen = new Map(); // space, name, kind and attribute names to the points' texts
  for (const { resource, scopeMetrics } of received.flatMap((request) => request.resourceMetrics)) {
    const space = resource.attributes.find((a) => a.key === 'service.namespace').value.stringValue;
    for (const metric of scopeMetrics.flatMap((scope) => scope.metrics)) {
      for (const point of metric[metric.data].dataPoints) {
        const key = `${space} ${metric.name} ${metric.data} ${labelText(point.attributes.map((a) => a.key))}`;
        if (!seen.has(key)) seen.set(key, new Set());
        seen.get(key).add(JSON.stringify([point.attributes.map((a) => a.value.stringValue), point.asDouble, point.count, point.sum]));
      }
    }
  }
  const missing = families.map((f) => `${f.space} ${fullName(f)} ${kinds[f.type]} ${labelText(f.labels)}`).filter((key) => !(seen.get(key)?.size > 1));
  assert.deepEqual(missing, [], 'families that the OTLP endpoint did not see move');
}

// What is there beside the catalogue.
async function checkInstruments(url) {
  assert.ok((await value(url, 'histogram_count(shop_wait_seconds)')) > 10, 'a native histogram');
  assert.ok((await value(url, 'histogram_quantile(0.5, shop_checkout_seconds)')) > 0, 'a histogram of both kinds');
  assert.ok((await value(url, 'shop_price{quantile="0.5"}')) > 0, 'a summary');
  assert.equal(await value(url, 'count(shop_release_info)'), 1, 'an info');
  assert.equal(await value(url, 'sum(shop_breaker)'), 1, 'one state of three is on');
  for (const name of ['shop_user_login_total', 'shop_upload_seconds_count', 'shop_open_carts', 'shop_returns_total', 'shop_basket_bytes']) {
    assert.notEqual(await value(url, name), undefined, name);
  }
  const range = new URLSearchParams({ query: '{__name__=~"shop_.*"}', start: String(Date.now() / 1000 - 600), end: String(Date.now() / 1000 + 60) });
  const exemplars = (await getJson(`${url}/api/v1/query_exemplars?${range}`)).body.data;
  assert.deepEqual(exemplars.map((series) => series.seriesLabels.__name__).filter((name, i, all) => all.indexOf(name) === i).sort(), ['shop_delivery_seconds_bucket', 'shop_orders_total']);
  // Wrapped caches, one registry with the two-tier kit.
  for (const series of [
    'cache_hits_total{cache_name="sessions",cache_tier="l1"}',
    'cache_hits_total{cache_name="users",cache_tier="multi"}',
    'cache_promotions_total{cache_name="users",cache_tier="l1"}',
    'cache_errors_total{error_type="timeout",cache_tier="multi"}',
    'cache_tenant_operations_total{result="hit",tenant_id="other"}',
    'cache_operation_duration_seconds_count{cache_tier="multi",operation_type="get"}',
    'cache_requests_total{cache_layer="sessions",status="success"}',
  ]) {
    assert.ok((await value(url, series)) > 0, series);
  }
  for (const operation of ['lookup', 'search', 'rebuild']) {
    assert.ok((await value(url, `profiled_operation_duration_seconds_count{operation="${operation}"}`)) > 0, operation);
  }
  assert.ok((await value(url, 'sum(shop_operation_errors_total)')) > 0);
  assert.ok((await value(url, 'process_resident_memory_bytes')) > 0);
}

async function checkNoErrors(url, server) {
  const { body } = await getJson(`${url}/api/v1/targets`);
  assert.deepEqual(body.data.activeTargets.map((target) => [target.health, target.lastError]), [['up', '']]);
  assert.equal(await value(url, 'min_over_time(up{job="every"}[10m])'), 1);
  assert.doesNotMatch(server.err, /level=(warn|error).*(scrape|append|ingest)/i);
  for (const name of ['registration_errors', 'increments_refused', 'collector_errors', 'exemplars_dropped', 'states_refused', 'export_dropped', 'export_errors']) {
    assert.equal((await value(url, `sum(cachescope_client_${name}_total)`)) ?? 0, 0, name);
  }
}

test('every family of the catalogue reaches every collector, with its labels, and moves', { skip }, async (t) => {
  const families = catalogue();
  assert.ok(families.length > 150, `${families.length} families`);
  const host = startHost(t);
  const { statsd, port } = await startStatsd(t);
  const dog = await startDogStatsd(t);
  const collector = await startCollector(t);
  const victoria = await startVictoriaMetrics(t);
  if (victoria.skip) t.diagnostic(victoria.skip);
  const args = ['--listen=:0', `--statsd=127.0.0.1:${port}`, `--dogstatsd=127.0.0.1:${dog.port}`, `--otlp=${collector.url}`, '--interval=1', `--proc=${host}`, `--mount=${host}`];
  if (victoria.url) args.push(`--otlp=${victoria.url}/opentelemetry/v1/metrics`);
  const child = start(t, program, args);
  await until('the program serves', 20, () => {
    if (child.child.exitCode !== null) throw new Error(child.err);
    return /metrics are at http:\/\/(\S+)\/metrics\n/.test(child.out);
  });
  const { url, server } = await startPrometheus(t, /http:\/\/(\S+)\/metrics\n/.exec(child.out)[1]);

  await t.test('Prometheus', async () => {
    const texts = families.map(() => new Set());
    let still = families;
    try {
      await until('every family has moved', 90, async () => {
        const all = await everySeries(url, '{job="every"}');
        families.forEach((family, i) => {
          const text = textOf(seriesOf(all, family, ofPrometheus));
          if (text !== '') texts[i].add(text);
        });
        still = families.filter((_, i) => texts[i].size < 2);
        return still.length === 0;
      });
    } catch {
      const all = await everySeries(url, '{job="every"}');
      assert.fail(`not moved: ${still.map((f) => `${f.space} ${fullName(f)}{${f.labels}} (${seriesOf(all, f, ofPrometheus).length} series)`).join('; ')}`);
    }
    await checkInstruments(url);
    await checkNoErrors(url, server);
  });

  // Gauges such as the share of a processor may stand still for some seconds; what has not moved by then is told below.
  await until('OTLP has seen every family move', 60, () => {
    checkOtlp(families, collector.received);
    return true;
  }).catch(() => {});
  const ended = await child.stop();
  assert.deepEqual(ended, { code: 0, signal: null }, child.err);
  assert.equal(child.err, '', 'nothing was refused');
  assert.match(child.out, /all caches .*\n[^]*search .*\n[^]*pushed \d+ packets, 0 dropped, 0 errors \n/);

  await t.test('StatsD', async () => {
    const before = addFlushes(statsd.out).flushes;
    await until('nothing is left', 10, () => addFlushes(statsd.out).flushes > before + 1);
    const flushes = addFlushes(statsd.out);
    assert.equal(flushes.counters['statsd.bad_lines_seen'], 0);
    checkStatsd(families, flushes);
  });
  await t.test('DogStatsD', () => checkDogStatsd(families, dog.names));
  await t.test('OTLP', () => checkOtlp(families, collector.received));
  await t.test('VictoriaMetrics', { skip: victoria.skip }, async () => {
    await fetch(`${victoria.url}/internal/force_flush`);
    const all = await everySeries(victoria.url, 'last_over_time({__name__!=""}[10m]) keep_metric_names');
    const ofResource = new Set(['__name__', 'job', 'instance', 'service.name', 'service.namespace', 'telemetry.sdk.name', 'telemetry.sdk.language', 'scope.name', 'scope.version']);
    const missing = families.filter((family) => seriesOf(all, family, ofResource).length === 0).map((f) => `${fullName(f)}{${f.labels}}`);
    assert.deepEqual(missing, []);
    assert.doesNotMatch(victoria.store.err, /\b(warn|error)\b.*opentelemetry/i);
  });
});
