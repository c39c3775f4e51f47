// The bytes of the last instruction of every row of the tables, as the WebAssembly Binary Toolkit (wabt 1.0) writes
// them: a row whose end is right is right throughout.
import type {
  LaneInstruction,
  LaneMemoryInstruction,
  MemoryInstruction,
  PlainInstruction,
} from "../../src/wasm/opcodes.ts";

export const PLAIN: readonly (readonly [PlainInstruction, string])[] = [
  ["control.return", "0f"],
  ["control.select", "1b"],
  ["i32.ge_u", "4f"],
  ["f64.ge", "66"],
  ["i32.rotr", "78"],
  ["f32.copysign", "98"],
  ["f64.copysign", "a6"],
  ["f32.demote_f64", "b6"],
  ["f64.promote_f32", "bb"],
  ["i32x4.splat", "fd11"],
  ["f32x4.splat", "fd13"],
  ["f64x2.splat", "fd14"],
  ["i32x4.ge_u", "fd40"],
  ["f32x4.ge", "fd46"],
  ["f64x2.ge", "fd4c"],
  ["v128.any_true", "fd53"],
  ["f32x4.demote_f64x2_zero", "fd5e"],
  ["f64x2.promote_low_f32x4", "fd5f"],
  ["f32x4.nearest", "fd6a"],
  ["f64x2.floor", "fd75"],
  ["f64x2.trunc", "fd7a"],
  ["i16x8.extend_high_i8x16_u", "fd8a01"],
  ["f64x2.nearest", "fd9401"],
  ["i32x4.bitmask", "fda401"],
  ["i32x4.extend_high_i16x8_u", "fdaa01"],
  ["i32x4.dot_i16x8_s", "fdba01"],
  ["i64x2.ge_s", "fddb01"],
  ["f32x4.pmax", "fdeb01"],
  ["f64x2.pmax", "fdf701"],
  ["i32x4.trunc_sat_f32x4_u", "fdf901"],
  ["f32x4.convert_i32x4_u", "fdfb01"],
  ["i32x4.trunc_sat_f64x2_u_zero", "fdfd01"],
  ["f64x2.convert_low_i32x4_u", "fdff01"],
  ["f32x4.relaxed_nmadd", "fd8602"],
];

export const MEMORY: readonly (readonly [MemoryInstruction, string])[] = [
  ["f32.load", "2a"],
  ["i32.load16_u", "2f"],
  ["f32.store", "38"],
  ["i32.store16", "3b"],
  ["v128.load32x2_u", "fd06"],
  ["v128.store", "fd0b"],
  ["v128.load64_zero", "fd5d"],
  ["memory.atomic.wait64", "fe02"],
  ["i32.atomic.load", "fe10"],
  ["i32.atomic.store", "fe17"],
  ["i32.atomic.rmw.add", "fe1e"],
];

export const LANES: readonly (readonly [LaneInstruction, string])[] = [
  ["i32x4.replace_lane", "fd1c"],
  ["f32x4.replace_lane", "fd20"],
];

export const LANE_MEMORY: readonly (readonly [LaneMemoryInstruction, string])[] = [
  ["v128.load64_lane", "fd57"],
  ["v128.store64_lane", "fd5b"],
];
