// What the acceptance tests share: starting and stopping real programs on free loopback ports, talking to them, waiting for facts.
import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const binary = process.env.CACHESCOPE_BINARY ?? path.join(root, 'build/release/cachescope');

export function hasProgram(name) {
  try {
    execFileSync('/bin/sh', ['-c', `command -v ${name}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

// For test(…, { skip }): false, or the reason.
export function skipUnless(...programs) {
  const missing = programs.filter((p) => !hasProgram(p));
  return missing.length === 0 ? false : `skipped: not installed: ${missing.join(', ')}`;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Polls until `check` returns something truthy, and returns it; throws with `what` after `seconds`.
export async function until(what, seconds, check) {
  const deadline = Date.now() + seconds * 1000;
  let last;
  while (Date.now() < deadline) {
    try {
      last = await check();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    await sleep(100);
  }
  throw new Error(`waited ${seconds} s for: ${what}; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`);
}

export async function freePort() {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

export function temporaryFolder() {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'cachescope-test-'));
}

// A child process that is ended when the test is: t.after is registered here.
export function start(t, program, args, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const process_ = { child, out: '', err: '', exit: once(child, 'exit').then(([code, signal]) => ({ code, signal })) };
  child.stdout.on('data', (d) => (process_.out += d));
  child.stderr.on('data', (d) => (process_.err += d));
  process_.stop = async (signal = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), 15000);
    const result = await process_.exit;
    clearTimeout(timer);
    return result;
  };
  t.after(() => process_.stop());
  return process_;
}

export async function startRedis(t, extra = []) {
  const port = await freePort();
  const redis = start(t, 'redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', os.tmpdir(), ...extra]);
  await until('redis-server listens', 10, () => redis.out.includes('Ready to accept connections'));
  return { ...redis, port, client: await RedisClient.connect(port) };
}

// Enough of RESP for tests: one command at a time.
export class RedisClient {
  static async connect(port) {
    const client = new RedisClient();
    client.socket = net.connect(port, '127.0.0.1');
    client.buffer = '';
    client.waiting = [];
    await once(client.socket, 'connect');
    client.socket.unref();
    client.socket.on('error', () => {});
    client.socket.on('data', (d) => {
      client.buffer += d.toString('latin1');
      client.#drain();
    });
    return client;
  }
  command(...parts) {
    const text = `*${parts.length}\r\n` + parts.map((p) => `$${Buffer.byteLength(String(p))}\r\n${p}\r\n`).join('');
    this.socket.write(text);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }
  #drain() {
    while (this.waiting.length > 0) {
      const end = this.buffer.indexOf('\r\n');
      if (end < 0) return;
      const line = this.buffer.slice(1, end);
      let rest = end + 2;
      let value = line;
      if (this.buffer[0] === '$') {
        const size = Number(line);
        value = null;
        if (size >= 0) {
          if (this.buffer.length < rest + size + 2) return;
          value = this.buffer.slice(rest, rest + size);
          rest += size + 2;
        }
      }
      const { resolve, reject } = this.waiting.shift();
      if (this.buffer[0] === '-') reject(new Error(line));
      else resolve(value);
      this.buffer = this.buffer.slice(rest);
    }
  }
  async info() {
    const text = await this.command('INFO', 'all');
    return Object.fromEntries(text.split('\r\n').filter((l) => l.includes(':')).map((l) => [l.slice(0, l.indexOf(':')), l.slice(l.indexOf(':') + 1)]));
  }
}

export async function startServer(t, args, options = {}) {
  const folder = temporaryFolder();
  const server = start(t, binary, ['serve', '--web.listen-address=127.0.0.1:0', `--storage.tsdb.path=${folder}/data`, ...args], options);
  // Hooks run in the order of their registration: the server has ended when its folder goes.
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  await until('cachescope is ready', 30, () => {
    if (server.child.exitCode !== null) throw new Error(server.err);
    return /cachescope is ready/.test(server.err);
  });
  server.url = /address=(http:\/\/[0-9.:]+)/.exec(server.err)[1];
  server.folder = folder;
  return server;
}

export async function getJson(url, options) {
  const response = await fetch(url, options);
  return { status: response.status, body: await response.json() };
}

// The result list of an instant query.
export async function query(url, expr, params = {}) {
  const { body } = await getJson(`${url}/api/v1/query?${new URLSearchParams({ query: expr, ...params })}`);
  if (body.status !== 'success') throw new Error(`${expr}: ${body.error}`);
  return body.data.result;
}

// The single value of an instant query, or undefined.
export async function value(url, expr) {
  const result = await query(url, expr);
  return result.length === 0 ? undefined : Number(result[0].value[1]);
}

// An HTTP server that collects JSON bodies posted to it; `answer(n)` gives the status of the n-th request.
export async function startWebhook(t, answer = () => 200) {
  const received = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (d) => (body += d));
    request.on('end', () => {
      const status = answer(received.length);
      received.push({ at: Date.now(), status, body: JSON.parse(body) });
      response.writeHead(status).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections?.();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}/alert`, received };
}
