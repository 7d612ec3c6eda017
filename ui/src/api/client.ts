// Talks to the daemon: JSON in, JSON out, one error type, and a signal that tells whether the daemon answers at all.

import { signal } from "@preact/signals";

export type ErrorKind = "unreachable" | "refused" | "aborted";

export class ApiError extends Error {
  constructor(
    message: string,
    readonly kind: ErrorKind,
    readonly status = 0,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export interface Connection {
  reachable: boolean;
  sinceMs: number;
  cause: string;
}

export const connection = signal<Connection>({ reachable: true, sinceMs: Date.now(), cause: "" });

const kTimeoutMs = 60_000;
/** Longer addresses go as form data: proxies and servers cut addresses at a few kilobytes. */
const kLongestAddress = 1_800;

export type Params = Record<string, string | number | readonly string[] | undefined>;

function encode(params: Params): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  return search;
}

function lost(cause: string): void {
  if (connection.value.reachable) connection.value = { reachable: false, sinceMs: Date.now(), cause };
}

function found(): void {
  if (!connection.value.reachable) connection.value = { reachable: true, sinceMs: Date.now(), cause: "" };
}

/** What a request changes: the method and, where there is one, its JSON. */
interface Change {
  method: "POST" | "PUT" | "DELETE";
  body: unknown;
}

async function send(path: string, params: Params, abort: AbortSignal | undefined, change?: Change): Promise<Response> {
  const search = encode(params).toString();
  const long = search.length > kLongestAddress;
  const url = long || search === "" ? path : `${path}?${search}`;
  const type = long ? "application/x-www-form-urlencoded" : change?.body === undefined ? "" : "application/json";
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), kTimeoutMs);
  const onAbort = (): void => control.abort();
  abort?.addEventListener("abort", onAbort);
  if (abort?.aborted === true) control.abort();
  try {
    return await fetch(url, {
      signal: control.signal,
      headers: { Accept: "application/json", ...(type === "" ? {} : { "Content-Type": type }) },
      ...(long ? { method: "POST", body: search } : {}),
      ...(change === undefined ? {} : { method: change.method, body: JSON.stringify(change.body) ?? null }),
    });
  } catch {
    if (abort?.aborted === true) throw new ApiError("request was given up", "aborted");
    const cause = control.signal.aborted ? `no answer in ${kTimeoutMs / 1_000} s` : "no connection";
    if (!control.signal.aborted) lost(cause);
    throw new ApiError(`cannot ${change === undefined ? "read" : "change"} ${path}: ${cause}`, "unreachable");
  } finally {
    clearTimeout(timer);
    abort?.removeEventListener("abort", onAbort);
  }
}

/** The server's own words where it gave some. */
function complaint(body: unknown): string | undefined {
  if (typeof body === "string") return body;
  const { error, message } = (body ?? {}) as { error?: unknown; message?: unknown };
  return [error, message].find((text): text is string => typeof text === "string");
}

async function readJson(response: Response, path: string, abort: AbortSignal | undefined): Promise<unknown> {
  let body: unknown;
  let isJson = true;
  try {
    const text = await response.text();
    // A successful change may be answered with nothing.
    body = text === "" && response.ok ? null : JSON.parse(text);
  } catch {
    if (abort?.aborted === true) throw new ApiError("request was given up", "aborted");
    isJson = false;
  }
  if (!isJson) {
    if ([502, 503, 504].includes(response.status)) lost(`HTTP ${response.status}`);
    else found();
    throw new ApiError(
      `cannot read ${path}: HTTP ${response.status}, the answer is not JSON`,
      "refused",
      response.status,
    );
  }
  found();
  if (!response.ok)
    throw new ApiError(complaint(body) ?? `cannot read ${path}: HTTP ${response.status}`, "refused", response.status);
  return body;
}

/** The JSON behind an address. Throws ApiError with the server's own text where it gave one. */
export async function getJson(path: string, params: Params = {}, abort?: AbortSignal): Promise<unknown> {
  return readJson(await send(path, params, abort), path, abort);
}

/** Changes something; the JSON of the answer, null when it is empty. */
export async function sendJson(method: Change["method"], path: string, body?: unknown): Promise<unknown> {
  return readJson(await send(path, {}, undefined, { method, body }), path, undefined);
}

/** Plain text behind an address. */
export async function getText(path: string, abort?: AbortSignal): Promise<string> {
  const response = await send(path, {}, abort);
  found();
  const text = await response.text();
  if (!response.ok) throw new ApiError(`HTTP ${response.status}`, "refused", response.status);
  return text;
}

/** The `data` part of a Prometheus answer, with its warnings. */
export async function getData(
  path: string,
  params: Params = {},
  abort?: AbortSignal,
): Promise<{ data: unknown; warnings: string[] }> {
  const body = (await getJson(path, params, abort)) as {
    status?: unknown;
    data?: unknown;
    error?: unknown;
    warnings?: unknown;
  } | null;
  if (body === null || typeof body !== "object" || body.status !== "success") {
    throw new ApiError(
      typeof body?.error === "string" ? body.error : `cannot read ${path}: unexpected answer`,
      "refused",
    );
  }
  return { data: body.data, warnings: Array.isArray(body.warnings) ? body.warnings.map(String) : [] };
}

/** Asks until the daemon answers again; the caller reloads when `connection` says so. */
export function watchConnection(onBack: () => void): void {
  let delayMs = 1_000;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const retry = (): void => {
    timer = setTimeout(() => {
      timer = undefined;
      getJson("/api/v1/status/buildinfo")
        .catch(() => undefined)
        .then(
          () => {
            delayMs = Math.min(10_000, delayMs * 1.5);
            if (!connection.value.reachable) retry();
          },
          () => undefined,
        );
    }, delayMs);
  };
  let before = connection.value.reachable;
  connection.subscribe((now) => {
    if (before && !now.reachable && timer === undefined) {
      delayMs = 1_000;
      retry();
    }
    const back = !before && now.reachable;
    before = now.reachable;
    if (back) onBack();
  });
}
