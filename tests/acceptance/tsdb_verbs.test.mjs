// `cachescope tsdb …` and `cachescope query --data` on directories made by Prometheus and by this program, compared with promtool.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import zlib from 'node:zlib';
import { remoteWrite } from './api_support.mjs';
import { binary, query, root, skipUnless, startServer, temporaryFolder } from './support.mjs';

// A data directory recorded from a real Prometheus 3.5.3, with what it answered.
const golden = path.join(root, '../shared/conformance/tsdb-golden');
const withoutGolden = fs.existsSync(golden) ? false : `skipped: the recorded data directory is not here: ${golden}`;
const withoutPromtool = skipUnless('promtool');

const gunzip = (name) => zlib.gunzipSync(fs.readFileSync(path.join(golden, name))).toString();
const lines = (text) => text.split('\n').filter((l) => l !== '');

function run(args, options = {}) {
  const { status, stdout, stderr } = spawnSync(binary, args, { encoding: 'utf8', maxBuffer: 1 << 30, ...options });
  return { code: status, out: stdout, err: stderr };
}
function tsdb(...args) {
  return run(['tsdb', ...args]);
}
// Of a run that must succeed.
function ok(...args) {
  const result = tsdb(...args);
  assert.equal(result.code, 0, `tsdb ${args.join(' ')}: ${result.err}`);
  return result.out;
}
const json = (...args) => JSON.parse(ok(...args, '--json'));

function folderOf(t) {
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

// Recorded files may be read-only; the copy is not.
function goldenCopy(t, name = 'data') {
  const folder = path.join(folderOf(t), 'data');
  fs.cpSync(path.join(golden, name), folder, { recursive: true });
  for (const entry of fs.readdirSync(folder, { recursive: true })) {
    const file = path.join(folder, entry);
    fs.chmodSync(file, fs.statSync(file).isDirectory() ? 0o755 : 0o644);
  }
  fs.chmodSync(folder, 0o755);
  return folder;
}

// Every file with its bytes: what must not change.
function fingerprint(folder) {
  const hash = crypto.createHash('sha256');
  for (const entry of fs.readdirSync(folder, { recursive: true }).sort()) {
    const file = path.join(folder, entry);
    hash.update(entry);
    if (fs.statSync(file).isFile()) hash.update(fs.readFileSync(file));
  }
  return hash.digest('hex');
}

// What promtool prints; it wants a log where there need not be one.
function promtoolDump(folder) {
  fs.mkdirSync(path.join(folder, 'wal'), { recursive: true });
  return lines(execFileSync('promtool', ['tsdb', 'dump', folder], { encoding: 'utf8', maxBuffer: 1 << 30 })).sort();
}
// The float samples of ours, as a promtool that knows no histograms and quotes no label names prints them.
const floats = (text) => lines(text.replaceAll('"label with space"=', 'label with space=')).filter((l) => !l.includes('} {')).sort();

function flip(file, position) {
  const bytes = fs.readFileSync(file);
  bytes[position] ^= 0x10;
  fs.writeFileSync(file, bytes);
}

const start = Date.UTC(2026, 0, 1);
// Times in seconds; five hours, three series.
function openMetrics() {
  const out = ['# TYPE req counter', '# HELP req requests'];
  for (let s = 0; s < 2; s++) for (let i = 0; i < 1200; i++) out.push(`req_total{code="${200 + s}"} ${i * (s + 1)} ${(start / 1000 + i * 15).toFixed(3)}`);
  out.push('# TYPE temp gauge');
  for (let i = 0; i < 1200; i++) out.push(`temp ${(20 + Math.sin(i)).toFixed(6)} ${(start / 1000 + i * 15.25).toFixed(3)}`);
  return out.join('\n') + '\n# EOF\n';
}

test('list says of a directory of Prometheus what promtool says', { skip: withoutGolden || withoutPromtool }, (t) => {
  const data = goldenCopy(t);
  const theirs = lines(execFileSync('promtool', ['tsdb', 'list', data], { encoding: 'utf8' })).slice(1).map((l) => l.trim().split(/\s+/));
  const ours = lines(ok('list', data)).slice(1).map((l) => l.trim().split(/\s+/));
  assert.equal(ours.length, 2);
  assert.deepEqual(ours.map((row) => row.slice(0, 8)), theirs);
  assert.deepEqual(ours.map((row) => row.slice(8)), [['xor', '1', 'tombstones'], ['xor', '1', '-']]);
  assert.match(ok('list', data, '-r'), /2026-01-01 00:00:00 UTC +2026-01-01 02:00:00 UTC +2h0m0s +3760 .* KiB/);
});

test('dump prints every sample Prometheus prints, and every histogram it has', { skip: withoutGolden }, (t) => {
  const data = goldenCopy(t);
  const ours = lines(ok('dump', data));
  const recorded = lines(gunzip('data.dump.txt.gz'));
  const mine = new Set(ours);
  assert.deepEqual(recorded.filter((l) => !mine.has(l)), []);
  // The recorded dump lacks the first histograms of series; the recorded answers of its query API have them.
  const theirs = new Set(recorded);
  const more = ours.filter((l) => !theirs.has(l));
  assert.ok(more.length < 10 && more.every((l) => /^\{__name__="gold_native_.*\} 17672256(00000|30001)$/.test(l)), more.join('\n'));
  const answers = JSON.parse(gunzip('data.expected.json.gz')).data.result;
  const answered = new Set(answers.flatMap((s) => (s.histograms ?? []).map(([time]) => `${s.metric.__name__} ${Math.round(time * 1000)}`)));
  for (const line of more) assert.ok(answered.has(`${/"(gold_native_\w+)"/.exec(line)[1]} ${line.split(' ').at(-1)}`), line);
});

test('the installed promtool dumps the same floats', { skip: withoutGolden || withoutPromtool }, (t) => {
  const data = goldenCopy(t);
  assert.deepEqual(floats(ok('dump', data)), promtoolDump(data));
});

test('query --data answers as Prometheus did, with nothing running', { skip: withoutGolden }, (t) => {
  const data = goldenCopy(t);
  const before = fingerprint(data);
  const answer = run(['query', '{__name__=~"gold.*"}[8h]', '--time', '1767250000', '--data', data, '--json']);
  assert.equal(answer.code, 0, answer.err);
  const sorted = (result) => Object.fromEntries(result.map((s) => [JSON.stringify(Object.entries(s.metric).sort()), s]));
  assert.deepEqual(sorted(JSON.parse(answer.out).data.result), sorted(JSON.parse(gunzip('data.expected.json.gz')).data.result));
  assert.match(run(['query', 'gold_const', '--time', '1767240000', '--data', data]).out, /METRIC +VALUE\ngold_const +1\n/);
  assert.match(run(['query', 'gold_const', '--start', '1767225600', '--end', '1767240000', '--data', data]).out, /gold_const/);
  assert.equal(run(['query', 'sum(', '--data', data]).code, 2);
  assert.equal(run(['query', 'up', '--data', path.join(data, 'nowhere')]).code, 2);
  assert.equal(fingerprint(data), before);
});

test('reading verbs change nothing on disk', { skip: withoutGolden }, (t) => {
  const data = goldenCopy(t);
  const block = fs.readdirSync(data).find((n) => /^[0-9A-Z]{26}$/.test(n));
  // What a start would remove, set aside or cut.
  fs.cpSync(path.join(data, block), path.join(data, `${block}.tmp-for-creation`), { recursive: true });
  fs.truncateSync(path.join(data, block, 'index'), 500);
  fs.appendFileSync(path.join(data, 'wal/00000002'), Buffer.from([1, 0, 99, 5]));
  const before = fingerprint(data);
  for (const args of [['list', data], ['inspect', data], ['verify', data], ['dump', data], ['repair', data, '--dry-run'], ['convert', data, '--to', 'packed', '--dry-run'], ['delete', data, '--match', 'gold_const', '--dry-run']]) {
    const result = tsdb(...args);
    assert.notEqual(result.code, 2, `${args.join(' ')}: ${result.err}`);
    assert.equal(fingerprint(data), before, args.join(' '));
  }
});

test('inspect counts what is there', { skip: withoutGolden }, (t) => {
  const data = goldenCopy(t);
  const found = json('inspect', data);
  assert.equal(found.chunks.samples, 7520);
  assert.equal(found.encodings.xor.chunks + found.encodings.histogram.chunks + found.encodings.float_histogram.chunks, 365);
  assert.equal(found.label_pairs, 22);
  assert.deepEqual(found.pairs_by_series[0], { name: '__name__=gold_requests_total', count: 6 });
  assert.equal(found.store.log.segments, 4);
  assert.equal(found.store.head.series, 17);
  const text = ok('inspect', data, found.store.blocks === 2 ? fs.readdirSync(data).sort()[0] : '', '--limit', '3');
  for (const word of ['gold_requests_total', 'BYTES/SAMPLE', 'Label pairs: 22']) assert.match(text, new RegExp(word));
  assert.equal(tsdb('inspect', data, '01ARZ3NDEKTSV4RRFFQ69G5FAV').code, 2);
});

test('convert to packed and back keeps every sample, and promtool reads the result', { skip: withoutGolden || withoutPromtool }, (t) => {
  const data = goldenCopy(t);
  const before = ok('dump', data);
  const theirs = promtoolDump(data);
  const there = json('convert', data, '--to', 'packed');
  assert.equal(there.converted.length, 2);
  assert.ok(there.converted.every((c) => c.bytes_after < c.bytes_before));
  assert.ok(json('list', data).blocks.every((b) => b.encoding === 'packed'));
  assert.equal(ok('dump', data), before);
  assert.equal(json('convert', data, '--to', 'packed').unchanged, 2);
  assert.equal(json('convert', data, '--to', 'xor').converted.length, 2);
  assert.equal(ok('dump', data), before);
  assert.deepEqual(promtoolDump(data), theirs);
  assert.match(ok('verify', data), /sound/);
});

test('import makes of a file what promtool makes of it', { skip: withoutPromtool }, (t) => {
  const folder = folderOf(t);
  const file = path.join(folder, 'history.om');
  fs.writeFileSync(file, openMetrics());
  assert.match(ok('import', file, path.join(folder, 'ours'), '--dry-run'), /3600 samples from 2026-01-01 00:00:00 UTC.*nothing was written/);
  assert.equal(fs.existsSync(path.join(folder, 'ours')), false);
  const done = json('import', file, path.join(folder, 'ours'));
  assert.equal(done.samples_stored, 3600);
  assert.equal(done.blocks.length, 3);
  for (const block of done.blocks) assert.equal(block.min_time % 7200000, 0);
  execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', file, path.join(folder, 'theirs')], { stdio: 'ignore' });
  const expected = promtoolDump(path.join(folder, 'theirs'));
  assert.equal(expected.length, 3600);
  assert.deepEqual(lines(ok('dump', path.join(folder, 'ours'))).sort(), expected);
  // In little memory and the other encoding, from a pipe; then promtool reads ours.
  const piped = run(['tsdb', 'import', '-', path.join(folder, 'piped'), '--memory', '64KB', '--to', 'xor'], { input: openMetrics() });
  assert.equal(piped.code, 0, piped.err);
  assert.deepEqual(promtoolDump(path.join(folder, 'piped/metrics')), expected);
  assert.deepEqual(fs.readdirSync(path.join(folder, 'piped/metrics')).filter((n) => n.includes('tmp')), []);
  // And back through the text.
  fs.writeFileSync(path.join(folder, 'again.om'), ok('dump', path.join(folder, 'ours'), '--format', 'openmetrics'));
  ok('import', path.join(folder, 'again.om'), path.join(folder, 'again'));
  assert.equal(ok('dump', path.join(folder, 'again')), ok('dump', path.join(folder, 'ours')));
});

test('import says what is wrong, on which line, and leaves nothing', (t) => {
  const folder = folderOf(t);
  const data = path.join(folder, 'data');
  const cases = [
    ['a{b="c"} 1 2\na 5\n# EOF\n', [], /line 2: the sample of a has no time/],
    ['a 1 2\na{b="c} 5 3\n# EOF\n', [], /line 2: /],
    ['a 1 2\n', [], /line \d+: .*# EOF/],
    ['a 1 2 3\n', ['--format', 'prom'], /line 1: /],
    ['# EOF\n', [], /there is no sample/],
  ];
  for (const [input, flags, message] of cases) {
    const result = run(['tsdb', 'import', '-', data, ...flags], { input });
    assert.equal(result.code, 2, input);
    assert.match(result.err, message);
    assert.match(result.err, /standard input/);
  }
  assert.equal(fs.existsSync(data), false);
  assert.equal(tsdb('import', path.join(folder, 'missing.om'), data).code, 2);
  // Milliseconds in Prometheus text; seconds there are noticed.
  assert.match(run(['tsdb', 'import', '-', data, '--format', 'prom', '--dry-run'], { input: 'a 1 1767225600\n' }).err, /1970-01-21/);
});

test('verify names planted damage, repair saves the rest and keeps the originals', { skip: withoutGolden }, (t) => {
  const data = goldenCopy(t);
  const [first, second] = fs.readdirSync(data).filter((n) => /^[0-9A-Z]{26}$/.test(n)).sort();
  const whole = new Set(lines(ok('dump', data)));
  assert.equal(tsdb('verify', data).code, 0);
  flip(path.join(data, first, 'chunks/000001'), 5000);
  fs.truncateSync(path.join(data, second, 'index'), 2000);
  flip(path.join(data, 'wal/00000000'), 40000);
  const found = tsdb('verify', data, '--json');
  assert.equal(found.code, 4);
  const damages = JSON.parse(found.out).damages;
  assert.equal(damages.length, 3);
  assert.ok(damages.some((d) => d.file.endsWith(`${first}/chunks/000001`) && d.position > 4000 && d.position <= 5000));
  assert.ok(damages.some((d) => d.file.endsWith(`${second}/index`)));
  assert.ok(damages.some((d) => d.file.endsWith('wal/00000000') && d.position >= 32768 && d.position <= 40000));
  assert.match(tsdb('verify', data).out, /3 places are damaged[^]*tsdb repair/);
  const dump = tsdb('dump', data);
  assert.equal(dump.code, 1);
  assert.match(dump.err, /could not be read/);

  const planned = JSON.parse(tsdb('repair', data, '--dry-run', '--json').out).actions;
  const done = JSON.parse(tsdb('repair', data, '--json').out).actions;
  assert.deepEqual(done.map((a) => a.kind).sort(), ['rewrite_segment', 'salvage_block', 'salvage_block']);
  assert.deepEqual(done.map((a) => [a.kind, a.samples, a.records]), planned.map((a) => [a.kind, a.samples, a.records]));
  for (const action of done) assert.ok(fs.existsSync(action.original), action.original);
  assert.equal(tsdb('verify', data).code, 0);
  const after = lines(ok('dump', data));
  assert.deepEqual(after.filter((l) => !whole.has(l)), [], 'nothing is made up');
  assert.ok(after.length > whole.size / 2, `${after.length} of ${whole.size} samples`);
  assert.match(ok('repair', data), /nothing to repair/);
});

test('a torn log reads to its tear', { skip: withoutGolden }, (t) => {
  const data = goldenCopy(t, 'torn');
  const result = tsdb('verify', data);
  assert.equal(result.code, 4);
  assert.match(result.out, /damaged: .*wal\/00000002 at byte \d+: /);
  const dump = tsdb('dump', data);
  assert.equal(dump.code, 1, 'it says so');
  const mine = new Set(lines(dump.out));
  const answers = JSON.parse(gunzip('torn.expected.json.gz')).data.result;
  let checked = 0;
  for (const series of answers.filter((s) => Object.keys(s.metric).every((n) => /^\w+$/.test(n)))) {
    const labels = Object.entries(series.metric).sort(([a], [b]) => (a < b ? -1 : 1)).map(([n, v]) => `${n}=${JSON.stringify(v)}`);
    for (const [time, value] of series.values ?? []) {
      if (!Number.isInteger(Number(value))) continue;
      assert.ok(mine.has(`{${labels.join(', ')}} ${Number(value) >= 1e6 ? Number(value).toExponential() : value} ${Math.round(time * 1000)}`), `${labels} ${time} ${value}`);
      checked++;
    }
  }
  assert.ok(checked > 1000);
  ok('repair', data);
  assert.equal(tsdb('verify', data).code, 0);
  assert.deepEqual(lines(ok('dump', data)).sort(), [...mine].sort());
});

test('backup and restore bring back every sample', { skip: withoutGolden }, (t) => {
  const data = goldenCopy(t);
  const copy = path.join(data, '../backup');
  const before = ok('dump', data);
  const report = json('backup', data, copy);
  assert.equal(report.blocks, 3, 'two blocks, and one of what was in the log');
  assert.ok(report.linked_files >= 8);
  assert.equal(ok('dump', copy), before);
  assert.equal(tsdb('backup', data, copy).code, 2);
  const target = path.join(data, '../restored');
  ok('restore', copy, target);
  assert.equal(ok('dump', target), before);
  assert.equal(ok('dump', path.join(target, 'metrics')), before);
  assert.equal(tsdb('restore', copy, target).code, 2);
  const block = fs.readdirSync(copy).find((n) => /^[0-9A-Z]{26}$/.test(n));
  // A file of its own, or the source would be damaged with it.
  const chunks = path.join(copy, block, 'chunks/000001');
  const bytes = fs.readFileSync(chunks);
  fs.rmSync(chunks);
  fs.writeFileSync(chunks, bytes);
  flip(chunks, 100);
  const refused = tsdb('restore', copy, path.join(data, '../other'));
  assert.equal(refused.code, 4);
  assert.match(refused.err, /is damaged/);
  assert.equal(fs.existsSync(path.join(data, '../other')), false);
});

test('beside a running daemon: reading works, writing names who to stop, backup goes through it', async (t) => {
  const server = await startServer(t, ['--web.enable-admin-api']);
  const data = path.join(server.folder, 'data');
  const now = Date.now();
  const samples = Array.from({ length: 50 }, (_, i) => [now - (50 - i) * 1000, i]);
  assert.equal((await remoteWrite(server.url, [{ labels: { __name__: 'mine', host: 'a' }, samples }])).status, 204);
  assert.equal(lines(ok('dump', data, '--match', 'mine')).length, 50);
  assert.match(tsdb('verify', data).err, new RegExp(`process ${server.child.pid} \\(cachescope\\) runs on`));
  assert.equal(tsdb('verify', data).code, 0);
  const offline = run(['query', 'count_over_time(mine[5m])', '--data', data, '--json']);
  assert.equal(JSON.parse(offline.out).data.result[0].value[1], '50');
  for (const args of [['repair', data], ['convert', data, '--to', 'xor'], ['delete', data, '--match', 'mine'], ['backup', data, path.join(server.folder, 'b')]]) {
    const refused = tsdb(...args);
    assert.equal(refused.code, 75, args.join(' '));
    assert.match(refused.err, new RegExp(`another process holds its lock: process ${server.child.pid} \\(cachescope\\); stop it`));
  }
  // The directory below takes the same lock.
  assert.equal(tsdb('repair', path.join(data, 'metrics')).code, 75);
  const copy = path.join(server.folder, 'copy');
  const backup = tsdb('backup', data, copy, '--url', server.url);
  assert.equal(backup.code, 0, backup.err);
  assert.deepEqual(fs.readdirSync(path.join(data, 'snapshots')), []);
  assert.equal(lines(ok('dump', copy, '--match', 'mine')).length, 50);
  assert.equal((await query(server.url, 'mine')).length, 1, 'the daemon goes on');
  await server.stop();
  assert.match(ok('delete', data, '--match', 'mine', '--max-time', String(now - 25500)), /deleted samples of 1 series/);
  assert.equal(lines(ok('dump', data, '--match', 'mine')).length, 25);
});

test('wrong directories and usage are told apart from damage', (t) => {
  const folder = folderOf(t);
  for (const verb of ['list', 'inspect', 'verify', 'dump', 'repair']) {
    const empty = tsdb(verb, folder);
    assert.equal(empty.code, 2, verb);
    assert.match(empty.err, /holds neither blocks nor a log; name the data directory/);
    assert.equal(tsdb(verb, path.join(folder, 'nowhere')).code, 2);
    assert.deepEqual(fs.readdirSync(folder), []);
  }
  assert.equal(tsdb('convert', folder).code, 2);
  assert.equal(tsdb('dump', folder, '--match', '{').code, 2);
  assert.equal(tsdb('dump', folder, '--min-time', 'noon').code, 2);
  for (const verb of ['list', 'inspect', 'verify', 'dump', 'repair', 'convert', 'delete', 'import', 'backup', 'restore']) {
    const help = ok(verb, '--help');
    for (const word of ['Examples', 'Exit codes']) assert.match(help, new RegExp(word), verb);
  }
});
