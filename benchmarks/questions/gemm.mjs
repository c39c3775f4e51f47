// How fast are matrix products, in the three forms that a dense layer needs, and how near do they come to the machine's peak?
//   A·B is its forward pass, Aᵀ·B the gradient of its weights, A·Bᵀ the gradient of its input; M×K×N is [M, K]·[K, N].
// `gradus eager` is the call that a program makes, from tensors to a fresh tensor, copies in and out of WebAssembly
// included; `gradus resident` the kernel alone, on operands that lie in its memory. The peers keep their operands to
// themselves: nothing is copied for them. The peak is that of a loop of the same instructions on registers, in the same process.
import { ramp } from "../harness/data.mjs";
import { race } from "../harness/race.mjs";
import { round } from "../harness/statistics.mjs";

export const contenders = [
  { name: "gradus eager", contender: "gradus", settings: { mode: "eager" } },
  { name: "gradus resident", contender: "gradus", settings: { mode: "resident" } },
  { name: "jax-js jit", contender: "jax-js" },
  { name: "tensorflow.js wasm", contender: "tensorflow", settings: { backend: "wasm" } },
  { name: "pytorch", contender: "pytorch" },
];

const shape = (form, m, k, n) => ({
  name: `${m}×${k}×${n}  ${form}`,
  form,
  ...{ m, k, n },
  a: form === "Aᵀ·B" ? [k, m] : [m, k],
  b: form === "A·Bᵀ" ? [n, k] : [k, n],
});

const shapes = [
  shape("A·B", 64, 784, 256),
  shape("Aᵀ·B", 784, 64, 256),
  shape("A·Bᵀ", 64, 128, 256),
  shape("A·B", 256, 256, 256),
  shape("A·B", 512, 512, 512),
];

const peakCase = "SIMD peak";

/** Some elements of the product in double precision, and how far float32 may be from them. */
const expectation = ({ form, m, k, n, a, b }) => {
  const [left, right] = [ramp(a[0] * a[1]), ramp(b[0] * b[1])];
  const leftAt = (i, p) => left[form === "Aᵀ·B" ? p * m + i : i * k + p];
  const rightAt = (p, j) => right[form === "A·Bᵀ" ? j * k + p : p * n + j];
  const element = (place) => {
    const [i, j] = [Math.floor(place / n), place % n];
    return Array.from({ length: k }, (_, p) => leftAt(i, p) * rightAt(p, j)).reduce((sum, term) => sum + term, 0);
  };
  const places = Array.from({ length: 16 }, (_, index) => (index * 7919) % (m * n)).concat(m * n - 1);
  return { places, values: places.map((place) => element(place)), tolerance: 1e-6 * k };
};

const rate = (flops, { medianMs }) => flops / medianMs / 1e6;

export const ask = async ({ entries, steps = 300, warmUp: warmUpMs = 600, python, progress }) => {
  const calls = 30;
  const measured = await race(entries, {
    question: "gemm",
    settings: { shapes, python },
    rounds: Math.ceil(steps / calls),
    warmUpMs,
    turn: { calls: Math.min(calls, steps), atMostMs: 150 },
    expected: Object.fromEntries(shapes.map((each) => [each.name, expectation(each)])),
    progress,
  });
  const peaks = new Map(measured.filter((row) => row.case === peakCase).map((row) => [row.name, row]));
  const peak = ({ name }) => peaks.get(name) ?? peaks.values().next().value;
  const rows = measured
    .filter((row) => row.case !== peakCase)
    .map((row) => {
      if (row.error !== undefined) return row;
      const { m, k, n } = shapes.find((each) => each.name === row.case);
      const gflops = rate(2 * m * k * n, row);
      const top = peak(row) && rate(peak(row).flops, peak(row));
      return { ...row, gflops: round(gflops), ...(top === undefined ? {} : { shareOfPeak: round(gflops / top) }) };
    });
  const percent = (share) => (share === undefined ? "" : `${(share * 100).toFixed(0)} %`);
  return {
    title: "Matrix products in float32",
    rows,
    extra: { "GFLOP/s": (row) => row.gflops.toFixed(1), "of SIMD peak": (row) => percent(row.shareOfPeak) },
    remark: "One thread each.",
  };
};
