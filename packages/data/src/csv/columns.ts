// What a column of text means: numbers, or words out of a list. Every field is read, or refused with its row and column.

import { checkOption, DataError } from "@gradus/core";

/** What a column holds: numbers, words in the order of the alphabet, or the words of this list. */
export type ColumnType = "number" | "category" | readonly string[];

/** A column as numbers: the values themselves, or each word's number among `categories`. */
export interface ReadColumn {
  readonly values: Float64Array;
  /** The words, or null for numbers. */
  readonly categories: readonly string[] | null;
}

/** A column of fields; null for what is missing and shall be left out. */
export interface TextColumn {
  /** What the table is called in errors. */
  readonly table: string;
  readonly name: string;
  readonly fields: readonly string[];
  /** The number of each field's row in the file, from 1. */
  readonly rows: readonly number[];
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Whether a field is a number, as JSON, C and spreadsheets write them. */
export const isNumber = (field: string): boolean => NUMBER.test(field) && Number.isFinite(Number(field));

/** `iris.csv: row 3, column "petal width"` */
export const placeOf = ({ table, name, rows }: TextColumn, index: number): string =>
  `${table}: row ${rows[index] ?? index + 1}, column ${JSON.stringify(name)}`;

/** Reads a column as its type says. @throws DataError naming row, column and field where one does not fit */
export function readColumn(column: TextColumn, type: ColumnType): ReadColumn {
  const valid = type === "number" || type === "category" || Array.isArray(type);
  checkOption(valid, "readCsv", `types of ${column.name}`, '"number", "category" or a list of words', type);
  return type === "number" ? readNumbers(column) : readWords(column, type);
}

function readNumbers(column: TextColumn): ReadColumn {
  const values = Float64Array.from(column.fields, (field, index) => {
    if (isNumber(field)) return Number(field);
    const found = `expected a number, found ${JSON.stringify(field)}`;
    throw new DataError(`${placeOf(column, index)}: ${found}; for words give types: { …: "category" }`);
  });
  return { values, categories: null };
}

function readWords(column: TextColumn, type: "category" | readonly string[]): ReadColumn {
  const categories = type === "category" ? sorted(column.fields) : type;
  const numbers = new Map(categories.map((word, number) => [word, number]));
  checkOption(numbers.size === categories.length, "readCsv", `types of ${column.name}`, "different words", categories);
  const values = Float64Array.from(column.fields, (field, index) => {
    const number = numbers.get(field);
    if (number !== undefined) return number;
    const words = categories.map((word) => JSON.stringify(word)).join(", ");
    throw new DataError(`${placeOf(column, index)}: expected one of ${words}, found ${JSON.stringify(field)}`);
  });
  return { values, categories };
}

/** The different words, numbers by size and then words by their characters. */
function sorted(fields: readonly string[]): string[] {
  const words = [...new Set(fields)];
  if (words.every(isNumber)) return words.sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1));
  return words.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
