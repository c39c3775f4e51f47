// A WebAssembly assembler: modules of typed functions, written instruction by instruction and encoded in the binary
// format of the specification (https://webassembly.github.io/spec/core/binary/modules.html). Kernels are emitted at run
// time for the shapes and instructions at hand (128-bit SIMD, relaxed SIMD, atomics), which no prebuilt binary could
// know, and no binary asset has to be shipped.
import { list, sized, unsigned, utf8, VALUE_TYPES, type ValueType } from "./encoding.ts";
import { asLocals, type Callable, FunctionBuilder, type Locals } from "./function-builder.ts";
import type { CoreInstruction, Opcodes } from "./opcodes.ts";
import type { ProgramInstruction } from "./opcodes-programs.ts";

export type { ValueType } from "./encoding.ts";
export { type Callable, FunctionBuilder, type Local, type Locals, type Size } from "./function-builder.ts";

const MAGIC_AND_VERSION = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** What a function takes and gives. */
export interface Signature<P extends readonly ValueType[] = readonly ValueType[]> {
  readonly parameters: P;
  readonly results?: readonly ValueType[];
}

/** The size of a memory in pages of 64 KiB; a shared one needs a maximum. */
export interface MemoryLimits {
  readonly minimum: number;
  readonly maximum?: number;
  readonly shared?: boolean;
}

/**
 * A module: a memory that it imports, and functions, each of which may call those before it. `never` more than the core's instructions
 * is what eager kernels need: programs without compiled steps carry no others.
 *
 * @example
 * const module = new ModuleBuilder<never>(coreInstructions);
 * const add = module.define({ parameters: ["i32", "i32"], results: ["i32"] }, (f, a, b) => {
 *   f.push(a, b).op("i32.add");
 * });
 * module.export("add", add);
 * const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()));
 * exports.add(2, 3); // 5
 */
export class ModuleBuilder<in More extends ProgramInstruction = ProgramInstruction> {
  readonly #opcodes: ReadonlyMap<string, number>;
  readonly #types: string[] = [];
  readonly #imports: number[][] = [];
  readonly #exports: number[][] = [];
  readonly #functions: { readonly builder: FunctionBuilder<never>; readonly type: number }[] = [];

  /** @param opcodes the instructions that its functions may use: the core's, and more */
  constructor(opcodes: Opcodes<CoreInstruction | More>) {
    this.#opcodes = opcodes;
  }

  importMemory(module: string, name: string, limits: MemoryLimits): void {
    const { minimum, maximum, shared = false } = limits;
    const flags = (shared ? 2 : 0) | (maximum === undefined ? 0 : 1);
    const range = [flags, ...unsigned(minimum), ...(maximum === undefined ? [] : unsigned(maximum))];
    this.#imports.push([...utf8(module), ...utf8(name), 2, ...range]);
  }

  /** Defines a function; `body` receives its builder and its parameters. */
  define<const P extends readonly ValueType[]>(
    signature: Signature<P>,
    body: (f: FunctionBuilder<More>, ...parameters: Locals<P>) => void,
  ): FunctionBuilder<More> {
    const builder = new FunctionBuilder<More>(this.#functions.length, signature.parameters, this.#opcodes);
    this.#functions.push({ builder, type: this.#type(signature) });
    body(builder, ...asLocals(signature.parameters, 0));
    return builder;
  }

  /** Gives a function a name outside the module. */
  export(name: string, target: Callable): void {
    this.#exports.push([...utf8(name), 0, ...unsigned(target.index)]);
  }

  /** The module in WebAssembly's binary format. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const types = this.#types.map((type) => type.split(" ").map(Number));
    const sections: (readonly [number, number[]])[] = [
      [1, list(types)],
      [2, list(this.#imports)],
      [3, list(this.#functions.map(({ type }) => unsigned(type)))],
      [7, list(this.#exports)],
    ];
    // Code may be megabytes: it is copied once, into its place.
    const bodies = this.#functions.flatMap(({ builder: { localTypes, code } }) => {
      const locals = unsigned(localTypes.length);
      for (const type of localTypes) locals.push(1, VALUE_TYPES[type]);
      return [unsigned(locals.length + code.length + 1), locals, code, [0x0b]];
    });
    const count = unsigned(this.#functions.length);
    const size = bodies.reduce((total, { length }) => total + length, count.length);
    const head = [...MAGIC_AND_VERSION, ...sections.flatMap(([id, body]) => [id, ...sized(body)]), 10];
    return joined([head, unsigned(size), count, ...bodies]);
  }

  #type({ parameters, results = [] }: Signature): number {
    const codes = (types: readonly ValueType[]): number[] => list(types.map((type) => [VALUE_TYPES[type]]));
    const key = [0x60, ...codes(parameters), ...codes(results)].join(" ");
    const known = this.#types.indexOf(key);
    return known >= 0 ? known : this.#types.push(key) - 1;
  }
}

function joined(parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let end = 0;
  for (const part of parts) {
    bytes.set(part, end);
    end += part.length;
  }
  return bytes;
}
