// What goes wrong with the disk, or with what stands on it, is said and costs no more than it must.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Random } from '../differential/random.mjs';
import { copyWritable, keyOf, launch, metric, open, samples, settled, testFolder, write, writeConfig } from './store_support.mjs';
import { until } from './support.mjs';

const PAGE = 32 * 1024;
const HOUR = 3600000;

// Sent and acknowledged, by series: key → Map of time → value.
class Truth {
  constructor() {
    this.series = new Map();
    this.count = 0;
    this.oldest = Infinity;
    this.newest = 0;
  }
  add(series) {
    for (const { labels, samples: list } of series) {
      const key = keyOf(labels);
      if (!this.series.has(key)) this.series.set(key, new Map());
      for (const { t, v } of list) {
        this.series.get(key).set(t, v);
        this.count += 1;
        this.oldest = Math.min(this.oldest, t);
        this.newest = Math.max(this.newest, t);
      }
    }
  }
  // What is missing; a wrong value or a sample nobody sent fails. `maybe`: sent, but not acknowledged.
  async missing(url, maybe = new Truth()) {
    const newest = Math.max(this.newest, maybe.newest);
    const seconds = Math.ceil((newest - Math.min(this.oldest, maybe.oldest)) / 1000) + 2;
    const got = await samples(url, '{fault!=""}', seconds, Math.ceil(newest / 1000) + 1);
    const out = { count: 0, times: [], warnings: got.warnings };
    const there = new Map([...got].map(([key, s]) => [key, new Map(s.values.map(([t, v]) => [Math.round(t * 1000), Number(v)]))]));
    for (const [key, times] of there) {
      for (const [t, v] of times) assert.equal(v, this.series.get(key)?.get(t) ?? maybe.series.get(key)?.get(t), `${key} at ${t}`);
    }
    for (const [key, times] of this.series) {
      for (const t of times.keys()) {
        if (there.get(key)?.has(t)) continue;
        out.count += 1;
        out.times.push(t);
      }
    }
    return out;
  }
}

const makeSeries = (random, count, times, name = 'f') =>
  Array.from({ length: count }, (_, i) => ({ labels: { __name__: 'fault_load', fault: `${name}${i}`, job: 'faults' }, samples: times.map((t) => ({ t, v: random.next() * 1e6 })) }));

const timesFrom = (t, count, step) => Array.from({ length: count }, (_, i) => t + i * step);

async function writeAll(url, truth, series) {
  const answer = await write(url, series);
  assert.equal(answer.status, 204, answer.text);
  truth.add(series);
}

// A mounted file system of its own, or undefined with the reason printed.
function mountSmall(t, size, options = '') {
  const folder = testFolder((mounted) => spawnSync('umount', ['-l', mounted]));
  const result = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}${options}`, 'tmpfs', folder], { encoding: 'utf8' });
  if (result.error || result.status !== 0) {
    t.skip(`skipped: a small disk cannot be mounted here: ${(result.error?.message ?? result.stderr).trim()}`);
    return undefined;
  }
  return folder;
}

async function writeUntilFull(url, random, truth, maybe, from) {
  for (let i = 0; i < 3000; ++i) {
    const series = makeSeries(random, 50, timesFrom(from + i * 40, 40, 1));
    const answer = await write(url, series);
    if (answer.status === 204) {
      truth.add(series);
      continue;
    }
    maybe.add(series);
    return answer;
  }
  throw new Error('the disk does not get full');
}

for (const [name, minFree] of [['nearly full', '1MiB'], ['full to the last byte', '0B']]) {
  test(`disk ${name}: refused with 503, read on, nothing lost, taken again once there is space`, async (t) => {
    const disk = mountSmall(t, '10m');
    if (disk === undefined) return;
    const random = new Random(7);
    const truth = new Truth();
    const maybe = new Truth();
    const config = writeConfig(testFolder(), { min_free: minFree });
    const filler = path.join(disk, 'filler');
    fs.writeFileSync(filler, Buffer.alloc(8 << 20));
    let server = await open(t, path.join(disk, 'data'), { config });
    const from = Date.now() - HOUR;
    const refused = await writeUntilFull(server.url, random, truth, maybe, from);
    assert.equal(refused.status, 503, refused.text);
    assert.match(refused.headers['retry-after'] ?? '', /^[1-9]\d*$/);
    assert.ok(truth.count > 50000, `${truth.count} samples fit`);
    const lines = server.err.split('\n').length;
    const began = Date.now();
    let refusals = 0;
    for (let i = 0; Date.now() - began < 3000; ++i) {
      const series = makeSeries(random, 50, timesFrom(from + 600000 + i * 40, 40, 1));
      const answer = await write(server.url, series);
      assert.ok(answer.status === 204 || answer.status === 503, `${answer.status} ${answer.text}`);
      (answer.status === 204 ? truth : maybe).add(series);
      refusals += answer.status === 503;
    }
    assert.ok(refusals > 10, `${refusals} refusals`);
    assert.ok(server.err.split('\n').length - lines <= 3, `a line of log for each refusal:\n${server.err}`);
    assert.equal((await truth.missing(server.url, maybe)).count, 0, 'all is there while the disk is full');
    assert.equal((await fetch(`${server.url}/-/healthy`)).status, 200);

    await server.stop('SIGKILL');
    server = await open(t, path.join(disk, 'data'), { config });
    assert.equal((await truth.missing(server.url, maybe)).count, 0, 'all is there after a restart on the full disk');
    assert.equal((await writeUntilFull(server.url, random, truth, maybe, from + 1200000)).status, 503);

    fs.rmSync(filler);
    const freed = Date.now();
    const again = makeSeries(random, 50, timesFrom(from + 1800000, 40, 1));
    await until('writes succeed again', 5, async () => (await write(server.url, again)).status === 204);
    truth.add(again);
    console.log(`# ${name}: ${truth.count} samples acknowledged, ${refusals} requests refused; taken again ${Date.now() - freed} ms after space was free`);
    await server.stop('SIGKILL');
    server = await open(t, path.join(disk, 'data'), { config });
    assert.equal((await truth.missing(server.url, maybe)).count, 0, 'all is there at the end');
    assert.equal(await metric(server.url, 'cachescope_storage_log_damages_total'), 0, 'a failed write leaves no damage behind');
    assert.equal((await server.stop()).code, 0);
  });
}

// A store killed with 60 series in about 20 pages of log, some late.
async function makeLog(t) {
  const folder = testFolder();
  const data = path.join(folder, 'data');
  const random = new Random(11);
  const truth = new Truth();
  const server = await open(t, data);
  const metrics = path.join(data, 'metrics');
  // The first segment is a short one. These series shall have their labels in the same segment as their samples.
  await until('a second segment', 20, async () => {
    await write(server.url, [{ labels: { __name__: 'other' }, samples: [{ t: Date.now(), v: 1 }] }]);
    return fs.readdirSync(path.join(metrics, 'wal')).length > 1;
  });
  const from = Date.now() - HOUR;
  for (let i = 0; i < 100; ++i) await writeAll(server.url, truth, makeSeries(random, 60, timesFrom(from + i * 10000, 10, 1000)));
  for (let i = 0; i < 40; ++i) await writeAll(server.url, truth, makeSeries(random, 60, timesFrom(from + i * 10000 + 500, 5, 1000)));
  await server.stop('SIGKILL');
  const segment = (kind) =>
    fs.readdirSync(path.join(metrics, kind)).filter((f) => /^\d+$/.test(f)).map((f) => path.join(kind, f)).sort((a, b) => fs.statSync(path.join(metrics, b)).size - fs.statSync(path.join(metrics, a)).size)[0];
  const bytes = ['wal', 'wbl'].reduce((sum, kind) => sum + fs.statSync(path.join(metrics, segment(kind))).size, 0);
  return { data, truth, random, wal: segment('wal'), wbl: segment('wbl'), bytes };
}

const flip = (at) => (bytes) => {
  bytes[Math.floor(at(bytes.length))] ^= 1 << 3;
  return bytes;
};
const fill = (at, length, byte) => (bytes) => {
  for (let i = 0, begin = Math.floor(at(bytes.length)); i < length; ++i) bytes[begin + i] = byte();
  return bytes;
};

// Damages copies of the log one way after the other; returns what went otherwise than it must.
async function problemsOfDamage(t, log, cases) {
  const problems = [];
  for (const [name, file, damage, most = Math.floor((2 * PAGE * log.truth.count) / log.bytes)] of cases) {
    const data = copyWritable(log.data, path.join(testFolder(), 'data'));
    const target = path.join(data, 'metrics', file);
    fs.writeFileSync(target, damage(fs.readFileSync(target)));
    let server = await open(t, data);
    const lost = await log.truth.missing(server.url);
    const damages = await metric(server.url, 'cachescope_storage_log_damages_total');
    const told = server.err.split('\n').filter((l) => /level=warn.*damage in the log/.test(l)).length;
    console.log(`# ${name}: ${lost.count} of ${log.truth.count} samples lost, at most ${most} may be; ${damages} damages, ${told} warnings`);
    if (lost.count > most) problems.push(`${name}: ${lost.count} samples lost, at most ${most} may be`);
    if (lost.count === 0) problems.push(`${name}: nothing is lost; where is the damage?`);
    if (!(damages >= 1 && told >= 1)) problems.push(`${name}: not told\n${server.err}`);
    // What is written behind the damage, new series first, is there after the next start; nothing more is gone, and
    // nothing turns up under another name.
    const more = new Truth();
    await writeAll(server.url, more, makeSeries(log.random, 60, timesFrom(Date.now() - 60000, 10, 1000), 'new'));
    await writeAll(server.url, more, makeSeries(log.random, 60, timesFrom(Date.now() - 30000, 10, 1000)));
    await server.stop('SIGKILL');
    server = await open(t, data);
    const before = await log.truth.missing(server.url, more);
    if (before.count > lost.count) problems.push(`${name}: ${before.count} samples are missing at the next start, not ${lost.count}`);
    const after = await more.missing(server.url, log.truth);
    if (after.count !== 0) problems.push(`${name}: ${after.count} samples written behind the damage are missing`);
    await server.stop('SIGKILL');
  }
  return problems;
}

const pageAt = (share) => (size) => Math.floor((size * share) / PAGE) * PAGE;

test('damage in the log costs two pages at most, and is told', async (t) => {
  const log = await makeLog(t);
  const noise = () => log.random.below(256);
  const cases = [
    ['a bit in the middle', log.wal, flip((size) => size * 0.47)],
    ['a bit near the end', log.wal, flip((size) => size - 3 * PAGE)],
    ['the head of a page', log.wal, flip(pageAt(0.3))],
    ['4 KiB of zeros', log.wal, fill((size) => pageAt(0.6)(size) + 8192, 4096, () => 0)],
    ['garbage', log.wal, fill((size) => pageAt(0.7)(size) + 9000, 10000, noise)],
    ['a bit among the late', log.wbl, flip((size) => size * 0.5)],
    ['a torn end', log.wal, (bytes) => bytes.subarray(0, bytes.length - 777), 600],
    ['a torn end among the late', log.wbl, (bytes) => bytes.subarray(0, bytes.length - 777), 300],
  ];
  assert.deepEqual(await problemsOfDamage(t, log, cases), []);
});

test('damage to the labels of series costs two pages at most', async (t) => {
  const log = await makeLog(t);
  const cases = [['the first page', log.wal, fill(() => 0, PAGE, () => log.random.below(256))]];
  assert.deepEqual(await problemsOfDamage(t, log, cases), []);
});

// A store with blocks, of which one is to be damaged.
async function makeBlocks(t) {
  const data = path.join(testFolder(), 'data');
  const random = new Random(13);
  const truth = new Truth();
  let server = await open(t, data);
  const from = Date.now() - 7 * HOUR;
  for (let i = 0; i < 42; ++i) await writeAll(server.url, truth, makeSeries(random, 30, timesFrom(from + i * 600000, 60, 10000)));
  await server.stop('SIGKILL');
  // What came back from the log is cut at once.
  server = await open(t, data);
  await until('blocks', 30, async () => (await metric(server.url, 'cachescope_storage_blocks')) >= 2);
  await settled(() => metric(server.url, 'cachescope_storage_cuts_total'));
  assert.equal((await truth.missing(server.url)).count, 0);
  assert.equal((await server.stop()).code, 0);
  const metrics = path.join(data, 'metrics');
  const metas = fs.readdirSync(metrics).filter((name) => fs.existsSync(path.join(metrics, name, 'meta.json'))).map((name) => JSON.parse(fs.readFileSync(path.join(metrics, name, 'meta.json'), 'utf8')));
  metas.sort((a, b) => a.minTime - b.minTime);
  return { data, truth, random, meta: metas[1] };
}

test('a damaged block is put aside or read around, with a warning, and the rest answers', async (t) => {
  const store = await makeBlocks(t);
  const change = (file, damage) => (block) => fs.writeFileSync(path.join(block, file), damage(fs.readFileSync(path.join(block, file))));
  const cases = [
    ['index cut', change('index', (bytes) => bytes.subarray(0, bytes.length >> 1))],
    ['a bit in the series of the index', change('index', flip((size) => size * 0.4))],
    ['a bit at the end of the index', change('index', flip((size) => size - 20))],
    ['a bit in a chunk', change('chunks/000001', flip((size) => size * 0.5))],
    ['chunks cut', change('chunks/000001', (bytes) => bytes.subarray(0, bytes.length >> 1))],
    ['chunks missing', (block) => fs.rmSync(path.join(block, 'chunks'), { recursive: true })],
    ['meta.json missing', (block) => fs.rmSync(path.join(block, 'meta.json'))],
    ['meta.json garbage', (block) => fs.writeFileSync(path.join(block, 'meta.json'), '{"ulid": 7, ')],
    ['tombstones garbage', (block) => fs.writeFileSync(path.join(block, 'tombstones'), Buffer.from('not tombstones at all, but text'))],
  ];
  const problems = [];
  for (const [name, damage] of cases) {
    const data = copyWritable(store.data, path.join(testFolder(), 'data'));
    damage(path.join(data, 'metrics', store.meta.ulid));
    const server = launch(t, data);
    if (!(await server.ready)) {
      problems.push(`${name}: does not start: ${server.err}`);
      continue;
    }
    const lost = await store.truth.missing(server.url);
    const outside = lost.times.filter((at) => at < store.meta.minTime || at >= store.meta.maxTime).length;
    const aside = await metric(server.url, 'cachescope_storage_blocks_quarantined');
    const told = /level=warn.*block/.test(server.err);
    console.log(`# ${name}: ${lost.count} samples missing, ${outside} outside of the block; ${aside} put aside; warnings ${JSON.stringify(lost.warnings).slice(0, 140)}`);
    if (outside > 0) problems.push(`${name}: ${outside} samples are missing that were not in the block`);
    if (!(aside >= 1 && told) && lost.warnings.length === 0) problems.push(`${name}: neither put aside nor warned about\n${server.err}`);
    if (lost.count > 0 && lost.warnings.length === 0) problems.push(`${name}: ${lost.count} samples are missing and the answers do not say so`);
    if (aside >= 1 && !fs.existsSync(path.join(data, 'metrics/quarantine', store.meta.ulid))) problems.push(`${name}: counted as put aside, but not there`);
    await writeAll(server.url, new Truth(), makeSeries(store.random, 3, [Date.now()]));
    await server.stop('SIGKILL');
  }
  assert.deepEqual(problems, []);
});

test('one sample a year ahead is refused and hurts nobody', async (t) => {
  const data = path.join(testFolder(), 'data');
  const server = await open(t, data);
  const now = Date.now();
  const truth = new Truth();
  const random = new Random(17);
  await writeAll(server.url, truth, makeSeries(random, 3, [now - 2000]));
  const far = await write(server.url, makeSeries(random, 1, [now + 365 * 24 * HOUR]));
  assert.equal(far.status, 400, far.text);
  assert.match(far.text, /too far in the future/);
  const mixed = makeSeries(random, 3, [now - 1000]);
  mixed[1].samples.push({ t: now + 365 * 24 * HOUR, v: 1 });
  assert.equal((await write(server.url, mixed)).status, 400);
  mixed[1].samples.pop();
  truth.add(mixed);
  await writeAll(server.url, truth, makeSeries(random, 3, [now]));
  assert.equal((await truth.missing(server.url)).count, 0);
  await server.stop('SIGKILL');
  const again = await open(t, data);
  assert.equal((await truth.missing(again.url)).count, 0);
});

test('two processes, one directory: the second ends at once; kill -9 leaves no lock behind', async (t) => {
  const data = path.join(testFolder(), 'data');
  const first = await open(t, data);
  const began = Date.now();
  const second = launch(t, data);
  assert.deepEqual(await second.ended, { code: 75, signal: null });
  assert.ok(Date.now() - began < 2000, `${Date.now() - began} ms`);
  assert.match(second.err, /^cachescope: cannot use data directory .*: another process holds its lock.*\n$/);
  assert.equal((await write(first.url, makeSeries(new Random(1), 1, [Date.now()]))).status, 204, 'the first is not disturbed');
  await first.stop('SIGKILL');
  const third = await open(t, data);
  assert.equal((await third.stop()).code, 0);
});

test('a directory that cannot be had or written is one clear line and exit code 78', async (t) => {
  const folder = testFolder();
  fs.writeFileSync(path.join(folder, 'file'), 'text');
  const cases = [
    ['below a file', path.join(folder, 'file/data'), /Not a directory/],
    ['a file', path.join(folder, 'file'), /Not a directory|File exists|not a directory/i],
    ['where nothing can be made', '/proc/no-such/data', /No such file or directory/],
  ];
  if (process.getuid() !== 0) {
    const locked = path.join(folder, 'locked');
    fs.mkdirSync(locked, { mode: 0o555 });
    cases.push(['unwritable', locked, /Permission denied/]);
  } else {
    const disk = mountSmall(t, '1m');
    if (disk !== undefined) {
      execFileSync('mount', ['-o', 'remount,ro', disk]);
      cases.push(['read-only', disk, /Read-only file system/]);
    }
  }
  for (const [name, data, cause] of cases) {
    const began = Date.now();
    const server = launch(t, data);
    assert.deepEqual(await server.ended, { code: 78, signal: null }, `${name}: ${server.err}`);
    assert.ok(Date.now() - began < 2000, `${name}: ${Date.now() - began} ms`);
    assert.match(server.err, /^cachescope: cannot [^\n]*\n$/, name);
    assert.match(server.err, cause, name);
    assert.ok(server.err.includes(data), `${name}: ${server.err}`);
  }
});
