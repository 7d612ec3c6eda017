// Reading of JSON that others wrote: every accessor takes anything and gives the type asked for or nothing.

export type Json = Record<string, unknown>;

export function asObject(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asString(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Numbers also arrive as text in old dashboards. */
export function asNumber(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value === "string" && value.trim() !== "") {
    const parsed = Number(value);
    return Number.isFinite(parsed) ? parsed : undefined;
  }
  return undefined;
}

export function asBool(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

export function asStrings(value: unknown): string[] {
  return asArray(value).filter((item): item is string => typeof item === "string");
}

/** The fields of `shape` out of `value`; one that is missing or of another kind is as in `shape`, where null takes any. */
export function shaped<T extends object>(value: unknown, shape: T): T {
  const json = asObject(value);
  const kind = (one: unknown): string => (Array.isArray(one) ? "array" : typeof one);
  return Object.fromEntries(
    Object.entries(shape).map(([name, fallback]) => {
      const found = json[name];
      return [name, found !== undefined && (fallback === null || kind(found) === kind(fallback)) ? found : fallback];
    }),
  ) as T;
}
