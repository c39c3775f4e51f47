// How parameters start. Each initializer is a function of a shape; those with settings are called with them first:
// `heNormal` and `heNormal({ gain: 1 })` are both initializers.

export {
  constant,
  type NormalSettings,
  normal,
  ones,
  truncatedNormal,
  type UniformSettings,
  uniform,
  zeros,
} from "./initializers/distributions.ts";
export type { FloatDType, Initializer, InitializerFamily, InitializerOptions } from "./initializers/family.ts";
export { identity, orthogonal } from "./initializers/matrices.ts";
export {
  type Fans,
  fans,
  type GainSettings,
  heNormal,
  heUniform,
  leCunNormal,
  leCunUniform,
  type VarianceScalingSettings,
  varianceScaling,
  xavierNormal,
  xavierUniform,
} from "./initializers/scaling.ts";
