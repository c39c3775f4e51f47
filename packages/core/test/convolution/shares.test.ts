// The kernels of convolutions and pooling by themselves: threads that each do their share leave the same bits as one alone, in any
// order, whatever was in memory before, and write nothing but the result and their own scratch memory.

import { expect, test } from "vitest";
import type { Convolution } from "../../src/engine/convolution.ts";
import { sizeOf } from "../../src/shape.ts";
import type { Spec } from "../../src/view.ts";
import { ModuleBuilder } from "../../src/wasm/assembler.ts";
import { convolutionKernel, inputGradientKernel } from "../../src/wasm/convolution.ts";
import { kernelGradientKernel } from "../../src/wasm/convolution-gradient.ts";
import type { NativeKernel } from "../../src/wasm/native.ts";
import { instructions } from "../../src/wasm/opcodes-programs.ts";
import { patchesKernel } from "../../src/wasm/patches.ts";
import { poolingKernel } from "../../src/wasm/pooling.ts";
import { slide, type WindowOptions } from "../../src/window.ts";

const plain: WindowOptions = { size: 3, stride: 1, dilation: 1, padding: "same" };

function convolution(
  images: readonly number[],
  filters: number,
  options: Partial<WindowOptions> = {},
  groups = 1,
): Convolution {
  return { ...slide("test", images, { ...plain, ...options }), filters, groups };
}

const convolutions: readonly (readonly [string, Convolution])[] = [
  ["gray", convolution([3, 9, 8, 1], 18)],
  ["wide", convolution([3, 14, 14, 16], 32)],
  ["wide, odd", convolution([3, 13, 11, 18], 21)],
  ["wide, in several blocks", convolution([1, 70, 40, 24], 20)],
  ["strided", convolution([2, 9, 8, 5], 11, { stride: 2 })],
  ["grouped", convolution([2, 7, 6, 12], 10, { dilation: 2 }, 2)],
  ["depthwise", convolution([2, 7, 6, 10], 10, { padding: 1 }, 10)],
  ["depthwise, many taps", convolution([2, 9, 9, 6], 6, { size: 5 }, 6)],
  ["in several blocks", convolution([1, 70, 40, 24], 9)],
  ["pixel by pixel", convolution([3, 5, 7, 9], 13, { size: 1 })],
];

interface Candidate {
  readonly kernel: NativeKernel;
  readonly inputs: readonly Spec[];
  readonly output: Spec;
}

const spec = (...shape: number[]): Spec => ({ shape, dtype: "float32" });

function candidatesOf(given: Convolution): Record<string, Candidate> {
  const { batch, rows, columns, channels, filters, groups } = given;
  const x = spec(batch, rows.input, columns.input, channels);
  const y = spec(batch, rows.output, columns.output, filters);
  const kernel = spec(rows.size, columns.size, channels / groups, filters);
  const pooled = spec(batch, rows.output, columns.output, channels);
  const patches = spec(batch, rows.output * columns.output, rows.size * columns.size * channels);
  return {
    forward: { kernel: convolutionKernel(given), inputs: [x, kernel], output: y },
    input: { kernel: inputGradientKernel(given), inputs: [y, kernel], output: x },
    kernel: { kernel: kernelGradientKernel(given), inputs: [x, y], output: kernel },
    maximum: { kernel: poolingKernel("maximum", given), inputs: [x], output: pooled },
    toMaximum: { kernel: poolingKernel("toMaximum", given), inputs: [x, pooled], output: x },
    atMaximum: { kernel: poolingKernel("atMaximum", given), inputs: [x, x], output: pooled },
    mean: { kernel: poolingKernel("mean", { ...given, divisor: null }), inputs: [x], output: pooled },
    toMean: { kernel: poolingKernel("toMean", { ...given, divisor: 7 }), inputs: [pooled], output: x },
    unfold: { kernel: patchesKernel("gather", given), inputs: [x], output: patches },
    fold: { kernel: patchesKernel("add", given), inputs: [patches], output: x },
  };
}

type Shares = (part: number, parts: number) => void;
const MOST = 5;

/** What inputs are filled with, again and again: a prime number of numbers, so that no row is like another. */
const numbers = Float32Array.from({ length: 65_521 }, (_, at) => Math.sin(1.3 * at * at));

/** A kernel with memory of its own; what it gives is the result after it ran in so many shares, over memory that held `before`. */
function runner({ kernel, inputs, output }: Candidate): (parts: number, before: number) => Float32Array {
  let end = 64;
  const reserve = (bytes: number): number => {
    const address = end;
    end += Math.ceil((bytes + 16) / 64) * 64;
    return address;
  };
  const places = inputs.map(({ shape }) => reserve(4 * sizeOf(shape)));
  const target = reserve(4 * sizeOf(output.shape));
  const guard = reserve(64);
  const scratch = reserve(MOST * kernel.scratchBytes(inputs, output));
  const module = new ModuleBuilder(instructions);
  module.importMemory("env", "memory", { minimum: 1 });
  const body = kernel.emit(module, inputs, output);
  const parameters = ["i32", "i32"] as const;
  const share = module.define({ parameters }, (f, part, of) => {
    body(f, { inputs: places, output: target, scratch }, { part, parts: of });
  });
  module.export("share", share);
  const memory = new WebAssembly.Memory({ initial: Math.ceil((end + 64) / 65536) });
  const floats = new Float32Array(memory.buffer);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  const call = exports["share"] as Shares; // cast: exported above
  const values = inputs.map(({ shape }, index) =>
    Float32Array.from({ length: sizeOf(shape) }, (_, at) => numbers[(at + 7919 * index) % numbers.length] ?? 0),
  );
  return (parts, before) => {
    floats.fill(before);
    for (const [index, value] of values.entries()) floats.set(value, (places[index] ?? 0) / 4);
    for (let part = parts - 1; part >= 0; part--) call(part, parts);
    const untouched = [floats.subarray(guard / 4, guard / 4 + 16), floats.subarray(end / 4)];
    expect(untouched.every((words) => words.every((value) => Object.is(value, before)))).toBe(true);
    return floats.slice(target / 4, target / 4 + sizeOf(output.shape));
  };
}

test.each(convolutions)("%s: the bits do not depend on the number of threads", (_, given) => {
  for (const [name, candidate] of Object.entries(candidatesOf(given))) {
    const run = runner(candidate);
    const alone = run(1, Number.NaN);
    expect(alone.every(Number.isFinite), name).toBe(true);
    for (const [parts, before] of [
      [2, Number.NaN],
      [3, 7],
      [MOST, Number.NaN],
    ] as const) {
      const together = run(parts, before);
      const differs = alone.findIndex((value, at) => !Object.is(value, together[at]));
      expect(differs, `${name} in ${parts} parts`).toBe(-1);
    }
  }
});
