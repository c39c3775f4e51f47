// The elementwise operators as random graphs use them, each kept off its jumps and within its domain.

import { type Application, apart, formula, type Known, largest, off, offZero, unary } from "./random-parts.ts";

const binary =
  (
    name: string,
    fits: (a: Known, b: Known) => boolean = () => true,
    before: readonly [string, string] = ["", ""],
  ): Application =>
  (choices) => {
    const a = choices.floats();
    const b = choices.partner(a);
    return fits(a, b) ? `${name}(${a.name}${before[0]}, ${b.name}${before[1]})` : null;
  };

const logical =
  (name: string): Application =>
  (choices) => {
    const a = choices.conditions() ?? choices.floats();
    if (a.value.dtype !== "bool" && !offZero(a)) return null;
    return name === "logicalNot" ? `${name}(${a.name})` : `${name}(${a.name}, ${a.name}.sum().gt(0.5))`;
  };

/** Elementwise operators, and two of our own. */
export const elementwise: Readonly<Record<string, Application>> = {
  neg: unary("neg"),
  abs: unary("abs", offZero),
  sign: unary("sign", offZero),
  square: unary("square"),
  reciprocal: unary("reciprocal", undefined, ".square().add(0.5)"),
  add: binary("add"),
  sub: binary("sub"),
  mul: binary("mul"),
  div: binary("div", undefined, ["", ".square().add(0.5)"]),
  pow: binary("pow", undefined, [".square().add(0.5)", ".tanh()"]),
  mod: formula((x) => (off(x, (number) => 3 * Math.round(number / 3)) ? `mod(${x.name}, 3)` : null)),
  maximum: binary("maximum", apart),
  minimum: binary("minimum", apart),
  exp: unary("exp", (x) => largest(x) < 4),
  expm1: unary("expm1", (x) => largest(x) < 4),
  log: unary("log", undefined, ".square().add(0.5)"),
  log1p: unary("log1p", undefined, ".square()"),
  sqrt: unary("sqrt", undefined, ".square().add(0.5)"),
  rsqrt: unary("rsqrt", undefined, ".square().add(0.5)"),
  sin: unary("sin"),
  cos: unary("cos"),
  tan: unary("tan", undefined, ".tanh()"),
  asin: unary("asin", undefined, ".tanh().mul(0.9)"),
  acos: unary("acos", undefined, ".tanh().mul(0.9)"),
  atan: unary("atan"),
  atan2: binary("atan2", undefined, ["", ".square().add(0.5)"]),
  sinh: unary("sinh", (x) => largest(x) < 4),
  cosh: unary("cosh", (x) => largest(x) < 4),
  erf: unary("erf"),
  floor: unary("floor", (x) => off(x, Math.round)),
  ceil: unary("ceil", (x) => off(x, Math.round)),
  round: unary("round", (x) => off(x, (number) => Math.floor(number) + 0.5)),
  trunc: unary("trunc", (x) => off(x, Math.round)),
  eq: binary("eq", apart),
  ne: binary("ne", apart),
  lt: binary("lt", apart),
  le: binary("le", apart),
  gt: binary("gt", apart),
  ge: binary("ge", apart),
  logicalAnd: logical("logicalAnd"),
  logicalOr: logical("logicalOr"),
  logicalXor: logical("logicalXor"),
  logicalNot: logical("logicalNot"),
  isNaN: unary("isNaN"),
  isFinite: unary("isFinite"),
  where: (choices) => {
    const a = choices.floats();
    const b = choices.partner(a);
    return offZero(a) ? `where(gt(${a.name}, 0), ${a.name}, ${b.name})` : null;
  },
  clip: formula((x) => (off(x, () => -0.7) && off(x, () => 1.3) ? `clip(${x.name}, -0.7, 1.3)` : null)),
  log2: unary("log2", undefined, ".square().add(0.5)"),
  squaredDifference: binary("squaredDifference"),
  lerp: (choices) => {
    const a = choices.floats();
    return `lerp(${a.name}, ${choices.partner(a).name}, ${choices.pick(5) / 4})`;
  },
  maskedFill: (choices) => {
    const a = choices.floats();
    return offZero(a) ? `maskedFill(${a.name}, gt(${a.name}, 0), ${choices.partner(a).name})` : null;
  },
  softsign: unary("softsign"),
  relu6: unary("relu6", (x) => offZero(x) && off(x, () => 6)),
  hardTanh: unary("hardTanh", (x) => off(x, (number) => Math.sign(number))),
  hardSigmoid: unary("hardSigmoid", (x) => off(x, (number) => 3 * Math.sign(number))),
  hardSwish: unary("hardSwish", (x) => off(x, (number) => 3 * Math.sign(number))),
  leakyRelu: unary("leakyRelu", offZero),
  prelu: formula((x) => (offZero(x) ? `prelu(${x.name}, ${x.name}.mean())` : null)),
  elu: unary("elu", offZero),
  selu: unary("selu", offZero),
  celu: formula((x) => (offZero(x) ? `celu(${x.name}, { alpha: 0.5 })` : null)),
  mish: unary("mish"),
  gelu: formula((x, { pick }) => `gelu(${x.name}, { approximate: "${pick(2) === 0 ? "none" : "tanh"}" })`),
  sigmoid: unary("sigmoid"),
  tanh: unary("tanh"),
  relu: unary("relu", offZero),
  softplus: unary("softplus"),
  logSigmoid: unary("logSigmoid"),
  silu: unary("silu"),
  blend: binary("blend"),
};
