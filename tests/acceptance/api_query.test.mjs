// `cachescope query` against a running server: tables, charts, JSON, exit codes, and the completion a shell asks for.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { remoteWrite } from './api_support.mjs';
import { binary, hasProgram, start, startServer } from './support.mjs';

const end = Math.floor(Date.now() / 1000) - 60;

async function run(t, args, env = {}) {
  const child = start(t, binary, args, { env: { ...process.env, NO_COLOR: '1', TZ: 'UTC', ...env } });
  const { code } = await child.exit;
  return { code, out: child.out, err: child.err };
}

async function startFilled(t) {
  const server = await startServer(t, []);
  const series = ['a', 'b'].map((instance, n) => ({
    labels: { __name__: 'shown_bytes', job: 'shown', instance },
    samples: Array.from({ length: 61 }, (_, i) => [(end - 3600 + i * 60) * 1000, (n + 1) * 1e6 * (1 + Math.sin(i / 6))]),
  }));
  series.push({ labels: { __name__: 'shown_hits_total', job: 'shown' }, samples: [[end * 1000, 42]] });
  assert.equal((await remoteWrite(server.url, series)).status, 204);
  return server;
}

test('query shows tables, charts and JSON', async (t) => {
  const { url } = await startFilled(t);
  const at = ['--url', url, '--time', String(end)];
  const table = await run(t, ['query', 'shown_bytes', ...at]);
  assert.equal(table.code, 0, table.err);
  assert.match(table.out, /^all: shown_bytes\{job="shown"\}\ninstance +VALUE\na +\d/);
  assert.equal(table.out.trim().split('\n').length, 4);
  assert.equal((await run(t, ['query', '1 + 1', ...at])).out, '2\n');
  assert.equal((await run(t, ['query', 'nothing_here', ...at])).out, 'no series\n');
  const json = JSON.parse((await run(t, ['query', 'shown_hits_total', '--json', ...at])).out);
  assert.equal(json.data.result[0].value[1], '42');
  const chart = await run(t, ['query', 'shown_bytes', '--url', url, '--range', '1h', '--end', String(end)]);
  assert.equal(chart.code, 0, chart.err);
  const lines = chart.out.split('\n');
  assert.match(lines[0], /^ *4M ┤/);
  assert.equal(lines.filter((l) => /[│┤]/.test(l)).length, 12);
  assert.match(lines[12], /\d\d:\d\d:\d\d +\d\d:\d\d:\d\d$/);
  assert.match(chart.out, /a {2}shown_bytes\{instance="a"\} {2}last /);
  assert.match(chart.out, /b {2}shown_bytes\{instance="b"\} {2}last /);
  const numbers = await run(t, ['query', 'shown_bytes', '--url', url, '--range', '1h', '--end', String(end), '-o', 'table']);
  assert.match(numbers.out, /instance +SAMPLES +FIRST +LAST +MIN +MAX +MEAN/);
  const traced = await run(t, ['query', 'sum(shown_bytes)', '--trace', ...at]);
  assert.match(traced.err, /select .*shown_bytes.* 2 series/);
});

test('query says what is wrong', async (t) => {
  const { url } = await startFilled(t);
  const bad = await run(t, ['query', 'sum(', '--url', url]);
  assert.equal(bad.code, 2);
  assert.match(bad.err, /parse error/);
  const nobody = await run(t, ['query', 'up', '--url', 'http://127.0.0.1:1']);
  assert.equal(nobody.code, 1);
  assert.match(nobody.err, /127\.0\.0\.1:1/);
  assert.equal((await run(t, ['query'])).code, 2);
});

test('names and verbs are completed', async (t) => {
  const { url } = await startFilled(t);
  const complete = async (...words) => (await run(t, ['complete', '--', ...words], { CACHESCOPE_URL: url })).out.trim().split('\n').filter(Boolean);
  assert.deepEqual(await complete('qu'), ['query']);
  assert.ok((await complete('query', '--ra')).includes('--range'));
  assert.deepEqual(await complete('query', 'shown_'), ['shown_bytes', 'shown_hits_total']);
  assert.deepEqual(await complete('query', 'rate(shown_h'), ['rate(shown_hits_total']);
  assert.deepEqual(await complete('query', 'shown_bytes{ins'), ['shown_bytes{instance']);
  assert.deepEqual(await complete('query', 'shown_bytes{instance="'), ['shown_bytes{instance="a', 'shown_bytes{instance="b']);
  assert.deepEqual(await complete('query', 'sum by (inst'), ['sum by (instance']);
  assert.ok((await complete('query', 'histogram_q')).includes('histogram_quantile('));
  assert.deepEqual(await complete('query', 'shown_bytes[5'), []);
  assert.match((await run(t, ['completion', 'zsh'])).out, /compdef/);
  if (!hasProgram('bash')) return;
  // What bash does at a tab: the function of the script fills COMPREPLY.
  const script = (await run(t, ['completion', 'bash'])).out;
  const tab = (line, words) =>
    spawnSync('bash', ['-c', `${script}\nCOMP_LINE=$1; COMP_POINT=\${#1}; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cachescope; printf '%s\\n' "\${COMPREPLY[@]}"`, 'bash', line, ...words], {
      encoding: 'utf8',
      env: { ...process.env, CACHESCOPE_URL: url, PATH: `${path.dirname(binary)}:${process.env.PATH}` },
    }).stdout.trim();
  assert.equal(tab("cachescope query 'rate(shown_h", ['cachescope', 'query', "'rate(shown_h"]), 'rate(shown_hits_total');
  assert.equal(tab('cachescope que', ['cachescope', 'que']), 'query');
  execFileSync('bash', ['-n', '-c', script]);
});
