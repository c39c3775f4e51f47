// The instructions of WebAssembly by name, as the specification numbers them
// (https://webassembly.github.io/spec/core/binary/instructions.html and the SIMD, relaxed SIMD and threads proposals).
// A row is a run of consecutive opcodes and "_" a hole in it. What no kernel uses is left out, since every user of the package
// carries the table: add it when you need it. The types of the names are read from the tables, so that a misspelt instruction is a
// compile error.
import { GradusError } from "../errors.ts";
import type { Words } from "../words.ts";

// Opcodes: one byte, or 0xPP000 + code for the prefixes 0xfc (saturating), 0xfd (SIMD) and 0xfe (atomics).
const PLAIN = [
  ["control", 0x0f, "return"],
  ["control", 0x1a, "drop select"],
  ["i32", 0x45, "eqz eq ne lt_s lt_u gt_s gt_u le_s _ ge_s ge_u"],
  ["f64", 0x63, "lt gt"],
  ["i32", 0x6a, "add sub mul _ div_u _ rem_u and or _ shl _ shr_u"],
  ["f32", 0x92, "add _ _ div"],
  ["f64", 0xa2, "mul"],
  ["f32", 0xb2, "convert_i32_s"],
  ["f64", 0xb7, "convert_i32_s"],
  ["i32", 0xbc, "reinterpret_f32"],
  ["i32x4", 0xfd011, "splat"],
  ["f32x4", 0xfd013, "splat"],
  ["f64x2", 0xfd014, "splat"],
  ["i32x4", 0xfd037, "eq ne lt_s _ gt_s _ le_s _ ge_s"],
  ["f32x4", 0xfd041, "eq ne lt gt le ge"],
  ["f64x2", 0xfd047, "eq ne lt _ _ ge"],
  ["v128", 0xfd04d, "not and andnot or xor bitselect any_true"],
  ["f32x4", 0xfd05e, "demote_f64x2_zero"],
  ["f64x2", 0xfd05f, "promote_low_f32x4"],
  ["f32x4", 0xfd067, "ceil floor trunc nearest"],
  ["f64x2", 0xfd075, "floor"],
  ["f64x2", 0xfd07a, "trunc"],
  ["i16x8", 0xfd089, "extend_low_i8x16_u"],
  ["f64x2", 0xfd094, "nearest"],
  ["i32x4", 0xfd0a0, "abs neg"],
  ["i32x4", 0xfd0a9, "extend_low_i16x8_u"],
  ["i32x4", 0xfd0ab, "shl shr_s shr_u add _ _ sub _ _ _ mul min_s _ max_s"],
  ["i64x2", 0xfd0cb, "shl _ _ add"],
  ["f32x4", 0xfd0e0, "abs neg _ sqrt add sub mul div min max pmin pmax"],
  ["f64x2", 0xfd0ec, "abs _ _ _ add sub mul div _ _ pmin pmax"],
  ["i32x4", 0xfd0f8, "trunc_sat_f32x4_s"],
  ["f32x4", 0xfd0fa, "convert_i32x4_s"],
  ["i32x4", 0xfd0fc, "trunc_sat_f64x2_s_zero"],
  ["f64x2", 0xfd0fe, "convert_low_i32x4_s"],
  ["f32x4", 0xfd105, "relaxed_madd"],
] as const;

// Instructions with an address and a constant offset. The alignment is a hint, but atomics demand their own.
const MEMORY = [
  ["i32", 0x28, "load"],
  ["f32", 0x2a, "load"],
  ["i32", 0x2d, "load8_u"],
  ["f32", 0x38, "store"],
  ["i32", 0x36, "store"],
  ["i32", 0x3a, "store8"],
  ["v128", 0xfd000, "load"],
  ["v128", 0xfd009, "load32_splat _ store"],
  ["v128", 0xfd05c, "load32_zero"],
  ["memory.atomic", 0xfe000, "notify wait32"],
  ["i32.atomic", 0xfe010, "load"],
  ["i32.atomic", 0xfe017, "store"],
  ["i32.atomic.rmw", 0xfe01e, "add"],
] as const;

// Instructions with a lane, and those with an address, an offset and a lane.
const LANES = [
  ["i32x4", 0xfd01b, "extract_lane replace_lane"],
  ["f32x4", 0xfd01f, "extract_lane"],
] as const;
const LANE_MEMORY = [
  ["v128", 0xfd056, "load32_lane"],
  ["v128", 0xfd05a, "store32_lane store64_lane"],
] as const;

type Run = readonly [prefix: string, first: number, names: string];
type Names<R extends Run> = R extends Run ? `${R[0]}.${Exclude<Words<R[2]>, "_">}` : never;

/** Instructions without immediates: `"f32x4.add"`, `"i32.lt_u"`, `"control.return"`. */
export type PlainInstruction = Names<(typeof PLAIN)[number]>;
/** Instructions that take an address from the stack and a constant offset: `"v128.load"`, `"i32.atomic.rmw.add"`. */
export type MemoryInstruction = Names<(typeof MEMORY)[number]>;
/** Instructions on one lane of a vector: `"f32x4.extract_lane"`. */
export type LaneInstruction = Names<(typeof LANES)[number]>;
/** Instructions between memory and one lane of a vector: `"v128.store32_lane"`. */
export type LaneMemoryInstruction = Names<(typeof LANE_MEMORY)[number]>;

const OPCODES: ReadonlyMap<string, number> = new Map(
  [...PLAIN, ...MEMORY, ...LANES, ...LANE_MEMORY].flatMap(([prefix, first, names]: Run) =>
    names
      .split(" ")
      .map((name, position) => [`${prefix}.${name}`, first + position] as const)
      .filter(([name]) => !name.endsWith("_")),
  ),
);

/** The opcode of an instruction: one byte, or 0xPP000 + code behind the prefix byte 0xPP. */
export function opcode(name: string): number {
  const code = OPCODES.get(name);
  if (code === undefined) throw new GradusError(`assembler: there is no instruction "${name}"`);
  return code;
}
