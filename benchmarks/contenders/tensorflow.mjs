// TensorFlow.js on its wasm backend (or, asked for, its cpu one): the core API by hand, which is faster than its Layers API,
// and batch normalization written out, which is faster than its own. Setting `api: "layers"` takes `tf.sequential` instead.
// The wasm backend is synchronous: a call that has returned has been executed.
import { createRequire } from "node:module";
import { layerSizes, mnistBatches, ramp } from "../harness/data.mjs";

// Its Node builds, which find their WebAssembly files by themselves, are CommonJS.
const require = createRequire(import.meta.url);
const tf = require("@tensorflow/tfjs");
const { setThreadsCount } = require("@tensorflow/tfjs-backend-wasm");

export const version = tf.version.tfjs;

const use = async (backend) => {
  if (backend === "wasm") setThreadsCount(1);
  await tf.setBackend(backend);
  if (tf.getBackend() !== backend) throw new Error(`its ${backend} backend does not start`);
};

const glorotUniform = (inputs, outputs) => {
  const limit = Math.sqrt(6 / (inputs + outputs));
  return tf.variable(tf.randomUniform([inputs, outputs], -limit, limit));
};

const parametersOf = (inputs, outputs, layer) => {
  const dense = { weight: glorotUniform(inputs, outputs), bias: tf.variable(tf.zeros([outputs])) };
  if (layer === 3) return dense;
  return { ...dense, gamma: tf.variable(tf.ones([outputs])), beta: tf.variable(tf.zeros([outputs])) };
};

const average = (running, value) => running.assign(tf.add(tf.mul(running, 0.99), tf.mul(value, 0.01)));

const batchNorm = (x, { gamma, beta }, running) => {
  const { mean, variance } = tf.moments(x, 0);
  average(running.mean, mean);
  average(running.variance, variance);
  return tf.add(tf.mul(tf.sub(x, mean), tf.mul(tf.rsqrt(tf.add(variance, 1e-3)), gamma)), beta);
};

const stepByHand = () => {
  const parameters = layerSizes.slice(1).map((outputs, layer) => parametersOf(layerSizes[layer], outputs, layer));
  const running = layerSizes.slice(1, 4).map((size) => ({
    mean: tf.variable(tf.zeros([size]), false),
    variance: tf.variable(tf.ones([size]), false),
  }));
  const variables = parameters.flatMap((layer) => Object.values(layer));
  const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-7);
  const forward = (x) => {
    let hidden = x;
    for (const [layer, { weight, bias, ...norm }] of parameters.entries()) {
      hidden = tf.add(tf.matMul(hidden, weight), bias);
      if (layer === 3) break;
      hidden = tf.relu(batchNorm(hidden, norm, running[layer]));
      if (layer === 1) hidden = tf.dropout(hidden, 0.3);
    }
    return hidden;
  };
  return (pixels, labels, batch) =>
    tf.tidy(() => {
      const x = tf.tensor2d(pixels, [batch, 784]);
      const target = tf.oneHot(tf.tensor1d(labels, "int32"), 10);
      const loss = () => tf.losses.softmaxCrossEntropy(target, forward(x));
      return optimizer.minimize(loss, true, variables).dataSync()[0];
    });
};

const stepWithLayers = () => {
  const { batchNormalization, dense, dropout, reLU } = tf.layers;
  const norm = () => batchNormalization({ momentum: 0.99, epsilon: 1e-3 });
  const layers = [
    ...[dense({ units: 256, inputShape: [784] }), norm(), reLU()],
    ...[dense({ units: 128 }), norm(), reLU(), dropout({ rate: 0.3 })],
    ...[dense({ units: 64 }), norm(), reLU()],
    dense({ units: 10 }),
  ];
  const model = tf.sequential({ layers });
  const loss = (target, logits) => tf.losses.softmaxCrossEntropy(target, logits);
  model.compile({ optimizer: tf.train.adam(1e-3, 0.9, 0.999, 1e-7), loss });
  return async (pixels, labels, batch) => {
    const x = tf.tensor2d(pixels, [batch, 784]);
    const target = tf.tidy(() => tf.oneHot(tf.tensor1d(labels, "int32"), 10));
    const value = await model.trainOnBatch(x, target);
    tf.dispose([x, target]);
    return value;
  };
};

export const step = async ({ batch, backend = "wasm", api = "core" }) => {
  await use(backend);
  const train = api === "layers" ? stepWithLayers() : stepByHand();
  const batches = mnistBatches(batch, 64);
  let index = 0;
  const run = () => {
    const { x, y } = batches[index++ % batches.length];
    return train(x, y, batch);
  };
  return { step: { run } };
};

/** The convolutional network; its wasm backend has no gradient of a convolution, so this runs on the cpu backend. */
export const cnn = async ({ batch, backend = "cpu" }) => {
  await use(backend);
  const layer = (shape, inputs, outputs) => ({
    weight: tf.variable(glorotUniform(inputs, outputs).reshape(shape)),
    bias: tf.variable(tf.zeros([outputs])),
  });
  const parameters = [
    layer([3, 3, 1, 16], 9, 16),
    layer([3, 3, 16, 32], 144, 32),
    layer([7 * 7 * 32, 10], 7 * 7 * 32, 10),
  ];
  const variables = parameters.flatMap((each) => Object.values(each));
  const optimizer = tf.train.adam(1e-3);
  const forward = (x) => {
    let hidden = x;
    for (const { weight, bias } of parameters.slice(0, 2))
      hidden = tf.maxPool(tf.relu(tf.add(tf.conv2d(hidden, weight, 1, "same"), bias)), 2, 2, "valid");
    const { weight, bias } = parameters[2];
    return tf.add(tf.matMul(hidden.reshape([batch, 7 * 7 * 32]), weight), bias);
  };
  const train = (pixels, labels) =>
    tf.tidy(() => {
      const x = tf.tensor4d(pixels, [batch, 28, 28, 1]);
      const target = tf.oneHot(tf.tensor1d(labels, "int32"), 10);
      const loss = () => tf.losses.softmaxCrossEntropy(target, forward(x));
      return optimizer.minimize(loss, true, variables).dataSync()[0];
    });
  const batches = mnistBatches(batch, 64);
  let index = 0;
  const run = () => {
    const { x, y } = batches[index++ % batches.length];
    return train(x, y);
  };
  return { step: { run } };
};

/** One call from tensors that stay with the library to its result; nothing is copied in or out. */
const call = (compute) => ({
  run: () => compute().dispose(),
  values: () => tf.tidy(() => compute().dataSync()),
});

export const gemm = async ({ shapes, backend = "wasm" }) => {
  await use(backend);
  const cases = shapes.map(({ name, form, a, b }) => {
    const [left, right] = [a, b].map((shape) => tf.tensor2d(ramp(shape[0] * shape[1]), shape));
    return [name, call(() => tf.matMul(left, right, form === "Aᵀ·B", form === "A·Bᵀ"))];
  });
  return Object.fromEntries(cases);
};

export const elementwise = async ({ size, rows, a, b, backend = "wasm" }) => {
  await use(backend);
  const x = tf.tensor1d(ramp(size));
  const matrix = tf.tensor2d(ramp(size), [rows, size / rows]);
  const [scale, shift] = [tf.scalar(a), tf.scalar(b)];
  return {
    "relu(x·a + b)": call(() => tf.tidy(() => tf.relu(tf.add(tf.mul(x, scale), shift)))),
    "exp(x)": call(() => tf.exp(x)),
    "tanh(x)": call(() => tf.tanh(x)),
    "sum of rows": call(() => tf.sum(matrix, 1)),
    "sum of columns": call(() => tf.sum(matrix, 0)),
  };
};
