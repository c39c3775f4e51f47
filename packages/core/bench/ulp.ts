// How exact and how fast the vector approximations are: each function against double precision, at every 97th float, the first and
// last floats of every binade and all special values; pairs for functions of two. Run it with
// `node --conditions=@gradus/source --experimental-strip-types bench/ulp.ts [stride]` on Node 22 or newer, and it prints the page
// docs/accuracy.md.
import { call, input, type ScalarFunction, signatures } from "../src/expr/expr.ts";
import { evaluators } from "../src/expr/javascript.ts";
import { type VectorLoop, vectorLoop } from "../test/wasm/vectors.ts";
import { ulps } from "./accuracy.ts";

const LENGTH = 1 << 14;
const STRIDE = Number(process.argv[2] ?? 97);
const PAIRS = Math.ceil(2 ** 32 / STRIDE / 4 / LENGTH) * LENGTH;

interface Worst {
  error: number;
  at: readonly number[];
}

function compare(fn: ScalarFunction, { inputs, result, run }: VectorLoop, worst: Worst): void {
  run();
  const evaluator = evaluators[fn];
  const [x, y] = inputs;
  for (let i = 0; i < LENGTH; i++) {
    const a = x?.[i] ?? 0;
    const b = y?.[i] ?? 0;
    const error = ulps(result[i] ?? 0, evaluator(a, b, 0));
    if (error > worst.error) {
      worst.error = error;
      worst.at = y === undefined ? [a] : [a, b];
    }
  }
}

/** Floats by their bits: both ends of each binade, with both signs. */
function edges(): number[] {
  const found = new Set<number>();
  for (let exponent = 0; exponent < 256; exponent++) {
    for (let step = 0; step < 64; step++) {
      for (const pattern of [exponent * 2 ** 23 + step, (exponent + 1) * 2 ** 23 - 1 - step])
        found.add(pattern).add(pattern + 2 ** 31);
    }
  }
  return [...found];
}

function sweep(fn: ScalarFunction): Worst {
  const worst: Worst = { error: -1, at: [] };
  const loop = vectorLoop(call(fn, input(0)), LENGTH, ["float32"]);
  const patterns = new Uint32Array(loop.inputs[0]?.buffer ?? new ArrayBuffer(4 * LENGTH), 0, LENGTH);
  const ends = edges();
  for (let start = 0; start < ends.length; start += LENGTH) {
    for (let i = 0; i < LENGTH; i++) patterns[i] = ends[(start + i) % ends.length] ?? 0;
    compare(fn, loop, worst);
  }
  for (let start = 0; start < 2 ** 32; start += STRIDE * LENGTH) {
    for (let i = 0; i < LENGTH; i++) patterns[i] = (start + i * STRIDE) % 2 ** 32;
    compare(fn, loop, worst);
  }
  return worst;
}

let state = 1;
/** The next 32 bits of a xorshift generator. */
function next(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 0;
}

const SPECIAL = [
  0,
  -0,
  1,
  -1,
  2,
  -2,
  3,
  -3,
  0.5,
  -0.5,
  1e-45,
  -1e-45,
  2 ** -126,
  3.4028234663852886e38,
  -3.4028234663852886e38,
  Infinity,
  -Infinity,
  NaN,
];

/** Pairs: of special values; random in all bits; and with results in the middle of the range. */
function sweepPairs(fn: ScalarFunction): Worst {
  const worst: Worst = { error: -1, at: [] };
  const loop = vectorLoop(call(fn, input(0), input(1)), LENGTH, ["float32", "float32"]);
  const [x, y] = loop.inputs;
  const [xBits, yBits] = loop.inputs.map((array) => new Uint32Array(array.buffer, array.byteOffset, LENGTH));
  if (x === undefined || y === undefined || xBits === undefined || yBits === undefined) return worst;
  for (let i = 0; i < LENGTH; i++) {
    x[i] = SPECIAL[i % SPECIAL.length] ?? 0;
    y[i] = SPECIAL[Math.floor(i / SPECIAL.length) % SPECIAL.length] ?? 0;
  }
  compare(fn, loop, worst);
  for (let done = 0; done < PAIRS; done += LENGTH) {
    for (let i = 0; i < LENGTH; i++) {
      xBits[i] = next();
      yBits[i] = next();
    }
    compare(fn, loop, worst);
    for (let i = 0; i < LENGTH; i++) {
      const share = next() / 2 ** 32 - 0.5;
      if (fn === "pow") {
        xBits[i] = i % 2 === 0 ? next() >>> 1 : 0x3f000000 + (next() % 0x1000000);
        y[i] = (share * 300) / Math.log2(x[i] ?? 2);
      } else {
        x[i] = share * 2 ** (next() % 40);
        y[i] = (next() / 2 ** 32 - 0.5) * 2 ** (next() % 40);
      }
    }
    compare(fn, loop, worst);
  }
  return worst;
}

/** Elements a nanosecond, the best of some runs on numbers from −8 to 8. */
function speed(fn: ScalarFunction): number {
  const { arity } = signatures[fn];
  const loop = vectorLoop(
    call(fn, ...[0, 1].slice(0, arity).map((index) => input(index))),
    LENGTH,
    arity === 2 ? ["float32", "float32"] : ["float32"],
  );
  for (const array of loop.inputs) for (let i = 0; i < LENGTH; i++) array[i] = (i / LENGTH) * 16 - 8;
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 300; run++) {
    const start = performance.now();
    loop.run();
    best = Math.min(best, performance.now() - start);
  }
  return LENGTH / best / 1e6;
}

const unary: readonly ScalarFunction[] = [
  "exp",
  "expm1",
  "log",
  "log1p",
  "log2",
  "sigmoid",
  "tanh",
  "erf",
  "sinh",
  "cosh",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "sqrt",
];
const binary: readonly ScalarFunction[] = ["atan2", "pow", "mod", "div"];

console.log(`# How exact the vector functions are

Compiled programs evaluate these functions on four floats at a time, by approximations of their own (\`packages/core/src/wasm/simd-*.ts\`).
The table has the greatest error of each against the same function in double precision, in units in the last place (ULP) of
float32; 0.5 is the least that a rounded result can promise. NaN, infinities and overflow are right where the error is finite.

Swept: for functions of one argument every ${STRIDE}th of all 2³² floats (${Math.ceil(2 ** 32 / STRIDE).toLocaleString("en")}), the first and last 64 floats of every binade with
both signs, and so all zeros, subnormals' ends and infinities; for functions of two, all pairs of ${SPECIAL.length} special values and
${(2 * PAIRS).toLocaleString("en")} random pairs, half of them with random bits and half with results in the middle of the range.
The speed is that of one thread in ${process.version} on the machine of the measurement, in elements a nanosecond.
No instruction used may differ between machines, so the same bits come out everywhere.

| function | range | greatest error (ULP) | at | elements/ns |
|---|---|---|---|---|`);
for (const fn of [...unary, ...binary]) {
  const { error, at } = signatures[fn].arity === 1 ? sweep(fn) : sweepPairs(fn);
  console.log(
    `| ${fn} | ${signatures[fn].arity === 1 ? "all floats" : "all pairs"} | ${error.toFixed(3)} | ${at.join(", ")} | ${speed(fn).toFixed(2)} |`,
  );
}
