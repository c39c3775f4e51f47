// What the layers of a model do while it learns: numbers of every n-th step, and what they mean.

import { checkOption, checkOptionNames, describe, OptionError, type Tensor } from "@gradus/core";
import { Layer } from "@gradus/layers";
import { ActivationStatistics } from "./activation-statistics.ts";
import { DeadUnits } from "./dead-units.ts";
import { diagnose } from "./diagnose.ts";
import type { Finding } from "./findings/finding.ts";
import { asBatchNorm, isRectifier } from "./kinds.ts";
import type { Course, LayerFacts, LayerObservation, Observation } from "./observation.ts";
import { ParameterStatistics } from "./parameters.ts";
import { makeReport, type Report } from "./report.ts";
import { StepObserver } from "./step-observer.ts";
import { type Subject, subjectsOf } from "./subjects.ts";
import { renderReport } from "./table.ts";

/** Options of {@link Diagnostics}. */
export interface DiagnosticsOptions {
  /** Look at the first step and every so many after it, at least 1; 10 by default. */
  readonly every?: number;
  /** What it is called among the callbacks of a fit; "Diagnostics" by default. */
  readonly name?: string;
  /** How many observations are kept, at least 10, the first always among them; 200 by default. */
  readonly keep?: number;
}

/** A layer, and what collects its numbers. */
interface Probe extends Subject {
  readonly activation: ActivationStatistics;
  readonly parameters: ParameterStatistics;
  readonly units: DeadUnits;
}

/**
 * Looks at every n-th step of a training: for each layer the mean and spread of its outputs, the share that lies in the flat parts of a
 * sigmoid or tanh, dead relus, the norm of the gradient and how it compares with the last layer's, the size of the update beside that of
 * the weights, and how far a BatchNorm's running statistics are from its batches'. {@link findings} says what is wrong.
 *
 * It changes nothing: the weights are the same bits with it and without. Make it before the first step is compiled; layers that are called
 * by a `Sequential` are seen at any time. Gradients are those of the batch, before they are clipped or added to others.
 *
 * @throws OptionError for something that is no layer, for unknown options and those out of range
 * @example
 * const model = new Sequential(new Dense(4, 8), new Sigmoid(), new Dense(8, 2));
 * const diagnostics = new Diagnostics(model, { every: 1 });
 * const [x, y] = [uniform([32, 4]), randint([32], { high: 2 })];
 * diagnostics.step(() => {
 *   for (const parameter of model.parameters()) parameter.grad = null;
 *   const loss = crossEntropy(model.forward(x), y);
 *   loss.backward();
 *   for (const w of model.parameters()) if (w.grad !== null) w.assign(w.sub(w.grad.mul(0.1)));
 *   return loss;
 * });
 * diagnostics.findings.length; // 0
 * diagnostics.report().layers.map(({ layer }) => layer); // ["dense", "sigmoid", "dense_1"]
 */
export class Diagnostics extends StepObserver {
  /** What is looked at, with all layers in it. */
  readonly model: Layer;
  readonly #keep: number;
  readonly #byLayer: ReadonlyMap<Layer, Probe>;
  #probes: readonly Probe[];
  /** The layers in the order in which they were seen for the first time. */
  readonly #order = new Set<Probe>();
  readonly #observations: Observation[] = [];
  #found: readonly Finding[] | null = null;

  /**
   * @param model what is looked at; make the observer before the first step is compiled
   * @throws OptionError for something that is no layer, for unknown options and those out of range
   */
  constructor(model: Layer, options: DiagnosticsOptions = {}) {
    if (!(model instanceof Layer))
      throw new OptionError(`Diagnostics: the model must be a Layer, got ${describe(model)}`);
    checkOptionNames("Diagnostics", options, ["every", "name", "keep"]);
    const { every = 10, name = "Diagnostics", keep = 200 } = options;
    checkOption(typeof name === "string" && name !== "", "Diagnostics", "name", "a text", name);
    checkOption(Number.isSafeInteger(keep) && keep >= 10, "Diagnostics", "keep", "a whole number ≥ 10", keep);
    const probes = subjectsOf(model).map(
      (subject): Probe => ({
        ...subject,
        activation: new ActivationStatistics(subject.layer, subject.weighted),
        parameters: new ParameterStatistics(subject.weights),
        units: new DeadUnits(),
      }),
    );
    super(
      "Diagnostics",
      name,
      every,
      probes.map(({ layer }) => layer),
    );
    this.model = model;
    this.#keep = keep;
    this.#probes = probes;
    this.#byLayer = new Map(probes.map((probe) => [probe.layer, probe]));
  }

  /** What is wrong, causes before symptoms; empty if nothing is. */
  get findings(): readonly Finding[] {
    this.#found ??= diagnose(this.course);
    return this.#found;
  }

  /** Everything that was seen: plain data. */
  get course(): Course {
    const layers = this.#probes.map(({ path, layer, weighted }): LayerFacts => {
      const norm = asBatchNorm(layer);
      const memory = norm === null ? null : norm.momentum === null ? 1 : 1 / (1 - norm.momentum);
      return { path, kind: layer.kind, weighted, memory };
    });
    return { layers, observations: [...this.#observations] };
  }

  /** The latest numbers of each layer, and the findings: plain data. */
  report(): Report {
    return makeReport(String(this.model.kind), this.course, this.findings);
  }

  /** A table of the latest numbers, and the findings in words. */
  override toString(): string {
    return renderReport(this.report());
  }

  protected override begin(): void {
    for (const { activation, parameters } of this.#probes) {
      activation.begin();
      parameters.begin();
    }
  }

  protected override see(layer: Layer, inputs: readonly Tensor[], output: Tensor): void {
    const probe = this.#byLayer.get(layer);
    if (probe === undefined) return;
    this.#order.add(probe);
    probe.activation.see(inputs, output);
  }

  protected override end(step: number, loss: number | null): void {
    if (this.#observations.length === 0) this.#sort();
    const layers = this.#probes.map(observe);
    this.#observations.push({ step, steps: this.steps, loss, layers });
    if (this.#observations.length > this.#keep) this.#observations.splice(1, 1);
    this.#found = null;
  }

  /** In the order in which the layers run, those that were not seen last. */
  #sort(): void {
    const place = new Map([...this.#order].map((probe, index) => [probe, index]));
    const of = (probe: Probe): number => place.get(probe) ?? this.#probes.length;
    if (place.size > 0) this.#probes = [...this.#probes].sort((a, b) => of(a) - of(b));
  }
}

/** What a step showed of a layer. */
function observe({ layer, activation, parameters, units }: Probe): LayerObservation {
  const peaks = isRectifier(layer) ? activation.peaks() : null;
  return {
    activation: activation.facts(),
    input: activation.inputSize(),
    dead: peaks === null ? null : units.add(peaks, activation.rows),
    weights: parameters.end(),
    drift: activation.drift(),
  };
}
