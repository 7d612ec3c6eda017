// What goes wrong outside must be said clearly and hurt nothing else.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { binary, freePort, getJson, query, skipUnless, start, startRedis, startServer, temporaryFolder, until, value } from './support.mjs';

// A server that treats every connection as `behave` says.
async function fake(t, behave) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    behave(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server.address().port;
}

function configFolder(t, text) {
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  fs.writeFileSync(path.join(folder, 'c.yml'), text);
  return path.join(folder, 'c.yml');
}

async function targets(url) {
  const { body } = await getJson(`${url}/api/v1/targets`);
  return Object.fromEntries(body.data.activeTargets.map((x) => [x.labels.instance, x]));
}

test('sick Redis servers are named and the healthy one is not disturbed', { skip: skipUnless('redis-server') }, async (t) => {
  const good = await startRedis(t);
  const locked = await startRedis(t, ['--requirepass', 'sesame']);
  const down = await freePort();
  const web = await fake(t, (s) => s.on('data', () => s.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
  const silent = await fake(t, () => {});
  const loading = await fake(t, (s) => s.on('data', (d) => s.write('-LOADING Redis is loading the dataset in memory\r\n'.repeat((d.toString().match(/^\*/gm) ?? []).length))));
  const cache = (name, port, extra = '') => `  - {url: "redis://${extra}127.0.0.1:${port}", name: ${name}, interval: 1s, timeout: 1s}\n`;
  const file = configFolder(
    t,
    `global: {evaluation_interval: 1s}\ncaches:\n${cache('good', good.port)}${cache('locked', locked.port)}${cache('wrong', locked.port, ':opensesame@').replace('127.0.0.1', 'localhost')}` +
      `${cache('down', down)}${cache('web', web)}${cache('silent', silent)}${cache('loading', loading)}`,
  );
  const server = await startServer(t, [`--config.file=${file}`]);
  const expected = {
    locked: /password/i,
    wrong: /password/i,
    down: /refused/i,
    web: /not a Redis|RESP|protocol/i,
    silent: /time|answer/i,
    loading: /loading/i,
  };
  for (const [name, cause] of Object.entries(expected)) {
    const target = await until(`${name} is down with a reason`, 20, async () => {
      const x = (await targets(server.url))[name];
      return x?.health === 'down' && cause.test(x.lastError) && x;
    });
    assert.doesNotMatch(target.lastError, /sesame/, 'no password in messages');
    await until(`up is 0 for ${name}`, 10, async () => (await value(server.url, `up{instance="${name}"}`)) === 0);
    await until(`redis_up is 0 for ${name}`, 10, async () => (await value(server.url, `redis_up{instance="${name}"}`)) === 0);
  }
  await until('the good one keeps its rhythm', 20, async () => (await value(server.url, 'count_over_time(up{instance="good"}[5s])')) >= 5);
  assert.equal(await value(server.url, 'redis_up{instance="good"}'), 1);
  const config = await getJson(`${server.url}/api/v1/status/config`);
  assert.doesNotMatch(config.body.data.yaml, /sesame/);
  assert.doesNotMatch(server.err, /sesame/);
  const { body } = await getJson(`${server.url}/api/v1/rules?type=alert`);
  const rule = body.data.groups.flatMap((g) => g.rules).find((r) => r.name === 'RedisDown');
  assert.ok(rule.alerts.length >= 6, 'RedisDown is pending or firing for each of them');
});

test('hostile pages fail alone', async (t) => {
  const page = (body) => `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
  const good = await fake(t, (s) => s.once('data', () => s.end(page('good_metric 1\n'))));
  const hang = await fake(t, () => {});
  const endless = await fake(t, (s) =>
    s.once('data', () => {
      s.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n');
      const chunk = 'a_metric{x="y"} 1\n'.repeat(2000);
      const pump = () => {
        while (!s.destroyed && s.write(chunk));
        if (!s.destroyed) s.once('drain', pump);
      };
      pump();
    }),
  );
  const garbage = await fake(t, (s) => s.once('data', () => s.end(page('\x00\x01{{{{ not metrics \xff'))));
  const job = (name, port) => `  - {job_name: ${name}, scrape_interval: 1s, scrape_timeout: 1s, body_size_limit: 4MB, static_configs: [{targets: ["127.0.0.1:${port}"]}]}\n`;
  const file = configFolder(t, `scrape_configs:\n${job('good', good)}${job('hang', hang)}${job('endless', endless)}${job('garbage', garbage)}`);
  const server = await startServer(t, [`--config.file=${file}`]);
  for (const [name, cause] of Object.entries({ hang: /no complete answer within/, endless: /larger than the limit/, garbage: /parse|expected|invalid|unexpected/i })) {
    await until(`${name} is down with a reason`, 20, async () => {
      const { body } = await getJson(`${server.url}/api/v1/targets`);
      const x = body.data.activeTargets.find((a) => a.labels.job === name);
      return x.health === 'down' && cause.test(x.lastError);
    });
    assert.equal(await value(server.url, `up{job="${name}"}`), 0);
  }
  await until('the good one is read every second', 20, async () => (await value(server.url, 'count_over_time(good_metric[6s])')) >= 5);
  const resident = (await value(server.url, 'process_resident_memory_bytes')) / 2 ** 20;
  assert.ok(!(resident > 200), `resident memory ${resident} MiB`);
});

test('mistakes in the configuration name file, line and column', async (t) => {
  const cases = [
    ['scrape_configs:\n  - job_name: a\n    scrape_intervall: 5s\n', /c\.yml:3:5: unknown field "scrape_intervall".*did you mean "scrape_interval"/],
    ['global:\n  scrape_interval: soon\n', /c\.yml:2:20: .*duration/],
    ['caches:\n  - url: "ftp://x"\n', /c\.yml:2:10: /],
    ['caches: [{url: "redis://h:99999"}]\n', /c\.yml:1:\d+: /],
    ['rule_files: [missing.yml]\n', /c\.yml:1:\d+: cannot read rule file/],
    ['a: [1\n', /c\.yml:\d+:\d+: /],
  ];
  for (const [text, message] of cases) {
    const server = start(t, binary, ['serve', `--config.file=${configFolder(t, text)}`, '--web.listen-address=127.0.0.1:0', `--storage.tsdb.path=${temporaryFolder()}`]);
    const { code } = await server.exit;
    assert.equal(code, 2, text);
    assert.match(server.err, message);
    const check = start(t, binary, ['check', 'config', configFolder(t, text)]);
    assert.equal((await check.exit).code, 4);
    assert.match(check.out, message);
  }
});

test('a bad reload changes nothing and says so; a good one takes effect', { skip: skipUnless('redis-server') }, async (t) => {
  const redis = await startRedis(t);
  const file = configFolder(t, `caches: [{url: "redis://127.0.0.1:${redis.port}", name: first, interval: 1s}]\n`);
  const server = await startServer(t, [`--config.file=${file}`]);
  await until('first is read', 10, async () => (await value(server.url, 'redis_up{instance="first"}')) === 1);
  fs.writeFileSync(file, 'caches: nonsense\n');
  const refused = await fetch(`${server.url}/-/reload`, { method: 'POST' });
  assert.equal(refused.status, 500);
  assert.match(await refused.text(), /c\.yml:1:9: expected a list of caches/);
  assert.equal(await value(server.url, 'redis_up{instance="first"}'), 1);
  assert.match(await (await fetch(`${server.url}/metrics`)).text(), /cachescope_config_last_reload_successful 0/);
  fs.writeFileSync(file, `caches: [{url: "redis://127.0.0.1:${redis.port}", name: second, interval: 1s}]\n`);
  server.child.kill('SIGHUP');
  await until('second is read', 10, async () => (await value(server.url, 'redis_up{instance="second"}')) === 1);
  await until('first has ended', 10, async () => (await query(server.url, 'redis_up{instance="first"}')).length === 0);
  assert.match(await (await fetch(`${server.url}/metrics`)).text(), /cachescope_config_last_reload_successful 1/);
});

test('wrong queries answer as Prometheus does', async (t) => {
  const server = await startServer(t, []);
  const cases = [
    ['/api/v1/query?query=sum(', 400, 'bad_data', /parse error: /],
    ['/api/v1/query?query=foo(1)', 400, 'bad_data', /unknown function with name "foo"/],
    ['/api/v1/query?query=up&time=noon', 400, 'bad_data', /cannot parse "noon" to a valid timestamp/],
    ['/api/v1/query_range?query=up&start=0&end=10&step=0', 400, 'bad_data', /zero or negative query resolution step/],
    ['/api/v1/query_range?query=up&start=10&end=0&step=1', 400, 'bad_data', /end timestamp must not be before start/],
    ['/api/v1/query_range?query=up&start=0&end=100000&step=1', 400, 'bad_data', /exceeded maximum resolution of 11,000 points/],
    ['/api/v1/query_range?query=up[5m]&start=0&end=10&step=1', 400, 'bad_data', /must be Scalar or instant Vector/],
    ['/api/v1/series', 400, 'bad_data', /no match\[\] parameter provided/],
    ['/api/v1/label/__name__/values?match[]={', 400, 'bad_data', /parse error/],
    ['/api/v1/nothing', 404, 'not_found', /no endpoint/],
  ];
  for (const [path_, status, type, message] of cases) {
    const answer = await getJson(server.url + path_.replaceAll('[]', '%5B%5D').replaceAll('{', '%7B').replaceAll('[5m]', '%5B5m%5D'));
    assert.equal(answer.status, status, path_);
    assert.equal(answer.body.errorType, type);
    assert.match(answer.body.error, message);
  }
});

test('the address is taken, the directory is locked: said at once', async (t) => {
  const server = await startServer(t, []);
  const address = server.url.slice('http://'.length);
  const second = start(t, binary, ['serve', `--web.listen-address=${address}`, `--storage.tsdb.path=${temporaryFolder()}`]);
  assert.equal((await second.exit).code, 1);
  assert.match(second.err, new RegExp(`cannot listen on ${address}: .*in use`));
  const third = start(t, binary, ['serve', '--web.listen-address=127.0.0.1:0', `--storage.tsdb.path=${server.folder}/data`]);
  assert.equal((await third.exit).code, 75);
  assert.match(third.err, /another process holds its lock: process \d+ \(cachescope\); stop it or choose another directory/);
});

test('an address that others reach is refused unless it is meant', async (t) => {
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  for (const address of ['0.0.0.0:0', ':0', '[::]:0', '127.1:0']) {
    const server = start(t, binary, ['serve', `--web.listen-address=${address}`, `--storage.tsdb.path=${folder}/data`]);
    assert.equal((await server.exit).code, 78, server.err);
    assert.match(server.err, /^cachescope: cannot listen on [^\n]*--insecure-listen[^\n]*\n$/);
    assert.ok(!fs.existsSync(path.join(folder, 'data')), 'nothing is made before that');
  }
  // A way to write 127.0.0.1 that is not known to be it, so that nothing is opened to others here.
  const server = start(t, binary, ['serve', '--insecure-listen', '--web.listen-address=127.1:0', `--storage.tsdb.path=${folder}/data`]);
  await until('cachescope is ready', 30, () => /cachescope is ready/.test(server.err));
  assert.equal((await server.stop()).code, 0);
});

test('what the server leaves on disk is the user\'s alone, whatever the umask', async (t) => {
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const script = `umask 0; exec "${binary}" serve --web.listen-address=127.0.0.1:0 --storage.tsdb.path=${folder}/x/data --web.enable-admin-api`;
  const server = start(t, '/bin/sh', ['-c', script]);
  await until('cachescope is ready', 30, () => /cachescope is ready/.test(server.err));
  const url = /address=(http:\/\/[0-9.:]+)/.exec(server.err)[1];
  await until('it watches itself', 20, async () => (await query(url, 'up')).length > 0);
  assert.equal((await fetch(`${url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' })).status, 200);
  assert.equal((await server.stop()).code, 0);
  const names = fs.readdirSync(folder, { recursive: true });
  assert.ok(names.some((n) => n.endsWith('lock')) && names.some((n) => /wal\/\d+$/.test(n)) && names.some((n) => /index$/.test(n)), names.join(' '));
  for (const name of names) {
    const info = fs.statSync(path.join(folder, name));
    assert.equal((info.mode & 0o777).toString(8), info.isDirectory() ? '700' : '600', name);
  }
});

test('a running query of death does not keep the program from ending', async (t) => {
  const server = await startServer(t, ['--query.max-samples=2000000000']);
  const death = fetch(`${server.url}/api/v1/query?${new URLSearchParams({ query: 'max_over_time(quantile_over_time(0.5, vector(1)[1d:1s])[300d:1m])' })}`).then(
    (r) => r.status,
    () => 0,
  );
  await new Promise((r) => setTimeout(r, 500));
  const began = Date.now();
  assert.equal((await server.stop('SIGTERM')).code, 0);
  assert.ok(Date.now() - began < 12000, `stopped after ${Date.now() - began} ms`);
  assert.notEqual(await death, 200);
});
