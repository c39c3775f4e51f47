// How PyTorch's layers name and lay out what ours hold: a row for each variable. PyTorch keeps a Linear's weight as [out, in] and
// kernels as [out, in, height, width] (transposed ones as [in, out, …]); ours are [in, out] and [height, width, in, out].
// Source: the documentation of torch.nn, "Variables" of each module.

/** One of our layers' variables, as PyTorch has it. */
export interface Layout {
  /** PyTorch's name. */
  readonly name: string;
  /** Our axes in PyTorch's: axis i of ours is axis `order[i]` of theirs. Equal if not given. */
  readonly order?: readonly number[];
}

const bias: Layout = { name: "bias" };
const weight: Layout = { name: "weight" };
const scaleAndShift = { gamma: weight, beta: bias };

/** By the kind of our layer, then by the name of its variable. */
export const layouts: Readonly<Record<string, Readonly<Record<string, Layout>>>> = {
  dense: { weight: { name: "weight", order: [1, 0] }, bias },
  conv1d: { weight: { name: "weight", order: [2, 1, 0] }, bias },
  conv2d: { weight: { name: "weight", order: [2, 3, 1, 0] }, bias },
  conv_transpose2d: { weight: { name: "weight", order: [2, 3, 0, 1] }, bias },
  batch_norm: {
    ...scaleAndShift,
    runningMean: { name: "running_mean" },
    runningVariance: { name: "running_var" },
    batches: { name: "num_batches_tracked" },
  },
  layer_norm: scaleAndShift,
  group_norm: scaleAndShift,
  rms_norm: scaleAndShift,
  embedding: { weight },
  prelu: { weight },
};

/** What PyTorch saves of a layer and ours may have no use for: the count of batches, which only `momentum: null` needs. */
export const dispensable: ReadonlySet<string> = /* @__PURE__ */ new Set(["num_batches_tracked"]);
