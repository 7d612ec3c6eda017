// Bundles test/*.test.ts (TypeScript is not run by Node itself) and runs them with node:test.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const only = process.argv.slice(2);
const tests = readdirSync(join(root, "test")).filter(
  (name) => name.endsWith(".test.ts") && (only.length === 0 || only.some((part) => name.includes(part))),
);
const out = mkdtempSync(join(tmpdir(), "cachescope-ui-test-"));
let status = 1;
try {
  await build({
    entryPoints: tests.map((name) => join(root, "test", name)),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node18",
    sourcemap: "inline",
    jsx: "automatic",
    jsxImportSource: "preact",
    logLevel: "warning",
  });
  const run = spawnSync(
    process.execPath,
    ["--enable-source-maps", "--test", ...tests.map((name) => join(out, name.replace(/\.ts$/, ".mjs")))],
    {
      stdio: "inherit",
      cwd: root,
      env: { ...process.env, TZ: "UTC", UI_ROOT: root },
    },
  );
  status = run.status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
process.exit(status);
