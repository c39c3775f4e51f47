// The lessons, in the order of the lecture.

import { batchNormalization } from "./batch-normalization.ts";
import { batchnormInitialization } from "./batchnorm-initialization.ts";
import { batchnormLearningRate } from "./batchnorm-learning-rate.ts";
import { batchnormPlacement } from "./batchnorm-placement.ts";
import { batchnormRegularizes } from "./batchnorm-regularizes.ts";
import { biasBeforeBatchnorm } from "./bias-before-batchnorm.ts";
import { constantInitialization } from "./constant-initialization.ts";
import { deadRelu } from "./dead-relu.ts";
import { derivativeRanges } from "./derivative-ranges.ts";
import { epochsBatchesSteps } from "./epochs-batches-steps.ts";
import { explodingGradient } from "./exploding-gradient.ts";
import { finalNetwork } from "./final-network.ts";
import type { Lesson } from "./frame/lesson.ts";
import { gammaAndBeta } from "./gamma-and-beta.ts";
import { initialization } from "./initialization.ts";
import { inputStandardization } from "./input-standardization.ts";
import { movingAverages } from "./moving-averages.ts";
import { overfitting } from "./overfitting.ts";
import { vanishingGradient } from "./vanishing-gradient.ts";

/** All lessons. */
export const lessons: readonly Lesson[] = [
  epochsBatchesSteps,
  derivativeRanges,
  vanishingGradient,
  explodingGradient,
  deadRelu,
  constantInitialization,
  initialization,
  inputStandardization,
  batchNormalization,
  gammaAndBeta,
  movingAverages,
  biasBeforeBatchnorm,
  batchnormLearningRate,
  batchnormInitialization,
  batchnormRegularizes,
  batchnormPlacement,
  overfitting,
  finalNetwork,
];
