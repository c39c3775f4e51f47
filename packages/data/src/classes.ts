// Class balance: how many samples each class has, weights that make up for it, and as many samples of each.
// Source of the weights: G. King, L. Zeng, "Logistic regression in rare events data", Political Analysis 9 (2001).

import { checkOptionNames, DataError, permutation, type Shape } from "@gradus/core";
import { classNumbers } from "./class-numbers.ts";
import type { Dataset } from "./dataset.ts";
import { type LoaderSeed, seededGenerator } from "./seeds.ts";

/**
 * How many samples each class has, by class number. Targets are class numbers, or one-hot rows.
 *
 * @throws DataError for targets that are neither
 * @example
 * classCounts(fromArrays({ inputs: [1, 2, 3, 4], targets: [0, 2, 2, 0] })); // [2, 0, 2]
 */
export function classCounts(dataset: Dataset): number[] {
  const classes = classNumbers(dataset, "classCounts");
  const counts = Array<number>(classes.reduce((most, number) => Math.max(most, number + 1), 0)).fill(0);
  for (const number of classes) counts[number] = (counts[number] ?? 0) + 1;
  return counts;
}

/**
 * Weights with which every class counts the same in a mean: n / (k · n_c) for class c of k that occur; for `fit({ classWeight })`.
 * A class without samples is left out.
 *
 * @throws DataError for targets that are no classes, and for a dataset without samples
 * @example
 * classWeights(fromArrays({ inputs: [1, 2, 3, 4], targets: [0, 0, 0, 1] }))[1]; // 2
 */
export function classWeights(dataset: Dataset): Record<number, number> {
  const counts = classCounts(dataset);
  if (counts.length === 0) throw new DataError("classWeights: the dataset has no samples");
  const present = counts.filter((count) => count > 0).length;
  return Object.fromEntries(
    counts.flatMap((count, number) => (count === 0 ? [] : [[number, dataset.length / (present * count)]])),
  );
}

/**
 * The samples with each class as often as the largest: all samples of a class as often as they fit, and a random choice for the
 * rest. The order is random; numbers are the same for the same seed.
 *
 * @throws DataError for targets that are no classes
 * @example
 * const dataset = balance(fromArrays({ inputs: [1, 2, 3, 4], targets: [0, 0, 0, 1] }), { seed: 0 });
 * classCounts(dataset); // [3, 3]
 */
export function balance<Inputs extends Shape, Targets extends Shape>(
  dataset: Dataset<Inputs, Targets>,
  options: LoaderSeed = {},
): Dataset<Inputs, Targets> {
  checkOptionNames("balance", options, ["seed", "generator"]);
  const generator = seededGenerator("balance", options);
  const members = new Map<number, number[]>();
  for (const [index, number] of classNumbers(dataset, "balance").entries()) {
    const own = members.get(number);
    if (own === undefined) members.set(number, [index]);
    else own.push(index);
  }
  const most = Math.max(0, ...[...members.values()].map(({ length }) => length));
  const shuffled = (indices: readonly number[]): number[] =>
    Array.from(permutation(indices.length, { generator }).toTypedArray(), (place) => indices[place] ?? 0);
  const all = [...members.keys()]
    .sort((a, b) => a - b)
    .flatMap((number) => {
      const own = members.get(number) ?? [];
      const whole = Math.floor(most / own.length);
      const rest = most % own.length;
      return [...Array<readonly number[]>(whole).fill(own).flat(), ...(rest === 0 ? [] : shuffled(own).slice(0, rest))];
    });
  return dataset.select(shuffled(all));
}
