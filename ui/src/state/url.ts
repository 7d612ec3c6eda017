// The address bar is the state: which page, which time range, which variables. Links made for Grafana keep working.

import { batch, signal } from "@preact/signals";

export interface Place {
  path: string;
  query: URLSearchParams;
  hash: string;
}

function read(): Place {
  return {
    path: window.location.pathname,
    query: new URLSearchParams(window.location.search),
    hash: window.location.hash.slice(1),
  };
}

export const place = signal<Place>(read());

export function navigate(href: string, replace = false): void {
  const here = window.location.pathname + window.location.search + window.location.hash;
  if (replace || href === here) window.history.replaceState(null, "", href);
  else window.history.pushState(null, "", href);
  const samePath = place.value.path === window.location.pathname;
  batch(() => {
    place.value = read();
  });
  if (!samePath && window.location.hash === "") window.scrollTo(0, 0);
}

/** Changes some query parameters and keeps the rest; undefined removes one. */
export function setParams(changes: Record<string, string | readonly string[] | undefined>, replace = false): void {
  const query = new URLSearchParams(place.value.query);
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, one as string);
  }
  const search = query.toString();
  navigate(
    `${place.value.path}${search === "" ? "" : `?${search}`}${place.value.hash === "" ? "" : `#${place.value.hash}`}`,
    replace,
  );
}

/** An address inside the page that keeps the time range. */
export function withTime(path: string, extra: Record<string, string> = {}): string {
  const query = new URLSearchParams();
  for (const name of ["from", "to", "refresh", "timezone"]) {
    const value = place.value.query.get(name);
    if (value !== null) query.set(name, value);
  }
  for (const [name, value] of Object.entries(extra)) query.set(name, value);
  const search = query.toString();
  return search === "" ? path : `${path}?${search}`;
}

/** Follows links of this page without loading it again. */
export function startRouting(): void {
  window.addEventListener("popstate", () => {
    place.value = read();
  });
  document.addEventListener("click", (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null || link.target !== "" || link.hasAttribute("download") || link.origin !== window.location.origin)
      return;
    const raw = link.getAttribute("href") ?? "";
    if (raw.startsWith("#") || /^\/(api|metrics|health|-)(\/|$|\?)/.test(link.pathname)) return;
    event.preventDefault();
    navigate(link.pathname + link.search + link.hash);
  });
}
