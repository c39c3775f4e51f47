// Adding at indices, in compiled programs: the adjoints of reading there. Threads divide the results, and each result is summed in the
// order of the updates, in doubles: the bits are the same for any number of threads, and no place is named too often for them.

import { around, type Shape, sizeOf } from "../shape.ts";
import type { Spec } from "../view.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";
import { storeLanes } from "./lanes.ts";
import type { NativeKernel, NativePlaces } from "./native.ts";
import { emitShare, type Share } from "./share.ts";

/** Floats that are added at places of whole numbers, and some of each. */
function suits([updates, places]: readonly Spec[], output: Spec): boolean {
  const some = [updates, places, output].every((spec) => spec !== undefined && sizeOf(spec.shape) > 0);
  return some && output.dtype === "float32" && updates?.dtype === "float32" && places?.dtype === "int32";
}

/** Vectors of a row that are summed side by side. */
const TOGETHER = 4;

/**
 * y[o, p, …] = Σ of updates[o, i, …] over the i with places[i] = p. Each thread first lists, for each place, the updates that name it: the
 * first of them, and for each the next one.
 */
export function scatterAddKernel(axis: number): NativeKernel {
  const words = ([, places]: readonly Spec[], { shape }: Spec): number =>
    sizeOf(places?.shape ?? []) + around(shape, axis).size;
  return {
    suits,
    scratchBytes: (inputs, output) => Math.ceil((4 * words(inputs, output)) / 64) * 64,
    emit: (_, inputs, output) => {
      const scatter = { ...around(output.shape, axis), count: sizeOf(inputs[1]?.shape ?? []) };
      const room = Math.ceil((4 * words(inputs, output)) / 64) * 64;
      return (f, places, share) => scatterAdd(f, scatter, room, places, share);
    },
  };
}

interface Scatter {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
  readonly count: number;
}

function scatterAdd(
  f: FunctionBuilder,
  scatter: Scatter,
  room: number,
  { inputs: [updates = 0, places = 0], output, scratch }: NativePlaces,
  share: Share,
): void {
  const { outer, size, inner, count } = scatter;
  const [firsts, at, place, line, column, to] = f.locals("i32", "i32", "i32", "i32", "i32", "i32");
  f.i32(scratch).plus(share.part, room).set(firsts);
  f.get(firsts)
    .i32(0xff)
    .i32(4 * size)
    .memoryFill();
  // Backwards, so that each list begins with the first update.
  f.i32(4 * (count - 1)).set(at);
  f.loop((next) => {
    f.get(firsts).plus(at, 1);
    f.get(firsts).i32(0).plus(at).memory("i32.load", places).i32(4).op("i32.mul").op("i32.add").tee(place);
    f.memory("i32.load").memory("i32.store", 4 * size);
    f.get(place).get(at).memory("i32.store");
    f.increment(at, -4).get(at).i32(0).op("i32.ge_s").branchIf(next);
  });
  const list = { firsts, nexts: 4 * size, stride: inner };
  const [from, end] = emitShare(f, size, share);
  f.for(place, from, end, 1, () => {
    f.for(line, 0, outer, 1, () => {
      f.get(line)
        .i32(4 * size * inner)
        .op("i32.mul")
        .plus(place, 4 * inner)
        .set(to);
      const sumAt = (vectors: number, lanes: number): void => {
        f.i32(updates)
          .plus(line, 4 * count * inner)
          .plus(column, 4)
          .set(at);
        sumList(f, list, place, at, { to, output, vectors, lanes });
        f.increment(to, 16 * vectors);
      };
      const wide = inner - (inner % (4 * TOGETHER));
      f.for(column, 0, wide, 4 * TOGETHER, () => sumAt(TOGETHER, 4));
      for (let rest = wide; rest < inner; rest += 4) {
        f.i32(rest).set(column);
        sumAt(1, Math.min(4, inner - rest));
      }
    });
  });
}

/** Stores, for some columns, the sum of the updates that name a place; their first one's columns begin at `start`. */
function sumList(
  f: FunctionBuilder,
  { firsts, nexts, stride }: { readonly firsts: Local<"i32">; readonly nexts: number; readonly stride: number },
  place: Local<"i32">,
  start: Local<"i32">,
  {
    to,
    output,
    vectors,
    lanes,
  }: { readonly to: Local<"i32">; readonly output: number; readonly vectors: number; readonly lanes: number },
): void {
  const sums = Array.from({ length: vectors }, () => f.locals("v128", "v128"));
  const [update, at, values] = f.locals("i32", "i32", "v128");
  for (const sum of sums.flat()) f.v128().set(sum);
  f.get(firsts).plus(place, 4).memory("i32.load").set(update);
  f.block((done) => {
    f.get(update).i32(0).op("i32.lt_s").branchIf(done);
    f.loop((next) => {
      f.get(start).plus(update, stride).set(at);
      for (const [vector, [low, high]] of sums.entries()) {
        f.get(at)
          .memory("v128.load", 16 * vector)
          .tee(values)
          .op("f64x2.promote_low_f32x4");
        f.get(low).op("f64x2.add").set(low);
        f.get(values).get(values).shuffle([2, 3, 2, 3]).op("f64x2.promote_low_f32x4");
        f.get(high).op("f64x2.add").set(high);
      }
      f.get(firsts).plus(update).memory("i32.load", nexts).tee(update).i32(0).op("i32.ge_s").branchIf(next);
    });
  });
  for (const [vector, [low, high]] of sums.entries()) {
    f.get(low).op("f32x4.demote_f64x2_zero").get(high).op("f32x4.demote_f64x2_zero").shuffle([0, 1, 4, 5]).set(values);
    const target = { base: to, address: output + 16 * vector, dtype: "float32", stride: 1 } as const;
    storeLanes(f, target, { local: values, type: "f32" }, lanes);
  }
}

/** Additions to one float that are as good as a sum in doubles, rounded once, to 10⁻⁵. */
const MOST_IN_FLOATS = 256;

/** y[o, places[o, i, …], …] += updates[o, i, …]. Threads divide the outer axes. */
export function addAlongKernel(axis: number): NativeKernel {
  const beside = (shape: Shape): string => shape.filter((_, other) => other !== axis).join();
  return {
    suits: (inputs, output) =>
      suits(inputs, output) &&
      (inputs[0]?.shape[axis] ?? 1) <= MOST_IN_FLOATS &&
      beside(inputs[0]?.shape ?? []) === beside(output.shape),
    scratchBytes: () => 0,
    emit: (_, [updates], output) => {
      const { outer, size, inner } = around(output.shape, axis);
      const count = updates?.shape[axis] ?? 1;
      return (f, places, share) => addAlong(f, { outer, size, inner, count }, places, share);
    },
  };
}

function addAlong(
  f: FunctionBuilder,
  { outer, size, inner, count }: Scatter,
  { inputs: [updates = 0, places = 0], output }: NativePlaces,
  share: Share,
): void {
  const [line, index, column, at, base, target] = f.locals("i32", "i32", "i32", "i32", "i32", "i32");
  const [from, to] = emitShare(f, outer, share);
  const bytes = 4 * size * inner;
  f.i32(output).plus(from, bytes).i32(0).get(to).get(from).op("i32.sub").i32(bytes).op("i32.mul").memoryFill();
  f.for(line, from, to, 1, () => {
    f.i32(0)
      .plus(line, 4 * count * inner)
      .set(at);
    f.for(index, 0, count, 1, () => {
      f.i32(output).plus(line, bytes).set(base);
      f.for(column, 0, inner, 1, () => {
        f.get(at)
          .memory("i32.load", places)
          .i32(4 * inner)
          .op("i32.mul")
          .plus(base)
          .tee(target);
        f.get(target).memory("f32.load").get(at).memory("f32.load", updates).op("f32.add").memory("f32.store");
        f.increment(at, 4).increment(base, 4);
      });
    });
  });
}
