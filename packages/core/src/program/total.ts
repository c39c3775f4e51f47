// A running total of a fold in a local, four at a time. Long folds are cut into blocks, so that sums keep their digits: a block's
// total is folded away, and what each of these additions rounds away is carried along.
// Source: A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54 (1974).

import type { GraphNode } from "../graph/graph.ts";
import type { FunctionBuilder } from "../wasm/assembler.ts";
import { emitVector, type Lanes, pushFloats } from "../wasm/simd.ts";
import { functions } from "../wasm/simd-math.ts";

/** The total of what a fold has seen. */
export class Total {
  readonly #f: FunctionBuilder;
  readonly #node: GraphNode;
  /** The total of the present block, or of all if there are no blocks. */
  readonly sum: Lanes;
  /** The total of the blocks before, and what was lost; null without blocks. */
  readonly #before: { readonly total: Lanes; readonly lost: Lanes } | null;

  constructor(f: FunctionBuilder, node: GraphNode, blocked: boolean) {
    this.#f = f;
    this.#node = node;
    this.sum = vector(f);
    this.#reset(this.sum);
    this.#before = blocked ? { total: vector(f), lost: vector(f) } : null;
    if (this.#before === null) return;
    this.#reset(this.#before.total);
    f.v128().set(this.#before.lost.local);
  }

  /** sum = combine(sum, next) */
  add(next: Lanes): void {
    combine(this.#f, this.#node, this.sum, next);
  }

  /** total = combine(total, sum), then the sum begins anew. Sums carry s + error = a + b (Knuth's, exact). */
  closeBlock(): void {
    if (this.#before === null) return;
    const f = this.#f;
    const { total, lost } = this.#before;
    const block = this.sum;
    if (isSum(this.#node)) {
      const [sum, back] = f.locals("v128", "v128");
      f.get(total.local).get(block.local).op("f32x4.add").tee(sum).get(total.local).op("f32x4.sub").set(back);
      f.get(lost.local);
      f.get(total.local).get(sum).get(back).op("f32x4.sub").op("f32x4.sub");
      f.get(block.local).get(back).op("f32x4.sub").op("f32x4.add");
      f.op("f32x4.add").set(lost.local).get(sum).set(total.local);
    } else combine(f, this.#node, total, block);
    this.#reset(block);
  }

  /** The total of the closed blocks with what their additions have lost; an infinite sum stays infinite. Null without blocks. */
  closed(): Lanes | null {
    if (this.#before === null) return null;
    const { total, lost } = this.#before;
    if (isSum(this.#node)) {
      this.#f.get(total.local).get(lost.local).op("f32x4.add").get(total.local);
      this.#f.get(lost.local).get(lost.local).op("f32x4.eq").op("v128.bitselect").set(total.local);
    }
    return total;
  }

  #reset(total: Lanes): void {
    pushInitial(this.#f, this.#node);
    this.#f.set(total.local);
  }
}

/** total = combine(total, next) */
export function combine(f: FunctionBuilder, { work }: GraphNode, total: Lanes, next: Lanes): void {
  if (work.kind !== "reduce") return;
  const [result] = emitVector(f, [work.combine], [total, next], functions);
  if (result === undefined) return;
  pushFloats(f, result);
  f.set(total.local);
}

/** Lanes beyond the last of `count` count as nothing. */
export function masked(f: FunctionBuilder, node: GraphNode, next: Lanes, count: number): Lanes {
  const lanes = vector(f);
  pushFloats(f, next);
  pushInitial(f, node);
  f.v128(Int32Array.from({ length: 4 }, (_, lane) => (lane < count ? -1 : 0)))
    .op("v128.bitselect")
    .set(lanes.local);
  return lanes;
}

/** The fold of the lanes of each total, (0 ∘ 2) ∘ (1 ∘ 3): lane i of the result belongs to total i; of one total, all lanes. */
export function foldLanes(f: FunctionBuilder, node: GraphNode, totals: readonly Lanes[]): Lanes {
  const [first] = totals;
  if (first === undefined) throw new Error("foldLanes: no totals");
  const shuffled = (a: Lanes, b: Lanes, lanes: readonly [number, number, number, number]): Lanes => {
    const result = vector(f);
    f.get(a.local).get(b.local).shuffle(lanes).set(result.local);
    return result;
  };
  if (totals.length === 1) {
    combine(f, node, first, shuffled(first, first, [2, 3, 0, 1]));
    combine(f, node, first, shuffled(first, first, [1, 0, 3, 2]));
    return first;
  }
  // Four rows of lanes become four columns: those of totals 0 and 1 alternate, those of 2 and 3, then pairs of pairs.
  const [a, b, c, d] = [first, totals[1] ?? first, totals[2] ?? first, totals[3] ?? first];
  const [low, high] = [shuffled(a, b, [0, 4, 1, 5]), shuffled(a, b, [2, 6, 3, 7])];
  const [nextLow, nextHigh] = [shuffled(c, d, [0, 4, 1, 5]), shuffled(c, d, [2, 6, 3, 7])];
  const even = shuffled(low, nextLow, [0, 1, 4, 5]);
  const odd = shuffled(low, nextLow, [2, 3, 6, 7]);
  combine(f, node, even, shuffled(high, nextHigh, [0, 1, 4, 5]));
  combine(f, node, odd, shuffled(high, nextHigh, [2, 3, 6, 7]));
  combine(f, node, even, odd);
  return even;
}

function vector(f: FunctionBuilder): Lanes {
  return { local: f.local("v128"), type: "f32" };
}

function pushInitial(f: FunctionBuilder, { work }: GraphNode): void {
  f.f32(work.kind === "reduce" ? work.init : 0).op("f32x4.splat");
}

/** Whether a fold adds. */
function isSum({ work }: GraphNode): boolean {
  return work.kind === "reduce" && work.combine.node.kind === "call" && work.combine.node.fn === "add";
}
