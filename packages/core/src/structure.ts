// Arguments and results of compiled functions: tensors in any nesting of arrays and plain objects.

import { describe, GraphError } from "./errors.ts";
import { Tensor, Variable } from "./tensor.ts";

/** Tensors in order, and a text that says where they stood and what else there was. */
export interface Flat {
  readonly tensors: readonly Tensor[];
  readonly key: string;
}

/** The tensors in a structure. Variables, numbers, strings, booleans, null and undefined are part of its key. */
export function flatten(value: unknown, names: Map<object, number>): Flat {
  const tensors: Tensor[] = [];
  const key = visit(value, tensors, names);
  return { tensors, key };
}

function visit(value: unknown, tensors: Tensor[], names: Map<object, number>): string {
  if (value instanceof Variable) return `variable ${nameOf(value, names)}`;
  if (value instanceof Tensor) {
    tensors.push(value);
    return `${value.dtype}[${value.shape}]`;
  }
  if (Array.isArray(value)) return `[${value.map((item) => visit(item, tensors, names)).join(",")}]`;
  if (isPlain(value))
    return `{${Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}:${visit(item, tensors, names)}`)}}`;
  if (Object.is(value, -0)) return "-0";
  checkLeaf(value, "an argument is", "pass");
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** Whatever else it is might hold tensors that nobody finds. */
function checkLeaf(value: unknown, found: string, advice: string): void {
  if (value === null || ["number", "boolean", "undefined", "string"].includes(typeof value)) return;
  throw new GraphError(
    `compile: ${found} ${describe(value)}: ${advice} tensors, numbers, strings, and arrays or plain objects of them`,
  );
}

/** The structure with each tensor replaced. @throws GraphError for what else a function may return */
export function replaceTensors(value: unknown, replace: (tensor: Tensor) => Tensor): unknown {
  const inner = (item: unknown): unknown => replaceTensors(item, replace);
  if (value instanceof Variable) return value;
  if (value instanceof Tensor) return replace(value);
  if (Array.isArray(value)) return value.map(inner);
  if (isPlain(value)) return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, inner(item)]));
  checkLeaf(value, "the function returned", "return");
  return value;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A number for an object, the same as long as it lives in the map. */
function nameOf(object: object, names: Map<object, number>): number {
  const known = names.get(object) ?? names.size;
  names.set(object, known);
  return known;
}
