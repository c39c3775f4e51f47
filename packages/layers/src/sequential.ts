// A chain of layers, each fed with the result of the one before. The compiler follows the shapes through it.

import {
  type Check,
  currentScope,
  type DType,
  describe,
  GradusError,
  OptionError,
  observed,
  type Result,
  type Shape,
  Tensor,
  typed,
  withScope,
} from "@gradus/core";
import { Layer } from "./layer.ts";
import type { Chain, CheckChain, InputShape, Rule } from "./layer-types.ts";

/** The rule of a chain: its layers' rules, one after the other. */
export interface SequentialRule<L extends readonly Layer[]> extends Rule {
  readonly output: Chain<L, InputShape<this["input"]>>;
}

/** The layer at a literal place, or any of them. */
type LayerAt<L extends readonly Layer[], I extends number> = `${I}` extends keyof L ? L[I] : L[number];

/**
 * A chain of layers. They are named after their kinds, in order, as in Keras: `dense`, `batch_norm`, `dense_1` …;
 * paths of parameters, messages and summaries use these names. A layer that does not fit the one before is a compile
 * error.
 *
 * @example
 * const model = new Sequential(new Dense(784, 128), new ReLU(), new Dense(128, 10));
 * model.forward(zeros([64, 784])).shape; // [64, 10]
 */
export class Sequential<const L extends readonly Layer[] = readonly Layer[]> extends Layer {
  declare readonly rule: SequentialRule<L>;
  readonly #steps: readonly { readonly name: string; readonly layer: Layer }[];

  /**
   * @param layers in the order in which they are applied
   * @throws OptionError for an argument that is no layer
   */
  constructor(...layers: { [K in keyof L]: L[K] & CheckChain<L, K> }) {
    super();
    const given: readonly Layer[] = layers;
    const names = new Map<Layer, string>();
    const counts = new Map<string, number>();
    this.#steps = given.map((layer, place) => {
      if (!(layer instanceof Layer))
        throw new OptionError(`Sequential: argument ${place} is ${describe(layer)}, not a layer: ${hint(layer)}`);
      const count = counts.get(layer.kind) ?? 0;
      const name = names.get(layer) ?? (count === 0 ? layer.kind : `${layer.kind}_${count}`);
      if (!names.has(layer)) counts.set(layer.kind, count + 1);
      names.set(layer, name);
      return { name, layer };
    });
    this.namedVariables();
  }

  override get kind(): string {
    return "sequential";
  }

  /** The number of layers. */
  get length(): number {
    return this.#steps.length;
  }

  override get inputShape(): Shape | null {
    return this.#steps[0]?.layer.inputShape ?? null;
  }

  override get inputDType(): DType | null {
    return this.#steps[0]?.layer.inputDType ?? null;
  }

  /**
   * The layer at a place; negative places count from the end.
   * @throws OptionError if there is none
   */
  at<const I extends number>(index: I): LayerAt<L, I> {
    const step = this.#steps.at(index);
    if (step === undefined || !Number.isInteger(index)) {
      throw new OptionError(`Sequential: at(${describe(index)}) is out of range: there are ${this.length} layers`);
    }
    return step.layer as LayerAt<L, I>; // cast: the layers were given as L
  }

  /** The layers, in order: `for (const layer of model)`. */
  *[Symbol.iterator](): IterableIterator<L[number]> {
    for (const { layer } of this.#steps) yield layer as L[number]; // cast: the layers were given as L
  }

  override fields(): Iterable<readonly [string, unknown]> {
    return [...this.#steps.map(({ name, layer }) => [name, layer] as const), ...super.fields()];
  }

  /**
   * What the last layer makes of what the one before it makes, and so on back to the input; without layers, the
   * input itself.
   *
   * @throws GradusError what a layer throws, with the layer's path in the message
   */
  override forward<S extends Shape>(x: Tensor<S> & Check<Chain<L, S>>): Tensor<Result<Chain<L, S>>> {
    let value: Tensor = x;
    for (const { name, layer } of this.#steps) value = withScope(name, () => run(layer, value));
    return typed(value);
  }

  override toString(): string {
    return `Sequential(${this.#steps.map(({ layer }) => String(layer)).join(", ")})`;
  }
}

function hint(layer: unknown): string {
  if (Array.isArray(layer)) return "pass the layers one by one, as new Sequential(...layers)";
  return typeof layer === "function" ? `write new ${layer.name}(…)` : "extend Layer for one of your own";
}

function run(layer: Layer, x: Tensor): Tensor {
  try {
    observed(() => layer.forward); // Another function in its place is another program.
    const y: unknown = layer.forward(x);
    if (!(y instanceof Tensor)) throw new GradusError(`${layer}: forward gave ${describe(y)}, not a tensor`);
    return y;
  } catch (error) {
    locate(error);
    throw error;
  }
}

const located: WeakSet<Error> = /* @__PURE__ */ new WeakSet();

/** Adds to the message of an error of ours in which layer it arose: once, where the path is longest. */
function locate(error: unknown): void {
  if (!(error instanceof GradusError) || located.has(error)) return;
  located.add(error);
  const { message, stack } = error;
  error.message = `${message} (in layer ${currentScope()})`;
  if (stack !== undefined) error.stack = stack.replace(message, () => error.message);
}
