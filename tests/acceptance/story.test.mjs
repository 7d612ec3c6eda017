// The story the program exists for: a real Redis, its hit ratio, a flush that is noticed, told and shown.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import test from 'node:test';
import { binary, getJson, hasProgram, query, root, skipUnless, start, startRedis, startServer, startWebhook, temporaryFolder, until, value } from './support.mjs';

async function readThrough(client, first, count) {
  for (let i = first; i < first + count; i++) {
    const key = `key:${i % 200}`;
    if ((await client.command('GET', key)) === null) await client.command('SET', key, 'v'.repeat(100));
  }
}

const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find(hasProgram);

test('a flush is noticed, told to the webhook and drawn on the page', { skip: skipUnless('redis-server') }, async (t) => {
  const redis = await startRedis(t);
  const webhook = await startWebhook(t);
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  fs.writeFileSync(
    path.join(folder, 'rules.yml'),
    `groups:
- name: story
  interval: 1s
  rules:
  - record: story:hit_ratio
    expr: rate(redis_keyspace_hits_total[5s]) / (rate(redis_keyspace_hits_total[5s]) + rate(redis_keyspace_misses_total[5s]))
  - alert: HitRatioLow
    expr: story:hit_ratio < 0.6
    for: 1s
    labels: {severity: page}
    annotations: {summary: 'hit ratio of {{ $labels.instance }} is {{ $value | humanizePercentage }}'}
`,
  );
  fs.writeFileSync(
    path.join(folder, 'cachescope.yml'),
    `global: {scrape_interval: 1s, evaluation_interval: 1s}
caches: [{url: "redis://127.0.0.1:${redis.port}", name: web, interval: 1s}]
rule_files: [rules.yml]
alerts:
  route: {receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s}
  receivers: [{name: hook, webhook_configs: [{url: "${webhook.url}"}]}]
`,
  );
  const server = await startServer(t, [`--config.file=${folder}/cachescope.yml`]);

  // Warm: 200 misses, then hits only.
  let stop = false;
  let sent = 0;
  const load = (async () => {
    while (!stop) {
      await readThrough(redis.client, sent, 20);
      sent += 20;
      await new Promise((r) => setTimeout(r, 20));
    }
  })();
  t.after(() => (stop = true));
  await until('the hit ratio is high', 40, async () => (await value(server.url, 'story:hit_ratio')) > 0.95);

  // Everything forgotten, again and again: misses only.
  const flushing = setInterval(() => redis.client.command('FLUSHALL').catch(() => {}), 50);
  t.after(() => clearInterval(flushing));
  const told = await until('the webhook hears of it', 40, () => webhook.received.find((r) => r.body.status === 'firing'));
  const fired = told.body.alerts.find((a) => a.labels.alertname === 'HitRatioLow');
  assert.ok(fired, JSON.stringify(told.body));
  assert.equal(fired.labels.instance, 'web');
  assert.equal(fired.labels.severity, 'page');
  assert.match(fired.annotations.summary, /^hit ratio of web is [0-9.]+%$/);
  assert.equal(told.body.version, '4');
  const { body: alerts } = await getJson(`${server.url}/api/v1/alerts`);
  assert.equal(alerts.data.alerts.find((a) => a.labels.alertname === 'HitRatioLow').state, 'firing');
  assert.equal((await query(server.url, 'ALERTS{alertname="HitRatioLow",alertstate="firing"}')).length, 1);

  // It recovers and that is told too, once.
  clearInterval(flushing);
  await until('the webhook hears the end', 60, () => webhook.received.find((r) => r.body.status === 'resolved'));
  stop = true;
  await load;
  assert.equal(webhook.received.filter((r) => r.body.status === 'resolved' && r.body.groupLabels.alertname === 'HitRatioLow').length, 1);

  // With the load at rest, what we store is what Redis says.
  const truth = await until('two equal readings of Redis', 10, async () => {
    const a = await redis.client.info();
    await new Promise((r) => setTimeout(r, 1500));
    const b = await redis.client.info();
    return a.keyspace_hits === b.keyspace_hits && a.keyspace_misses === b.keyspace_misses ? b : undefined;
  });
  const hits = Number(truth.keyspace_hits);
  const misses = Number(truth.keyspace_misses);
  const expr = 'redis_keyspace_hits_total{instance="web"} / (redis_keyspace_hits_total{instance="web"} + redis_keyspace_misses_total{instance="web"})';
  await until('the stored ratio is the one Redis reports', 10, async () => (await value(server.url, expr)) === hits / (hits + misses));
  assert.ok(hits > 0 && misses > 0);
  await t.test('the page shows it', { skip: chromium ? false : 'skipped: not installed: chromium' }, () => seePage(server.url));
});

// Opens the page in a real browser: a card for the cache, a drawn line on the dashboard, the alert in the list.
async function seePage(url) {
  const { chromium: playwright } = createRequire(path.join(root, 'ui/package.json'))('playwright-core');
  const browser = await playwright.launch({
    executablePath: `/usr/bin/${chromium}`,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const problems = [];
    const foreign = [];
    page.on('console', (m) => m.type() === 'error' && problems.push(m.text()));
    page.on('pageerror', (e) => problems.push(String(e)));
    page.on('request', (r) => !r.url().startsWith(url) && !r.url().startsWith('data:') && foreign.push(r.url()));
    await page.goto(url);
    // A browser that was never started before takes its time.
    await page.getByText('web', { exact: true }).first().waitFor({ timeout: 60000 });
    const shots = process.env.CACHESCOPE_SCREENSHOTS;
    if (shots) await page.screenshot({ path: path.join(shots, 'overview.png') });
    const { body: dashboards } = await getJson(`${url}/api/dashboards`);
    const redis = dashboards.find((d) => d.uid === 'redis');
    assert.ok(redis, JSON.stringify(dashboards));
    await page.goto(`${url}/d/redis?from=now-5m&to=now`);
    await page.locator('canvas').first().waitFor({ timeout: 15000 });
    // A line was drawn: some canvas has pixels of more than a handful of colours.
    const drawn = await until('a line on the dashboard', 15, () =>
      page.evaluate(() =>
        [...document.querySelectorAll('canvas')].some((c) => {
          if (c.width < 50 || c.height < 50) return false;
          const data = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
          const colours = new Set();
          for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) colours.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
          return colours.size > 5;
        }),
      ),
    );
    assert.ok(drawn);
    if (shots) await page.screenshot({ path: path.join(shots, 'dashboard.png'), fullPage: true });
    await page.goto(`${url}/alerts`);
    await page.getByText('HitRatioLow').first().waitFor({ timeout: 15000 });
    if (shots) await page.screenshot({ path: path.join(shots, 'alerts.png') });
    assert.deepEqual(problems, []);
    assert.deepEqual(foreign, [], 'the page asks nobody but us');
  } finally {
    await browser.close();
  }
}

test('from the command to the first useful screen in under 60 seconds', { skip: skipUnless('redis-server') }, async (t) => {
  const redis = await startRedis(t);
  for (let i = 0; i < 100; i++) await redis.client.command('GET', `k${i % 7}`);
  const began = Date.now();
  const up = start(t, binary, ['up', `redis://127.0.0.1:${redis.port}`, '--web.listen-address=127.0.0.1:0']);
  const url = await until('it says where to look', 30, () => /open (http:\/\/[0-9.:]+)/.exec(up.out)?.[1]);
  await until('the hit ratio card has its numbers', 60, async () => {
    const ups = await value(url, 'redis_up');
    const lookups = await value(url, 'redis_keyspace_hits_total + redis_keyspace_misses_total');
    const rate = await query(url, 'rate(redis_commands_processed_total[1m])');
    return ups === 1 && lookups === 100 && rate.length === 1;
  });
  const seconds = (Date.now() - began) / 1000;
  console.log(`first useful screen after ${seconds.toFixed(1)} s`);
  assert.ok(seconds < 60);
});
