// Packing for matrix products: a panel of `width` lines of a matrix is rearranged step by step, so that the inner loop
// reads memory in order. Lines beyond the edge of the matrix become zeros, which keeps every tile whole.
import type { Callable, FunctionBuilder, Local, ModuleBuilder, Size } from "./assembler.ts";

const PARAMETERS = ["i32", "i32", "i32", "i32", "i32"] as const;
/** Floats in a line of the cache: neighbours that are packed together, so that each line of the cache is read once. */
const CACHE_LINE = 16;

/**
 * Defines `pack(source, target, depth, count, stride)`: `count` lines as panels of `width` lines, one after the other,
 * each of them target[step · width + line] = source(line, step) for `depth` steps; the last is filled up with zeros.
 * `across` says that the lines of one step are neighbours in memory and steps are `stride` bytes apart; otherwise it is
 * the other way round, and blocks of 4 × 4 are transposed in registers.
 */
export function emitPack(module: ModuleBuilder<never>, across: boolean, width: number): Callable {
  const stepBytes = 4 * width;
  return module.define({ parameters: PARAMETERS }, (f, source, target, depth, count, stride) => {
    const [lineStride, stepStride] = across ? ([4, stride] as const) : ([stride, 4] as const);
    const panelBytes = f.local("i32");
    const panel: Panel = { source, target, depth, stride, stepBytes, panelBytes };
    const packWhole = (panels: number, pack: () => void): void => {
      const lines = panels * width;
      f.block((done) => {
        f.loop((next) => {
          f.push(count, lines).op("i32.lt_s").branchIf(done);
          pack();
          f.get(source).plus(lineStride, lines).set(source);
          f.get(target).plus(panelBytes, panels).set(target);
          f.increment(count, -lines).branch(next);
        });
      });
    };
    f.push(depth, stepBytes).op("i32.mul").set(panelBytes);
    if (across && width < CACHE_LINE) {
      const panels = Math.floor(CACHE_LINE / width);
      packWhole(panels, () => copySteps(f, panel, panels));
    }
    packWhole(1, () => (across ? copySteps(f, panel, 1) : transposeLines(f, panel)));
    f.get(count).if(() => copyLines(f, panel, count, lineStride, stepStride));
  });
}

interface Panel {
  readonly source: Local<"i32">;
  readonly target: Local<"i32">;
  readonly depth: Local<"i32">;
  readonly stride: Local<"i32">;
  /** The bytes of one packed step, and of a whole panel. */
  readonly stepBytes: number;
  readonly panelBytes: Local<"i32">;
}

/** Lines that are neighbours, in one panel or several at once: each step is copied as vectors. */
function copySteps(f: FunctionBuilder<never>, panel: Panel, panels: number): void {
  const { source, target, depth, stride, stepBytes, panelBytes } = panel;
  const [from, end] = f.locals("i32", "i32");
  const targets = Array.from({ length: panels }, (_, p) => ({ to: f.local("i32"), first: p * stepBytes }));
  f.get(target);
  for (const { to } of targets) f.tee(to).plus(panelBytes);
  f.op("control.drop").get(source).tee(from).plus(depth, stride).set(end);
  f.until(from, end, () => {
    for (const { to, first } of targets) {
      for (let offset = 0; offset < stepBytes; offset += 16) {
        f.push(to, from)
          .memory("v128.load", first + offset)
          .memory("v128.store", offset);
      }
      f.increment(to, stepBytes);
    }
    f.increment(from, stride);
  });
}

/** Some of the lines, value by value, among zeros: the edge of a matrix. */
function copyLines(
  f: FunctionBuilder<never>,
  panel: Panel,
  count: Local<"i32">,
  lineStride: Size,
  stepStride: Size,
): void {
  const { source, target, depth, stepBytes } = panel;
  const [line, from, to, end] = f.locals("i32", "i32", "i32", "i32");
  f.push(target, 0, depth, stepBytes).op("i32.mul").memoryFill();
  f.for(line, 0, count, 1, () => {
    f.get(source).plus(line, lineStride).set(from);
    f.get(target).plus(line, 4).tee(to).plus(depth, stepBytes).set(end);
    f.until(to, end, () => {
      f.push(to, from).memory("f32.load").memory("f32.store").increment(from, stepStride).increment(to, stepBytes);
    });
  });
}

type Vector = Local<"v128">;
type Four = readonly [Vector, Vector, Vector, Vector];

/** Steps that are neighbours: four lines at a time, 4 × 4 values are transposed, and the last steps go one by one. */
function transposeLines(f: FunctionBuilder<never>, { source, target, depth, stride, stepBytes }: Panel): void {
  const [group, cell, end] = f.locals("i32", "i32", "i32");
  const [rows, halves] = [fourVectors(f), fourVectors(f)];
  const lines = rows.map((values, x) => ({ values, start: f.local("i32"), word: 4 * x, step: x * stepBytes }));
  f.for(group, 0, stepBytes / 4, 4, () => {
    f.get(source).plus(group, stride);
    for (const { start } of lines) f.tee(start).plus(stride);
    f.op("control.drop").get(target).plus(group, 4).tee(cell);
    f.push(depth, -4).op("i32.and").push(stepBytes).op("i32.mul").op("i32.add").set(end);
    f.push(cell, end).op("i32.ne");
    f.if(() =>
      f.until(cell, end, () => {
        for (const { start, values } of lines) f.get(start).memory("v128.load").set(values).increment(start, 16);
        transpose(f, rows, halves);
        for (const { values, step } of lines) f.get(cell).get(values).memory("v128.store", step);
        f.increment(cell, 4 * stepBytes);
      }),
    );
    f.push(depth, 3).op("i32.and");
    f.if(() => {
      f.get(target).plus(depth, stepBytes).plus(group, 4).set(end);
      f.until(cell, end, () => {
        for (const { start, word } of lines) {
          f.push(cell, start).memory("f32.load").memory("f32.store", word).increment(start, 4);
        }
        f.increment(cell, stepBytes);
      });
    });
  });
}

/** Four vectors in place: the rows of a 4 × 4 matrix become its columns. */
function transpose(f: FunctionBuilder<never>, rows: Four, halves: Four): void {
  const [r0, r1, r2, r3] = rows;
  const [low01, high01, low23, high23] = halves;
  const mix = (x: Vector, y: Vector, lanes: readonly [number, number, number, number], into: Vector): void => {
    f.get(x).get(y).shuffle(lanes).set(into);
  };
  mix(r0, r1, [0, 4, 1, 5], low01);
  mix(r0, r1, [2, 6, 3, 7], high01);
  mix(r2, r3, [0, 4, 1, 5], low23);
  mix(r2, r3, [2, 6, 3, 7], high23);
  mix(low01, low23, [0, 1, 4, 5], r0);
  mix(low01, low23, [2, 3, 6, 7], r1);
  mix(high01, high23, [0, 1, 4, 5], r2);
  mix(high01, high23, [2, 3, 6, 7], r3);
}

const fourVectors = (f: FunctionBuilder<never>): Four => f.locals("v128", "v128", "v128", "v128");
