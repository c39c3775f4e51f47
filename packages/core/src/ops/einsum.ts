// Einstein's summation: products of tensors whose axes have names, summed over the names that the result lacks. Two operands are
// contracted by one matrix product, more of them pair by pair from the left.
// Source: A. Einstein, "Die Grundlage der allgemeinen Relativitätstheorie", 1916; the notation is NumPy's.

import { checkOption, OptionError, ShapeError } from "../errors.ts";
import { formatShape, type Shape, sizeOf } from "../shape.ts";
import { type Check, type Einsum, type Result, type ShapesOf, typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { matmul } from "./matmul.ts";
import { diagonal } from "./triangles.ts";

/** A tensor with a label for each axis, no two alike. */
interface Labelled {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

/**
 * The sum of products that an equation states: `"ij,jk->ik"` is the matrix product. Labels are letters, one for each axis. A label that
 * is repeated within an operand takes a diagonal; one that the result lacks is summed over; `...` stands for leading axes that
 * broadcast. Without `->`, the result has the axes of `...` and then, in alphabetical order, the labels that appear once.
 *
 * @param equation the labels of each operand, and those of the result
 * @throws OptionError for an equation that cannot be read; ShapeError, with the label and the sizes, where operands do not fit it
 * @example einsum("ij,jk->ik", [[1, 2], [3, 4]], [[1], [10]]) // [[21], [43]]
 */
export function einsum<const E extends string, const T extends readonly Tensor[]>(
  equation: E & Check<Einsum<E, ShapesOf<T>>>,
  ...operands: T
): Tensor<Result<Einsum<E, ShapesOf<T>>>> {
  checkOption(typeof equation === "string", "einsum", "equation", 'text as "ij,jk->ik"', equation);
  const given = `einsum ${equation}`;
  const { inputs, output } = parse(given, equation, operands);
  const sizes = sizesOf(given, inputs);
  for (const label of output) {
    if (!sizes.has(label)) throw new OptionError(`${given}: no operand has label ${shown(label)} of the result`);
  }
  const named = inputs.map((operand) => stretched(diagonals(given, operand), sizes));
  const [first, ...rest] = named;
  if (first === undefined) throw new OptionError(`${given}: no operands given`);
  return typed(arranged(contractAll(first, rest, output), output));
}

/** The product of all operands, one after the other: next comes the first that shares a label, or else the first. */
function contractAll(first: Labelled, others: readonly Labelled[], output: readonly string[]): Labelled {
  const remaining = [...others];
  const wanted = (): ReadonlySet<string> => new Set([...output, ...remaining.flatMap(({ labels }) => labels)]);
  let product = summed(first, wanted());
  while (remaining.length > 0) {
    const related = remaining.findIndex(({ labels }) => labels.some((label) => product.labels.includes(label)));
    for (const next of remaining.splice(Math.max(related, 0), 1)) product = contract(product, next, wanted());
  }
  return product;
}

// Reading the equation ------------------------------------------------------------------------------------------------------

/** The label of an axis under an ellipsis, counted from the last of them: a digit, which no letter is. */
const hidden = (fromEnd: number): string => String(fromEnd);
const shown = (label: string): string => (/^\d+$/.test(label) ? "... (an axis of)" : label);

function parse(
  given: string,
  equation: string,
  operands: readonly Tensor[],
): { readonly inputs: readonly Labelled[]; readonly output: readonly string[] } {
  const [left = "", right, ...more] = equation.replaceAll(" ", "").split("->");
  if (more.length > 0) throw new OptionError(`${given}: there is more than one ->`);
  const terms = left.split(",");
  if (terms.length !== operands.length)
    throw new OptionError(`${given}: ${terms.length} operands are named, ${operands.length} given`);
  const inputs = operands.map((x, index) => ({ x, labels: labelsOf(given, terms[index] ?? "", x.shape, index) }));
  const widest = Math.max(0, ...inputs.map(({ labels }) => labels.filter((label) => /^\d/.test(label)).length));
  const ellipsis = Array.from({ length: widest }, (_, axis) => hidden(widest - 1 - axis));
  if (right === undefined) {
    const letters = terms.join("").replace(/[^A-Za-z]/g, "");
    const once = [...letters].filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter)).sort();
    return { inputs, output: [...ellipsis, ...once] };
  }
  const { before, after, dots } = parts(given, right);
  const output = [...before, ...(dots ? ellipsis : []), ...after];
  const twice = output.find((label, index) => output.indexOf(label) !== index);
  if (twice !== undefined) throw new OptionError(`${given}: label ${twice} appears twice in the result`);
  return { inputs, output };
}

/** The letters of a term before and after its ellipsis. */
function parts(
  given: string,
  term: string,
): { readonly before: string[]; readonly after: string[]; readonly dots: boolean } {
  const match = /^([A-Za-z]*)(\.\.\.)?([A-Za-z]*)$/.exec(term);
  if (match === null)
    throw new OptionError(`${given}: ${JSON.stringify(term)} cannot be read: labels are letters, with at most one ...`);
  const [, before = "", dots, after = ""] = match;
  return { before: [...before], after: [...after], dots: dots !== undefined };
}

function labelsOf(given: string, term: string, shape: Shape, index: number): readonly string[] {
  const { before, after, dots } = parts(given, term);
  const letters = before.length + after.length;
  if (dots ? letters > shape.length : letters !== shape.length)
    throw new ShapeError(
      `${given}: operand ${index} is ${formatShape(shape)}, its labels ${term} name ${letters} axes`,
    );
  const rest = shape.length - letters;
  return [...before, ...Array.from({ length: rest }, (_, axis) => hidden(rest - 1 - axis)), ...after];
}

/** The size of every label; 1 gives way to others. */
function sizesOf(given: string, operands: readonly Labelled[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const { x, labels } of operands) {
    for (const [axis, label] of labels.entries()) {
      const [size, known] = [x.shape[axis] ?? 1, sizes.get(label) ?? 1];
      if (size !== known && size !== 1 && known !== 1)
        throw new ShapeError(`${given}: label ${shown(label)} is ${known} in one place and ${size} in another`);
      sizes.set(label, size === 1 ? known : size);
    }
  }
  return sizes;
}

// Operands by themselves ----------------------------------------------------------------------------------------------------

/** With a diagonal taken for each label that is repeated. */
function diagonals(given: string, operand: Labelled): Labelled {
  let { x, labels } = operand;
  for (;;) {
    const names = labels;
    const second = names.findIndex((label, axis) => names.indexOf(label) !== axis);
    const label = names[second];
    if (label === undefined) return { x, labels };
    const first = names.indexOf(label);
    if (x.shape[first] !== x.shape[second])
      throw new ShapeError(`${given}: label ${label} is ${x.shape[first]} and ${x.shape[second]} within one operand`);
    x = diagonal(x, { axis1: first, axis2: second });
    labels = [...names.filter((other) => other !== label), label];
  }
}

/** Without the axes of size 1 that broadcast against others: what does not depend on a label does not have it. */
function stretched({ x, labels }: Labelled, sizes: ReadonlyMap<string, number>): Labelled {
  const stays = (label: string, axis: number): boolean => x.shape[axis] !== 1 || sizes.get(label) === 1;
  if (labels.every(stays)) return { x, labels };
  return { x: x.reshape(x.shape.filter((_, axis) => stays(labels[axis] ?? "", axis))), labels: labels.filter(stays) };
}

/** Summed over the labels that nobody wants. */
function summed({ x, labels }: Labelled, wanted: ReadonlySet<string>): Labelled {
  const axes = labels.flatMap((label, axis) => (wanted.has(label) ? [] : [axis]));
  return axes.length === 0 ? { x, labels } : { x: x.sum(axes), labels: labels.filter((label) => wanted.has(label)) };
}

/** With the axes in this order. */
function arranged({ x, labels }: Labelled, order: readonly string[]): Tensor {
  if (order.every((label, axis) => labels[axis] === label)) return x;
  return x.permute(order.map((label) => labels.indexOf(label)));
}

// Two operands --------------------------------------------------------------------------------------------------------------

/** The product of two operands, summed over the labels that nobody wants: a batch of matrix products. */
function contract(a: Labelled, b: Labelled, wanted: ReadonlySet<string>): Labelled {
  const left = summed(a, new Set([...wanted, ...b.labels]));
  const right = summed(b, new Set([...wanted, ...a.labels]));
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const batch = shared.filter((label) => wanted.has(label));
  const inner = shared.filter((label) => !wanted.has(label));
  const rows = left.labels.filter((label) => !shared.includes(label));
  const columns = right.labels.filter((label) => !shared.includes(label));
  const size = ({ x, labels }: Labelled, of: readonly string[]): number[] =>
    of.map((label) => x.shape[labels.indexOf(label)] ?? 1);
  const whole = [...size(left, batch), ...size(left, rows), ...size(right, columns)];
  const names = [...batch, ...rows, ...columns];
  if (inner.length === 0) return { x: spread(left, names).mul(spread(right, names)), labels: names };
  const matrix = (operand: Labelled, first: readonly string[], second: readonly string[]): Tensor => {
    const flat = [sizeOf(size(operand, first)), sizeOf(size(operand, second))];
    return arranged(operand, [...batch, ...first, ...second]).reshape([...size(left, batch), ...flat]);
  };
  const product: Tensor = matmul(matrix(left, rows, inner), matrix(right, inner, columns));
  return { x: product.reshape(whole), labels: names };
}

/** With an axis of size 1 for each label that is missing, so that operands broadcast. */
function spread(operand: Labelled, names: readonly string[]): Tensor {
  const own = names.filter((label) => operand.labels.includes(label));
  const x = arranged(operand, own);
  return x.reshape(names.map((label) => (own.includes(label) ? (x.shape[own.indexOf(label)] ?? 1) : 1)));
}
