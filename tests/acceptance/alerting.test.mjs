// From a rule to a person over the real binary: amtool and a real Prometheus on one side, a webhook on the other, and kills in between.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { binary, freePort, getJson, hasProgram, skipUnless, sleep, start, startWebhook, temporaryFolder, until } from './support.mjs';

const run = promisify(execFile);
const alertmanager = ['prometheus-alertmanager', 'alertmanager'].find(hasProgram);

// A page with one gauge that the test sets.
async function startGauge(t) {
  const gauge = { value: 0 };
  const server = http.createServer((_, response) => response.end(`# TYPE knob gauge\nknob ${gauge.value}\n`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  gauge.address = `127.0.0.1:${server.address().port}`;
  return gauge;
}

// A server whose folder and port outlive it, so that it can be killed and started again.
class Daemon {
  static async create(t, { rules = '', alerts = '', scrape = '' }) {
    const daemon = new Daemon();
    daemon.t = t;
    daemon.folder = temporaryFolder();
    daemon.port = await freePort();
    daemon.url = `http://127.0.0.1:${daemon.port}`;
    t.after(() => fs.rmSync(daemon.folder, { recursive: true, force: true }));
    daemon.write('rules.yml', `groups:\n${rules}`);
    daemon.write('alertmanager.yml', alerts);
    daemon.write('cachescope.yml', `global: {scrape_interval: 1s, evaluation_interval: 1s}
shipped_rules: false
host_metrics: false
rule_files: [rules.yml]
alerts: alertmanager.yml
${scrape}`);
    return daemon;
  }
  write(name, text) {
    fs.writeFileSync(path.join(this.folder, name), text);
  }
  async start() {
    this.process = start(this.t, binary, ['serve', `--config.file=${this.folder}/cachescope.yml`, `--storage.tsdb.path=${this.folder}/data`, `--web.listen-address=127.0.0.1:${this.port}`]);
    await until('cachescope is ready', 30, () => {
      if (this.process.child.exitCode !== null) throw new Error(this.process.err);
      return /cachescope is ready/.test(this.process.err);
    });
  }
  async kill() {
    await this.process.stop('SIGKILL');
  }
  async cli(...args) {
    const { stdout } = await run(binary, [...args, `--url=${this.url}`]);
    return stdout;
  }
  async json(...args) {
    return JSON.parse(await this.cli(...args, '--json'));
  }
}

const oneAlert = `- name: knobs
  interval: 1s
  rules:
  - alert: KnobHigh
    expr: knob > 5
    labels: {severity: warning}
    annotations: {summary: 'knob is {{ $value }}', runbook_url: 'http://wiki/knob'}
`;
const scrapeOf = (gauge) => `scrape_configs: [{job_name: knobs, static_configs: [{targets: ["${gauge.address}"]}]}]\n`;
const told = (hook) => hook.received.map((r) => `${r.body.receiver} ${r.body.status} ${r.body.alerts.map((a) => `${a.labels.alertname}:${a.labels.severity ?? ''}:${a.status}`).sort().join(',')}`);

test('acknowledged, escalated, killed in between: everybody hears once, and of the end', async (t) => {
  const gauge = await startGauge(t);
  const hook = await startWebhook(t);
  const second = await startWebhook(t);
  const daemon = await Daemon.create(t, {
    rules: oneAlert,
    scrape: scrapeOf(gauge),
    alerts: `route: {receiver: first, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers:
- {name: first, webhook_configs: [{url: "${hook.url}"}]}
- {name: second, webhook_configs: [{url: "${second.url}"}]}
escalations:
- {name: nobody-came, matchers: [severity="warning"], steps: [{after: 3s, receiver: second, severity: critical}]}
`,
  });
  await daemon.start();
  gauge.value = 9;
  await until('the first receiver hears', 20, () => hook.received.length === 1);
  await daemon.kill();
  await daemon.start();
  await until('the escalation comes, the restart notwithstanding', 20, () => second.received.length === 1);
  assert.deepEqual(told(second), ['second firing KnobHigh:critical:firing']);
  await sleep(3000);
  assert.deepEqual(told(hook), ['first firing KnobHigh:warning:firing'], 'the kill repeats nothing');

  const [alert] = (await daemon.json('alerts', 'list', '--all')).alerts;
  assert.equal(alert.escalation.step, 1);
  assert.match(await daemon.cli('alerts', 'ack', alert.fingerprint.slice(0, 6), '--comment', 'on it', '--author', 'ada'), /acknowledged until it clears: KnobHigh/);
  await daemon.kill();
  await daemon.start();
  const again = await until('the alert is back', 15, async () => (await daemon.json('alerts', 'list', '--all')).alerts[0]);
  assert.equal(again.acknowledged.author, 'ada');
  assert.equal(again.acknowledged.comment, 'on it');

  await until('the rule has seen it again', 20, async () => (await getJson(`${daemon.url}/api/v1/alerts`)).body.data.alerts.some((a) => a.state === 'firing'));
  gauge.value = 1;
  await until('both hear of the end', 20, () => hook.received.length === 2 && second.received.length === 2);
  assert.equal(hook.received[1].body.status, 'resolved');
  assert.equal(second.received[1].body.status, 'resolved');
  gauge.value = 8;
  await until('armed again: the next time is told', 20, () => hook.received.length === 3);
  assert.equal(hook.received[2].body.status, 'firing');

  const kinds = (await daemon.json('alerts', 'history', '--since', '1h')).events.map((e) => e.kind).reverse();
  for (const kind of ['firing', 'notified', 'escalated', 'acknowledged', 'resolved']) assert.ok(kinds.includes(kind), `${kind} in ${kinds}`);
  assert.ok(kinds.indexOf('firing') < kinds.indexOf('notified') && kinds.indexOf('escalated') < kinds.indexOf('acknowledged') && kinds.indexOf('acknowledged') < kinds.indexOf('resolved'), kinds.join(' '));
  const stats = (await daemon.json('alerts', 'stats')).alerts.find((a) => a.alertname === 'KnobHigh');
  assert.equal(stats.fired, 2);
  assert.equal(stats.resolved, 1);
  assert.ok(stats.meanSecondsToAcknowledge > 2 && stats.meanSecondsToAcknowledge < 60, String(stats.meanSecondsToAcknowledge));
});

test('an alert is explained: its values, what moved with it, the runbook', async (t) => {
  const gauge = await startGauge(t);
  const hook = await startWebhook(t);
  const daemon = await Daemon.create(t, {
    rules: oneAlert,
    scrape: scrapeOf(gauge),
    alerts: `route: {receiver: first, group_wait: 0s}\nreceivers: [{name: first, webhook_configs: [{url: "${hook.url}"}]}]\n`,
  });
  await daemon.start();
  gauge.value = 9;
  await until('it fires', 20, () => hook.received.length === 1);
  const why = await daemon.json('alerts', 'explain', 'KnobHigh');
  assert.equal(why.values.query, 'knob');
  assert.equal(why.values.comparison, '>');
  assert.equal(why.values.threshold, '5');
  assert.ok(why.values.points.some(([, v]) => v === '9'), JSON.stringify(why.values.points));
  assert.equal(why.runbook, 'http://wiki/knob');
  assert.match(await daemon.cli('alerts', 'explain', 'KnobHigh'), /knob is 9[\s\S]*\(> 5\)[\s\S]*what to do: http:\/\/wiki\/knob/);
});

test('amtool manages it', { skip: skipUnless('amtool') }, async (t) => {
  const hook = await startWebhook(t);
  const daemon = await Daemon.create(t, {
    alerts: `global: {smtp_smarthost: 'localhost:1025', smtp_from: a@b.c, smtp_auth_password: hunter2}
route:
  receiver: first
  group_by: [alertname]
  group_wait: 1s
  group_interval: 1s
  routes: [{matchers: [team="cache"], receiver: cache}]
receivers:
- {name: first, webhook_configs: [{url: "${hook.url}"}]}
- {name: cache, webhook_configs: [{url: "${hook.url}"}]}
`,
  });
  await daemon.start();
  const amtool = async (...args) => (await run('amtool', [`--alertmanager.url=${daemon.url}`, ...args])).stdout;
  await amtool('alert', 'add', 'DiskFull', 'team=cache', 'node=a', '--annotation=summary=full');
  await amtool('alert', 'add', 'DiskFull', 'team=cache', 'node=b');
  await until('both are listed', 10, async () => JSON.parse(await amtool('alert', '-o', 'json')).length === 2);
  await until('the webhook hears of them as one group', 15, () => hook.received.at(-1)?.body.alerts.length === 2);
  assert.equal(hook.received.at(-1).body.receiver, 'cache');
  assert.deepEqual(JSON.parse(await amtool('alert', 'query', 'node=b', '-o', 'json')).map((a) => a.labels.node), ['b']);

  const id = (await amtool('silence', 'add', 'node=a', '--author=ada', '--comment=new disk', '--duration=1h')).trim();
  assert.match(id, /^[0-9a-f]{8}-/);
  assert.deepEqual(JSON.parse(await amtool('silence', 'query', '-o', 'json')).map((s) => [s.id, s.createdBy, s.comment, s.status.state]), [[id, 'ada', 'new disk', 'active']]);
  assert.deepEqual(JSON.parse(await amtool('alert', 'query', '--silenced', '-o', 'json')).map((a) => [a.labels.node, a.status.silencedBy]), [['a', [id]]]);
  const longer = (await amtool('silence', 'update', '--duration=2h', id)).split('\n').find((line) => line.includes('node'));
  assert.ok(longer, 'the silence is extended');
  await amtool('silence', 'expire', id);
  assert.deepEqual(JSON.parse(await amtool('silence', 'query', '-o', 'json')), []);
  assert.equal(JSON.parse(await amtool('silence', 'query', '--expired', '-o', 'json'))[0].status.state, 'expired');

  const shown = await amtool('config', 'show');
  assert.ok(!shown.includes('hunter2'), 'secrets are never shown');
  assert.match(shown, /team/);
  const { body: groups } = await getJson(`${daemon.url}/api/v2/alerts/groups?receiver=cache`);
  assert.equal(groups.length, 1);
  assert.equal(groups[0].alerts.length, 2);
  for (const [target, message] of [['silences?filter=nonsense', /nonsense/], ['alerts?active=maybe', /active/]]) {
    const { status, body } = await getJson(`${daemon.url}/api/v2/${target}`);
    assert.equal(status, 400);
    assert.match(body, message);
  }
  const foreign = await fetch(`${daemon.url}/api/v2/silence/${id}`, { method: 'DELETE', headers: { Origin: 'http://evil.example' } });
  assert.equal(foreign.status, 403, 'pages of others change nothing');
  const refused = await getJson(`${daemon.url}/api/v2/silences`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ matchers: [], startsAt: new Date().toISOString(), endsAt: new Date(Date.now() + 1000).toISOString(), createdBy: 'x', comment: '' }) });
  assert.equal(refused.status, 400);
});

test('a Prometheus tells through it', { skip: skipUnless('prometheus') }, async (t) => {
  const gauge = await startGauge(t);
  const hook = await startWebhook(t);
  const daemon = await Daemon.create(t, {
    alerts: `route: {receiver: first, group_by: [alertname], group_wait: 0s, group_interval: 1s}\nreceivers: [{name: first, webhook_configs: [{url: "${hook.url}"}]}]\n`,
  });
  await daemon.start();
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  fs.writeFileSync(path.join(folder, 'rules.yml'), `groups:\n${oneAlert}`);
  fs.writeFileSync(path.join(folder, 'prometheus.yml'), `global: {scrape_interval: 1s, evaluation_interval: 1s, external_labels: {dc: eu}}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:${daemon.port}"]}]}]}
${scrapeOf(gauge)}`);
  gauge.value = 9;
  start(t, 'prometheus', [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${await freePort()}`, '--rules.alert.resend-delay=2s']);
  const first = await until('its alert arrives', 40, () => hook.received[0]);
  assert.equal(first.body.alerts[0].labels.dc, 'eu');
  assert.equal(first.body.alerts[0].annotations.summary, 'knob is 9');
  gauge.value = 1;
  await until('and its end', 40, () => hook.received.some((r) => r.body.status === 'resolved'));
  await sleep(2500);
  assert.deepEqual(hook.received.map((r) => r.body.status), ['firing', 'resolved'], 'what it sends again is told once');
});

test('thresholds are made, changed and removed at run time, and survive', async (t) => {
  const gauge = await startGauge(t);
  const hook = await startWebhook(t);
  const daemon = await Daemon.create(t, {
    scrape: scrapeOf(gauge),
    alerts: `route: {receiver: first, group_by: [alertname], group_wait: 0s, group_interval: 1s}
receivers: [{name: first, webhook_configs: [{url: "${hook.url}"}]}, {name: second, webhook_configs: [{url: "${hook.url}"}]}]\n`,
  });
  gauge.value = 3;
  await daemon.start();
  const set = (...more) => daemon.cli('threshold', 'set', 'knob-low', '--expr', 'knob', '--op', '<', '--value', '5', ...more);
  await assert.rejects(set('--escalate', '10m:critical:nobody'), /nobody/);
  await set('--severity', 'critical', '--escalate', '2s:critical:second', '--summary', 'only {{ $value }}');
  await until('it fires within seconds', 70, () => hook.received.some((r) => r.body.receiver === 'first'));
  assert.equal(hook.received[0].body.alerts[0].annotations.summary, 'only 3');
  await until('and escalates', 20, () => hook.received.some((r) => r.body.receiver === 'second'));
  await daemon.kill();
  await daemon.start();
  const [kept] = (await daemon.json('threshold', 'list')).thresholds;
  assert.equal(kept.id, 'knob-low');
  assert.equal(kept.escalation[0].receiver, 'second');
  await daemon.cli('threshold', 'remove', 'knob-low');
  assert.deepEqual((await daemon.json('threshold', 'list')).thresholds, []);
  const bad = await getJson(`${daemon.url}/api/v1/alerting/thresholds`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ id: 'x', name: 'x', expression: 'rate(', operator: '>', value: 1 }) });
  assert.equal(bad.status, 400);
  assert.match(bad.body.error, /^expr/);
});

test('a reload with an invalid file changes nothing; routes and receivers can be tried', async (t) => {
  const hook = await startWebhook(t);
  const good = `route: {receiver: first, group_by: [alertname], group_wait: 0s, routes: [{matchers: [severity="page"], receiver: pager}]}
receivers: [{name: first, webhook_configs: [{url: "${hook.url}"}]}, {name: pager, webhook_configs: [{url: "http://127.0.0.1:1/"}]}]\n`;
  const daemon = await Daemon.create(t, { alerts: good });
  await daemon.start();
  daemon.write('alertmanager.yml', good.replace('receiver: pager}]', 'receiver: nobody}]'));
  const reload = await fetch(`${daemon.url}/-/reload`, { method: 'POST' });
  assert.equal(reload.status, 500);
  assert.match(await reload.text(), /alertmanager\.yml:1:\d+: undefined receiver "nobody"/);
  assert.match(await daemon.cli('route', 'test', 'severity=page'), /pager/);
  daemon.write('alertmanager.yml', good);
  assert.equal((await run(binary, ['route', 'test', '--config', `${daemon.folder}/alertmanager.yml`, 'severity=page'])).stdout, 'pager\n');
  assert.match(await daemon.cli('receiver', 'test', 'first'), /webhook: arrived/);
  assert.equal(hook.received[0].body.alerts[0].labels.alertname, 'CachescopeDrill');
  await assert.rejects(daemon.cli('receiver', 'test', 'pager'), (error) => error.code === 4 && /failed/.test(error.stdout));
  await assert.rejects(daemon.cli('receiver', 'test', 'nobody'), (error) => error.code === 2 && /nobody/.test(error.stderr));
});

test('a receiver that hangs does not hold the end of the program', async (t) => {
  const gauge = await startGauge(t);
  gauge.value = 9;
  const hanging = http.createServer(() => (hanging.asked = true));
  hanging.listen(0, '127.0.0.1');
  await once(hanging, 'listening');
  t.after(() => {
    hanging.closeAllConnections?.();
    hanging.close();
  });
  const daemon = await Daemon.create(t, {
    rules: oneAlert,
    scrape: scrapeOf(gauge),
    alerts: `route: {receiver: first, group_wait: 0s}\nreceivers: [{name: first, webhook_configs: [{url: "http://127.0.0.1:${hanging.address().port}/"}]}]\n`,
  });
  await daemon.start();
  await until('the receiver is asked', 20, () => hanging.asked);
  const begin = Date.now();
  const { code } = await daemon.process.stop();
  assert.equal(code, 0);
  assert.ok(Date.now() - begin < 8000, `it took ${Date.now() - begin} ms`);
});

test('alerts go on to a real Alertmanager too', { skip: alertmanager ? false : 'skipped: not installed: prometheus-alertmanager' }, async (t) => {
  const gauge = await startGauge(t);
  const theirs = await startWebhook(t);
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  fs.writeFileSync(path.join(folder, 'am.yml'), `route: {receiver: r, group_wait: 0s, group_interval: 1s}\nreceivers: [{name: r, webhook_configs: [{url: "${theirs.url}"}]}]\n`);
  const port = await freePort();
  start(t, alertmanager, [`--config.file=${folder}/am.yml`, `--storage.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address=']);
  const daemon = await Daemon.create(t, {
    rules: oneAlert,
    scrape: `${scrapeOf(gauge)}alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:${port}"]}]}]}\n`,
    alerts: 'route: {receiver: log}\nreceivers: [{name: log, log_configs: [{}]}]\n',
  });
  await daemon.start();
  gauge.value = 9;
  await until('the Alertmanager tells', 30, () => theirs.received.some((r) => r.body.alerts.some((a) => a.labels.alertname === 'KnobHigh')));
  gauge.value = 1;
  await until('and tells the end', 40, () => theirs.received.some((r) => r.body.status === 'resolved'));
});
