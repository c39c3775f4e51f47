// `demo predict`: reads the digit in a picture.

import { noGrad, type Shape, tensor } from "@gradus/core";
import type { Layer } from "@gradus/layers";
import { digitImage } from "./digit-image.ts";
import { drawDigit, drawProbabilities } from "./drawing.ts";
import { Failure } from "./failure.ts";
import { pixels } from "./model.ts";
import { readPicture } from "./picture.ts";
import { columns, hasColours, print } from "./terminal.ts";
import { loadModel } from "./weights-file.ts";

/** Prints what the network sees in the picture, and how likely it takes each digit to be. */
export async function predict(file: string, image: string): Promise<void> {
  const { model, name } = loadModel(file);
  const digit = digitImage(await readPicture(image));
  if (digit === null) throw new Failure(`${image} has no digit: all of the picture has nearly the same brightness`);
  const chances = probabilities(model, digit, pixels[name]);
  if (chances.some(Number.isNaN)) throw new Failure(`${file} has weights that are no numbers: the training diverged`);
  const likeliest = chances.indexOf(Math.max(...chances));
  print(drawDigit(digit, hasColours()));
  print(`\n${drawProbabilities(chances, columns(), hasColours())}`);
  print(`\nDigit: ${likeliest}`);
}

/** The probabilities of the ten digits: the softmax of the network's logits. */
export function probabilities(model: Layer, digit: Float32Array, shape: Shape = pixels.mlp): readonly number[] {
  model.eval();
  const input = tensor(digit, { shape: [1, ...shape] });
  return [...noGrad(() => model.forward(input).softmax(-1)).toTypedArray()];
}
