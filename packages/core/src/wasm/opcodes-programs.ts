// The instructions that compiled programs use beside those of eager kernels (opcodes.ts), and those among them that draw random
// numbers, which eager dropout does, too. What no kernel uses is left out, since every compiled program carries the tables: add it when
// you need it.
import {
  CORE_MEMORY,
  CORE_PLAIN,
  type CoreInstruction,
  type CoreMemory,
  type CorePlain,
  type Names,
  type Opcodes,
  opcodesOf,
} from "./opcodes.ts";

const RANDOM = [
  ["i32", 0x70, "rem_u _ _ _ _ _ shr_u"],
  ["i32x4", 0xfd011, "splat"],
  ["i32x4", 0xfd0ab, "shl _ shr_u add"],
] as const;

const PLAIN = [
  ["control", 0x0f, "return"],
  ["i32", 0x45, "eqz"],
  ["i32", 0x4b, "gt_u _ _ ge_s"],
  ["f64", 0x63, "lt gt"],
  ["i32", 0x74, "shl"],
  ["f32", 0x92, "add _ _ div"],
  ["f64", 0xa2, "mul"],
  ["f32", 0xb2, "convert_i32_s"],
  ["f64", 0xb7, "convert_i32_s"],
  ["i32", 0xbc, "reinterpret_f32"],
  ["f64x2", 0xfd014, "splat"],
  ["i32x4", 0xfd037, "eq _ lt_s _ gt_s _ le_s _ ge_s"],
  ["f64x2", 0xfd047, "eq ne lt _ _ ge"],
  ["f32x4", 0xfd05e, "demote_f64x2_zero"],
  ["f64x2", 0xfd05f, "promote_low_f32x4"],
  ["f64x2", 0xfd075, "floor"],
  ["f64x2", 0xfd07a, "trunc"],
  ["i16x8", 0xfd089, "extend_low_i8x16_u"],
  ["f64x2", 0xfd094, "nearest"],
  ["i32x4", 0xfd0a0, "abs neg"],
  ["i32x4", 0xfd0a9, "extend_low_i16x8_u"],
  ["i32x4", 0xfd0ac, "shr_s _ _ _ _ sub _ _ _ mul min_s _ max_s"],
  ["i64x2", 0xfd0cb, "shl _ _ add"],
  ["f64x2", 0xfd0ec, "abs _ _ _ add sub mul div _ _ pmin pmax"],
  ["i32x4", 0xfd0f8, "trunc_sat_f32x4_s"],
  ["i32x4", 0xfd0fc, "trunc_sat_f64x2_s_zero"],
  ["f64x2", 0xfd0fe, "convert_low_i32x4_s"],
] as const;

const MEMORY = [
  ["i32", 0x28, "load"],
  ["i32", 0x2d, "load8_u"],
  ["i32", 0x36, "store"],
  ["i32", 0x3a, "store8"],
  ["v128", 0xfd05c, "load32_zero"],
  ["memory.atomic", 0xfe000, "notify wait32"],
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

/** An instruction that compiled programs know beside the core's. */
export type ProgramInstruction = RandomInstruction | MorePlain | MoreMemory | LaneInstruction | LaneMemoryInstruction;

/** An instruction that random numbers take beside the core's. */
export type RandomInstruction = Names<(typeof RANDOM)[number]>;

type MorePlain = Names<(typeof PLAIN)[number]>;
type MoreMemory = Names<(typeof MEMORY)[number]>;

/** Instructions without immediates: `"f32x4.add"`, `"i32.lt_u"`, `"control.return"`. */
export type PlainInstruction = CorePlain | RandomInstruction | MorePlain;
/** Instructions that take an address from the stack and a constant offset: `"v128.load"`, `"i32.atomic.rmw.add"`. */
export type MemoryInstruction = CoreMemory | MoreMemory;
/** Instructions on one lane of a vector: `"f32x4.extract_lane"`. */
export type LaneInstruction = Names<(typeof LANES)[number]>;
/** Instructions between memory and one lane of a vector: `"v128.store32_lane"`. */
export type LaneMemoryInstruction = Names<(typeof LANE_MEMORY)[number]>;

/** The instructions of random numbers. */
export const randomInstructions: Opcodes<CoreInstruction | RandomInstruction> = /* @__PURE__ */ opcodesOf(
  CORE_PLAIN,
  CORE_MEMORY,
  RANDOM,
);

/** All instructions. */
export const instructions: Opcodes<CoreInstruction | ProgramInstruction> = /* @__PURE__ */ opcodesOf(
  CORE_PLAIN,
  CORE_MEMORY,
  RANDOM,
  PLAIN,
  MEMORY,
  LANES,
  LANE_MEMORY,
);
