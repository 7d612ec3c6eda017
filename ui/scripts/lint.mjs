// What the type checker cannot see: nothing on the page may reach outside or put unread markup into it.
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const rules = [
  [
    /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write/,
    "markup must be built from elements and text nodes",
  ],
  [/\beval\(|new Function\(/, "no code from text"],
  [/["'`](https?:)?\/\/[a-z0-9]/i, "the page asks nobody but its daemon"],
  [/setAttribute\(\s*["']style["']|cssText/, "inline style attributes are refused by the content security policy"],
  [/\bTODO\b|\bFIXME\b|\bXXX\b/, "finish it or leave it out"],
];

function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : /\.(tsx?|css|mjs)$/.test(entry.name) ? [path] : [];
  });
}

let count = 0;
for (const path of files(join(root, "src"))) {
  readFileSync(path, "utf8")
    .split("\n")
    .forEach((line, i) => {
      for (const [pattern, why] of rules) {
        if (!pattern.test(line)) continue;
        console.error(`${relative(root, path)}:${i + 1}: ${why}`);
        count++;
      }
    });
}
const lock = readFileSync(join(root, "package-lock.json"), "utf8");
if (/"resolved"|https?:\/\/[^"]*registry/.test(lock)) {
  console.error("package-lock.json: names a registry; see .npmrc");
  count++;
}
if (count > 0) process.exit(1);
