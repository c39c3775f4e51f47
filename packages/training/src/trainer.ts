// The trainer: the loop around the step. It knows nothing of arithmetic (step.ts), averages (tally.ts) or the screen (display/).

import { concat, formatShape, GradusError, noGrad, ShapeError, type Tensor } from "@gradus/core";
import type { Dataset } from "@gradus/data";
import { countBatches } from "./batches.ts";
import { compiledStep } from "./compiled.ts";
import { type Output, standardOutput } from "./display/output.ts";
import { type Display, progressDisplay } from "./display/progress.ts";
import { Emitter, type Listener, named, type TrainerEvents } from "./events.ts";
import { type History, Recorder } from "./history.ts";
import { type MetricNames, type MetricOption, resolveMetrics } from "./metrics.ts";
import { type Loss, type Model, type Optimizer, setMode } from "./model.ts";
import * as options from "./options.ts";
import { Passes, type PassOptions } from "./pass.ts";
import { evaluationStep, type Step, trainingStep } from "./step.ts";
import { Tally } from "./tally.ts";
import { Turns } from "./turns.ts";

/** What a {@link Trainer} is made of. */
export interface TrainerOptions<M extends readonly MetricOption[]> {
  readonly model: Model;
  readonly optimizer: Optimizer;
  /** The mean loss of a batch. */
  readonly loss: Loss;
  /** What is reported beside the loss: `["accuracy"]`. */
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
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly #names: readonly string[];
  readonly #output: Output;
  /** Passes that train. */
  readonly #epochs: Passes;
  /** Passes that only look. */
  readonly #evaluations: Passes;
  readonly #events = new Emitter<TrainerEvents<ValueNames<M>>>();
  #history: History<ValueNames<M>> | null = null;
  #fitting = false;

  constructor({ model, optimizer, loss, metrics, compile = true, output = standardOutput() }: TrainerOptions<M>) {
    this.model = model;
    this.optimizer = optimizer;
    const resolved = resolveMetrics(metrics ?? []);
    const parts = { model, optimizer, loss, metrics: resolved };
    this.#names = new Tally(resolved).names;
    this.#output = output;
    const prepare = (step: Step) => (): Promise<Step> => (compile ? compiledStep(step, warn) : Promise.resolve(step));
    let warned = false;
    const warn = (message: string): void => {
      if (!warned) console.warn(`Warning: ${message}`);
      warned = true;
    };
    this.#epochs = new Passes(model, resolved, prepare(trainingStep(parts)), true);
    this.#evaluations = new Passes(model, resolved, prepare(evaluationStep(parts)), false);
  }

  /** What the last `fit` gave, or has given so far; null before the first. */
  get history(): History<ValueNames<M>> | null {
    return this.#history;
  }

  /**
   * Calls `listener` at each such event. A promise that it returns is waited for; what it throws ends the run.
   * @returns a function that ends that
   * @example
   * trainer.on("epochEnd", ({ epoch, logs }) => console.log(epoch, logs.loss));
   */
  on<K extends keyof TrainerEvents>(name: K, listener: Listener<TrainerEvents<ValueNames<M>>[K]>): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Trains the model: `epochs` times over the samples. Lets the event loop turn at least every 50 ms (or after each step, where a
   * step takes longer). A loss that becomes NaN or infinite is reported once, as a warning, and training goes on, as in Keras.
   * Afterwards the model is in the mode of training.
   *
   * @returns the history; rejects with the signal's reason where that stopped it, and `trainer.history` has the epochs before
   * @throws OptionError for options out of range and for a model without parameters, DataError for too few samples, all before
   * anything is changed
   * @example
   * const { history } = await trainer.fit(train, { batchSize: 64, epochs: 5, validationSplit: 0.2, seed: 0 });
   * history.val_loss?.at(-1);
   */
  async fit(data: Dataset, fitOptions: options.FitOptions = {}): Promise<History<ValueNames<M>>> {
    const plan = options.planFit(data, fitOptions);
    options.checkTrainable(this.model, this.optimizer);
    if (this.#fitting) throw new GradusError("fit: this trainer is in another fit: await that first");
    plan.signal?.throwIfAborted();
    const validated = plan.validation === null ? [] : this.#names.map((name) => `val_${name}`);
    const recorder = new Recorder<ValueNames<M>>([...this.#names, ...validated]);
    const display = progressDisplay(this.#output, plan.verbose);
    let completed = false;
    this.#fitting = true;
    this.#history = recorder.history;
    this.model.train();
    try {
      await this.#trainAll(plan, recorder, display);
      completed = true;
    } finally {
      display.close();
      setMode(this.model, true);
      this.#fitting = false;
      await this.#events.emit("fitEnd", { history: recorder.history, completed });
    }
    return recorder.history;
  }

  /**
   * The loss and the metrics over all samples, in the mode of evaluation and without gradients. The model's mode is put back.
   *
   * @throws OptionError for options out of range, DataError for a dataset without samples
   * @example
   * const { loss, accuracy } = await trainer.evaluate(test);
   */
  async evaluate(
    data: Dataset,
    { batchSize, verbose = "auto", signal }: options.EvaluateOptions = {},
  ): Promise<Readonly<Record<ValueNames<M>, number>>> {
    const size = options.checkBatchSize("evaluate", batchSize);
    options.checkVerbosity("evaluate", verbose);
    options.checkNotEmpty("evaluate", "data", data);
    signal?.throwIfAborted();
    const steps = countBatches(data, size);
    const display = progressDisplay(this.#output, verbose);
    try {
      await this.#emit(display, "evaluateStart", { steps, samples: data.length });
      const stepEnd: PassOptions["stepEnd"] = (step, _, tally) =>
        this.#emit(display, "evaluateStep", { step, steps, logs: named(tally.logs()) });
      const tally = await this.#evaluations.run({ data, batchSize: size, turns: new Turns(), signal, stepEnd });
      const logs = named<ValueNames<M>>(tally.logs());
      await this.#emit(display, "evaluateEnd", { logs });
      return logs;
    } finally {
      display.close();
    }
  }

  /**
   * The model's results for many inputs, batch by batch, in the mode of evaluation and without gradients. The model's mode is put
   * back.
   *
   * @param inputs a row per sample
   * @throws OptionError for options out of range, ShapeError for a scalar
   * @example
   * const logits = await trainer.predict(images); // [images, 10]
   */
  async predict(inputs: Tensor, { batchSize, signal }: options.PredictOptions = {}): Promise<Tensor> {
    const size = options.checkBatchSize("predict", batchSize);
    const [rows] = inputs.shape;
    if (rows === undefined)
      throw new ShapeError(`predict: inputs need an axis of samples, got ${formatShape(inputs.shape)}`);
    signal?.throwIfAborted();
    const turns = new Turns();
    const before = this.model.training;
    const outputs: Tensor[] = [];
    try {
      // Without any rows, too, the model is asked, for the shape of its results.
      for (let start = 0; start < Math.max(1, rows); start += size) {
        setMode(this.model, false);
        outputs.push(noGrad(() => this.model.forward(inputs.slice([start, Math.min(rows, start + size)]))));
        if (turns.due) await turns.take();
        signal?.throwIfAborted();
      }
    } finally {
      setMode(this.model, before);
    }
    return noGrad(() => concat(outputs));
  }

  async #trainAll(plan: options.FitPlan, recorder: Recorder<ValueNames<M>>, display: Display): Promise<void> {
    const { training, validation, batchSize, epochs, signal } = plan;
    const steps = countBatches(training, batchSize);
    const turns = new Turns();
    const warn = this.#warnOnce(display);
    const start = { epochs, steps, samples: training.length, validationSamples: validation?.length ?? 0 };
    await this.#emit(display, "fitStart", start);
    for (let epoch = 0; epoch < epochs; epoch++) {
      signal?.throwIfAborted();
      await this.#emit(display, "epochStart", { epoch, epochs, steps });
      const stepEnd: PassOptions["stepEnd"] = (step, samples, tally) => {
        const loss = tally.lastLoss;
        const logs = named<ValueNames<M>>(tally.logs());
        const told = this.#emit(display, "stepEnd", { epoch, step, steps, samples, loss, logs });
        return Number.isFinite(loss) ? told : Promise.all([told, warn(loss, epoch, step)]).then(() => undefined);
      };
      const order = plan.nextOrder();
      const tally = await this.#epochs.run({ data: training, order, batchSize, turns, signal, stepEnd });
      const validated = validation && (await this.#evaluations.run({ data: validation, batchSize, turns, signal }));
      const logs = { ...tally.logs(), ...validated?.logs("val_") };
      recorder.record(epoch, logs);
      await this.#emit(display, "epochEnd", { epoch, epochs, logs: named<ValueNames<M>>(logs) });
    }
  }

  /** A function that reports a loss that is no number any more, the first time. */
  #warnOnce(display: Display): (loss: number, epoch: number, step: number) => Promise<void> | undefined {
    let warned = false;
    return (loss, epoch, step) => {
      if (warned) return undefined;
      warned = true;
      const message =
        `the loss is ${loss} at epoch ${epoch + 1}, step ${step}; training goes on. ` +
        "Try a smaller learningRate, or find the cause with detectAnomaly";
      const heard = this.#events.has("warning") || display.listeners.warning !== undefined;
      if (!heard) console.warn(`Warning: ${message}`);
      return this.#emit(display, "warning", { message, epoch, step });
    };
  }

  /** Tells the display, then everyone else. */
  #emit<K extends keyof TrainerEvents>(
    { listeners }: Display,
    name: K,
    event: TrainerEvents<ValueNames<M>>[K],
  ): Promise<void> | undefined {
    return this.#events.emit(name, event, listeners);
  }
}
