// A daemon's alerting API with a night's trouble in it, kept in memory: for the browser tests of the alert pages and for
// looking at them.   PORT=8080 node test/alerting_mock.mjs
import { fileURLToPath } from "node:url";
import { serve } from "../dev/serve.mjs";

const kHourMs = 3_600_000;
const ago = (ms) => new Date(Date.now() - ms).toISOString();
const id = (n) => (0x7f3c91b2 + n).toString(16).padStart(16, "0");

function makeAlert(n, name, labels, minutes, more = {}) {
  return {
    fingerprint: id(n),
    labels: { alertname: name, job: "redis", ...labels },
    annotations: {
      summary: `${name} on ${labels.instance ?? "the cluster"}`,
      runbook_url: `/advice/redis#${name.toLowerCase()}`,
    },
    startsAt: ago(minutes * 60_000),
    updatedAt: ago(5_000),
    endsAt: ago(-240_000),
    generatorURL: "http://localhost/graph?g0.expr=redis_up+%3D%3D+0",
    receivers: [{ name: labels.severity === "critical" ? "pager" : "chat" }],
    status: { state: "active", silencedBy: [], inhibitedBy: [], mutedBy: [] },
    value: "0.42",
    acknowledged: null,
    escalation: null,
    cooldownUntil: null,
    flapping: false,
    transitions: 1,
    ...more,
  };
}

function matches(matcher, labels) {
  const text = labels[matcher.name] ?? "";
  const hit = matcher.isRegex ? new RegExp(`^(?:${matcher.value})$`).test(text) : text === matcher.value;
  return hit === (matcher.isEqual ?? true);
}

function parseFilter(text) {
  const parts = /^([\w.:]+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"$/.exec(text);
  if (parts === null) throw new Error(`filter: bad matcher format: ${text}`);
  return {
    name: parts[1],
    isEqual: parts[2].startsWith("="),
    isRegex: parts[2].endsWith("~"),
    value: parts[3].replace(/\\(.)/g, "$1"),
  };
}

function makeState() {
  const silenceId = "2b1d6a1e-54a7-4d7c-9a51-0d3c8f0c1a77";
  const alerts = [
    makeAlert(0, "RedisDown", { severity: "critical", cluster: "orders", instance: "redis-2:6379" }, 14, {
      annotations: {
        summary: "Shard 2 of 6 is unreachable; its replica was promoted",
        description: "No answer for 30 s. Hit ratio fell from 95 % to 81 % and recovers.",
        runbook_url: "/advice/redis#redisdown",
        dashboard: "redis",
      },
      value: "0",
      escalation: { policy: "night", step: 1, steps: 2, severity: "critical", receiver: "lead", nextAt: ago(-380_000) },
    }),
    makeAlert(1, "RedisHitRatioLow", { severity: "warning", cluster: "orders", instance: "redis-1:6379" }, 12),
    makeAlert(2, "RedisHitRatioLow", { severity: "warning", cluster: "orders", instance: "redis-3:6379" }, 11, {
      flapping: true,
      transitions: 14,
      cooldownUntil: ago(-900_000),
    }),
    makeAlert(3, "RedisMemoryHigh", { severity: "warning", cluster: "sessions", instance: "redis-9:6379" }, 190, {
      value: "0.9312",
      acknowledged: { author: "ana", comment: "resize is planned for Tuesday", at: ago(40 * 60_000) },
    }),
    makeAlert(4, "RedisReplicationBroken", { severity: "critical", cluster: "orders", instance: "redis-5:6379" }, 13, {
      status: { state: "suppressed", silencedBy: [], inhibitedBy: [id(0)], mutedBy: [] },
    }),
    makeAlert(5, "RedisEvictions", { severity: "info", cluster: "thumbs", instance: "redis-12:6379" }, 3_000, {
      status: { state: "suppressed", silencedBy: [silenceId], inhibitedBy: [], mutedBy: [] },
      value: "1834.2",
    }),
    makeAlert(6, "BackupLate", { severity: "info", cluster: "thumbs", instance: "redis-12:6379" }, 600, {
      status: { state: "suppressed", silencedBy: [], inhibitedBy: [], mutedBy: ["nights"] },
      value: "91230",
    }),
  ];
  const silences = [
    {
      id: silenceId,
      status: { state: "active" },
      matchers: [
        { name: "alertname", value: "RedisEvictions", isRegex: false, isEqual: true },
        { name: "cluster", value: "thumbs|previews", isRegex: true, isEqual: true },
      ],
      startsAt: ago(2 * kHourMs),
      endsAt: ago(-6 * kHourMs),
      createdBy: "ben",
      comment: "thumbnails may be evicted, the policy is being changed",
      updatedAt: ago(2 * kHourMs),
    },
    {
      id: "91f0a6d2-0d0e-4a54-8d7a-77a0c1b6d001",
      status: { state: "pending" },
      matchers: [{ name: "cluster", value: "orders", isRegex: false, isEqual: true }],
      startsAt: ago(-20 * kHourMs),
      endsAt: ago(-22 * kHourMs),
      createdBy: "ana",
      comment: "upgrade of the orders cluster",
      updatedAt: ago(kHourMs),
    },
    {
      id: "c0ffee00-0d0e-4a54-8d7a-77a0c1b6d002",
      status: { state: "expired" },
      matchers: [{ name: "instance", value: "redis-4:6379", isRegex: false, isEqual: true }],
      startsAt: ago(50 * kHourMs),
      endsAt: ago(48 * kHourMs),
      createdBy: "ana",
      comment: "new disk",
      updatedAt: ago(48 * kHourMs),
    },
  ];
  const kinds = [
    ["notified", { receiver: "pager", integration: "webhook", ok: true, reason: "", status: "firing", lead: true }],
    ["acknowledged", { author: "ana", comment: "on it" }],
    ["escalated", { policy: "night", step: 1, receiver: "lead" }],
    ["resolved", {}],
    ["suppressed", { why: "silence", begins: false }],
    ["firing", { startsAt: ago(1_000), labels: { alertname: "x", cluster: "orders" } }],
    [
      "notified",
      { receiver: "chat", integration: "slack", ok: false, reason: "HTTP 403", status: "firing", lead: true },
    ],
  ];
  const events = Array.from({ length: 450 }, (_, i) => {
    const alert = alerts[i % alerts.length];
    const [kind, details] = kinds[(i + Math.floor(i / alerts.length)) % kinds.length];
    return {
      id: String(1_000 - i),
      at: ago((i + 1) * 180_000),
      kind,
      fingerprint: alert.fingerprint,
      alertname: alert.labels.alertname,
      details,
    };
  });
  const thresholds = [
    {
      id: "t1",
      name: "SessionsMemory",
      expression: "redis_memory_used_bytes / redis_memory_max_bytes",
      operator: ">",
      value: 0.9,
      severity: "critical",
      for: "5m",
      cooldown: "30m",
      escalation: [{ after: "10m", severity: "critical", receiver: "lead" }],
      summary: "Memory of {{ $labels.instance }} is nearly full",
      enabled: true,
      author: "ana",
      createdAt: ago(99 * kHourMs),
      updatedAt: ago(9 * kHourMs),
      state: "firing",
    },
    {
      id: "t2",
      name: "FewHits",
      expression: "sum(rate(redis_keyspace_hits_total[5m]))",
      operator: "<",
      value: 100,
      severity: "warning",
      for: "15m",
      cooldown: "1h",
      escalation: [],
      summary: "",
      enabled: false,
      author: "ben",
      createdAt: ago(99 * kHourMs),
      updatedAt: ago(9 * kHourMs),
      state: "inactive",
    },
  ];
  const integrations = (name, more) => ({
    name,
    supported: true,
    sent: 0,
    failed: 0,
    lastError: "",
    lastErrorAt: null,
    lastSentAt: null,
    ...more,
  });
  const receivers = [
    { name: "pager", integrations: [integrations("webhook[0]", { sent: 41, lastSentAt: ago(800_000) })] },
    {
      name: "chat",
      integrations: [
        integrations("slack[0]", {
          sent: 120,
          failed: 7,
          lastError: "HTTP 403 from the server: invalid_token",
          lastErrorAt: ago(60_000),
          lastSentAt: ago(9 * kHourMs),
        }),
        integrations("wechat[1]", { supported: false }),
      ],
    },
    { name: "nobody", integrations: [] },
  ];
  return { alerts, silences, events, thresholds, receivers, drills: 0, ids: 0, seen: [] };
}

function rules(state) {
  const rule = (name, query, more = {}) => ({
    type: "alerting",
    name,
    query,
    duration: 60,
    state: "inactive",
    health: "ok",
    lastError: "",
    labels: { severity: "warning" },
    annotations: {},
    alerts: [],
    evaluationTime: 0.0004,
    lastEvaluation: ago(4_000),
    ...more,
  });
  const group = (name, members) => ({
    name,
    file: "catalog/redis/rules.yml",
    interval: 15,
    evaluationTime: 0.0031,
    lastEvaluation: ago(4_000),
    rules: members,
  });
  void state;
  return {
    groups: [
      group("redis", [
        rule("RedisDown", "redis_up == 0", { state: "firing", labels: { severity: "critical" } }),
        rule("RedisHitRatioLow", "hits / (hits + misses) < 0.8", { state: "firing" }),
        rule("RedisSlow", "redis_latency_seconds_total > 1", { state: "inactive" }),
        rule("RedisConnectionsHigh", "redis_connected_clients > 1000", { state: "pending" }),
        rule("RedisBroken", "sum(a) / on(b) c", { health: "err", lastError: "many-to-many matching not allowed" }),
      ]),
      group("recording", [rule("job:hits:rate5m", "sum by (job) (rate(hits[5m]))", { type: "recording" })]),
    ],
  };
}

function explanation(alert) {
  const startS = Date.parse(alert.startsAt) / 1_000;
  const nowS = Math.floor(Date.now() / 1_000);
  const points = [];
  for (let t = nowS - 3_600; t <= nowS; t += 15)
    points.push([t, (t < startS - 30 ? 0.95 + 0.01 * Math.sin(t / 90) : 0.62 + 0.05 * Math.sin(t / 60)).toFixed(4)]);
  return {
    fingerprint: alert.fingerprint,
    alertname: alert.labels.alertname,
    query: "hits / (hits + misses) < 0.8",
    values: { query: "hits / (hits + misses)", comparison: "<", threshold: "0.8", points },
    changes: [
      { at: ago(15 * 60_000), kind: "restart", text: "redis-2:6379 restarted", series: {} },
      { at: ago(25 * 60_000), kind: "info", text: "redis_version of redis-2:6379: 7.0.1 → 7.2.4", series: {} },
    ],
    moved: [
      {
        series: { __name__: "redis_evicted_keys_total", instance: "redis-2:6379", job: "redis" },
        rate: true,
        before: "1",
        after: "400.5",
        score: 99.5,
        onset: ago(14.5 * 60_000),
      },
      {
        series: { __name__: "redis_connected_clients", instance: "redis-3:6379", job: "redis" },
        rate: false,
        before: "210",
        after: "655",
        score: 12,
        onset: ago(13 * 60_000),
      },
    ],
    seriesRead: 812,
    seriesCut: true,
    alerts: [{ fingerprint: id(1), alertname: "RedisHitRatioLow", startsAt: ago(12 * 60_000) }],
    annotations: [{ at: ago(26 * 60_000), text: "deploy of orders 1.24", tags: ["deploy"] }],
    runbook: "/advice/redis#redisdown",
  };
}

const kStatistics = (state) => ({
  start: ago(168 * kHourMs),
  end: ago(0),
  total: { fired: 143, pages: 31, nightPages: 9, meanSecondsToAcknowledge: 312, meanSecondsToResolve: 2_710 },
  alerts: [...new Set(state.alerts.map((one) => one.labels.alertname))].map((alertname, i) => ({
    alertname,
    fired: 60 - i * 11,
    resolved: 60 - i * 11,
    firingSeconds: 72_000 / (i + 1),
    meanSecondsToAcknowledge: i % 2 === 0 ? 240 * (i + 1) : null,
    meanSecondsToResolve: 1_800 / (i + 1),
    pages: [3, 19, 0, 9, 0, 0][i] ?? 0,
    nightPages: [1, 7, 0, 1, 0, 0][i] ?? 0,
    flaps: [0, 4, 0, 0, 0, 0][i] ?? 0,
    neverAcknowledged: [0, 12, 0, 1, 0, 2][i] ?? 0,
    lastFiredAt: ago((i + 1) * kHourMs),
  })),
});

class Refusal extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

const kPlain = Symbol("not in Prometheus' envelope");
const plain = (value) => ({ [kPlain]: value });

function filtered(state, filters) {
  const matchers = filters.map(parseFilter);
  return state.alerts.filter((one) => matchers.every((matcher) => matches(matcher, one.labels)));
}

/** What the daemon would answer; throws Refusal. */
function answer(state, method, url, body) {
  const path = url.pathname;
  const rest = (prefix) => decodeURIComponent(path.slice(prefix.length));
  const query = url.searchParams;
  if (method !== "GET") state.seen.push({ method, path, search: url.search, body });
  if (path === "/api/v1/alerts")
    return {
      alerts: [
        {
          labels: { alertname: "RedisConnectionsHigh", severity: "warning", instance: "redis-7:6379" },
          annotations: { summary: "Many clients on redis-7:6379" },
          state: "pending",
          activeAt: ago(40_000),
          value: "1.2e+03",
        },
        ...state.alerts.map((one) => ({ ...one, state: "firing", activeAt: one.startsAt })),
      ],
    };
  if (path === "/api/v1/rules") return rules(state);
  if (path === "/api/v1/targets") return { activeTargets: [], droppedTargets: [] };
  if (path === "/api/v1/query") return { resultType: "vector", result: [{ metric: { a: "b" }, value: [1, "1"] }] };
  if (path === "/api/v1/query_range") {
    const [start, end, step] = ["start", "end", "step"].map((name) => Number(query.get(name)));
    const values = [];
    for (let t = start; t <= end; t += step) values.push([t, String(0.8 + 0.1 * Math.sin(t / 400))]);
    return { resultType: "matrix", result: [{ metric: { instance: "redis-1:6379" }, values }] };
  }
  if (path === "/api/v1/alerting/alerts") return { alerts: filtered(state, query.getAll("filter")) };
  if (path === "/api/v2/alerts/groups")
    return plain([
      { labels: { cluster: "orders" }, receiver: { name: "pager" }, alerts: filtered(state, ['cluster="orders"']) },
      { labels: { cluster: "thumbs" }, receiver: { name: "chat" }, alerts: filtered(state, ['cluster="thumbs"']) },
    ]);
  if (path === "/api/v1/alerting/acknowledgements" && method === "POST") {
    const alert = state.alerts.find((one) => one.fingerprint === body.fingerprint);
    if (alert === undefined) throw new Refusal(404, `fingerprint: no alert ${body.fingerprint}`);
    alert.acknowledged = { author: body.author, comment: body.comment, at: ago(0) };
    return { acknowledged: [alert.fingerprint] };
  }
  if (path.startsWith("/api/v1/alerting/acknowledgements/") && method === "DELETE") {
    const alert = state.alerts.find((one) => one.fingerprint === rest("/api/v1/alerting/acknowledgements/"));
    if (alert === undefined) throw new Refusal(404, "no such acknowledgement");
    alert.acknowledged = null;
    return {};
  }
  if (path === "/api/v1/alerting/history") {
    const before = Number(query.get("before") ?? Number.POSITIVE_INFINITY);
    return {
      events: state.events
        .filter(
          (one) =>
            Number(one.id) < before &&
            ["kind", "alertname", "fingerprint"].every((name) => !query.has(name) || query.get(name) === one[name]) &&
            (!query.has("start") || one.at >= query.get("start")),
        )
        .slice(0, Number(query.get("limit") ?? 1_000)),
    };
  }
  if (path === "/api/v1/alerting/statistics") return kStatistics(state);
  if (path.startsWith("/api/v1/alerting/explain/")) {
    const alert = state.alerts.find((one) => one.fingerprint === rest("/api/v1/alerting/explain/"));
    if (alert === undefined) throw new Refusal(404, "fingerprint: no such alert");
    return explanation(alert);
  }
  if (path === "/api/v1/alerting/thresholds" && method === "GET") return { thresholds: state.thresholds };
  if (path.startsWith("/api/v1/alerting/thresholds")) {
    if (method !== "DELETE" && /\bsum\($/.test(body.expression))
      throw new Refusal(400, "expression: 1:5: unexpected end of input");
    const found = state.thresholds.findIndex((one) => one.id === rest("/api/v1/alerting/thresholds/"));
    if (method === "POST") state.thresholds.push({ ...body, id: `new${++state.ids}`, state: "inactive" });
    else if (found < 0) throw new Refusal(404, "no such threshold");
    else if (method === "DELETE") state.thresholds.splice(found, 1);
    else Object.assign(state.thresholds[found], body);
    return {};
  }
  if (path === "/api/v1/alerting/selectors")
    return {
      findings: [
        {
          group: "redis",
          file: "catalog/redis/rules.yml",
          rule: "RedisSlow",
          selector: "redis_latency_seconds_total",
          verdict: "nothing",
          why: "no metric has this name",
          repair: "redis_latency_percentiles_usec",
          lastMatchedAt: ago(50 * kHourMs),
        },
      ],
    };
  if (path === "/api/v1/alerting/receivers") return { receivers: state.receivers };
  const drilled = /^\/api\/v1\/alerting\/receivers\/([^/]+)\/test$/.exec(path);
  if (drilled !== null && method === "POST") {
    state.drills++;
    const receiver = state.receivers.find((one) => one.name === decodeURIComponent(drilled[1]));
    return {
      results: receiver.integrations.map(({ name, lastError }) => ({
        integration: name,
        ok: lastError === "",
        error: lastError,
        seconds: 0.031,
      })),
    };
  }
  if (path === "/api/v1/alerting/route") {
    const labels = query.getAll("label");
    const critical = labels.includes("severity=critical");
    return {
      routes: [
        {
          path: critical ? "0.1" : "0",
          receiver: critical ? "pager" : "chat",
          groupBy: ["cluster"],
          continue: false,
          matchers: critical ? ['severity="critical"'] : [],
        },
      ],
    };
  }
  if (path === "/api/v2/silences" && method === "GET") return plain(state.silences);
  if (path === "/api/v2/silences" && method === "POST") {
    if (!(Date.parse(body.endsAt) > Date.parse(body.startsAt))) throw new Refusal(400, "endsAt: before startsAt");
    const silence = { ...body, id: body.id ?? `s-${++state.ids}`, status: { state: "active" }, updatedAt: ago(0) };
    state.silences = [...state.silences.filter((one) => one.id !== silence.id), silence];
    for (const alert of state.alerts)
      if (silence.matchers.every((matcher) => matches(matcher, alert.labels)))
        alert.status = { ...alert.status, state: "suppressed", silencedBy: [silence.id] };
    return plain({ silenceID: silence.id });
  }
  if (path.startsWith("/api/v2/silence/") && method === "DELETE") {
    const silence = state.silences.find((one) => one.id === rest("/api/v2/silence/"));
    if (silence === undefined) throw new Refusal(404, "silence not found");
    silence.status = { state: "expired" };
    silence.endsAt = ago(0);
    return plain(undefined);
  }
  throw new Refusal(404, `no such endpoint: ${path}`);
}

async function readBody(incoming) {
  const parts = [];
  for await (const part of incoming) parts.push(part);
  const text = Buffer.concat(parts).toString();
  return text === "" ? undefined : JSON.parse(text);
}

/** The built page in front of the mock; `state` may be changed while it runs. */
export async function serveAlerts(port = 0) {
  const state = makeState();
  const api = async (incoming, response) => {
    const url = new URL(incoming.url, "http://localhost");
    try {
      const result = answer(state, incoming.method, url, await readBody(incoming));
      const isPlain = Object.getOwnPropertySymbols(result).includes(kPlain);
      response.writeHead(200, { "Content-Type": "application/json" });
      response.end(JSON.stringify(isPlain ? result[kPlain] : { status: "success", data: result }));
    } catch (cause) {
      response.writeHead(cause instanceof Refusal ? cause.status : 400, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ status: "error", errorType: "bad_data", error: cause.message }));
    }
  };
  const { url, close } = await serve({ api, port });
  return { url, close, state };
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log((await serveAlerts(Number(process.env.PORT ?? 0))).url);
