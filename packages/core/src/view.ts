// How a tensor's elements lie in memory: a storage, and the strides with which to read it. Engines know nothing but views.

import { callSite } from "./call-site.ts";
import { allocate, type DType, type TypedArray } from "./dtype.ts";
import { AutogradError, GraphError } from "./errors.ts";
import { contiguousStrides, isContiguous, type Shape, sizeOf } from "./shape.ts";
import type { Place } from "./wasm/heap.ts";

/** What is known of the Variable that owns a storage. */
export interface Owner {
  readonly name: string;
  readonly requiresGrad: boolean;
}

/**
 * Memory that tensors read. Only a Variable's storage is ever written after it was filled, and each time its version rises:
 * whoever remembers an older version can tell that what it saw is gone.
 */
export class Storage {
  array: TypedArray;
  version = 0;
  /** The number of elements; known even while a growing memory has detached the array. */
  readonly length: number;
  /** Whether a compiled call failed while it was writing here: the values are no good until they are assigned again. */
  lost = false;
  /** Where in a heap the array lies; null for an array of its own. */
  place: Place | null = null;
  /** The Variable that owns this memory, as messages and captured programs know it; null for a plain tensor's. */
  readonly owner: Owner | null;

  constructor(array: TypedArray, owner: Owner | null = null) {
    this.array = array;
    this.length = array.length;
    this.owner = owner;
  }
}

/** `Variable w`, as messages call the owner of a storage. */
export function variableOf(owner: Pick<Owner, "name"> | null): string {
  return `Variable ${owner?.name || "(unnamed)"}`;
}

/** A tensor that shares a Variable's memory without copying must not be read once that was assigned. */
export function checkCurrent(operation: string, { lost, owner, version }: Storage, seen: number): void {
  if (lost) {
    throw new AutogradError(
      `${operation}: ${variableOf(owner)} was being written when a thread failed: assign or load its value again`,
    );
  }
  if (version !== seen) {
    throw new AutogradError(
      `${operation}: this tensor is a view of ${variableOf(owner)}, which was assigned since: ` +
        "take the view again, or keep a clone() of it",
    );
  }
}

/**
 * Memory that does not exist yet: what a captured operation will write. Reading it is an error that says so.
 * `Id` is whatever the tracer knows it by.
 */
export class FutureStorage<Id = unknown> extends Storage {
  readonly id: Id;

  constructor(id: Id) {
    super(new Uint8Array(0));
    this.id = id;
    Object.defineProperty(this, "array", { get: refuseToRead });
  }
}

/** What stops an attempt: made once, since a message with the place of a call takes longer than most attempts. */
const elementsNeeded: Error = /* @__PURE__ */ new GraphError("elements that do not exist yet");
let attempting = false;

/** What `f` gives, or null if it needs elements that do not exist yet. */
export function unlessRead<T>(f: () => T): T | null {
  const before = attempting;
  attempting = true;
  try {
    return f();
  } catch (error) {
    if (error !== elementsNeeded) throw error;
    return null;
  } finally {
    attempting = before;
  }
}

function refuseToRead(): never {
  if (attempting) throw elementsNeeded;
  throw new GraphError(
    "a value was read while the computation is captured by compile: item(), toArray(), new Variable(x) and branches on data have no value yet; " +
      `return the tensor and read it after the call, or choose with where(). Read at ${callSite()}`,
  );
}

/** Elements of a storage as an array of some shape: element (i, j, …) stands at offset + i·strides[0] + j·strides[1] + … */
export interface View {
  readonly storage: Storage;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The shape and dtype that an operation will give. */
export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A view of a whole array in row-major order. */
export function viewOf(array: TypedArray, dtype: DType, shape: Shape): View {
  return { storage: new Storage(array), shape, dtype, strides: contiguousStrides(shape), offset: 0 };
}

/** A zero-filled view of this shape. */
export function allocateView({ shape, dtype }: Spec): View {
  return viewOf(allocate(dtype, sizeOf(shape)), dtype, shape);
}

/** The number of elements. */
export function viewSize(view: View): number {
  return sizeOf(view.shape);
}

/** Whether the elements stand in row-major order without gaps. */
export function contiguous(view: View): boolean {
  return isContiguous(view.shape, view.strides);
}

/** The elements of a contiguous view, without a copy. */
export function elements(view: View): TypedArray {
  const { array } = view.storage;
  const size = viewSize(view);
  return view.offset === 0 && array.length === size ? array : array.subarray(view.offset, view.offset + size);
}
