// Transformations on tables. One entry per kind; a kind that is not here is named to the reader and skipped.

import type { Column, Table } from "./frames";
import { lengthOf } from "./frames";
import { asArray, asNumber, asObject, asString, asStrings, type Json } from "./json";
import { reduceToNumber, reducerLabel } from "./reduce";

type Transform = (tables: Table[], options: Json) => Table[];

const nameOf = (column: Column): string => column.renamed ?? column.name;
const isNamed = (column: Column, name: string): boolean => column.name === name || column.renamed === name;

const organize: Transform = (tables, options) =>
  tables.map((table) => {
    const exclude = asObject(options["excludeByName"]);
    const order = asObject(options["indexByName"]);
    const rename = asObject(options["renameByName"]);
    const find = (source: Json, column: Column): unknown => source[nameOf(column)] ?? source[column.name];
    const columns = table.columns
      .filter((column) => find(exclude, column) !== true)
      .map((column): Column => ({ ...column, renamed: asString(find(rename, column)) || nameOf(column) }));
    const position = (column: Column, fallback: number): number =>
      asNumber(order[column.name]) ?? asNumber(find(order, column)) ?? 1_000 + fallback;
    const sorted = columns.map((column, i) => ({ column, at: position(column, i) })).sort((a, b) => a.at - b.at);
    return { ...table, columns: sorted.map(({ column }) => column) };
  });

/** Rows that agree in all columns both tables have become one; what a table lacks stays empty. */
const merge: Transform = (tables) => {
  if (tables.length < 2) return tables;
  const names: string[] = [];
  const prototypes = new Map<string, Column>();
  for (const table of tables) {
    for (const column of table.columns) {
      if (!prototypes.has(nameOf(column))) names.push(nameOf(column));
      prototypes.set(nameOf(column), prototypes.get(nameOf(column)) ?? column);
    }
  }
  const inAll = names.filter((name) =>
    tables.every((table) => table.columns.some((column) => nameOf(column) === name)),
  );
  const rows: Map<string, number | string | null>[] = [];
  const byKey = new Map<string, Map<string, number | string | null>[]>();
  for (const table of tables) {
    for (let i = 0; i < lengthOf(table); i++) {
      const row = new Map(table.columns.map((column) => [nameOf(column), column.values[i] ?? null] as const));
      const key = JSON.stringify(inAll.map((name) => row.get(name)));
      const candidates = byKey.get(key) ?? [];
      const fits = candidates.find((other) =>
        [...row].every(([name, value]) => !other.has(name) || other.get(name) === value),
      );
      if (fits !== undefined) {
        for (const [name, value] of row) fits.set(name, value);
      } else {
        rows.push(row);
        byKey.set(key, [...candidates, row]);
      }
    }
  }
  const columns = names.map((name): Column => {
    const prototype = prototypes.get(name) as Column;
    return { ...prototype, values: rows.map((row) => row.get(name) ?? null) };
  });
  return [{ refId: tables[0]?.refId ?? "A", columns }];
};

const filterFieldsByName: Transform = (tables, options) => {
  const test = (part: Json): ((column: Column) => boolean) | undefined => {
    const names = asStrings(part["names"]);
    const pattern = asString(part["pattern"]);
    if (names.length === 0 && pattern === undefined) return undefined;
    let regex: RegExp | undefined;
    try {
      regex = pattern === undefined ? undefined : new RegExp(pattern.replace(/^\/(.*)\/$/, "$1"));
    } catch {
      regex = undefined;
    }
    return (column) => names.some((name) => isNamed(column, name)) || (regex?.test(nameOf(column)) ?? false);
  };
  const include = test(asObject(options["include"]));
  const exclude = test(asObject(options["exclude"]));
  return tables.map((table) => ({
    ...table,
    columns: table.columns.filter((column) => (include?.(column) ?? true) && !(exclude?.(column) ?? false)),
  }));
};

export function sortRows(table: Table, name: string, descending: boolean): Table {
  const column = table.columns.find((one) => isNamed(one, name));
  if (column === undefined) return table;
  const order = Array.from({ length: lengthOf(table) }, (_, i) => i).sort((a, b) => {
    const x = column.values[a] ?? null;
    const y = column.values[b] ?? null;
    if (x === null || y === null) return x === y ? a - b : x === null ? 1 : -1;
    const result =
      typeof x === "number" && typeof y === "number"
        ? x - y
        : String(x).localeCompare(String(y), "en", { numeric: true });
    return (descending ? -result : result) || a - b;
  });
  return {
    ...table,
    columns: table.columns.map((one) => ({ ...one, values: order.map((i) => one.values[i] ?? null) })),
  };
}

const sortBy: Transform = (tables, options) => {
  const first = asObject(asArray(options["sort"])[0]);
  return tables.map((table) => sortRows(table, asString(first["field"]) ?? "", first["desc"] === true));
};

const limit: Transform = (tables, options) => {
  const count = asNumber(options["limitField"]) ?? 10;
  return tables.map((table) => ({
    ...table,
    columns: table.columns.map((one) => ({ ...one, values: one.values.slice(0, count) })),
  }));
};

const renameByRegex: Transform = (tables, options) => {
  let regex: RegExp;
  try {
    regex = new RegExp(asString(options["regex"])?.replace(/^\/(.*)\/$/, "$1") ?? "");
  } catch {
    return tables;
  }
  const pattern = asString(options["renamePattern"]) ?? "";
  return tables.map((table) => ({
    ...table,
    columns: table.columns.map((column) => ({ ...column, renamed: nameOf(column).replace(regex, pattern) })),
  }));
};

const reduce: Transform = (tables, options) => {
  const reducers = asStrings(options["reducers"]);
  const columns = tables.flatMap((table) => table.columns).filter((column) => column.type === "number");
  return [
    {
      refId: "A",
      columns: [
        { name: "Field", type: "string", refId: "A", values: columns.map(nameOf) },
        ...reducers.map((id): Column => ({
          name: reducerLabel(id),
          type: "number",
          refId: "A",
          values: columns.map((column) =>
            reduceToNumber(
              column.values.map((v) => (typeof v === "number" ? v : null)),
              id,
            ),
          ),
        })),
      ],
    },
  ];
};

const kTransforms: Record<string, Transform> = {
  organize,
  merge,
  filterFieldsByName,
  sortBy,
  limit,
  renameByRegex,
  reduce,
};

export function transform(tables: Table[], steps: readonly Json[]): { tables: Table[]; skipped: string[] } {
  const skipped: string[] = [];
  let current = tables;
  for (const step of steps) {
    const id = asString(step["id"]) ?? "";
    const apply = kTransforms[id];
    if (apply === undefined) skipped.push(id);
    else current = apply(current, asObject(step["options"]));
  }
  return { tables: current, skipped };
}
