// Programs that are not ours and receive what the client library pushes; packages by package.json beside this.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, root, skipUnless, start, temporaryFolder, until } from '../support.mjs';

export const peers = path.dirname(fileURLToPath(import.meta.url));
export const require = createRequire(path.join(peers, 'package.json'));

// false, or why the packages of client_push/package.json are not there.
function installPeers() {
  const stamp = path.join(peers, 'node_modules/.package-lock.json');
  try {
    const lock = path.join(peers, 'package-lock.json');
    if (fs.existsSync(stamp) && fs.statSync(stamp).mtimeMs > fs.statSync(lock).mtimeMs) return false;
    execFileSync('npm', ['ci', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: peers, stdio: 'pipe', timeout: 240000 });
    return false;
  } catch (error) {
    return `skipped: npm cannot install the peers: ${String(error.stderr ?? error).trim().split('\n').pop()}`;
  }
}
export const withoutPeers = skipUnless('npm') || installPeers();

// A StatsD server; what it flushes is lines of its output, which addFlushes reads.
export async function startStatsd(t) {
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const [port, manage] = [await freePort(), await freePort()];
  const config = path.join(folder, 'config.js');
  const settings = { servers: [{ server: './servers/udp', address: '127.0.0.1', port }], mgmt_address: '127.0.0.1', mgmt_port: manage, flushInterval: 200, backends: [path.join(peers, 'statsd_backend.cjs')] };
  fs.writeFileSync(config, JSON.stringify(settings));
  const statsd = start(t, process.execPath, [require.resolve('statsd/stats.js'), config], { cwd: path.dirname(require.resolve('statsd/stats.js')) });
  await until('statsd is up', 20, () => {
    if (statsd.child.exitCode !== null) throw new Error(statsd.err);
    return statsd.out.includes('flush ');
  });
  return { statsd, port };
}

// Adds up all flushes: deltas of counters and values of timers; gauges are the latest.
export function addFlushes(out) {
  const sum = { counters: {}, gauges: {}, timerCounts: {}, timerSums: {}, flushes: 0 };
  for (const line of out.split('\n').filter((l) => l.startsWith('flush '))) {
    const { counters, gauges, timers, timerCounters } = JSON.parse(line.slice(6));
    sum.flushes++;
    for (const [k, v] of Object.entries(counters)) sum.counters[k] = (sum.counters[k] ?? 0) + v;
    for (const [k, v] of Object.entries(timerCounters)) sum.timerCounts[k] = (sum.timerCounts[k] ?? 0) + v;
    for (const [k, v] of Object.entries(timers)) sum.timerSums[k] = (sum.timerSums[k] ?? 0) + v.reduce((a, b) => a + b, 0);
    Object.assign(sum.gauges, gauges);
  }
  return sum;
}

// An endpoint that decodes with OpenTelemetry's own message definitions; every n-th request is told to come again.
export async function startCollector(t, refuseEvery = Infinity) {
  const definitions = require(path.join(path.dirname(require.resolve('@opentelemetry/otlp-transformer/package.json')), 'build/src/generated/root.js'));
  const { ExportMetricsServiceRequest, ExportMetricsServiceResponse } = definitions.opentelemetry.proto.collector.metrics.v1;
  const received = [];
  let turn = 0;
  const server = http.createServer((request, response) => {
    const parts = [];
    request.on('data', (d) => parts.push(d));
    request.on('end', () => {
      if (request.url !== '/v1/metrics' || request.headers['content-type'] !== 'application/x-protobuf') return response.writeHead(400).end();
      if (++turn % refuseEvery === 0) return response.writeHead(503).end();
      const message = ExportMetricsServiceRequest.decode(Buffer.concat(parts));
      received.push(ExportMetricsServiceRequest.toObject(message, { longs: Number, defaults: true, enums: Number, oneofs: true }));
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end(ExportMetricsServiceResponse.encode({}).finish());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}/v1/metrics`, received };
}

// A store that takes OTLP at /opentelemetry/v1/metrics, or why there is none.
export async function startVictoriaMetrics(t, args = []) {
  let program;
  try {
    const folder = execFileSync(path.join(root, 'tools/peers'), ['victoria-metrics'], { encoding: 'utf8', timeout: 240000, stdio: 'pipe' }).trim();
    program = path.join(folder, 'victoria-metrics/usr/bin/victoria-metrics');
  } catch (error) {
    return { skip: `skipped: no VictoriaMetrics here: ${String(error.stderr ?? error).trim().split('\n').pop()}` };
  }
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const url = `http://127.0.0.1:${await freePort()}`;
  const store = start(t, program, [`-httpListenAddr=${url.slice(7)}`, `-storageDataPath=${folder}/data`, '-search.latencyOffset=0s', ...args]);
  await until('VictoriaMetrics is ready', 30, async () => (await fetch(`${url}/health`)).ok);
  return { url, store };
}
