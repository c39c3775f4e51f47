// Formulas run on vectors: a module that loads four elements of each array, evaluates, and stores four results, over and over.
import type { DType } from "../../src/dtype.ts";
import { call, type Expr, input, type ScalarFunction } from "../../src/expr/expr.ts";
import { type Local, ModuleBuilder } from "../../src/wasm/assembler.ts";
import { elementBytes, loadLanes, storeLanes } from "../../src/wasm/lanes.ts";
import { instructions } from "../../src/wasm/opcodes-programs.ts";
import { emitVector } from "../../src/wasm/simd.ts";
import { functions } from "../../src/wasm/simd-math.ts";

/** The arrays of a formula in one memory; `run` fills the result from the inputs. */
export interface VectorLoop {
  readonly inputs: readonly (Float32Array | Int32Array | Uint8Array)[];
  readonly result: Float32Array | Int32Array | Uint8Array;
  run(): void;
}

function arrayAt(
  memory: WebAssembly.Memory,
  dtype: DType,
  address: number,
  length: number,
): Float32Array | Int32Array | Uint8Array {
  if (dtype === "float32") return new Float32Array(memory.buffer, address, length);
  return dtype === "int32"
    ? new Int32Array(memory.buffer, address, length)
    : new Uint8Array(memory.buffer, address, length);
}

/** A formula over arrays of `length` elements, a multiple of 4. */
export function vectorLoop(
  root: Expr,
  length: number,
  dtypes: readonly DType[],
  resultType: DType = "float32",
): VectorLoop {
  const spacing = length * 4;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((spacing * (dtypes.length + 1)) / 65536) });
  const module = new ModuleBuilder(instructions);
  module.importMemory("env", "memory", { minimum: 1 });
  const run = module.define({ parameters: [] }, (f) => {
    const counter = f.local("i32");
    const base = new Map<number, Local<"i32">>([
      [4, f.local("i32")],
      [1, counter],
    ]);
    const place = (dtype: DType, index: number) => ({
      base: base.get(elementBytes(dtype)) ?? null,
      address: index * spacing,
      dtype,
      stride: 1,
    });
    f.for(counter, 0, length, 4, () => {
      f.get(counter)
        .i32(2)
        .op("i32.shl")
        .set(base.get(4) ?? counter);
      const lanes = dtypes.map((dtype, index) => loadLanes(f, place(dtype, index)));
      const [result] = emitVector(f, [root], lanes, functions);
      if (result !== undefined) storeLanes(f, place(resultType, dtypes.length), result);
    });
  });
  module.export("run", run);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  return {
    inputs: dtypes.map((dtype, index) => arrayAt(memory, dtype, index * spacing, length)),
    result: arrayAt(memory, resultType, dtypes.length * spacing, length),
    run: exports["run"] as () => void, // cast: the module defines it so
  };
}

/** One function of the language on floats: its values at as many points as each list has. */
export function evaluate(fn: ScalarFunction, ...lists: readonly (readonly number[])[]): number[] {
  const points = lists[0]?.length ?? 0;
  const loop = vectorLoop(
    call(fn, ...lists.map((_, index) => input(index))),
    Math.ceil(points / 4) * 4,
    lists.map(() => "float32" as const),
  );
  for (const [index, list] of lists.entries()) loop.inputs[index]?.set(list);
  loop.run();
  return Array.from(loop.result.subarray(0, points));
}
