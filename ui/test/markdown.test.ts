import assert from "node:assert/strict";
import { test } from "node:test";
import type { VNode } from "preact";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { safeUrl } from "../src/lib/links";
import { Markdown, slug } from "../src/lib/markdown";

/** The tree as text, element names in brackets. */
function show(node: unknown): string {
  if (node === null || node === undefined || typeof node === "boolean") return "";
  if (Array.isArray(node)) return node.map(show).join("");
  if (typeof node !== "object") return String(node);
  const { type, props } = node as VNode<{ children?: unknown; url?: string }>;
  const name = typeof type === "string" ? type : props.url === undefined ? "?" : `link ${props.url}`;
  return `<${name}>${show(props.children)}</>`;
}
const render = (text: string): string => show((Markdown({ text }).props as { children?: unknown }).children);

test("markdown: blocks and inline", () => {
  assert.equal(
    render("# A *b*\n\ntext **bold** `co*de`\nmore"),
    "<h1>A <em>b</></><p>text <strong>bold</> <code>co*de</>\nmore</>",
  );
  assert.equal(render("- a\n- b\n  - c\n\n1. d"), "<ul><li>a</><li>b<ul><li>c</></></></><ol><li>d</></>");
  assert.equal(render("```\n<b>\n```"), "<pre><code><b></></>");
  assert.equal(
    render("a | b\n--|--\n1 | 2"),
    "<table><thead><tr><th>a</><th>b</></></><tbody><tr><td>1</><td>2</></></></>",
  );
  assert.equal(render("[x](/d/redis)"), "<p><link /d/redis>x</></>");
});

test("markdown: markup of the source stays text", () => {
  assert.equal(render("<script>alert(1)</script>"), "<p><script>alert(1)</script></>");
});

test("markdown: addresses that run something are refused", () => {
  for (const url of [
    "javascript:alert(1)",
    " java\tscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "//elsewhere/x",
  ])
    assert.equal(safeUrl(url), undefined, url);
  for (const url of ["/advice/redis#x", "https://a/b", "#here", "d/x"]) assert.equal(safeUrl(url), url);
});

test("markdown: every alert's runbook has its section in the advice page", () => {
  const folder = join(process.env["UI_ROOT"] ?? ".", "../catalog/redis");
  const headings = new Set(
    [...readFileSync(join(folder, "advice.md"), "utf8").matchAll(/^#+ (.*)$/gm)].map((match) => slug(match[1] ?? "")),
  );
  const links = [
    ...readFileSync(join(folder, "rules.yml"), "utf8").matchAll(/runbook_url: \/advice\/redis#(\S+)/g),
  ].map((match) => match[1] ?? "");
  assert.ok(links.length >= 12);
  for (const link of links) assert.ok(headings.has(link), link);
});
