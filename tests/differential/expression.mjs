// Random PromQL expressions, mostly well-typed, over the names of data_set.mjs.
const COUNTERS = ['cache_gets_total', 'cache_gets_sum_total', 'request_seconds_bucket', 'request_seconds_count'];
const GAUGES = ['memory_bytes', 'temperature', 'limit_bytes', 'job_weight', 'build_info'];
const LABELS = ['job', 'instance', 'result', 'zone', 'kind', 'le', 'version'];
const VALUES = { job: ['api', 'batch', 'cache'], instance: ['a:1', 'b:1', 'c:1', 'd:1'], result: ['hit', 'miss'], zone: ['x', 'y', 'none'], kind: ['soft'], le: ['0.5', '+Inf'], version: ['1.0', '1.1'] };
const DURATIONS = ['20s', '30s', '1m', '2m', '5m', '7m30s', '10m', '1h'];
const NUMBERS = ['0', '1', '2', '0.5', '-1', '100', '1e-3', 'Inf', '-Inf', 'NaN', '3.7', '1e10'];
const OVER_TIME = ['avg', 'min', 'max', 'sum', 'count', 'last', 'stddev', 'stdvar', 'present', 'ts_of_max', 'ts_of_min', 'ts_of_last'];
// Not mad: with NaN among the values the newer versions differ.
const RANGE = ['rate', 'increase', 'irate', 'delta', 'idelta', 'deriv', 'changes', 'resets'];
const MATHS = ['abs', 'ceil', 'floor', 'exp', 'ln', 'log2', 'log10', 'sqrt', 'sgn', 'acos', 'acosh', 'asin', 'asinh', 'atan', 'atanh', 'cos', 'cosh', 'sin', 'sinh', 'tan', 'tanh', 'deg', 'rad'];
const DATES = ['day_of_month', 'day_of_week', 'day_of_year', 'days_in_month', 'hour', 'minute', 'month', 'year'];
const AGGREGATES = ['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar'];
const ARITHMETIC = ['+', '-', '*', '/', '%', '^', 'atan2'];
const COMPARISON = ['==', '!=', '>', '<', '>=', '<='];

export class ExpressionMaker {
  constructor(random) {
    this.random = random;
  }

  // An instant-vector or scalar expression.
  make() {
    const made = this.random.chance(0.08) ? this.scalar(3) : this.vector(this.random.between(1, 4));
    // The deviation of numbers as large as times is mostly rounding: two Prometheus servers do not agree on it either.
    return /std(dev|var)/.test(made) && /timestamp|time\(\)|ts_of|1e10/.test(made) ? this.make() : made;
  }

  matcher() {
    const r = this.random;
    const label = r.pick(LABELS);
    const value = r.pick(VALUES[label]);
    return r.weighted([
      [4, `${label}="${value}"`],
      [2, `${label}!="${value}"`],
      [2, `${label}=~"${r.pick([value, `${value.slice(0, 1)}.*`, '.+', '.*', VALUES[label].join('|'), '[a-c].*'])}"`],
      [1, `${label}!~"${r.pick([value, '.+', `.*${value.slice(-1)}`])}"`],
      [1, `${label}=""`],
    ]);
  }

  selector(names) {
    const r = this.random;
    const name = r.pick(names);
    const matchers = r.sample([0, 1], r.pick([0, 0, 0, 1, 1, 2])).map(() => this.matcher());
    if (r.chance(0.03)) return `{__name__=~"${name.slice(0, 7)}.*"${matchers.map((m) => `,${m}`).join('')}}`;
    return matchers.length > 0 ? `${name}{${matchers.join(',')}}` : name;
  }

  modifier() {
    const r = this.random;
    const parts = [];
    if (r.chance(0.12)) parts.push(`offset ${r.pick(['', '', '-'])}${r.pick(DURATIONS)}`);
    if (r.chance(0.08)) parts.push(`@ ${r.pick(['start()', 'end()', this.at])}`);
    return parts.length > 0 ? ` ${parts.join(' ')}` : '';
  }

  matrix(names, depth) {
    const r = this.random;
    if (depth > 1 && r.chance(0.15)) return `(${this.vector(depth - 1)})[${r.pick(['5m', '10m', '20m'])}:${r.pick(['', '30s', '1m', '17s'])}]${this.modifier()}`;
    return `${this.selector(names)}[${r.pick(DURATIONS)}]${this.modifier()}`;
  }

  scalar(depth) {
    const r = this.random;
    if (depth <= 0) return r.weighted([[4, r.pick(NUMBERS)], [1, 'time()'], [1, 'pi()']]);
    return r.weighted([
      [4, r.pick(NUMBERS)],
      [1, `scalar(${this.vector(depth - 1)})`],
      [1, `(${this.scalar(depth - 1)} ${r.pick(ARITHMETIC)} ${this.scalar(depth - 1)})`],
      [1, `(${this.scalar(depth - 1)} ${r.pick(COMPARISON)} bool ${this.scalar(depth - 1)})`],
      [1, `-(${this.scalar(depth - 1)})`],
    ]);
  }

  grouping(word) {
    const r = this.random;
    const labels = r.sample(LABELS, r.between(0, 3));
    return ` ${word ?? r.pick(['by', 'without'])} (${labels.join(', ')})`;
  }

  vector(depth) {
    const r = this.random;
    if (depth <= 0) return this.leaf();
    const make = r.weighted([
      [3, 'leaf'], [5, 'overTime'], [5, 'aggregate'], [5, 'binary'], [3, 'func'], [2, 'quantile'], [1, 'label'], [1, 'native'], [1, 'absent'],
    ]);
    return this[make](depth);
  }

  leaf() {
    const r = this.random;
    if (r.chance(0.03)) return `vector(${this.scalar(1)})`;
    return this.selector(r.pick([COUNTERS, GAUGES, GAUGES])) + this.modifier();
  }

  func(depth) {
    const r = this.random;
    const inner = () => this.vector(depth - 1);
    return r.weighted([
      [4, () => `${r.pick(MATHS)}(${inner()})`],
      [1, () => `${r.pick(DATES)}(${r.chance(0.2) ? '' : inner()})`],
      [1, () => `timestamp(${inner()})`],
      [1, () => `clamp(${inner()}, ${this.scalar(1)}, ${this.scalar(1)})`],
      [1, () => `clamp_${r.pick(['min', 'max'])}(${inner()}, ${this.scalar(1)})`],
      [1, () => `round(${inner()}${r.chance(0.5) ? `, ${this.scalar(1)}` : ''})`],
      [1, () => `-${this.leaf()}`],
      [1, () => `sort_by_label(${inner()}, "${r.pick(LABELS)}", "instance")`],
    ])();
  }

  // A function of a range.
  overTime(depth) {
    const r = this.random;
    return r.weighted([
      [5, () => `${r.pick(RANGE)}(${this.matrix(COUNTERS, depth)})`],
      [5, () => `${r.pick(OVER_TIME)}_over_time(${this.matrix([...COUNTERS, ...GAUGES], depth)})`],
      [1, () => `quantile_over_time(${r.pick(['0.5', '0.9', '0', '1', '-1', '2', 'NaN'])}, ${this.matrix([...COUNTERS, ...GAUGES], depth)})`],
      [1, () => `predict_linear(${this.matrix(GAUGES, depth)}, ${r.pick(['60', '-300', '3600'])})`],
      [1, () => `double_exponential_smoothing(${this.matrix(GAUGES, depth)}, 0.${r.between(1, 9)}, 0.${r.between(1, 9)})`],
      [1, () => `absent_over_time(${this.matrix(GAUGES, 0)})`],
    ])();
  }

  aggregate(depth) {
    const r = this.random;
    const inner = this.vector(depth - 1);
    const grouping = r.chance(0.75) ? this.grouping() : '';
    return r.weighted([
      [8, () => `${r.pick(AGGREGATES)}${grouping} (${inner})`],
      [1, () => `quantile${grouping} (${r.pick(['0.5', '0.9', '0', '1', '-1', '2'])}, ${inner})`],
      [1, () => `${r.pick(['topk', 'bottomk'])}${grouping} (${r.between(1, 4)}, ${r.pick(['request_seconds_sum', 'rate(request_seconds_sum[5m])', '-request_seconds_sum'])})`],
      [1, () => `count_values${grouping} ("value", ${r.pick(['job_weight', 'build_info', 'round(temperature, 50)'])})`],
      // Which series limitk takes is nobody's promise; how many, is.
      [1, () => `count${grouping} (limitk${grouping} (${r.between(0, 4)}, ${inner}))`],
      [1, () => `limit_ratio${grouping} (${r.pick(['0.5', '-0.3', '0', '1', '-1'])}, ${inner})`],
    ])();
  }

  binary(depth) {
    const r = this.random;
    const left = `(${this.vector(depth - 1)})`;
    if (r.chance(0.35)) {
      const scalar = `(${this.scalar(1)})`;
      const operator = r.chance(0.5) ? r.pick(ARITHMETIC) : r.pick(COMPARISON) + (r.chance(0.4) ? ' bool' : '');
      return r.chance(0.7) ? `${left} ${operator} ${scalar}` : `${scalar} ${operator} ${left}`;
    }
    const right = `(${this.vector(depth - 1)})`;
    const labels = r.sample(['job', 'instance', 'result', 'zone', 'le'], r.between(1, 3)).join(', ');
    const matching = r.weighted([[3, ''], [3, ` on (${labels})`], [2, ` ignoring (${labels})`]]);
    if (r.chance(0.3)) return `${left} ${r.pick(['and', 'or', 'unless'])}${matching} ${right}`;
    const operator = r.chance(0.6) ? r.pick(ARITHMETIC) : r.pick(COMPARISON) + (r.chance(0.4) ? ' bool' : '');
    const group = matching !== '' && r.chance(0.4) ? ` group_${r.pick(['left', 'right'])} (${r.chance(0.3) ? 'version' : ''})` : '';
    return `${left} ${operator}${matching}${group} ${right}`;
  }

  quantile(depth) {
    const r = this.random;
    const q = r.pick(['0.5', '0.9', '0.99', '0', '1', '-1', '2', 'NaN']);
    const inner = r.weighted([
      [3, `rate(${this.selector(['request_seconds_bucket'])}[${r.pick(DURATIONS)}])`],
      [2, `sum by (le${r.chance(0.5) ? ', job' : ''}) (rate(request_seconds_bucket[${r.pick(DURATIONS)}]))`],
      [1, this.vector(depth - 1)],
    ]);
    return `histogram_quantile(${q}, ${inner})`;
  }

  native(depth) {
    const r = this.random;
    const base = this.selector(['request_size_bytes']);
    const histogram = r.weighted([
      // Rates of native histograms are extrapolated to zero by newer versions than the one we compare with.
      [3, `${r.pick(['idelta', 'irate'])}(${base}[${r.pick(DURATIONS)}])`],
      [2, base],
      [2, `${r.pick(['sum', 'avg'])} by (job) (${base})`],
      [1, `${r.pick(['sum', 'avg', 'last', 'count'])}_over_time(${base}[${r.pick(DURATIONS)}])`],
      [1, `(${base} ${r.pick(['*', '/'])} ${r.pick(['2', '0.5', '3'])})`],
      [1, `(${base} ${r.pick(['+', '-'])} ${base} offset ${r.pick(DURATIONS)})`],
    ]);
    return r.weighted([
      [2, `histogram_quantile(${r.pick(['0.5', '0.9', '0', '1', '-1'])}, ${histogram})`],
      [3, `histogram_${r.pick(['count', 'sum', 'avg', 'stddev', 'stdvar'])}(${histogram})`],
      [1, `histogram_fraction(${r.pick(['0', '-1', '-Inf'])}, ${r.pick(['1', '0.5', 'Inf'])}, ${histogram})`],
      [2, histogram],
      [depth > 2 ? 1 : 0, `${histogram} + on (job, instance) ${base}`],
    ]);
  }

  label(depth) {
    const r = this.random;
    const inner = this.vector(depth - 1);
    return r.weighted([
      [2, `label_replace(${inner}, "${r.pick(['fresh', 'zone', 'job'])}", "${r.pick(['$1', 'x-$1', '', '${1}y'])}", "${r.pick(LABELS)}", "${r.pick(['(.*)', '(a.*)', '([a-z]).*', 'nothing'])}")`],
      [1, `label_join(${inner}, "joined", "${r.pick(['-', ''])}", "job", "${r.pick(LABELS)}")`],
    ]);
  }

  absent() {
    return `absent(${this.selector([...GAUGES, 'no_such_metric'])})`;
  }
}
