// The same random queries over the same data to cachescope and to a real Prometheus 3: every answer must agree.
//   CACHESCOPE_DIFFERENTIAL_QUERIES   how many, 4000 unless given
//   CACHESCOPE_DIFFERENTIAL_SEED      another run; the seed is printed
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { freePort, root, start, startServer, temporaryFolder, until } from '../acceptance/support.mjs';
import { compareAnswers } from './compare.mjs';
import { BASE, SPAN_MS, makeDataSet } from './data_set.mjs';
import { ExpressionMaker } from './expression.mjs';
import { Random } from './random.mjs';
import { remoteWrite } from './remote_write.mjs';

const QUERIES = Number(process.env.CACHESCOPE_DIFFERENTIAL_QUERIES ?? 4000);
const SEED = Number(process.env.CACHESCOPE_DIFFERENTIAL_SEED ?? 20261121);
const FEATURES = 'promql-experimental-functions,native-histograms';

// Where the newest Prometheus is, or '' with the reason printed.
function prometheus3() {
  try {
    const folder = execFileSync(path.join(root, 'tools/peers'), ['prometheus'], { encoding: 'utf8', timeout: 240000 }).trim();
    return path.join(folder, 'prometheus/usr/bin/prometheus');
  } catch (error) {
    console.log(`# no Prometheus 3 here: ${String(error.stderr ?? error).trim().split('\n').pop()}`);
    return '';
  }
}

async function startPrometheus(t, program) {
  const folder = temporaryFolder();
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  fs.writeFileSync(path.join(folder, 'p.yml'), 'global: {scrape_interval: 1h}\n');
  const port = await freePort();
  start(t, program, [
    `--config.file=${folder}/p.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`,
    '--web.enable-remote-write-receiver', `--enable-feature=${FEATURES}`, '--log.level=error',
  ]);
  const url = `http://127.0.0.1:${port}`;
  await until('Prometheus is ready', 30, async () => (await fetch(`${url}/-/ready`)).ok);
  return url;
}

async function ask(url, request) {
  const response = await fetch(`${url}/api/v1/${request.path}`, { method: 'POST', body: new URLSearchParams(request.parameters) });
  return { status: response.status, body: await response.json() };
}

function makeRequest(random, maker) {
  const at = (BASE + SPAN_MS / 4 + random.below((SPAN_MS * 3) / 4)) / 1000;
  maker.at = String(Math.round(at));
  const query = maker.make();
  if (random.chance(0.35)) return { path: 'query', parameters: { query, time: String(at) } };
  const step = random.pick([7, 15, 30, 60, 300]);
  const steps = random.between(1, 60);
  return { path: 'query_range', parameters: { query, start: String(at), end: String(at + steps * step), step: String(step) } };
}

// Sent in slices of time, because a store takes nothing much older than its newest sample, and in pieces, because a
// request has a limit.
async function load(url, series) {
  const slice = 20 * 60000;
  for (let from = BASE; from < BASE + SPAN_MS + slice; from += slice) {
    const within = (list = []) => list.filter(({ t }) => t >= from && t < from + slice);
    const part = series.map((s) => ({ labels: s.labels, samples: within(s.samples), histograms: within(s.histograms) }));
    for (let i = 0; i < part.length; i += 40) await remoteWrite(url, part.slice(i, i + 40));
  }
}

const program = prometheus3();
test('random queries: every answer is that of Prometheus', { skip: program === '' ? 'skipped: no Prometheus 3' : false, timeout: 3600000 }, async (t) => {
  const random = new Random(SEED);
  const series = makeDataSet(random);
  const [ours, theirs] = await Promise.all([
    process.env.CACHESCOPE_DIFFERENTIAL_SELF ? startPrometheus(t, program) : startServer(t, [`--enable-feature=${FEATURES}`]).then((s) => s.url),
    startPrometheus(t, program),
  ]);
  await Promise.all([load(ours, series), load(theirs, series)]);
  const maker = new ExpressionMaker(random);
  const tally = { close: 0, newer: 0, errors: 0, empty: 0 };
  const differences = [];
  for (let done = 0; done < QUERIES && differences.length < 25; ) {
    const batch = Array.from({ length: Math.min(8, QUERIES - done) }, () => makeRequest(random, maker));
    done += batch.length;
    await Promise.all(
      batch.map(async (request) => {
        const [mine, real] = await Promise.all([ask(ours, request), ask(theirs, request)]);
        if (real.body.status === 'error') tally.errors += 1;
        else if (real.body.data.result.length === 0) tally.empty += 1;
        const difference = compareAnswers(mine, real, { tally });
        if (difference !== '') differences.push(`${request.path} ${JSON.stringify(request.parameters)}\n    ${difference}`);
      }),
    );
  }
  console.log(`# seed ${SEED}: ${QUERIES} queries, ${differences.length} differences; ${tally.errors} answers were errors, ${tally.empty} empty, ${tally.close} values equal to nine digits only, ${tally.newer} refused as newer versions do`);
  assert.equal(differences.length, 0, `\n${differences.join('\n')}`);
});
