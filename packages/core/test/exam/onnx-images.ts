// How ONNX's operators of images are said in our words. Channels lie first there and last here, so images are turned both ways around;
// lines are images of one row.

import { avgPool2d, conv2d, convTranspose2d, fold, maxPool2d } from "../../src/convolution.ts";
import type { Tensor } from "../../src/index.ts";
import * as ops from "../../src/index.ts";
import type { Node, NodeRow, NodeRows, Outputs } from "./onnx-record.ts";

/** [batch, channels, …] as [batch, …, channels], and back. */
export const channelsLast = (x: Tensor): Tensor =>
  x.rank < 3 ? x : x.permute([0, ...Array.from({ length: x.rank - 2 }, (_, axis) => axis + 2), 1]);
const channelsFirst = (x: Tensor): Tensor =>
  x.permute([0, x.rank - 1, ...Array.from({ length: x.rank - 2 }, (_, axis) => axis + 1)]);

type Two = readonly [number, number];
/** How windows stand over images: lines are images of one row. */
interface Windows {
  readonly size: Two;
  readonly stride: Two;
  readonly dilation: Two;
  readonly padding: readonly [Two, Two];
}

const asTwo = (values: readonly number[] | null, fill: number): Two => {
  const both = values ?? [fill, fill];
  return both.length === 1 ? [fill, both[0] ?? fill] : [both[0] ?? fill, both[1] ?? fill];
};

/** Windows as the attributes state them; `auto_pad` needs the images' sizes. */
function windowsOf(node: Node, images: readonly number[], kernel: readonly number[] | null): Windows {
  const size = asTwo(kernel, 1);
  const [stride, dilation] = [asTwo(node.list("strides"), 1), asTwo(node.list("dilations"), 1)];
  const pads = node.list("pads") ?? [];
  const auto = node.word("auto_pad", "NOTSET");
  const along = (axis: 0 | 1): Two => {
    const half = pads.length / 2;
    const place = axis - 2 + half;
    if (!auto.startsWith("SAME")) return place < 0 ? [0, 0] : [pads[place] ?? 0, pads[place + half] ?? 0];
    const input = images[axis] ?? 1;
    const needed = (Math.ceil(input / stride[axis]) - 1) * stride[axis] + (size[axis] - 1) * dilation[axis] + 1 - input;
    const [less, more] = [Math.floor(Math.max(needed, 0) / 2), Math.ceil(Math.max(needed, 0) / 2)];
    return auto === "SAME_UPPER" ? [less, more] : [more, less];
  };
  return { size, stride, dilation, padding: [along(0), along(1)] };
}

/** An operator of images for lines and images, channels first. */
function overImages(x: Tensor, run: (images: Tensor) => Tensor): Outputs {
  if (x.rank > 4) return "images of three dimensions";
  const images = channelsLast(x);
  return channelsFirst(x.rank === 3 ? run(images.unsqueeze(1)).squeeze(1) : run(images));
}

const sizesOf = (images: Tensor): readonly number[] => images.shape.slice(1, 3);

const maxPool: NodeRow = (node) => {
  const found = overImages(node.x(0), (images) =>
    maxPool2d(images, {
      ...windowsOf(node, sizesOf(images), node.list("kernel_shape")),
      ceilMode: node.number("ceil_mode", 0) === 1,
    }),
  );
  // We do not tell the places of the maxima.
  return typeof found === "string" || node.outputs === 1 ? found : [...[found].flat(), null];
};

const averagePool: NodeRow = (node) =>
  overImages(node.x(0), (images) => {
    const { dilation, ...windows } = windowsOf(node, sizesOf(images), node.list("kernel_shape"));
    if (dilation.every((step) => step === 1))
      return avgPool2d(images, {
        ...windows,
        ceilMode: node.number("ceil_mode", 0) === 1,
        countIncludePad: node.number("count_include_pad", 0) === 1,
      });
    // Windows with gaps are a convolution of each channel.
    const { size, ...places } = windows;
    const channels = images.shape[3] ?? 1;
    const shares = ops.full([...size, 1, channels], 1 / (size[0] * size[1]));
    return conv2d(images, shares, { ...places, dilation, groups: channels });
  });

const convolution: NodeRow = (node) => {
  const kernel = channelsLast(node.x(1)); // [filters, …, channels]
  if (kernel.rank > 4) return "images of three dimensions";
  const whole = kernel.rank === 3 ? kernel.unsqueeze(1) : kernel;
  const bias = node.maybe(2);
  return overImages(node.x(0), (images) => {
    const { size: _, ...places } = windowsOf(node, sizesOf(images), whole.shape.slice(1, 3));
    const y = conv2d(images, whole.permute([1, 2, 3, 0]), { ...places, groups: node.number("group", 1) });
    return bias === null ? y : y.add(bias);
  });
};

const transposed: NodeRow = (node) => {
  const kernel = channelsLast(node.x(1)); // [channels, …, filters]
  if (kernel.rank > 4) return "images of three dimensions";
  const whole = kernel.rank === 3 ? kernel.unsqueeze(1) : kernel;
  return overImages(node.x(0), (images) => {
    const kernelSize = whole.shape.slice(1, 3);
    const { size, stride, dilation, padding } = windowsOf(node, sizesOf(images), kernelSize);
    const extra = asTwo(node.list("output_padding"), 0);
    const wanted = node.list("output_shape");
    const same = node.word("auto_pad", "NOTSET").startsWith("SAME");
    // What the result is to be longer than the images reach is output padding, what it is to be shorter is padding.
    const along = (axis: 0 | 1): readonly [Two, number] => {
      if (wanted === null && !same) return [padding[axis], extra[axis]];
      const input = sizesOf(images)[axis] ?? 1;
      const reach = (input - 1) * stride[axis] + (size[axis] - 1) * dilation[axis] + 1 + extra[axis];
      const total = reach - (wanted?.at(axis - 2) ?? input * stride[axis]);
      if (total < 0) return [[0, 0], extra[axis] - total];
      return [[Math.floor(total / 2), Math.ceil(total / 2)], extra[axis]];
    };
    const [rows, columns] = [along(0), along(1)];
    return convTranspose2d(images, whole.permute([1, 2, 3, 0]), {
      stride,
      dilation,
      padding: [rows[0], columns[0]],
      outputPadding: [rows[1], columns[1]],
      groups: node.number("group", 1),
    });
  });
};

/** [batch, channels · size · size, windows] as images. */
const imagesOf: NodeRow = (node) => {
  const [sizes = [], block = []] = [node.numbers(1) ?? [], node.numbers(2) ?? []];
  if (sizes.length > 2) return "images of three dimensions";
  const { size, stride, dilation, padding } = windowsOf(node, sizes, block);
  const [batch = 0, , windows = 0] = node.x(0).shape;
  const taps = node
    .x(0)
    .reshape([batch, -1, size[0] * size[1], windows])
    .permute([0, 3, 2, 1]);
  const patches = taps.reshape([batch, windows, -1]);
  return channelsFirst(fold(patches, asTwo(sizes, 1), { size, stride, dilation, padding }));
};

const overPixels =
  (f: "mean" | "max"): NodeRow =>
  (node) =>
    node.x(0)[f](
      Array.from({ length: node.x(0).rank - 2 }, (_, axis) => axis + 2),
      { keepDims: true },
    );

/** The operators of images. */
export const imageNodes: NodeRows = {
  AveragePool: averagePool,
  MaxPool: maxPool,
  GlobalAveragePool: overPixels("mean"),
  GlobalMaxPool: overPixels("max"),
  Conv: convolution,
  ConvTranspose: transposed,
  Col2Im: imagesOf,
};
