// What every layer shares. A layer is an object with fields and a `forward`: its parameters, buffers and inner layers
// are found by walking the fields, so that a layer of one's own is a constructor and `forward`, with nothing to
// register.

import { type DType, noGrad, OptionError, observed, type Shape, type Tensor, type Variable } from "@gradus/core";
import type { Constraint } from "./constraints.ts";
import type { Rule } from "./layer-types.ts";
import { type BiasOptions, Penalties, sumOfPenalties, type WeightOptions } from "./penalties.ts";
import type { Regularizer } from "./regularizers.ts";
import { copyState, restoreState, type StateDict, type StateDictLike } from "./state-dict.ts";
import { type SummaryOptions, summarize } from "./summary.ts";
import { isParameter, nameOf, nameVariable, walk } from "./walk.ts";

/**
 * The base of all layers. Variables in the fields of a layer are its parameters if they require a gradient, its
 * buffers (running statistics and the like) if they do not; those of layers, arrays, plain objects and Maps in its
 * fields count too. Each has a path, as `hidden.weight`. JavaScript's private fields (`#weight`) are not seen.
 *
 * @example
 * class Scale extends Layer {
 *   readonly factor = new Variable(tensor(1));
 *   forward(x: Tensor): Tensor {
 *     return x.mul(this.factor);
 *   }
 * }
 */
export abstract class Layer {
  static {
    // What `console.log` shows in Node: not every number of every Variable.
    Object.defineProperty(Layer.prototype, Symbol.for("nodejs.util.inspect.custom"), {
      value(this: Layer) {
        return this.toString();
      },
    });
  }

  /** What the layer makes of a shape, for the compiler alone; see {@link Rule}. */
  declare readonly rule?: Rule;
  #training = true;
  #frozen = false;
  readonly #penalties = new Penalties();

  /**
   * Whether the layer is being trained: dropout drops, batch normalization looks at the batch. True at first;
   * assigning it changes this layer alone, {@link train} and {@link eval} also those within it.
   */
  get training(): boolean {
    return observed(() => this.#training);
  }

  set training(training: boolean) {
    this.#training = training;
  }

  /**
   * Whether the layer was frozen: its parameters get no gradient, and its running statistics stay. Set by
   * {@link freeze}.
   */
  get frozen(): boolean {
    return observed(() => this.#frozen);
  }

  set frozen(frozen: boolean) {
    this.#frozen = frozen;
  }

  /**
   * The layer's result for its input. What becomes of its shape stands at each layer: `[…, inputs]` →
   * `[…, outputs]`.
   */
  abstract forward(x: Tensor, ...more: Tensor[]): Tensor;

  /**
   * What the layer is called within a `Sequential` and in messages: the name of its class in snake case. Override it
   * in a layer whose class name a minifier may change, so that saved states keep fitting.
   */
  get kind(): string {
    return nameOf(this.constructor.name);
  }

  /** The shape of one sample (without the batch's axis) that the layer asks for, or null where it takes several. */
  get inputShape(): Shape | null {
    return null;
  }

  /** The type of the elements that the layer asks for where it is not that of its parameters: indices, say. */
  get inputDType(): DType | null {
    return null;
  }

  /** The named values in which parameters, buffers and layers are looked for: the object's own fields. */
  fields(): Iterable<readonly [string, unknown]> {
    return Object.entries(this);
  }

  /** Sets the layer and all layers in it to training. */
  train(): this {
    return this.#each((layer) => {
      layer.training = true;
    });
  }

  /** Sets the layer and all layers in it to evaluation: nothing random, nothing learnt. */
  eval(): this {
    return this.#each((layer) => {
      layer.training = false;
    });
  }

  /** Stops learning here: no gradients for the parameters, running statistics are used as they are and stay. */
  freeze(): this {
    for (const variable of this.parameters()) {
      variable.requiresGrad = false;
      variable.grad = null;
    }
    return this.#each((layer) => {
      layer.frozen = true;
    });
  }

  /** Undoes {@link freeze}. */
  unfreeze(): this {
    for (const variable of this.parameters()) variable.requiresGrad = true;
    return this.#each((layer) => {
      layer.frozen = false;
    });
  }

  /** The parameters, each once, in the order of the fields; frozen ones too. What an optimizer takes. */
  parameters(): Variable[] {
    return [...this.namedParameters().values()];
  }

  /** The buffers, each once: variables without gradient, such as running statistics. */
  buffers(): Variable[] {
    return [...this.namedBuffers().values()];
  }

  /** The parameters by path. */
  namedParameters(): Map<string, Variable> {
    return new Map([...this.namedVariables()].filter(([, variable]) => isParameter(variable)));
  }

  /** The buffers by path. */
  namedBuffers(): Map<string, Variable> {
    return new Map([...this.namedVariables()].filter(([, variable]) => !isParameter(variable)));
  }

  /**
   * Parameters and buffers by path, in the order of the fields. Variables without a name of their own are given their
   * path.
   * @throws OptionError if two of them have one path
   */
  namedVariables(): Map<string, Variable> {
    const { variables } = walk(this, Layer);
    for (const { path, variable } of variables) {
      isParameter(variable); // Remembered now, while it is not frozen.
      nameVariable(variable, path, this.kind);
    }
    const byPath = new Map<string, Variable>();
    for (const { path, variable } of variables) {
      const name = path.join(".");
      // One of them would be neither trained nor saved.
      if (byPath.has(name))
        throw new OptionError(`${this.kind}: two Variables are at ${name}: rename one of the fields`);
      byPath.set(name, variable);
    }
    return byPath;
  }

  /** The layers within this one, at any depth, by path. */
  namedLayers(): Map<string, Layer> {
    return new Map(walk(this, Layer).layers.map(({ path, layer }) => [path.join("."), layer]));
  }

  /**
   * Copies of the values of all parameters and buffers by path, to be saved; their names are `hidden.weight`,
   * `hidden.bias` …
   */
  stateDict(): StateDict {
    return copyState(this.namedVariables());
  }

  /**
   * Takes over a state that {@link stateDict} gave.
   * @throws CheckpointError with all differences at once if it does not fit; nothing is loaded then
   */
  loadStateDict(state: StateDictLike): this {
    restoreState(this.namedVariables(), state);
    return this;
  }

  /**
   * Prints a table of the layers, the shapes of their outputs and the numbers of their parameters, and returns it as
   * text.
   * @param options `inputShape` of one sample, where the first layer does not tell; `print: false` for the text alone
   */
  summary(options: SummaryOptions = {}): string {
    return summarize(this, options);
  }

  /**
   * The sum of all that regularizers ask for, a scalar to be added to the loss, or null where there are none: of the parameters that are
   * being learned, and of what layers gave since this was asked last. Ask for it after each forward pass; a trainer does.
   *
   * @example
   * const model = new Sequential(new Dense(2, 1, { weightRegularizer: l2(0.1), initializer: initializers.ones }));
   * model.regularization(); // 0.2
   */
  regularization(): Tensor | null {
    return sumOfPenalties(this.#all().map((layer) => [layer, layer.#penalties] as const));
  }

  /** Lets go of what layers gave so far, as a pass that only looked: the next {@link regularization} does not count it. */
  forgetPenalties(): this {
    return this.#each((layer) => layer.#penalties.forget());
  }

  /**
   * Puts all parameters that are being learned back to where their constraints allow; to be called after each step of an optimizer. A
   * trainer does.
   */
  applyConstraints(): this {
    return this.#each((layer) => {
      for (const [variable, constraint] of layer.#penalties.constraints) {
        if (variable.requiresGrad) noGrad(() => variable.assign(constraint(variable)));
      }
    });
  }

  /** From now on a parameter costs what the regularizer says; null for nothing. For constructors of layers. */
  protected regularize(parameter: Variable, regularizer: Regularizer | null): void {
    if (regularizer === null) this.#penalties.regularizers.delete(parameter);
    else this.#penalties.regularizers.set(parameter, regularizer);
  }

  /** From now on a parameter is kept to what the constraint allows; null for anything. For constructors of layers. */
  protected constrain(parameter: Variable, constraint: Constraint | null): void {
    if (constraint === null) this.#penalties.constraints.delete(parameter);
    else this.#penalties.constraints.set(parameter, constraint);
  }

  /** Adds a scalar of this call to {@link regularization}. For `forward`. */
  protected addPenalty(penalty: Tensor): void {
    this.#penalties.note(this, penalty, this.#training);
  }

  /** Takes the options of layers with a weight and a bias. */
  protected govern(options: WeightOptions & BiasOptions, weight: Variable, bias: Variable | null = null): void {
    this.regularize(weight, options.weightRegularizer ?? null);
    this.constrain(weight, options.weightConstraint ?? null);
    this.#penalties.activity = options.activityRegularizer ?? null;
    if (bias === null) return;
    this.regularize(bias, options.biasRegularizer ?? null);
    this.constrain(bias, options.biasConstraint ?? null);
  }

  /** The result of a call as it is, after its activity regularizer has seen it. */
  protected regularized(result: Tensor): Tensor {
    const { activity } = this.#penalties;
    if (activity !== null) this.addPenalty(activity(result).div(Math.max(1, result.shape[0] ?? 1)));
    return result;
  }

  /** The layer as it is written: `Dense(784, 256)`. */
  toString(): string {
    return this.constructor.name;
  }

  #each(change: (layer: Layer) => void): this {
    for (const layer of this.#all()) change(layer);
    return this;
  }

  /** The layer and all layers in it. */
  #all(): Layer[] {
    return [this, ...walk(this, Layer).layers.map(({ layer }) => layer)];
  }
}
