// What all loops over fused groups share: where values live, and computing nodes from the values around them.

import type { GraphNode, Operand, Value } from "../graph/graph.ts";
import type { Group } from "../graph/passes/fuse.ts";
import type { Shape } from "../shape.ts";
import type { FunctionBuilder, Local } from "../wasm/assembler.ts";
import { emitVector, type Lanes } from "../wasm/simd.ts";
import { functions } from "../wasm/simd-math.ts";

/** Where values live. */
export interface Addresses {
  of(value: Value): number;
  /** Values that must be in memory when the kernel is done. */
  readonly stored: ReadonlySet<Value>;
}

/** A local that counts or points. */
export type Counter = Local<"i32">;

/** What a node writes about the shape that its operands are broadcast to. */
export function spaceOf(node: GraphNode): Shape {
  return node.work.kind === "reduce" ? (node.inputs[0]?.shape ?? []) : (node.outputs[0]?.shape ?? []);
}

/** A loop over the places of a group's space. */
export abstract class Loop {
  protected readonly f: FunctionBuilder;
  protected readonly group: Group;
  protected readonly addresses: Addresses;

  constructor(f: FunctionBuilder, group: Group, addresses: Addresses) {
    this.f = f;
    this.group = group;
    this.addresses = addresses;
  }

  protected get nodes(): readonly GraphNode[] {
    return this.group.nodes;
  }

  protected isOwn(value: Value): boolean {
    return this.group.roles.has(value.node);
  }

  protected stored(node: GraphNode): Value[] {
    return node.outputs.filter((value) => this.addresses.stored.has(value));
  }

  /** The values of an elementwise node, given how to get its operands. */
  protected compute(
    node: GraphNode,
    environment: Map<Value, Lanes>,
    read: (operand: Operand) => Lanes | undefined,
  ): void {
    if (node.work.kind !== "elementwise") return;
    const inputs = node.inputs.map((operand) => environment.get(operand.value) ?? read(operand));
    const results = emitVector(this.f, node.work.formulas, inputs, functions);
    for (const [index, value] of node.outputs.entries()) {
      const lanes = results[index];
      if (lanes !== undefined) environment.set(value, lanes);
    }
  }
}
