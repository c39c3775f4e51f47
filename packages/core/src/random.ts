// Random numbers by counting: value i of call c of a generator is Threefry-2x32 (20 rounds) of the counter (i, c) under the
// generator's key. Nothing is drawn in sequence, so the same seed gives the same numbers on every engine, in any order of
// evaluation and for any number of threads.
// Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

import { AutogradError, checkOption } from "./errors.ts";
import { portable } from "./expr/elementary.ts";

const PARITY = 0x1bd11bda;

/**
 * One block of Threefry-2x32 with 20 rounds: two 32-bit words from a key and a counter, written to `out` at `at`.
 *
 * Each round is x0 += x1; x1 = rotl(x1, r) ^ x0; after every fourth the key is injected.
 */
export function threefry(
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
  out: Uint32Array,
  at: number,
): void {
  const key2 = PARITY ^ key0 ^ key1;
  let x0 = (counter0 + key0) | 0;
  let x1 = (counter1 + key1) | 0;
  let a = key1;
  let b = key2;
  let c = key0;
  for (let injection = 1; injection <= 5; injection++) {
    if (injection & 1) {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
    } else {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
    }
    x0 = (x0 + a) | 0;
    x1 = (x1 + b + injection) | 0;
    const first = a;
    a = b;
    b = c;
    c = first;
  }
  out[at] = x0;
  out[at + 1] = x1;
}

/** What a {@link Generator} is: its seed and how many calls it has served. Plain data, for checkpoints. */
export interface GeneratorState {
  /** What the key is made of, a whole number from 0 to 2⁵³ − 1. */
  readonly seed: number;
  /** How many random operations have drawn so far: the counter of the next one. */
  readonly calls: number;
}

/** The key and call number under which one random operation draws all of its values. */
export interface Draw {
  readonly key0: number;
  readonly key1: number;
  readonly call: number;
}

/** What stands between generators and those who draw; null for nothing. */
let between: ((draw: () => Draw) => Draw) | null = null;

function withBetween<R>(next: typeof between, body: () => R): R {
  const outer = between;
  between = next;
  try {
    return body();
  } finally {
    between = outer;
  }
}

/** Runs `body` and keeps what it draws, from whatever generators. */
export function keepDraws<R>(body: () => R): { readonly result: R; readonly draws: readonly Draw[] } {
  const draws: Draw[] = [];
  const outer = between;
  const keep = (draw: () => Draw): Draw => {
    const kept = outer === null ? draw() : outer(draw);
    draws.push(kept);
    return kept;
  };
  return { result: withBetween(keep, body), draws };
}

/** Runs `body` again: it draws what was kept, and no generator moves on. @throws AutogradError if it draws more */
export function repeatDraws<R>(draws: readonly Draw[], body: () => R): R {
  let at = 0;
  return withBetween(() => {
    const draw = draws[at++];
    if (draw === undefined)
      throw new AutogradError("checkpoint: the function drew more random numbers when it was computed again");
    return draw;
  }, body);
}

/**
 * A source of random numbers: a key made from a seed, and a count of calls. Each random operation takes one call.
 *
 * @example
 * const generator = new Generator(7);
 * uniform([2], { generator }); // the same two numbers on every machine
 */
export class Generator {
  #seed = 0;
  #calls = 0;

  /**
   * @param seed a whole number from 0 to 2⁵³ − 1: the same seed, the same numbers, on every machine and engine
   * @throws OptionError for any other
   */
  constructor(seed: number) {
    this.state = { seed, calls: 0 };
  }

  /** The seed and the calls served so far; assign it to continue from there. */
  get state(): GeneratorState {
    return { seed: this.#seed, calls: this.#calls };
  }

  set state({ seed, calls }: GeneratorState) {
    checkOption(Number.isSafeInteger(seed) && seed >= 0, "Generator", "seed", "a whole number from 0 to 2⁵³ − 1", seed);
    checkOption(Number.isSafeInteger(calls) && calls >= 0, "Generator", "calls", "a whole number ≥ 0", calls);
    this.#seed = seed;
    this.#calls = calls;
  }

  /** A generator that gives the same numbers from here on, independently of this one. */
  clone(): Generator {
    const copy = new Generator(this.#seed);
    copy.state = this.state;
    return copy;
  }

  /** The key and number of the next call; the generator moves on by one. */
  next(): Draw {
    return between === null ? this.#draw() : between(() => this.#draw());
  }

  #draw(): Draw {
    watcher?.(this);
    const call = this.#calls++;
    // Calls past 2³² take another key; seeds beyond 32 bits use both words of it.
    return {
      key0: this.#seed | 0,
      key1: Math.floor(this.#seed / 2 ** 32) ^ (Math.floor(call / 2 ** 32) << 21),
      call: call | 0,
    };
  }
}

let watcher: ((generator: Generator) => void) | null = null;

/** Runs `body` and tells `watch` of each generator just before it is asked for numbers. */
export function watchDraws<R>(watch: (generator: Generator) => void, body: () => R): R {
  const outer = watcher;
  watcher = watch;
  try {
    return body();
  } finally {
    watcher = outer;
  }
}

const shared: Generator = /* @__PURE__ */ new Generator(0);

/**
 * The generator that every random operation without one of its own draws from. It starts with seed 0.
 *
 * @example
 * const { state } = defaultGenerator();
 * const first = uniform([2]);
 * defaultGenerator().state = state;
 * uniform([2]).sub(first); // [0, 0]
 */
export function defaultGenerator(): Generator {
  return shared;
}

/**
 * Starts the default generator anew: the same seed, the same numbers.
 *
 * @example
 * manualSeed(7);
 * const first = uniform([2]);
 * manualSeed(7);
 * uniform([2]).sub(first); // [0, 0]
 */
export function manualSeed(seed: number): void {
  shared.state = { seed, calls: 0 };
}

const block = new Uint32Array(2);

/** Fills `out` with uniform numbers in [0, 1): 24 random bits each for float32, 53 for float64. */
export function fillUniform(out: Float32Array | Float64Array, { key0, key1, call }: Draw): void {
  const length = out.length;
  if (out instanceof Float64Array) {
    for (let index = 0; index < length; index++) {
      threefry(key0, key1, index, call, block, 0);
      out[index] = ((block[0] ?? 0) * 2 ** 21 + ((block[1] ?? 0) >>> 11)) * 2 ** -53;
    }
    return;
  }
  for (let index = 0; index < length; index += 2) {
    threefry(key0, key1, index >>> 1, call, block, 0);
    out[index] = ((block[0] ?? 0) >>> 8) * 2 ** -24;
    if (index + 1 < length) out[index + 1] = ((block[1] ?? 0) >>> 8) * 2 ** -24;
  }
}

/**
 * Fills `out` with standard normal numbers by Box and Muller: from two uniform numbers u, v in (0, 1), the pair
 * √(−2 ln u) · (cos 2πv, sin 2πv). Tails reach 6.7 standard deviations.
 */
export function fillNormal(out: Float32Array | Float64Array, { key0, key1, call }: Draw): void {
  const functions = portable();
  for (let index = 0; index < out.length; index += 2) {
    threefry(key0, key1, index >>> 1, call, block, 0);
    const u = ((block[0] ?? 0) + 0.5) * 2 ** -32;
    const radius = Math.sqrt(-2 * (functions?.log(u, 0) ?? Math.log(u)));
    const angle = 2 * Math.PI * ((block[1] ?? 0) + 0.5) * 2 ** -32;
    out[index] = radius * (functions?.cos(angle, 0) ?? Math.cos(angle));
    if (index + 1 < out.length) out[index + 1] = radius * (functions?.sin(angle, 0) ?? Math.sin(angle));
  }
}

/** A random order of 0 … n − 1 (Fisher and Yates, with unbiased choices of 53 bits). */
export function shuffledIndices(length: number, { key0, key1, call }: Draw): Int32Array {
  const order = new Int32Array(length);
  for (let index = 0; index < length; index++) order[index] = index;
  for (let last = length - 1; last > 0; last--) {
    threefry(key0, key1, last, call, block, 0);
    const unit = ((block[0] ?? 0) * 2 ** 21 + ((block[1] ?? 0) >>> 11)) * 2 ** -53;
    const chosen = Math.floor(unit * (last + 1));
    const value = order[last] ?? 0;
    order[last] = order[chosen] ?? 0;
    order[chosen] = value;
  }
  return order;
}
