// compile: a function of tensors, captured once for each kind of arguments and run as a program from then on.

import { watchingAnomalies } from "./anomaly.ts";
import { checkOption, checkOptionNames, GraphError } from "./errors.ts";
import { portable } from "./expr/elementary.ts";
import type { Graph } from "./graph/graph.ts";
import { fuse } from "./graph/passes/fuse.ts";
import { simplify } from "./graph/passes/simplify.ts";
import { GraphTracer, type Trace } from "./graph/trace.ts";
import { Program } from "./program/program.ts";
import { flatten, replaceTensors } from "./structure.ts";
import { isRecording } from "./tape.ts";
import type { Tensor } from "./tensor.ts";
import { tracer, withTracer } from "./tracing.ts";
import { verified } from "./verify.ts";
import { features } from "./wasm/features.ts";
import { createHeap, type Heap } from "./wasm/heap.ts";
import { parallel } from "./wasm/parallel.ts";

export type { Peak } from "./program/peak.ts";
export type { KernelCost, Profile } from "./program/profile.ts";
export type { Program } from "./program/program.ts";

/** Programs kept for one function; more kinds of arguments than this are taken for a mistake. */
const VARIANTS = 8;

/** Options of {@link compile}. */
export interface CompileOptions {
  /**
   * Whether each call also runs eagerly, from the same state, and differences are errors: slow, to find what capturing has fixed
   * although it changes. False by default.
   */
  readonly verify?: boolean;
}

/** A function that runs as a program. */
export interface CompiledFunction<A extends readonly unknown[], R> {
  (...args: A): R;
  /** The programs made so far, the latest last. */
  readonly programs: readonly Program[];
}

interface Variant {
  readonly key: string;
  readonly trace: Trace;
  readonly program: Program;
  readonly rebuild: (results: readonly Tensor[]) => unknown;
}

/**
 * A function that is captured at its first call and compiled: forward, backward, assignments, optimizer and all become one program.
 *
 * Tensors are arguments of the program; a call with other shapes, dtypes, numbers or settings (training or not) is captured anew.
 * Any other value that the function reads is fixed when it is captured.
 *
 * @param options with `verify`, each call also runs eagerly and the first difference is an error
 * @throws GraphError where a value is read that does not exist yet, after 8 kinds of arguments, and for an argument through which a
 * gradient would flow
 * @example
 * const step = compile((x, y) => {
 *   const loss = crossEntropy(model.forward(x), y);
 *   optimizer.zeroGrad();
 *   loss.backward();
 *   optimizer.step();
 *   return loss;
 * });
 */
export function compile<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  options: CompileOptions = {},
): CompiledFunction<A, R> {
  checkOptionNames("compile", options, ["verify"]);
  const { verify = false } = options;
  checkOption(typeof verify === "boolean", "compile", "verify", "true or false", verify);
  const variants: Variant[] = [];
  const names = new Map<object, number>();
  const run = (...args: A): R => {
    if (tracer() !== null || watchingAnomalies() || !canCompile()) return f(...args);
    const { tensors, key: structure } = flatten(args, names);
    const carrying = isRecording() ? tensors.findIndex(({ node }) => node !== null) : -1;
    if (carrying >= 0) {
      throw new GraphError(
        `compile: a gradient flows through tensor ${carrying} of the arguments, and no program hands it on: ` +
          "compute it inside the compiled function, or detach() it",
      );
    }
    const deterministic = portable() !== null;
    const key = `${structure} ${isRecording()} ${deterministic}`;
    let variant = variants.find(
      (known) => known.key === key && known.trace.guards.every(({ read, value }) => Object.is(read(), value)),
    );
    if (variant !== undefined && !variant.program.isCurrent) {
      variants.splice(variants.indexOf(variant), 1);
      variant = undefined;
    }
    if (variant === undefined) {
      if (variants.length >= VARIANTS) {
        throw new GraphError(
          `compile: ${VARIANTS} kinds of arguments have been compiled, and this is another: pass numbers that change as tensors, and pad batches`,
        );
      }
      variant = capture(f, args, tensors, key);
      variants.push(variant);
    }
    const { program, rebuild } = variant;
    // cast: it has the structure of what f returned
    const call = (): R => rebuild(program.run(tensors.map(({ view }) => view))) as R;
    return verify ? verified(call, () => f(...args), program.touched) : call();
  };
  return Object.defineProperty(run, "programs", {
    get: () => variants.map(({ program }) => program),
  }) as CompiledFunction<A, R>;
}

let warned = false;

function canCompile(): boolean {
  if (features().simd) return true;
  if (!warned) console.warn("Gradus: WebAssembly SIMD is not available here, so compiled functions run eagerly.");
  warned = true;
  return false;
}

function capture<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  args: A,
  tensors: readonly Tensor[],
  key: string,
): Variant {
  const graphTracer = new GraphTracer();
  // In the order in which they stand: one tensor that is given twice is two arguments, which may differ at the next call.
  const symbols = tensors.map((tensor, index) => graphTracer.argument(index, tensor.view));
  const next = symbols.values();
  const symbolic = args.map((arg) => replaceTensors(arg, (tensor) => next.next().value ?? tensor));
  const { trace, rebuild } = withTracer(graphTracer, () => {
    // cast: the same structure as args
    const returned = f(...(symbolic as unknown as A));
    const results: Tensor[] = [];
    const shape = replaceTensors(returned, (tensor) => {
      results.push(tensor);
      return tensor;
    });
    const order = new Map(results.map((tensor, index) => [tensor, index]));
    return {
      trace: graphTracer.finish(results),
      rebuild: (values: readonly Tensor[]): unknown =>
        replaceTensors(shape, (tensor) => values[order.get(tensor) ?? 0] ?? tensor),
    };
  });
  const schedule = fuse(simplify(trace.graph));
  return { key, trace, rebuild, program: new Program(trace, schedule, heapOf(trace.graph)) };
}

/** The heap in which a graph's Variables live: the first that one of them has and that suits the threads there are, or a new one. */
function heapOf(graph: Graph): Heap {
  const storages = [
    ...graph.nodes.flatMap(({ work }) => (work.kind === "variable" ? [work.storage] : [])),
    ...graph.assignments.map(({ storage }) => storage),
  ];
  const wanted = parallel() !== null;
  const known = storages.find(({ place }) => place !== null && (place.heap.shared !== null || !wanted))?.place?.heap;
  return known ?? createHeap();
}
