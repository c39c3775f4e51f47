// Checkpoints: less memory for more work. What a function computes on its way is forgotten, and computed again when gradients ask.
// Source: T. Chen et al., "Training deep nets with sublinear memory cost", 2016.

import { watchingAnomalies } from "./anomaly.ts";
import { detectAnomaly } from "./detect-anomaly.ts";
import { promote } from "./dtype.ts";
import { AutogradError } from "./errors.ts";
import { along, place, take } from "./ops/parts.ts";
import { type Draw, keepDraws, repeatDraws } from "./random.ts";
import { isRecording, Node, propagate, withRecording } from "./tape.ts";
import { Tensor, Variable } from "./tensor.ts";
import { recompute, tracer } from "./tracing.ts";
import { checkCurrent, variableOf } from "./view.ts";

/**
 * The same function, of which the tape keeps only the inputs: backward computes it again to have its intermediate values. Results,
 * gradients (with respect to the inputs, and to Variables and other tensors that the function reaches) and derivatives of any order
 * are those of the function itself, and its random numbers are the same both times. What the function does besides, assigning to
 * Variables or counting with `everyCall`, happens once.
 *
 * In a function that `compile` captures nothing is forgotten: a program merges equal work and plans its memory as a whole.
 *
 * @param f gives a tensor or a list of tensors, and depends on nothing that changes before backward
 * @throws AutogradError in backward, if a Variable that f used was assigned since, or f took another course
 * @example
 * const block = checkpoint((x: Tensor) => x.exp().sin());
 * grad((x) => block(x).sum())(tensor([0])).toArray(); // [0.540302]
 */
export function checkpoint<A extends readonly unknown[], R extends Tensor | readonly Tensor[]>(
  f: (...inputs: A) => R,
): (...inputs: A) => R {
  return (...inputs) => {
    if (!isRecording() || tracer() !== null) return f(...inputs);
    // cast: tensors that stand where tensors stood
    const run: Run = (given) => listOf(f(...(given as unknown as A)));
    const outputs = forget(run, inputs);
    const [first] = outputs;
    return (outputs.list ? [...outputs] : first) as R; // cast: a tensor or a list, as f gave
  };
}

/** What a checkpointed function gives: its tensors, and whether they came as a list. */
type Outputs = readonly Tensor[] & { readonly list?: boolean };
type Run = (inputs: readonly unknown[]) => Outputs;

function listOf(result: Tensor | readonly Tensor[]): Outputs {
  const list: unknown = result;
  const tensors = Array.isArray(list) ? list : [list];
  if (!tensors.every((tensor) => tensor instanceof Tensor))
    throw new AutogradError("checkpoint: the function must return a tensor or a list of tensors");
  return Object.assign(tensors, { list: Array.isArray(list) });
}

/** Runs the function, and puts its results on the tape as if they came from its inputs and from what else it reached at once. */
function forget(run: Run, inputs: readonly unknown[]): Outputs {
  const start = Node.leaf("checkpoint", { shape: [], dtype: "float32" }, null).id;
  const handles = handlesOf(inputs);
  const { result, draws } = keepDraws(() => run(handles));
  const ends = result.flatMap(({ node }) => (node === null ? [] : [node]));
  const own = nodesOf(handles, inputs);
  const reached = sourcesBefore(start, ends, new Set(own.keys()));
  const sources: Source[] = [...reached].map((node) => ({ node, version: node.variable?.version ?? 0 }));
  const edges = [...own.values(), ...reached];
  if (edges.length === 0) return result;
  const watched = watchingAnomalies();
  const again = (dys: readonly Tensor[]): (Tensor | null)[] => {
    const repeat = (): (Tensor | null)[] => replay(run, inputs, { draws, sources }, dys);
    return watched ? detectAnomaly(repeat) : repeat();
  };
  return Object.assign(packed(result, edges, again), { list: result.list === true });
}

/** A tensor from outside that the function used, and the version that its memory had. */
interface Source {
  readonly node: Node;
  readonly version: number;
}

/** Tensors that carry a gradient, as new beginnings. Variables stay what they are: the function may know them. */
function handlesOf(inputs: readonly unknown[]): readonly unknown[] {
  return inputs.map((input) => {
    if (!(input instanceof Tensor) || input instanceof Variable || input.node === null) return input;
    const handle = input.detach();
    const through = { inputs: () => false, output: false };
    handle.node = isRecording()
      ? Node.of("input", [input], handle, ({ dy }) => [dy], through)
      : Node.leaf("input", input.view, null);
    return handle;
  });
}

/** The nodes of handles, and those of the inputs that they stand for. */
function nodesOf(handles: readonly unknown[], inputs: readonly unknown[]): ReadonlyMap<Node, Node> {
  const pairs = handles.flatMap((handle, index): [Node, Node][] => {
    const input = inputs[index];
    if (handle === input || !(handle instanceof Tensor) || !(input instanceof Tensor)) return [];
    return handle.node === null || input.node === null ? [] : [[handle.node, input.node]];
  });
  return new Map(pairs);
}

/** The nodes from before `start`, and the leaves, that lead to `ends` without passing `stops`. */
function sourcesBefore(start: number, ends: readonly Node[], stops: ReadonlySet<Node>): ReadonlySet<Node> {
  const seen = new Set<Node>(ends);
  const found = new Set<Node>();
  const stack = [...ends];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (stops.has(node)) continue;
    if (node.id < start || node.rule === null) {
      found.add(node);
      continue;
    }
    for (const edge of node.edges) {
      if (edge === null || seen.has(edge)) continue;
      seen.add(edge);
      stack.push(edge);
    }
  }
  return found;
}

/**
 * The results with new nodes. Several are parts of one vector, whose node has the edges: so their gradients come together, and the
 * function is computed again once for all of them.
 */
function packed(
  results: readonly Tensor[],
  edges: readonly Node[],
  again: (dys: readonly Tensor[]) => (Tensor | null)[],
): Tensor[] {
  const live = results.filter(({ node }) => node !== null);
  const total = live.reduce((sum, { size }) => sum + size, 0);
  const dtype = live.map((tensor) => tensor.dtype).reduce(promote, "float32");
  let end = 0;
  const parts = live.map(({ size }) => {
    end += size;
    return along(0, end - size, size);
  });
  const unpack = (dy: Tensor): Tensor[] =>
    parts.map((part, index) => {
      const { shape = [], dtype: own = dtype }: Partial<Tensor> = live[index] ?? {};
      return take(dy, part).reshape(shape).cast(own);
    });
  const joint = Node.over("checkpoint", { shape: [total], dtype }, edges, ({ dy }) => again(unpack(dy)));
  const remaining = parts.values();
  return results.map((tensor) => {
    const output = tensor.detach();
    const part = tensor.node === null ? undefined : remaining.next().value;
    if (part === undefined) return output;
    output.node =
      live.length === 1
        ? Node.over("checkpoint", tensor.view, edges, ({ dy }) => again([dy]))
        : Node.over("checkpoint", tensor.view, [joint], ({ dy }) => [
            place([dy.reshape([tensor.size]).cast(dtype)], { shape: [total], parts: [part], value: 0 }),
          ]);
    return output;
  });
}

/** What a second run needs to be like the first. */
interface Circumstances {
  readonly draws: readonly Draw[];
  readonly sources: readonly Source[];
}

/** Computes the function again, and sends the gradients of its results back to its inputs and sources. */
function replay(
  run: Run,
  inputs: readonly unknown[],
  { draws, sources }: Circumstances,
  dys: readonly Tensor[],
): (Tensor | null)[] {
  for (const input of inputs)
    if (input instanceof Tensor) checkCurrent("checkpoint", input.view.storage, input.version);
  for (const { node, version } of sources) {
    if (node.variable !== null && node.variable.version !== version) {
      throw new AutogradError(
        `checkpoint: ${variableOf(node.variable)} was assigned after the function used it, and backward computes ` +
          "it again: call backward before assigning",
      );
    }
  }
  const handles = handlesOf(inputs);
  const results = recompute(() => repeatDraws(draws, () => withRecording(true, () => run(handles))));
  const ends = results.flatMap(({ node }) => (node === null ? [] : [node]));
  if (ends.length !== dys.length)
    throw new AutogradError("checkpoint: the function took another course when it was computed again");
  const partial = new Set(sources.map(({ node }) => node));
  const own = nodesOf(handles, inputs);
  const stops = new Set([...own.keys(), ...partial]);
  const found = new Map<Node, Tensor>();
  const root = Node.over("checkpoint", { shape: [], dtype: "float32" }, ends, () => dys);
  const [seed] = dys;
  if (seed !== undefined) {
    propagate(root, seed, { createGraph: isRecording(), stops, partial }, (node, gradient) => {
      if (!stops.has(node))
        throw new AutogradError(
          `checkpoint: ${node.name} was not reached the first time: the function took another course when it was computed again`,
        );
      found.set(node, gradient);
    });
  }
  return [...own.keys(), ...partial].map((node) => found.get(node) ?? null);
}
