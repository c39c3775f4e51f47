// The assembler: what it writes is read by the engine, so most tests assemble a function and run it.
import { describe, expect, it } from "vitest";
import { GradusError } from "../../src/errors.ts";
import { FunctionBuilder, type Local, ModuleBuilder, type ValueType } from "../../src/wasm/assembler.ts";
import { features } from "../../src/wasm/features.ts";
import { coreInstructions } from "../../src/wasm/opcodes.ts";
import { instructions, type PlainInstruction } from "../../src/wasm/opcodes-programs.ts";
import { LANE_MEMORY, LANES, MEMORY, PLAIN } from "./opcodes.ts";

type Run = (...values: (number | bigint)[]) => number | bigint;

/** A function of the given signature, in a module with a memory of one page. */
function assemble(
  parameters: readonly ValueType[],
  result: ValueType,
  body: (f: FunctionBuilder) => void,
  memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 1 }),
): Run {
  const module = new ModuleBuilder(instructions);
  module.importMemory("env", "memory", { minimum: 1 });
  const main = module.define({ parameters, results: [result] }, body);
  module.export("main", main);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  return exports["main"] as Run;
}

const parameter = <T extends ValueType>(index: number, type: T): Local<T> => ({ index, type });

describe("constants", () => {
  it.each([0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, 2 ** 31 - 1, -(2 ** 31)])("i32 %d", (value) => {
    expect(assemble([], "i32", (f) => f.i32(value))()).toBe(value);
  });

  it.each([0, -1, 63, 64, -64, -65, 2 ** 31 - 1, -(2 ** 31)])("i64 %d", (value) => {
    expect(assemble([], "i64", (f) => f.i64(value))()).toBe(BigInt(value));
  });

  it.each([0, -0, 0.1, -1e300, Number.NaN, Number.POSITIVE_INFINITY])("f64 %d, and f32 rounded", (value) => {
    expect(assemble([], "f64", (f) => f.f64(value))()).toBe(value);
    expect(assemble([], "f32", (f) => f.f32(value))()).toBe(Math.fround(value));
  });

  it("v128 from a typed array", () => {
    const pick = assemble([], "f32", (f) => f.v128(Float32Array.of(1, 2, 3, 4)).lane("f32x4.extract_lane", 2));
    expect(pick()).toBe(3);
  });
});

describe("locals, calls and control", () => {
  it("numbers locals behind the parameters", () => {
    const swap = assemble(["i32", "i32"], "i32", (f) => {
      const [x, y] = f.locals("i32", "i32");
      f.get(parameter(0, "i32")).set(y).get(parameter(1, "i32")).set(x);
      f.push(x, y).op("i32.sub");
    });
    expect(swap(3, 10)).toBe(7);
  });

  it("types locals", () => {
    const module = new ModuleBuilder(instructions);
    module.define({ parameters: ["i32", "v128"] }, (f, count, vector) => {
      f.increment(count, 1);
      // @ts-expect-error a vector is no counter
      f.increment(vector, 1);
      // @ts-expect-error there is no such instruction
      expect(() => f.op("f32x4.sine")).toThrow('no instruction "f32x4.sine"');
    });
  });

  it("counts with for, also zero times, and with bounds known or not", () => {
    const count = (known: boolean): Run =>
      assemble(["i32"], "i32", (f) => {
        const [i, sum] = f.locals("i32", "i32");
        f.for(i, 2, known ? 9 : parameter(0, "i32"), 3, () => f.increment(sum, i));
        f.get(sum);
      });
    expect(count(true)(0)).toBe(2 + 5 + 8);
    expect(count(false)(9)).toBe(2 + 5 + 8);
    expect(count(false)(3)).toBe(2);
    expect(count(false)(2)).toBe(0);
  });

  it("emits nothing for a loop that is known to be empty", () => {
    const empty = assemble([], "i32", (f) => {
      const [i, sum] = f.locals("i32", "i32");
      f.for(i, 5, 5, 1, () => f.increment(sum, 1)).get(sum);
    });
    expect(empty()).toBe(0);
  });

  it("repeats until, clamps, adds scaled sizes", () => {
    const run = assemble(["i32"], "i32", (f) => {
      const [i, sum] = f.locals("i32", "i32");
      f.until(i, 4, () => f.increment(sum, i).increment(i, 1));
      f.clamp(sum, parameter(0, "i32")).get(sum).plus(i, 10).plus(3, 100).plus(0).plus(i);
    });
    expect(run(100)).toBe(6 + 40 + 300 + 4);
    expect(run(5)).toBe(5 + 40 + 300 + 4);
  });

  it("branches by label through nested blocks", () => {
    const run = assemble(["i32"], "i32", (f) => {
      const out = f.local("i32");
      f.block((outer) => {
        f.block((inner) => {
          f.get(parameter(0, "i32")).branchIf(inner);
          f.i32(10).set(out).branch(outer);
        });
        f.i32(20).set(out);
      });
      f.get(out);
    });
    expect(run(0)).toBe(10);
    expect(run(1)).toBe(20);
  });

  it("chooses with if, as a statement and as a value", () => {
    const sign = assemble(["f64"], "f64", (f) => {
      const x = parameter(0, "f64");
      f.get(x).f64(0).op("f64.lt");
      f.if(
        () => f.f64(-1),
        () => f.get(x).f64(0).op("f64.gt").op("f64.convert_i32_s"),
        "f64",
      );
    });
    expect([sign(-3), sign(0), sign(7)]).toEqual([-1, 0, 1]);
  });

  it("calls functions defined before, and shares signatures", () => {
    const module = new ModuleBuilder(instructions);
    const square = module.define({ parameters: ["f64"], results: ["f64"] }, (f, x) => {
      f.get(x).get(x).op("f64.mul");
    });
    module.export(
      "main",
      module.define({ parameters: ["f64"], results: ["f64"] }, (f, x) => f.get(x).call(square).call(square)),
    );
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()));
    expect((exports["main"] as Run)(3)).toBe(81);
  });
});

describe("memory and vectors", () => {
  it("loads and stores with offsets, in bulk, and by lanes", () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const floats = new Float32Array(memory.buffer);
    floats.set([1, 2, 3, 4], 0);
    const run = assemble(
      ["i32"],
      "i32",
      (f) => {
        const at = parameter(0, "i32");
        const vector = f.local("v128");
        f.get(at).get(at).memory("v128.load").tee(vector).get(vector).shuffle([3, 2, 5, 4]).memory("v128.store", 64);
        f.get(at).get(vector).laneMemory("v128.store32_lane", 128, 3);
        f.push(256, 0, 16).memoryCopy().push(1020, 255, 8).memoryFill();
        f.i32(1);
      },
      memory,
    );
    expect(run(0)).toBe(1);
    expect([...floats.slice(16, 20)]).toEqual([4, 3, 2, 1]);
    expect(floats[32]).toBe(4);
    expect([...floats.slice(64, 68)]).toEqual([1, 2, 3, 4]);
    expect(new Uint8Array(memory.buffer).slice(1019, 1029)).toEqual(Uint8Array.of(0, ...Array(8).fill(255), 0));
  });

  it("keeps a whole page of straight code", () => {
    const run = assemble([], "i32", (f) => {
      const sum = f.local("i32");
      for (let i = 0; i < 20000; i++) f.increment(sum, 1);
      f.get(sum);
    });
    expect(run()).toBe(20000);
  });

  it.runIf(features().threads)("adds, waits and notifies atomically in shared memory", () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const module = new ModuleBuilder(instructions);
    module.importMemory("env", "memory", { minimum: 1, maximum: 1, shared: true });
    const main = module.define({ parameters: [], results: ["i32"] }, (f) => {
      f.push(8, 5).memory("i32.atomic.store");
      f.push(0, 2).memory("i32.atomic.rmw.add", 8).op("control.drop");
      f.push(8, 1).memory("memory.atomic.notify");
      f.push(8, 4).i64(-1).memory("memory.atomic.wait32"); // the value is 7, not 4: returns 1 at once
      f.op("i32.add").push(0).memory("i32.atomic.load", 8).push(10).op("i32.mul").op("i32.add");
    });
    module.export("main", main);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
    expect((exports["main"] as Run)()).toBe(71);
    expect(new Int32Array(memory.buffer)[2]).toBe(7);
  });
});

describe("the tables of instructions", () => {
  const hex = (emit: (f: FunctionBuilder) => void): string => {
    const f = new FunctionBuilder(0, [], instructions);
    emit(f);
    return Buffer.from(f.code).toString("hex");
  };

  it("holds the opcodes that others know", () => {
    for (const [name, bytes] of PLAIN) expect([name, hex((f) => f.op(name))]).toEqual([name, bytes]);
  });

  it("holds those of memory, with a wide offset and the alignment that atomics demand", () => {
    for (const [name, bytes] of MEMORY) {
      const alignment = name.includes("atomic") ? (/^i64|64$/.test(name) ? "03" : "02") : "00";
      expect([name, hex((f) => f.memory(name, 200))]).toEqual([name, `${bytes}${alignment}c801`]);
    }
  });

  it("holds those of lanes", () => {
    for (const [name, bytes] of LANES) expect([name, hex((f) => f.lane(name, 1))]).toEqual([name, `${bytes}01`]);
    for (const [name, bytes] of LANE_MEMORY) {
      expect([name, hex((f) => f.laneMemory(name, 8, 1))]).toEqual([name, `${bytes}000801`]);
    }
  });

  it("refuses names that are in no row", () => {
    for (const name of ["f32x4._", "f32x4.sine", "add", ""])
      expect(() => hex((f) => f.op(name as PlainInstruction))).toThrow(GradusError); // cast: as JavaScript would
  });

  it("knows no instruction of programs where a module has the core's", () => {
    const module = new ModuleBuilder<never>(coreInstructions);
    // @ts-expect-error refused when it is compiled, too
    const define = (): unknown => module.define({ parameters: [] }, (f) => f.op("f64x2.add"));
    expect(define).toThrow('there is no instruction "f64x2.add"');
  });
});
