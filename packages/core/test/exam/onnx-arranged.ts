// How ONNX's operators that lay values elsewhere, look them up or make them from nothing are said in our words.

import type { DType, Tensor } from "../../src/index.ts";
import * as ops from "../../src/index.ts";
import type { NodeRow, NodeRows } from "./onnx-record.ts";
import { count } from "./reference.ts";

/** The range of each axis that Slice gives: `[start, end, step]`, with ends far out as "as far as there is". */
const sliced: NodeRow = (node) => {
  const x = node.x(0);
  const [starts, ends, steps] = [node.numbers(1) ?? [], node.numbers(2) ?? [], node.numbers(4)];
  const axes = (node.numbers(3) ?? starts.map((_, axis) => axis)).map((axis) => (axis < 0 ? axis + x.rank : axis));
  const ranges = x.shape.map((size, axis): readonly [number, number | null, number] | null => {
    const place = axes.indexOf(axis);
    if (place < 0) return null;
    const [start = 0, end = 0, step] = [starts[place], ends[place], steps?.[place] ?? 1];
    return [start, step < 0 && end < -size ? null : end, step];
  });
  return ops.slice(x, ...ranges);
};

const padded: NodeRow = (node) => {
  const x = node.x(0);
  const [pads, value, axes] = [node.numbers(1) ?? [], node.numbers(2)?.[0] ?? 0, node.numbers(3)];
  const places = (axes ?? x.shape.map((_, axis) => axis)).map((axis) => (axis < 0 ? axis + x.rank : axis));
  const widths = x.shape.map((_, axis): readonly [number, number] => {
    const place = places.indexOf(axis);
    return place < 0 ? [0, 0] : [pads[place] ?? 0, pads[place + places.length] ?? 0];
  });
  const mode = node.word("mode", "constant");
  if (mode === "constant") return ops.pad(x, widths, { value });
  return ops.pad(x, widths, { mode: mode === "edge" ? "replicate" : mode === "wrap" ? "circular" : "reflect" });
};

const splitted: NodeRow = (node) => {
  const [x, axis, sizes] = [node.x(0), node.number("axis", 0), node.numbers(1)];
  const size = x.shape[axis < 0 ? axis + x.rank : axis] ?? 0;
  return ops.split(x, sizes ?? Math.ceil(size / node.number("num_outputs", node.outputs)), axis);
};

const scattered: NodeRow = (node) => {
  const [x, indices, updates, axis] = [node.x(0), node.x(1), node.x(2), node.number("axis", 0)];
  const reduction = node.word("reduction", "none");
  if (reduction === "none") return ops.putAlongAxis(x, indices, updates, axis);
  return reduction === "add" ? ops.addAlongAxis(x, indices, updates, axis) : `scattering by ${reduction}`;
};

/** Indices count from the end where they are negative, and may be floats. */
const hot: NodeRow = (node) => {
  const [classes = 0] = node.numbers(1) ?? [];
  const [off = 0, on = 1] = node.numbers(2) ?? [];
  const indices = ops.mod(node.x(0).cast("int32"), classes);
  return ops.oneHot(indices, classes, { axis: node.number("axis", -1), values: [off, on], dtype: node.x(2).dtype });
};

const reshaped: NodeRow = (node) => {
  const x = node.x(0);
  const keeps = node.number("allowzero", 0) === 0;
  return x.reshape((node.numbers(1) ?? []).map((size, axis) => (size === 0 && keeps ? (x.shape[axis] ?? 0) : size)));
};

const expanded: NodeRow = (node) => {
  const [x, wanted] = [node.x(0), node.numbers(1) ?? []];
  const rank = Math.max(x.rank, wanted.length);
  const target = Array.from({ length: rank }, (_, axis) => {
    const [size, other] = [x.shape[axis - rank + x.rank] ?? 1, wanted[axis - rank + wanted.length] ?? 1];
    return size === 1 ? other : size;
  });
  return ops.broadcastTo(x, target);
};

const dtypes: Readonly<Record<number, DType>> = { 1: "float32", 6: "int32", 7: "int32", 9: "bool", 11: "float64" };

const eyeLike: NodeRow = (node) => {
  const [rows = 0, columns = 0] = node.x(0).shape;
  const dtype = dtypes[node.number("dtype", 0)] ?? node.x(0).dtype;
  // Ones where column − row = k.
  const places = ops.arange(rows).add(node.number("k", 0)).reshape([rows, 1]);
  return ops.eq(ops.arange(columns), places).cast(dtype);
};

/** The operators. */
export const arrangedNodes: NodeRows = {
  Concat: (node) => ops.concat(node.all(), node.number("axis", 0)),
  Expand: expanded,
  Flatten: (node) => {
    const [x, axis] = [node.x(0), node.number("axis", 1)];
    return x.reshape([count(x.shape.slice(0, axis)), count(x.shape.slice(axis))]);
  },
  Pad: padded,
  Reshape: reshaped,
  Slice: sliced,
  Split: splitted,
  Squeeze: (node) =>
    (node.numbers(1) ?? [])
      .map((axis) => (axis < 0 ? axis + node.x(0).rank : axis))
      .sort((a, b) => b - a)
      .reduce<Tensor>((x, axis) => ops.squeeze(x, axis), node.x(0)),
  Unsqueeze: (node) => {
    const rank = node.x(0).rank + (node.numbers(1) ?? []).length;
    const axes = (node.numbers(1) ?? []).map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
    return axes.reduce<Tensor>((x, axis) => ops.unsqueeze(x, axis), node.x(0));
  },
  Tile: (node) => ops.tile(node.x(0), node.numbers(1) ?? []),
  Transpose: (node) =>
    ops.permute(
      node.x(0),
      node.list("perm") ??
        node
          .x(0)
          .shape.map((_, axis) => axis)
          .reverse(),
    ),
  Trilu: (node) => {
    const [x, k] = [node.x(0), node.numbers(1)?.[0] ?? 0];
    return node.number("upper", 1) === 1 ? ops.triu(x, k) : ops.tril(x, k);
  },
  EyeLike: eyeLike,
  Range: (node) => {
    const [start = 0, end = 0, step = 1] = [0, 1, 2].map((index) => node.numbers(index)?.[0]);
    return ops.arange(end, { start, step, dtype: node.x(0).dtype });
  },
  Shape: (node) => {
    const { shape, rank } = node.x(0);
    return ops.tensor(Int32Array.from(shape.slice(node.number("start", 0), node.number("end", rank))));
  },
  Size: (node) => ops.tensor(node.x(0).size, { dtype: "int32" }),
  Gather: (node) => ops.gather(node.x(0), node.x(1), node.number("axis", 0)),
  GatherElements: (node) => ops.takeAlongAxis(node.x(0), node.x(1), node.number("axis", 0)),
  ScatterElements: scattered,
  OneHot: hot,
  TopK: (node) => {
    const options = { axis: node.number("axis", -1), largest: node.number("largest", 1) === 1 };
    const { values, indices } = ops.topK(node.x(0), node.numbers(1)?.[0] ?? 0, options);
    return [values, indices];
  },
};
