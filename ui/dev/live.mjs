// A real Redis pair under load, redis_exporter and Prometheus, all in a temporary folder on free loopback ports, and the page
// in front of them. For looking at the page with true data; ends everything it started when it is stopped.
//   node dev/live.mjs            prints the page's address
// The load's working set moves every SHIFT_SECONDS (default 240), so that the hit ratio falls and recovers.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "./serve.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "cachescope-ui-live-"));
const children = [];
const kShiftMs = Number(process.env.SHIFT_SECONDS ?? 240) * 1_000;

function start(command, args) {
  const child = spawn(command, args, {
    cwd: folder,
    stdio: ["ignore", "ignore", process.env.VERBOSE ? "inherit" : "ignore"],
  });
  child.on("exit", (code) => {
    if (!stopping) console.error(`${command} ended with ${code}`);
  });
  children.push(child);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

let stopping = false;
function stop() {
  if (stopping) return;
  stopping = true;
  for (const child of children) child.kill("SIGTERM");
  setTimeout(() => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(0);
  }, 1_500);
}
process.on("SIGINT", stop);
process.on("SIGTERM", stop);

/** Gets and fills keys of a working set that moves; a read-through cache as a program would use it. */
function load(port, { keys, perSecond, shiftMs, ttl }) {
  const socket = connect(port, "127.0.0.1");
  socket.setNoDelay(true);
  socket.on("error", () => undefined);
  let waiting = [];
  let rest = "";
  const command = (...args) =>
    `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join("")}`;
  const value = "v".repeat(900);
  socket.on("data", (data) => {
    rest += data.toString("latin1");
    let fills = "";
    for (;;) {
      const end = rest.indexOf("\r\n");
      if (end < 0) break;
      const head = rest.slice(0, end);
      let next = end + 2;
      if (head[0] === "$" && head !== "$-1") {
        next += Number(head.slice(1)) + 2;
        if (rest.length < next) break;
      }
      rest = rest.slice(next);
      const key = waiting.shift();
      if (head === "$-1" && key !== undefined) {
        fills += command("SET", key, value, "EX", String(ttl));
        waiting.push(undefined);
      }
    }
    if (fills !== "" && !socket.destroyed) socket.write(fills);
  });
  const startAt = Date.now();
  setInterval(() => {
    const generation = shiftMs > 0 ? Math.floor((Date.now() - startAt) / shiftMs) : 0;
    const wave = 1 + 0.3 * Math.sin(Date.now() / 40_000);
    let batch = "";
    for (let i = 0; i < (perSecond / 20) * wave; i++) {
      const rank = Math.floor(keys * Math.random() ** 3);
      const key = `item:${generation}:${rank}`;
      batch += command("GET", key);
      waiting.push(key);
    }
    if (!socket.destroyed) socket.write(batch);
  }, 50);
}

const [main, small, gone, exporter, prometheus] = [
  await freePort(),
  await freePort(),
  await freePort(),
  await freePort(),
  await freePort(),
];
for (const [port, memory, policy] of [
  [main, "64mb", "allkeys-lru"],
  [small, "0", "noeviction"],
]) {
  start("redis-server", [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--maxmemory",
    memory,
    "--maxmemory-policy",
    policy,
    "--dir",
    folder,
  ]);
}
start("prometheus-redis-exporter", ["-web.listen-address", `127.0.0.1:${exporter}`]);
const rules = readdirSync(join(root, "../catalog"))
  .map((name) => join(root, "../catalog", name, "rules.yml"))
  .filter(existsSync);
mkdirSync(join(folder, "data"));
writeFileSync(
  join(folder, "prometheus.yml"),
  `global: {scrape_interval: 5s, evaluation_interval: 5s}
rule_files: [${rules.map((file) => JSON.stringify(file)).join(", ")}]
scrape_configs:
  - job_name: redis
    metrics_path: /scrape
    static_configs: [{targets: ["redis://127.0.0.1:${main}", "redis://127.0.0.1:${small}", "redis://127.0.0.1:${gone}"]}]
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance, regex: "redis://(.*)"}
      - {target_label: __address__, replacement: "127.0.0.1:${exporter}"}
  - job_name: prometheus
    static_configs: [{targets: ["127.0.0.1:${prometheus}"]}]
  - job_name: nothing-there
    static_configs: [{targets: ["127.0.0.1:1"]}]
`,
);
start("prometheus", [
  `--config.file=${join(folder, "prometheus.yml")}`,
  `--storage.tsdb.path=${join(folder, "data")}`,
  `--web.listen-address=127.0.0.1:${prometheus}`,
  "--log.level=warn",
]);
setTimeout(() => {
  load(main, { keys: 60_000, perSecond: 2_500, shiftMs: kShiftMs, ttl: 900 });
  load(small, { keys: 3_000, perSecond: 150, shiftMs: 0, ttl: 60 });
}, 1_000);
const page = await serve({
  prometheus: `http://127.0.0.1:${prometheus}`,
  port: Number(process.env.PORT ?? 0),
  extra: process.env.DASHBOARDS ?? "",
});
console.log(`page ${page.url}\nprometheus http://127.0.0.1:${prometheus}\nredis ${main} ${small}`);
