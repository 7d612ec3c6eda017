// Encodes remote write 1.0 requests: protobuf in a snappy block of literals.
// https://prometheus.io/docs/specs/prw/remote_write_spec/

function varint(n) {
  let value = BigInt.asUintN(64, BigInt(n));
  const bytes = [];
  while (value > 127n) {
    bytes.push(Number(value & 127n) | 128);
    value >>= 7n;
  }
  bytes.push(Number(value));
  return Buffer.from(bytes);
}
const zigzag = (n) => varint(n >= 0 ? 2 * n : -2 * n - 1);
const tag = (field, type) => varint(field * 8 + type);
const bytesField = (field, body) => Buffer.concat([tag(field, 2), varint(body.length), body]);
const text = (field, s) => bytesField(field, Buffer.from(s));
function double(field, value, bits) {
  const body = Buffer.alloc(8);
  if (bits !== undefined) body.writeBigUInt64LE(bits);
  else body.writeDoubleLE(value);
  return Buffer.concat([tag(field, 1), body]);
}

export const STALE = Symbol('stale');
const STALE_BITS = 0x7ff0000000000002n;

const sample = ({ t, v }) =>
  bytesField(2, Buffer.concat([v === STALE ? double(1, 0, STALE_BITS) : double(1, v), tag(2, 0), varint(t)]));

const span = ([offset, length]) => Buffer.concat([tag(1, 0), zigzag(offset), tag(2, 0), varint(length)]);
const packed = (field, numbers) => bytesField(field, Buffer.concat(numbers.map(zigzag)));

// {t, schema, zeroThreshold, zeroCount, count, sum, positive: {spans: [[offset, length]], deltas: []}, negative}
function histogram(h) {
  const part = (spans, deltas, { spans: s, deltas: d }) =>
    s.length === 0 ? Buffer.alloc(0) : Buffer.concat([...s.map((x) => bytesField(spans, span(x))), packed(deltas, d)]);
  return bytesField(
    4,
    Buffer.concat([
      Buffer.concat([tag(1, 0), varint(h.count)]),
      double(3, h.sum),
      Buffer.concat([tag(4, 0), zigzag(h.schema)]),
      double(5, h.zeroThreshold),
      Buffer.concat([tag(6, 0), varint(h.zeroCount)]),
      part(8, 9, h.negative),
      part(11, 12, h.positive),
      Buffer.concat([tag(15, 0), varint(h.t)]),
    ]),
  );
}

function timeseries({ labels, samples = [], histograms = [] }) {
  const names = Object.keys(labels).sort();
  return bytesField(
    1,
    Buffer.concat([
      ...names.map((name) => bytesField(1, Buffer.concat([text(1, name), text(2, labels[name])]))),
      ...samples.map(sample),
      ...histograms.map(histogram),
    ]),
  );
}

function snappy(body) {
  const parts = [varint(body.length)];
  for (let at = 0; at < body.length; at += 65536) {
    const chunk = body.subarray(at, at + 65536);
    const head = Buffer.from([61 << 2, 0, 0]);
    head.writeUInt16LE(chunk.length - 1, 1);
    parts.push(head, chunk);
  }
  return Buffer.concat(parts);
}

export const WRITE_HEADERS = {
  'Content-Encoding': 'snappy',
  'Content-Type': 'application/x-protobuf',
  'X-Prometheus-Remote-Write-Version': '0.1.0',
};

export const encodeWrite = (series) => snappy(Buffer.concat(series.map(timeseries)));

export async function remoteWrite(url, series) {
  const response = await fetch(`${url}/api/v1/write`, { method: 'POST', headers: WRITE_HEADERS, body: encodeWrite(series) });
  if (!response.ok) throw new Error(`remote write to ${url}: ${response.status} ${await response.text()}`);
}
