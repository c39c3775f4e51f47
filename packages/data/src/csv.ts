// @gradus/data/csv: tables of text as datasets.

export type { ColumnType } from "./csv/columns.ts";
export { CsvDataset } from "./csv/csv-dataset.ts";
export { type CsvOptions, parseCsv, readCsv } from "./csv/read-csv.ts";
