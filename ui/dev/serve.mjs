// Serves ui/dist with the dashboards of the catalogue in front of a running Prometheus: for working on the page.
//   PROMETHEUS_URL=http://127.0.0.1:9090 PORT=8080 node dev/serve.mjs
import { createReadStream, existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { createServer, request } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const kTypes = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
/** The policy the page must work under. */
export const kPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Dashboards of the catalogue, and of DASHBOARDS (a folder) when set. */
function dashboards(extra) {
  const files = readdirSync(join(root, "../catalog"), { withFileTypes: true })
    .map((entry) => join(root, "../catalog", entry.name, "dashboard.json"))
    .filter(existsSync);
  if (extra)
    files.push(
      ...readdirSync(extra)
        .filter((name) => name.endsWith(".json"))
        .map((name) => join(extra, name)),
    );
  const found = new Map();
  for (const file of files) {
    const json = JSON.parse(readFileSync(file, "utf8"));
    const board = json.dashboard ?? json;
    const uid =
      board.uid ||
      file
        .split("/")
        .pop()
        .replace(/\.json$/, "");
    if (!found.has(uid)) found.set(uid, { ...board, uid });
  }
  return found;
}

function sendJson(response, status, value) {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(value));
}

function proxy(prometheus, incoming, response) {
  const target = new URL(prometheus);
  const outgoing = request(
    {
      host: target.hostname,
      port: target.port,
      path: incoming.url,
      method: incoming.method,
      headers: { ...incoming.headers, host: target.host },
    },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  outgoing.on("error", (error) => {
    response.writeHead(502, { "Content-Type": "text/plain" });
    response.end(`cannot reach Prometheus: ${error.message}`);
  });
  incoming.pipe(outgoing);
}

function sendFile(path, request_, response) {
  const file = normalize(join(dist, path));
  const isAsset = path.startsWith("/assets/");
  const found =
    file.startsWith(dist) && existsSync(file) && statSync(file).isFile()
      ? file
      : isAsset
        ? undefined
        : join(dist, "index.html");
  if (found === undefined) {
    response.writeHead(404);
    response.end();
    return;
  }
  const packed = (request_.headers["accept-encoding"] ?? "").includes("gzip") && existsSync(`${found}.gz`);
  response.writeHead(200, {
    "Content-Type": kTypes[extname(found)] ?? "application/octet-stream",
    "Content-Security-Policy": kPolicy,
    "Cache-Control": isAsset ? "public, max-age=31536000, immutable" : "no-cache",
    ...(packed ? { "Content-Encoding": "gzip" } : {}),
  });
  createReadStream(packed ? `${found}.gz` : found).pipe(response);
}

/** Starts the server on a loopback port (0 picks a free one) and gives its address. `api` answers instead of Prometheus. */
export function serve({ prometheus, api, port = 0, extra = "" }) {
  const server = createServer((incoming, response) => {
    const path = new URL(incoming.url ?? "/", "http://localhost").pathname;
    if (path === "/api/dashboards") {
      return sendJson(
        response,
        200,
        [...dashboards(extra).values()].map(({ uid, title, tags }) => ({ uid, title, tags: tags ?? [] })),
      );
    }
    if (path.startsWith("/api/dashboards/")) {
      const board = dashboards(extra).get(decodeURIComponent(path.slice(16)));
      return board === undefined
        ? sendJson(response, 404, { status: "error", error: "no such dashboard" })
        : sendJson(response, 200, board);
    }
    const advice = /^\/api\/advice\/([\w-]+)$/.exec(path);
    if (advice !== null) {
      const file = join(root, "../catalog", advice[1], "advice.md");
      response.writeHead(existsSync(file) ? 200 : 404, { "Content-Type": "text/markdown; charset=utf-8" });
      return response.end(existsSync(file) ? readFileSync(file) : "");
    }
    if (path.startsWith("/api/") && api !== undefined) return api(incoming, response);
    if (path.startsWith("/api/")) return proxy(prometheus, incoming, response);
    return sendFile(path, incoming, response);
  });
  return new Promise((resolve) =>
    server.listen(port, "127.0.0.1", () =>
      resolve({ url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }),
    ),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serve({
    prometheus: process.env.PROMETHEUS_URL ?? "http://127.0.0.1:9090",
    port: Number(process.env.PORT ?? 8080),
    extra: process.env.DASHBOARDS ?? "",
  });
  console.log(url);
}
