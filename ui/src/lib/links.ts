// Addresses that others wrote.

/** http, https, mail and relative addresses; anything else (javascript:, data:) is refused. */
export function safeUrl(url: string): string | undefined {
  const text = [...url].filter((c) => c > " ").join("");
  if (/^(https?:|mailto:)/i.test(text)) return text;
  return /^[a-z][a-z0-9+.-]*:/i.test(text) || text.startsWith("//") ? undefined : text;
}
