// Parts, padding, tiling and contractions as random graphs use them.

import { type Application, formula, unary } from "./random-parts.ts";

const modes: readonly string[] = ["constant", "replicate", "reflect", "circular"];

/** Operators that lay parts of values elsewhere; where nothing moves, their results are views. */
export const arranged: Readonly<Record<string, Application>> = {
  flip: formula(({ name, value }, { pick }) => `flip(${name}${value.rank === 0 ? "" : `, ${pick(value.rank)}`})`),
  roll: formula(({ name, value }, { pick }) =>
    value.rank === 0 ? null : `roll(${name}, ${pick(7) - 3}, ${pick(value.rank)})`,
  ),
  split: formula(({ name, value }, { pick }) => {
    const axis = pick(value.rank);
    return value.rank === 0 ? null : `split(${name}, ${1 + pick(value.shape[axis] ?? 1)}, ${axis})[0]`;
  }),
  pad: formula(({ name, value }, { pick }) => {
    const mode = modes[value.shape.some((size: number) => size < 2) ? pick(2) : pick(4)];
    const widths = value.shape.map(() => `[${pick(2)}, ${pick(2)}]`);
    return `pad(${name}, [${widths}], { mode: "${mode}" })`;
  }),
  tile: formula(({ name, value }, { pick }) => `tile(${name}, [${value.shape.map(() => 1 + pick(2))}])`),
  tril: unary("tril", ({ value }) => value.rank > 1),
  triu: unary("triu", ({ value }) => value.rank > 1, ", 1"),
  diagonal: unary("diagonal", ({ value }) => value.rank > 1, ", { axis1: -1, axis2: 0 }"),
};

/** Products of vectors and of named axes. */
export const contracted: Readonly<Record<string, Application>> = {
  outer: formula(({ name }) => `outer(flatten(${name}).slice([0, 3]), flatten(${name}).slice([-4, null]))`),
  dot: formula(({ name }) => `dot(flatten(${name}), flatten(${name}))`),
  einsum: formula(({ name, value }, { pick }) => {
    const two = ["ij,kj->ik", "ij,ij->i", "ij->ji", "ij,kj,kl->il", "ij,ik->kj"][pick(5)] ?? "";
    const count = two.split("->")[0]?.split(",").length ?? 1;
    return value.rank === 2
      ? `einsum("${two}", ${new Array(count).fill(name)})`
      : `einsum("...,...->...", ${name}, ${name})`;
  }),
};
