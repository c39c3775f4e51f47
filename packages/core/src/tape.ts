// The tape: what was computed from what, so that gradients can flow back. Each result of a differentiable operation has a Node
// that holds its rule, the nodes of its inputs, and just the values that the rule will read.

import { type Inspect, inspection, watchingWith } from "./anomaly.ts";
import { isFloat } from "./dtype.ts";
import { AutogradError } from "./errors.ts";
import { formatShape, sameShape } from "./shape.ts";
import type { Tensor, Variable } from "./tensor.ts";
import { type Spec, variableOf } from "./view.ts";

/** What a rule may read to turn the gradient of a result into gradients of its inputs. */
export interface BackwardContext {
  /** The gradient of the loss with respect to the result, of the result's shape. */
  readonly dy: Tensor;
  /** Input number `index`, if the rule said that it reads it. */
  input(index: number): Tensor;
  /** The result, if the rule said that it reads it. */
  output(): Tensor;
  /** Shapes and dtypes of the inputs. */
  readonly specs: readonly Spec[];
  /** Which inputs want a gradient; the others' may be null. */
  readonly needs: readonly boolean[];
}

/** Turns the gradient of a result into the gradients of its inputs, by ordinary operations, so that it differentiates again. */
export type BackwardRule = (context: BackwardContext) => readonly (Tensor | null)[];

/** A tensor that backward will read, with the version that its memory had. */
interface Saved {
  readonly tensor: Tensor;
  readonly version: number;
}

let ids = 0;

/** A place on the tape: the result of an operation, or a leaf. */
export class Node {
  readonly id: number = ids++;
  readonly name: string;
  readonly spec: Spec;
  /** The variable that a leaf stands for: its gradient is kept. */
  readonly variable: Variable | null;
  readonly edges: readonly (Node | null)[];
  readonly rule: BackwardRule | null;
  readonly inspect: Inspect | null;
  hooks: ((gradient: Tensor) => Tensor | undefined)[] | null = null;
  #inputs: readonly (Saved | null)[] = [];
  #specs: readonly Spec[] = [];
  #output: Saved | null = null;

  private constructor(
    name: string,
    spec: Spec,
    variable: Variable | null,
    edges: readonly (Node | null)[],
    rule: BackwardRule | null,
  ) {
    this.name = name;
    this.spec = spec;
    this.variable = variable;
    this.edges = edges;
    this.rule = rule;
    this.inspect = rule === null ? null : inspection();
  }

  /** A node without inputs, where gradients end. */
  static leaf(name: string, spec: Spec, variable: Variable | null): Node {
    return new Node(name, spec, variable, [], null);
  }

  /** A node that stands for several results at once, or for a computation whose operations are not on the tape. */
  static over(name: string, spec: Spec, edges: readonly Node[], rule: BackwardRule): Node {
    const node = new Node(name, spec, null, edges, rule);
    node.#specs = edges.map((edge) => edge.spec);
    return node;
  }

  /** The node of an operation's result; `reads` says which inputs, and whether the result, the rule will read. */
  static of(
    name: string,
    inputs: readonly Tensor[],
    output: Tensor,
    rule: BackwardRule,
    reads: { readonly inputs: (index: number) => boolean; readonly output: boolean },
  ): Node {
    const node = new Node(
      name,
      output.view,
      null,
      inputs.map((tensor) => tensor.node),
      rule,
    );
    node.#inputs = inputs.map((tensor, index) => (reads.inputs(index) ? { tensor, version: tensor.version } : null));
    node.#specs = inputs.map(({ view }) => ({ shape: view.shape, dtype: view.dtype }));
    node.#output = reads.output ? { tensor: output, version: output.version } : null;
    return node;
  }

  /** The gradients of this node's inputs for the gradient `dy` of its result. */
  backward(dy: Tensor): readonly (Tensor | null)[] {
    const read = (saved: Saved | null | undefined, what: string): Tensor => {
      if (saved === null || saved === undefined)
        throw new AutogradError(`${this.name}: its gradient reads ${what}, which was not saved`);
      const { storage } = saved.tensor.view;
      if (storage.version !== saved.version) {
        throw new AutogradError(
          `${this.name}: ${variableOf(storage.owner)} was assigned after ${this.name} used it, and backward needs the ` +
            "older value: call backward before assigning, or use variable.clone() in the forward pass",
        );
      }
      return saved.tensor;
    };
    return (
      this.rule?.({
        dy,
        input: (index) => read(this.#inputs[index], `input ${index}`),
        output: () => read(this.#output, "its result"),
        specs: this.#specs,
        needs: this.edges.map((edge) => edge !== null),
      }) ?? []
    );
  }
}

let recording = true;

/** Whether operations are recorded now. */
export function isRecording(): boolean {
  return recording;
}

/** Runs `body` with recording on or off. */
export function withRecording<R>(on: boolean, body: () => R): R {
  const outer = recording;
  recording = on;
  try {
    return body();
  } finally {
    recording = outer;
  }
}

/**
 * Runs `body` without recording: its results carry no gradient, and nothing is kept for backward.
 *
 * @example
 * const w = new Variable(tensor([1, 2]));
 * noGrad(() => w.mul(2)).requiresGrad; // false
 */
export function noGrad<R>(body: () => R): R {
  return withRecording(false, body);
}

/** The nodes that `root` was computed from, itself included, later ones first. Iterative: chains may be very long. */
function reachable(root: Node, stops: ReadonlySet<Node>): Node[] {
  const seen = new Set<Node>([root]);
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (stops.has(node)) continue;
    for (const edge of node.edges) {
      if (edge !== null && !seen.has(edge)) {
        seen.add(edge);
        stack.push(edge);
      }
    }
  }
  return [...seen].sort((a, b) => b.id - a.id);
}

/** How gradients are sent back. */
export interface Propagation {
  /** Whether the gradients are recorded, so that they can be differentiated in turn. */
  readonly createGraph: boolean;
  /** Nodes beyond which nothing is asked; their gradients are delivered. */
  readonly stops?: ReadonlySet<Node>;
  /** Those among them whose gradients are not whole yet: their hooks wait. */
  readonly partial?: ReadonlySet<Node>;
}

const nowhere: ReadonlySet<Node> = /* @__PURE__ */ new Set();

/**
 * Sends `seed`, the gradient of the loss with respect to `root`, back to the leaves, and gives each leaf's whole gradient to
 * `deliver`. A node's id is greater than those of its inputs, so in descending order every gradient is complete when it is used.
 */
export function propagate(
  root: Node,
  seed: Tensor,
  { createGraph, stops = nowhere, partial = nowhere }: Propagation,
  deliver: (leaf: Node, gradient: Tensor) => void,
): void {
  const gradients = new Map<Node, Tensor>([[root, seed]]);
  withRecording(createGraph, () => {
    for (const node of reachable(root, stops)) {
      let gradient = gradients.get(node);
      if (gradient === undefined) continue;
      gradients.delete(node);
      for (const hook of (partial.has(node) ? null : node.hooks) ?? [])
        gradient = checkHook(node, hook(gradient) ?? gradient);
      if (node.rule === null || stops.has(node)) {
        deliver(node, gradient);
        continue;
      }
      const pass = gradient;
      // Under the name and line of the forward operation its gradient is looked at whole.
      const results = node.inspect === null ? node.backward(pass) : watchingWith(null, () => node.backward(pass));
      for (const [index, edge] of node.edges.entries()) {
        const result = results[index];
        if (edge === null || result === null || result === undefined) continue;
        const fitting = checkGradient(node, index, edge.spec, result);
        const before = gradients.get(edge);
        gradients.set(edge, before === undefined ? fitting : before.add(fitting));
      }
    }
  });
}

function checkHook(node: Node, gradient: Tensor): Tensor {
  if (sameShape(node.spec.shape, gradient.shape)) return gradient;
  throw new AutogradError(
    `registerHook: a hook of ${node.name} returned a gradient of shape ${formatShape(gradient.shape)}, not ${formatShape(node.spec.shape)}`,
  );
}

function checkGradient(node: Node, index: number, { shape, dtype }: Spec, gradient: Tensor): Tensor {
  if (!sameShape(shape, gradient.shape)) {
    throw new AutogradError(
      `${node.name}: the gradient of input ${index} has shape ${formatShape(gradient.shape)}, the input ${formatShape(shape)}`,
    );
  }
  if (!isFloat(gradient.dtype))
    throw new AutogradError(`${node.name}: the gradient of input ${index} is ${gradient.dtype}, not a float`);
  node.inspect?.(gradient.view, `the gradient of ${node.name} (input ${index})`);
  return gradient.dtype === dtype ? gradient : gradient.cast(dtype);
}
