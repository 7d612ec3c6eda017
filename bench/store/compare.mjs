// The store benchmark against real engines: the same load over remote write into cachescope, VictoriaMetrics and Prometheus in turns, each on
// a free port of 127.0.0.1 with an empty folder. Prints CPU seconds per million samples, peak memory, bytes per sample on disk after
// compaction, and the time from the start of the program to its first right answer, after a stop and after a kill; then ratios.
//   node bench/store/compare.mjs STORE_LOAD CACHESCOPE [--series N] [--churn] [--only NAME]
// What is not installed is left out and named. --series 10000 gives a tenth of the load.
import { execFile, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const [load, cachescope, ...rest] = process.argv.slice(2);
if (!load || !cachescope) {
  console.error('usage: compare.mjs STORE_LOAD CACHESCOPE [--series N] [--churn] [--only NAME]');
  process.exit(2);
}
const option = (name, fallback) => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : fallback);
const series = option('--series', '100000');
const only = option('--only', '');
const churn = rest.includes('--churn');
const ticksPerSecond = 100; // USER_HZ
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
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

function treeBytes(place, skip = () => false) {
  let bytes = 0;
  for (const entry of fs.readdirSync(place, { withFileTypes: true })) {
    const at = path.join(place, entry.name);
    if (skip(at)) continue;
    bytes += entry.isDirectory() ? treeBytes(at, skip) : fs.statSync(at).size;
  }
  return bytes;
}

function cpuSeconds(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
const peakMiB = (pid) => Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
const nowMiB = (pid) => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

// How each engine is started, and how its finished data is weighed.
const engines = [
  {
    name: 'cachescope',
    program: cachescope,
    args: (place, port) => {
      fs.writeFileSync(`${place}/c.yml`, 'global: {scrape_interval: 1h}\nhost_metrics: false\n');
      return ['serve', `--config.file=${place}/c.yml`, `--storage.tsdb.path=${place}/data`, `--web.listen-address=127.0.0.1:${port}`, '--web.enable-admin-api', '--log.level=error'];
    },
    ready: '/-/ready',
    weigh: async (url, place) => {
      const answer = await fetch(`${url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' }).then((r) => r.json());
      return treeBytes(`${place}/data/snapshots/${answer.data.name}`);
    },
  },
  {
    name: 'VictoriaMetrics',
    program: peer('victoria-metrics', 'victoria-metrics'),
    args: (place, port) => [`-storageDataPath=${place}/data`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=100y', '-loggerLevel=ERROR', '-search.maxUniqueTimeseries=1000000'],
    ready: '/health',
    weigh: async (url, place) => {
      await fetch(`${url}/internal/force_flush`);
      await fetch(`${url}/internal/force_merge`);
      for (let last = -1; ; ) {
        const bytes = treeBytes(`${place}/data`, (at) => at.endsWith('/cache'));
        if (bytes === last) return bytes;
        last = bytes;
        await sleep(5000);
      }
    },
  },
  {
    name: 'Prometheus',
    program: peer('prometheus', 'prometheus'),
    args: (place, port) => {
      fs.writeFileSync(`${place}/p.yml`, 'global: {scrape_interval: 1h}\n');
      return [`--config.file=${place}/p.yml`, `--storage.tsdb.path=${place}/data`, `--web.listen-address=127.0.0.1:${port}`, '--web.enable-remote-write-receiver', '--web.enable-admin-api', '--log.level=error'];
    },
    ready: '/-/ready',
    weigh: async (url, place) => {
      const answer = await fetch(`${url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' }).then((r) => r.json());
      return treeBytes(`${place}/data/snapshots/${answer.data.name}`);
    },
  },
];

const running = new Set();
async function start(engine, place, port) {
  const child = spawn(engine.program, engine.args(place, port), { stdio: ['ignore', 'ignore', 'inherit'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}
async function stop(child, signal) {
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}
async function answer(url, query, time) {
  const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query, time: String(time) })}`).catch(() => undefined);
  if (!response?.ok) return undefined;
  return Number((await response.json()).data.result[0]?.value[1]);
}
// Seconds until the program gives the answer it gave before.
async function untilRight(engine, place, want, query, time) {
  const port = await freePort();
  const from = performance.now();
  const child = await start(engine, place, port);
  while (performance.now() - from < 120_000) {
    if ((await answer(`http://127.0.0.1:${port}`, query, time)) === want) return { child, seconds: (performance.now() - from) / 1000 };
    await sleep(5);
  }
  return { child, seconds: Number.NaN };
}

async function measure(engine) {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'cachescope-store-bench-'));
  try {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    let child = await start(engine, place, port);
    for (let i = 0; i < 300 && !(await fetch(url + engine.ready).then((r) => r.ok, () => false)); i++) await sleep(100);
    const end = Math.floor(Date.now() / 15_000) * 15_000;
    const before = cpuSeconds(child.pid);
    const from = performance.now();
    const { stdout } = await promisify(execFile)(load, [String(port), String(end), '--series', series, ...(churn ? ['--churn'] : [])]);
    const seconds = (performance.now() - from) / 1000;
    const [samples, , p99, longest] = stdout.trim().split('\t').map(Number);
    const millions = samples / 1e6;
    await sleep(5000); // maintenance that the load set off
    const cpu = cpuSeconds(child.pid) - before;
    const peak = peakMiB(child.pid);
    const after = nowMiB(child.pid);
    const bytes = (await engine.weigh(url, place)) / (millions * 1e6);
    const query = 'count({__name__=~"cache_.+",cluster!=""})';
    const time = end / 1000;
    const want = await answer(url, query, time);
    await stop(child, 'SIGTERM');
    const stopped = await untilRight(engine, place, want, query, time);
    await stop(stopped.child, 'SIGKILL');
    const killed = await untilRight(engine, place, want, query, time);
    child = killed.child;
    await stop(child, 'SIGTERM');
    return { millions, seconds, cpu: cpu / millions, peak, after, bytes, p99, longest, stopped: stopped.seconds, killed: killed.seconds, want };
  } finally {
    for (const child of running) await stop(child, 'SIGKILL');
    fs.rmSync(place, { recursive: true, force: true });
  }
}

const rows = [];
for (const engine of engines.filter((e) => only === '' || e.name === only)) {
  if (engine.program === '') {
    console.log(`${engine.name} is not here`);
    continue;
  }
  rows.push({ name: engine.name, ...(await measure(engine)) });
  console.log(JSON.stringify(rows.at(-1)));
}
const columns = [
  ['CPU s per million samples', 'cpu', 3],
  ['bytes per sample on disk', 'bytes', 2],
  ['peak memory, MiB', 'peak', 0],
  ['memory after the load, MiB', 'after', 0],
  ['99th percentile of a 4 MiB request, ms', 'p99', 1],
  ['longest request, ms', 'longest', 0],
  ['start after a stop, s', 'stopped', 2],
  ['start after a kill, s', 'killed', 2],
  ['load took, s', 'seconds', 0],
];
console.log(`\n| ${rows[0].millions.toFixed(1)} M samples | ${rows.map((r) => r.name).join(' | ')} | best peer / ours |`);
console.log(`| --- | ${rows.map(() => '---').join(' | ')} | --- |`);
for (const [title, key, digits] of columns) {
  const best = Math.min(...rows.slice(1).map((r) => r[key]));
  console.log(`| ${title} | ${rows.map((r) => r[key].toFixed(digits)).join(' | ')} | ${(best / rows[0][key]).toFixed(2)} |`);
}
