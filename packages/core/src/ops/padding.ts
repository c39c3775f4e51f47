// Padding: more elements at the ends of axes.

import { holds } from "../dtype.ts";
import { checkOption, checkOptionNames, OptionError, ShapeError } from "../errors.ts";
import { formatShape, type Shape } from "../shape.ts";
import { type Check, type Padded, type Result, typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import type { Part } from "../wasm/parts.ts";
import { along, join, stretchesOf, surround, take } from "./parts.ts";

/** What padding consists of. */
export type PadMode = "constant" | "reflect" | "replicate" | "circular";

/** Options of {@link pad}. */
export interface PadOptions {
  /**
   * `constant` (the default): a value; `reflect`: the elements mirrored about the first and the last, which are not repeated;
   * `replicate`: the first and the last; `circular`: the elements from the other end.
   */
  readonly mode?: PadMode;
  /** The value of `constant`; 0 by default. */
  readonly value?: number;
}

const modes: readonly PadMode[] = ["constant", "reflect", "replicate", "circular"];

/**
 * A tensor with `[before, after]` elements more at the ends of each axis; negative widths take elements away. As PyTorch's
 * `functional.pad`, but with widths for every axis, the first axis first.
 *
 * @throws ShapeError unless there is a pair for each axis; for `reflect` unless widths are below the size, for `circular` unless
 * they are at most the size, for `replicate` unless there is something to repeat
 * @example pad([1, 2], [[1, 2]], { value: 9 }) // [9, 1, 2, 9, 9]
 */
export function pad<S extends Shape, const W extends readonly (readonly [number, number])[]>(
  x: Tensor<S>,
  widths: W & Check<Padded<S, W>>,
  options: PadOptions = {},
): Tensor<Result<Padded<S, W>>> {
  checkOptionNames("pad", options, ["mode", "value"]);
  const { mode = "constant", value } = options;
  checkOption(modes.includes(mode), "pad", "mode", modes.join(", "), mode);
  checkOption(holds(x.dtype, value ?? 0), "pad", "value", `a number that ${x.dtype} can hold`, value);
  if (value !== undefined && mode !== "constant")
    throw new OptionError(`pad: value ${value} has no meaning in mode ${mode}: leave it out`);
  const list: readonly (readonly [number, number])[] = widths;
  checkWidths(x, list, mode);
  const whole = withinValue(x, list, mode, value ?? 0);
  if (mode === "constant") return typed(whole);
  return typed(list.reduce((padded: Tensor, ends, axis) => extended(padded, axis, ends, mode), whole));
}

function checkWidths({ shape }: Tensor, widths: readonly (readonly [number, number])[], mode: PadMode): void {
  const given = `pad ${formatShape(shape)}`;
  if (widths.length !== shape.length)
    throw new ShapeError(`${given}: ${widths.length} pairs of widths given for rank ${shape.length}`);
  for (const [axis, [before, after, ...more]] of widths.entries()) {
    const whole = Number.isInteger(before) && Number.isInteger(after) && more.length === 0;
    checkOption(whole, "pad", "widths", "pairs of whole numbers", widths);
    const size = shape[axis] ?? 0;
    const left = size + Math.min(before, 0) + Math.min(after, 0);
    if (left < 0) throw new ShapeError(`${given}: axis ${axis}: ${-before} and ${-after} cannot be taken from ${size}`);
    const wide = Math.max(before, after, 0);
    const most = mode === "reflect" ? Math.max(left - 1, 0) : mode === "circular" || left === 0 ? left : wide;
    if (mode !== "constant" && wide > most)
      throw new ShapeError(
        `${given}: axis ${axis}: ${mode} padding of ${wide} is too wide for ${left}: at most ${most}`,
      );
  }
}

/** Without what negative widths take away, and in mode `constant` with what others add. */
function withinValue(x: Tensor, widths: readonly (readonly [number, number])[], mode: PadMode, value: number): Tensor {
  const count = (axis: number): number => {
    const [before = 0, after = 0] = widths[axis] ?? [];
    return (x.shape[axis] ?? 0) + Math.min(before, 0) + Math.min(after, 0);
  };
  const stretches = (starts: (before: number) => number): Part =>
    stretchesOf(widths.map(([before], axis) => ({ start: starts(before), step: 1, count: count(axis), picks: false })));
  const crops = widths.some(([before, after]) => before < 0 || after < 0);
  const inside = crops
    ? take(
        x,
        stretches((before) => Math.max(-before, 0)),
      )
    : x;
  if (mode !== "constant" || widths.every(([before, after]) => before <= 0 && after <= 0)) return inside;
  const shape = widths.map(([before, after], axis) => count(axis) + Math.max(before, 0) + Math.max(after, 0));
  return surround([inside], { shape, parts: [stretches((before) => Math.max(before, 0))], value });
}

/** One axis continued at both ends by its own elements. */
function extended(x: Tensor, axis: number, widths: readonly [number, number], mode: PadMode): Tensor {
  const [before, after] = [Math.max(widths[0], 0), Math.max(widths[1], 0)];
  if (before + after === 0) return x;
  const size = x.shape[axis] ?? 0;
  const shape = x.shape.map((whole, index) => (index === axis ? before + size + after : whole));
  // What is mirrored is read in order and laid down in reverse.
  const stretch = (start: number, step: number, count: number): Part =>
    stretchesOf(
      x.shape.map((whole, index) =>
        index === axis ? { start, step, count, picks: false } : { start: 0, step: 1, count: whole, picks: false },
      ),
    );
  const [tensors, parts]: [Tensor[], Part[]] = [[x], [along(axis, before, size)]];
  const lay = (count: number, from: number, to: number): void => {
    if (count === 0) return;
    const repeats = mode === "replicate";
    const piece = take(x, along(axis, from, repeats ? 1 : count));
    tensors.push(repeats ? piece.broadcastTo(x.shape.map((whole, index) => (index === axis ? count : whole))) : piece);
    parts.push(mode === "reflect" ? stretch(to + count - 1, -1, count) : along(axis, to, count));
  };
  lay(before, mode === "reflect" ? 1 : mode === "circular" ? size - before : 0, 0);
  lay(after, mode === "reflect" ? size - 1 - after : mode === "circular" ? 0 : size - 1, before + size);
  return join(tensors, { shape, parts, value: 0 });
}
