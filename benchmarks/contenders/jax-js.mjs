// jax-js: the whole step (gradient, Adam, running statistics, dropout's key) inside one `jit`, on its WebAssembly backend.
// Its results are lazy: reading the loss, or waiting for an array, is what executes the kernels of the call.
import { readFileSync } from "node:fs";
import { layerSizes, mnistBatches, ramp, xavierUniform } from "../harness/data.mjs";

// It would start a thread per core where a global Worker exists; the questions are about one thread.
delete globalThis.Worker;
const {
  blockUntilReady,
  defaultDevice,
  jit,
  lax,
  nn,
  numpy: np,
  random,
  tree,
  valueAndGrad,
} = await import("@jax-js/jax");
if (defaultDevice() !== "wasm") throw new Error(`jax-js runs on ${defaultDevice()}, not on wasm`);

const manifest = new URL("../node_modules/@jax-js/jax/package.json", import.meta.url);
export const version = JSON.parse(readFileSync(manifest, "utf8")).version;

const initialParameters = () =>
  layerSizes.slice(1).map((outputs, layer) => {
    const inputs = layerSizes[layer];
    const weight = np.array(xavierUniform(inputs, outputs, layer + 1), { shape: [inputs, outputs] });
    const dense = { weight, bias: np.zeros([outputs]) };
    return layer < 3 ? { ...dense, gamma: np.ones([outputs]), beta: np.zeros([outputs]) } : dense;
  });

const batchNorm = (x, { gamma, beta }, running) => {
  const mean = np.mean(x.ref, 0);
  const centered = x.sub(mean.ref);
  const variance = np.mean(np.square(centered.ref), 0);
  const next = {
    mean: running.mean.mul(0.99).add(mean.mul(0.01)),
    variance: running.variance.mul(0.99).add(variance.ref.mul(0.01)),
  };
  const scale = np.reciprocal(np.sqrt(variance.add(1e-3))).mul(gamma);
  return [centered.mul(scale).add(beta), next];
};

/** The loss, and the new running statistics beside it. */
const forward = (parameters, running, x, labels, key) => {
  let hidden = x;
  const nextRunning = [];
  for (const [layer, { weight, bias, ...norm }] of parameters.entries()) {
    hidden = np.matmul(hidden, weight).add(bias);
    if (layer === 3) break;
    const [normalized, next] = batchNorm(hidden, norm, running[layer]);
    nextRunning.push(next);
    hidden = nn.relu(normalized);
    if (layer === 1) hidden = np.where(random.bernoulli(key, 0.7, hidden.shape), hidden.div(0.7), 0);
  }
  const chosen = nn.logSoftmax(hidden, -1).mul(nn.oneHot(labels, 10));
  return [chosen.sum(-1).mean().neg(), nextRunning];
};

const adam = (parameters, gradients, { time, first, second }) => {
  const steps = time.add(1);
  const correction1 = np.subtract(1, np.power(0.9, steps.ref));
  const root2 = np.sqrt(np.subtract(1, np.power(0.999, steps.ref)));
  const rate = root2.ref.div(correction1).mul(1e-3);
  const epsilon = root2.mul(1e-7);
  const m = tree.map((old, g) => old.mul(0.9).add(g.ref.mul(0.1)), first, gradients);
  const v = tree.map((old, g) => old.mul(0.999).add(np.square(g).mul(0.001)), second, gradients);
  const update = (p, mean, square) => p.sub(mean.ref.mul(rate.ref).div(np.sqrt(square.ref).add(epsilon.ref)));
  const next = tree.map(update, parameters, m, v);
  tree.dispose([rate, epsilon]);
  return [next, { time: steps, first: m, second: v }];
};

export const step = ({ batch }) => {
  const parameters = initialParameters();
  const zeros = () => tree.map((p) => np.zeros(p.shape), parameters);
  const moments = { time: np.array(0, { dtype: np.float32 }), first: zeros(), second: zeros() };
  const running = layerSizes.slice(1, 4).map((size) => ({ mean: np.zeros([size]), variance: np.ones([size]) }));
  let state = [parameters, moments, running, random.key(0)];

  const train = jit((parameters, moments, running, key, x, labels) => {
    const [dropoutKey, nextKey] = random.split(key);
    const lossAndGradient = valueAndGrad(forward, { hasAux: true });
    const [[loss, nextRunning], gradients] = lossAndGradient(tree.ref(parameters), running, x, labels, dropoutKey);
    return [loss, ...adam(parameters, gradients, moments), nextRunning, nextKey];
  });
  const batches = mnistBatches(batch, 64);
  let index = 0;
  const run = () => {
    const { x, y } = batches[index++ % batches.length];
    const [loss, ...next] = train(...state, np.array(x, { shape: [batch, 784] }), np.array(y));
    state = next;
    return loss.item();
  };
  return { step: { run } };
};

/** The convolutional network: images are channels first here, kernels [filters, channels, 3, 3]. */
const convolutional = (parameters, x, labels, batch) => {
  let hidden = x;
  let size = 28;
  for (const { weight, bias } of parameters.slice(0, 2)) {
    const filters = weight.shape[0];
    hidden = nn.relu(lax.conv(hidden, weight, [1, 1], "SAME").add(bias.reshape([filters, 1, 1])));
    size /= 2;
    hidden = np.max(np.max(hidden.reshape([batch, filters, size, 2, size, 2]), 5), 3);
  }
  const { weight, bias } = parameters[2];
  const logits = np.matmul(hidden.reshape([batch, 7 * 7 * 32]), weight).add(bias);
  return nn.logSoftmax(logits, -1).mul(nn.oneHot(labels, 10)).sum(-1).mean().neg();
};

export const cnn = ({ batch }) => {
  const layer = (shape, inputs, outputs, seed) => {
    const weight = np.array(xavierUniform(inputs, outputs, seed), { shape });
    return { weight, bias: np.zeros([seed === 3 ? outputs : shape[0]]) };
  };
  const parameters = [
    layer([16, 1, 3, 3], 9, 16, 1),
    layer([32, 16, 3, 3], 144, 32, 2),
    layer([7 * 7 * 32, 10], 7 * 7 * 32, 10, 3),
  ];
  const zeros = () => tree.map((p) => np.zeros(p.shape), parameters);
  let state = [parameters, { time: np.array(0, { dtype: np.float32 }), first: zeros(), second: zeros() }];
  const train = jit((parameters, moments, x, labels) => {
    const loss = valueAndGrad((weights) => convolutional(weights, x, labels, batch));
    const [value, gradients] = loss(tree.ref(parameters));
    return [value, ...adam(parameters, gradients, moments)];
  });
  const batches = mnistBatches(batch, 64);
  let index = 0;
  const run = () => {
    const { x, y } = batches[index++ % batches.length];
    const [loss, ...next] = train(...state, np.array(x, { shape: [batch, 1, 28, 28] }), np.array(y));
    state = next;
    return loss.item();
  };
  return { step: { run } };
};

/** One jitted call from arrays that stay with the library to a result that is ready; nothing is copied in or out. */
const call = (compiled, ...inputs) => ({
  run: async () => (await blockUntilReady(compiled(...inputs.map((input) => input.ref)))).dispose(),
  values: () => compiled(...inputs.map((input) => input.ref)).data(),
});

export const gemm = ({ shapes }) => {
  const forms = {
    A·B: jit((a, b) => np.matmul(a, b)),
    Aᵀ·B: jit((a, b) => np.matmul(a.transpose(), b)),
    A·Bᵀ: jit((a, b) => np.matmul(a, b.transpose())),
  };
  const cases = shapes.map(({ name, form, a, b }) => {
    const [left, right] = [a, b].map((shape) => np.array(ramp(shape[0] * shape[1]), { shape }));
    return [name, call(forms[form], left, right)];
  });
  return Object.fromEntries(cases);
};

export const elementwise = ({ size, rows, a, b }) => {
  const x = np.array(ramp(size));
  const matrix = np.array(ramp(size), { shape: [rows, size / rows] });
  return {
    "relu(x·a + b)": call(
      jit((x) => nn.relu(x.mul(a).add(b))),
      x,
    ),
    "exp(x)": call(
      jit((x) => np.exp(x)),
      x,
    ),
    "tanh(x)": call(
      jit((x) => np.tanh(x)),
      x,
    ),
    "sum of rows": call(
      jit((x) => x.sum(1)),
      matrix,
    ),
    "sum of columns": call(
      jit((x) => x.sum(0)),
      matrix,
    ),
  };
};
