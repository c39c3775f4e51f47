// Whole tensors of some layers, collected while a model learns: for a chart, a histogram, or a closer look.

import {
  checkOption,
  checkOptionNames,
  describe,
  everyCall,
  noGrad,
  OptionError,
  type Tensor,
  type Variable,
} from "@gradus/core";
import { Layer } from "@gradus/layers";
import { sinkFor } from "./activation-statistics.ts";
import { StepObserver } from "./step-observer.ts";
import { layersOf } from "./subjects.ts";

/** What of a layer is collected: its output; or of its parameters the gradients, the values, or what a step adds to them. */
export type Facet = "activation" | "gradient" | "weight" | "update";

/** Which layers: a path, with `*` for any part of it; a pattern; or a function of path and layer. */
export type Selector = string | RegExp | ((path: string, layer: Layer) => boolean);

/** Options of {@link watch}. */
export interface WatchOptions {
  /** Collect at the first step and every so many after it, at least 1; 1 by default. */
  readonly every?: number;
  /** How many records are kept of each tensor, the latest, at least 1; 10 by default. */
  readonly keep?: number;
}

/** What was collected at one step. */
export interface WatchRecord {
  /** The number of the step, from 1. */
  readonly step: number;
  /** The path of the layer, or of the parameter: `dense_1`, `dense_1.weight`. */
  readonly path: string;
  /** A copy. */
  readonly value: Tensor;
}

const facets: readonly Facet[] = ["activation", "gradient", "weight", "update"];

/**
 * Collects a facet of layers: `activation` their outputs; `gradient`, `weight` and `update` (w after the step less w before it) those
 * of all parameters within them. It takes part in a training as `Diagnostics` does: as a callback, or by `step`.
 *
 * @throws OptionError if nothing is selected, for a facet that there is not, for unknown options and those out of range
 * @example
 * const model = new Sequential(new Dense(3, 2), new Tanh());
 * const outputs = watch(model, "tanh", "activation");
 * outputs.step(() => model.forward(ones([5, 3])));
 * outputs.records[0]?.value.shape; // [5, 2]
 * watch(model, "conv*", "weight"); // throws: watch: no layer is selected by "conv*": there are
 */
export function watch(model: Layer, selector: Selector, facet: Facet, options: WatchOptions = {}): Watch {
  return new Watch(model, selector, facet, options);
}

/**
 * A collection that grows while a model learns; {@link watch} makes one.
 *
 * @example
 * const model = new Sequential(new Dense(3, 2), new Tanh());
 * watch(model, "tanh", "activation") instanceof Watch; // true
 */
export class Watch extends StepObserver {
  /** What of the layers is collected. */
  readonly facet: Facet;
  readonly #keep: number;
  readonly #layers: ReadonlyMap<Layer, string>;
  readonly #parameters: ReadonlyMap<string, Variable>;
  readonly #sinks = new Map<string, Variable>();
  /** What this step's forward pass gave, by path. */
  readonly #fresh = new Map<string, Variable>();
  #before: ReadonlyMap<string, Tensor> = new Map();
  #records: readonly WatchRecord[] = [];

  /** @internal */
  constructor(model: Layer, selector: Selector, facet: Facet, options: WatchOptions) {
    if (!(model instanceof Layer)) throw new OptionError(`watch: the model must be a Layer, got ${describe(model)}`);
    checkOption(facets.includes(facet), "watch", "facet", `one of ${facets.join(", ")}`, facet);
    checkOptionNames("watch", options, ["every", "keep"]);
    const { every = 1, keep = 10 } = options;
    checkOption(Number.isSafeInteger(keep) && keep >= 1, "watch", "keep", "a whole number ≥ 1", keep);
    const chosen = select(model, selector);
    super("watch", `watch ${describe(selector)} ${facet}`, every, facet === "activation" ? chosen.values() : []);
    this.facet = facet;
    this.#keep = keep;
    this.#layers = new Map([...chosen].map(([path, layer]) => [layer, path]));
    const within = new Set([...chosen.values()].flatMap((layer) => layer.parameters()));
    this.#parameters = new Map([...model.namedParameters()].filter(([, parameter]) => within.has(parameter)));
  }

  /** What was collected, the earliest first. */
  get records(): readonly WatchRecord[] {
    return this.#records;
  }

  /** The records of one layer or parameter. */
  of(path: string): readonly WatchRecord[] {
    return this.#records.filter((record) => record.path === path);
  }

  protected override begin(): void {
    this.#fresh.clear();
    if (this.facet === "update")
      this.#before = noGrad(() => mapped(this.#parameters, (parameter) => parameter.clone()));
  }

  protected override see(layer: Layer, _: readonly Tensor[], output: Tensor): void {
    const path = this.#layers.get(layer) ?? "";
    const key = `${path} ${output.dtype} ${output.shape}`;
    const sink = sinkFor(this.#sinks.get(key), output);
    this.#sinks.set(key, sink);
    noGrad(() => sink.assign(output));
    everyCall(() => this.#fresh.set(path, sink));
  }

  protected override end(step: number): void {
    for (const [path, value] of noGrad(() => this.#collect())) {
      const own = [...this.of(path), { step, path, value }].slice(-this.#keep);
      this.#records = [
        ...this.#records.filter((record) => record.path !== path || own.includes(record)),
        ...own.slice(-1),
      ];
    }
  }

  #collect(): ReadonlyMap<string, Tensor> {
    switch (this.facet) {
      case "activation":
        return mapped(this.#fresh, (sink) => sink.clone());
      case "gradient":
        return mapped(this.#parameters, ({ grad }) => grad?.clone() ?? null);
      case "weight":
        return mapped(this.#parameters, (parameter) => parameter.clone());
      case "update":
        return mapped(this.#parameters, (parameter, path) => {
          const before = this.#before.get(path);
          return before === undefined ? null : parameter.sub(before);
        });
    }
  }
}

/** The layers that a selector means. @throws OptionError if there is none */
function select(model: Layer, selector: Selector): ReadonlyMap<string, Layer> {
  const layers = layersOf(model);
  const matches = matcher(selector);
  const chosen = new Map([...layers].filter(([path, layer]) => matches(path, layer)));
  if (chosen.size === 0) {
    throw new OptionError(
      `watch: no layer is selected by ${describe(selector)}: there are ${[...layers.keys()].join(", ")}`,
    );
  }
  return chosen;
}

function matcher(selector: Selector): (path: string, layer: Layer) => boolean {
  if (typeof selector === "function") return selector;
  if (selector instanceof RegExp) return (path) => path.search(selector) >= 0;
  checkOption(typeof selector === "string", "watch", "selector", "a path, a pattern or a function", selector);
  const parts = selector.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  const pattern = new RegExp(`^${parts.join(".*")}$`);
  return (path) => pattern.test(path);
}

/** A Map with each value replaced, or left out where that gives null. */
function mapped<V, W>(
  map: ReadonlyMap<string, V>,
  replace: (value: V, key: string) => W | null,
): ReadonlyMap<string, W> {
  return new Map(
    [...map].flatMap(([key, value]): [string, W][] => {
      const other = replace(value, key);
      return other === null ? [] : [[key, other]];
    }),
  );
}
