// The most that this engine's 128-bit vectors can do on one thread: a loop of nothing but the instructions of the
// matrix kernels (multiply and add, or relaxed_madd), on registers alone. Matrix products are judged against it.
import { ModuleBuilder } from "../src/wasm/assembler.ts";
import { features } from "../src/wasm/features.ts";

/** Independent sums, enough to hide the latency of both instructions; with the factors they fill x86's 16 registers. */
const CHAINS = 12;

/**
 * A loop of so many rounds, with 8 · 12 floating-point operations each. The sums change with every round, so that no
 * compiler can take the work out of the loop: sum = sum · x + y.
 */
export function peakLoop(relaxed: boolean = features().relaxedSimd): (rounds: number) => number {
  const module = new ModuleBuilder();
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
  return exports["loop"] as (rounds: number) => number;
}

/** Floating-point operations of one round of the loop. */
export const OPERATIONS_PER_ROUND: number = 8 * CHAINS;
