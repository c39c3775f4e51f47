// The table of a model: its layers, the shapes of their outputs, the numbers of their parameters. The look is Keras's.

import {
  DTypeError,
  formatShape,
  noGrad,
  type Shape,
  ShapeError,
  sizeOf,
  type Tensor,
  type Variable,
  zeros,
} from "@gradus/core";
import type { Layer } from "./layer.ts";
import { checkOptions, type OptionRules } from "./options.ts";

/** Options of {@link Layer.summary}. */
export interface SummaryOptions {
  /** The shape of one sample, without the batch's axis: `[28, 28]`. The first layer tells if it can. */
  readonly inputShape?: Shape;
  /** What prints the table: `console.log` by default; false for none. */
  readonly print?: ((text: string) => void) | false;
}

const rules: OptionRules<SummaryOptions> = {
  inputShape: {
    rule: "the shape of one sample, as [28, 28]",
    valid: (value) => Array.isArray(value) && value.every((size) => Number.isInteger(size) && size >= 0),
  },
  print: { rule: "a function, or false", valid: (value) => typeof value === "function" || value === false },
};

/** A row of the table. */
interface Row {
  readonly name: string;
  readonly shape: string;
  readonly count: string;
}

/** Prints and returns the table of `model`. */
export function summarize(model: Layer, options: SummaryOptions): string {
  checkOptions("summary", options, rules);
  const { inputShape, print = (text: string) => console.log(text) } = options;
  const children = childrenOf(model);
  const shapes = outputShapes(model, children, inputShape);
  const rows = children.map(([path, layer]): Row => {
    const shape = shapes.get(layer);
    const label = layer === model ? model.kind : path;
    return {
      name: `${label} (${layer.constructor.name})`,
      shape: shape === undefined ? "?" : shape,
      count: format(
        countOf([...layer.namedVariables().values()].filter((variable) => layer !== model || isOwn(model, variable))),
      ),
    };
  });
  const text = [`Model: "${model.kind}"`, ...table(rows), ...totals(model)].join("\n");
  if (print !== false) print(text);
  return text;
}

/** The layers directly within `model`, and `model` itself if it holds variables of its own. */
function childrenOf(model: Layer): [string, Layer][] {
  const layers = [...model.namedLayers()];
  const inner = new Set(layers.flatMap(([, layer]) => [...layer.namedLayers().values()]));
  const direct = layers.filter(([, layer]) => !inner.has(layer));
  const hasOwn = [...model.namedVariables().values()].some((variable) => isOwn(model, variable));
  return hasOwn || direct.length === 0 ? [...direct, ["", model]] : direct;
}

/** Whether a variable belongs to the model and to none of its layers. */
function isOwn(model: Layer, variable: Variable): boolean {
  return ![...model.namedLayers().values()].some((layer) => [...layer.namedVariables().values()].includes(variable));
}

const BATCH = 2;

/** What each layer gives for a batch of zeros, in evaluation; empty if the input's shape is not known. */
function outputShapes(
  model: Layer,
  children: readonly [string, Layer][],
  given: Shape | undefined,
): ReadonlyMap<Layer, string> {
  const sample = given ?? model.inputShape;
  const shapes = new Map<Layer, string>();
  if (sample === null) return shapes;
  const dtype = model.inputDType ?? model.parameters()[0]?.dtype ?? "float32";
  try {
    observing(
      model,
      children,
      (layer, { shape }) => shapes.set(layer, formatBatch(shape)),
      () => {
        model.forward(zeros([BATCH, ...sample], { dtype }));
      },
    );
  } catch (error) {
    // A shape that the user gave must fit; one that was only guessed need not.
    if (given !== undefined || !(error instanceof ShapeError || error instanceof DTypeError)) throw error;
  }
  return shapes;
}

/** Runs `body` in evaluation and without a tape, and tells `observe` what each of the layers gives. */
function observing(
  model: Layer,
  children: readonly [string, Layer][],
  observe: (layer: Layer, output: Tensor) => void,
  body: () => void,
): void {
  const all = [model, ...model.namedLayers().values()];
  const modes = all.map(({ training }) => training);
  const watched = new Set(children.map(([, layer]) => layer));
  model.eval();
  for (const layer of watched) {
    const forward = layer.forward;
    layer.forward = (...inputs) => {
      const output = forward.apply(layer, inputs);
      observe(layer, output);
      return output;
    };
  }
  try {
    noGrad(body);
  } finally {
    for (const layer of watched) Reflect.deleteProperty(layer, "forward");
    for (const [index, layer] of all.entries()) layer.training = modes[index] ?? true;
  }
}

/** `[?,256]`: the batch may have any size. */
function formatBatch(shape: Shape): string {
  return shape[0] === BATCH ? `[${["?", ...shape.slice(1)].join(",")}]` : formatShape(shape);
}

/** The number of elements of distinct variables. */
function countOf(variables: Iterable<Variable>): number {
  return [...new Set(variables)].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** `244,522`. */
function format(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

function totals(model: Layer): string[] {
  const variables = [...model.namedVariables().values()];
  const trainable = variables.filter(({ requiresGrad }) => requiresGrad);
  const line = (label: string, of: readonly Variable[]): string =>
    ` ${label} params: ${format(countOf(of))} (${bytes(of)})`;
  return [
    line("Total", variables),
    line("Trainable", trainable),
    line(
      "Non-trainable",
      variables.filter(({ requiresGrad }) => !requiresGrad),
    ),
  ];
}

/** `955.16 KB`, in units of 1024. */
function bytes(variables: readonly Variable[]): string {
  const sizes: Readonly<Record<Tensor["dtype"], number>> = { float64: 8, float32: 4, int32: 4, uint8: 1, bool: 1 };
  let size = variables.reduce((sum, { shape, dtype }) => sum + sizeOf(shape) * sizes[dtype], 0);
  const units = ["B", "KB", "MB", "GB"];
  while (size >= 1024 && units.length > 1) {
    size /= 1024;
    units.shift();
  }
  return `${units[0] === "B" ? size : size.toFixed(2)} ${units[0]}`;
}

/** Names and shapes to the left, counts to the right, in Keras's frame. */
function table(rows: readonly Row[]): string[] {
  const head: Row = { name: "Layer (type)", shape: "Output Shape", count: "Param #" };
  const width = (column: keyof Row): number => Math.max(...[head, ...rows].map((row) => row[column].length));
  const [name, shape, count] = [
    Math.max(width("name"), 28),
    Math.max(width("shape"), 20),
    Math.max(width("count"), 12),
  ];
  const line = (bar: string, { name: a, shape: b, count: c }: Row): string =>
    `${bar} ${a.padEnd(name)} ${bar} ${b.padEnd(shape)} ${bar} ${c.padStart(count)} ${bar}`;
  const rule = (left: string, dash: string, middle: string, right: string): string =>
    left + [name, shape, count].map((size) => dash.repeat(size + 2)).join(middle) + right;
  const body = rows.flatMap((row, index) => (index === 0 ? [] : [rule("├", "─", "┼", "┤")]).concat(line("│", row)));
  return [rule("┏", "━", "┳", "┓"), line("┃", head), rule("┡", "━", "╇", "┩"), ...body, rule("└", "─", "┴", "┘")];
}
