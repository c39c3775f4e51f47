// The operators of the register as functions of their sample's data: what a table of properties or an examination of gradients needs.

import { Tensor, type TensorFunction, tensor } from "../../src/index.ts";
import { replaceTensors } from "../../src/structure.ts";
import { flat } from "./reference.ts";
import { type Entry, registry, runSample, type Sample } from "./registry.ts";

export const isFloat = ({ dtype }: Tensor): boolean => dtype === "float32" || dtype === "float64";

/** The tensors of a structure, in order. */
function tensorsIn(structure: readonly unknown[]): Tensor[] {
  const found: Tensor[] = [];
  for (const part of structure)
    replaceTensors(part, (x) => {
      found.push(x);
      return x;
    });
  return found;
}

/** Whether a tensor of a sample is data: a float, or anything where no float is. */
const isData = ({ args }: Sample): ((x: Tensor) => boolean) => (tensorsIn(args).some(isFloat) ? isFloat : () => true);

/** The data of a sample. */
export const dataOf = (sample: Sample): Tensor[] => tensorsIn(sample.args).filter(isData(sample));

/** The sample of an operator, which the exam demands. */
export function sampleOf({ name, sample }: Entry): Sample {
  if (sample === null) throw new Error(`${name}: its docstring needs a sample`);
  return sample;
}

/** The sample's call as a function of its data. */
export function functionOf(entry: Entry): TensorFunction {
  const sample = sampleOf(entry);
  const replaced = isData(sample);
  return (...data) => {
    const next = data.values();
    const args = sample.args.map((argument) =>
      replaceTensors(argument, (x) => (replaced(x) ? (next.next().value ?? x) : x)),
    );
    const result = runSample(entry, { ...sample, args });
    if (!(result instanceof Tensor)) throw new Error(`${entry.name}: the sample gives no tensor`);
    return result;
  };
}

/** Numbers near the sample's, and numbers between 0 and 1: off the whole ones, where kinks and ties are. */
const places: readonly ((value: number) => number)[] = [
  (value) => 0.96 * value,
  (value) => 0.1 + 0.5 * (Math.abs(value) / (1 + Math.abs(value))),
];

const moved = (data: readonly Tensor[], to: (value: number) => number): Tensor[] =>
  data.map((x, index) => {
    const shift = (place: number): number => 0.0137 * (place + 1) + 0.0071 * index;
    return tensor(
      Float64Array.from(x.toTypedArray(), (value, place) => to(value) + shift(place)),
      { shape: x.shape },
    );
  });

/** Data in float64 where an operator is finite and smooth, or null for one that has no gradient there. */
export function smoothPoints(entry: Entry): Tensor[] | null {
  const f = functionOf(entry);
  const data = dataOf(sampleOf(entry));
  if (!data.every(isFloat)) return null;
  for (const place of places) {
    const points = moved(data, place);
    const value = f(...points);
    if (!isFloat(value)) return null;
    if (flat(value).every(Number.isFinite)) return points;
  }
  throw new Error(`${entry.name}: no place with a finite value was found`);
}

/** The operators with gradients, and points where they are smooth. */
export const smoothOperators = (): { readonly name: string; readonly f: TensorFunction; readonly points: Tensor[] }[] =>
  registry.flatMap((entry) => {
    const points = smoothPoints(entry);
    return points === null ? [] : [{ name: entry.name, f: functionOf(entry), points }];
  });
