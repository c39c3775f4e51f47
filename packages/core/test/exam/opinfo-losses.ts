// How the losses of PyTorch's database are said in our words. Classes are the second axis there, the last here.

import type { Tensor } from "../../src/index.ts";
import * as ops from "../../src/index.ts";
import { maybe, n, type Options, type Row, type Rows, x } from "./opinfo-record.ts";

type Reduction = { readonly reduction: "mean" | "sum" | "none" };

const reductionOf = ({ reduction }: Options): Reduction => ({
  reduction: reduction === "sum" || reduction === "none" ? reduction : "mean",
});

/** A loss of predictions and targets. */
const plain =
  (f: (a: Tensor, b: Tensor, options: Reduction) => Tensor): Row =>
  ([a, b], options) =>
    f(x(a), x(b), reductionOf(options));

const classesLast = (value: Tensor): Tensor =>
  value.rank < 3 ? value : value.permute([0, ...Array.from({ length: value.rank - 2 }, (_, axis) => axis + 2), 1]);

const labelOptions = (options: Options): { readonly weights?: Tensor; readonly ignoreIndex?: number } => {
  const weights = maybe(options["weight"]);
  return {
    ...(weights && { weights }),
    ...(options["ignore_index"] === undefined ? {} : { ignoreIndex: n(options["ignore_index"]) }),
  };
};

/** The losses of the database. */
export const lossRows: Rows = {
  "nn.functional.mse_loss": plain(ops.meanSquaredError),
  "nn.functional.l1_loss": plain(ops.meanAbsoluteError),
  "nn.functional.huber_loss": ([a, b], options) =>
    ops.huber(x(a), x(b), { ...reductionOf(options), delta: n(options["delta"], 1) }),
  "nn.functional.smooth_l1_loss": ([a, b], options) =>
    ops.smoothL1(x(a), x(b), { ...reductionOf(options), beta: n(options["beta"], 1) }),
  "nn.functional.binary_cross_entropy": ([a, b], options) => {
    const weights = maybe(options["weight"]);
    return ops.binaryCrossEntropy(x(a), x(b), {
      fromLogits: false,
      ...reductionOf(options),
      ...(weights && { weights }),
    });
  },
  "nn.functional.binary_cross_entropy_with_logits": ([a, b], options) => {
    const [weights, positiveWeight] = [maybe(options["weight"]), maybe(options["pos_weight"])];
    return ops.binaryCrossEntropy(x(a), x(b), {
      ...reductionOf(options),
      ...(weights && { weights }),
      ...(positiveWeight && { positiveWeight }),
    });
  },
  "nn.functional.cross_entropy": ([a, b], options) => {
    const [logits, target] = [classesLast(x(a)), x(b)];
    const smoothing = n(options["label_smoothing"], 0);
    const probabilities = target.dtype === "float64" || target.dtype === "float32";
    const { weights, ignoreIndex } = labelOptions(options);
    return ops.crossEntropy(logits, probabilities ? classesLast(target) : target, {
      ...reductionOf(options),
      labelSmoothing: smoothing,
      ...(weights && { weights }),
      // It is ignored beside probabilities there, and refused here.
      ...(ignoreIndex === undefined || probabilities ? {} : { ignoreIndex }),
    });
  },
  "nn.functional.nll_loss": ([a, b], options) =>
    ops.nll(classesLast(x(a)), x(b), { ...reductionOf(options), ...labelOptions(options) }),
  "nn.functional.kl_div": ([a, b], { reduction, log_target: logTarget }) =>
    ops.klDivergence(x(a), x(b), {
      reduction: reduction === "batchmean" ? "batchMean" : reductionOf({ reduction }).reduction,
      logTarget: logTarget === true,
    }),
  "nn.functional.cosine_similarity": ([a, b], { dim, eps }) =>
    ops.cosineSimilarity(x(a), x(b), { axis: n(dim, 1), epsilon: n(eps, 1e-8) }),
  "nn.functional.triplet_margin_loss": ([a, b, c], options) =>
    ops.tripletMargin(x(a), x(b), x(c), {
      ...reductionOf(options),
      margin: n(options["margin"], 1),
      p: n(options["p"], 2),
      swap: options["swap"] === true,
    }),
};
