// CSV files as datasets: a column of labels, and the others as inputs.

import { checkOption, checkOptionNames, DataError, OptionError } from "@gradus/core";
import { type ByteSource, nameOf, readBytes } from "../bytes.ts";
import { Column } from "../column.ts";
import { gunzip, isGzip } from "../gzip.ts";
import { type ColumnType, isNumber, placeOf, type ReadColumn, readColumn, type TextColumn } from "./columns.ts";
import { CsvDataset } from "./csv-dataset.ts";
import { cutTable, type Table } from "./table.ts";

/** How a table is read. A column is known by its name, or by its place from 0. */
export interface CsvOptions {
  /** The column of the targets. Words become class numbers; whole numbers are labels, int32; others are float32. */
  readonly label: string | number;
  /** The columns of the inputs, in this order; by default all but the label. */
  readonly columns?: readonly (string | number)[];
  /**
   * What columns hold, by name: "number" (the default), "category" for words, or the list of words, which is the
   * same for every file. A category among the inputs becomes one input of 0 or 1 for each word. "number" for the
   * label makes it float32.
   */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** Whether the first row has the names; true by default. Without it the columns are `column 1`, `column 2`, …. */
  readonly header?: boolean;
  /** What stands between fields; a comma by default. */
  readonly delimiter?: string;
  /** What to do where a field is missing: refuse the file (the default), leave the row out, or take this number. */
  readonly missing?: "error" | "skip" | number;
  /** The fields that mean "missing"; by default empty ones, `NA`, `NaN`, `null` and `?`. */
  readonly missingValues?: readonly string[];
  /** What to call the table in errors; by default its path or address, or "CSV data". */
  readonly name?: string;
}

const optionNames = ["label", "columns", "types", "header", "delimiter", "missing", "missingValues", "name"] as const;

/**
 * Reads a CSV file, plain or gzip, from memory, a path or an address. The text is UTF-8.
 *
 * @throws DataError naming row and column for a field that is missing or does not fit, and for rows of another length
 * @throws OptionError for an option that is out of range, and for a column that is not there
 * @example
 * const iris = await readCsv(new TextEncoder().encode("length,width,kind\n5.1,3.5,setosa\n7,3.2,versicolor\n"), { label: "kind" });
 * iris.batch([1]).inputs.toArray(); // [[7, 3.2]]
 */
export async function readCsv(source: ByteSource, options: CsvOptions): Promise<CsvDataset> {
  const name = options.name ?? nameOf(source, "CSV data");
  const bytes = await readBytes(source, name);
  const plain = isGzip(bytes) ? await gunzip(bytes, { name }) : bytes;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(plain);
  } catch (error) {
    throw new DataError(`${name}: expected text in UTF-8, found other bytes`, { cause: error });
  }
  return parseCsv(text, { ...options, name });
}

/**
 * Reads the text of a CSV file; as {@link readCsv}.
 *
 * @throws DataError naming row and column for a field that is missing or does not fit, and for rows of another length
 * @throws OptionError for an option that is out of range, and for a column that is not there
 * @example
 * const table = parseCsv("a,b,y\n1,2,0\n3,4,1", { label: "y" });
 * table.batch([0, 1]).targets.toArray(); // [0, 1]
 */
export function parseCsv(text: string, options: CsvOptions): CsvDataset {
  checkOptions(options);
  const { name = "CSV data", header = true, delimiter = ",", types = {} } = options;
  const table = cutTable(text, { name, header, delimiter });
  const label = columnNumber(table, options.label, "label");
  const inputs =
    options.columns?.map((column) => columnNumber(table, column, "columns")) ??
    [...table.names.keys()].filter((index) => index !== label);
  for (const column of Object.keys(types)) columnNumber(table, column, "types");
  const used = new Fields(table, name, [label, ...inputs], options);
  const target = readLabel(used.column(label), types);
  const features = inputs.map((index) => {
    const column = used.column(index);
    return { name: column.name, read: readColumn(column, types[column.name] ?? "number") };
  });
  return new CsvDataset(inputsOf(features, used.length), target.column, {
    features: features.flatMap(({ name: own, read }) => read.categories?.map((word) => `${own}=${word}`) ?? [own]),
    classes: target.classes,
  });
}

function checkOptions(options: CsvOptions): void {
  checkOptionNames("readCsv", options, optionNames);
  const { delimiter = ",", missing = "error", label, columns } = options;
  checkOption(label !== undefined, "readCsv", "label", "the name or place of a column", label);
  checkOption(delimiter.length === 1 && !/["\r\n]/.test(delimiter), "readCsv", "delimiter", "one character", delimiter);
  const known = missing === "error" || missing === "skip" || Number.isFinite(missing);
  checkOption(known, "readCsv", "missing", '"error", "skip" or a finite number', missing);
  checkOption(columns === undefined || columns.length > 0, "readCsv", "columns", "at least one column", columns);
}

function columnNumber({ names }: Table, column: string | number, option: string): number {
  const index = typeof column === "number" ? column : names.indexOf(column);
  if (Number.isInteger(index) && index >= 0 && index < names.length) return index;
  const list = names.map((name) => JSON.stringify(name)).join(", ");
  throw new OptionError(`readCsv: ${option} must be columns of the table (${list}), got ${JSON.stringify(column)}`);
}

/** The fields of the columns that are used, after what is missing was seen to. */
class Fields {
  readonly length: number;
  readonly #table: Table;
  readonly #name: string;
  /** The rows that stay, by their places in the table. */
  readonly #rows: readonly number[];
  readonly #missing: ReadonlySet<string>;
  readonly #fill: string | null;

  constructor(table: Table, name: string, used: readonly number[], options: CsvOptions) {
    const { missing = "error", missingValues = ["", "NA", "NaN", "null", "?"] } = options;
    this.#table = table;
    this.#name = name;
    this.#missing = new Set(missingValues);
    this.#fill = typeof missing === "number" ? String(missing) : null;
    const complete = (row: readonly string[]): boolean => used.every((index) => !this.#isMissing(row[index]));
    this.#rows = [...table.rows.keys()].filter((row) => missing !== "skip" || complete(table.rows[row] ?? []));
    this.length = this.#rows.length;
  }

  #isMissing(field: string | undefined): boolean {
    return this.#missing.has((field ?? "").trim());
  }

  /** @throws DataError for a missing field that is not to be filled or left out */
  column(index: number): TextColumn {
    const column = { table: this.#name, name: this.#table.names[index] ?? "", rows: this.#rows.map((row) => row + 1) };
    const fields = this.#rows.map((row, place) => {
      const field = (this.#table.rows[row]?.[index] ?? "").trim();
      if (!this.#isMissing(field)) return field;
      if (this.#fill !== null) return this.#fill;
      const where = placeOf({ ...column, fields: [] }, place);
      const found = field === "" ? "the field is empty" : `the field is ${JSON.stringify(field)}, which means missing`;
      throw new DataError(
        `${where}: ${found}; give missing: "skip" to leave such rows out, or a number to stand for them`,
      );
    });
    return { ...column, fields };
  }
}

/** The targets. */
function readLabel(
  column: TextColumn,
  types: Readonly<Record<string, ColumnType>>,
): { readonly column: Column<readonly []>; readonly classes: readonly string[] | null } {
  const declared = types[column.name];
  const { values, categories } = readColumn(
    column,
    declared ?? (column.fields.every(isNumber) ? "number" : "category"),
  );
  const labels = values.every((value) => Number.isInteger(value) && Math.abs(value) < 2 ** 31);
  const whole = categories !== null || (declared === undefined && labels);
  const target = whole
    ? new Column(Int32Array.from(values), { shape: [], dtype: "int32" })
    : new Column(Float32Array.from(values), { shape: [], dtype: "float32" });
  return { column: target, classes: categories };
}

/** The inputs side by side: numbers as they are, categories as one 1 among zeros. */
function inputsOf(features: readonly { readonly read: ReadColumn }[], length: number): Column<readonly [number]> {
  const width = features.reduce((sum, { read }) => sum + (read.categories?.length ?? 1), 0);
  const data = new Float32Array(length * width);
  let at = 0;
  for (const { read } of features) {
    for (const [row, value] of read.values.entries()) {
      if (read.categories === null) data[row * width + at] = value;
      else data[row * width + at + value] = 1;
    }
    at += read.categories?.length ?? 1;
  }
  return new Column(data, { shape: [width], length });
}
