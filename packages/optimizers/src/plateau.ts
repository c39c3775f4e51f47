// Smaller steps when a measure of quality no longer improves. The rules are those of PyTorch's and Keras's ReduceLROnPlateau.

import { CheckpointError, checkOption, describe, everyCall, GraphError, Tensor } from "@gradus/core";
import { checkSizes, withDefaults } from "./options.ts";
import type { Scheduled } from "./scheduler.ts";
import { isCount } from "./state.ts";

/** Options of {@link ReduceOnPlateau}. */
export interface ReduceOnPlateauOptions {
  /** Whether smaller or larger is better; "min" by default. */
  readonly mode?: "min" | "max";
  /** What the rates are multiplied by, above 0 and below 1; 0.1 by default. */
  readonly factor?: number;
  /** How many steps in a row may bring no improvement before the rates fall; 10 by default. */
  readonly patience?: number;
  /** How much better than the best counts as an improvement; 1e-4 by default. */
  readonly threshold?: number;
  /** Whether the threshold is a share of the best or a difference; "relative" by default. */
  readonly thresholdMode?: "relative" | "absolute";
  /** How many steps after a fall are not counted; 0 by default. */
  readonly cooldown?: number;
  /** The smallest rate; 0 by default. */
  readonly minimum?: number;
}

/** A saved {@link ReduceOnPlateau}. */
export interface PlateauState {
  /** The best measure, null before the first. */
  readonly best: number | null;
  /** How many steps in a row have brought no improvement. */
  readonly bad: number;
  /** How many steps are not counted yet. */
  readonly cooling: number;
}

const defaults = {
  mode: "min",
  factor: 0.1,
  patience: 10,
  threshold: 1e-4,
  thresholdMode: "relative",
  cooldown: 0,
  minimum: 0,
};

const owner = "ReduceOnPlateau";

/** A fall by less than this is not worth making. */
const LEAST_FALL = 1e-8;

/**
 * Multiplies the rates of all groups by `factor` once the measure given to `step` (a validation loss) has not improved more often
 * than `patience` times in a row. Better is: below best·(1 − threshold), or best − threshold; in mode "max" above best·(1 + threshold)
 * or best + threshold. NaN is no improvement. It needs the number itself, so it is called outside of compiled functions.
 *
 * @example
 * const optimizer = new SGD(model.parameters(), { learningRate: 0.5 });
 * const plateau = new ReduceOnPlateau(optimizer, { patience: 1, factor: 0.5 });
 * for (const loss of [2, 1, 1, 1]) plateau.step(loss);
 * optimizer.learningRate; // 0.25
 */
export class ReduceOnPlateau {
  /** The optimizer whose rates fall. */
  readonly optimizer: Scheduled;
  readonly #options: typeof defaults;
  #state: PlateauState = { best: null, bad: 0, cooling: 0 };

  /**
   * @param optimizer whose groups' rates fall
   * @throws OptionError for an unknown option or one out of range, and for what is no optimizer
   */
  constructor(optimizer: Scheduled, options: ReduceOnPlateauOptions = {}) {
    checkOption(Array.isArray(optimizer?.groups), owner, "optimizer", "an optimizer", optimizer);
    this.optimizer = optimizer;
    this.#options = withDefaults(owner, defaults, options);
    const { mode, factor, patience, threshold, thresholdMode, cooldown, minimum } = this.#options;
    checkOption(mode === "min" || mode === "max", owner, "mode", '"min" or "max"', mode);
    checkOption(factor > 0 && factor < 1, owner, "factor", "above 0 and below 1", factor);
    checkOption(isCount(patience), owner, "patience", "a whole number ≥ 0", patience);
    const named = thresholdMode === "relative" || thresholdMode === "absolute";
    checkOption(named, owner, "thresholdMode", '"relative" or "absolute"', thresholdMode);
    checkOption(isCount(cooldown), owner, "cooldown", "a whole number ≥ 0", cooldown);
    checkSizes(owner, { threshold, minimum });
  }

  /** The best measure so far, null before the first. */
  get best(): number | null {
    return this.#state.best;
  }

  /**
   * Takes note of a measure, and lowers the rates if it is time.
   *
   * @param measure a number or a scalar tensor: a validation loss, an accuracy
   * @returns whether the rates were lowered
   * @throws GraphError within a compiled function, where there is no number yet
   * @throws OptionError for what is no number
   */
  step(measure: number | Tensor): boolean {
    let now = false;
    everyCall(() => {
      now = true;
    });
    if (!now) throw new GraphError(`${owner}: step needs the number itself: call it outside of the compiled function`);
    const value = measure instanceof Tensor ? measure.item() : measure;
    checkOption(typeof value === "number", owner, "measure", "a number or a scalar tensor", value);
    const { patience, cooldown } = this.#options;
    const better = this.#isBetter(value);
    let { best, bad, cooling } = this.#state;
    if (better) best = value;
    bad = better ? 0 : bad + 1;
    if (cooling > 0) [cooling, bad] = [cooling - 1, 0];
    const falls = bad > patience;
    if (falls) {
      this.#lower();
      [cooling, bad] = [cooldown, 0];
    }
    this.#state = { best, bad, cooling };
    return falls;
  }

  #isBetter(value: number): boolean {
    const { best } = this.#state;
    const { mode, threshold, thresholdMode } = this.#options;
    if (best === null) return mode === "min" ? value < Number.POSITIVE_INFINITY : value > Number.NEGATIVE_INFINITY;
    const sign = mode === "min" ? -1 : 1;
    const bound = thresholdMode === "relative" ? best * (1 + sign * threshold) : best + sign * threshold;
    return mode === "min" ? value < bound : value > bound;
  }

  #lower(): void {
    const { factor, minimum } = this.#options;
    for (const group of this.optimizer.groups) {
      const lowered = Math.max(group.learningRate * factor, minimum);
      if (group.learningRate - lowered > LEAST_FALL) group.learningRate = lowered;
    }
  }

  /** What it has seen. The rates are in the optimizer's state. */
  stateDict(): PlateauState {
    return { ...this.#state };
  }

  /** Goes on from a saved state. @throws CheckpointError with all differences at once; then nothing has changed */
  loadStateDict({ best, bad, cooling }: PlateauState): void {
    const problems: string[] = [];
    if (best !== null && typeof best !== "number") problems.push(`best is ${describe(best)}`);
    if (!isCount(bad)) problems.push(`bad is ${describe(bad)}`);
    if (!isCount(cooling)) problems.push(`cooling is ${describe(cooling)}`);
    if (problems.length > 0)
      throw new CheckpointError(`${owner}: the saved state does not fit: ${problems.join("; ")}`);
    this.#state = { best, bad, cooling };
  }
}
