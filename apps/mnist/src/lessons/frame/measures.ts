// What lessons look at in a network: the outputs of its layers, and the gradients that reach them.

import { noGrad, type Tensor } from "@gradus/core";
import { crossEntropy, Dense, type Layer, type Sequential } from "@gradus/layers";

/** The output of every layer, in order, for a batch; in the mode that the network is in. */
export function layerOutputs(model: Sequential, x: Tensor): { readonly layer: Layer; readonly output: Tensor }[] {
  return noGrad(() => {
    let value = x;
    return [...model].map((layer) => {
      value = layer.forward(value);
      return { layer, output: value };
    });
  });
}

/** The spread (standard deviation) of the outputs of every layer of one kind. */
export function spreads(model: Sequential, x: Tensor, of: (layer: Layer) => boolean): number[] {
  return layerOutputs(model, x)
    .filter(({ layer }) => of(layer))
    .map(({ output }) => output.std().item());
}

/** The Dense layers of a chain. */
export const denseLayers = (model: Sequential): Dense[] => [...model].filter((layer) => layer instanceof Dense);

/** The gradients of a layer's parameters. */
export interface LayerGradients {
  /** ∂L/∂W, `[inputs, outputs]`. */
  readonly weight: Tensor;
  /** ∂L/∂b, `[outputs]`: the sum over the batch of what reaches the layer's output. */
  readonly bias: Tensor;
}

/** The gradients of the cross-entropy for all Dense layers of a chain; afterwards the parameters have none. */
export function gradients(model: Sequential, x: Tensor, labels: Tensor): LayerGradients[] {
  const parameters = model.parameters();
  for (const parameter of parameters) parameter.grad = null;
  crossEntropy(model.forward(x), labels).backward();
  const found = denseLayers(model).map(({ weight, bias }) => {
    if (weight.grad === null || bias === null || bias.grad === null) throw new Error("a Dense layer got no gradient");
    return { weight: weight.grad, bias: bias.grad };
  });
  for (const parameter of parameters) parameter.grad = null;
  return found;
}

/** The norms of the gradients of the weights, from the first Dense layer to the last. */
export const gradientNorms = (model: Sequential, x: Tensor, labels: Tensor): number[] =>
  gradients(model, x, labels).map(({ weight }) => weight.norm().item());

/** The share of the rows whose largest logit is that of the label; in the mode that the network is in. */
export function accuracyOf(model: Layer, x: Tensor, labels: Tensor): number {
  return noGrad(() => model.forward(x).argMax(-1).eq(labels).cast("float32").mean().item());
}

/** The elements of a tensor. */
export const numbers = (tensor: Tensor): number[] => Array.from(tensor.toTypedArray(), Number);
