// The trainer: what users see of training. It knows nothing of arithmetic (step.ts), epochs (fit-run.ts) or the screen (display/).

import { checkOption, defaultGenerator, GradusError, type Tensor } from "@gradus/core";
import { checkNames, checkTrainable } from "./checks.ts";
import { Control } from "./control.ts";
import { type Output, standardOutput } from "./display/output.ts";
import { progressDisplay } from "./display/progress.ts";
import { evaluateAll, planEvaluation } from "./evaluation.ts";
import { Emitter, type Listener, named, type TrainerEvents } from "./events.ts";
import type { BatchSource } from "./feed.ts";
import { planFit } from "./fit-plan.ts";
import { FitRun } from "./fit-run.ts";
import type { History } from "./history.ts";
import { learnBatch } from "./learn-batch.ts";
import { type MetricNames, type MetricOption, resolveMetrics } from "./metrics/options.ts";
import { type Loss, type Model, type Optimizer, setMode } from "./model.ts";
import { loadGenerators, loadState } from "./model-state.ts";
import type { BatchOptions, EvaluateOptions, FitOptions, PredictOptions, PredictSource } from "./options.ts";
import { captureState, checkPosition } from "./position.ts";
import { predictAll } from "./predict.ts";
import { Steps } from "./steps.ts";
import type { TrainingState } from "./training-state.ts";

/** What a {@link Trainer} is made of. */
export interface TrainerOptions<M extends readonly MetricOption[]> {
  /**
   * What is trained: every `Layer` of @gradus/layers, or an object with `forward`, `parameters`, `train` and `eval`.
   */
  readonly model: Model;
  /** What changes its parameters: every optimizer of @gradus/optimizers, made with `model.parameters()`. */
  readonly optimizer: Optimizer;
  /** The mean loss of a batch. */
  readonly loss: Loss;
  /** What is reported beside the loss: `["accuracy"]`, or metrics of your own; nothing by default. */
  readonly metrics?: M;
  /**
   * Whether steps are compiled to one program, which is faster; true by default. Then what model, loss and metrics read from
   * elsewhere, other than Variables, is fixed when a step is captured.
   */
  readonly compile?: boolean;
  /** Where progress is shown; the standard output by default. */
  readonly output?: Output;
}

/** The names of the values that a trainer with metrics `M` reports. */
export type ValueNames<M extends readonly MetricOption[]> = "loss" | MetricNames<M>;

/**
 * Trains a model, evaluates it, and predicts with it.
 *
 * @throws OptionError for metrics that are unknown or share a name
 * @example
 * const trainer = new Trainer({ model, optimizer: new Adam(model.parameters()), loss: crossEntropy, metrics: ["accuracy"] });
 * const { history } = await trainer.fit(train, { batchSize: 64, epochs: 5, validationSplit: 0.2 });
 * const { accuracy } = await trainer.evaluate(test);
 */
export class Trainer<const M extends readonly MetricOption[] = readonly []> {
  /** What is trained. */
  readonly model: Model;
  /** What changes its parameters; its `learningRate` may be assigned between steps. */
  readonly optimizer: Optimizer;
  readonly #output: Output;
  readonly #steps: Steps;
  readonly #events = new Emitter<TrainerEvents>();
  readonly #control = new Control();
  /** The last fit, over or not. */
  #run: FitRun | null = null;
  /** What the next fit goes on from. */
  #restored: TrainingState | null = null;
  #fitting = false;

  /** @throws OptionError for an unknown option, a loss that is no function, metrics that are unknown or share a name */
  constructor(options: TrainerOptions<M>) {
    checkNames("Trainer", options, ["model", "optimizer", "loss", "metrics", "compile", "output"]);
    const { model, optimizer, loss, metrics, compile = true, output = standardOutput() } = options;
    checkOption(typeof loss === "function", "Trainer", "loss", "a function, as crossEntropy", loss);
    this.model = model;
    this.optimizer = optimizer;
    this.#output = output;
    this.#steps = new Steps({ model, optimizer, loss, metrics: resolveMetrics(metrics ?? []) }, compile);
  }

  /** What the last `fit` gave, or has given so far; null before the first. */
  get history(): History<ValueNames<M>> | null {
    return this.#run === null ? null : historyOf(this.#run);
  }

  /**
   * Calls `listener` at each such event. A promise that it returns is waited for; what it throws ends the run.
   * @returns a function that ends that
   * @example
   * trainer.on("epochEnd", ({ epoch, logs }) => console.log(epoch, logs.loss));
   */
  on<K extends keyof TrainerEvents>(name: K, listener: Listener<TrainerEvents<ValueNames<M>>[K]>): () => void {
    // cast: the values of this trainer's events have exactly these names
    return this.#events.on(name, listener as Listener<TrainerEvents[K]>);
  }

  /**
   * Trains the model: `epochs` times over the samples. Lets the event loop turn at least every 50 ms (or after each step, where a
   * step takes longer). A loss that becomes NaN or infinite is reported once, as a warning, and training goes on, as in Keras.
   * Afterwards the model is in the mode of training.
   *
   * @param data a dataset, batches in any iterable, at once or in time, or a function that makes such an iterable for each pass
   * @returns the history; rejects with the signal's reason where that stopped it, and `trainer.history` has what was before
   * @throws OptionError for options out of range and for a model without parameters, DataError for too few samples, all before
   * anything is changed
   * @example
   * const { history } = await trainer.fit(train, { batchSize: 64, epochs: 5, validationSplit: 0.2, seed: 0 });
   * history.val_loss?.at(-1);
   */
  async fit(data: BatchSource, options: FitOptions = {}): Promise<History<ValueNames<M>>> {
    const plan = planFit(data, options);
    checkTrainable("fit", this.model, this.optimizer);
    if (this.#fitting) throw new GradusError("fit: this trainer is in another fit: await that first");
    plan.signal?.throwIfAborted();
    const display = progressDisplay(this.#output, plan.verbose);
    const run = new FitRun({ steps: this.#steps, plan, display, events: this.#events, control: this.#control });
    const from = this.#restored;
    let completed = false;
    this.#fitting = true;
    try {
      if (from !== null) await run.restore(from);
    } catch (error) {
      this.#fitting = false;
      throw error;
    }
    this.#run = run;
    this.#restored = null;
    setMode(this.model, true);
    try {
      await run.train(from);
      completed = true;
    } finally {
      display.close();
      setMode(this.model, true);
      this.#fitting = false;
      this.#control.resume();
      await run.end(completed);
    }
    return historyOf(run);
  }

  /** Holds training up at the end of this step, until {@link resume}. Evaluation and prediction work meanwhile. */
  pause(): void {
    if (this.#fitting) this.#control.pause();
  }

  /** Ends a {@link pause}. */
  resume(): void {
    this.#control.resume();
  }

  /** Whether training is held up, or will be at the end of this step. */
  get paused(): boolean {
    return this.#control.paused;
  }

  /** Ends training at the end of this step: its epoch is closed, with its validation, and `fit` gives its history. */
  async stop(reason = "asked for"): Promise<void> {
    if (this.#fitting) await this.#run?.stop(reason);
  }

  /**
   * One step with one batch.
   *
   * @returns the loss and the metrics of the batch, as they were before the step
   * @throws OptionError for options out of range, DataError for a batch whose rows do not fit
   * @example
   * const { loss } = await trainer.trainOnBatch(inputs, targets, { clipNorm: 1 });
   */
  async trainOnBatch(
    inputs: Tensor,
    targets: Tensor,
    options: BatchOptions = {},
  ): Promise<Readonly<Record<ValueNames<M>, number>>> {
    const { logs: values, samples } = await learnBatch(this.#steps, inputs, targets, options);
    const logs = named<ValueNames<M>>(values);
    await this.#events.emit("batchEnd", { samples, logs });
    return logs;
  }

  /**
   * The loss and the metrics over all samples, in the mode of evaluation and without gradients. The model's mode is put back.
   *
   * @throws OptionError for options out of range, DataError for a dataset without samples
   * @example
   * const { loss, accuracy } = await trainer.evaluate(test);
   */
  async evaluate(data: BatchSource, options: EvaluateOptions = {}): Promise<Readonly<Record<ValueNames<M>, number>>> {
    const plan = planEvaluation(data, options);
    const display = progressDisplay(this.#output, plan.verbose);
    try {
      const logs = await evaluateAll(this.#steps, plan, (name, event) =>
        this.#events.emit(name, event, [display.listeners]),
      );
      return named<ValueNames<M>>(logs);
    } finally {
      display.close();
    }
  }

  /**
   * The model's results for many inputs, batch by batch, in the mode of evaluation and without gradients. The model's mode is put
   * back.
   *
   * @param inputs a row per sample, a dataset, or batches: tensors, or objects with `inputs`
   * @throws OptionError for options out of range, ShapeError for a scalar
   * @example
   * const logits = await trainer.predict(images); // [images, 10]
   */
  async predict(inputs: PredictSource, options: PredictOptions = {}): Promise<Tensor> {
    const output = await predictAll(this.model, inputs, options, {
      start: (steps, samples) => this.#events.emit("predictStart", { steps, samples }),
      step: (step, steps) => this.#events.emit("predictStep", { step, steps }),
    });
    await this.#events.emit("predictEnd", { output });
    return output;
  }

  /**
   * Everything that another trainer needs to go on from here bit for bit: model, optimizer, history, averages of the epoch, the place in
   * the data, random generators and what callbacks remember, as copies. It is whole at the end of a step: in a listener to `settled`,
   * while training is paused, or after `fit`, stopped or not.
   *
   * @example
   * trainer.on("settled", ({ totalSteps }) => (totalSteps % 100 === 0 ? writer.save("last", trainer.state()) : undefined));
   */
  state(): TrainingState {
    if (this.#run !== null && this.#restored === null) return this.#run.state();
    const now = captureState(this.model, this.optimizer, null);
    if (this.#restored === null) return now;
    return { ...now, position: this.#restored.position, tensors: this.#restored.tensors };
  }

  /**
   * Loads model and optimizer from a state, and lets the next `fit`, with the same data and options, go on from where the state was
   * taken: in the middle of an epoch, too. Its `epochs` are counted from the very beginning.
   *
   * @throws CheckpointError for the state of another model or optimizer; then nothing has changed
   * @example
   * trainer.restore(state);
   * await trainer.fit(train, { epochs: 4, seed: 0 });
   */
  restore(state: TrainingState): void {
    if (this.#fitting) throw new GradusError("restore: this trainer is in a fit: await that first");
    checkPosition(state.position);
    loadState(this.model, this.optimizer, state);
    loadGenerators(this.model, state.position.modelGenerators);
    defaultGenerator().state = state.position.generator;
    this.#restored = state;
  }
}

/** The history of a run, typed by the trainer's names. */
function historyOf<Name extends string>(run: FitRun): History<Name> {
  return run.history as History<Name>; // cast: it has a column for each of the trainer's names
}
