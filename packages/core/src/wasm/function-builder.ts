// The body of a WebAssembly function, written instruction by instruction: locals with types, structured control with
// labels instead of counted depths, constants, memory, SIMD lanes.
import { GradusError } from "../errors.ts";
import { ByteWriter, VALUE_TYPES, type ValueType } from "./encoding.ts";
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
  readonly #parameters: readonly ValueType[];
  readonly #opcodes: ReadonlyMap<string, number>;
  readonly #code = new ByteWriter();
  #depth = 0;

  constructor(index: number, parameters: readonly ValueType[], opcodes: ReadonlyMap<string, number>) {
    this.index = index;
    this.#parameters = parameters;
    this.#opcodes = opcodes;
  }

  /** The instructions so far. */
  get code(): Uint8Array {
    return this.#code.written;
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
    return this.#indexed(0x20, local.index);
  }

  set(local: Local): this {
    return this.#indexed(0x21, local.index);
  }

  tee(local: Local): this {
    return this.#indexed(0x22, local.index);
  }

  i32(value: number): this {
    this.#code.byte(0x41);
    this.#code.signed(value | 0);
    return this;
  }

  /** A constant of 64 bits that would fit into 32. */
  i64(value: number): this {
    this.#code.byte(0x42);
    this.#code.signed(value | 0);
    return this;
  }

  f32(value: number): this {
    this.#code.byte(0x43);
    this.#code.view(Float32Array.of(value));
    return this;
  }

  f64(value: number): this {
    this.#code.byte(0x44);
    this.#code.view(Float64Array.of(value));
    return this;
  }

  /** A constant vector: the 16 bytes of a typed array of four floats, two doubles and so on; zeros by default. */
  v128(value: ArrayBufferView = new Uint8Array(16)): this {
    this.#instruction(0xfd00c);
    this.#code.view(value);
    return this;
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
    this.#instruction(code).#code.byte(isAtomic ? 2 : 0);
    this.#code.unsigned(offset);
    return this;
  }

  lane(name: More & LaneInstruction, lane: number): this {
    this.#instruction(this.#opcode(name)).#code.byte(lane);
    return this;
  }

  laneMemory(name: More & LaneMemoryInstruction, offset: number, lane: number): this {
    this.#instruction(this.#opcode(name)).#code.byte(0);
    this.#code.unsigned(offset);
    this.#code.byte(lane);
    return this;
  }

  /** `i8x16.shuffle` by words: four picks out of the eight 32-bit lanes of two vectors. */
  shuffle(lanes: readonly [number, number, number, number]): this {
    this.#instruction(0xfd00d);
    for (const lane of lanes) for (let byte = 0; byte < 4; byte++) this.#code.byte(4 * lane + byte);
    return this;
  }

  /** memmove(destination, source, bytes), all three from the stack. */
  memoryCopy(): this {
    this.#instruction(0xfc00a).#code.byte(0);
    this.#code.byte(0);
    return this;
  }

  /** memset(destination, byte, bytes), all three from the stack. */
  memoryFill(): this {
    this.#instruction(0xfc00b).#code.byte(0);
    return this;
  }

  call(target: Callable): this {
    return this.#indexed(0x10, target.index);
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
        this.#code.byte(0x05);
        otherwise();
      }
    };
    return this.#nested(0x04, body, result);
  }

  branch(label: Label): this {
    return this.#indexed(0x0c, this.#depth - label.depth);
  }

  branchIf(label: Label): this {
    return this.#indexed(0x0d, this.#depth - label.depth);
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

  /** An instruction of one byte, and the number behind it. */
  #indexed(byte: number, index: number): this {
    this.#code.byte(byte);
    this.#code.unsigned(index);
    return this;
  }

  /** One byte, or 0xPP000 + code behind the prefix byte 0xPP. */
  #opcode(name: string): number {
    const code = this.#opcodes.get(name);
    if (code === undefined) throw new GradusError(`assembler: there is no instruction "${name}"`);
    return code;
  }

  #instruction(code: number): this {
    const prefix = code >>> 12;
    if (prefix === 0) this.#code.byte(code);
    else this.#indexed(prefix, code & 0xfff);
    return this;
  }

  #nested(byte: number, body: (label: Label) => void, result?: ValueType): this {
    this.#code.byte(byte);
    this.#code.byte(result === undefined ? EMPTY : VALUE_TYPES[result]);
    this.#depth++;
    body({ depth: this.#depth });
    this.#depth--;
    this.#code.byte(0x0b);
    return this;
  }
}
