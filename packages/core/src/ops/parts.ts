// Parts of tensors, and tensors assembled from parts. A part is a view: every second row, a diagonal, the columns in reverse. To
// take one moves nothing; to assemble a tensor copies each part to its places. The two are each other's adjoint.

import { allocate } from "../dtype.ts";
import { contiguousView } from "../engine/copy.ts";
import { offsetsOf, sizeOf } from "../shape.ts";
import { elements, type View, viewOf } from "../view.ts";
import { type Assembly, type Part, runOf } from "../wasm/parts.ts";
import { type MovementOp, movement, type PrimitiveOp, primitive } from "./constructors.ts";

/** An operator that takes a part of a tensor, as a view. */
export const take: MovementOp<Part> = /* @__PURE__ */ movement({
  name: "slice",
  move: (view, part) => ({ ...view, ...part(view) }),
  adjoint: (dy, { shape }, part) => place([dy], { shape, parts: [part], value: 0 }),
});

/** Assembles a tensor from parts, which have one dtype. */
const assembling = (name: string): PrimitiveOp<Assembly> =>
  primitive({
    name,
    infer: ([first], { shape }) => ({ shape, dtype: first?.dtype ?? "float32" }),
    kernel: (inputs, { shape, dtype }, { parts, value }) => {
      const out = viewOf(allocate(dtype, sizeOf(shape)), dtype, shape);
      if (!Object.is(value, 0)) out.storage.array.fill(value);
      for (const [index, input] of inputs.entries()) {
        const part = parts[index];
        if (part !== undefined && sizeOf(input.shape) > 0) copyTo({ ...out, ...part(out) }, input);
      }
      return out;
    },
    lowering: { kind: "request", kernel: (assembly) => ({ kind: "assembly", assembly }) },
    reads: [],
    gradient: ({ dy, needs }, { parts }) => parts.map((part, index) => (needs[index] ? take(dy, part) : null)),
  });

/** The adjoint of taking a part: zeros around it. */
export const place: PrimitiveOp<Assembly> = /* @__PURE__ */ assembling("place");
/** A tensor of which every element comes from a part. */
export const join: PrimitiveOp<Assembly> = /* @__PURE__ */ assembling("concat");
/** One part within a value. */
export const surround: PrimitiveOp<Assembly> = /* @__PURE__ */ assembling("pad");

/** Copies `from` to the places of `to`, a view of other memory. */
function copyTo(to: View, from: View): void {
  const source = elements(contiguousView(from));
  const target = to.storage.array;
  const { shape, strides } = to;
  const { inner, run } = runOf(to);
  const places = offsetsOf(shape.slice(0, inner), strides);
  for (let index = 0; index < places.length; index++) {
    const at = to.offset + (places[index] ?? 0);
    if (run === 1) target[at] = source[index] ?? 0;
    else target.set(source.subarray(index * run, (index + 1) * run), at);
  }
}

/** One axis of a part: the first place, the step, and how many. */
export interface Stretch {
  readonly start: number;
  readonly step: number;
  readonly count: number;
  /** Whether the axis goes, its one place being picked. */
  readonly picks: boolean;
}

/** The part that is made of a stretch of each axis. */
export function stretchesOf(stretches: readonly Stretch[]): Part {
  return ({ strides, offset }) => ({
    shape: stretches.flatMap(({ count, picks }) => (picks ? [] : [count])),
    strides: stretches.flatMap(({ step, picks }, axis) => (picks ? [] : [(strides[axis] ?? 0) * step])),
    offset: offset + stretches.reduce((sum, { start }, axis) => sum + start * (strides[axis] ?? 0), 0),
  });
}

/** The part of one axis from `start` on, `count` long. */
export function along(axis: number, start: number, count: number): Part {
  return ({ shape, strides, offset }) => ({
    shape: shape.map((size, index) => (index === axis ? count : size)),
    strides,
    offset: offset + start * (strides[axis] ?? 0),
  });
}
