// serve --read-only: answers from a directory and leaves every byte of it as it was.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { ask, launch, open, samples, testFolder, write } from './store_support.mjs';
import { sleep } from './support.mjs';

// Every file with its bytes, mode and time of change; every folder with its entries.
function fingerprint(folder) {
  const hash = crypto.createHash('sha256');
  for (const name of ['.', ...fs.readdirSync(folder, { recursive: true }).sort()]) {
    const file = path.join(folder, name);
    const info = fs.lstatSync(file);
    hash.update(`${name} ${info.mode} ${info.mtimeNs ?? info.mtimeMs} ${info.ino} `);
    hash.update(info.isDirectory() ? fs.readdirSync(file).sort().join(' ') : fs.readFileSync(file));
  }
  return hash.digest('hex');
}

const READ_ONLY = ['--read-only', '--web.enable-admin-api'];
const now = Math.floor(Date.now() / 1000) * 1000;
const series = [0, 1, 2].map((i) => ({ labels: { __name__: 'kept', i: String(i) }, samples: Array.from({ length: 50 }, (_, n) => ({ t: now - 60000 + n * 1000, v: i + n })) }));

async function filled(t) {
  const data = path.join(testFolder(), 'data');
  const server = await open(t, data, { args: ['--web.enable-admin-api'] });
  assert.equal((await write(server.url, series)).status, 204);
  // A block too: the snapshot is a directory of blocks, and one of them moves in.
  assert.equal((await fetch(`${server.url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' })).status, 200);
  await server.stop('SIGKILL');
  const snapshots = path.join(data, 'snapshots', fs.readdirSync(path.join(data, 'snapshots'))[0]);
  const block = fs.readdirSync(snapshots).find((name) => /^[0-9A-Z]{26}$/.test(name));
  fs.renameSync(path.join(snapshots, block), path.join(data, 'metrics', block));
  return data;
}

test('a directory is answered from and not one byte of it changes', async (t) => {
  const data = await filled(t);
  // A torn end, a damaged block and a leftover would be mended by a server that may.
  const metrics = path.join(data, 'metrics');
  fs.appendFileSync(path.join(metrics, 'wal', fs.readdirSync(path.join(metrics, 'wal')).filter((n) => /^\d+$/.test(n)).sort()[0]), '\x01\x40half');
  const bad = path.join(metrics, '01HZZZZZZZZZZZZZZZZZZZZZZZ');
  fs.mkdirSync(bad);
  fs.writeFileSync(path.join(bad, 'meta.json'), 'garbage');
  fs.mkdirSync(path.join(metrics, '01HZZZZZZZZZZZZZZZZZZZZZZY.tmp-for-creation'));
  const before = fingerprint(data);
  const opened = Date.now();
  const server = await open(t, data, { args: READ_ONLY });
  const found = await samples(server.url, 'kept', 300, now / 1000);
  assert.equal(found.size, 3);
  for (const { values } of found.values()) assert.equal(values.length, 50);
  const refused = await write(server.url, [{ labels: { __name__: 'new' }, samples: [{ t: now, v: 1 }] }]);
  assert.equal(refused.status, 503);
  assert.match(refused.text, /read only/);
  for (const endpoint of ['delete_series?match[]=kept', 'clean_tombstones', 'snapshot']) {
    const answer = await fetch(`${server.url}/api/v1/admin/tsdb/${endpoint}`, { method: 'POST' });
    // As Prometheus has it for what it cannot do at the moment.
    assert.equal(answer.status, 500, endpoint);
    const body = await answer.json();
    assert.equal(body.errorType, 'unavailable', endpoint);
    assert.match(body.error, /read only/, endpoint);
  }
  assert.equal((await ask(server.url, 'query', { query: 'new' })).body.data.result.length, 0);
  await sleep(2500);
  // The one that filled the directory watched itself.
  const newest = (await ask(server.url, 'query', { query: 'max(timestamp(up))' })).body.data.result;
  assert.equal(newest.length, 1);
  assert.ok(Number(newest[0].value[1]) * 1000 < opened, 'nothing is collected, not even about itself');
  assert.match(await (await fetch(`${server.url}/metrics`)).text(), /^cachescope_storage_blocks 1$/m);
  assert.equal((await fetch(`${server.url}/-/reload`, { method: 'POST' })).status, 200);
  assert.equal((await server.stop()).code, 0);
  assert.equal(fingerprint(data), before);
});

test('readers beside each other, none beside a writer', async (t) => {
  const data = await filled(t);
  const one = await open(t, data, { args: READ_ONLY });
  const two = await open(t, data, { args: READ_ONLY });
  assert.equal((await samples(two.url, 'kept', 300, now / 1000)).size, 3);
  const writer = launch(t, data);
  assert.deepEqual(await writer.ended, { code: 75, signal: null });
  await one.stop();
  await two.stop();
  const daemon = await open(t, data);
  const reader = launch(t, data, { args: READ_ONLY });
  assert.deepEqual(await reader.ended, { code: 75, signal: null });
  assert.match(reader.err, /another process holds its lock: process \d+ \(cachescope\)/);
  await daemon.stop();
});

test('where there is nothing to read, nothing is made', async (t) => {
  const folder = testFolder();
  const nowhere = path.join(folder, 'nowhere');
  const empty = path.join(folder, 'empty');
  fs.mkdirSync(empty);
  for (const data of [nowhere, empty]) {
    const server = launch(t, data, { args: READ_ONLY });
    assert.deepEqual(await server.ended, { code: 78, signal: null }, server.err);
    assert.match(server.err, /cachescope: cannot use data directory [^\n]*--read-only[^\n]*\n$/);
  }
  assert.ok(!fs.existsSync(nowhere));
  assert.deepEqual(fs.readdirSync(empty), []);
});
