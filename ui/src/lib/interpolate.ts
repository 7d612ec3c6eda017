// Replaces `$name`, `${name:format}` and `[[name]]` in texts of a dashboard.

import { formatDate } from "./dateformat";

export const kAll = "$__all";

export interface VariableValue {
  value: string | string[];
  text: string | string[];
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string | undefined;
  /** Every value "All" stands for, without "All" itself. */
  options?: string[];
}

export type Variables = Readonly<Record<string, VariableValue>>;

/** Where the text goes decides how values are written: into PromQL, or for people to read. */
export type Target = "prometheus" | "text";

const kPattern = /\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}/g;

export function isAll(variable: VariableValue): boolean {
  return Array.isArray(variable.value) ? variable.value[0] === kAll : variable.value === kAll;
}

export function interpolate(template: string, variables: Variables, target: Target): string {
  if (!template.includes("$") && !template.includes("[[")) return template;
  return template.replace(
    kPattern,
    (
      whole: string,
      plain?: string,
      bracket?: string,
      bracketFormat?: string,
      braced?: string,
      path?: string,
      format?: string,
    ) => {
      const name = plain ?? bracket ?? braced ?? "";
      const variable = Object.prototype.hasOwnProperty.call(variables, name) ? variables[name] : undefined;
      if (variable === undefined) return whole;
      if (path === "text") return [variable.text].flat().join(" + ");
      return formatVariable(name, variable, format ?? bracketFormat, target);
    },
  );
}

function formatVariable(name: string, variable: VariableValue, format: string | undefined, target: Target): string {
  const all = isAll(variable);
  if (format === "text" || (format === undefined && target === "text"))
    return all ? "All" : [variable.text].flat().join(" + ");
  if (format === "queryparam") {
    const values = all ? [kAll] : [variable.value].flat();
    return values.map((value) => `var-${name}=${value === kAll ? kAll : encodeURIComponent(value)}`).join("&");
  }
  if (all && variable.allValue !== undefined && variable.allValue !== "") return variable.allValue;
  const value = all ? (variable.options ?? []) : variable.value;
  if (format !== undefined) return formatValue(name, value, format);
  return forPrometheus(value, variable.multi === true || variable.includeAll === true);
}

function forPrometheus(value: string | string[], many: boolean): string {
  if (!many && typeof value === "string") return value.replace(/\\/g, "\\\\").replace(/'/g, "\\\\'");
  const escaped = [value].flat().map((one) => one.replace(/\\/g, "\\\\\\\\").replace(/[$^*{}[\]+?.()|]/g, "\\\\$&"));
  return escaped.length === 1 ? (escaped[0] ?? "") : `(${escaped.join("|")})`;
}

const escapeRegex = (text: string): string => text.replace(/[\\^$*+?.()|[\]{}/]/g, "\\$&");
const escapeLucene = (text: string): string => text.replace(/[!*+\-=<>\s&|()[\]{}^~?:\\/"]/g, "\\$&");
const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[c] ?? c);
const percentEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

function formatValue(name: string, value: string | string[], format: string): string {
  const values = [value].flat();
  const [id, ...args] = format.split(":");
  const list = Array.isArray(value);
  const glob = list && values.length > 1 ? `{${values.join(",")}}` : values.join(",");
  switch (id) {
    case "raw":
    case "csv":
      return values.join(",");
    case "pipe":
      return values.join("|");
    case "regex":
      return values.length === 1 ? escapeRegex(values[0] ?? "") : `(${values.map(escapeRegex).join("|")})`;
    case "json":
      return JSON.stringify(value);
    case "singlequote":
      return values.map((one) => `'${one.replace(/'/g, "\\'")}'`).join(",");
    case "doublequote":
      return values.map((one) => `"${one.replace(/"/g, '\\"')}"`).join(",");
    case "sqlstring":
      return values.map((one) => `'${one.replace(/'/g, "''")}'`).join(",");
    case "join":
      return values.join(args.join(":") || ",");
    case "distributed":
      return values.map((one, i) => (i === 0 ? one : `${name}=${one}`)).join(",");
    case "lucene":
      return list ? `(${values.map((one) => `"${escapeLucene(one)}"`).join(" OR ")})` : escapeLucene(values[0] ?? "");
    case "percentencode":
      return percentEncode(glob);
    case "uriencode":
      return encodeURI(glob);
    case "html":
      return escapeHtml(values.join(", "));
    case "date":
      return formatDateValue(values[0] ?? "", args.join(":"));
    case "customqueryparam":
      return values
        .map((one) => `${encodeURIComponent(args[0] || name)}=${encodeURIComponent((args[1] ?? "") + one)}`)
        .join("&");
    default:
      return glob;
  }
}

function formatDateValue(value: string, format: string): string {
  const time = Number(value);
  if (Number.isNaN(time)) return "NaN";
  if (format === "" || format === "iso") return new Date(time).toISOString();
  if (format === "seconds") return String(Math.round(time / 1_000));
  return formatDate(time, format);
}

/** Names of variables a text uses. */
export function usedVariables(template: string): Set<string> {
  const names = new Set<string>();
  for (const match of template.matchAll(kPattern)) names.add(match[1] ?? match[2] ?? match[4] ?? "");
  return names;
}

export function textVariable(value: string): VariableValue {
  return { value, text: value };
}
