// Compares two answers of the HTTP API. Sample values are compared as text first; numbers that differ must agree to
// nine digits, because the order in which a sum is formed is nobody's promise. Returns '' or what differs.
const DIGITS = 1e-9;

function sameNumber(a, b, tally) {
  if (a === b) return true;
  const x = Number(a);
  const y = Number(b);
  if (!Number.isFinite(x) || !Number.isFinite(y)) return false;
  // Or both are next to nothing: what rounding leaves of a difference of equal numbers.
  const close = Math.abs(x - y) <= DIGITS * Math.max(Math.abs(x), Math.abs(y), 1e-3);
  if (close) tally.close += 1;
  return close;
}

function sameHistogram(a, b, tally) {
  if (!sameNumber(a.count, b.count, tally) || !sameNumber(a.sum, b.sum, tally)) return false;
  const x = a.buckets ?? [];
  const y = b.buckets ?? [];
  return x.length === y.length && x.every((bucket, i) => bucket.every((part, k) => (k === 0 ? part === y[i][k] : sameNumber(String(part), String(y[i][k]), tally))));
}

function samePoints(a = [], b = [], same) {
  if (a.length !== b.length) return `${a.length} points, not ${b.length}`;
  for (let i = 0; i < a.length; i++) {
    if (a[i][0] !== b[i][0]) return `a point at ${a[i][0]}, not ${b[i][0]}`;
    if (!same(a[i][1], b[i][1])) return `at ${a[i][0]}: ${JSON.stringify(a[i][1])}, not ${JSON.stringify(b[i][1])}`;
  }
  return '';
}

const keyOf = (metric) => JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)));

function compareSeries(ours, theirs, tally) {
  const key = keyOf(theirs.metric);
  const number = (a, b) => sameNumber(a, b, tally);
  const histogram = (a, b) => sameHistogram(a, b, tally);
  const list = (one, many) => many ?? (one === undefined ? [] : [one]);
  const floats = samePoints(list(ours.value, ours.values), list(theirs.value, theirs.values), number);
  if (floats !== '') return `${key}: ${floats}`;
  const histograms = samePoints(list(ours.histogram, ours.histograms), list(theirs.histogram, theirs.histograms), histogram);
  return histograms === '' ? '' : `${key}: ${histograms}`;
}

function compareData(ours, theirs, ordered, tally) {
  if (ours.resultType !== theirs.resultType) return `resultType ${ours.resultType}, not ${theirs.resultType}`;
  if (theirs.resultType === 'scalar' || theirs.resultType === 'string') return samePoints([ours.result], [theirs.result], (a, b) => sameNumber(a, b, tally));
  if (ours.result.length !== theirs.result.length) return `${ours.result.length} series, not ${theirs.result.length}`;
  const byKey = new Map(ours.result.map((s) => [keyOf(s.metric), s]));
  for (const [i, series] of theirs.result.entries()) {
    const key = keyOf(series.metric);
    const mine = ordered ? ours.result[i] : byKey.get(key);
    if (mine === undefined || keyOf(mine.metric) !== key) return `no series ${key}`;
    const difference = compareSeries(mine, series, tally);
    if (difference !== '') return difference;
  }
  return '';
}

// Notes by what they are about: where they stand and which numbers they carry changed between versions, and these are
// newer than the Prometheus we compare with.
const NEWER_NOTES = /sort is ineffective for range queries|conflicting counter resets/;
const kindOf = (note) => note.replace(/ \(\d+:\d+\)$/, '').replace(/,? (from buckets|for metric name).*$/s, '').replace(/ \(see https:.*$/s, '');

function compareNotes(word, ours = [], theirs = []) {
  const kinds = (notes) => [...new Set(notes.filter((n) => !NEWER_NOTES.test(n)).map(kindOf))].sort();
  const a = kinds(ours);
  const b = kinds(theirs);
  return JSON.stringify(a) === JSON.stringify(b) ? '' : `${word} ${JSON.stringify(a)}, not ${JSON.stringify(b)}`;
}

// Newer versions refuse a second match even where the comparison drops it, as the reference scripts ask.
const NEWER_ERROR = /many-to-one matching must be explicit/;

// `ours` and `theirs`: {status, body}. `ordered`: the order of the series is part of the answer.
export function compareAnswers(ours, theirs, { ordered = false, tally }) {
  if (ours.status === 422 && theirs.status === 200 && NEWER_ERROR.test(ours.body.error)) {
    tally.newer += 1;
    return '';
  }
  if (ours.status !== theirs.status) return `status ${ours.status} (${ours.body.error ?? ''}), not ${theirs.status} (${theirs.body.error ?? ''})`;
  if (theirs.body.status === 'error') {
    return ours.body.errorType === theirs.body.errorType ? '' : `error ${ours.body.errorType}: ${ours.body.error}, not ${theirs.body.errorType}: ${theirs.body.error}`;
  }
  return (
    compareData(ours.body.data, theirs.body.data, ordered, tally) ||
    compareNotes('warnings', ours.body.warnings, theirs.body.warnings) ||
    compareNotes('infos', ours.body.infos, theirs.body.infos)
  );
}
