// The bytes of the last instruction of every row of the tables, as the WebAssembly Binary Toolkit (wabt 1.0) writes
// them: a row whose end is right is right throughout.
import type {
  LaneInstruction,
  LaneMemoryInstruction,
  MemoryInstruction,
  PlainInstruction,
} from "../../src/wasm/opcodes-programs.ts";

export const PLAIN: readonly (readonly [PlainInstruction, string])[] = [
  ["control.return", "0f"],
  ["control.select", "1b"],
  ["i32.eqz", "45"],
  ["i32.ge_s", "4e"],
  ["i32.ge_u", "4f"],
  ["f64.gt", "64"],
  ["i32.or", "72"],
  ["i32.shr_u", "76"],
  ["f32.div", "95"],
  ["f64.mul", "a2"],
  ["f32.convert_i32_s", "b2"],
  ["f64.convert_i32_s", "b7"],
  ["i32.reinterpret_f32", "bc"],
  ["i32x4.splat", "fd11"],
  ["f32x4.splat", "fd13"],
  ["f64x2.splat", "fd14"],
  ["i32x4.ne", "fd38"],
  ["i32x4.ge_s", "fd3f"],
  ["f32x4.ge", "fd46"],
  ["f64x2.ge", "fd4c"],
  ["v128.any_true", "fd53"],
  ["f32x4.demote_f64x2_zero", "fd5e"],
  ["f64x2.promote_low_f32x4", "fd5f"],
  ["f32x4.nearest", "fd6a"],
  ["f64x2.floor", "fd75"],
  ["f64x2.trunc", "fd7a"],
  ["i16x8.extend_low_i8x16_u", "fd8901"],
  ["f64x2.nearest", "fd9401"],
  ["i32x4.neg", "fda101"],
  ["i32x4.extend_low_i16x8_u", "fda901"],
  ["i32x4.max_s", "fdb801"],
  ["i64x2.add", "fdce01"],
  ["f32x4.pmax", "fdeb01"],
  ["f64x2.pmax", "fdf701"],
  ["i32x4.trunc_sat_f32x4_s", "fdf801"],
  ["f32x4.convert_i32x4_s", "fdfa01"],
  ["i32x4.trunc_sat_f64x2_s_zero", "fdfc01"],
  ["f64x2.convert_low_i32x4_s", "fdfe01"],
  ["f32x4.relaxed_madd", "fd8502"],
];

export const MEMORY: readonly (readonly [MemoryInstruction, string])[] = [
  ["i32.load", "28"],
  ["f32.load", "2a"],
  ["i32.load8_u", "2d"],
  ["f32.store", "38"],
  ["i32.store", "36"],
  ["i32.store8", "3a"],
  ["v128.load", "fd00"],
  ["v128.store", "fd0b"],
  ["v128.load32_zero", "fd5c"],
  ["memory.atomic.wait32", "fe01"],
  ["i32.atomic.load", "fe10"],
  ["i32.atomic.store", "fe17"],
  ["i32.atomic.rmw.add", "fe1e"],
];

export const LANES: readonly (readonly [LaneInstruction, string])[] = [
  ["i32x4.replace_lane", "fd1c"],
  ["f32x4.extract_lane", "fd1f"],
];

export const LANE_MEMORY: readonly (readonly [LaneMemoryInstruction, string])[] = [
  ["v128.load32_lane", "fd56"],
  ["v128.store64_lane", "fd5b"],
];
