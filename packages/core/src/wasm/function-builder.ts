// The body of a WebAssembly function, written instruction by instruction: locals with types, structured control with
// labels instead of counted depths, constants, memory, SIMD lanes.
import { GradusError } from "../errors.ts";
import { bytesOf, signed, unsigned, VALUE_TYPES, type ValueType } from "./encoding.ts";
import type { CoreMemory, CorePlain } from "./opcodes.ts";
import type {
  LaneInstruction,
  LaneMemoryInstruction,
  MemoryInstruction,
  PlainInstruction,
  ProgramInstruction,
} from "./opcodes-programs.ts";

const EMPTY = 0x40;

/** A parameter or local variable of a function. */
export interface Local<T extends ValueType = ValueType> {
  readonly index: number;
  readonly type: T;
}

/** The target of a branch: the end of a block, or the head of a loop. */
export interface Label {
  readonly depth: number;
}

/** A function that can be called: its position among the imported and defined functions of a module. */
export interface Callable {
  readonly index: number;
}

/** One local for each type of a list. */
export type Locals<T extends readonly ValueType[]> = { readonly [I in keyof T]: Local<T[I]> };

/** The locals that follow `first`: the one place where a list of types becomes a tuple of locals of these types. */
export function asLocals<T extends readonly ValueType[]>(types: T, first: number): Locals<T> {
  // cast: one local was made for each type
  return types.map((type, position) => ({ index: first + position, type })) as unknown as Locals<T>;
}

/** A number known when the code is emitted, or a local that holds it when the code runs. */
export type Size = number | Local<"i32">;

/**
 * The body of a function, in the order of the stack: `f.get(x).get(y).op("f32x4.add").set(z)` is z = x + y.
 * Every method appends instructions and returns the builder. `More` are the instructions that its module knows beside the core's.
 */
export class FunctionBuilder<in More extends ProgramInstruction = ProgramInstruction> implements Callable {
  readonly index: number;
  readonly localTypes: ValueType[] = [];
  readonly code: number[] = [];
  readonly #parameters: readonly ValueType[];
  readonly #opcodes: ReadonlyMap<string, number>;
  #depth = 0;

  constructor(index: number, parameters: readonly ValueType[], opcodes: ReadonlyMap<string, number>) {
    this.index = index;
    this.#parameters = parameters;
    this.#opcodes = opcodes;
  }

  /** A new local variable, zero at first. */
  local<T extends ValueType>(type: T): Local<T> {
    const [local] = this.locals(type);
    return local;
  }

  /** New local variables, one of each type: `const [row, sum] = f.locals("i32", "v128")`. */
  locals<const T extends readonly ValueType[]>(...types: T): Locals<T> {
    const first = this.#parameters.length + this.localTypes.length;
    this.localTypes.push(...types);
    return asLocals(types, first);
  }

  get(local: Local): this {
    return this.#emit(0x20, unsigned(local.index));
  }

  set(local: Local): this {
    return this.#emit(0x21, unsigned(local.index));
  }

  tee(local: Local): this {
    return this.#emit(0x22, unsigned(local.index));
  }

  i32(value: number): this {
    return this.#emit(0x41, signed(value | 0));
  }

  /** A constant of 64 bits that would fit into 32. */
  i64(value: number): this {
    return this.#emit(0x42, signed(value | 0));
  }

  f32(value: number): this {
    return this.#emit(0x43, bytesOf(Float32Array.of(value)));
  }

  f64(value: number): this {
    return this.#emit(0x44, bytesOf(Float64Array.of(value)));
  }

  /** A constant vector: the 16 bytes of a typed array of four floats, two doubles and so on; zeros by default. */
  v128(value: ArrayBufferView = new Uint8Array(16)): this {
    return this.#instruction(0xfd00c, bytesOf(value));
  }

  /** Constants and locals, in order: what an instruction or a call takes. */
  push(...values: readonly Size[]): this {
    for (const value of values) typeof value === "number" ? this.i32(value) : this.get(value);
    return this;
  }

  op(name: CorePlain | (More & PlainInstruction)): this {
    return this.#instruction(this.#opcode(name));
  }

  /** A load or store, or an atomic of 32 bits: the address, then the value where there is one, is taken from the stack. */
  memory(name: CoreMemory | (More & MemoryInstruction), offset = 0): this {
    const code = this.#opcode(name);
    const isAtomic = code >= 0xfe000;
    return this.#instruction(code, [isAtomic ? 2 : 0, ...unsigned(offset)]);
  }

  lane(name: More & LaneInstruction, lane: number): this {
    return this.#instruction(this.#opcode(name), [lane]);
  }

  laneMemory(name: More & LaneMemoryInstruction, offset: number, lane: number): this {
    return this.#instruction(this.#opcode(name), [0, ...unsigned(offset), lane]);
  }

  /** `i8x16.shuffle` by words: four picks out of the eight 32-bit lanes of two vectors. */
  shuffle(lanes: readonly [number, number, number, number]): this {
    return this.#instruction(
      0xfd00d,
      lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)),
    );
  }

  /** memmove(destination, source, bytes), all three from the stack. */
  memoryCopy(): this {
    return this.#instruction(0xfc00a, [0, 0]);
  }

  /** memset(destination, byte, bytes), all three from the stack. */
  memoryFill(): this {
    return this.#instruction(0xfc00b, [0]);
  }

  call(target: Callable): this {
    return this.#emit(0x10, unsigned(target.index));
  }

  /** Code that a branch to its label leaves. */
  block(body: (end: Label) => void): this {
    return this.#nested(0x02, body);
  }

  /** Code that a branch to its label starts again. */
  loop(body: (head: Label) => void): this {
    return this.#nested(0x03, body);
  }

  /** Takes a condition from the stack; `result` is the type of the value that both ways leave there. */
  if(then: () => void, otherwise?: () => void, result?: ValueType): this {
    const body = (): void => {
      then();
      if (otherwise !== undefined) {
        this.code.push(0x05);
        otherwise();
      }
    };
    return this.#nested(0x04, body, result);
  }

  branch(label: Label): this {
    return this.#emit(0x0c, unsigned(this.#depth - label.depth));
  }

  branchIf(label: Label): this {
    return this.#emit(0x0d, unsigned(this.#depth - label.depth));
  }

  /** Adds amount · scale to the i32 on the stack. */
  plus(amount: Size, scale: Size = 1): this {
    if (typeof amount === "number" && typeof scale === "number") {
      return amount * scale === 0 ? this : this.i32(amount * scale).op("i32.add");
    }
    this.push(amount);
    return (scale === 1 ? this : this.push(scale).op("i32.mul")).op("i32.add");
  }

  /** local += amount */
  increment(local: Local<"i32">, amount: Size): this {
    return this.get(local).plus(amount).set(local);
  }

  /** local = min(local, limit), unsigned */
  clamp(local: Local<"i32">, limit: Size): this {
    return this.get(local).push(limit).get(local).push(limit).op("i32.lt_u").op("control.select").set(local);
  }

  /** do body() while (counter != end) */
  until(counter: Local<"i32">, end: Size, body: () => void): this {
    return this.loop((next) => {
      body();
      this.push(counter, end).op("i32.ne").branchIf(next);
    });
  }

  /** for (counter = start; counter < end; counter += step) body(), unsigned; bounds that are known are not tested. */
  for(counter: Local<"i32">, start: Size, end: Size, step: number, body: () => void): this {
    this.push(start).set(counter);
    const known = typeof start === "number" && typeof end === "number";
    if (known && start >= end) return this;
    return this.block((exit) => {
      if (!known) this.get(counter).push(end).op("i32.ge_u").branchIf(exit);
      this.loop((next) => {
        body();
        this.increment(counter, step).get(counter).push(end).op("i32.lt_u").branchIf(next);
      });
    });
  }

  #emit(byte: number, immediates: readonly number[] = []): this {
    this.code.push(byte, ...immediates);
    return this;
  }

  /** One byte, or 0xPP000 + code behind the prefix byte 0xPP. */
  #opcode(name: string): number {
    const code = this.#opcodes.get(name);
    if (code === undefined) throw new GradusError(`assembler: there is no instruction "${name}"`);
    return code;
  }

  #instruction(code: number, immediates: readonly number[] = []): this {
    const prefix = code >>> 12;
    if (prefix === 0) return this.#emit(code, immediates);
    return this.#emit(prefix, [...unsigned(code & 0xfff), ...immediates]);
  }

  #nested(byte: number, body: (label: Label) => void, result?: ValueType): this {
    this.code.push(byte, result === undefined ? EMPTY : VALUE_TYPES[result]);
    this.#depth++;
    body({ depth: this.#depth });
    this.#depth--;
    this.code.push(0x0b);
    return this;
  }
}
