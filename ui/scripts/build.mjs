// Bundles the page into dist/: index.html, and assets/ with names that carry a hash of their content.
// Every file also gets a .gz sibling, so that the daemon sends it as it is.
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, context } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
/** What a reader may have to wait for: everything, compressed. */
const kMostBytes = 102 * 1024;

const options = {
  absWorkingDir: root,
  entryPoints: { app: "src/main.tsx", icon: "src/icon.svg" },
  outdir: "dist/assets",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2021", "chrome100", "firefox100", "safari15"],
  minify: true,
  legalComments: "none",
  metafile: true,
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  loader: { ".svg": "copy" },
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
};

function finish(metafile) {
  const outputs = Object.entries(metafile.outputs);
  const find = (test) => {
    const hit = outputs.find(([path, output]) => test(path, output));
    if (hit === undefined) throw new Error("cannot write index.html: an asset is missing");
    return `/assets/${basename(hit[0])}`;
  };
  const names = {
    script: find((path, output) => output.entryPoint === "src/main.tsx" && path.endsWith(".js")),
    style: find((path) => path.endsWith(".css")),
    icon: find((path) => path.endsWith(".svg")),
  };
  const html = readFileSync(join(root, "index.html"), "utf8").replace(/\{\{(\w+)\}\}/g, (_, name) => names[name]);
  writeFileSync(join(dist, "index.html"), html);
}

function compress() {
  const files = ["index.html", ...readdirSync(join(dist, "assets")).map((name) => join("assets", name))].filter(
    (name) => !name.endsWith(".gz"),
  );
  let total = 0;
  for (const name of files.sort()) {
    const content = readFileSync(join(dist, name));
    const packed = gzipSync(content, { level: 9 });
    writeFileSync(join(dist, `${name}.gz`), packed);
    total += packed.length;
    console.log(
      `${name.padEnd(36)} ${String(content.length).padStart(8)} B  ${String(packed.length).padStart(7)} B gzip`,
    );
  }
  console.log(`${"together".padEnd(36)} ${" ".repeat(10)}  ${String(total).padStart(7)} B gzip, limit ${kMostBytes}`);
  if (total > kMostBytes) throw new Error(`the page weighs ${total} bytes compressed, more than ${kMostBytes}`);
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, "assets"), { recursive: true });
if (process.argv.includes("--watch")) {
  const watch = await context({
    ...options,
    minify: false,
    sourcemap: true,
    entryNames: "[name]",
    plugins: [
      {
        name: "index",
        setup: (setup) =>
          setup.onEnd((result) => {
            if (result.metafile !== undefined && result.errors.length === 0) finish(result.metafile);
          }),
      },
    ],
  });
  await watch.watch();
} else {
  const result = await build(options);
  finish(result.metafile);
  compress();
}
if (!statSync(join(dist, "index.html")).isFile()) throw new Error("cannot build the page: no index.html");
