// A table as a dataset, with the names of what its numbers mean.

import { ArrayDataset } from "../array-dataset.ts";
import type { Column } from "../column.ts";

/**
 * The samples of a table: inputs [features], one target each.
 *
 * @example
 * const table = parseCsv("size,kind\n1,cat\n9,dog", { label: "kind" });
 * table.classes; // ["cat", "dog"]
 */
export class CsvDataset extends ArrayDataset<readonly [number], readonly []> {
  /** What each input is: the name of a column, or `column=word` for the words of a category, one input each. */
  readonly features: readonly string[];
  /** The words that the class numbers stand for; null where the targets are numbers in the table. */
  readonly classes: readonly string[] | null;

  /** Made by `readCsv` and `parseCsv`. */
  constructor(
    inputs: Column<readonly [number]>,
    targets: Column<readonly []>,
    names: { readonly features: readonly string[]; readonly classes: readonly string[] | null },
  ) {
    super(inputs, targets);
    this.features = names.features;
    this.classes = names.classes;
  }
}
