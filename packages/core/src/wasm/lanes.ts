// Four values between memory and a vector: contiguous, one for all lanes, or apart; floats, integers, bytes; all four or the last few.

import type { DType } from "../dtype.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";
import { type Lanes, type LaneType, pushConditions, pushFloats } from "./simd.ts";
import { laneType } from "./simd-dtypes.ts";

/** Where lanes stand: a local plus a constant, in bytes, and how far apart in elements. */
export interface Place {
  /** Added to the address; null for none. */
  readonly base: Local<"i32"> | null;
  readonly address: number;
  readonly dtype: DType;
  readonly stride: number;
}

const isByte = (dtype: DType): boolean => dtype === "bool" || dtype === "uint8";

/** The bytes of an element in a program's memory. */
export function elementBytes(dtype: DType): number {
  return isByte(dtype) ? 1 : dtype === "float64" ? 8 : 4;
}

function pushBase(f: FunctionBuilder, { base }: Place): FunctionBuilder {
  return base === null ? f.i32(0) : f.get(base);
}

/** Loads `count` lanes (the others are anything) into a new local. Contiguous lanes may be read beyond the last. */
export function loadLanes(f: FunctionBuilder, place: Place, count = 4): Lanes {
  const { address, dtype, stride } = place;
  const local = f.local("v128");
  if (isByte(dtype)) {
    if (stride === 0) pushBase(f, place).memory("i32.load8_u", address).op("i32x4.splat").set(local);
    else if (stride === 1) {
      pushBase(f, place).memory("v128.load32_zero", address);
      f.op("i16x8.extend_low_i8x16_u").op("i32x4.extend_low_i16x8_u").set(local);
    } else {
      f.v128().set(local);
      for (let lane = 0; lane < count; lane++) {
        f.get(local);
        pushBase(f, place)
          .memory("i32.load8_u", address + lane * stride)
          .lane("i32x4.replace_lane", lane)
          .set(local);
      }
    }
  } else if (stride === 0) pushBase(f, place).memory("v128.load32_splat", address).set(local);
  else if (stride === 1) pushBase(f, place).memory("v128.load", address).set(local);
  else {
    pushBase(f, place).memory("v128.load32_zero", address).set(local);
    for (let lane = 1; lane < count; lane++) {
      pushBase(f, place)
        .get(local)
        .laneMemory("v128.load32_lane", address + 4 * lane * stride, lane)
        .set(local);
    }
  }
  return { local, type: laneType(dtype) };
}

/** Stores the first `count` lanes next to each other, as the dtype keeps them. */
export function storeLanes(f: FunctionBuilder, place: Place, value: Lanes, count = 4): void {
  const { address, dtype } = place;
  const lanes = f.local("v128");
  pushStored(f, value, dtype);
  f.set(lanes);
  if (isByte(dtype)) {
    for (let lane = 0; lane < count; lane++)
      pushBase(f, place)
        .get(lanes)
        .lane("i32x4.extract_lane", lane)
        .memory("i32.store8", address + lane);
    return;
  }
  if (count === 4) {
    pushBase(f, place).get(lanes).memory("v128.store", address);
    return;
  }
  if (count >= 2) pushBase(f, place).get(lanes).laneMemory("v128.store64_lane", address, 0);
  if (count !== 2)
    pushBase(f, place)
      .get(lanes)
      .laneMemory("v128.store32_lane", address + 4 * (count - 1), count - 1);
}

/** Lanes as they are stored: floats, 32-bit integers, or 1 and 0. */
function pushStored(f: FunctionBuilder, value: Lanes, dtype: DType): void {
  if (dtype === "float32") pushFloats(f, value);
  else if (dtype === "bool") {
    pushConditions(f, value);
    f.i32(1).op("i32x4.splat").op("v128.and");
  } else {
    const type: LaneType = value.type;
    if (type === "i32") f.get(value.local);
    else {
      pushFloats(f, value);
      f.op("i32x4.trunc_sat_f32x4_s");
    }
  }
}
