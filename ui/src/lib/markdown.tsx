// Markdown and a harmless part of HTML as elements. Text stays text: no markup of the source reaches the page unread.

import { h, type ComponentChildren, type VNode } from "preact";
import { safeUrl } from "./links";

function Link(props: { url: string; children: ComponentChildren }): VNode {
  const url = safeUrl(props.url);
  if (url === undefined) return <span>{props.children}</span>;
  const outside = /^https?:/i.test(url);
  return outside ? (
    <a href={url} target="_blank" rel="noreferrer noopener">
      {props.children}
    </a>
  ) : (
    <a href={url}>{props.children}</a>
  );
}

const kInline =
  /(`+)([^`].*?)\1|\*\*(.+?)\*\*|__(.+?)__|\*([^*\s][^*]*?)\*|\b_([^_\s][^_]*?)_\b|!?\[([^\]]*)\]\(([^)\s]*)[^)]*\)|<(https?:[^>\s]+)>/;

function inline(text: string): ComponentChildren[] {
  const out: ComponentChildren[] = [];
  let rest = text;
  for (;;) {
    const match = kInline.exec(rest);
    if (match === null) break;
    if (match.index > 0) out.push(rest.slice(0, match.index));
    const [whole, , code, bold, bold2, italic, italic2, label, url, auto] = match;
    if (code !== undefined) out.push(<code>{code.trim()}</code>);
    else if (bold !== undefined || bold2 !== undefined) out.push(<strong>{inline(bold ?? bold2 ?? "")}</strong>);
    else if (italic !== undefined || italic2 !== undefined) out.push(<em>{inline(italic ?? italic2 ?? "")}</em>);
    else if (url !== undefined) out.push(<Link url={url}>{inline(label || url)}</Link>);
    else if (auto !== undefined) out.push(<Link url={auto}>{auto}</Link>);
    rest = rest.slice(match.index + whole.length);
  }
  if (rest !== "") out.push(rest);
  return out;
}

/** The id other pages link to: "Hit ratio low" → "hit-ratio-low"; "RedisDown" → "redisdown". */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[`*_]/g, "")
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "");
}

const cells = (line: string): string[] =>
  line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim());
const kListItem = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;

interface Block {
  node: VNode;
  next: number;
}

function list(lines: readonly string[], start: number): Block {
  const first = kListItem.exec(lines[start] ?? "");
  const ordered = /\d/.test(first?.[2] ?? "");
  const items: VNode[] = [];
  let i = start;
  while (i < lines.length) {
    const match = kListItem.exec(lines[i] ?? "");
    if (match === null) break;
    const text: string[] = [match[3] ?? ""];
    const nested: VNode[] = [];
    i++;
    while (i < lines.length && /^\s{2,}\S/.test(lines[i] ?? "")) {
      const child = kListItem.exec(lines[i] ?? "");
      if (child !== null && (child[1] ?? "").length > (match[1] ?? "").length) {
        const block = list(lines, i);
        nested.push(block.node);
        i = block.next;
      } else if (child !== null) {
        break;
      } else {
        text.push((lines[i] ?? "").trim());
        i++;
      }
    }
    items.push(
      <li>
        {inline(text.join(" "))}
        {nested}
      </li>,
    );
    if ((kListItem.exec(lines[i] ?? "")?.[1] ?? "").length < (match[1] ?? "").length) break;
  }
  return { node: ordered ? <ol>{items}</ol> : <ul>{items}</ul>, next: i };
}

function fenced(lines: readonly string[], start: number): Block {
  let i = start + 1;
  const body: string[] = [];
  while (i < lines.length && !/^\s*```/.test(lines[i] ?? "")) body.push(lines[i++] ?? "");
  return {
    node: (
      <pre>
        <code>{body.join("\n")}</code>
      </pre>
    ),
    next: i + 1,
  };
}

function tableBlock(lines: readonly string[], start: number): Block {
  let i = start + 2;
  const rows: VNode[] = [];
  while (i < lines.length && (lines[i] ?? "").includes("|"))
    rows.push(
      <tr>
        {cells(lines[i++] ?? "").map((cell) => (
          <td>{inline(cell)}</td>
        ))}
      </tr>,
    );
  const head = cells(lines[start] ?? "").map((cell) => <th>{inline(cell)}</th>);
  return {
    node: (
      <table>
        <thead>
          <tr>{head}</tr>
        </thead>
        <tbody>{rows}</tbody>
      </table>
    ),
    next: i,
  };
}

const isBlockStart = (line: string): boolean =>
  /^\s*(#{1,6}\s|```|>|([-*_]\s*){3,}$)/.test(line) || kListItem.test(line);

function block(lines: readonly string[], i: number): Block {
  const line = lines[i] ?? "";
  const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
  if (heading !== null) {
    return {
      node: h(`h${(heading[1] ?? "#").length}`, { id: slug(heading[2] ?? "") }, inline(heading[2] ?? "")),
      next: i + 1,
    };
  }
  if (/^\s*```/.test(line)) return fenced(lines, i);
  if (/^\s*([-*_]\s*){3,}$/.test(line)) return { node: <hr />, next: i + 1 };
  if (kListItem.test(line)) return list(lines, i);
  if (line.includes("|") && /^\s*\|?\s*:?-{2,}/.test(lines[i + 1] ?? "")) return tableBlock(lines, i);
  const text: string[] = [];
  let j = i;
  if (/^\s*>/.test(line)) {
    while (/^\s*>/.test(lines[j] ?? "")) text.push((lines[j++] ?? "").replace(/^\s*>\s?/, ""));
    return { node: <blockquote>{blocks(text)}</blockquote>, next: j };
  }
  do text.push((lines[j++] ?? "").trim());
  while (j < lines.length && (lines[j] ?? "").trim() !== "" && !isBlockStart(lines[j] ?? ""));
  return { node: <p>{inline(text.join("\n"))}</p>, next: j };
}

function blocks(lines: readonly string[]): VNode[] {
  const out: VNode[] = [];
  for (let i = 0; i < lines.length;) {
    if ((lines[i] ?? "").trim() === "") {
      i++;
      continue;
    }
    const one = block(lines, i);
    out.push(one.node);
    i = Math.max(one.next, i + 1);
  }
  return out;
}

export function Markdown(props: { text: string }): VNode {
  return <div class="prose">{blocks(props.text.replace(/\r\n?/g, "\n").split("\n"))}</div>;
}

const kTags = new Set([
  "p",
  "b",
  "i",
  "u",
  "s",
  "em",
  "strong",
  "small",
  "code",
  "pre",
  "br",
  "hr",
  "ul",
  "ol",
  "li",
  "h1",
  "h2",
  "h3",
  "h4",
  "h5",
  "h6",
  "blockquote",
  "table",
  "thead",
  "tbody",
  "tr",
  "th",
  "td",
  "div",
  "span",
  "center",
  "sub",
  "sup",
]);

function element(node: Node): ComponentChildren {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent;
  if (!(node instanceof Element)) return null;
  const tag = node.tagName.toLowerCase();
  const children = [...node.childNodes].map(element);
  if (tag === "a") return <Link url={node.getAttribute("href") ?? ""}>{children}</Link>;
  if (kTags.has(tag)) return h(tag, {}, tag === "br" || tag === "hr" ? undefined : children);
  if (/^(script|style|iframe|object|embed|template|noscript|svg|math)$/.test(tag)) return null;
  return children;
}

/** HTML of a text panel: known tags without attributes, links that lead to pages, nothing else. */
export function SafeHtml(props: { html: string }): VNode {
  const parsed = new DOMParser().parseFromString(props.html, "text/html");
  return <div class="prose">{[...parsed.body.childNodes].map(element)}</div>;
}
