// What some elementwise operators must refuse or put differently when they are given integers alone, before anything is computed:
// there is no integer for 3⁻¹ or for a remainder by 0, and no infinite bound.

import { isFloat } from "../dtype.ts";
import { contiguousView } from "../engine/copy.ts";
import { DataError } from "../errors.ts";
import { Tensor } from "../tensor.ts";
import { elements, type Spec, type View } from "../view.ts";
import { type PrimitiveOp, primitive } from "./constructors.ts";
import { type One, type Op, type Operand, scalar } from "./op.ts";

/** Whether arithmetic on the operands stays among integers. */
const areWhole = (operands: readonly Operand[]): boolean =>
  operands.some((operand) => operand instanceof Tensor) &&
  operands.every((operand) =>
    operand instanceof Tensor ? !isFloat(operand.dtype) : Number.isInteger(operand) || Math.abs(operand) === Infinity,
  );

/** `operator` on operands that `prepare` has looked at, where they are integers alone. */
export function preparingIntegers<O extends ((...operands: never) => Tensor) & { readonly op: Op<null> }>(
  operator: O,
  prepare: (operands: readonly Operand[]) => readonly Operand[],
): O {
  const call = (...operands: readonly Operand[]): unknown =>
    Reflect.apply(operator, undefined, areWhole(operands) ? prepare(operands) : operands);
  return Object.assign(call as unknown as O, { op: operator.op }); // cast: it takes and gives what `operator` does
}

/** The values, none of which may be 0. */
const nonZero: PrimitiveOp<null> = /* @__PURE__ */ primitive({
  name: "nonZero",
  infer: ([{ shape, dtype }]: One<Spec>) => ({ shape, dtype }),
  kernel: ([x]: One<View>) => {
    const view = contiguousView(x);
    if (view.storage.array.length > 0 && elements(view).includes(0))
      throw new DataError("mod: integers have no remainder by 0: cast to float32 for NaN, or replace the zeros");
    return view;
  },
  reads: [],
  gradient: () => [null],
});

/** A divisor of integers must not be 0. */
export function refuseZero([a = 0, b = 0]: readonly Operand[]): readonly Operand[] {
  return [a, nonZero([b instanceof Tensor ? b : scalar(b, "int32")], null)];
}

/** A number that is the exponent of integers must not be negative. */
export function refuseNegative([a = 0, b = 0]: readonly Operand[]): readonly Operand[] {
  if (typeof b === "number" && b < 0)
    throw new DataError(`pow: integers to the power ${b} are no integers: cast the base to float32 first`);
  return [a, b];
}

/** Infinite bounds of integers are the least and the greatest of them. */
export function finiteBounds(operands: readonly Operand[]): readonly Operand[] {
  return operands.map((operand) => {
    if (operand === Infinity) return scalar(2 ** 31 - 1, "int32");
    return operand === -Infinity ? scalar(-(2 ** 31), "int32") : operand;
  });
}
