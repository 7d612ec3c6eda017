// What receivers are sent: the same configuration and the same alerts go to a real Alertmanager and to cachescope, and
// the requests of both are compared.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';
import { skipWithoutMail, startMail } from './mail_support.mjs';
import { freePort, skipUnless, start, startServer, temporaryFolder, until } from './support.mjs';

const externalUrl = 'http://scope.example';

// Answers as each service does, and keeps what it is asked under the first part of the path.
async function startCapture(t) {
  const requests = {};
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (d) => (body += d));
    request.on('end', () => {
      const [, who, ...rest] = request.url.split('/');
      const place = `/${rest.join('/')}`;
      (requests[who] ??= []).push({ method: request.method, place, type: request.headers['content-type'], body });
      const json = (value) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
      if (place.startsWith('/telegram')) return json({ ok: true, result: { message_id: 1, chat: { id: 5 } } });
      if (place.startsWith('/wechat/gettoken')) return json({ errcode: 0, access_token: 'a1' });
      if (place.startsWith('/wechat')) return json({ errcode: 0 });
      return response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections?.();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}`, requests };
}

// What Alertmanager 0.25 and we both read. Details of PagerDuty are stated, because newer versions have other ones.
const configuration = (base, mailPort) => `
  global: {resolve_timeout: 5m, smtp_smarthost: '127.0.0.1:${mailPort}', smtp_from: 'Scope <scope@b.example>', smtp_require_tls: false}
  route: {receiver: 'team.x', group_by: [alertname, zone], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}
  receivers:
  - name: 'team.x'
    webhook_configs: [{url: '${base}/webhook', max_alerts: 0}]
    slack_configs:
    - api_url: '${base}/slack'
      send_resolved: true
      channel: '#caches'
      text: '{{ range .Alerts }}{{ .Annotations.summary }};{{ end }}'
      short_fields: true
      fields: [{title: Zone, value: '{{ .GroupLabels.zone }}'}, {title: n, value: '{{ len .Alerts }}', short: false}]
      actions: [{type: button, text: Look, url: '{{ (index .Alerts 0).GeneratorURL }}'}]
    pagerduty_configs:
    - routing_key: '0123456789'
      url: '${base}/pagerduty'
      class: '{{ .CommonLabels.severity }}'
      details:
        firing: '{{ template "pagerduty.default.instances" .Alerts.Firing }}'
        resolved: '{{ template "pagerduty.default.instances" .Alerts.Resolved }}'
        num_firing: '{{ .Alerts.Firing | len }}'
        num_resolved: '{{ .Alerts.Resolved | len }}'
      links: [{href: '{{ .ExternalURL }}', text: here}]
    opsgenie_configs:
    - api_url: '${base}/opsgenie/'
      api_key: k1
      tags: 'a,{{ .GroupLabels.zone }}'
      priority: P2
      responders: [{name: caches, type: team}]
    discord_configs: [{webhook_url: '${base}/discord'}]
    victorops_configs: [{api_url: '${base}/victorops/', api_key: k1, routing_key: r}]
    webex_configs: [{api_url: '${base}/webex', room_id: r1, http_config: {authorization: {credentials: t}}}]
    wechat_configs: [{api_url: '${base}/wechat/', api_secret: s, corp_id: c, agent_id: '7', to_user: '@all', send_resolved: true}]
    telegram_configs: [{api_url: '${base}/telegram', bot_token: t1, chat_id: 5}]
    email_configs:
    - to: 'Ops <ops@b.example>, b@b.example'
      send_resolved: true
      text: '{{ .Status }}: {{ range .Alerts }}{{ .Labels.instance }} {{ end }}'
      headers: {X-Zone: '{{ .GroupLabels.zone }} ü'}
`;

async function startAlertmanager(t, base, mailPort) {
  const folder = temporaryFolder();
  fs.writeFileSync(path.join(folder, 'am.yml'), configuration(base, mailPort).replaceAll(/^ {2}/gm, ''));
  const port = await freePort();
  const server = start(t, 'prometheus-alertmanager', [
    `--config.file=${folder}/am.yml`,
    `--storage.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    `--web.external-url=${externalUrl}`,
    '--cluster.listen-address=',
    '--data.retention=1h',
  ]);
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const url = `http://127.0.0.1:${port}`;
  await until('alertmanager is ready', 20, async () => {
    if (server.child.exitCode !== null) throw new Error(server.err);
    return (await fetch(`${url}/-/ready`)).ok;
  });
  return { url, server };
}

async function startOurs(t, base, mailPort) {
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  fs.writeFileSync(path.join(folder, 'cachescope.yml'), `alerts:\n${configuration(base, mailPort)}`);
  return startServer(t, [`--config.file=${folder}/cachescope.yml`, `--web.external-url=${externalUrl}`]);
}

const startsAt = new Date(Math.floor(Date.now() / 1000) * 1000 - 60_000).toISOString();
const alerts = (endsAt) =>
  ['redis-1:6379', 'redis-2:6379'].map((instance) => ({
    labels: { alertname: 'HitRatioLow', instance, severity: 'page', zone: 'süd' },
    annotations: { summary: `hit ratio of ${instance} is low`, description: 'a < b & "c"' },
    generatorURL: 'http://scope.example/graph?g0.expr=a%3Cb',
    startsAt,
    ...(endsAt ? { endsAt } : {}),
  }));

async function post(url, list) {
  const response = await fetch(`${url}/api/v2/alerts`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(list) });
  assert.equal(response.status, 200, await response.text());
}

// Times as one form, and long texts without their blank lines: those are a matter of layout.
function plain(value, key = '') {
  if (Array.isArray(value)) return value.map((v) => plain(v, key));
  if (value !== null && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v, k)]));
  if (/^(startsAt|endsAt)$/.test(key)) return new Date(value).toISOString();
  if (/^(description|markdown|state_message|content|text)$/.test(key) && typeof value === 'string') return value.replaceAll(/\n\s*\n/g, '\n').replaceAll(/\n+/g, '\n').trim();
  return value;
}
const asText = (object) => Object.fromEntries(Object.entries(object).map(([k, v]) => [k, String(v)]));

// Of each service, per place: the bodies in order.
function sorted(requests) {
  const out = {};
  for (const { method, place, type, body } of requests) {
    const service = place.split('/')[1];
    const value = body === '' ? null : plain(JSON.parse(body));
    (out[service] ??= []).push({ method, place, type: type?.split(';')[0], body: value });
  }
  return out;
}

const mailHeaders = (data) => data.slice(0, data.indexOf('\r\n\r\n')).replaceAll(/\r\n[ \t]/g, ' ');
// The words of RFC 2047: what is encoded, and where a word ends, is the sender's choice.
function decode(text) {
  const word = (_, encoded) => Buffer.from(encoded.replaceAll('_', ' ').replaceAll(/=([0-9a-f]{2})/gi, (__, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString();
  return text?.replaceAll(/\?=\s+=\?utf-8\?q\?/gi, '').replaceAll(/=\?utf-8\?q\?(.*?)\?=/gi, word);
}
const header = (data, name) => new RegExp(`^${name}: (.*)$`, 'mi').exec(mailHeaders(data))?.[1].trim();

test('receivers are sent what Alertmanager sends them', { skip: skipWithoutMail() || skipUnless('prometheus-alertmanager') }, async (t) => {
  const capture = await startCapture(t);
  const theirMail = await startMail(t);
  const ourMail = await startMail(t);
  const theirs = await startAlertmanager(t, `${capture.url}/theirs`, theirMail.port);
  const ours = await startOurs(t, `${capture.url}/ours`, ourMail.port);
  const services = 10; // requests of one notification: nine receivers, of which WeChat asks for a token first
  for (const { url } of [theirs, ours]) await post(url, alerts());
  for (const who of ['theirs', 'ours']) await until(`${who}: what fires`, 30, () => capture.requests[who]?.length >= services);
  for (const mail of [theirMail, ourMail]) await until('a mail about what fires', 30, () => mail.mails.length >= 1);
  const endsAt = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
  for (const { url } of [theirs, ours]) await post(url, alerts(endsAt));
  for (const who of ['theirs', 'ours']) await until(`${who}: what is over`, 30, () => capture.requests[who].length >= 2 * services - 1);
  for (const mail of [theirMail, ourMail]) await until('a mail about what is over', 30, () => mail.mails.length >= 2);

  const expected = sorted(capture.requests.theirs);
  const got = sorted(capture.requests.ours);
  assert.deepEqual(Object.keys(got).sort(), Object.keys(expected).sort());
  for (const list of [expected, got]) {
    // Newer versions, and we, send the numbers of details as numbers; the library Alertmanager uses for Telegram, all as text.
    for (const { body } of list.pagerduty) body.payload.custom_details = asText(body.payload.custom_details);
    for (const request of list.telegram) request.body = asText(request.body);
  }
  for (const service of Object.keys(expected)) {
    await t.test(service, () => assert.deepEqual(got[service], expected[service]));
  }
  await t.test('mail', () => {
    for (let i = 0; i < 2; i++) {
      const [a, b] = [theirMail.mails[i], ourMail.mails[i]];
      assert.equal(b.sender, a.sender);
      assert.deepEqual(b.to, a.to);
      for (const name of ['Subject', 'X-Zone', 'From', 'To']) {
        assert.equal(decode(header(b.data, name)), decode(header(a.data, name)), name);
      }
      const text = (data) => /text\/plain[^\r]*\r\n(?:[^\r]+\r\n)*\r\n(.*?)\r\n--/s.exec(data)?.[1];
      assert.equal(text(b.data), text(a.data));
      assert.match(b.data, /text\/html/);
    }
  });
});
