// What the bits of a training depend on besides its state: the engine, whose Math.exp and its kin have last bits of their own, and
// the processor's multiply-add. A checkpoint carries it, so that whoever resumes elsewhere hears that the numbers will differ.

/** What runs a training. */
export interface Platform {
  /** The engine and its line: `Node 22`, or what a browser calls itself. */
  readonly engine: string;
  /** The kind of processor, where it is known: `x64`. */
  readonly processor: string;
  /** What products are made of: `relaxed SIMD, rounded once`, `relaxed SIMD, rounded twice`, `SIMD` or `no SIMD`. */
  readonly instructions: string;
  /** Whether the deterministic mode is on, in which none of these matters. */
  readonly deterministic: boolean;
}

/** The platform of this process or page. @example (await thisPlatform()).deterministic; // false */
export async function thisPlatform(): Promise<Platform> {
  const { isDeterministic } = await import("@gradus/core/deterministic");
  return { ...engine(), instructions: instructions(), deterministic: isDeterministic() };
}

/**
 * Why a training that `saved` began will not have the same bits `here`, or null if it will.
 *
 * @example
 * const here = await thisPlatform();
 * platformDifference(here, here); // null
 * platformDifference({ ...here, engine: "Node 18" }, here); // the checkpoint was written by Node 18 on x64 …
 */
export function platformDifference(saved: Platform, here: Platform): string | null {
  if (saved.deterministic && here.deterministic) return null;
  const [before, now] = [describe(saved), describe(here)];
  if (before === now) return null;
  return (
    `the checkpoint was written by ${before}, this is ${now}: training goes on from it, but not with the same bits; ` +
    "in deterministic mode from the start (setDeterministic) they would be the same everywhere"
  );
}

function describe({ engine, processor, instructions, deterministic }: Platform): string {
  const mode = deterministic ? ", in deterministic mode" : "";
  return `${engine}${processor === "" ? "" : ` on ${processor}`} (${instructions})${mode}`;
}

/** Whether a value that was read is a platform. */
export function isPlatform(value: unknown): value is Platform {
  if (typeof value !== "object" || value === null) return false;
  const texts = ["engine", "processor", "instructions"].map((key) => Reflect.get(value, key));
  return texts.every((text) => typeof text === "string") && typeof Reflect.get(value, "deterministic") === "boolean";
}

function engine(): { readonly engine: string; readonly processor: string } {
  const process: unknown = Reflect.get(globalThis, "process");
  if (typeof process === "object" && process !== null && "versions" in process && "arch" in process) {
    const versions = Object(process.versions);
    const [name, version] = ["bun", "deno", "node"]
      .map((key) => [key, Reflect.get(versions, key)] as const)
      .find(([, value]) => typeof value === "string") ?? ["an engine", ""];
    const label = name === "an engine" ? name : `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
    return { engine: `${label} ${String(version).split(".")[0]}`, processor: String(process.arch) };
  }
  const navigator: unknown = Reflect.get(globalThis, "navigator");
  const agent = typeof navigator === "object" && navigator !== null && Reflect.get(navigator, "userAgent");
  return { engine: typeof agent === "string" ? agent : "an engine", processor: "" };
}

// (module (func (export "f") (param f32 f32 f32) (result f32)
//   (f32x4.extract_lane 0 (f32x4.relaxed_madd
//     (f32x4.splat (local.get 0)) (f32x4.splat (local.get 1)) (f32x4.splat (local.get 2))))))
const multiplyAdd: readonly number[] = [
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // the magic bytes, version 1
  ...[1, 8, 1, 0x60, 3, 0x7d, 0x7d, 0x7d, 1, 0x7d], // a type: (f32, f32, f32) → f32
  ...[3, 2, 1, 0], // a function of that type
  ...[7, 5, 1, 1, 0x66, 0, 0], // exported as "f"
  ...[10, 22, 1, 20, 0], // its body, without locals
  ...[0x20, 0, 0xfd, 0x13, 0x20, 1, 0xfd, 0x13, 0x20, 2, 0xfd, 0x13],
  ...[0xfd, 0x85, 2, 0xfd, 0x1f, 0, 0x0b],
];

// (module (func (drop (v128.any_true (f32x4.splat (f32.const 0))))))
const simd: readonly number[] = [
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0],
  ...[10, 14, 1, 12, 0, 0x43, 0, 0, 0, 0, 0xfd, 0x13, 0xfd, 0x53, 0x1a, 0x0b],
];

function instructions(): string {
  try {
    const module = new WebAssembly.Module(Uint8Array.from(multiplyAdd));
    const { f } = new WebAssembly.Instance(module).exports;
    // (1 + 2⁻¹²)² = 1 + 2⁻¹¹ + 2⁻²⁴, whose last term a product that is rounded by itself loses.
    const rest: unknown = typeof f === "function" ? f(1 + 2 ** -12, 1 + 2 ** -12, -(1 + 2 ** -11)) : 0;
    return `relaxed SIMD, rounded ${rest === 0 ? "twice" : "once"}`;
  } catch {
    return typeof WebAssembly === "object" && WebAssembly.validate(Uint8Array.from(simd)) ? "SIMD" : "no SIMD";
  }
}
