// How the operators of networks in PyTorch's database are said in our words. Images and sequences lie channels first there and channels
// last here, so they are turned both ways around.

import {
  adaptiveAvgPool2d,
  avgPool2d,
  conv1d,
  conv2d,
  convTranspose2d,
  maxPool2d,
  type Padding,
  unfold,
} from "../../src/convolution.ts";
import type { Tensor } from "../../src/index.ts";
import * as ops from "../../src/index.ts";
import { list, maybe, n, type Options, pair, type Row, type Rows, x } from "./opinfo-record.ts";

const unary =
  (f: (x: Tensor) => Tensor): Row =>
  ([a]) =>
    f(x(a));

/** Channels first as channels last, with a batch if there was none; and back. */
const channelsLast = (value: Tensor, axes: number): Tensor => {
  const whole = value.rank === axes + 1 ? value.unsqueeze(0) : value;
  return whole.permute([0, ...Array.from({ length: axes }, (_, axis) => axis + 2), 1]);
};
const channelsFirst = (value: Tensor, batched: boolean): Tensor => {
  const first = value.permute([0, value.rank - 1, ...Array.from({ length: value.rank - 2 }, (_, axis) => axis + 1)]);
  return batched ? first : first.squeeze(0);
};

const paddingOf = (value: unknown): Padding => {
  if (value === "same" || value === "valid") return value;
  const [rows, columns] = pair(value ?? 0);
  return [
    [rows, rows],
    [columns, columns],
  ];
};

/** Zeros between, before and after elements: what a one-dimensional operator is in two. */
const row = (value: Tensor): Tensor => value.unsqueeze(1);

const window = ({
  kernel_size: size,
  stride,
  padding,
  ceil_mode: ceil,
}: Options): {
  readonly size: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: Padding;
  readonly ceilMode: boolean;
} => {
  const steps =
    stride === undefined || stride === null || (Array.isArray(stride) && stride.length === 0) ? size : stride;
  return { size: pair(size), stride: pair(steps), padding: paddingOf(padding), ceilMode: ceil === true };
};

const convolution = ({ stride, padding, dilation, groups }: Options): Parameters<typeof conv2d>[2] => ({
  stride: pair(stride ?? 1),
  padding: paddingOf(padding),
  dilation: pair(dilation ?? 1),
  groups: n(groups, 1),
});

const biased = (result: Tensor, bias: unknown): Tensor => (maybe(bias) === undefined ? result : result.add(x(bias)));
const first = (value: unknown): number => (Array.isArray(value) ? (list(value)[0] ?? 1) : n(value));

/** PyTorch's pads come in pairs from the last axis on; negative ones cut. */
const padded: Row = ([a, widths, mode = "constant", value = 0]) => {
  const pairs = list(widths);
  const whole = x(a).shape.map((_, axis): readonly [number, number] => {
    const place = 2 * (x(a).rank - 1 - axis);
    return [pairs[place] ?? 0, pairs[place + 1] ?? 0];
  });
  if (whole.flat().some((width) => width < 0)) return null;
  const modes = { constant: "constant", reflect: "reflect", replicate: "replicate", circular: "circular" } as const;
  const known = Object.entries(modes).find(([name]) => name === mode)?.[1] ?? "constant";
  return ops.pad(x(a), whole, known === "constant" ? { value: n(value ?? 0) } : { mode: known });
};

/** Normalization of [batch, channels, …]. */
const batchNorm: Row = ([a, mean, variance, weight, bias], { training, eps }) => {
  if (x(a).rank < 2 || x(a).size === 0) return null;
  const [gamma, beta] = [maybe(weight) ?? (1 as const), maybe(bias) ?? (0 as const)];
  const options = { epsilon: n(eps, 1e-5), axis: 1 };
  if (training === true) return ops.batchNorm(x(a), gamma, beta, options).output;
  return ops.normalizeFeatures(x(a), { mean: x(mean), variance: x(variance) }, gamma, beta, options);
};

/** The operators of networks. */
export const networkRows: Rows = {
  "nn.functional.relu": unary(ops.relu),
  "nn.functional.logsigmoid": unary(ops.logSigmoid),
  "nn.functional.relu6": unary(ops.relu6),
  "nn.functional.silu": unary(ops.silu),
  "nn.functional.mish": unary(ops.mish),
  "nn.functional.softsign": unary(ops.softsign),
  "nn.functional.hardswish": unary(ops.hardSwish),
  "nn.functional.hardsigmoid": unary(ops.hardSigmoid),
  "nn.functional.selu": unary(ops.selu),
  "nn.functional.elu": ([a], { alpha }) => ops.elu(x(a), { alpha: n(alpha, 1) }),
  "nn.functional.celu": ([a], { alpha }) => ops.celu(x(a), { alpha: n(alpha, 1) }),
  "nn.functional.leaky_relu": ([a], { negative_slope: slope }) =>
    ops.leakyRelu(x(a), { negativeSlope: n(slope, 0.01) }),
  "nn.functional.gelu": ([a], { approximate }) =>
    ops.gelu(x(a), { approximate: approximate === "tanh" ? "tanh" : "none" }),
  "nn.functional.hardtanh": ([a], { min_val: low, max_val: high }) =>
    n(low, -1) > n(high, 1) ? null : ops.hardTanh(x(a), { min: n(low, -1), max: n(high, 1) }),
  "nn.functional.softplus": ([a], { beta, threshold }) =>
    // Beyond the threshold it is the identity there.
    ops.where(x(a).mul(n(beta, 1)).gt(n(threshold, 20)), x(a), ops.softplus(x(a).mul(n(beta, 1))).div(n(beta, 1))),
  "nn.functional.prelu": ([a, given], { weight = given }) => {
    const [input, slopes] = [x(a), x(weight)];
    // One slope for each channel: the second axis there, the last here.
    if (slopes.size === 1 || input.rank < 2) return ops.prelu(input, slopes.size === 1 ? slopes.reshape([]) : slopes);
    return ops.prelu(input, slopes.reshape([-1, ...Array.from({ length: input.rank - 2 }, () => 1)]));
  },
  "nn.functional.linear": ([a, weight, bias]) =>
    biased(ops.matmul(x(a), x(weight).rank === 1 ? x(weight) : x(weight).transpose()), bias),
  "nn.functional.pad": padded,
  "nn.functional.batch_norm": batchNorm,
  "nn.functional.layer_norm": ([a, shape, weight, bias], { eps }) => {
    if (n(eps, 1e-5) < 0) return null; // refused here
    const axis = list(shape).map((_, place) => place - list(shape).length);
    return ops.layerNorm(x(a), maybe(weight) ?? 1, maybe(bias) ?? 0, { axis, epsilon: n(eps, 1e-5) });
  },
  "nn.functional.group_norm": ([a, groups], { weight, bias, eps }) =>
    n(eps, 1e-5) < 0
      ? null
      : ops.groupNorm(x(a), n(groups), maybe(weight) ?? 1, maybe(bias) ?? 0, { epsilon: n(eps, 1e-5), axis: 1 }),
  "nn.functional._scaled_dot_product_attention": ([q, k, v, mask], options) => {
    const rate = n(options["dropout_p"] ?? 0);
    const allowed = maybe(options["attn_mask"] ?? mask);
    if (rate > 0 || options["need_attn_weights"] === true) return null;
    const causal = options["is_causal"] === true;
    const result = ops.scaledDotProductAttention(x(q), x(k), x(v), { causal, ...(allowed && { mask: allowed }) });
    return result;
  },
  "nn.functional.conv1d": ([a, kernel, bias], { stride, padding, dilation, groups }) => {
    const result = conv1d(channelsLast(x(a), 1), x(kernel).permute([2, 1, 0]), {
      stride: first(stride ?? 1),
      padding: padding === "same" || padding === "valid" ? padding : first(padding ?? 0),
      dilation: first(dilation ?? 1),
      groups: n(groups, 1),
    });
    return channelsFirst(biased(result, bias), x(a).rank === 3);
  },
  "nn.functional.conv2d": ([a, kernel, bias], options) => {
    const result = conv2d(channelsLast(x(a), 2), x(kernel).permute([2, 3, 1, 0]), convolution(options));
    return channelsFirst(biased(result, bias), x(a).rank === 4);
  },
  "nn.functional.conv_transpose2d": ([a, kernel, bias], options) => {
    const result = convTranspose2d(channelsLast(x(a), 2), x(kernel).permute([2, 3, 1, 0]), {
      ...convolution(options),
      outputPadding: pair(options["output_padding"] ?? 0),
    });
    return channelsFirst(biased(result, bias), x(a).rank === 4);
  },
  "nn.functional.conv_transpose1d": ([a, kernel, bias], options) => {
    const [stride, dilation] = [first(options["stride"] ?? 1), first(options["dilation"] ?? 1)];
    const around = first(options["padding"] ?? 0);
    const result = convTranspose2d(row(channelsLast(x(a), 1)), x(kernel).permute([2, 1, 0]).unsqueeze(0), {
      stride: [1, stride],
      dilation: [1, dilation],
      padding: [
        [0, 0],
        [around, around],
      ],
      outputPadding: [0, first(options["output_padding"] ?? 0)],
      groups: n(options["groups"], 1),
    });
    return channelsFirst(biased(result.squeeze(1), bias), x(a).rank === 3);
  },
  "nn.functional.unfold": ([a, size, dilation, padding, stride]) => {
    const input = channelsLast(x(a), 2);
    const [height, width] = pair(size);
    const channels = input.shape.at(-1) ?? 1;
    const patches = unfold(input, {
      size: [height, width],
      dilation: pair(dilation ?? 1),
      padding: paddingOf(padding),
      stride: pair(stride ?? 1),
    });
    // [batch, windows, size · size · channels] as [batch, channels · size · size, windows]
    const [batch = 0, windows = 0] = patches.shape;
    const rows = patches.reshape([batch, windows, height, width, channels]).permute([0, 4, 2, 3, 1]);
    const flat = rows.reshape([batch, channels * height * width, windows]);
    return x(a).rank === 3 ? flat.squeeze(0) : flat;
  },
  "nn.functional.max_pool2d": ([a], options) => {
    if (options["return_indices"] === true) return null;
    const result = maxPool2d(channelsLast(x(a), 2), { ...window(options), dilation: pair(options["dilation"] ?? 1) });
    return channelsFirst(result, x(a).rank === 4);
  },
  "nn.functional.avg_pool2d": (args, options) => {
    const [a, size = options["kernel_size"], stride = options["stride"], padding = options["padding"] ?? 0] = args;
    if ((args[6] ?? options["divisor_override"] ?? null) !== null) return null;
    const result = avgPool2d(channelsLast(x(a), 2), {
      ...window({ kernel_size: size, stride, padding, ceil_mode: args[4] ?? options["ceil_mode"] }),
      countIncludePad: (args[5] ?? options["count_include_pad"] ?? true) === true,
    });
    return channelsFirst(result, x(a).rank === 4);
  },
  "nn.functional.avg_pool1d": ([a, size], options) => {
    const around = first(options["padding"] ?? 0);
    const result = avgPool2d(row(channelsLast(x(a), 1)), {
      size: [1, first(size)],
      stride: [1, first(options["stride"] ?? size)],
      padding: [
        [0, 0],
        [around, around],
      ],
      ceilMode: options["ceil_mode"] === true,
      countIncludePad: options["count_include_pad"] !== false,
    });
    return channelsFirst(result.squeeze(1), x(a).rank === 3);
  },
  "nn.functional.adaptive_avg_pool2d": ([a, size]) => {
    const input = channelsLast(x(a), 2);
    const wanted: readonly unknown[] = Array.isArray(size) ? size : [size, size];
    const [height, width] = wanted.map((target, axis) => (target === null ? (input.shape[axis + 1] ?? 1) : n(target)));
    return channelsFirst(adaptiveAvgPool2d(input, [height ?? 1, width ?? 1]), x(a).rank === 4);
  },
};
