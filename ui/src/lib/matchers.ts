// Matchers as Alertmanager writes them: severity="page", instance=~"redis.*". For the filter, silences and the route test.

import { quotePromql, type Labels } from "./labels";

export interface Matcher {
  name: string;
  value: string;
  isRegex: boolean;
  isEqual: boolean;
}

const kOne = /\s*([a-zA-Z_][\w.:]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\[^])*"|[^,"\s]*)\s*(?:,|\n|$|(?=\s))/y;

function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  return text.slice(1, -1).replace(/\\([^])/g, (_, c: string) => (c === "n" ? "\n" : c));
}

/** Matchers between commas, spaces or lines, in braces or not; undefined where the text is something else. */
export function parseMatchers(text: string): Matcher[] | undefined {
  const inner = text.trim().replace(/^\{([^]*)\}$/, "$1");
  const end = inner.trimEnd().length;
  const found: Matcher[] = [];
  for (kOne.lastIndex = 0; kOne.lastIndex < end;) {
    const match = kOne.exec(inner);
    if (match === null) return undefined;
    const [, name = "", op = "=", value = ""] = match;
    found.push({ name, value: unquote(value), isRegex: op.endsWith("~"), isEqual: op.startsWith("=") });
  }
  return found;
}

export function matcherText({ name, value, isRegex, isEqual }: Matcher): string {
  return `${name}${isEqual ? "=" : "!"}${isRegex ? "~" : isEqual ? "" : "="}"${quotePromql(value)}"`;
}

/** One matcher a line, for exactly these labels. */
export function matcherLines(labels: Labels): string {
  return Object.keys(labels)
    .sort()
    .map((name) => matcherText({ name, value: labels[name] ?? "", isRegex: false, isEqual: true }))
    .join("\n");
}

/** Whether labels match; undefined when a pattern cannot be read. A missing label is an empty one. */
export function matcherTest(matchers: readonly Matcher[]): ((labels: Labels) => boolean) | undefined {
  try {
    const tests = matchers.map(({ name, value, isRegex, isEqual }) => {
      const flags = /^\(\?([is]+)\)/.exec(value);
      const regex = isRegex ? new RegExp(`^(?:${value.slice(flags?.[0].length ?? 0)})$`, flags?.[1] ?? "") : undefined;
      return (labels: Labels): boolean => {
        const text = labels[name] ?? "";
        return (regex === undefined ? text === value : regex.test(text)) === isEqual;
      };
    });
    return (labels) => tests.every((test) => test(labels));
  } catch {
    return undefined;
  }
}

/** The filter box: matchers, or words that must all occur in a value; undefined when it is neither. */
export function filterTest(text: string): ((labels: Labels, more: string) => boolean) | undefined {
  if (/[=~{}"]/.test(text)) {
    const matchers = parseMatchers(text);
    return matchers === undefined ? undefined : matcherTest(matchers);
  }
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (labels, more) => {
    const whole = [...Object.values(labels), more].join("\n").toLowerCase();
    return words.every((word) => whole.includes(word));
  };
}
