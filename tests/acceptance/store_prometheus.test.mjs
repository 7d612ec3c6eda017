// One directory, two programs: cachescope opens what Prometheus wrote, Prometheus opens what cachescope wrote, and both
// answer the same.
//   CACHESCOPE_STORE_SEED   another run; the seed is printed
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import zlib from 'node:zlib';
import { compareAnswers } from '../differential/compare.mjs';
import { makeDataSet } from '../differential/data_set.mjs';
import { ExpressionMaker } from '../differential/expression.mjs';
import { Random } from '../differential/random.mjs';
import { STALE, remoteWrite } from '../differential/remote_write.mjs';
import { ask, copyWritable, keyOf, metric, open, samples, settled, testFolder, writeConfig } from './store_support.mjs';
import { remoteWrite as writeWithExemplars } from './api_support.mjs';
import { freePort, hasProgram, root, start, until } from './support.mjs';

const SEED = Number(process.env.CACHESCOPE_STORE_SEED ?? 20261121);
const QUERIES = 200;
const MINUTE = 60000;
const HOUR = 60 * MINUTE;
const FEATURES = 'promql-experimental-functions,native-histograms,exemplar-storage';
const golden = path.join(root, '../shared/conformance/tsdb-golden');
const noGolden = fs.existsSync(golden) ? false : `skipped: the recorded directories are not here: ${golden}`;
const STORAGE = { metrics: { chunk_encoding: 'xor' }, tsdb: { out_of_order_time_window: '30m' } };

const exact = (ours, theirs) => {
  const tally = { close: 0, newer: 0 };
  return compareAnswers(ours, theirs, { tally }) || (tally.close > 0 ? `${tally.close} values are not the same to the last digit` : '');
};

const GOLDEN = { selector: '{__name__=~"gold.*"}', seconds: 8 * 3600, at: 1767250000 };
const recorded = (name) => JSON.parse(zlib.gunzipSync(fs.readFileSync(path.join(golden, `${name}.expected.json.gz`))));

async function openGolden(t, name) {
  const folder = testFolder();
  return open(t, copyWritable(path.join(golden, name), path.join(folder, 'data')), { config: writeConfig(folder, STORAGE) });
}

test('a directory of Prometheus answers as Prometheus did', { skip: noGolden }, async (t) => {
  const server = await openGolden(t, 'data');
  const answer = await ask(server.url, 'query', { query: `${GOLDEN.selector}[${GOLDEN.seconds}s]`, time: String(GOLDEN.at) });
  assert.equal(exact(answer, { status: 200, body: recorded('data') }), '');
  assert.doesNotMatch(server.err, /level=(warn|error)/);
});

test('of a torn log everything is there that Prometheus kept', { skip: noGolden }, async (t) => {
  const server = await openGolden(t, 'torn');
  const ours = await samples(server.url, GOLDEN.selector, GOLDEN.seconds, GOLDEN.at);
  const theirs = recorded('torn').data.result;
  assert.ok(theirs.length > 0);
  for (const series of theirs) {
    const mine = ours.get(keyOf(series.metric));
    assert.ok(mine, `no series ${keyOf(series.metric)}`);
    for (const kind of ['values', 'histograms']) {
      const at = new Map((mine[kind] ?? []).map(([time, v]) => [time, v]));
      for (const [time, v] of series[kind] ?? []) assert.deepEqual(at.get(time), v, `${keyOf(series.metric)} at ${time}`);
    }
  }
  assert.match(server.err, /level=warn.*damage in the log/);
  assert.equal(await metric(server.url, 'cachescope_storage_log_damages_total'), 1);
});

// The newest Prometheus that can be had, or '' with the reason printed.
function prometheus3() {
  try {
    const folder = execFileSync(path.join(root, 'tools/peers'), ['prometheus'], { encoding: 'utf8', timeout: 120000 }).trim();
    return path.join(folder, 'prometheus/usr/bin/prometheus');
  } catch (error) {
    console.log(`# no Prometheus 3 here: ${String(error.stderr ?? error).trim().split('\n').pop()}`);
    return '';
  }
}

async function startPrometheus(t, program, data, window = '30m') {
  const config = path.join(testFolder(), 'p.yml');
  fs.writeFileSync(config, `global: {scrape_interval: 1h}\nstorage: {tsdb: {out_of_order_time_window: ${window}}}\n`);
  const port = await freePort();
  const peer = start(t, program, [
    `--config.file=${config}`, `--storage.tsdb.path=${data}`, `--web.listen-address=127.0.0.1:${port}`, '--web.enable-remote-write-receiver',
    `--enable-feature=${FEATURES}`, '--log.level=warn',
  ]);
  peer.url = `http://127.0.0.1:${port}`;
  await until(`${program} is ready`, 30, async () => {
    if (peer.child.exitCode !== null) throw new Error(peer.err);
    return (await fetch(`${peer.url}/-/ready`)).ok;
  });
  return peer;
}

// Seven hours until now, of which some series begin later and some end, with a staleness marker.
function makeSeries(random) {
  const span = 7 * HOUR;
  const base = Math.floor(Date.now() / MINUTE) * MINUTE - span;
  const series = makeDataSet(random, { base, span });
  for (const s of series) {
    const list = s.samples ?? s.histograms;
    if (random.chance(0.15)) list.splice(0, random.below(list.length));
    if (s.samples && random.chance(0.15)) {
      const [last] = list.splice(random.below(list.length) + 1);
      if (last) list.push({ t: last.t, v: STALE });
    }
  }
  return { base, span, series };
}

// The requests in which the series are sent: ten minutes at a time, some samples a slice late.
function makeRequests(random, { base, span, series }) {
  const slice = 10 * MINUTE;
  const requests = [];
  let waiting = [];
  for (let from = base; waiting.length > 0 || from < base + span + slice; from += slice) {
    const late = waiting;
    waiting = [];
    const part = series.map((s) => {
      const held = { labels: s.labels, samples: [], histograms: [] };
      const take = (list, keep) =>
        (list ?? []).filter((x) => {
          if (x.t < from || x.t >= from + slice) return false;
          if (x.v === STALE || !random.chance(0.03)) return true;
          keep.push(x);
          return false;
        });
      const now = { labels: s.labels, samples: take(s.samples, held.samples), histograms: take(s.histograms, held.histograms) };
      if (held.samples.length + held.histograms.length > 0) waiting.push(held);
      return now;
    });
    for (const list of [part.filter((s) => s.samples.length + s.histograms.length > 0), late]) {
      for (let i = 0; i < list.length; i += 40) requests.push(list.slice(i, i + 40));
    }
  }
  return requests;
}

async function load(url, requests) {
  for (const request of requests) await remoteWrite(url, request);
}

function makeQueries(random, { base, span }) {
  const maker = new ExpressionMaker(random);
  return Array.from({ length: QUERIES }, () => {
    const at = (base + span / 20 + random.below((span * 19) / 20)) / 1000;
    maker.at = String(Math.round(at));
    const query = maker.make();
    if (random.chance(0.35)) return { endpoint: 'query', parameters: { query, time: String(at) } };
    const step = random.pick([15, 60, 300, 600]);
    return { endpoint: 'query_range', parameters: { query, start: String(at), end: String(at + random.between(1, 60) * step), step: String(step) } };
  });
}

async function answersOf(url, queries) {
  const out = [];
  for (let i = 0; i < queries.length; i += 8) out.push(...(await Promise.all(queries.slice(i, i + 8).map((q) => ask(url, q.endpoint, q.parameters)))));
  return out;
}

function assertSame(queries, ours, theirs, what) {
  const tally = { close: 0, newer: 0 };
  const differences = [];
  queries.forEach((q, i) => {
    const difference = compareAnswers(ours[i], theirs[i], { tally });
    if (difference !== '') differences.push(`${q.endpoint} ${JSON.stringify(q.parameters)}\n    ${difference}`);
  });
  const withData = theirs.filter((a) => a.body.status === 'success' && a.body.data.result.length > 0).length;
  console.log(`# ${what}: seed ${SEED}, ${queries.length} queries, ${withData} with data, ${differences.length} differences, ${tally.close} values equal to nine digits only`);
  assert.ok(withData > queries.length / 2, 'most queries find data');
  assert.equal(differences.length, 0, `\n${differences.slice(0, 10).join('\n')}`);
}

// What was sent, but not what the programs say of themselves.
const SENT = '{job=~"api|batch|cache"}';
const textOf = (v) => (Object.is(v, -0) ? '-0' : Number.isNaN(v) ? 'NaN' : v === Infinity ? '+Inf' : v === -Infinity ? '-Inf' : v);

// Every float and every histogram that was sent, and nothing else. Version 2.42 knows no late histograms.
async function assertAllThere(url, { base, span, series }, { lateHistograms = true } = {}) {
  const ours = await samples(url, SENT, span / 1000 + 120, (base + span) / 1000 + 60);
  let count = 0;
  for (const s of series) {
    const expected = (s.samples ?? []).filter((x) => x.v !== STALE);
    const key = keyOf(s.labels);
    const mine = ours.get(key);
    const all = expected.length + (s.histograms ?? []).length;
    if (all === 0) continue;
    assert.ok(mine, `no series ${key}`);
    assert.equal(mine.values?.length ?? 0, expected.length, key);
    expected.forEach((x, i) => {
      const [t, v] = mine.values[i];
      assert.equal(Math.round(t * 1000), x.t, key);
      const wanted = textOf(x.v);
      assert.ok(typeof wanted === 'string' ? v === wanted : Number(v) === wanted, `${key} at ${x.t}: ${v}, not ${wanted}`);
    });
    if (lateHistograms) assert.equal(mine.histograms?.length ?? 0, s.histograms?.length ?? 0, key);
    const sent = new Map((s.histograms ?? []).map((h) => [h.t, h]));
    for (const [t, v] of mine.histograms ?? []) {
      const h = sent.get(Math.round(t * 1000));
      assert.deepEqual([Number(v.count), Number(v.sum)], [h?.count, h?.sum], `${key} at ${t}`);
    }
    count += all;
  }
  assert.equal(ours.size, series.filter((s) => (s.samples ?? s.histograms).some((x) => x.v !== STALE)).length, 'no other series');
  return count;
}

const blocksIn = (folder) => fs.readdirSync(folder).filter((name) => fs.existsSync(path.join(folder, name, 'meta.json')));
const newest = prometheus3();

function checkWithPromtool(folder, series) {
  const promtool = (...args) => {
    const result = spawnSync('promtool', ['tsdb', ...args], { encoding: 'utf8', maxBuffer: 1 << 30 });
    assert.equal(result.status, 0, `promtool tsdb ${args[0]}: ${result.stderr}`);
    assert.doesNotMatch(result.stderr, /level=(warn|error)|corrupt/i, `promtool tsdb ${args[0]}`);
    return result.stdout;
  };
  const listed = promtool('list', folder);
  for (const block of blocksIn(folder)) {
    assert.ok(listed.includes(block), listed);
    assert.match(promtool('analyze', folder, block), /^(Total )?Series: +[1-9]/m);
  }
  const floats = series.reduce((sum, s) => sum + (s.samples?.length ?? 0), 0);
  const dumped = promtool('dump', '--match={job=~"api|batch|cache",__name__!="request_size_bytes"}', folder).split('\n').filter((l) => l.startsWith('{')).length;
  assert.equal(dumped, floats, 'promtool tsdb dump shows every float, staleness markers included');
}

test('Prometheus opens what cachescope wrote, blocks and log, and answers the same', { skip: newest === '' && !hasProgram('prometheus') ? 'skipped: no prometheus here' : false }, async (t) => {
  const random = new Random(SEED);
  const folder = testFolder();
  const data = path.join(folder, 'data');
  const config = writeConfig(folder, STORAGE);
  const set = makeSeries(random);
  const requests = makeRequests(random, set);
  const most = Math.floor(requests.length * 0.9);
  const first = await open(t, data, { config });
  await load(first.url, requests.slice(0, most));
  await first.stop('SIGKILL');
  // What came back from the log is cut at once; the program waits for senders to be done with what is old.
  const second = await open(t, data, { config });
  await until('blocks', 90, async () => (await metric(second.url, 'cachescope_storage_blocks')) >= 2);
  await settled(() => metric(second.url, 'cachescope_storage_cuts_total'));
  await load(second.url, requests.slice(most));
  await second.stop('SIGKILL');
  const metrics = path.join(data, 'metrics');
  const copies = [0, 1, 2].map((i) => copyWritable(metrics, path.join(folder, `copy${i}`)));
  assert.ok(fs.readdirSync(path.join(metrics, 'wbl')).some((name) => fs.statSync(path.join(metrics, 'wbl', name)).size > 0), 'late samples are in wbl');

  const ours = await open(t, data, { config, args: [`--enable-feature=${FEATURES}`] });
  const count = await assertAllThere(ours.url, set);
  console.log(`# ${count} samples of ${set.series.length} series, ${blocksIn(metrics).length} blocks, then kill -9: all there again`);
  if (newest !== '') {
    const queries = makeQueries(random, set);
    const peer = await startPrometheus(t, newest, copies[0]);
    assertSame(queries, await answersOf(ours.url, queries), await answersOf(peer.url, queries), 'cachescope to Prometheus 3');
    await assertAllThere(peer.url, set);
    assert.doesNotMatch(peer.err, /corrupt|level=(warn|error)/i);
  }
  if (hasProgram('prometheus')) {
    const peer = await startPrometheus(t, 'prometheus', copies[1]);
    await assertAllThere(peer.url, set, { lateHistograms: false });
    assert.doesNotMatch(peer.err, /corrupt|level=error/i);
  }
  if (hasProgram('promtool')) checkWithPromtool(copies[2], set.series);
});

test('cachescope opens what Prometheus wrote, late samples too, and answers the same', { skip: newest === '' ? 'skipped: no Prometheus 3 here' : false }, async (t) => {
  const random = new Random(SEED + 1);
  const folder = testFolder();
  const data = path.join(folder, 'theirs');
  const set = makeSeries(random);
  const peer = await startPrometheus(t, newest, data);
  await load(peer.url, makeRequests(random, set));
  const queries = makeQueries(random, set);
  await until('Prometheus has cut blocks', 60, () => blocksIn(data).length >= 2);
  const theirs = await answersOf(peer.url, queries);
  await peer.stop();
  const server = await open(t, copyWritable(data, path.join(folder, 'ours')), { config: writeConfig(folder, STORAGE), args: [`--enable-feature=${FEATURES}`] });
  const count = await assertAllThere(server.url, set);
  console.log(`# ${count} samples of ${set.series.length} series, ${blocksIn(data).length} blocks of Prometheus`);
  assertSame(queries, await answersOf(server.url, queries), theirs, 'Prometheus 3 to cachescope');
  assert.doesNotMatch(server.err, /level=(warn|error)/);
});

test('a directory goes from cachescope to Prometheus and back, and each adds to it', { skip: newest === '' ? 'skipped: no Prometheus 3 here' : false }, async (t) => {
  const random = new Random(SEED + 2);
  const folder = testFolder();
  const data = path.join(folder, 'data');
  const config = writeConfig(folder, STORAGE);
  const set = makeSeries(random);
  const requests = makeRequests(random, set);
  const parts = [0, 0.8, 0.95, 1].map((share) => Math.floor(requests.length * share));
  const first = await open(t, data, { config });
  await load(first.url, requests.slice(parts[0], parts[1]));
  assert.equal((await first.stop()).code, 0);
  // It measures lateness from the newest sample of all, and cachescope's own metrics are of now.
  const peer = await startPrometheus(t, newest, path.join(data, 'metrics'), '3h');
  await load(peer.url, requests.slice(parts[1], parts[2]));
  await until('Prometheus has cut blocks', 60, () => blocksIn(path.join(data, 'metrics')).length >= 2);
  await peer.stop();
  // It gives up a compaction that is under way when it is told to end, and calls that an error.
  const complaints = peer.err.split('\n').filter((line) => !line.includes('context canceled'));
  assert.doesNotMatch(complaints.join('\n'), /corrupt|level=error/i);
  const last = await open(t, data, { config });
  await load(last.url, requests.slice(parts[2]));
  const count = await assertAllThere(last.url, set);
  console.log(`# ${count} samples written in turn, ${blocksIn(path.join(data, 'metrics')).length} blocks`);
  assert.doesNotMatch(last.err, /level=(warn|error)/);
});

test('exemplars come back after a kill and after an orderly end, and Prometheus reads them from the log', { skip: newest === '' && !hasProgram('prometheus') ? 'skipped: no prometheus here' : false }, async (t) => {
  const folder = testFolder();
  const data = path.join(folder, 'data');
  const config = writeConfig(folder, STORAGE);
  const now = Date.now();
  const request = (from, to) =>
    [0, 1, 2, 3, 4].map((i) => ({
      labels: { __name__: 'traced_total', i: String(i) },
      samples: Array.from({ length: to - from }, (_, n) => [now - 60000 + (from + n) * 1000, i + from + n]),
      exemplars: Array.from({ length: to - from }, (_, n) => ({ labels: { trace_id: `t-${i}-${from + n}`, 'span id': 'ü' }, v: n / 3, t: now - 60000 + (from + n) * 1000 + i })),
    }));
  const window = { query: '{__name__="traced_total"}', start: String(now / 1000 - 3600), end: String(now / 1000 + 3600) };
  const exemplars = async (url) => {
    const { body } = await ask(url, 'query_exemplars', window);
    assert.equal(body.status, 'success', body.error);
    for (const series of body.data) series.exemplars.sort((a, b) => a.timestamp - b.timestamp);
    return body.data.sort((a, b) => (a.seriesLabels.i < b.seriesLabels.i ? -1 : 1));
  };
  let server = await open(t, data, { config });
  assert.equal((await writeWithExemplars(server.url, request(0, 20))).status, 204);
  const first = await exemplars(server.url);
  assert.equal(first.reduce((sum, s) => sum + s.exemplars.length, 0), 100);
  await server.stop('SIGKILL');
  server = await open(t, data, { config });
  assert.deepEqual(await exemplars(server.url), first, 'after kill -9');
  await server.stop();
  server = await open(t, data, { config });
  assert.deepEqual(await exemplars(server.url), first, 'after an orderly end');
  assert.equal((await writeWithExemplars(server.url, request(20, 30))).status, 204);
  const all = await exemplars(server.url);
  assert.equal(all.reduce((sum, s) => sum + s.exemplars.length, 0), 150);
  assert.equal(await metric(server.url, 'cachescope_storage_exemplar_log_failures_total'), 0);
  await server.stop();
  for (const [i, program] of [newest, hasProgram('prometheus') ? 'prometheus' : ''].entries()) {
    if (program === '') continue;
    const peer = await startPrometheus(t, program, copyWritable(path.join(data, 'metrics'), path.join(folder, `copy${i}`)));
    assert.deepEqual(await exemplars(peer.url), all, program);
    assert.doesNotMatch(peer.err, /corrupt|level=error/i);
  }
});
