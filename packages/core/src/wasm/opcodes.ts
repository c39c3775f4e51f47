// Instructions of WebAssembly by name, as the specification numbers them
// (https://webassembly.github.io/spec/core/binary/instructions.html and the SIMD, relaxed SIMD and threads proposals).
// A row is a run of consecutive opcodes and "_" a hole in it. These are what eager kernels use, which every program carries: what
// others use stands in opcodes-programs.ts. The types of the names are read from the rows, so that a misspelt instruction is a compile
// error, and so is one that a kernel's module does not know.
import type { Words } from "../words.ts";

/** A run of opcodes: one byte, or 0xPP000 + code for the prefixes 0xfc (saturating), 0xfd (SIMD) and 0xfe (atomics). */
export type Run = readonly [prefix: string, first: number, names: string];

/** The names of a run's instructions. */
export type Names<R extends Run> = R extends Run ? `${R[0]}.${Exclude<Words<R[2]>, "_">}` : never;

/** The opcodes of these instructions by name: one byte, or 0xPP000 + code behind the prefix byte 0xPP. */
export interface Opcodes<in out Name extends string> extends ReadonlyMap<string, number> {
  readonly names?: Name;
}

// Instructions without immediates.
export const CORE_PLAIN = [
  ["control", 0x1a, "drop select"],
  ["i32", 0x46, "eq ne lt_s lt_u gt_s _ le_s _ _ ge_u"],
  ["i32", 0x6a, "add sub mul _ div_u _ _ and or"],
  ["f32x4", 0xfd013, "splat"],
  ["i32x4", 0xfd038, "ne"],
  ["f32x4", 0xfd041, "eq ne lt gt le ge"],
  ["v128", 0xfd04d, "not and andnot or xor bitselect any_true"],
  ["f32x4", 0xfd067, "ceil floor trunc nearest"],
  ["f32x4", 0xfd0e0, "abs neg _ sqrt add sub mul div min max pmin pmax"],
  ["f32x4", 0xfd0fa, "convert_i32x4_s"],
  ["f32x4", 0xfd105, "relaxed_madd"],
] as const;

// Instructions with an address and a constant offset. The alignment is a hint, but atomics demand their own.
export const CORE_MEMORY = [
  ["f32", 0x2a, "load"],
  ["f32", 0x38, "store"],
  ["v128", 0xfd000, "load"],
  ["v128", 0xfd009, "load32_splat _ store"],
  ["i32.atomic", 0xfe010, "load"],
] as const;

export type CorePlain = Names<(typeof CORE_PLAIN)[number]>;
export type CoreMemory = Names<(typeof CORE_MEMORY)[number]>;

/** An instruction that every module knows. */
export type CoreInstruction = CorePlain | CoreMemory;

/** The opcodes of the instructions that tables name. */
export function opcodesOf<T extends readonly (readonly Run[])[]>(...tables: T): Opcodes<Names<T[number][number]>> {
  const named = tables.flat().flatMap(([prefix, first, names]: Run) =>
    names
      .split(" ")
      .map((name, position) => [`${prefix}.${name}`, first + position] as const)
      .filter(([name]) => !name.endsWith("_")),
  );
  return new Map(named);
}

/** The instructions that every module knows. */
export const coreInstructions: Opcodes<CoreInstruction> = /* @__PURE__ */ opcodesOf(CORE_PLAIN, CORE_MEMORY);
