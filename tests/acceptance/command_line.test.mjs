// The command line: help, exit codes, messages that say what to do, and a demo that leaves nothing behind.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { binary, getJson, root, skipUnless, start, temporaryFolder, until, value } from './support.mjs';

async function run(t, ...args) {
  const child = start(t, binary, args);
  const { code } = await child.exit;
  return { code, out: child.out, err: child.err };
}

test('help, version and usage errors', async (t) => {
  const help = await run(t, '--help');
  assert.equal(help.code, 0);
  for (const word of ['up', 'serve', 'demo', 'check', 'Exit codes', 'Examples']) assert.match(help.out, new RegExp(word));
  assert.match((await run(t, '--version')).out, /^cachescope \d+\.\d+/);
  assert.match(JSON.parse((await run(t, 'version', '--json')).out).version, /^\d/);
  for (const verb of ['up', 'serve', 'demo']) {
    const one = await run(t, verb, '--help');
    assert.equal(one.code, 0);
    assert.match(one.out.replace(/\s+/g, ' '), /2 usage or configuration.*75 another process has the data directory, 78 /);
    assert.match(one.out, /--insecure-listen/);
  }
  assert.equal((await run(t, 'nonsense')).code, 2);
  assert.equal((await run(t)).code, 2);
  assert.equal((await run(t, 'serve', '--storage.tsdb.retention.time', 'soon')).code, 2);
  assert.equal((await run(t, 'serve', '--log.level', 'loud')).code, 2);
});

test('check rules names every problem and exits with 4', async (t) => {
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const bad = path.join(folder, 'bad.yml');
  fs.writeFileSync(bad, 'groups:\n- name: g\n  rules:\n  - alert: a\n    expr: up ==\n  - record: b\n');
  const result = await run(t, 'check', 'rules', bad, path.join(root, 'catalog/redis/rules.yml'));
  assert.equal(result.code, 4);
  assert.match(result.out, /bad\.yml:5:11: could not parse expression: /);
  assert.match(result.out, /bad\.yml:6:5: /);
  assert.match(result.out, /catalog\/redis\/rules\.yml: ok/);
  const json = JSON.parse((await run(t, 'check', 'rules', '--json', bad)).out);
  assert.equal(json[0].errors.length, 2);
});

test('the demo runs a private Redis whose hit ratio moves, and leaves nothing behind', { skip: skipUnless('redis-server') }, async (t) => {
  const demo = start(t, binary, ['demo', '--web.listen-address=127.0.0.1:0', '--shift=20', '--rate=1500']);
  const url = await until('it says where to look', 30, () => /^ +(http:\/\/[0-9.:]+)$/m.exec(demo.out)?.[1]);
  const port = Number(/127\.0\.0\.1:(\d+) under/.exec(demo.out)[1]);
  const ratio = 'sum(rate(redis_keyspace_hits_total[6s])) / sum(rate(redis_keyspace_hits_total[6s]) + rate(redis_keyspace_misses_total[6s]))';
  const high = await until('the cache warms up', 40, async () => {
    const r = await value(url, ratio);
    return r > 0.6 && r;
  });
  await until('the working set moves and the hit ratio falls', 40, async () => (await value(url, ratio)) < high - 0.2);
  const { body } = await getJson(`${url}/api/v1/targets`);
  assert.equal(body.data.activeTargets.find((x) => x.labels.job === 'redis').health, 'up');
  const pids = () => execFileSync('/bin/sh', ['-c', `pgrep -f '[r]edis-server 127.0.0.1:${port}' || true`], { encoding: 'utf8' }).trim();
  assert.notEqual(pids(), '');
  assert.equal((await demo.stop('SIGINT')).code, 0);
  assert.equal(pids(), '', 'its Redis is gone');
});

test('the demo takes its Redis along even when it is killed', { skip: skipUnless('redis-server') }, async (t) => {
  const demo = start(t, binary, ['demo', '--web.listen-address=127.0.0.1:0']);
  await until('it runs', 30, () => demo.out.includes('under'));
  const port = Number(/127\.0\.0\.1:(\d+) under/.exec(demo.out)[1]);
  await demo.stop('SIGKILL');
  await until('its Redis is gone', 5, () => execFileSync('/bin/sh', ['-c', `pgrep -f '[r]edis-server 127.0.0.1:${port}' || true`], { encoding: 'utf8' }).trim() === '');
});

test('without a redis-server the demo says how to get one', async (t) => {
  const demo = start(t, binary, ['demo', '--redis-server', '/nonexistent/redis-server']);
  const { code } = await demo.exit;
  assert.equal(code, 1);
  assert.match(demo.err, /no redis-server.*apt-get install redis-server/s);
});
