// kill -9 at any moment loses nothing that was acknowledged. Senders write over several connections; a ledger out here
// says of every sample whether it was acknowledged, or whether nobody knows, because the connection broke. What was
// refused is not in it, and must not be in the store either.
//   CACHESCOPE_CRASH_KILLS   how many, 30 unless given
//   CACHESCOPE_CRASH_SEED    another run; the seed is printed
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';
import { Random } from '../differential/random.mjs';
import { encodeWrite } from '../differential/remote_write.mjs';
import { keyOf, launch, metric, open, post, samples, testFolder, writeConfig } from './store_support.mjs';
import { sleep } from './support.mjs';

const KILLS = Number(process.env.CACHESCOPE_CRASH_KILLS ?? 30);
const SEED = Number(process.env.CACHESCOPE_CRASH_SEED ?? Date.now() % 1e9);
const SENDERS = 4;
const SERIES = 40;
const SPAN_MS = 20 * 3600000;
const YEAR_MS = 365 * 24 * 3600000;
// Between two requests of a sender: a long run would fill the memory of the ledger else.
const PAUSE_MS = KILLS > 100 ? 12 : 1;
// The clock of the samples runs through twenty hours during the run, so that blocks are cut and compacted under way.
const REAL_MS = KILLS * 1400;

const UNKNOWN = 0;
const ACKNOWLEDGED = 1;

// `begin`: the oldest time (ms) of its samples.
class Sender {
  constructor(number, random, clock, begin) {
    this.number = number;
    this.random = random;
    this.clock = clock;
    this.begin = begin;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    // Key → Map of time since `begin` → 2 v + state. Small numbers, because there are millions.
    this.ledger = new Map();
    this.series = Array.from({ length: SERIES }, (_, i) => {
      const labels = { __name__: i === 0 ? 'crash_size' : 'crash_load', sender: String(number), i: String(i) };
      this.ledger.set(keyOf(labels), new Map());
      return { labels, key: keyOf(labels), newest: 0, held: [] };
    });
    this.counter = 0;
    this.requests = { acknowledged: 0, refused: 0, unknown: 0, again: 0, torn: 0 };
    this.unknown = [];
  }

  histogram(t, v) {
    return { t, schema: 0, zeroThreshold: 0.001, zeroCount: 0, count: 3, sum: v, positive: { spans: [[0, 2]], deltas: [1, 1] }, negative: { spans: [], deltas: [] } };
  }

  // Samples for some series: up to six new ones each, and now and then one that was held back until now.
  make() {
    const now = Math.floor(this.clock());
    const parts = [];
    for (const series of this.series) {
      if (this.random.chance(0.2)) continue;
      const step = this.random.between(1, 4000);
      let t = Math.max(series.newest + 1, now - 6 * step);
      const list = [];
      const late = series.held.splice(0).filter((x) => x.t > now - 20 * 60000);
      for (; t <= now; t += step) {
        (this.random.chance(0.02) ? series.held : list).push({ t, v: ++this.counter });
        series.newest = t;
      }
      parts.push({ series, list });
      if (late.length > 0) parts.push({ series, list: late });
    }
    const far = this.random.chance(0.03);
    const entries = parts.flatMap(({ series, list }) => list.map((x) => ({ key: series.key, ...x })));
    const written = parts.map(({ series, list }) =>
      series.labels.__name__ === 'crash_size' ? { labels: series.labels, histograms: list.map((x) => this.histogram(x.t, x.v)) } : { labels: series.labels, samples: list },
    );
    // A sample a year ahead, which is refused, and all others are stored.
    if (far) written.splice(this.random.below(written.length), 0, { labels: this.random.pick(this.series.slice(1)).labels, samples: [{ t: Date.now() + YEAR_MS, v: 1 }] });
    return { entries, far, body: encodeWrite(written) };
  }

  note({ entries }, state) {
    for (const { key, t, v } of entries) {
      const times = this.ledger.get(key);
      const known = times.get(t - this.begin);
      if (known === undefined || known % 2 !== ACKNOWLEDGED) times.set(t - this.begin, 2 * v + state);
    }
  }

  async run(server) {
    while (!this.stopped) {
      const address = server();
      if (address === '') {
        await sleep(5);
        continue;
      }
      const request = this.again ?? this.make();
      this.again = undefined;
      if (request.entries.length === 0) {
        await sleep(20);
        continue;
      }
      await sleep(this.random.below(2 * PAUSE_MS));
      this.note(request, UNKNOWN);
      try {
        const { status, text } = await post(this.agent, address, request.body);
        assert.equal(status, request.far ? 400 : 204, text);
        if (request.far) assert.match(text, /^out of bounds: .* is too far in the future$/m);
        this.note(request, ACKNOWLEDGED);
        this.requests.acknowledged += 1;
        this.requests.refused += request.far;
      } catch (error) {
        if (error.code === 'ERR_ASSERTION') throw error;
        // Half of them come again, as a sender repeats what was not answered; the others stay unknown.
        this.requests.unknown += 1;
        if (this.random.chance(0.5)) {
          this.again = request;
          this.requests.again += 1;
        } else {
          this.unknown.push(request);
        }
      }
    }
  }
}

class Ledger {
  constructor(senders) {
    this.senders = senders;
  }
  count(state) {
    let n = 0;
    for (const sender of this.senders) for (const series of sender.ledger.values()) for (const x of series.values()) n += x % 2 === state;
    return n;
  }
  // Holds what `url` has of a sender since `from` against the ledger. Nothing is being sent meanwhile.
  async check(url, sender, from, to) {
    const got = await samples(url, `{sender="${sender.number}"}`, Math.ceil((to - from) / 1000), to / 1000);
    assert.deepEqual(got.warnings, []);
    const begin = to - 1000 * Math.ceil((to - from) / 1000);
    const wrong = [];
    for (const [key, times] of sender.ledger) {
      const there = new Map();
      for (const [t, v] of got.get(key)?.values ?? []) there.set(Math.round(t * 1000), Number(v));
      for (const [t, h] of got.get(key)?.histograms ?? []) there.set(Math.round(t * 1000), h.count === '3' ? Number(h.sum) : NaN);
      for (const [since, noted] of times) {
        const t = since + sender.begin;
        if (t <= begin || t > to) continue;
        const state = noted % 2;
        const v = (noted - state) / 2;
        if (there.has(t) ? there.get(t) !== v : state === ACKNOWLEDGED) wrong.push(`${key} at ${t}: ${there.get(t) ?? 'missing'}, not ${v}${state === ACKNOWLEDGED ? ', which was acknowledged' : ''}`);
        there.delete(t);
      }
      for (const [t, v] of there) wrong.push(`${key} at ${t}: ${v}, which nobody sent`);
    }
    for (const key of got.keys()) if (!sender.ledger.has(key)) wrong.push(`${key}, which nobody sent`);
    assert.equal(wrong.length, 0, `${wrong.length} wrong of sender ${sender.number}:\n${wrong.slice(0, 20).join('\n')}`);
    return got;
  }
}

test('nothing acknowledged is lost by kill -9', { timeout: 3600000 }, async (t) => {
  const random = new Random(SEED);
  const folder = testFolder();
  const data = path.join(folder, 'data');
  // Each start may have other settings.
  const config = () => writeConfig(folder, { wal_sync: random.pick(['1s', '1s', 'always', 'never']), metrics: { chunk_encoding: random.pick(['xor', 'packed']) }, tsdb: { out_of_order_time_window: '30m' } });
  const began = Date.now();
  const first = began - SPAN_MS - 60000;
  // Stands still while the ledger is checked.
  let ran = 0;
  let since = 0;
  const running = () => ran + (since === 0 ? 0 : Date.now() - since);
  const clock = () => first + (Math.min(running(), REAL_MS) * SPAN_MS) / REAL_MS;
  const senders = Array.from({ length: SENDERS }, (_, i) => new Sender(i, new Random(SEED + 1 + i), clock, first));
  const ledger = new Ledger(senders);
  let server;
  let address = '';
  let failed;
  const tally = { early: 0, slowest: 0, damages: 0 };

  for (let kill = 0; kill < KILLS && !failed; ) {
    // Some die while they start.
    if (random.chance(0.25)) {
      const starting = launch(t, data, { config: config() });
      await sleep(random.below(tally.slowest + 40));
      await starting.stop('SIGKILL');
      tally.early += 1;
      kill += 1;
      continue;
    }
    const begin = Date.now();
    server = await open(t, data, { config: config() });
    tally.slowest = Math.max(tally.slowest, Date.now() - begin);
    tally.damages += (await metric(server.url, 'cachescope_storage_log_damages_total')) ?? 0;
    const now = Math.ceil(clock());
    const whole = random.chance(0.1);
    await ledger.check(server.url, random.pick(senders), whole ? first - 1000 : Math.max(first - 1000, now - 2 * 3600000), now);
    address = server.url;
    since = Date.now();
    const runs = senders.map((sender) => {
      sender.stopped = false;
      return sender.run(() => address).catch((error) => (failed = error));
    });
    await sleep(random.chance(0.5) ? random.below(400) : random.between(400, 2400));
    await server.stop('SIGKILL');
    kill += 1;
    address = '';
    senders.forEach((sender) => (sender.stopped = true));
    await Promise.all(runs);
    ran += Date.now() - since;
    since = 0;
  }
  if (failed) throw failed;

  server = await open(t, data, { config: config() });
  const end = Math.ceil(clock());
  for (const sender of senders) {
    const got = await ledger.check(server.url, sender, first - 1000, end);
    for (const request of sender.unknown) {
      const here = request.entries.filter(({ key, t: at }) => (got.get(key)?.values ?? got.get(key)?.histograms ?? []).some(([time]) => Math.round(time * 1000) === at)).length;
      sender.requests.torn += here > 0 && here < request.entries.length;
    }
  }
  const future = await samples(server.url, '{sender!=""}', 2 * 86400, (Date.now() + YEAR_MS) / 1000 + 86400);
  assert.equal(future.size, 0, 'what was refused is not there');
  const metrics = path.join(data, 'metrics');
  const levels = fs.readdirSync(metrics).flatMap((name) => {
    const meta = path.join(metrics, name, 'meta.json');
    return fs.existsSync(meta) ? [JSON.parse(fs.readFileSync(meta, 'utf8')).compaction.level] : [];
  });
  const total = (name) => senders.reduce((sum, sender) => sum + sender.requests[name], 0);
  console.log(
    `# seed ${SEED}: ${KILLS} kills (${tally.early} while starting), ${ledger.count(ACKNOWLEDGED)} samples acknowledged, 0 lost, 0 wrong; ` +
      `${ledger.count(UNKNOWN)} unknown; requests: ${total('acknowledged')} acknowledged (of ${total('refused')} one sample was refused), ${total('unknown')} unknown, ` +
      `${total('again')} of them sent again, ${total('torn')} there in part; blocks of levels ${levels.join(' ')}, slowest start ${tally.slowest} ms, ${tally.damages} torn ends; ` +
      `${Math.round((Date.now() - began) / 1000)} s`,
  );
  assert.ok(ledger.count(ACKNOWLEDGED) > KILLS * 100, 'samples were acknowledged');
});
