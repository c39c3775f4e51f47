// A table that grows by rows: index columns that every row has, and columns of values that a row may lack (an epoch without
// validation). What a History keeps, three times over.

import { CheckpointError, Tensor, tensor } from "@gradus/core";
import type { Logs } from "./tally.ts";
import type { NamedTensors } from "./training-state.ts";

/** A column: its values, and the rows that they stand in. */
interface Column {
  readonly rows: number[];
  readonly values: number[];
}

/** Rows of numbers by name. */
export class Table<Index extends string> {
  readonly #index: ReadonlyMap<Index, number[]>;
  readonly #columns = new Map<string, Column>();
  #length = 0;

  /** @param names the columns of values there are from the start, in order */
  constructor(index: readonly Index[], names: readonly string[] = []) {
    this.#index = new Map(index.map((name) => [name, []]));
    for (const name of names) this.#columns.set(name, { rows: [], values: [] });
    this.values = Object.fromEntries([...this.#columns].map(([name, column]) => [name, column.values]));
  }

  /** The values of each column, without gaps; live. */
  readonly values: Readonly<Record<string, readonly number[]>>;

  /** How many rows there are. */
  get length(): number {
    return this.#length;
  }

  /** An index column; live. */
  index(name: Index): readonly number[] {
    return this.#index.get(name) ?? [];
  }

  /** Adds a row. Values without a column are left out. */
  append(index: Readonly<Record<Index, number>>, logs: Logs): void {
    for (const [name, column] of this.#index) column.push(index[name]);
    for (const [name, value] of Object.entries(logs)) {
      const column = this.#columns.get(name);
      column?.rows.push(this.#length);
      column?.values.push(value);
    }
    this.#length++;
  }

  /** Lines of comma-separated values, the names in the first; numbers as JavaScript writes them, and nothing where there is none. */
  toCSV(): string {
    const cells = [...this.#columns.values()].map(({ rows, values }) => {
      const byRow = new Map(rows.map((row, at) => [row, values[at]]));
      return (row: number): string => String(byRow.get(row) ?? "");
    });
    const index = [...this.#index.values()];
    const lines = [[...this.#index.keys(), ...this.#columns.keys()].map(quoted).join(",")];
    for (let row = 0; row < this.#length; row++) {
      lines.push([...index.map((column) => String(column[row])), ...cells.map((cell) => cell(row))].join(","));
    }
    return `${lines.join("\n")}\n`;
  }

  /** The table as tensors of float64, which hold every value exactly. */
  toTensors(prefix: string): NamedTensors {
    const entries = [...this.#index].map(([name, column]): [string, number[]] => [`${prefix}.index.${name}`, column]);
    for (const [name, { rows, values }] of this.#columns) {
      entries.push([`${prefix}.values.${name}`, values]);
      if (rows.length !== this.#length) entries.push([`${prefix}.rows.${name}`, rows]);
    }
    return Object.fromEntries(entries.map(([name, values]) => [name, tensor(Float64Array.from(values))]));
  }

  /** Takes over what {@link toTensors} gave, in place of what is here. @throws CheckpointError for a table that does not fit */
  restore(prefix: string, tensors: NamedTensors): void {
    const read = (name: string): number[] | undefined => {
      const found = tensors[`${prefix}.${name}`];
      return found instanceof Tensor ? Array.from(found.toTypedArray()) : undefined;
    };
    const index = [...this.#index].map(([name, column]) => ({ column, values: read(`index.${name}`) }));
    const length = index[0]?.values?.length ?? 0;
    const columns = [...this.#columns].map(([name, column]) => {
      const values = read(`values.${name}`) ?? [];
      const rows = read(`rows.${name}`) ?? Array.from(values.length === length ? values.keys() : []);
      return { column, values, rows };
    });
    const fits =
      index.every(({ values }) => values?.length === length) &&
      columns.every(({ values, rows }) => values.length === rows.length && rows.every((row) => row < length));
    if (!fits) throw new CheckpointError(`${prefix}: the columns of the saved history are not equally long`);
    for (const { column, values = [] } of index) refill(column, values);
    for (const { column, values, rows } of columns) {
      refill(column.values, values);
      refill(column.rows, rows);
    }
    this.#length = length;
  }
}

/** Replaces what a list has, in place; without spreading, which has a limit. */
function refill(list: number[], values: readonly number[]): void {
  list.length = 0;
  for (const value of values) list.push(value);
}

/** A name as a cell. */
function quoted(name: string): string {
  return /[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
