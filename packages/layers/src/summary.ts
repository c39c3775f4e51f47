// The table of a model: its layers, the shapes of their outputs, the numbers of their parameters. The look is Keras's.

import {
  DTypeError,
  formatShape,
  full,
  noGrad,
  type Shape,
  ShapeError,
  sizeOf,
  type Tensor,
  type Variable,
} from "@gradus/core";
import type { Layer } from "./layer.ts";
import { checkOptions, type OptionRules } from "./options.ts";

/** Options of {@link Layer.summary}. */
export interface SummaryOptions {
  /** The shape of one sample, without the batch's axis: `[28, 28]`. By default the first layer's, if it can tell. */
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

/** Prints and returns the table of `model`: the layers directly within it, and itself if it holds variables of its own. */
export function summarize(model: Layer, options: SummaryOptions): string {
  checkOptions("summary", options, rules);
  const { inputShape, print = (text: string) => console.log(text) } = options;
  const layers = [...model.namedLayers()];
  const held = new Set(layers.flatMap(([, layer]) => variablesOf(layer)));
  const own = variablesOf(model).filter((variable) => !held.has(variable));
  const inner = new Set(layers.flatMap(([, layer]) => [...layer.namedLayers().values()]));
  const shown = layers.filter(([, layer]) => !inner.has(layer));
  if (own.length > 0 || shown.length === 0) shown.push([model.kind, model]);

  const shapes = outputShapes(model, new Set(shown.map(([, layer]) => layer)), inputShape);
  const rows = shown.map(([path, layer]) => [
    `${path} (${layer.constructor.name})`,
    shapes.get(layer) ?? "?",
    format(countOf(layer === model ? own : variablesOf(layer))),
  ]);
  const text = [`Model: "${model.kind}"`, ...table(rows), ...totals(variablesOf(model))].join("\n");
  if (print !== false) print(text);
  return text;
}

function variablesOf(layer: Layer): Variable[] {
  return [...layer.namedVariables().values()];
}

const BATCH = 2;

/** What each of some layers gives for a batch of zeros, in evaluation; empty if the input's shape is not known. */
function outputShapes(model: Layer, watched: ReadonlySet<Layer>, given: Shape | undefined): ReadonlyMap<Layer, string> {
  const sample = given ?? model.inputShape;
  const shapes = new Map<Layer, string>();
  if (sample === null) return shapes;
  const all = [model, ...model.namedLayers().values()];
  const modes = all.map(({ training }) => training);
  model.eval();
  for (const layer of watched) {
    const forward = layer.forward;
    layer.forward = (...inputs) => {
      const output = forward.apply(layer, inputs);
      shapes.set(layer, formatBatch(output.shape));
      return output;
    };
  }
  try {
    const dtype = model.inputDType ?? model.parameters()[0]?.dtype ?? "float32";
    noGrad(() => model.forward(full([BATCH, ...sample], 0, { dtype })));
  } catch (error) {
    // A shape that the user gave must fit; one that was only guessed need not.
    if (given !== undefined || !(error instanceof ShapeError || error instanceof DTypeError)) throw error;
  } finally {
    for (const layer of watched) Reflect.deleteProperty(layer, "forward");
    for (const [index, layer] of all.entries()) layer.training = modes[index] ?? true;
  }
  return shapes;
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

function totals(variables: readonly Variable[]): string[] {
  const line = (label: string, of: readonly Variable[]): string =>
    ` ${label} params: ${format(countOf(of))} (${bytes(of)})`;
  return [
    line("Total", variables),
    line(
      "Trainable",
      variables.filter(({ requiresGrad }) => requiresGrad),
    ),
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
function table(rows: readonly (readonly string[])[]): string[] {
  const head = ["Layer (type)", "Output Shape", "Param #"];
  const widths = [28, 20, 12].map((least, column) =>
    Math.max(least, ...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (bar: string, cells: readonly string[]): string => {
    const padded = widths.map((width, column) => {
      const cell = cells[column] ?? "";
      return column === 2 ? cell.padStart(width) : cell.padEnd(width);
    });
    return `${bar} ${padded.join(` ${bar} `)} ${bar}`;
  };
  const rule = (left: string, dash: string, middle: string, right: string): string =>
    left + widths.map((width) => dash.repeat(width + 2)).join(middle) + right;
  const body = rows.map((row) => line("│", row)).join(`\n${rule("├", "─", "┼", "┤")}\n`);
  return [rule("┏", "━", "┳", "┓"), line("┃", head), rule("┡", "━", "╇", "┩"), body, rule("└", "─", "┴", "┘")];
}
