// Gradus: the built libraries, as a user's program imports them.
import { readFileSync } from "node:fs";
import * as gradus from "../../packages/core/dist/index.js";
import { mnistBatches, ramp } from "../harness/data.mjs";
import { importTypeScript } from "../harness/typescript.mjs";

const { tensor, Variable } = gradus;

export const version = JSON.parse(
  readFileSync(new URL("../../packages/core/package.json", import.meta.url), "utf8"),
).version;

let threadsInUse = 1;

/** The threads that compiled programs run on; the peers and eager calls have one. */
export const threads = () => threadsInUse;

/** The compiler, as its entry of the package, and its threads; an eager program loads neither. */
const compiler = async (wanted = 1) => {
  if (wanted > 1) {
    const { setThreads } = await import("../../packages/core/dist/threads.js");
    threadsInUse = await setThreads(wanted);
  }
  const { compile } = await import("../../packages/core/dist/compile.js");
  return compile;
};

/** The lecture's network and its optimizer, and a step on tensors. */
const lecture = async () => {
  const { BatchNorm, Dense, Dropout, ReLU, Sequential, crossEntropy } = await import(
    "../../packages/layers/dist/index.js"
  );
  const { Adam } = await import("../../packages/optimizers/dist/index.js");

  gradus.manualSeed(0);
  const model = new Sequential(
    ...[new Dense(784, 256), new BatchNorm(256), new ReLU()],
    ...[new Dense(256, 128), new BatchNorm(128), new ReLU(), new Dropout(0.3)],
    ...[new Dense(128, 64), new BatchNorm(64), new ReLU()],
    new Dense(64, 10),
  );
  const optimizer = new Adam(model.parameters(), { learningRate: 1e-3, epsilon: 1e-7 });
  return (x, labels) => {
    const loss = crossEntropy(model.forward(x), labels);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  };
};

/** What each kernel of the compiled step costs, as a table. */
export const profile = async ({ batch }) => {
  const train = (await compiler())(await lecture());
  const [{ x, y }] = mnistBatches(batch, 1);
  const call = () => train(tensor(x, { shape: [batch, 784] }), tensor(y));
  for (let warmUp = 0; warmUp < 100; warmUp++) call();
  return String(train.programs[0].profile(call));
};

export const step = async ({ batch, mode, threads: wanted }) => {
  const eager = await lecture();
  const train = mode === "compiled" ? (await compiler(wanted))(eager) : eager;
  const batches = mnistBatches(batch, 64);
  let index = 0;
  const run = () => {
    const { x, y } = batches[index++ % batches.length];
    return train(tensor(x, { shape: [batch, 784] }), tensor(y)).item();
  };
  return { step: { run } };
};

/** The convolutional network of the question `cnn` and its optimizer. */
const convolutional = async () => {
  const { Conv2D, Dense, Flatten, MaxPool2D, ReLU, Sequential, crossEntropy } = await import(
    "../../packages/layers/dist/index.js"
  );
  const { Adam } = await import("../../packages/optimizers/dist/index.js");

  gradus.manualSeed(0);
  const model = new Sequential(
    ...[new Conv2D(1, 16, 3, { padding: "same" }), new ReLU(), new MaxPool2D(2)],
    ...[new Conv2D(16, 32, 3, { padding: "same" }), new ReLU(), new MaxPool2D(2)],
    ...[new Flatten(), new Dense(7 * 7 * 32, 10)],
  );
  const optimizer = new Adam(model.parameters(), { learningRate: 1e-3 });
  return (x, labels) => {
    const loss = crossEntropy(model.forward(x), labels);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  };
};

export const cnn = async ({ batch, mode, threads: wanted }) => {
  const eager = await convolutional();
  const train = mode === "compiled" ? (await compiler(wanted))(eager) : eager;
  const batches = mnistBatches(batch, 64);
  let index = 0;
  const run = () => {
    const { x, y } = batches[index++ % batches.length];
    return train(tensor(x, { shape: [batch, 28, 28, 1] }), tensor(y)).item();
  };
  return { step: { run } };
};

/** One eager call, from tensors to a fresh tensor. */
const call = (compute) => ({ run: () => void compute(), values: () => compute().toTypedArray() });

/** The kernel alone: scratch, A, B and C lie one after the other in a memory of its own. */
const resident = ({ features, gemmModule, gemmScratchBytes }, { form, m, k, n, a: aShape, b: bShape }) => {
  const a = gemmScratchBytes();
  const b = a + 4 * m * k;
  const c = b + 4 * k * n;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((c + 4 * m * n) / 65536) });
  new Float32Array(memory.buffer, a).set(ramp(m * k));
  new Float32Array(memory.buffer, b).set(ramp(k * n));
  const { exports } = new WebAssembly.Instance(gemmModule(features().relaxedSimd), { env: { memory } });
  const kernel = exports[{ A·B: "nn", Aᵀ·B: "tn", A·Bᵀ: "nt" }[form]];
  const run = () => kernel(a, b, c, 0, m, n, k, 4 * aShape[1], 4 * bShape[1], 4 * n, 0);
  const values = () => {
    run();
    return new Float32Array(memory.buffer, c, m * n);
  };
  return { run, values };
};

export const gemm = async ({ shapes, mode }) => {
  const forms = {
    A·B: (a, b) => a.matmul(b),
    Aᵀ·B: (a, b) => a.transpose().matmul(b),
    A·Bᵀ: (a, b) => a.matmul(b.transpose()),
  };
  const eager = ({ form, a, b }) => {
    const [left, right] = [a, b].map((shape) => tensor(ramp(shape[0] * shape[1]), { shape }));
    return call(() => forms[form](left, right));
  };
  const inside = await importTypeScript("benchmarks/contenders/gradus-kernels.mjs");
  const loop = inside.peakLoop();
  const rounds = 50_000;
  return {
    "SIMD peak": { run: () => void loop(rounds), flops: rounds * inside.OPERATIONS_PER_ROUND },
    ...Object.fromEntries(
      shapes.map((each) => [each.name, mode === "resident" ? resident(inside, each) : eager(each)]),
    ),
  };
};

export const elementwise = async ({ size, rows, a, b, mode, threads: wanted }) => {
  const x = tensor(ramp(size));
  const matrix = tensor(ramp(size), { shape: [rows, size / rows] });
  const affine = (x) => x.mul(a).add(b).relu();
  const fused = gradus.elementwise({ name: "affineRelu", forward: (x) => x.mul(a).add(b).maximum(0) });
  const compile = mode === "compiled" || mode === "in place" ? await compiler(wanted) : undefined;
  if (mode === "in place") return { "relu(x·a + b)": inPlace(compile, x, affine) };
  const as = (compute) => (compile === undefined ? compute : compile(compute));
  const [relu, exp, tanh] = [mode === "fused" ? fused : affine, (x) => x.exp(), (x) => x.tanh()].map(as);
  const [rowSums, columnSums] = [(x) => x.sum(1), (x) => x.sum(0)].map(as);
  return {
    "relu(x·a + b)": call(() => relu(x)),
    "exp(x)": call(() => exp(x)),
    "tanh(x)": call(() => tanh(x)),
    "sum of rows": call(() => rowSums(matrix)),
    "sum of columns": call(() => columnSums(matrix)),
  };
};

/** A compiled program from one Variable into another: nothing is copied and nothing allocated. */
const inPlace = (compile, x, compute) => {
  const [input, output] = [new Variable(x, { requiresGrad: false }), new Variable(x, { requiresGrad: false })];
  const run = compile(() => gradus.noGrad(() => output.assign(compute(input))));
  const values = () => {
    run();
    return output.toTypedArray();
  };
  return { run: () => void run(), values };
};
