// The rules that come with the program: every one is loaded, reads metrics that somebody emits under labels they have, and leads to advice.
// That promtool accepts them and that their tests pass is in peers.test.mjs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { binary, getJson, root, startServer, until } from './support.mjs';

const folder = path.join(root, 'catalog');
const kinds = fs.readdirSync(folder).filter((kind) => fs.existsSync(path.join(folder, kind, 'rules.yml')));
const everywhere = ['job', 'instance'];

// Names of programs that are not ours, as their documentation and source spell them; with the labels that rules here use.
const foreign = {
  pg_up: [],
  pg_exporter_last_scrape_error: [],
  pg_settings_max_connections: [],
  pg_stat_database_numbackends: ['datname'],
  pg_stat_database_xact_commit: ['datname'],
  pg_stat_database_xact_rollback: ['datname'],
  pg_stat_database_blks_hit: ['datname'],
  pg_stat_database_blks_read: ['datname'],
  pg_stat_database_deadlocks: ['datname'],
  pg_stat_activity_max_tx_duration: ['datname', 'state'],
  pg_stat_archiver_failed_count: [],
  pg_stat_archiver_archived_count: [],
  pg_stat_user_tables_n_dead_tup: ['datname', 'schemaname', 'relname'],
  pg_stat_user_tables_n_live_tup: ['datname', 'schemaname', 'relname'],
  pg_database_size_bytes: ['datname'],
  pg_database_wraparound_age_datfrozenxid_seconds: ['datname'],
  pg_replication_lag_seconds: [],
  pg_replication_is_replica: [],
  pg_replication_slot_slot_is_active: ['slot_name'],
  pg_replication_slots_active: ['slot_name'],
  pg_postmaster_start_time_seconds: [],
  memcached_up: [],
  memcached_uptime_seconds: [],
  memcached_commands_total: ['command', 'status'],
  memcached_current_bytes: [],
  memcached_limit_bytes: [],
  memcached_current_connections: [],
  memcached_max_connections: [],
  memcached_connections_listener_disabled_total: [],
  memcached_item_too_large_total: [],
  memcached_item_no_memory_total: [],
  memcached_slab_items_evicted_total: ['slab'],
  memcached_slab_items_evicted_nonzero_total: ['slab'],
  memcached_slab_items_outofmemory_total: ['slab'],
  container_memory_working_set_bytes: ['namespace', 'pod', 'container', 'name'],
  container_spec_memory_limit_bytes: ['namespace', 'pod', 'container', 'name'],
};
// What users may record, as the advice on it says.
const ofUsers = { 'slo:objective:ratio': ['slo'] };

function selectors(node, found = []) {
  if (Array.isArray(node)) node.forEach((part) => selectors(part, found));
  else if (node !== null && typeof node === 'object') {
    if (node.type === 'vectorSelector' || node.type === 'matrixSelector') found.push(node);
    else Object.values(node).forEach((part) => selectors(part, found));
  }
  return found;
}

// Names in string literals: the tables in which sources and the program itself declare what they emit.
function declared(where, pattern) {
  const names = new Set();
  for (const entry of fs.readdirSync(path.join(root, where), { withFileTypes: true })) {
    if (!entry.isFile() || !/\.(cc|h)$/.test(entry.name) || entry.name.includes('_test')) continue;
    for (const [, name] of fs.readFileSync(path.join(root, where, entry.name), 'utf8').matchAll(pattern)) names.add(name);
  }
  assert.ok(names.size > 3, `${where} declares metrics`);
  return names;
}

// Families of the library, by name: the union of the labels of all that share it.
function families() {
  const out = new Map();
  const add = (name, labels) => out.set(name, [...(out.get(name) ?? []), ...labels]);
  for (const row of JSON.parse(execFileSync(binary, ['catalog', '--json'], { encoding: 'utf8' }))) {
    for (const prefix of row.space === 'library' ? ['', 'yokedcache_'] : ['']) {
      const name = prefix + row.name;
      if (row.type === 'histogram') add(`${name}_bucket`, [...row.labels, 'le']);
      if (row.type === 'histogram' || row.type === 'summary') {
        add(`${name}_count`, row.labels);
        add(`${name}_sum`, row.labels);
      } else add(name, row.labels);
    }
  }
  return out;
}

async function shipped(t) {
  const server = await startServer(t, []);
  const { body } = await getJson(`${server.url}/api/v1/rules`);
  const groups = body.data.groups.filter((group) => group.file.startsWith('catalog/'));
  return { server, groups, rules: groups.flatMap((group) => group.rules.map((rule) => ({ ...rule, file: group.file }))) };
}

test('the program carries every rule of the catalogue and evaluates it without an error', async (t) => {
  const { server, groups, rules } = await shipped(t);
  const count = (text) => [...text.matchAll(/^ +- (alert|record): /gm)].length;
  for (const kind of kinds) {
    const here = rules.filter((rule) => rule.file === `catalog/${kind}/rules.yml`).length;
    assert.equal(here, count(fs.readFileSync(path.join(folder, kind, 'rules.yml'), 'utf8')), kind);
  }
  assert.ok(groups.length >= kinds.length);
  // Groups are evaluated at an offset within their interval, so this sees those that come first.
  await until('rules were evaluated', 60, async () => {
    const { body } = await getJson(`${server.url}/api/v1/rules`);
    const all = body.data.groups.flatMap((group) => group.rules);
    assert.deepEqual(all.filter((rule) => rule.health === 'err').map((rule) => `${rule.name}: ${rule.lastError}`), []);
    return all.filter((rule) => rule.health === 'ok').length > all.length / 3;
  });
});

test('every metric that shipped rules read is emitted by somebody, under the labels they select', async (t) => {
  const { server, rules } = await shipped(t);
  const library = families();
  const redis = declared('src/server/collect/adapters/redis', /"((?:redis|cachescope_redis)_[a-z_]+)"/g);
  const host = declared('src/server/collect/adapters/host', /"(node_[a-z0-9_]+)"/g);
  const own = declared('src/server/app', /"((?:cachescope|process)_[a-z_]+)"/g);
  for (const name of declared('src/client/export', /"(cachescope_client_[a-z_]+)"/g)) own.add(name);
  // The rest of the program's own, and the memory of the host, whose names come from the kernel.
  const live = await until('the host was read', 60, async () => {
    const names = (await getJson(`${server.url}/api/v1/label/__name__/values`)).body.data;
    return names.includes('node_memory_MemTotal_bytes') && names.includes('cachescope_build_info') && names;
  });
  const recorded = new Set(rules.filter((rule) => rule.type === 'recording').map((rule) => rule.name));
  const known = (name) => [redis, host, own, recorded, new Set(live)].some((set) => set.has(name));
  const problems = [];
  for (const rule of rules) {
    const { body } = await getJson(`${server.url}/api/v1/parse_query?${new URLSearchParams({ query: rule.query })}`);
    assert.equal(body.status, 'success', rule.query);
    for (const selector of selectors(body.data)) {
      const matchers = selector.matchers.filter((matcher) => matcher.name !== '__name__').map((matcher) => matcher.name);
      const say = (what) => problems.push(`${rule.file}: ${rule.name}: ${selector.name}: ${what}`);
      if (matchers.some((name) => everywhere.includes(name))) say('selects a job or an instance');
      const labels = library.get(selector.name) ?? foreign[selector.name] ?? ofUsers[selector.name];
      if (labels === undefined && !known(selector.name)) say('nobody emits this');
      if (labels !== undefined) for (const name of matchers) if (!labels.includes(name)) say(`has no label ${name}`);
    }
  }
  assert.deepEqual(problems, []);
  const read = rules.map((rule) => rule.query).join('\n');
  for (const name of Object.keys(foreign)) assert.ok(read.includes(name), `${name} is allowed and not read`);
});

// As the page makes them: ui/src/lib/markdown.tsx.
const anchor = (heading) => heading.toLowerCase().replace(/[`*_]/g, '').replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '');

test('every alert says how bad it is, what it is about, and where advice stands', async (t) => {
  const { server, rules } = await shipped(t);
  for (const kind of kinds) {
    const advice = await (await fetch(`${server.url}/api/advice/${kind}`)).text();
    const anchors = [...advice.matchAll(/^## (.+)$/gm)].map(([, heading]) => anchor(heading));
    const alerts = rules.filter((rule) => rule.file === `catalog/${kind}/rules.yml` && rule.type === 'alerting');
    assert.ok(alerts.length > 0, kind);
    for (const { name, labels, annotations } of alerts) {
      assert.match(labels.severity ?? '', /^(critical|warning|info)$/, name);
      assert.ok(labels.component ?? labels.service ?? (kind === 'slo' || name.startsWith('HealthCheck')), `${name} belongs to something`);
      assert.ok(annotations.summary && annotations.description, name);
      assert.equal(annotations.runbook_url, `/advice/${kind}#${anchor(name)}`, name);
      assert.ok(anchors.includes(anchor(name)), `${kind}/advice.md has ${name}`);
      assert.doesNotMatch(annotations.summary + annotations.description, /\{\{ \$value \}\}%/, `${name} formats its value`);
    }
    const names = new Set(alerts.map((alert) => anchor(alert.name)));
    assert.deepEqual(anchors.filter((one) => !names.has(one)), [], `${kind}/advice.md is about alerts there are`);
  }
});

test('every alert has a rule unit test in which it fires and one in which it does not', () => {
  for (const kind of kinds) {
    const names = new Set([...fs.readFileSync(path.join(folder, kind, 'rules.yml'), 'utf8').matchAll(/- alert: (\w+)/g)].map(([, name]) => name));
    const tests = fs.readFileSync(path.join(folder, kind, 'rules_test.yml'), 'utf8').split(/(?=eval_time:)/);
    for (const name of names) {
      const about = tests.filter((one) => new RegExp(`alertname: ${name}[,\\s]`).test(one));
      assert.ok(about.some((one) => one.includes('exp_labels')), `${kind}: ${name} fires in a test`);
      assert.ok(about.some((one) => /exp_alerts: \[\]/.test(one)), `${kind}: ${name} is silent in a test`);
    }
  }
});
