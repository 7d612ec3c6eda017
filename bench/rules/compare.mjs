// Rules beside a real Prometheus: 10,000 rules in 50 groups, 50,000 active alerts over 50,000 series scraped from one target. Each
// program runs twice, without and with the rules; the difference is what rules cost. Prints CPU per round and peak memory, and ratios.
//   node bench/rules/compare.mjs CACHESCOPE [--groups N] [--seconds N] [--interval N] [--only NAME]
// Prometheus: the newest that tools/peers finds, or the installed one; without one, only our own figures are printed.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const [cachescope, ...rest] = process.argv.slice(2);
const option = (name, fallback) => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : fallback);
const groups = Number(option('--groups', 50));
const seconds = Number(option('--seconds', 60));
const interval = Number(option('--interval', 10));
const only = option('--only', '');
const pairs = 100; // recording and alerting rules per group
const series = 10; // per shard, hence alerts per alerting rule
if (!cachescope) {
  console.error('usage: compare.mjs CACHESCOPE [--groups N] [--seconds N] [--interval N] [--only NAME]');
  process.exit(2);
}

const children = [];
const folders = [];
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const made of folders) fs.rmSync(made, { recursive: true, force: true });
});
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
function folder() {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'cachescope-bench-'));
  folders.push(made);
  return made;
}
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
function peer() {
  try {
    const found = execFileSync(path.join(root, 'tools/peers'), ['prometheus'], { encoding: 'utf8', timeout: 240000, stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return path.join(found, 'prometheus/usr/bin/prometheus');
  } catch {
    return fs.existsSync('/usr/bin/prometheus') ? '/usr/bin/prometheus' : '';
  }
}

// Values change from scrape to scrape, so that nothing can be kept from the last round.
let scrapes = 0;
const target = http.createServer((_, response) => {
  scrapes += 1;
  const lines = ['# TYPE m gauge'];
  for (let shard = 0; shard < groups * pairs; shard++) {
    for (let i = 0; i < series; i++) lines.push(`m{shard="${shard}",i="${i}",zone="eu-west-1"} ${1 + ((shard * 7 + i * 13 + scrapes) % 1000)}`);
  }
  response.setHeader('Content-Type', 'text/plain; version=0.0.4');
  response.end(lines.join('\n') + '\n');
}).listen(0, '127.0.0.1');
await once(target, 'listening');

function ruleFile() {
  const out = ['groups:'];
  for (let g = 0; g < groups; g++) {
    out.push(`- name: group${g}`, '  rules:');
    for (let k = g * pairs; k < (g + 1) * pairs; k++) {
      out.push(`  - {record: "shard:m:sum", expr: 'sum(m{shard="${k}"})', labels: {shard: "${k}"}}`);
      out.push(`  - {alert: Busy${k}, expr: 'm{shard="${k}"} > 0', labels: {severity: page}, annotations: {summary: '{{ $labels.i }} of {{ $labels.shard }} has {{ $value }}', runbook: 'https://example.org/busy'}}`);
    }
  }
  return out.join('\n') + '\n';
}
function config(rules) {
  const at = folder();
  fs.writeFileSync(path.join(at, 'rules.yml'), ruleFile());
  fs.writeFileSync(path.join(at, 'c.yml'), [
    `global: {scrape_interval: ${interval}s, scrape_timeout: ${interval}s, evaluation_interval: ${interval}s}`,
    rules ? 'rule_files: [rules.yml]' : '',
    'scrape_configs:', '- job_name: bench', '  static_configs:', `  - targets: ["127.0.0.1:${target.address().port}"]`,
  ].join('\n') + '\n');
  return path.join(at, 'c.yml');
}

function cpu(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
const status = (pid, name) => Number(fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`${name}:\\s+(\\d+)`))[1]) / 1024;
async function ask(url, expr) {
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`).then((r) => r.json());
  return Number(answer.data.result[0]?.value[1] ?? 0);
}

async function run(name, program, rules) {
  const port = await freePort();
  const file = config(rules);
  const args = name === 'cachescope'
    ? ['serve', `--config.file=${file}`, `--web.listen-address=127.0.0.1:${port}`, `--storage.tsdb.path=${folder()}`, '--log.level=error']
    : [`--config.file=${file}`, `--web.listen-address=127.0.0.1:${port}`, `--storage.tsdb.path=${folder()}`, '--log.level=error'];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; i < 300 && !(await fetch(url + '/-/ready').then((r) => r.ok, () => false)); i++) await sleep(100);
  // Alerts stand in the store from the third evaluation on.
  await sleep(6 * interval * 1000);
  const alerts = rules ? await ask(url, 'count(ALERTS{alertstate="firing",severity="page"})') : 0;
  if (rules && alerts !== groups * pairs * series) console.log(`${name}: ${alerts} active alerts instead of ${groups * pairs * series}`);
  const begin = cpu(child.pid);
  await sleep(seconds * 1000);
  const used = cpu(child.pid) - begin;
  const out = { cpu: used / (seconds / interval), rss: status(child.pid, 'VmRSS'), peak: status(child.pid, 'VmHWM') };
  child.kill('SIGTERM');
  await once(child, 'exit');
  return out;
}

const programs = [['cachescope', cachescope], ['Prometheus', peer()]].filter(([name, program]) => (only === '' || only === name) && (program !== '' || (console.log('Prometheus is not here'), false)));
console.log(`${groups} groups, ${groups * pairs * 2} rules, ${groups * pairs * series} active alerts, every ${interval} s, ${seconds} s each`);
const results = {};
for (const [name, program] of programs) {
  const without = await run(name, program, false);
  const with_ = await run(name, program, true);
  results[name] = { round: with_.cpu - without.cpu, peak: with_.peak, more: with_.peak - without.peak };
  console.log(`${name.padEnd(11)} CPU per round ${results[name].round.toFixed(3)} s (all ${with_.cpu.toFixed(3)}, without rules ${without.cpu.toFixed(3)}); ` +
    `memory peak ${with_.peak.toFixed(0)} MiB, now ${with_.rss.toFixed(0)} (without rules ${without.peak.toFixed(0)})`);
}
if (results.cachescope && results.Prometheus) {
  console.log(`ratio cachescope / Prometheus: CPU per round ${(results.cachescope.round / results.Prometheus.round).toFixed(2)}, ` +
    `memory peak ${(results.cachescope.peak / results.Prometheus.peak).toFixed(2)}, memory for rules ${(results.cachescope.more / results.Prometheus.more).toFixed(2)}`);
}
process.exit(0);
