// The rows of a CSV file as text: cut into fields by Papa Parse, and held to one number of fields.
// Source of the form: RFC 4180, "Common Format and MIME Type for Comma-Separated Values (CSV) Files".

import { DataError } from "@gradus/core";
import Papa from "papaparse";

/** A table of text. */
export interface Table {
  /** The name of each column: from the header, or `column 1`, `column 2`, …. */
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** How a table is cut. */
export interface TableOptions {
  /** What the table is called in errors. */
  readonly name: string;
  readonly header: boolean;
  readonly delimiter: string;
}

/**
 * Cuts text into a table. Rows count from 1, without the header. Empty lines are passed over.
 * @throws DataError for broken quotes, rows of another length, and columns without a name or with another's
 */
export function cutTable(text: string, { name, header, delimiter }: TableOptions): Table {
  const { data, errors } = Papa.parse<string[]>(text.replace(/^\ufeff/, ""), { delimiter, skipEmptyLines: "greedy" });
  const first = header ? 1 : 0;
  // Papa Parse counts rows from 0; that a delimiter could not be guessed does not matter, as it is given.
  const broken = errors.find(({ type }) => type === "Quotes");
  if (broken !== undefined) {
    const row = (broken.row ?? 0) + 1 - first;
    throw new DataError(`${name}: ${row < 1 ? "the header" : `row ${row}`} has broken quotes (${broken.message})`);
  }
  const [head] = data;
  if (head === undefined) throw new DataError(`${name}: expected a table, found no rows`);
  const names = head.map((field, index) => (header ? field.trim() : `column ${index + 1}`));
  for (const [index, column] of names.entries()) {
    if (column === "") throw new DataError(`${name}: column ${index + 1} has no name in the header`);
    const other = names.indexOf(column);
    if (other !== index) {
      throw new DataError(`${name}: columns ${other + 1} and ${index + 1} are both called ${JSON.stringify(column)}`);
    }
  }
  const rows = data.slice(first);
  for (const [index, row] of rows.entries()) {
    if (row.length === names.length) continue;
    throw new DataError(`${name}: row ${index + 1} has ${row.length} fields, expected ${names.length}`);
  }
  return { names, rows };
}
