// What Grafana asks when somebody opens a dashboard: the queries of real dashboards, sent the way Grafana sends them. None may be a
// server error, and what a real Prometheus refuses is all that may be refused.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { newestPrometheus } from './api_support.mjs';
import { freePort, root, start, startServer, temporaryFolder, until } from './support.mjs';

const corpus = path.join(root, '../shared/dashboards-corpus');
const files = fs.existsSync(corpus) ? fs.readdirSync(corpus).filter((f) => f.endsWith('.json')) : [];
const skip = files.length > 0 ? false : `skipped: no ${corpus}`;

const panelsOf = (dashboard) => {
  const all = [...(dashboard.panels ?? []), ...(dashboard.rows ?? []).flatMap((row) => row.panels ?? [])];
  return all.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
};

// Grafana's variables, as it fills them in before a query leaves the browser.
function filled(expr, variables) {
  const globals = { __rate_interval: '1m', __interval: '15s', __interval_ms: '15000', __range: '1h', __range_s: '3600', __range_ms: '3600000', __from: '0', __to: '1', timeFilter: '', __dashboard: 'x', interval: '1m' };
  const value = (name) => globals[name] ?? (variables[name] === 'interval' ? '5m' : '.*');
  return expr
    .replace(/\$\{(\w+)(?::[^}]*)?\}/g, (_, name) => value(name))
    .replace(/\[\[(\w+)(?::[^\]]*)?\]\]/g, (_, name) => value(name))
    .replace(/\$(\w+)/g, (_, name) => value(name));
}

const usesPrometheus = (item) => {
  const type = typeof item.datasource === 'object' ? item.datasource?.type : undefined;
  return type === undefined || type === null || type === 'prometheus' || type.startsWith('$');
};

function requestsOf(dashboard) {
  const out = [];
  const end = Math.floor(Date.now() / 1000);
  const range = { start: end - 3600, end, step: 15 };
  const variables = Object.fromEntries((dashboard.templating?.list ?? []).map((v) => [v.name, v.type]));
  const add = (target, params, method = 'POST') => out.push({ target, params, method });
  for (const panel of panelsOf(dashboard).filter(usesPrometheus)) {
    for (const target of (panel.targets ?? []).filter((x) => x.expr && usesPrometheus(x))) {
      const query = filled(target.expr, variables);
      add(target.instant ? '/api/v1/query' : '/api/v1/query_range', target.instant ? { query, time: end } : { query, ...range });
      if (target.exemplar) add('/api/v1/query_exemplars', { query, start: range.start, end });
    }
  }
  for (const variable of (dashboard.templating?.list ?? []).filter((v) => v.type === 'query' && usesPrometheus(v))) {
    const text = filled(typeof variable.query === 'string' ? variable.query : (variable.query?.query ?? ''), variables).trim();
    const values = /^label_values\((?:([\s\S]+),)?\s*([\w:]+)\s*\)$/.exec(text);
    const result = /^query_result\(([\s\S]+)\)$/.exec(text);
    if (values) {
      const match = values[1] ? { 'match[]': values[1].trim() } : {};
      add(`/api/v1/label/${values[2]}/values`, { start: range.start, end, ...match }, 'GET');
      if (values[1]) add('/api/v1/series', { start: range.start, end, ...match });
    } else if (result) {
      add('/api/v1/query', { query: result[1], time: end });
    } else if (/^metrics\(/.test(text)) {
      add('/api/v1/label/__name__/values', {}, 'GET');
    } else if (text) {
      add('/api/v1/series', { 'match[]': text, start: range.start, end });
    }
  }
  for (const annotation of (dashboard.annotations?.list ?? []).filter((a) => a.expr)) add('/api/v1/query_range', { query: filled(annotation.expr, variables), ...range });
  return out;
}

async function send(url, { target, params, method }) {
  const form = new URLSearchParams(params).toString();
  const response = await fetch(method === 'GET' ? `${url}${target}?${form}` : `${url}${target}`, {
    method,
    ...(method === 'POST' ? { body: form, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } } : {}),
  });
  return { status: response.status, body: await response.json() };
}

test('the queries of real dashboards are answered', { skip, timeout: 300000 }, async (t) => {
  const server = await startServer(t, ['--enable-feature=promql-experimental-functions']);
  const program = newestPrometheus();
  let theirs;
  if (program) {
    const folder = temporaryFolder();
    t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
    fs.writeFileSync(path.join(folder, 'p.yml'), '{}\n');
    const port = await freePort();
    start(t, program, [`--config.file=${folder}/p.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`, '--enable-feature=promql-experimental-functions']);
    theirs = `http://127.0.0.1:${port}`;
    await until('Prometheus answers', 30, async () => (await fetch(`${theirs}/-/ready`)).status === 200);
  }
  // What Grafana asks of a data source before anything else.
  for (const target of ['/api/v1/status/buildinfo', '/api/v1/metadata?limit_per_metric=1', '/api/v1/labels', '/api/v1/rules', '/api/v1/query?query=1%2B1&time=4']) {
    assert.equal((await fetch(server.url + target)).status, 200, target);
  }
  let sent = 0;
  let refused = 0;
  for (const file of files) {
    const requests = requestsOf(JSON.parse(fs.readFileSync(path.join(corpus, file), 'utf8')));
    for (const request of requests) {
      const answer = await send(server.url, request);
      const what = `${file}: ${request.target} ${JSON.stringify(request.params)}: ${answer.status} ${answer.body.error ?? ''}`;
      ++sent;
      assert.ok(answer.status < 500, what);
      if (answer.status === 200) continue;
      ++refused;
      if (theirs) assert.equal((await send(theirs, request)).status, answer.status, what);
    }
  }
  console.log(`${sent} queries of ${files.length} dashboards, ${refused} refused`);
  assert.ok(sent > 800, `${sent} queries`);
  assert.ok(theirs === undefined || refused < sent / 10, `${refused} of ${sent} refused`);
});
