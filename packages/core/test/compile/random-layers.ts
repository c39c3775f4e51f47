// Images, sequences, attention and random numbers as random graphs use them: of a value's elements, with kernels and weights that
// are elements of it too, so that gradients flow through both.

import { type Application, type Choices, distinct, formula, type Known } from "./random-parts.ts";

const chosen = <T>({ pick }: Choices, of: readonly T[]): T | undefined => of[pick(of.length)];

/** A value as images, if its size allows it: the code, the channels, and the number of pixels. */
interface Image {
  readonly x: Known;
  readonly image: string;
  readonly channels: number;
}

const imaged = (
  make: (of: Image, choices: Choices) => string | null,
  fits: (x: Known) => boolean = () => true,
): Application =>
  formula((x, choices) => {
    const { size } = x.value;
    const width = chosen(
      choices,
      [3, 4, 5, 8].filter((wide) => size % wide === 0 && size >= 2 * wide),
    );
    if (width === undefined || !fits(x)) return null;
    const fitting = [1, 2, 3].filter((count) => size % (count * width) === 0 && size >= 2 * count * width);
    const channels = chosen(choices, fitting) ?? 1;
    return make({ x, image: `reshape(${x.name}, [1, -1, ${width}, ${channels}])`, channels }, choices);
  });

const filters: readonly number[] = [2, 1, 3, 8];
const paddings: readonly string[] = ["same", "valid"];

/** Operators on images: batch, height, width, channels. */
export const images: Readonly<Record<string, Application>> = {
  conv2d: imaged(({ x, image, channels }, choices) => {
    const kernel = `like(${x.name}, [2, ${1 + choices.pick(3)}, ${channels}, ${chosen(choices, filters)}], 1)`;
    return `conv2d(${image}, ${kernel}, { padding: "${chosen(choices, paddings)}", stride: ${1 + choices.pick(2)} })`;
  }),
  convTranspose2d: imaged(({ x, image, channels }, choices) => {
    const kernel = `like(${x.name}, [2, 2, ${chosen(choices, filters)}, ${channels}], 1)`;
    return `convTranspose2d(${image}, ${kernel}, { stride: ${1 + choices.pick(2)} })`;
  }),
  maxPool2d: imaged(({ image }, { pick }) => `maxPool2d(${image}, { size: 2, stride: ${1 + pick(2)} })`, distinct),
  avgPool2d: imaged(({ image }) => `avgPool2d(${image}, { size: 2 })`),
  adaptiveAvgPool2d: imaged(({ image }, { pick }) => `adaptiveAvgPool2d(${image}, [${1 + pick(2)}, ${1 + pick(3)}])`),
  unfold: imaged(
    ({ image }, choices) =>
      `unfold(${image}, { size: [2, ${1 + choices.pick(3)}], padding: "${chosen(choices, paddings)}" })`,
  ),
  fold: formula(({ name, value }) =>
    value.size % 4 === 0 ? `fold(reshape(${name}, [1, -1, 4]), [2, ${value.size / 4 + 1}], { size: 2 })` : null,
  ),
};

/** The number of units of a recurrent layer, with weights for its gates. */
const recurrent = (name: string, gates: number): Application =>
  formula((x, choices) => {
    const [time = 0, features = 0] = x.value.shape.slice(-2);
    const units = chosen(choices, [1, 3, 4]) ?? 1;
    if (x.value.rank < 2 || time > 5 || features > 8) return null;
    const weight = `like(${x.name}, [${features}, ${gates * units}], 1)`;
    return `${name}(${x.name}, ${weight}, like(${x.name}, [${units}, ${gates * units}], 2)).output`;
  });

/** Operators on sequences: batch, time, features. */
export const sequences: Readonly<Record<string, Application>> = {
  conv1d: formula(({ name, value }, choices) => {
    const channels = chosen(
      choices,
      [1, 3, 4, 5].filter((count) => value.size % count === 0 && value.size >= 3 * count),
    );
    if (channels === undefined) return null;
    const kernel = `like(${name}, [${1 + choices.pick(3)}, ${channels}, ${chosen(choices, filters)}], 1)`;
    return `conv1d(reshape(${name}, [1, -1, ${channels}]), ${kernel}, { padding: "${chosen(choices, paddings)}" })`;
  }),
  rnn: recurrent("rnn", 1),
  gru: recurrent("gru", 3),
  lstm: recurrent("lstm", 4),
  scaledDotProductAttention: formula(({ name, value }, { pick }) => {
    const [keys, values] = [3, 1].map((first) => `like(${name}, [${value.shape}], ${first})`);
    return value.rank < 2
      ? null
      : `scaledDotProductAttention(${name}, ${keys}, ${values}, { causal: ${pick(2) === 1} })`;
  }),
};

const rates: readonly string[] = ["0.5", "0.1", "1", "0"];

/** Random numbers: in every call others, and in float32 as in float64 the same. */
export const drawing: Readonly<Record<string, Application>> = {
  dropout: formula(({ name }, choices) => `dropout(${name}, ${chosen(choices, rates)}, { generator })`),
  uniform: formula(({ name, value }) => `mul(${name}, uniform([${value.shape}], { generator }))`),
  normal: formula(({ name, value }) => `add(${name}, normal([${value.shape}], { generator }))`),
  bernoulli: formula(({ name, value }) => `mul(${name}, bernoulli([${value.shape}], 0.7, { generator }))`),
};
