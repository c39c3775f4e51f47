// What this engine's WebAssembly can do. Each feature is asked for with a small module, never guessed from a version:
// validation knows which instructions are on, and compiling an empty module whether a page's policy allows any at all.
import { type FunctionBuilder, ModuleBuilder } from "./assembler.ts";
import { coreInstructions } from "./opcodes.ts";

/** The WebAssembly features that kernels depend on. */
export interface Features {
  /** WebAssembly exists and may compile modules. */
  readonly webAssembly: boolean;
  /** 128-bit vectors. */
  readonly simd: boolean;
  /** Relaxed SIMD: a · b + c in one instruction, rounded once or twice as the machine likes. */
  readonly relaxedSimd: boolean;
  /** Shared memory and atomics. */
  readonly threads: boolean;
}

let probed: Features | undefined;
let overrides: Partial<Features> = {};
let reported: Features | undefined;
let relaxedAllowed = true;

/** The features of this engine, probed once; `overrideFeatures` changes what is reported. */
export function features(): Features {
  reported ??= report();
  return reported;
}

function report(): Features {
  probed ??= probe();
  const { webAssembly, simd, relaxedSimd, threads } = { ...probed, ...overrides };
  return {
    webAssembly,
    simd: webAssembly && simd,
    relaxedSimd: webAssembly && simd && relaxedSimd && relaxedAllowed,
    threads: webAssembly && threads,
  };
}

/**
 * Reports features as given, whatever the engine has, and returns a function that undoes this call.
 *
 * @example
 * const restore = overrideFeatures({ webAssembly: false });
 * // … runs in plain JavaScript …
 * restore();
 */
export function overrideFeatures(changes: Partial<Features>): () => void {
  const before = overrides;
  const set = (next: Partial<Features>): void => {
    overrides = next;
    reported = undefined;
  };
  set({ ...before, ...changes });
  return () => set(before);
}

/** Whether relaxed SIMD, whose bits depend on the machine, is reported where the engine has it. */
export function allowRelaxed(allowed: boolean): void {
  relaxedAllowed = allowed;
  reported = undefined;
}

function probe(): Features {
  if (!mayCompile()) return { webAssembly: false, simd: false, relaxedSimd: false, threads: false };
  return {
    webAssembly: true,
    simd: validates((f) => f.v128().v128().op("f32x4.add").op("v128.any_true").op("control.drop")),
    relaxedSimd: validates((f) =>
      f.v128().v128().v128().op("f32x4.relaxed_madd").op("v128.any_true").op("control.drop"),
    ),
    threads:
      typeof SharedArrayBuffer === "function" &&
      validates((f) => f.i32(0).memory("i32.atomic.load").op("control.drop"), true),
  };
}

function mayCompile(): boolean {
  try {
    return (
      typeof WebAssembly === "object" &&
      new WebAssembly.Module(new ModuleBuilder<never>(coreInstructions).toBytes()) !== undefined
    );
  } catch {
    return false; // a Content-Security-Policy without 'wasm-unsafe-eval'
  }
}

function validates(body: (f: FunctionBuilder<never>) => void, shared = false): boolean {
  const module = new ModuleBuilder<never>(coreInstructions);
  if (shared) module.importMemory("env", "memory", { minimum: 1, maximum: 1, shared });
  module.define({ parameters: [] }, body);
  return WebAssembly.validate(module.toBytes());
}
