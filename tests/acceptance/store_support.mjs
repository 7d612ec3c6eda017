// What the tests of the store on disk share: the program over a directory that outlives it, samples in and out.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { WRITE_HEADERS, encodeWrite } from '../differential/remote_write.mjs';
import { binary, sleep, temporaryFolder } from './support.mjs';

const folders = [];
process.on('SIGTERM', () => process.exit(1));
process.on('exit', () => {
  for (const { folder, before } of folders) {
    before();
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

// A folder that goes when all tests of the file have ended, and their programs with them; `before` is done first.
export function testFolder(before = () => {}) {
  const folder = temporaryFolder();
  folders.push({ folder, before: () => before(folder) });
  return folder;
}

// A copy that may be written to; the source stays as it is.
export function copyWritable(from, to) {
  fs.cpSync(from, to, { recursive: true });
  for (const entry of [to, ...fs.readdirSync(to, { recursive: true }).map((name) => path.join(to, name))]) {
    fs.chmodSync(entry, fs.statSync(entry).isDirectory() ? 0o700 : 0o600);
  }
  return to;
}

export function writeConfig(folder, storage) {
  const file = path.join(folder, 'c.yml');
  fs.writeFileSync(file, `storage: ${JSON.stringify(storage)}\n`);
  return file;
}

// The program over `data`. Not waited for: see `ready`. `ended` resolves with {code, signal}.
export function launch(t, data, { config, args = [], env } = {}) {
  const child = spawn(
    binary,
    ['serve', '--web.listen-address=127.0.0.1:0', `--storage.tsdb.path=${data}`, '--storage.tsdb.retention.time=20y', ...(config ? [`--config.file=${config}`] : []), ...args],
    { stdio: ['ignore', 'ignore', 'pipe'], env: env ?? process.env },
  );
  const server = { child, err: '', url: '' };
  server.ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  server.ready = new Promise((resolve) => {
    child.stderr.on('data', (text) => {
      server.err += text;
      const address = server.url === '' && /cachescope is ready.*address=(http:\/\/[0-9.:]+)/.exec(server.err);
      if (address) {
        server.url = address[1];
        resolve(true);
      }
    });
    child.on('exit', () => resolve(false));
  });
  server.stop = async (signal = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), 20000);
    const end = await server.ended;
    clearTimeout(timer);
    return end;
  };
  t.after(() => server.stop('SIGKILL'));
  return server;
}

export async function open(t, data, options) {
  const server = launch(t, data, options);
  if (!(await server.ready)) throw new Error(`cachescope did not start:\n${server.err}`);
  return server;
}

// One request over a connection of `agent`. Rejects when the connection breaks before the answer is whole.
export function post(agent, url, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(`${url}/api/v1/write`, { method: 'POST', agent, headers: { ...WRITE_HEADERS, 'Content-Length': body.length } }, (response) => {
      let text = '';
      response.on('data', (d) => (text += d));
      response.on('end', () => (response.complete ? resolve({ status: response.statusCode, headers: response.headers, text }) : reject(new Error('cut off'))));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.setTimeout(30000, () => request.destroy(new Error('no answer in 30 s')));
    request.end(body);
  });
}

const plainAgent = new http.Agent();
export const write = (url, series) => post(plainAgent, url, encodeWrite(series));

export async function ask(url, endpoint, parameters) {
  const response = await fetch(`${url}/api/v1/${endpoint}`, { method: 'POST', body: new URLSearchParams(parameters) });
  return { status: response.status, body: await response.json() };
}

export const keyOf = (metric) => JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)));

// Raw samples of the last `seconds` before `at` (seconds), by series: Map of key → {metric, values, histograms}.
export async function samples(url, selector, seconds, at) {
  const { body } = await ask(url, 'query', { query: `${selector}[${seconds}s]`, time: String(at) });
  if (body.status !== 'success') throw new Error(`${selector}: ${body.error}`);
  const bySeries = new Map(body.data.result.map((s) => [keyOf(s.metric), s]));
  bySeries.warnings = body.warnings ?? [];
  return bySeries;
}

// A value of the program's own metrics page.
export async function metric(url, name) {
  const page = await (await fetch(`${url}/metrics`)).text();
  const line = page.split('\n').find((l) => l.startsWith(`${name} `) || l.startsWith(`${name}{`));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}

// Waits until what `read` returns stays the same for a while.
export async function settled(read, quietMs = 2500, seconds = 60) {
  let last;
  let since = Date.now();
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(200)) {
    const now = JSON.stringify(await read());
    if (now !== last) since = Date.now();
    last = now;
    if (Date.now() - since >= quietMs) return;
  }
  throw new Error(`not settled within ${seconds} s: ${last}`);
}
