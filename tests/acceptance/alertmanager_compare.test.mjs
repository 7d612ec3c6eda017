// The same alerts to a real Alertmanager and to us, under the same configuration: what the webhooks hear must be the same, group by group, in
// order, field by field.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { binary, freePort, hasProgram, sleep, start, startWebhook, temporaryFolder, until } from './support.mjs';

const alertmanager = ['prometheus-alertmanager', 'alertmanager'].find(hasProgram);

const configOf = (url) => `
route:
  receiver: team.all
  group_by: [alertname]
  group_wait: 500ms
  group_interval: 1s
  repeat_interval: 1h
  routes:
  - match_re: {severity: crit.*}
    receiver: two
    group_by: [cluster]
    continue: true
  - matchers: ['cluster="2"', 'severity=~"warning|critical"']
    receiver: team.all
  - matchers: [quiet="yes"]
    receiver: firing-only
    group_by: ['...']
inhibit_rules:
- source_matchers: [severity=critical]
  target_matchers: [severity=warning]
  equal: [cluster]
receivers:
- name: team.all
  webhook_configs: [{url: '${url}'}]
- name: two
  webhook_configs: [{url: '${url}', max_alerts: 2}]
- name: firing-only
  webhook_configs: [{url: '${url}', send_resolved: false}]
`;

async function startReal(t, hook) {
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  fs.writeFileSync(path.join(folder, 'am.yml'), configOf(hook.url));
  start(t, alertmanager, [`--config.file=${folder}/am.yml`, `--storage.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address=', '--web.external-url=http://x/']);
  const url = `http://127.0.0.1:${port}`;
  await until('Alertmanager is ready', 30, async () => (await fetch(`${url}/-/ready`).catch(() => ({}))).ok);
  return url;
}

async function startOurs(t, hook) {
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  fs.writeFileSync(path.join(folder, 'am.yml'), configOf(hook.url));
  fs.writeFileSync(path.join(folder, 'c.yml'), 'shipped_rules: false\nhost_metrics: false\nalerts: am.yml\n');
  const server = start(t, binary, ['serve', `--config.file=${folder}/c.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`]);
  await until('cachescope is ready', 30, () => /cachescope is ready/.test(server.err));
  return `http://127.0.0.1:${port}`;
}

// By group, in order; what may differ is left out.
function groups(hook) {
  const out = {};
  for (const { body } of hook.received) {
    const { externalURL, ...rest } = body;
    assert.equal(typeof externalURL, 'string');
    (out[`${body.receiver} ${body.groupKey}`] ??= []).push(rest);
  }
  return Object.fromEntries(Object.entries(out).sort());
}

test('webhooks hear the same from Alertmanager and from us', { skip: alertmanager ? false : 'Alertmanager is not installed' }, async (t) => {
  const [theirHook, ourHook] = [await startWebhook(t), await startWebhook(t)];
  const urls = [await startReal(t, theirHook), await startOurs(t, ourHook)];
  const alerts = {};
  const send = async (names, more = {}) => {
    const body = JSON.stringify(names.map((name) => Object.assign(alerts[name], more)));
    const answers = await Promise.all(urls.map((url) => fetch(`${url}/api/v2/alerts`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })));
    assert.deepEqual(answers.map((a) => a.status), [200, 200]);
    await sleep(3000);
  };
  const make = (name, labels) => {
    alerts[name] = { labels: { n: name, ...labels }, annotations: { summary: 'one "quoted" <b>' }, startsAt: new Date().toISOString(), endsAt: new Date(Date.now() + 600e3).toISOString(), generatorURL: `http://g/${name}` };
    return name;
  };
  const over = () => ({ endsAt: new Date().toISOString() });
  await send([make('a1', { alertname: 'A', job: 'j2' }), make('a2', { alertname: 'A', job: 'j1', instance: 'i' }), make('b1', { alertname: 'B', zone: 'ü,"' })]);
  await send([make('a3', { alertname: 'A', job: 'j1', instance: 'h' })]);
  await send(['a1'], over());
  await send([make('s', { alertname: 'Down', cluster: '2', severity: 'critical' }), make('w', { alertname: 'Slow', cluster: '2', severity: 'warning' })]);
  await send([make('c1', { alertname: 'X', cluster: '3', severity: 'critical' }), make('c2', { alertname: 'Y', cluster: '3', severity: 'critical' }), make('c3', { alertname: 'Z', cluster: '3', severity: 'critical' })]);
  await send(['s'], over());
  await send([make('q', { alertname: 'Q', quiet: 'yes' })]);
  await send(['q'], over());
  await send([make('q2', { alertname: 'Q', quiet: 'yes', n: 'q' })]);
  await send(['a2', 'a3', 'b1', 'w', 'c1', 'c2', 'c3'], over());
  const [theirs, ours] = [groups(theirHook), groups(ourHook)];
  assert.deepEqual(Object.keys(ours), Object.keys(theirs));
  for (const key of Object.keys(theirs)) assert.deepEqual(ours[key], theirs[key], key);
  assert.ok(Object.keys(theirs).length >= 6, `${Object.keys(theirs).length} groups`);
});
