// `cachescope rules`: check, test and backtest, as a person or a script calls them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { binary, start, temporaryFolder, until } from './support.mjs';

async function run(t, ...args) {
  const child = start(t, binary, args);
  const { code } = await child.exit;
  return { code, out: child.out, err: child.err };
}
function filesIn(t, files) {
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text);
  return (name) => path.join(folder, name);
}

const rules = `groups:
- name: g
  rules:
  - {record: "job:x:avg", expr: "avg by (job) (x)"}
  - {alert: High, expr: "job:x:avg > 10", for: 2m, annotations: {s: "{{ $value }}"}}
  - {alert: Dead, expr: "x{job=\\"b\\"} > 0"}
`;

test('rules check says what promtool says, with its exit codes', async (t) => {
  const at = filesIn(t, {
    'good.yml': rules,
    'bad.yml': 'groups:\n- name: g\n  rules:\n  - {alert: A, expr: up ==}\n',
    'twice.yml': 'groups: [{name: g, rules: [{record: a, expr: x}, {record: a, expr: y}]}]\n',
    'foreign.yml': 'groups: [{name: g, namespace: n, rules: [{record: a, expr: x}]}]\n',
  });
  const good = await run(t, 'rules', 'check', at('good.yml'));
  assert.equal(good.code, 0);
  assert.match(good.out, /SUCCESS: 3 rules found/);
  const bad = await run(t, 'rules', 'check', at('bad.yml'), at('good.yml'));
  assert.equal(bad.code, 1);
  assert.match(bad.err, /bad\.yml:4:\d+: could not parse expression/);
  assert.equal((await run(t, 'rules', 'check', at('twice.yml'))).code, 0);
  const lint = await run(t, 'rules', 'check', '--lint-fatal', at('twice.yml'));
  assert.equal(lint.code, 3);
  assert.match(lint.out, /1 duplicate rule\(s\) found/);
  assert.equal((await run(t, 'rules', 'check', '--lint-fatal', '--lint', 'none', at('twice.yml'))).code, 0);
  assert.equal((await run(t, 'rules', 'check', at('foreign.yml'))).code, 1);
  assert.equal((await run(t, 'rules', 'check', '--ignore-unknown-fields', at('foreign.yml'))).code, 0);
  const json = JSON.parse((await run(t, 'rules', 'check', '--json', at('twice.yml'), at('bad.yml'))).out);
  assert.equal(json[0].duplicates[0].name, 'a');
  assert.equal(json[1].ok, false);
});

test('rules test runs unit tests, shows what differs and writes a JUnit report', async (t) => {
  const at = filesIn(t, {
    'r.yml': rules,
    't.yml': `rule_files: ["r*.yml"]
tests:
- name: goes high
  interval: 1m
  input_series: [{series: 'x{job="a"}', values: "5 20x9"}]
  alert_rule_test:
  - {eval_time: 2m, alertname: High}
  - {eval_time: 3m, alertname: High, exp_alerts: [{exp_labels: {job: a}, exp_annotations: {s: "20"}}]}
- name: wrong
  promql_expr_test: [{expr: "1 + 1", exp_samples: [{value: 3}]}]
`,
  });
  const all = await run(t, 'rules', 'test', '--diff', '--junit', at('j.xml'), at('t.yml'));
  assert.equal(all.code, 1);
  assert.match(all.out, /t\.yml:10:\d+: expr: "1 \+ 1", time: 0s\n +- {} 3\n +\+ {} 2/);
  assert.match(fs.readFileSync(at('j.xml'), 'utf8'), /tests="2" failures="1" errors="0"/);
  const one = await run(t, 'rules', 'test', '--run', '^goes', at('t.yml'));
  assert.equal(one.code, 0);
  assert.match(one.out, /SUCCESS/);
  const json = JSON.parse((await run(t, 'rules', 'test', '--json', at('t.yml'))).out);
  assert.deepEqual(json[0].tests.map((x) => [x.name, x.failures.length]), [['goes high', 0], ['wrong', 1]]);
  assert.equal((await run(t, 'rules', 'test', '--run', '(', at('t.yml'))).code, 2);
});

test('rules backtest replays a directory and a server alike', async (t) => {
  const end = 1_700_000_000 - (1_700_000_000 % 3600);
  const lines = ['# TYPE x gauge'];
  for (let s = end - 7200; s <= end; s += 60) lines.push(`x{job="a"} ${s >= end - 3600 && s < end - 3000 ? 20 : 9} ${s}`);
  const at = filesIn(t, { 'r.yml': rules, 'x.om': lines.join('\n') + '\n# EOF\n' });
  const imported = await run(t, 'tsdb', 'import', at('x.om'), at('data'));
  assert.equal(imported.code, 0, imported.err);
  const args = ['rules', 'backtest', at('r.yml'), '--since', '90m', '--until', String(end), '--json'];
  const offline = await run(t, ...args, '--data', at('data'));
  assert.equal(offline.code, 0, offline.err);
  const report = JSON.parse(offline.out);
  const rule = (name) => report.rules.find((r) => r.name === name);
  assert.equal(rule('High').firings, 1);
  assert.ok(Math.abs(rule('High').firing_seconds - 480) <= 120, String(rule('High').firing_seconds));
  assert.equal(rule('High').nearest_miss.value, 9);
  assert.equal(rule('Dead').firings, 0);
  assert.match(rule('Dead').selectors[0].why, /job="b" matches nothing; this metric has job="a"/);
  const text = await run(t, ...args.slice(0, -1), '--data', at('data'));
  assert.match(text.out, /selector x\{job="b"\} has matched 0 series in 90m: this rule cannot fire/);

  const server = start(t, binary, ['serve', `--storage.tsdb.path=${at('data')}`, '--storage.tsdb.retention.time=100y', '--web.listen-address=127.0.0.1:0']);
  await until('the server is ready', 30, () => /cachescope is ready/.test(server.err));
  const url = /address=(http:\/\/[0-9.:]+)/.exec(server.err)[1];
  const online = await run(t, ...args, '--url', url);
  assert.equal(online.code, 0, online.err);
  const plain = (r) => JSON.parse(r.out).rules.map(({ seconds, ...rest }) => rest);
  assert.deepEqual(plain(online), plain(offline));
  assert.equal((await run(t, 'rules', 'backtest', at('r.yml'), '--since', 'soon')).code, 2);
  assert.equal((await run(t, 'rules', 'backtest', at('r.yml'), '--data', at('nowhere'))).code, 2);
});
