// How the nodes of a loop with folds lie in its passes: which pass each belongs to, and the steps of its operands.

import type { DType } from "../dtype.ts";
import type { GraphNode, Operand, Value } from "../graph/graph.ts";
import type { Group, Role } from "../graph/passes/fuse.ts";
import {
  type Fold,
  keptStrides,
  type MatrixSpace,
  type MatrixStrides,
  matrixOf,
  matrixStrides,
  squeezed,
  stridesIn,
} from "../graph/passes/layout.ts";
import { type Stages, stagesOf } from "../graph/passes/stages.ts";
import type { Shape } from "../shape.ts";
import type { FunctionBuilder } from "../wasm/assembler.ts";
import { elementBytes } from "../wasm/lanes.ts";
import { type Addresses, Loop, spaceOf } from "./loop.ts";

/** An operand in a loop with a fold: where it starts, and its steps in elements from matrix to matrix, along kept and folded places. */
export interface Access {
  readonly address: number;
  readonly dtype: DType;
  readonly bytes: number;
  readonly outer: number;
  readonly kept: number;
  readonly folded: number;
  /** The same for the same elements. */
  readonly key: string;
}

/** Passes over a matrix: what is computed when, and from where. */
export abstract class MatrixAccesses extends Loop {
  protected readonly size: MatrixSpace;
  protected readonly stages: Stages;
  readonly #space: Shape;
  readonly #fold: Fold;

  constructor(f: FunctionBuilder, group: Group, addresses: Addresses, space: Shape, fold: Fold) {
    super(f, group, addresses);
    this.size = matrixOf(space, fold);
    this.#space = space;
    this.#fold = fold;
    this.stages = stagesOf(group, addresses.stored);
  }

  protected accessOf(node: GraphNode, operand: Operand): Access {
    const shape = spaceOf(node);
    const strides = stridesIn(operand, shape);
    const matrix =
      this.role(node) === "kept"
        ? keptStrides(squeezed(shape), strides, this.#fold)
        : matrixStrides(this.#space, strides, this.#fold);
    if (matrix === null) throw new Error(`${node.name}: an operand does not fit its loop`);
    return this.#access(operand.value, matrix, operand.offset);
  }

  protected fullAccess(value: Value): Access {
    const { rows, columns } = this.size;
    return this.#access(value, { outer: rows * columns, rows: columns, columns: 1 });
  }

  protected keptOutput(value: Value): Access {
    return this.#access(value, { outer: this.size.columns, rows: 1, columns: 1 });
  }

  #access(value: Value, { outer, rows, columns }: MatrixStrides, offset = 0): Access {
    const { dtype } = value;
    const bytes = elementBytes(dtype);
    const address = this.addresses.of(value) + bytes * offset;
    const [kept, folded] = this.#fold.kind === "rows" ? [rows, columns] : [columns, rows];
    return { address, dtype, bytes, outer, kept, folded, key: `${address} ${dtype} ${outer} ${kept} ${folded}` };
  }

  protected stage(node: GraphNode): number {
    return this.stages.stageOf.get(node) ?? 0;
  }

  protected role(node: GraphNode): Role | null {
    return this.group.roles.get(node) ?? null;
  }

  /** The folds that are complete after a pass. */
  protected folds(pass: number): GraphNode[] {
    return this.nodes.filter((node) => this.role(node) === "fold" && this.stage(node) === pass);
  }

  /** Kept nodes that can be computed before a pass and not earlier. */
  protected keptNodes(pass: number): GraphNode[] {
    return this.nodes.filter((node) => this.role(node) === "kept" && this.stage(node) === pass);
  }

  /** The full nodes that a pass computes, in order: those due now, and earlier ones that they need again. */
  protected full(pass: number): GraphNode[] {
    const needed = new Set<GraphNode>();
    const stack = this.nodes.filter((node) => this.stage(node) === pass && this.role(node) !== "kept");
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (needed.has(node)) continue;
      needed.add(node);
      for (const { value } of node.inputs) {
        const again = this.isOwn(value) && this.role(value.node) === "full" && !this.isInMemory(value, pass);
        if (again) stack.push(value.node);
      }
    }
    return this.nodes.filter((node) => needed.has(node) && this.role(node) === "full");
  }

  /** Whether a pass reads a full value of an earlier one from memory. */
  protected isInMemory(value: Value, pass: number): boolean {
    return this.stage(value.node) < pass && this.stages.remembered.has(value);
  }

  /** What kept nodes read from elsewhere. */
  protected keptReads(): Access[] {
    return this.#reads((node) => this.role(node) === "kept");
  }

  /** What full nodes and folds read from elsewhere that does not change along the folded places. */
  protected steadyReads(): Access[] {
    return this.#reads((node) => this.role(node) !== "kept").filter(({ folded }) => folded === 0);
  }

  #reads(by: (node: GraphNode) => boolean): Access[] {
    return this.nodes
      .filter(by)
      .flatMap((node) =>
        node.inputs.flatMap((operand) => (this.isOwn(operand.value) ? [] : [this.accessOf(node, operand)])),
      );
  }
}
