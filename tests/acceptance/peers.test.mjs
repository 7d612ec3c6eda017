// Real programs of the Prometheus world judge what we expose, ship and answer.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { freePort, getJson, query, root, skipUnless, start, startRedis, startServer, temporaryFolder, until, value } from './support.mjs';

test('promtool accepts our own metrics', { skip: skipUnless('promtool') }, async (t) => {
  const server = await startServer(t, []);
  await fetch(`${server.url}/api/v1/query?query=1`);
  const page = await (await fetch(`${server.url}/metrics`)).text();
  const result = spawnSync('promtool', ['check', 'metrics'], { input: page, encoding: 'utf8' });
  assert.equal(result.status, 0, result.stdout + result.stderr);
  assert.equal(result.stdout + result.stderr, '', 'no complaint at all');
});

test('promtool accepts the shipped rules and their tests pass', { skip: skipUnless('promtool') }, () => {
  for (const kind of fs.readdirSync(path.join(root, 'catalog'))) {
    const folder = path.join(root, 'catalog', kind);
    if (!fs.existsSync(path.join(folder, 'rules.yml'))) continue;
    console.log(execFileSync('promtool', ['check', 'rules', 'rules.yml'], { cwd: folder, encoding: 'utf8' }));
    console.log(execFileSync('promtool', ['test', 'rules', 'rules_test.yml'], { cwd: folder, encoding: 'utf8' }));
  }
});

test('a real Prometheus scrapes us without a complaint, and answers as we do', { skip: skipUnless('prometheus', 'redis-server') }, async (t) => {
  const redis = await startRedis(t);
  const server = await startServer(t, [], { env: { ...process.env, REDIS_PASSWORD: '' } });
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  fs.writeFileSync(
    path.join(folder, 'p.yml'),
    `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: cachescope, static_configs: [{targets: ["${server.url.slice(7)}"]}]}]\n`,
  );
  const prometheus = start(t, 'prometheus', [`--config.file=${folder}/p.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`]);
  const theirs = `http://127.0.0.1:${port}`;
  await until('Prometheus has scraped us', 30, async () => (await value(theirs, 'up{job="cachescope"}')) === 1);
  const { body } = await getJson(`${theirs}/api/v1/targets`);
  assert.equal(body.data.activeTargets[0].lastError, '');
  assert.doesNotMatch(prometheus.err, /level=(warn|error).*scrape/i);
  const exposed = (await (await fetch(`${server.url}/metrics`)).text()).split('\n').filter((l) => l && !l.startsWith('#'));
  const taken = await value(theirs, 'scrape_samples_scraped{job="cachescope"}');
  assert.ok(taken > 0 && taken <= exposed.length + 20, `${taken} samples of ${exposed.length} lines`);
  assert.ok(redis.port > 0);
  // The shapes of answers are theirs: promtool, which is written for them, reads ours.
  const answer = execFileSync('promtool', ['query', 'instant', server.url, 'cachescope_storage_series'], { encoding: 'utf8' });
  assert.match(answer, /cachescope_storage_series\{.*\} => \d+/);
  const series = execFileSync('promtool', ['query', 'series', '--match=cachescope_build_info', server.url], { encoding: 'utf8' });
  assert.match(series, /cachescope_build_info/);
  const names = execFileSync('promtool', ['query', 'labels', server.url, 'job'], { encoding: 'utf8' });
  assert.match(names, /cachescope/);
  const one = await query(theirs, '1 + 1');
  assert.deepEqual((await query(server.url, '1 + 1'))[1], one[1]);
});
