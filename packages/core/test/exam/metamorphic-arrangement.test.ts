// Relations of operators that lay values elsewhere, look them up, order and sum them: round trips, and two ways to one result.

import type { Tensor } from "../../src/index.ts";
import * as ops from "../../src/index.ts";
import { type Random, testRelations } from "./relations.ts";

const shapeFrom = ({ int }: Random): number[] => Array.from({ length: int(1, 3) }, () => int(1, 5));

testRelations("there and back", {
  "split and concat": (random) => {
    const x = random.tensor(shapeFrom(random));
    const axis = random.int(-x.rank, x.rank - 1);
    return [[ops.concat(ops.split(x, random.int(1, 4), axis), axis), x]];
  },
  "concat and split": (random) => {
    const [a, b] = [random.tensor([2, 3]), random.tensor([2, 4])];
    const [first = a, second = b] = ops.split(ops.concat([a, b], 1), [3, 4], 1);
    return [
      [first, a],
      [second, b],
    ];
  },
  "stack and slice": (random) => {
    const shape = shapeFrom(random);
    const [a, b] = [random.tensor(shape), random.tensor(shape)];
    const both = ops.stack([a, b]);
    return [
      [ops.slice(both, 0), a],
      [ops.slice(both, -1), b],
    ];
  },
  "flip twice, roll back, permute back, transpose twice": (random) => {
    const x = random.tensor([random.int(1, 4), random.int(1, 4), random.int(1, 4)]);
    const shift = random.int(-7, 7);
    return [
      [ops.flip(ops.flip(x, [0, 2]), [0, 2]), x],
      [ops.roll(ops.roll(x, shift, 1), -shift, 1), x],
      [ops.permute(ops.permute(x, [2, 0, 1]), [1, 2, 0]), x],
      [ops.transpose(ops.transpose(x, 0, 2), 0, 2), x],
    ];
  },
  "pad and slice, pad and pad back": (random) => {
    const x = random.tensor([random.int(2, 4), random.int(2, 4)]);
    const mode = (["constant", "reflect", "replicate", "circular"] as const)[random.int(0, 3)] ?? "constant";
    const padded: Tensor = ops.pad(
      x,
      [
        [1, 0],
        [1, 1],
      ],
      { mode },
    );
    return [
      [padded.slice([1, null], [1, -1]), x],
      [
        ops.pad(padded, [
          [-1, 0],
          [-1, -1],
        ]),
        x,
      ],
    ];
  },
  "tile and concat": (random) => {
    const x = random.tensor([random.int(1, 3), random.int(1, 3)]);
    return [[ops.tile(x, [1, 3]), ops.concat([x, x, x], 1)]];
  },
  "tril and the strict triu": (random) => {
    const [x, k] = [random.tensor([2, random.int(1, 5), random.int(1, 5)]), random.int(-3, 3)];
    return [
      [ops.tril(x, k).add(ops.triu(x, k + 1)), x],
      [ops.tril(x, k).transpose(), ops.triu(x.transpose(), -k)],
    ];
  },
  "putAlongAxis and takeAlongAxis": (random) => {
    const [x, updates] = [random.tensor([3, 5]), random.tensor([3, 5])];
    const places = ops.stack([random.order(5), random.order(5), random.order(5)]);
    const put = ops.putAlongAxis(x, places, updates, 1);
    return [[ops.takeAlongAxis(put, places, 1), updates]];
  },
});

testRelations("order", {
  "sort, argSort and takeAlongAxis agree": (random) => {
    const x = random.tensor(shapeFrom(random));
    const axis = random.int(0, x.rank - 1);
    const descending = random.int(0, 1) === 1;
    const { values, indices } = ops.sort(x, { axis, descending });
    return [
      [ops.takeAlongAxis(x, ops.argSort(x, { axis, descending }), axis), values],
      [ops.takeAlongAxis(x, indices, axis), values],
      [ops.sort(x.neg(), { axis, descending: !descending }).values, values.neg()],
    ];
  },
  "the order of the elements does not matter": (random) => {
    const x = random.tensor([random.int(2, 9)]);
    const moved = ops.gather(x, random.order(x.size));
    return [
      [ops.sort(moved).values, ops.sort(x).values],
      [ops.sum(moved), ops.sum(x)],
      [ops.prod(moved), ops.prod(x)],
      [ops.std(moved), ops.std(x)],
      [ops.logSumExp(moved), ops.logSumExp(x)],
    ];
  },
  "topK begins what is sorted": (random) => {
    const x = random.tensor([3, random.int(1, 7)]);
    const k = random.int(1, x.shape[1] ?? 1);
    const sorted: Tensor = ops.sort(x, { descending: true }).values;
    return [
      [ops.topK(x, k).values, sorted.slice(null, [0, k])],
      [ops.topK(x, 1).values.squeeze(1), ops.max(x, 1)],
      [ops.topK(x, 1, { largest: false }).values.squeeze(1), ops.min(x, 1)],
      [ops.takeAlongAxis(x, ops.argMax(x, 1, { keepDims: true }), 1).squeeze(1), ops.max(x, 1)],
    ];
  },
});

testRelations("sums", {
  "cumSum from the other end, without itself, and in whole": (random) => {
    const x = random.tensor([3, random.int(1, 6)]);
    return [
      [ops.cumSum(x, 1, { reverse: true }), ops.cumSum(x.flip(1), 1).flip(1)],
      [ops.cumSum(x, 1, { exclusive: true }).add(x), ops.cumSum(x, 1)],
      [ops.cumSum(x, 1).slice(null, -1), ops.sum(x, 1)],
      [ops.cumProd(x, 1, { exclusive: true }).mul(x), ops.cumProd(x, 1)],
      [ops.cumProd(x, 1).slice(null, -1), ops.prod(x, 1)],
    ];
  },
  "sums over axes are sums of sums": (random) => {
    const x = random.tensor([random.int(1, 4), random.int(1, 4), random.int(1, 4)]);
    return [
      [ops.sum(x, [0, 2]), ops.sum(ops.sum(x, 2), 0)],
      [ops.max(x, [0, 1]), ops.max(ops.max(x, 0), 0)],
      [ops.mean(x), ops.mean(ops.mean(x, 1))],
      [ops.logSumExp(x, [1, 2]), ops.logSumExp(ops.logSumExp(x, 1), 1)],
      [ops.variance(x, [0, 1], { correction: 0 }), ops.mean(x.square(), [0, 1]).sub(ops.mean(x, [0, 1]).square())],
    ];
  },
  "parts add up": (random) => {
    const x = random.tensor([random.int(2, 7), 3]);
    const [a = x, b = x] = ops.split(x, [1, (x.shape[0] ?? 1) - 1], 0);
    return [[ops.sum(a, 0).add(ops.sum(b, 0)), ops.sum(x, 0)]];
  },
});

testRelations("products", {
  "einsum and matmul": (random) => {
    const [m, k, n] = [random.int(1, 5), random.int(1, 5), random.int(1, 5)];
    const [a, b] = [random.tensor([2, m, k]), random.tensor([2, k, n])];
    const product: Tensor = ops.matmul(a, b);
    return [
      [ops.einsum("bij,bjk->bik", a, b), product],
      [ops.einsum("...ij,...jk", a, b), product],
      [ops.einsum("bij,bjk->ki", a, b), product.sum(0).transpose()],
      [ops.einsum("bij->jb", a), a.sum(1).transpose()],
      [ops.matmul(b.transpose(), a.transpose()), product.transpose()],
    ];
  },
  "outer, dot and matmul": (random) => {
    const [a, b] = [random.tensor([random.int(1, 6)]), random.tensor([random.int(1, 6)])];
    return [
      [ops.outer(a, b), ops.einsum("i,j->ij", a, b)],
      [ops.outer(a, b), a.unsqueeze(1).matmul(b.unsqueeze(0))],
      [ops.dot(a, a), ops.norm(a).square()],
      [ops.dot(a, a), ops.diagonal(ops.outer(a, a)).sum()],
    ];
  },
  "products are associative and distribute": (random) => {
    const [a, b, c] = [random.tensor([3, 4]), random.tensor([4, 2]), random.tensor([2, 5])];
    const d = random.tensor([4, 2]);
    return [
      [a.matmul(b).matmul(c), a.matmul(b.matmul(c))],
      [a.matmul(b.add(d)), a.matmul(b).add(a.matmul(d))],
    ];
  },
  "looking up is a product with oneHot": (random) => {
    const x = random.tensor([5, random.int(1, 4)]);
    const order = random.order(5).slice([0, random.int(1, 5)]);
    const hot = ops.oneHot(order, 5).cast(x.dtype);
    return [
      [ops.gather(x, order), hot.matmul(x)],
      [ops.embedding(ops.typed<readonly [number, number]>(x), order), hot.matmul(x)],
      [ops.scatterAdd(ops.gather(x, order), order, x.shape), hot.transpose().matmul(hot).matmul(x)],
    ];
  },
});

/** f of two tensors that broadcast, and of both already spread out. */
const spread = (f: (a: Tensor, b: Tensor) => Tensor, [a, b]: readonly [Tensor, Tensor]): readonly [Tensor, Tensor] => {
  const shape = a.add(b).shape;
  return [f(a, b), f(a.broadcastTo(shape), b.broadcastTo(shape))];
};

testRelations("broadcasting is being spread out first", {
  "elementwise operators": (random) => {
    const [m, n] = [random.int(1, 4), random.int(1, 4)];
    const pairs = [
      [random.tensor([m, n]), random.tensor([n])],
      [random.tensor([m, 1]), random.tensor([1, n])],
      [random.tensor([]), random.tensor([m, n])],
      [random.tensor([n, 1, 1]), random.tensor([m, n])],
    ] as const;
    const pair = pairs[random.int(0, 3)] ?? pairs[0];
    const tamed = (a: Tensor, b: Tensor): Tensor => a.div(b.square().add(1));
    return [
      ops.add,
      ops.sub,
      ops.mul,
      tamed,
      ops.maximum,
      ops.minimum,
      ops.squaredDifference,
      ops.atan2,
      (a: Tensor, b: Tensor) => ops.pow(a.square().add(1), b),
      (a: Tensor, b: Tensor) => ops.where(a.gt(b), a, b),
      (a: Tensor, b: Tensor) => ops.lerp(a, b, a.sigmoid()),
    ].map((f) => spread(f, pair));
  },
  "and so are their gradients": (random) => {
    const [m, n] = [random.int(1, 4), random.int(1, 4)];
    const [a, b, u] = [random.tensor([m, 1]), random.tensor([n]), random.tensor([m, n])];
    const f = (x: Tensor, y: Tensor): Tensor => x.mul(y.sin()).add(x.sub(y).tanh());
    const direct = ops.vjp((x, y = x) => f(x, y), a, b).pullback(u);
    const [left = a, right = b] = ops
      .vjp((x, y = x) => f(x, y), a.broadcastTo([m, n]), b.broadcastTo([m, n]))
      .pullback(u);
    return [
      [direct[0] ?? a, left.sum(1, { keepDims: true })],
      [direct[1] ?? b, right.sum(0)],
    ];
  },
  "batches of matrices": (random) => {
    const [a, b] = [random.tensor([2, 1, 3, 4]), random.tensor([3, 4, 2])];
    return [[a.matmul(b), a.broadcastTo([2, 3, 3, 4]).matmul(b.broadcastTo([2, 3, 4, 2]))]];
  },
});
