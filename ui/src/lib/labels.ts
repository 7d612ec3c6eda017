export type Labels = Readonly<Record<string, string>>;

/** Identity of a label set: equal sets give equal text whatever their order. */
export function labelsKey(labels: Labels, without: readonly string[] = ["__name__"]): string {
  return JSON.stringify(
    Object.keys(labels)
      .filter((name) => !without.includes(name))
      .sort()
      .map((name) => [name, labels[name]]),
  );
}

/** True when every label of `part` has the same value in `whole`. */
export function labelsContain(whole: Labels, part: Labels): boolean {
  return Object.keys(part).every((name) => name === "__name__" || whole[name] === part[name]);
}

export function formatLabels(labels: Labels, without: readonly string[] = ["__name__"]): string {
  const pairs = Object.keys(labels)
    .filter((name) => !without.includes(name))
    .sort()
    .map((name) => `${name}="${labels[name] ?? ""}"`);
  return `{${pairs.join(", ")}}`;
}

/** `metric{a="b"}`, `metric` or `{a="b"}`; empty text when there is neither name nor label. */
export function formatSeries(labels: Labels): string {
  const name = labels["__name__"] ?? "";
  const rest = formatLabels(labels);
  if (rest === "{}") return name;
  return name + rest;
}

/** Text of a PromQL string literal's inside. */
export function quotePromql(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}

/** A selector for exactly these labels, for links from a number to its query. */
export function selector(labels: Labels): string {
  const pairs = Object.keys(labels)
    .filter((name) => name !== "__name__")
    .sort()
    .map((name) => `${name}="${quotePromql(labels[name] ?? "")}"`);
  return `{${pairs.join(",")}}`;
}

/** Series name from a legend template: `{{label}}` gives the label's value, a missing label gives nothing. */
export function legendFromTemplate(template: string, labels: Labels): string {
  return template.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, name: string) => labels[name] ?? "");
}

/**
 * Name of a series as dashboards write it. `shared` is the set of label names that occur in all series of the query,
 * needed by `__auto`.
 */
export function seriesName(
  legendFormat: string | undefined,
  labels: Labels,
  expr: string,
  all: readonly Labels[],
): string {
  if (legendFormat === undefined || legendFormat === "") return formatSeries(labels) || expr;
  // A template of labels that are all missing names nothing; the series then names itself.
  if (legendFormat !== "__auto")
    return legendFromTemplate(legendFormat, labels).trim() === ""
      ? formatSeries(labels) || expr
      : legendFromTemplate(legendFormat, labels);
  const names = new Set<string>();
  for (const one of all) for (const name of Object.keys(one)) if (name !== "__name__") names.add(name);
  if (names.size === 1) {
    const only = [...names][0] ?? "";
    if (all.every((one) => only in one)) return labels[only] ?? "";
  }
  const text = formatLabels(labels);
  return text === "{}" ? (labels["__name__"] ?? expr) : text;
}
