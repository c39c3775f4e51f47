// How fast are element by element operations and sums on a million floats? Each call returns a fresh tensor.
import { ramp } from "../harness/data.mjs";
import { race } from "../harness/race.mjs";
import { round } from "../harness/statistics.mjs";

export const contenders = [
  { name: "gradus eager", contender: "gradus", settings: { mode: "eager" } },
  { name: "gradus fused op", contender: "gradus", settings: { mode: "fused" }, cases: ["relu(x·a + b)"] },
  { name: "gradus compiled", contender: "gradus", settings: { mode: "compiled" } },
  { name: "gradus compiled, in Variables", contender: "gradus", settings: { mode: "in place" } },
  { name: "jax-js jit", contender: "jax-js" },
  { name: "tensorflow.js wasm", contender: "tensorflow", settings: { backend: "wasm" } },
  { name: "pytorch", contender: "pytorch" },
];

const size = 1_000_000;
const rows = 1000;
const [a, b] = [1.5, 0.25];

/** What each case computes at element (or row, or column) `place`, in double precision. */
const truth = (x) => {
  const total = (first, stride) =>
    Array.from({ length: 1000 }, (_, index) => x[first + index * stride]).reduce((sum, value) => sum + value, 0);
  return {
    "relu(x·a + b)": (place) => Math.max(0, x[place] * a + b),
    "exp(x)": (place) => Math.exp(x[place]),
    "tanh(x)": (place) => Math.tanh(x[place]),
    "sum of rows": (place) => total(place * 1000, 1),
    "sum of columns": (place) => total(place, 1000),
  };
};

const expected = () => {
  const places = [0, 1, 2, 3, 333, 998, 999];
  // Two peers sum in plain order: their sums of a thousand numbers are off by more than rounding.
  const tolerance = (name) => (name.startsWith("sum") ? 1e-3 : 1e-6);
  const expectation = ([name, at]) => [name, { places, values: places.map(at), tolerance: tolerance(name) }];
  return Object.fromEntries(Object.entries(truth(ramp(size))).map((each) => expectation(each)));
};

export const ask = async ({ entries, threads, steps = 300, warmUp: warmUpMs = 300, python, progress }) => {
  const calls = 20;
  const measured = await race(entries, {
    question: "elementwise",
    settings: { size, rows, a, b, threads, python },
    rounds: Math.ceil(steps / calls),
    warmUpMs,
    turn: { calls: Math.min(calls, steps), atMostMs: 150 },
    expected: expected(),
    progress,
  });
  // The floats that a call at least reads and writes: a million in, and a million or a thousand out.
  const bytes = (name) => 4 * (size + (name.startsWith("sum") ? rows : size));
  return {
    title: "A million floats",
    rows: measured.map((row) =>
      row.error === undefined ? { ...row, gigabytesPerSecond: round(bytes(row.case) / row.medianMs / 1e6) } : row,
    ),
    extra: { threads: (row) => String(row.threads), "GB/s": (row) => row.gigabytesPerSecond.toFixed(1) },
    remark: "GB/s counts what a call must read and write once: several passes over the data lower it.",
  };
};
