// The steps of a trainer, compiled when they are first needed and kept, one for each kind of bounds.

import type { Tensor } from "@gradus/core";
import { compiledStep } from "./compiled.ts";
import type { GradientBounds } from "./gradients.ts";
import {
  type ApplyingStep,
  applyingStep,
  evaluationStep,
  type GatheringStep,
  gatheringStep,
  type Step,
  type StepParts,
  trainingStep,
} from "./step.ts";

/** Steps made of the same parts. */
export class Steps {
  readonly parts: StepParts;
  readonly #compile: boolean;
  readonly #learning = new Map<string, Promise<Step>>();
  readonly #applying = new Map<string, Promise<ApplyingStep>>();
  #gathering: Promise<GatheringStep> | null = null;
  #looking: Promise<Step> | null = null;
  #warned = false;

  constructor(parts: StepParts, compile: boolean) {
    this.parts = parts;
    this.#compile = compile;
  }

  /** The step that trains. */
  learning(bounds: GradientBounds): Promise<Step> {
    return once(this.#learning, JSON.stringify(bounds), () => this.#prepare(trainingStep(this.parts, bounds)));
  }

  /** The step that gathers gradients. */
  gathering(): Promise<GatheringStep> {
    this.#gathering ??= this.#prepare(gatheringStep(this.parts));
    return this.#gathering;
  }

  /** The step that uses what was gathered. */
  applying(bounds: GradientBounds): Promise<ApplyingStep> {
    return once(this.#applying, JSON.stringify(bounds), () => this.#prepare(applyingStep(this.parts, bounds)));
  }

  /** The step that only looks. */
  looking(): Promise<Step> {
    this.#looking ??= this.#prepare(evaluationStep(this.parts));
    return this.#looking;
  }

  async #prepare<A extends readonly unknown[]>(
    step: (...args: A) => readonly Tensor[],
  ): Promise<(...args: A) => readonly Tensor[]> {
    if (!this.#compile) return step;
    return compiledStep(step, (message) => {
      if (!this.#warned) console.warn(`Warning: ${message}`);
      this.#warned = true;
    });
  }
}

/** What the map has, or what it gets now. */
function once<T>(known: Map<string, T>, key: string, make: () => T): T {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
