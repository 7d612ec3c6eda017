// Mail through a real mail server: TLS and logins.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { skipWithoutMail, startMail } from './mail_support.mjs';
import { skipUnless, sleep, start, startServer, temporaryFolder, until } from './support.mjs';

// A certificate of mail.test that signs itself.
function makeCertificate(t) {
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const files = { cert: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') };
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=mail.test', '-addext', 'subjectAltName=DNS:mail.test', '-keyout', files.key, '-out', files.cert], { stdio: 'ignore' });
  return { folder, ...files };
}

// One daemon with a receiver for every way; each is told by a route of its own.
test('mail with TLS and logins', { skip: skipWithoutMail() || skipUnless('openssl') }, async (t) => {
  const certificate = makeCertificate(t);
  const tls = ['--cert', certificate.cert, '--key', certificate.key];
  const login = ['--user', 'scope', '--password', 's3cret'];
  fs.writeFileSync(path.join(certificate.folder, 'password'), 's3cret\n');
  const trust = `tls_config: {ca_file: '${certificate.cert}', server_name: mail.test}`;
  const ways = {
    starttls: { args: ['--mode', 'starttls', ...tls, ...login], fields: `${trust}, auth_username: scope, auth_password_file: password`, login: 'scope' },
    implicit: { args: ['--mode', 'tls', ...tls], fields: `${trust}, force_implicit_tls: true`, login: null },
    plain: { args: [...login, '--mechanisms', 'PLAIN'], fields: 'require_tls: false, auth_username: scope, auth_password: s3cret', login: 'scope' },
    login: { args: [...login, '--mechanisms', 'LOGIN'], fields: 'require_tls: false, auth_username: scope, auth_password: s3cret', login: 'scope' },
    cram: { args: [...login, '--mechanisms', 'CRAM-MD5'], fields: 'require_tls: false, auth_username: scope, auth_secret: s3cret', login: 'scope' },
    wrong: { args: [...login], fields: 'require_tls: false, auth_username: scope, auth_password: WRONG-PASSWORD', fails: /535/ },
    untrusted: { args: ['--mode', 'starttls', ...tls], fields: 'tls_config: {server_name: mail.test}', fails: /certificate/i },
    othername: { args: ['--mode', 'starttls', ...tls], fields: `tls_config: {ca_file: '${certificate.cert}'}`, fails: /127\.0\.0\.1|certificate|subject/i },
    required: { args: [], fields: 'auth_username: scope, auth_password: s3cret', fails: /does not offer STARTTLS/ },
  };
  for (const way of Object.values(ways)) way.mail = await startMail(t, way.args);
  const names = Object.keys(ways);
  const receiver = (name) =>
    `  - {name: ${name}, email_configs: [{to: 'ops@b.example', from: 'scope@b.example', hello: scope.example, smarthost: '127.0.0.1:${ways[name].mail.port}', ${ways[name].fields}}]}`;
  fs.writeFileSync(
    path.join(certificate.folder, 'cachescope.yml'),
    `alerts:
  route: {receiver: plain, group_wait: 0s, group_by: [way], routes: [${names.map((n) => `{matchers: ['way="${n}"'], receiver: ${n}}`).join(', ')}]}
  receivers:
${names.map(receiver).join('\n')}
`,
  );
  const server = await startServer(t, [`--config.file=${certificate.folder}/cachescope.yml`]);
  const response = await fetch(`${server.url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(names.map((way) => ({ labels: { alertname: 'Größe', way }, annotations: { summary: 'ü = 1 < 2', runbook_url: '/advice/redis#x', long: 'x'.repeat(2000) } }))),
  });
  assert.equal(response.status, 200, await response.text());
  for (const name of names.filter((n) => !ways[n].fails)) {
    await t.test(name, async () => {
      const mail = await until(`a mail through ${name}`, 20, () => ways[name].mail.mails[0]);
      assert.equal(mail.login, ways[name].login);
      assert.equal(mail.tls, name === 'starttls' || name === 'implicit');
      assert.deepEqual(mail.to, ['ops@b.example']);
      assert.equal(mail.hello, 'scope.example');
      assert.deepEqual(mail.defects, []);
      assert.equal(mail.subject, `[FIRING:1] ${name} (Größe)`);
      assert.match(mail.shown['text/plain'], /Größe: ü = 1 < 2/);
      assert.match(mail.shown['text/plain'], /what to do: http:\/\/[^ ]*\/advice\/redis#x/);
      assert.match(mail.shown['text/html'], /Größe: ü = 1 &lt; 2/);
      assert.match(mail.shown['text/html'], /x{2000}/);
    });
  }
  for (const name of names.filter((n) => ways[n].fails)) {
    await t.test(`${name} fails aloud`, async () => {
      await until(`the log says why ${name} fails`, 20, () => server.err.split('\n').some((l) => l.includes('notification') && l.includes(`receiver=${name}`) && ways[name].fails.test(l)));
      assert.equal(ways[name].mail.mails.length, 0);
    });
  }
  await sleep(500);
  assert.doesNotMatch(server.err, /s3cret|WRONG-PASSWORD/);
  for (const name of names.filter((n) => !ways[n].fails)) assert.equal(ways[name].mail.mails.length, 1, name);
});
