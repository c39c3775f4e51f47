// Matrix products against the peak of the machine: `node bench/gemm.ts [rounds]` (Node 22 or newer; bundle it for 20).
// For each shape: the kernel on operands that lie in its memory, and the eager call with its copies, in GFLOP/s and as
// a share of a register-only loop. All are measured in turn in every round; the best and the median of each are shown.
import { type Matrix, multiply } from "../src/engine/matmul.ts";
import { gemmModule } from "../src/engine/matmul-wasm.ts";
import { OPERATIONS_PER_ROUND, peakLoop } from "../src/program/peak.ts";
import { features } from "../src/wasm/features.ts";
import { type GemmForm, type GemmKernel, gemmScratchBytes } from "../src/wasm/gemm.ts";

interface Shape {
  readonly form: GemmForm;
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

const SHAPES: readonly Shape[] = [
  { form: "nn", m: 64, k: 784, n: 256 },
  { form: "tn", m: 784, k: 64, n: 256 },
  { form: "nt", m: 64, k: 128, n: 256 },
  { form: "nt", m: 64, k: 256, n: 128 },
  { form: "nn", m: 256, k: 256, n: 256 },
  { form: "nn", m: 512, k: 512, n: 512 },
  { form: "nn", m: 1024, k: 1024, n: 1024 },
  { form: "nn", m: 64, k: 64, n: 10 },
];

/** Operations and a function that performs them once. */
interface Candidate {
  readonly operations: number;
  readonly run: () => void;
}

const matrix = (rows: number, columns: number, transposed: boolean): Matrix => ({
  data: new Float32Array(rows * columns).map(() => Math.random() - 0.5),
  offset: 0,
  rows,
  columns,
  rowStride: transposed ? 1 : columns,
  columnStride: transposed ? rows : 1,
});

/** The kernel alone, on operands that lie in its memory: scratch, A, B, C one after the other. */
function resident({ form, m, k, n }: Shape): Candidate {
  const a = gemmScratchBytes();
  const b = a + 4 * m * k;
  const c = b + 4 * k * n;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((c + 4 * m * n) / 65536) });
  const floats = new Float32Array(memory.buffer);
  for (let i = 0; i < floats.length; i++) floats[i] = Math.random() - 0.5;
  const { exports } = new WebAssembly.Instance(gemmModule(features().relaxedSimd), { env: { memory } });
  const kernel = exports[form] as GemmKernel; // cast: the module exports it so
  const [aStride, bStride] = [4 * (form[0] === "t" ? m : k), 4 * (form[1] === "t" ? k : n)];
  return { operations: 2 * m * n * k, run: () => kernel(a, b, c, 0, m, n, k, aStride, bStride, 4 * n, 0) };
}

/** The eager call: operands copied in, the result copied out. */
function eager({ form, m, k, n }: Shape): Candidate {
  const [a, b] = [matrix(m, k, form[0] === "t"), matrix(k, n, form[1] === "t")];
  return { operations: 2 * m * n * k, run: () => void multiply(a, b) };
}

/** GFLOP/s over a millisecond or more, with warm caches. */
function measure({ operations, run }: Candidate): number {
  const repeats = Math.max(1, Math.round(6e7 / operations));
  run();
  const start = performance.now();
  for (let i = 0; i < repeats; i++) run();
  return (operations * repeats) / (performance.now() - start) / 1e6;
}

const loop = peakLoop();
const peak: Candidate = { operations: 50_000 * OPERATIONS_PER_ROUND, run: () => void loop(50_000) };
const candidates = [peak, ...SHAPES.flatMap((shape) => [resident(shape), eager(shape)])];
const rates = candidates.map((): number[] => []);
const rounds = Number(process.argv[2] ?? 40);
for (let round = -5; round < rounds; round++) {
  for (const [i, candidate] of candidates.entries()) {
    const rate = measure(candidate);
    if (round >= 0) rates[i]?.push(rate);
  }
}

const results = rates.map((list) => {
  const sorted = [...list].sort((x, y) => x - y);
  return { best: sorted.at(-1) ?? 0, median: sorted[sorted.length >> 1] ?? 0 };
});
const [ceiling = { best: 0, median: 0 }, ...products] = results;
const cell = ({ best, median }: { best: number; median: number }): string => {
  const shares = [best / ceiling.best, median / ceiling.median].map((share) => share.toFixed(2));
  return `${best.toFixed(1)} (${shares[0]}), median ${median.toFixed(1)} (${shares[1]})`;
};
const instructions = features().relaxedSimd ? "relaxed_madd" : "mul + add";
console.log(`Node ${process.versions.node}, ${instructions}: best GFLOP/s (share of the peak), median (share)`);
console.log(`${"peak".padEnd(18)} ${cell(ceiling)}`);
for (const [i, { form, m, k, n }] of SHAPES.entries()) {
  const name = `${form} ${m}×${k}×${n}`.padEnd(18);
  const [inside, call] = [products[2 * i] ?? ceiling, products[2 * i + 1] ?? ceiling];
  console.log(`${name} resident ${cell(inside).padEnd(38)} eager ${cell(call)}`);
}
