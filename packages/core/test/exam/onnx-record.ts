// ONNX's published node tests as record-onnx.py recorded them, and how a node's inputs and attributes are read.

import { readFileSync } from "node:fs";
import { type Tensor, tensor } from "../../src/index.ts";
import { number } from "./opinfo-record.ts";

/** A recorded tensor. */
export interface NodeTensor {
  readonly s: readonly number[];
  readonly v: readonly (number | boolean | string)[];
  readonly d: "float32" | "float64" | "int32" | "bool" | "uint8";
}

/** A model of one node, what it is given, and what it must give; null where an input or output is left out. */
export interface NodeTest {
  readonly test: string;
  readonly op: string;
  /** The type of elements that we have not; then the rest is missing. */
  readonly lacks?: string;
  readonly inputs?: readonly (NodeTensor | null)[];
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly outputs?: readonly (NodeTensor | null)[];
}

/** The tests of a record. */
export function testsOf(path: string | URL): NodeTest[] {
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** A recorded tensor as ours. */
export function nodeTensor({ s, v, d }: NodeTensor): Tensor {
  const values = v.map(number);
  const arrays = {
    float32: Float32Array,
    float64: Float64Array,
    int32: Int32Array,
    bool: Uint8Array,
    uint8: Uint8Array,
  };
  return tensor(arrays[d].from(values), { shape: s, dtype: d });
}

/** What a node's row gives: its outputs in order, null for one that we do not have, or the reason why it is none of ours. */
export type Outputs = Tensor | readonly (Tensor | null)[] | string;
/** An operator of ONNX in our words. */
export type NodeRow = (node: Node) => Outputs;
/** A row for each operator. */
export type NodeRows = Readonly<Record<string, NodeRow>>;

/** A node as rows see it: tensors, which may be a compiled function's arguments, and plain numbers, which are fixed. */
export class Node {
  readonly #test: NodeTest;
  readonly #tensors: readonly (Tensor | null)[];

  constructor(test: NodeTest, tensors: readonly (Tensor | null)[]) {
    this.#test = test;
    this.#tensors = tensors;
  }

  /** An input. */
  x(index: number): Tensor {
    const found = this.#tensors[index];
    if (found == null) throw new Error(`${this.#test.test}: no input ${index}`);
    return found;
  }

  /** An input that may be left out. */
  maybe(index: number): Tensor | null {
    return this.#tensors[index] ?? null;
  }

  /** All inputs. */
  all(): Tensor[] {
    return this.#tensors.map((_, index) => this.x(index));
  }

  /** The numbers of an input that says what to do, as axes and shapes do; null if it is left out. */
  numbers(index: number): number[] | null {
    return this.#test.inputs?.[index]?.v.map(number) ?? null;
  }

  /** A whole number or a float among the attributes. */
  number(name: string, fallback: number): number {
    const value = this.#test.attributes?.[name];
    return typeof value === "number" ? value : fallback;
  }

  /** Numbers among the attributes. */
  list(name: string): number[] | null {
    const value: unknown = this.#test.attributes?.[name];
    return Array.isArray(value) ? value.map(Number) : null;
  }

  /** A word among the attributes. */
  word(name: string, fallback: string): string {
    const value = this.#test.attributes?.[name];
    return typeof value === "string" ? value : fallback;
  }

  /** How many outputs are asked for. */
  get outputs(): number {
    return this.#test.outputs?.length ?? 0;
  }
}
