// Remote write and remote read from the outside: enough protobuf and snappy to speak them, written without our code.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { hasProgram, root } from './support.mjs';

// The newest Prometheus that can be had: from the cache of tools/peers, else the installed one, else undefined.
export function newestPrometheus() {
  try {
    const folder = execFileSync(path.join(root, 'tools/peers'), ['prometheus'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    const program = path.join(folder, 'prometheus/usr/bin/prometheus');
    if (fs.existsSync(program)) return program;
  } catch {
    // No newer one: the installed one must do.
  }
  return hasProgram('prometheus') ? 'prometheus' : undefined;
}

function varint(value) {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes = [];
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
const zigzag = (value) => (BigInt(value) << 1n) ^ (BigInt(value) >> 63n);
const key = (field, kind) => varint((field << 3) | kind);
const bytesField = (field, body) => Buffer.concat([key(field, 2), varint(body.length), body]);
const textField = (field, text) => bytesField(field, Buffer.from(text));
const varintField = (field, value) => Buffer.concat([key(field, 0), varint(value)]);
function doubleField(field, value) {
  const out = Buffer.alloc(8);
  out.writeDoubleLE(value);
  return Buffer.concat([key(field, 1), out]);
}
function packedDoubles(field, values) {
  const out = Buffer.alloc(8 * values.length);
  values.forEach((v, i) => out.writeDoubleLE(v, 8 * i));
  return bytesField(field, out);
}

// A block of literals only.
function snappy(raw) {
  const parts = [varint(raw.length)];
  for (let at = 0; at < raw.length; at += 65536) {
    const piece = raw.subarray(at, at + 65536);
    const head = Buffer.alloc(3);
    head[0] = 61 << 2;
    head.writeUInt16LE(piece.length - 1, 1);
    parts.push(head, piece);
  }
  return Buffer.concat(parts);
}

function unsnappy(block) {
  let at = 0;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = block[at++];
    length += (byte & 127) * 2 ** shift;
    if (byte < 128) break;
  }
  const out = Buffer.alloc(length);
  let size = 0;
  while (at < block.length) {
    const tag = block[at];
    if ((tag & 3) === 0) {
      let count = (tag >> 2) + 1;
      at += 1;
      if (count > 60) {
        const extra = count - 60;
        count = block.readUIntLE(at, extra) + 1;
        at += extra;
      }
      block.copy(out, size, at, at + count);
      at += count;
      size += count;
      continue;
    }
    let count = (tag >> 2) + 1;
    let offset;
    if ((tag & 3) === 1) {
      count = ((tag >> 2) & 7) + 4;
      offset = ((tag >> 5) << 8) | block[at + 1];
      at += 2;
    } else {
      const width = (tag & 3) === 2 ? 2 : 4;
      offset = block.readUIntLE(at + 1, width);
      at += 1 + width;
    }
    for (; count > 0; --count, ++size) out[size] = out[size - offset];
  }
  return out;
}

const labels = (field, set) =>
  Buffer.concat(
    Object.entries(set)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => bytesField(field, Buffer.concat([textField(1, name), textField(2, value)]))),
  );

// {t, count, sum, schema, zeroThreshold, zeroCount, spans: [[offset, length]…], buckets}: a float native histogram.
function histogram(h) {
  return Buffer.concat([
    doubleField(2, h.count),
    doubleField(3, h.sum),
    varintField(4, zigzag(h.schema)),
    doubleField(5, h.zeroThreshold ?? 0),
    doubleField(7, h.zeroCount ?? 0),
    ...h.spans.map(([offset, length]) => bytesField(11, Buffer.concat([varintField(1, zigzag(offset)), varintField(2, length)]))),
    packedDoubles(13, h.buckets),
    varintField(15, h.t),
    ...(h.custom ? [packedDoubles(16, h.custom)] : []),
  ]);
}

// series: [{labels, samples: [[t, v]…], histograms, exemplars: [{labels, v, t}]}]; posts them to both kinds of server.
export async function remoteWrite(url, series) {
  const message = Buffer.concat(
    series.map((s) =>
      bytesField(
        1,
        Buffer.concat([
          labels(1, s.labels),
          ...(s.samples ?? []).map(([t, v]) => bytesField(2, Buffer.concat([doubleField(1, v), varintField(2, t)]))),
          ...(s.exemplars ?? []).map((e) => bytesField(3, Buffer.concat([labels(1, e.labels), doubleField(2, e.v), varintField(3, e.t)]))),
          ...(s.histograms ?? []).map((h) => bytesField(4, histogram(h))),
        ]),
      ),
    ),
  );
  const response = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-protobuf', 'Content-Encoding': 'snappy', 'X-Prometheus-Remote-Write-Version': '0.1.0' },
    body: snappy(message),
  });
  return { status: response.status, text: await response.text() };
}

// The bodies of a message's length-delimited fields.
function bodies(message) {
  const out = [];
  for (let at = 0; at < message.length; ) {
    at += 1;
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++];
      size += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    out.push(message.subarray(at, at + size));
    at += size;
  }
  return out;
}

// The series messages of a remote read that asks for samples, in hexadecimal, sorted: they come in no particular order.
export async function remoteRead(url, name, start, end) {
  const query = Buffer.concat([varintField(1, start), varintField(2, end), bytesField(3, Buffer.concat([textField(2, '__name__'), textField(3, name)]))]);
  const response = await fetch(`${url}/api/v1/read`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-protobuf', 'Content-Encoding': 'snappy', 'X-Prometheus-Remote-Read-Version': '0.1.0' },
    body: snappy(bytesField(1, query)),
  });
  const body = Buffer.from(await response.arrayBuffer());
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${body}`);
  return { type: response.headers.get('content-type'), series: bodies(unsnappy(body)).flatMap((result) => bodies(result).map((x) => x.toString('hex'))).sort() };
}
