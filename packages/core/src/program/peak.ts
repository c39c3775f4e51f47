// The most that this engine's vectors and memory can do on one thread, measured: what kernels are judged against.

import { ModuleBuilder } from "../wasm/assembler.ts";
import { features } from "../wasm/features.ts";
import { instructions } from "../wasm/opcodes-programs.ts";

/** Independent sums, enough to hide the latency of both instructions; with the factors they fill x86's 16 registers. */
const CHAINS = 12;
const ROUNDS = 200_000;
/** Bytes that are copied to measure memory: more than the second-level cache holds. */
const COPIED = 8 << 20;

/** Billions of operations, and of bytes read and written, in a second. */
export interface Peak {
  /**
   * Billions of floating-point operations a second, multiplications and additions counted apart, in registers on one
   * thread.
   */
  readonly gigaflops: number;
  /** Billions of bytes a second that a copy reads and writes, of arrays larger than the second-level cache. */
  readonly gigabytes: number;
}

/**
 * A loop of so many rounds of nothing but the instructions of the matrix kernels on registers, sum = sum · x + y, with
 * {@link OPERATIONS_PER_ROUND} operations each. The sums change with every round, so that no compiler can take the work out.
 */
export function peakLoop(relaxed: boolean = features().relaxedSimd): (rounds: number) => number {
  const module = new ModuleBuilder(instructions);
  const loop = module.define({ parameters: ["i32"], results: ["f32"] }, (f, rounds) => {
    const [x, y] = f.locals("v128", "v128");
    const sums = Array.from({ length: CHAINS }, () => f.local("v128"));
    f.f32(0.999).op("f32x4.splat").set(x).f32(0.001).op("f32x4.splat").set(y);
    f.until(rounds, 0, () => {
      for (const sum of sums) {
        if (relaxed) f.get(sum).get(x).get(y).op("f32x4.relaxed_madd").set(sum);
        else f.get(sum).get(x).op("f32x4.mul").get(y).op("f32x4.add").set(sum);
      }
      f.increment(rounds, -1);
    });
    f.v128();
    for (const sum of sums) f.get(sum).op("f32x4.add");
    f.lane("f32x4.extract_lane", 0);
  });
  module.export("loop", loop);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()));
  return exports["loop"] as (rounds: number) => number; // cast: the module exports it so
}

/** Floating-point operations of one round of the loop. */
export const OPERATIONS_PER_ROUND: number = 8 * CHAINS;

let measured: Peak | null = null;

/** The peak of this machine, measured once, in some 20 milliseconds. */
export function measuredPeak(): Peak {
  measured ??= { gigaflops: best(arithmetic()), gigabytes: best(copying()) };
  return measured;
}

/** The best of several measurements, in billions a second. */
function best(measure: () => number): number {
  return Math.max(...Array.from({ length: 5 }, measure));
}

function arithmetic(): () => number {
  const loop = peakLoop();
  loop(ROUNDS);
  return () => {
    const start = performance.now();
    loop(ROUNDS);
    return (OPERATIONS_PER_ROUND * ROUNDS) / (performance.now() - start) / 1e6;
  };
}

function copying(): () => number {
  const [from, to] = [new Float32Array(COPIED / 4), new Float32Array(COPIED / 4)];
  return () => {
    const start = performance.now();
    to.set(from);
    return (2 * COPIED) / (performance.now() - start) / 1e6;
  };
}
