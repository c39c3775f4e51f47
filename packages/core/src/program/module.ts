// The WebAssembly module of a program: a function for each kernel, and one for each segment that calls its kernels, with a barrier
// after each where several threads run.

import { GraphError } from "../errors.ts";
import type { GraphNode } from "../graph/graph.ts";
import type { Group, Schedule } from "../graph/passes/fuse.ts";
import { sizeOf } from "../shape.ts";
import type { Spec } from "../view.ts";
import { type FunctionBuilder, ModuleBuilder } from "../wasm/assembler.ts";
import { defineBarrier } from "../wasm/control.ts";
import type { Epilogue } from "../wasm/epilogue.ts";
import { type Heap, importHeap } from "../wasm/heap.ts";
import { elementBytes } from "../wasm/lanes.ts";
import type { NativeKernel } from "../wasm/native.ts";
import { instructions } from "../wasm/opcodes-programs.ts";
import { emitShare, KERNEL_PARAMETERS, type Share } from "../wasm/share.ts";
import { DRAWN_BYTES, emitUniform } from "../wasm/threefry.ts";
import { epilogueOf } from "./epilogue.ts";
import type { Addresses } from "./loop.ts";
import { emitLoop } from "./loops.ts";
import { emitProduct, gemmScratch, productKernel } from "./product.ts";
import type { Segment } from "./segments.ts";

/** Where a program's kernels work. */
export interface Places extends Addresses {
  /** The words from which a random kernel reads its key and call. */
  draw(node: GraphNode): number;
  /** Room for each thread, one after the other. */
  readonly scratch: number;
}

/** The bytes of the module. */
export function emitModule(
  segments: readonly Segment[],
  places: Places,
  heap: Heap,
  threads: number,
): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder(instructions);
  importHeap(module, heap);
  const barrier = threads > 1 ? defineBarrier(module) : null;
  for (const segment of segments) {
    if (segment.kind === "eager") continue;
    const kernels = segment.groups.map((group) => emitKernel(module, group, places));
    const run = module.define({ parameters: KERNEL_PARAMETERS, results: ["i32"] }, (f, part, parts) => {
      for (const kernel of kernels) {
        f.get(part).get(parts).call(kernel);
        if (barrier !== null) emitBarrier(f, barrier, { part, parts });
      }
      f.i32(0);
    });
    module.export(segment.name, run);
  }
  return module.toBytes();
}

/** Waits for the other threads, if there are any; leaves the segment with 1 if one of them does not come. */
function emitBarrier(f: FunctionBuilder, barrier: FunctionBuilder, { parts }: Share): void {
  f.get(parts)
    .i32(1)
    .op("i32.gt_u")
    .if(() => {
      f.get(parts)
        .call(barrier)
        .if(() => void f.i32(1).op("control.return"));
    });
}

/** The name of a kernel's function in the module. */
export function kernelName(group: Group): string {
  return `kernel ${group.id}`;
}

function emitKernel(module: ModuleBuilder, group: Group, places: Places): FunctionBuilder {
  const body = kernelBody(module, group, places);
  const kernel = module.define({ parameters: KERNEL_PARAMETERS }, (f, part, parts) => body(f, { part, parts }));
  module.export(kernelName(group), kernel);
  return kernel;
}

function kernelBody(module: ModuleBuilder, group: Group, places: Places): (f: FunctionBuilder, share: Share) => void {
  const [node] = group.nodes;
  const [value] = node?.outputs ?? [];
  if (node === undefined || value === undefined) throw new GraphError("a kernel without nodes");
  const { work } = node;
  const epilogue = epilogueOf(group, places);
  const target = epilogue?.origin ?? places.of(value);
  if (work.kind === "native") return nativeBody(module, node, work.kernel, { places, target, epilogue });
  if (work.kind === "random") {
    const units = Math.ceil((4 * sizeOf(value.shape)) / DRAWN_BYTES);
    return (f, share) => emitUniform(f, places.of(value), places.draw(node), emitShare(f, units, share, DRAWN_BYTES));
  }
  if (work.kind !== "matmul") return (f, share) => emitLoop(f, group, places, share);
  const kernel = productKernel(module, node, epilogue);
  return (f, share) => emitProduct(f, kernel, node, { places, target, share });
}

function nativeBody(
  module: ModuleBuilder,
  node: GraphNode,
  kernel: NativeKernel,
  {
    places,
    target,
    epilogue,
  }: { readonly places: Places; readonly target: number; readonly epilogue: Epilogue | undefined },
): (f: FunctionBuilder, share: Share) => void {
  const [output] = node.outputs;
  if (output === undefined) throw new GraphError(`${node.name}: no output`);
  const body = kernel.emit(module, inputSpecs(node), output, epilogue);
  const inputs = node.inputs.map(({ value, offset }) => places.of(value) + elementBytes(value.dtype) * offset);
  return (f, share) => body(f, { inputs, output: target, scratch: places.scratch }, share);
}

/** Working memory that is enough for one thread of any kernel. */
export function scratchBytesOf({ graph }: Schedule): number {
  const sizes = graph.nodes.map((node) => {
    const [output] = node.outputs;
    if (node.work.kind === "matmul") return gemmScratch();
    return node.work.kind === "native" && output !== undefined
      ? node.work.kernel.scratchBytes(inputSpecs(node), output)
      : 0;
  });
  return Math.max(0, ...sizes);
}

const inputSpecs = ({ inputs }: GraphNode): Spec[] => inputs.map(({ value, shape }) => ({ shape, dtype: value.dtype }));
