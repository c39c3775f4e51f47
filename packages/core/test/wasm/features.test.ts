// The probes agree with the engine, are asked once, and can be overridden.
import { afterEach, describe, expect, it, vi } from "vitest";
import { features, overrideFeatures } from "../../src/wasm/features.ts";

const undo: (() => void)[] = [];
const override = (...changes: Parameters<typeof overrideFeatures>): void =>
  void undo.push(overrideFeatures(...changes));
afterEach(() => {
  for (const restore of undo.splice(0).reverse()) restore();
  vi.restoreAllMocks();
  vi.resetModules();
});

/** The probes of a fresh copy of the module, which has asked nothing yet. */
const fresh = async (): Promise<typeof import("../../src/wasm/features.ts")> => import("../../src/wasm/features.ts");

describe("features", () => {
  it("finds what every supported Node has, and relaxed SIMD where the engine takes its instructions", () => {
    // (func (param v128 v128 v128) (result v128) f32x4.relaxed_madd on the three), byte by byte
    const relaxedModule = Buffer.from(
      "0061736d0100000001080160037b7b7b017b030201000a0d010b00200020012002fd85020b",
      "hex",
    );
    const relaxedSimd = WebAssembly.validate(relaxedModule);
    expect(features()).toEqual({ webAssembly: true, simd: true, relaxedSimd, threads: true });
  });

  it("asks the engine once", async () => {
    vi.resetModules();
    const again = await fresh();
    const validate = vi.spyOn(WebAssembly, "validate");
    again.features();
    const calls = validate.mock.calls.length;
    again.features();
    expect(validate).toHaveBeenCalledTimes(calls);
  });

  it("reports nothing where modules may not be compiled", async () => {
    vi.resetModules();
    const forbidden = await fresh();
    const { Module } = WebAssembly;
    class Forbidden {
      constructor() {
        throw new WebAssembly.CompileError("Wasm code generation disallowed by embedder");
      }
    }
    Object.defineProperty(WebAssembly, "Module", { value: Forbidden, configurable: true, writable: true });
    undo.push(() => Object.defineProperty(WebAssembly, "Module", { value: Module }));
    expect(forbidden.features()).toEqual({ webAssembly: false, simd: false, relaxedSimd: false, threads: false });
  });

  it("is overridden and restored, one within the other", () => {
    const { relaxedSimd } = features();
    override({ relaxedSimd: false });
    expect(features()).toMatchObject({ simd: true, relaxedSimd: false });
    override({ simd: true, relaxedSimd: true });
    expect(features()).toMatchObject({ simd: true, relaxedSimd: true });
    undo.pop()?.();
    expect(features()).toMatchObject({ relaxedSimd: false });
    undo.pop()?.();
    expect(features()).toMatchObject({ relaxedSimd });
  });

  it("has no feature without the one below it", () => {
    override({ simd: false });
    expect(features()).toMatchObject({ webAssembly: true, simd: false, relaxedSimd: false, threads: true });
    override({ webAssembly: false });
    expect(features()).toEqual({ webAssembly: false, simd: false, relaxedSimd: false, threads: false });
  });
});
