// Tensors as people read them: nested arrays for programs, NumPy's look for eyes.

import type { DType, TypedArray } from "./dtype.ts";
import type { Shape } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

/** A number, a boolean, or arrays of such to any depth. */
export type NestedArray = number | boolean | NestedArray[];

/** Flat values in row-major order as nested arrays. */
export function nested(values: TypedArray, shape: Shape, dtype: DType): NestedArray {
  let at = 0;
  const read = (axis: number): NestedArray => {
    if (axis === shape.length) {
      const value = values[at++] ?? Number.NaN;
      return dtype === "bool" ? value !== 0 : value;
    }
    return Array.from({ length: shape[axis] ?? 0 }, () => read(axis + 1));
  };
  return read(0);
}

/** Elements beyond which the middle is left out, and how many remain at each end of an axis. */
const SUMMARY = 1000;
const EDGE = 3;
const LINE = 88;

/**
 * A tensor as NumPy prints an array: points below each other, the fewest digits that tell numbers apart (8 decimals at most),
 * scientific notation where numbers differ by more than 10⁵, the middle of long axes left out.
 */
export function printTensor(tensor: Tensor): string {
  const { shape, dtype } = tensor;
  const values = tensor.toTypedArray();
  const plain = dtype === "float32" && !shape.includes(0);
  const suffix = plain ? "" : shape.includes(0) ? `, shape=[${shape.join(",")}], dtype=${dtype}` : `, dtype=${dtype}`;
  const edge = values.length > SUMMARY ? EDGE : Number.POSITIVE_INFINITY;
  const shown: number[] = [];
  visit(shape, edge, 0, 0, (index) => shown.push(values[index] ?? Number.NaN));
  const cells = format(shown, dtype);
  const prefix = "tensor(";
  let next = 0;
  const draw = (axis: number): string => {
    if (axis === shape.length) return cells[next++] ?? "";
    const rows = parts(shape[axis] ?? 0, edge).map((index) => (index === null ? "..." : draw(axis + 1)));
    const indent = " ".repeat(prefix.length + axis + 1);
    if (axis < shape.length - 1) return `[${rows.join(`,${"\n".repeat(shape.length - 1 - axis)}${indent}`)}]`;
    return `[${wrap(rows, indent)}]`;
  };
  return `${prefix}${draw(0)}${suffix})`;
}

/**
 * Prints a tensor (or anything else) to the console, as NumPy prints arrays.
 * @example print(tensor([[1, 2], [3, 4]])); // tensor([[1., 2.], … on two lines
 */
export function print(...values: readonly unknown[]): void {
  console.log(values.map(String).join(" "));
}

function parts(size: number, edge: number): (number | null)[] {
  if (size <= 2 * edge) return Array.from({ length: size }, (_, index) => index);
  return [
    ...Array.from({ length: edge }, (_, index) => index),
    null,
    ...Array.from({ length: edge }, (_, index) => size - edge + index),
  ];
}

function visit(shape: Shape, edge: number, axis: number, base: number, see: (index: number) => void): void {
  if (axis === shape.length) {
    see(base);
    return;
  }
  const size = shape[axis] ?? 0;
  for (const index of parts(size, edge)) if (index !== null) visit(shape, edge, axis + 1, base * size + index, see);
}

function wrap(cells: readonly string[], indent: string): string {
  let line = "";
  let text = "";
  for (const [index, cell] of cells.entries()) {
    const piece = index < cells.length - 1 ? `${cell}, ` : cell;
    if (line !== "" && indent.length + line.length + piece.trimEnd().length > LINE) {
      text += `${line.trimEnd()}\n${indent}`;
      line = "";
    }
    line += piece;
  }
  return text + line;
}

function format(values: readonly number[], dtype: DType): string[] {
  const texts =
    dtype === "bool"
      ? values.map((value) => (value === 0 ? "false" : "true"))
      : dtype === "float32" || dtype === "float64"
        ? formatFloats(values.map((value) => shortest(value, dtype)))
        : values.map(String);
  const width = Math.max(0, ...texts.map((text) => text.length));
  return texts.map((text) => text.padStart(width));
}

/** The number with the fewest digits that is stored as `value`: 0.1 for the float32 0.100000001490116. */
function shortest(value: number, dtype: "float32" | "float64"): number {
  if (dtype === "float64" || value === 0 || !Number.isFinite(value)) return value;
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** Decimals that are shown at most. */
const DECIMALS = 8;

/** Floats with their points below each other and without trailing zeros, or all in scientific notation. */
function formatFloats(values: readonly number[]): string[] {
  const finite = values.filter(Number.isFinite);
  const sizes = finite.filter((value) => value !== 0).map(Math.abs);
  const largest = Math.max(0, ...sizes);
  const smallest = Math.min(Number.POSITIVE_INFINITY, ...sizes);
  const scientific =
    largest >= 1e8 ||
    (sizes.length > 0 && (smallest < 1e-4 || largest / smallest > 1e5) && !finite.every(Number.isInteger));
  if (scientific) {
    const decimals = finite.map((value) => decimalsOf(value.toExponential().split("e")[0]));
    const places = Math.min(DECIMALS, Math.max(0, ...decimals));
    return values.map((value) => (Number.isFinite(value) ? exponential(value, places) : special(value)));
  }
  const fixed = values.map((value) => (Number.isFinite(value) ? pointed(value) : special(value)));
  const places = Math.max(0, ...fixed.map(decimalsOf));
  return fixed.map((text) => (text.includes(".") ? text.padEnd(text.length + places - decimalsOf(text)) : text));
}

function decimalsOf(text: string | undefined): number {
  return text?.split(".")[1]?.length ?? 0;
}

/** `-1.5`, `2.`: at most so many decimals, none of them a trailing zero. */
function pointed(value: number): string {
  const text = value.toFixed(DECIMALS).replace(/0+$/, "");
  return Object.is(value, -0) ? `-${text}` : text;
}

/** `1.5e-05`: the point always there, the exponent of at least two digits. */
function exponential(value: number, places: number): string {
  const [digits = "", exponent = ""] = value.toExponential(places).split("e");
  return `${places === 0 ? `${digits}.` : digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

function special(value: number): string {
  return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}
