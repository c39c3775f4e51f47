// Gradient accumulation: the step of a large batch from several small ones, which is all that memory may hold.

import { checkOption, everyCall, noGrad, observed, type Variable } from "@gradus/core";
import { checkCounts, withDefaults } from "./options.ts";

/** What {@link GradientAccumulation} needs of an optimizer. */
interface Stepping {
  readonly parameters: readonly Variable[];
  step(): void;
  zeroGrad(): void;
}

/** Options of {@link GradientAccumulation}. */
export interface GradientAccumulationOptions {
  /** How many backward passes make a step, at least 1. */
  readonly batches: number;
  /**
   * Done when the gradients of a step are complete and averaged, before the optimizer's step: clipping. Nothing by
   * default.
   */
  readonly beforeStep?: () => void;
}

/**
 * Stands before an optimizer in the same loop: `zeroGrad` clears the gradients only where a new group of micro-batches begins, and
 * `step` lets the optimizer step after every `batches` calls, with the mean of their gradients. In a compiled step likewise.
 *
 * Without it: gradients add up in `variable.grad` as long as nobody calls `zeroGrad`.
 *
 * @example
 * const w = new Variable(tensor(1));
 * const accumulation = new GradientAccumulation(new SGD([w], { learningRate: 1 }), { batches: 2 });
 * for (const slope of [1, 3]) {
 *   accumulation.zeroGrad();
 *   w.mul(slope).backward();
 *   accumulation.step();
 * }
 * w.item(); // -1
 */
export class GradientAccumulation<O extends Stepping = Stepping> {
  /** The optimizer that steps. */
  readonly optimizer: O;
  /** How many backward passes make a step. */
  readonly batches: number;
  readonly #beforeStep: () => void;
  #count = 0;

  /**
   * @param optimizer what steps: anything with `parameters`, `step` and `zeroGrad`
   * @throws OptionError unless `batches` is a whole number ≥ 1 and the optimizer can step
   */
  constructor(optimizer: O, options: GradientAccumulationOptions) {
    const given = withDefaults("GradientAccumulation", { batches: 0, beforeStep: () => {} }, options);
    checkCounts("GradientAccumulation", { batches: given.batches });
    checkOption(typeof optimizer?.step === "function", "GradientAccumulation", "optimizer", "an optimizer", optimizer);
    this.optimizer = optimizer;
    this.batches = given.batches;
    this.#beforeStep = given.beforeStep;
  }

  /** The variables that the optimizer updates. */
  get parameters(): readonly Variable[] {
    return this.optimizer.parameters;
  }

  /** How many micro-batches have been added up since the last step. */
  get pending(): number {
    return observed(() => this.#count);
  }

  /** Forgets the gradients if the optimizer has stepped with them. */
  zeroGrad(): void {
    if (observed(() => this.#count === 0)) this.optimizer.zeroGrad();
  }

  /** Counts a micro-batch; with the last of a group the optimizer steps. */
  step(): void {
    const last = observed(() => this.#count === this.batches - 1);
    everyCall(() => {
      this.#count = (this.#count + 1) % this.batches;
    });
    if (last) this.#stepWith(this.batches);
  }

  /** Steps with the micro-batches that have been added up, if any: at the end of an epoch, say. */
  flush(): void {
    const { pending } = this;
    if (pending === 0) return;
    everyCall(() => {
      this.#count = 0;
    });
    this.#stepWith(pending);
  }

  #stepWith(batches: number): void {
    noGrad(() => {
      for (const parameter of batches > 1 ? this.parameters : []) {
        if (parameter.grad !== null) parameter.grad = parameter.grad.mul(1 / batches);
      }
    });
    this.#beforeStep();
    this.optimizer.step();
  }
}
