// What a worker of batches and the thread that uses it say to each other, and how tensors and errors travel.

import {
  CheckpointError,
  DataError,
  type DType,
  DTypeError,
  type GradusError,
  OptionError,
  type Shape,
  ShapeError,
  Tensor,
  tensor,
} from "@gradus/core";
import type { StreamBatch } from "../stream/batches.ts";

/** What the worker is asked. A reader is one pass, known by a number. */
export type Request =
  | { readonly type: "start"; readonly data: unknown }
  | { readonly type: "open"; readonly reader: number; readonly pass: number; readonly skip: number }
  | { readonly type: "next"; readonly reader: number }
  | { readonly type: "close"; readonly reader: number };

/** What the worker answers, in the order of the requests of each reader. */
export type Answer =
  | { readonly type: "batch"; readonly reader: number; readonly batch: PackedBatch }
  | { readonly type: "end"; readonly reader: number }
  | { readonly type: "error"; readonly reader: number | null; readonly error: PackedError };

/** A tensor as a message: its elements are handed over, not copied. */
interface PackedTensor {
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A batch as a message. */
export interface PackedBatch {
  readonly inputs: PackedTensor;
  readonly targets: PackedTensor;
  readonly weights: PackedTensor | null;
}

/** An error as a message. */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** A batch as a message, and the memory that goes with it. @throws DataError for what is no batch */
export function packBatch(batch: unknown): { readonly packed: PackedBatch; readonly transfer: ArrayBuffer[] } {
  const given: Partial<StreamBatch> = typeof batch === "object" && batch !== null ? batch : {};
  const { inputs, targets, weights } = given;
  if (!(inputs instanceof Tensor) || !(targets instanceof Tensor)) {
    throw new DataError(
      "serveBatches: expected batches, { inputs, targets }, two tensors: end the stream in batch(size)",
    );
  }
  const packed = {
    inputs: packTensor(inputs),
    targets: packTensor(targets),
    weights: weights === undefined ? null : packTensor(weights),
  };
  const parts = [packed.inputs, packed.targets, ...(packed.weights === null ? [] : [packed.weights])];
  return { packed, transfer: parts.flatMap(({ data: { buffer } }) => (buffer instanceof ArrayBuffer ? [buffer] : [])) };
}

const packTensor = (value: Tensor): PackedTensor => ({
  data: value.toTypedArray(),
  shape: [...value.shape],
  dtype: value.dtype,
});

/** The batch of a message. */
export function unpackBatch({ inputs, targets, weights }: PackedBatch): StreamBatch {
  const whole = ({ data, shape, dtype }: PackedTensor): Tensor => tensor(data, { shape, dtype });
  return { inputs: whole(inputs), targets: whole(targets), ...(weights !== null && { weights: whole(weights) }) };
}

/** An error as a message. */
export function packError(error: unknown): PackedError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), stack: "" };
  return { name: error.name, message: error.message, stack: error.stack ?? "" };
}

const kinds = { CheckpointError, DataError, DTypeError, OptionError, ShapeError } as const;

/** The error of a message, of the class it had; others are a DataError. Its cause has the worker's stack. */
export function unpackError({ name, message, stack }: PackedError): GradusError {
  const there = new Error(message);
  there.name = name;
  there.stack = stack;
  const known = Object.entries(kinds).find(([kind]) => kind === name)?.[1];
  if (known !== undefined) return new known(message, { cause: there });
  return new DataError(`workerBatches: the worker's data threw ${name}: ${message}`, { cause: there });
}
