// One fit: epochs of steps, validations between them, and everyone told of everything. Where it stands is plain data at the end of
// each step, so that another fit can go on from there.

import { DataError, OptionError, WorkerError } from "@gradus/core";
import type { Run } from "./callbacks/callback.ts";
import { Callbacks } from "./callbacks/callbacks.ts";
import type { Control } from "./control.ts";
import type { Display } from "./display/progress.ts";
import type { Emitter, Listeners, TrainerEvents } from "./events.ts";
import type { CountedBatch } from "./feed.ts";
import type { FitPlan } from "./fit-plan.ts";
import { type History, Recorder } from "./history.ts";
import { applyGathered, learn } from "./learn.ts";
import type { Model, Optimizer } from "./model.ts";
import { loadState } from "./model-state.ts";
import { captureState, type Progress, restoreProgress } from "./position.ts";
import { withClassWeights } from "./sample-weights.ts";
import type { Steps } from "./steps.ts";
import { type Logs, Tally } from "./tally.ts";
import type { TrainingState } from "./training-state.ts";
import { Turns } from "./turns.ts";
import { validate } from "./validation.ts";

/** What a fit works with. */
export interface FitParts {
  readonly steps: Steps;
  readonly plan: FitPlan;
  readonly display: Display;
  readonly events: Emitter<TrainerEvents>;
  readonly control: Control;
}

/** A fit that goes on, or is over. */
export class FitRun implements Run {
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly #parts: FitParts;
  readonly #progress: Progress;
  readonly #callbacks: Callbacks;
  readonly #listeners: readonly Listeners<TrainerEvents>[];
  readonly #turns = new Turns();
  #stopping = false;
  #warned = false;
  /** The step at which a thread was lost last: twice at the same one is no accident. */
  #lostAt = -1;

  constructor(parts: FitParts) {
    const { plan, steps, display } = parts;
    const tally = new Tally(steps.parts.metrics);
    this.model = steps.parts.model;
    this.optimizer = steps.parts.optimizer;
    this.#parts = parts;
    this.#callbacks = new Callbacks(plan.callbacks, this);
    this.#progress = {
      epoch: plan.initialEpoch ?? 0,
      step: 0,
      totalSteps: 0,
      accumulated: 0,
      tally,
      recorder: new Recorder(tally.names, plan.validation !== null),
      feed: plan.feed,
      callbacks: this.#callbacks,
    };
    this.#listeners = [display.listeners, ...this.#callbacks.listeners];
    this.#callbacks.check();
  }

  get history(): History {
    return this.#progress.recorder.history;
  }

  get names(): readonly string[] {
    return this.#progress.recorder.names;
  }

  state(): TrainingState {
    return captureState(this.model, this.optimizer, this.#progress);
  }

  async stop(reason: string): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const { epoch, step, totalSteps } = this.#progress;
    // Between two epochs it is the one that has just ended.
    const between = step === 0 && totalSteps > 0;
    await this.#emit("stop", { reason, epoch: between ? epoch - 1 : epoch, step });
  }

  async warn(message: string): Promise<void> {
    const { events, display } = this.#parts;
    const { epoch, step } = this.#progress;
    if (!events.has("warning") && display.listeners.warning === undefined) console.warn(`Warning: ${message}`);
    await this.#emit("warning", { message, epoch, step });
  }

  /** Goes to where a state was taken. @throws CheckpointError for the state of another fit, before anyone was told of this one */
  restore(from: TrainingState): Promise<void> {
    const { initialEpoch } = this.#parts.plan;
    if (initialEpoch !== null && initialEpoch !== from.position.epoch) {
      const { epoch } = from.position;
      throw new OptionError(
        `fit: initialEpoch is ${initialEpoch}, but the restored state is in epoch ${epoch}: leave it out`,
      );
    }
    return restoreProgress(this.model, this.#progress, from);
  }

  /** All of it, from the start or from the state that was restored. */
  async train(from: TrainingState | null): Promise<void> {
    const { plan } = this.#parts;
    const progress = this.#progress;
    await this.#emit("fitStart", {
      epochs: plan.epochs,
      epoch: progress.epoch,
      steps: this.#steps,
      samples: plan.feed.samples,
      validationSamples: plan.validationSamples,
      resumed: from !== null,
    });
    if (from !== null) this.#callbacks.restore(from);
    try {
      while (progress.epoch < plan.epochs && !this.#stopping) {
        try {
          await this.#epoch();
        } catch (error) {
          if (!(error instanceof WorkerError)) throw error;
          await this.#recover(error);
        }
      }
    } finally {
      await plan.feed.close();
    }
  }

  /** Tells that it is over. */
  async end(completed: boolean): Promise<void> {
    await this.#emit("fitEnd", { history: this.history, completed });
  }

  /** The steps of an epoch, where they are known. */
  get #steps(): number | null {
    const { stepsPerEpoch, feed } = this.#parts.plan;
    return stepsPerEpoch ?? feed.batches;
  }

  /** An epoch, or what is left of it. */
  async #epoch(): Promise<void> {
    const { plan } = this.#parts;
    const progress = this.#progress;
    const { epoch } = progress;
    plan.signal?.throwIfAborted();
    await this.#emit("epochStart", { epoch, epochs: plan.epochs, steps: this.#steps, step: progress.step });
    while (!this.#stopping && (plan.stepsPerEpoch === null || progress.step < plan.stepsPerEpoch)) {
      const next = plan.feed.next();
      let batch = next instanceof Promise ? await next : next;
      if (batch === null && plan.stepsPerEpoch !== null) batch = await plan.feed.next();
      if (batch === null) {
        await this.#endOfData();
        break;
      }
      await this.#step(batch);
      if (this.#turns.due) await this.#turns.take();
      if (this.#parts.control.paused) await this.#pause();
      plan.signal?.throwIfAborted();
    }
    if (progress.step > 0) await this.#closeEpoch();
  }

  /** One batch: learned, counted, told. */
  async #step(given: CountedBatch): Promise<void> {
    const { plan } = this.#parts;
    const progress = this.#progress;
    const batch = withClassWeights("fit", given, plan.classWeight);
    const place = {
      epoch: progress.epoch,
      step: progress.step + 1,
      steps: this.#steps,
      totalSteps: progress.totalSteps + 1,
    };
    const starting = this.#emit("stepStart", place);
    if (starting !== undefined) await starting;
    const values = await learn(this.#parts.steps, plan, progress, batch);
    const { tally, recorder } = progress;
    tally.add(values, batch.samples);
    progress.step++;
    progress.totalSteps++;
    recorder.step(place.epoch, place.totalSteps, tally.lastLogs());
    const loss = tally.lastLoss;
    const updated = progress.accumulated === 0;
    const told = this.#emit("stepEnd", { ...place, samples: batch.samples, loss, logs: tally.logs(), updated });
    if (told !== undefined) await told;
    if (!Number.isFinite(loss) && !this.#warned && !this.#stopping) await this.#warnOfLoss(loss);
    if ("steps" in plan.validateEvery && place.totalSteps % plan.validateEvery.steps === 0) await this.#validate();
    const settled = this.#emit("settled", { ...place, logs: null });
    if (settled !== undefined) await settled;
  }

  async #closeEpoch(): Promise<void> {
    const { plan } = this.#parts;
    const progress = this.#progress;
    const { epoch, recorder } = progress;
    if (progress.accumulated > 0) await applyGathered(this.#parts.steps, plan, progress);
    if ("epochs" in plan.validateEvery && (epoch + 1) % plan.validateEvery.epochs === 0) await this.#validate();
    const validation = recorder.lastValidation();
    const logs: Logs = { ...progress.tally.logs(), ...(validation?.epoch === epoch ? validation.logs : {}) };
    recorder.epoch(epoch, logs);
    if (this.#stopping && plan.stepsPerEpoch === null) await plan.feed.endPass();
    progress.epoch++;
    progress.step = 0;
    progress.tally = new Tally(this.#parts.steps.parts.metrics);
    await this.#emit("epochEnd", { epoch, epochs: plan.epochs, logs });
    await this.#emit("settled", { epoch: progress.epoch, step: 0, totalSteps: progress.totalSteps, logs });
  }

  async #validate(): Promise<void> {
    const { plan, steps } = this.#parts;
    await validate(steps, plan, this.#progress, this.#turns, (name, event) => this.#emit(name, event));
  }

  /** The data have no more: the end of an epoch, or of all that there was. */
  async #endOfData(): Promise<void> {
    const { plan } = this.#parts;
    const { epoch, step, totalSteps } = this.#progress;
    if (plan.stepsPerEpoch === null && step > 0) return;
    const found = `the data ended at step ${step} of ${plan.stepsPerEpoch ?? "an epoch"} in epoch ${epoch + 1}`;
    const advice = "a generator gives its batches only once: pass a function that returns one, or fewer steps";
    if (totalSteps === 0) throw new DataError(`fit: ${found}: ${advice}`);
    await this.warn(`${found}, and so does training; ${advice}`);
    await this.stop("the data ended");
  }

  async #pause(): Promise<void> {
    const { epoch, step } = this.#progress;
    await this.#emit("pause", { epoch, step });
    await this.#parts.control.wait(this.#parts.plan.signal);
    await this.#emit("resume", { epoch, step });
  }

  /** After a thread was lost the Variables are in disorder: go back to the last checkpoint that a callback knows, or give up. */
  async #recover(error: WorkerError): Promise<void> {
    const progress = this.#progress;
    const state = progress.totalSteps === this.#lostAt ? null : await this.#callbacks.recover();
    if (state === null) throw error;
    this.#lostAt = progress.totalSteps;
    loadState(this.model, this.optimizer, state);
    await restoreProgress(this.model, progress, state);
    this.#callbacks.restore(state);
    await this.#emit("recovered", { epoch: progress.epoch, step: progress.step, error });
    await this.warn(`${error.message}; training goes on from epoch ${progress.epoch + 1}, step ${progress.step}`);
  }

  async #warnOfLoss(loss: number): Promise<void> {
    this.#warned = true;
    const { epoch, step } = this.#progress;
    await this.warn(
      `the loss is ${loss} at epoch ${epoch + 1}, step ${step}; training goes on. ` +
        "Try a smaller learningRate, or find the cause with detectAnomaly",
    );
  }

  #emit<K extends keyof TrainerEvents>(name: K, event: TrainerEvents[K]): Promise<void> | undefined {
    return this.#parts.events.emit(name, event, this.#listeners);
  }
}
