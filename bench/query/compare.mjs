// The query benchmark against real engines: starts each on a free port of 127.0.0.1 with an empty folder, writes the same data into it
// over remote write, asks the same queries over HTTP, one engine after the other in each round, and prints medians and ratios.
//   node bench/query/compare.mjs QUERY_BENCH [--rounds N] [--cachescope PROGRAM]
// Engines: cachescope (when its program is given), VictoriaMetrics and Prometheus, the newest that tools/peers finds or the installed
// ones; what is not there is left out and named. In process, without HTTP, cachescope is timed by QUERY_BENCH itself in the same run.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const [bench, ...rest] = process.argv.slice(2);
const option = (name, fallback) => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : fallback);
const rounds = Number(option('--rounds', 7));
const cachescope = option('--cachescope', '');
if (!bench) {
  console.error('usage: compare.mjs QUERY_BENCH [--rounds N] [--cachescope PROGRAM]');
  process.exit(2);
}

const children = [];
const folders = [];
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
function folder() {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'cachescope-bench-'));
  folders.push(made);
  return made;
}
function peer(name, program) {
  try {
    const found = execFileSync(path.join(root, 'tools/peers'), [name], { encoding: 'utf8', timeout: 240000, stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return path.join(found, name, 'usr/bin', program);
  } catch {
    const installed = `/usr/bin/${program}`;
    return fs.existsSync(installed) ? installed : '';
  }
}

async function start(name, program, args, ready, port) {
  const child = spawn(program, args, { stdio: 'ignore' });
  children.push(child);
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; i < 300; i++) {
    const ok = await fetch(url + ready).then((r) => r.ok, () => false);
    if (ok) return { name, url, port };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${name} does not get ready`);
}

async function engines() {
  const out = [];
  if (cachescope !== '') {
    const port = await freePort();
    fs.writeFileSync(path.join(folder(), 'c.yml'), 'global: {scrape_interval: 1h}\n');
    const config = path.join(folders.at(-1), 'c.yml');
    const args = ['serve', `--config.file=${config}`, `--web.listen-address=127.0.0.1:${port}`, '--web.enable-remote-write-receiver', `--storage.tsdb.path=${folder()}`];
    out.push(await start('cachescope', cachescope, args, '/-/ready', port));
  }
  const victoria = peer('victoria-metrics', 'victoria-metrics');
  if (victoria === '') console.log('VictoriaMetrics is not here');
  else {
    const port = await freePort();
    const args = [`-storageDataPath=${folder()}`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=100y', '-search.disableCache', '-search.maxUniqueTimeseries=1000000', '-loggerLevel=ERROR'];
    out.push(await start('VictoriaMetrics', victoria, args, '/health', port));
  }
  const prometheus = peer('prometheus', 'prometheus');
  if (prometheus === '') console.log('Prometheus is not here');
  else {
    const port = await freePort();
    const place = folder();
    fs.writeFileSync(path.join(place, 'p.yml'), 'global: {scrape_interval: 1h}\n');
    const args = [`--config.file=${place}/p.yml`, `--storage.tsdb.path=${place}/data`, `--web.listen-address=127.0.0.1:${port}`, '--web.enable-remote-write-receiver', '--log.level=error'];
    out.push(await start('Prometheus', prometheus, args, '/-/ready', port));
  }
  return out;
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

async function ask(engine, question, end) {
  const instant = question.range === 0;
  const parameters = instant
    ? { query: question.query, time: String(end / 1000) }
    : { query: question.query, start: String((end - question.range) / 1000), end: String(end / 1000), step: String(question.step / 1000) };
  if (engine.name === 'VictoriaMetrics') parameters.nocache = '1';
  const from = performance.now();
  const response = await fetch(`${engine.url}/api/v1/${instant ? 'query' : 'query_range'}?${new URLSearchParams(parameters)}`);
  const body = await response.text();
  const took = performance.now() - from;
  if (!response.ok) throw new Error(`${engine.name}: ${question.name}: ${body.slice(0, 300)}`);
  return { took, series: JSON.parse(body).data.result.length };
}

async function listing(engine, pathAndQuery) {
  const from = performance.now();
  const response = await fetch(engine.url + pathAndQuery);
  const body = await response.text();
  return { took: performance.now() - from, series: JSON.parse(body).data.length };
}

async function main() {
  const end = Math.floor(Date.now() / 60000) * 60000 - 60000;
  const questions = execFileSync(bench, ['--questions'], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
    .map(([name, query, range, step]) => ({ name, query, range: Number(range), step: Number(step) }));
  const peers = await engines();
  for (const engine of peers) {
    const from = performance.now();
    execFileSync(bench, ['--write', String(engine.port), '--end', String(end)], { stdio: 'inherit' });
    console.log(`${engine.name}: data written in ${((performance.now() - from) / 1000).toFixed(1)} s`);
  }
  await new Promise((resolve) => setTimeout(resolve, 5000)); // VictoriaMetrics makes samples searchable after some seconds
  const time = `start=${end / 1000 - 3600}&end=${end / 1000}`;
  const work = [
    ...questions.map((q) => [q.name, (engine) => ask(engine, q, end)]),
    ['label values of 100,000 keys', (engine) => listing(engine, `/api/v1/label/key/values?${time}`)],
    ['label values with a matcher', (engine) => listing(engine, `/api/v1/label/instance/values?${time}&match[]=key_hits`)],
    ['series of one job (1,000)', (engine) => listing(engine, `/api/v1/series?${time}&match[]=${encodeURIComponent('{job="job-3"}')}`)],
  ];
  const inProcess = new Map(
    execFileSync(bench, ['--runs', String(rounds)], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => line.split('\t').map((part) => part.trim()))
      .map(([name, ms]) => [name, Number(ms)]),
  );
  console.log(`\n| query, ms | cachescope in process | ${peers.map((e) => `${e.name} over HTTP`).join(' | ')} | best peer / ours |`);
  console.log(`| --- | --- | ${peers.map(() => '---').join(' | ')} | --- |`);
  for (const [name, run] of work) {
    const times = peers.map(() => []);
    const counts = new Set();
    for (let round = 0; round <= rounds; round++) {
      for (const [i, engine] of peers.entries()) {
        const { took, series } = await run(engine);
        if (round > 0) times[i].push(took);
        counts.add(series);
      }
    }
    const medians = times.map(median);
    const others = medians.filter((_, i) => peers[i].name !== 'cachescope');
    const ours = peers[0]?.name === 'cachescope' ? medians[0] : inProcess.get(name);
    const note = counts.size > 1 ? ` (answers of ${[...counts].join(', ')} series!)` : '';
    console.log(`| ${name}${note} | ${inProcess.get(name)} | ${medians.map((m) => m.toFixed(2)).join(' | ')} | ${(Math.min(...others) / ours).toFixed(1)} |`);
  }
}

try {
  await main();
} finally {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => (child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined)));
  for (const made of folders) fs.rmSync(made, { recursive: true, force: true });
}
