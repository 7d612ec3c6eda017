// Expected values measured elsewhere; they live beside the repository and may be absent.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(process.env["UI_ROOT"] ?? ".", "../../shared/design/grafana-vectors");
export const corpus = join(process.env["UI_ROOT"] ?? ".", "../../shared/dashboards-corpus");

/** The file's content, or a reason to skip. */
export function vectors<T>(name: string): { data: T | undefined; skip: string | false } {
  const path = join(folder, name);
  if (!existsSync(path)) return { data: undefined, skip: `no ${path}` };
  return { data: JSON.parse(readFileSync(path, "utf8")) as T, skip: false };
}
