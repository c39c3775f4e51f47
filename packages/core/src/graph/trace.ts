// Capture: a tracer that is given every operation while a function runs once, and writes the graph.

import type { DType } from "../dtype.ts";
import { ElementwiseKernel } from "../engine/elementwise.ts";
import { ReductionKernel } from "../engine/reduction.ts";
import { DTypeError, GraphError } from "../errors.ts";
import { type Expr, input } from "../expr/expr.ts";
import type { Op } from "../ops/op.ts";
import { currentScope } from "../scope.ts";
import { contiguousStrides, isContiguous, sizeOf } from "../shape.ts";
import { Tensor, type Variable } from "../tensor.ts";
import type { Tracer } from "../tracing.ts";
import {
  allocateView,
  contiguous,
  FutureStorage,
  type Spec,
  type Storage,
  unlessRead,
  type View,
  viewSize,
} from "../view.ts";
import type { Graph, GraphNode, Operand, Value, Work } from "./graph.ts";
import { kernelOf } from "./kernels.ts";
import { foldingOrder, runsOf } from "./passes/layout.ts";

/** A setting that was read while capturing, and the value it had. */
export interface Guard {
  readonly read: () => unknown;
  readonly value: unknown;
}

/** What capturing gives besides the graph. */
export interface Trace {
  readonly graph: Graph;
  /** Happens before each call, in order. */
  readonly effects: readonly (() => void)[];
  readonly guards: readonly Guard[];
}

/** Writes down one computation. */
export class GraphTracer implements Tracer {
  readonly #nodes: GraphNode[] = [];
  /** The value of a storage now: Variables change theirs by assignment, all others keep one. */
  readonly #values = new Map<Storage, Operand>();
  readonly #variables = new Map<Storage, Variable>();
  readonly #gradients = new Map<Variable, Tensor | null>();
  readonly #assigned = new Set<Storage>();
  readonly #effects: (() => void)[] = [];
  readonly #guards: Guard[] = [];
  #ids = 0;

  /** A tensor that stands for argument number `index`. */
  argument(index: number, { shape, dtype }: Spec): Tensor {
    const value = this.#node("argument", { kind: "argument", index }, [], [{ shape, dtype }]);
    return new Tensor(this.#future(value));
  }

  apply<Attributes>(op: Op<Attributes>, inputs: readonly View[], spec: Spec, attributes: Attributes): View {
    const { lowering } = op;
    if (lowering.kind === "movement") return this.#move(op, inputs, spec, attributes);
    const [first] = inputs;
    if (lowering.kind === "reduction" && first !== undefined) {
      const compute = (views: readonly View[]): readonly View[] => [op.compute(views, spec, attributes)];
      return this.#reduce(op.name, lowering.combine(), lowering.init, lowering.axes(attributes), first, spec, compute);
    }
    // A kernel of the operator's own reads contiguous operands.
    const ownKernel = lowering.kind === "native" || lowering.kind === "request";
    const ordered = ownKernel ? inputs.map((view) => (contiguous(view) ? view : this.#copy(view))) : inputs;
    const operands = ordered.map((view) => this.#read(view));
    const work = ((): Work => {
      switch (lowering.kind) {
        case "elementwise":
          return { kind: "elementwise", formulas: [lowering.formula()] };
        case "matmul":
          return { kind: "matmul" };
        case "random":
          return { kind: "random", generator: lowering.generator(attributes) };
        case "native":
          return { kind: "native", kernel: lowering.kernel(attributes) };
        case "request":
          return { kind: "native", kernel: kernelOf(lowering.kernel(attributes)) };
        case "reduction":
        case "kernel":
          return { kind: "eager" };
      }
    })();
    return this.#future(this.#node(op.name, work, operands, [spec], (views) => [op.compute(views, spec, attributes)]));
  }

  /** A fold. Loops fold axes that are neighbours and lie at one pace: elements that lie otherwise are copied into order first. */
  #reduce(
    name: string,
    combine: Expr,
    init: number,
    axes: readonly number[],
    x: View,
    spec: Spec,
    compute: (views: readonly View[]) => readonly View[],
  ): View {
    const [first, ...others] = runsOf(x, axes);
    if (first !== undefined && others.length > 0 && x.dtype === "float32") {
      // Axes that are no neighbours are folded one run after the other.
      const part: Spec = { shape: x.shape.map((size, axis) => (first.includes(axis) ? 1 : size)), dtype: x.dtype };
      const partly = this.#reduce(name, combine, init, first, x, part, reductionRun(combine, init, first, part));
      return this.#reduce(name, combine, init, others.flat(), partly, spec, compute);
    }
    const order = x.dtype === "float32" ? foldingOrder(x, axes) : null;
    if (order === null)
      return this.#future(this.#node(name, { kind: "reduce", combine, init, axes }, [this.#read(x)], [spec], compute));
    const pick = (list: readonly number[]): number[] => order.map((axis) => list[axis] ?? 1);
    const ordered = this.#copy({ ...x, shape: pick(x.shape), strides: pick(x.strides) });
    const last = order.flatMap((axis, place) => (axes.includes(axis) ? [place] : []));
    const back = order.map((_, axis) => order.indexOf(axis));
    const undo = (view: View): View => ({
      ...view,
      shape: back.map((place) => view.shape[place] ?? 1),
      strides: back.map((place) => view.strides[place] ?? 0),
    });
    const work: Work = { kind: "reduce", combine, init, axes: last };
    return this.#future(this.#node(name, work, [this.#read(ordered)], [spec], (views) => compute(views.map(undo))));
  }

  /** A movement is done on the view itself; one that needs the elements in order gets them copied first. */
  #move<Attributes>(op: Op<Attributes>, inputs: readonly View[], spec: Spec, attributes: Attributes): View {
    const views = inputs.map((view) => (this.#isKnown(view) ? view : this.#adopt(view)));
    const copied = (): View =>
      op.compute(
        views.map((view) => this.#copy(view)),
        spec,
        attributes,
      );
    const moved = unlessRead(() => op.compute(views, spec, attributes));
    // A Variable's elements must be copied by the program at each call, not here once.
    const isCopy = views.some(({ storage }) => storage.owner !== null && storage !== moved?.storage);
    return moved === null || isCopy ? copied() : moved;
  }

  update(name: string, formulas: readonly Expr[], targets: readonly Variable[], inputs: readonly View[]): void {
    const operands = [...targets.map(({ view }) => view), ...inputs].map((view) => this.#read(view));
    for (const target of targets) this.#variables.set(target.view.storage, target);
    const specs = targets.map(({ view }) => ({ shape: view.shape, dtype: view.dtype }));
    const values = this.#nodeOf(
      name,
      { kind: "elementwise", formulas },
      operands,
      specs,
      elementwiseRun(name, formulas, specs),
    ).outputs;
    for (const [index, { view }] of targets.entries()) {
      const value = values[index];
      if (value !== undefined)
        this.#write(view.storage, { value, shape: view.shape, strides: contiguousStrides(view.shape), offset: 0 });
    }
  }

  assign(variable: Variable, value: View): void {
    this.#variables.set(variable.view.storage, variable);
    const operand = this.#read(value);
    const fits =
      value.dtype === variable.dtype &&
      isContiguous(operand.shape, operand.strides) &&
      sizeOf(operand.value.shape) === viewSize(value);
    if (value.dtype !== variable.dtype)
      throw new DTypeError(`assign: ${variable.name} is ${variable.dtype}, the value ${value.dtype}: cast it first`);
    // A value that other places read too, or a part of one, is copied: the Variable owns its memory.
    const own = operand.value.node.work.kind === "elementwise" || operand.value.node.work.kind === "reduce";
    this.#write(variable.view.storage, fits && own ? operand : this.#read(this.#copy(value)));
  }

  hostScalar(compute: () => number, dtype: DType): View {
    return this.#future(this.#node("host", { kind: "host", compute }, [], [{ shape: [], dtype }]));
  }

  hostEffect(effect: () => void): void {
    this.#effects.push(effect);
  }

  guard(read: () => unknown): void {
    this.#guards.push({ read, value: read() });
  }

  gradient(variable: Variable): Tensor | null {
    const known = this.#gradients.get(variable);
    if (known !== undefined) return known;
    this.guard(() => variable.hasGradient);
    if (!variable.hasGradient) return null;
    const before = new Tensor(
      this.#future(this.#node("gradient", { kind: "gradient", variable }, [], [variable.view])),
    );
    this.#gradients.set(variable, before);
    return before;
  }

  setGradient(variable: Variable, gradient: Tensor | null): void {
    this.#gradients.set(variable, gradient);
  }

  /** The whole computation, given the tensors that it returns. */
  finish(results: readonly Tensor[]): Trace {
    const operands = results.map(({ view }) => this.#read(view));
    const gradients = [...this.#gradients].flatMap(([variable, gradient]): Graph["gradients"][number][] => {
      if (gradient === null) return [{ variable, value: null }];
      const value = this.#read(gradient.view);
      return value.value.node.work.kind === "gradient" ? [] : [{ variable, value }];
    });
    const assignments = [...this.#assigned].flatMap((storage) => {
      const value = this.#values.get(storage);
      return value === undefined ? [] : [{ storage, value }];
    });
    for (const variable of this.#variables.values()) this.guard(() => variable.requiresGrad);
    return {
      graph: { nodes: this.#nodes, results: operands, assignments, gradients },
      effects: this.#effects,
      guards: this.#guards,
    };
  }

  #isKnown({ storage }: View): boolean {
    return storage instanceof FutureStorage || storage.owner !== null;
  }

  /** A tensor from outside, as a constant of the program. */
  #adopt(view: View): View {
    this.#read(view);
    return view;
  }

  /** The operand that a view stands for now. */
  #read(view: View): Operand {
    const { storage, shape, strides, offset } = view;
    let held = this.#values.get(storage);
    if (held === undefined) {
      if (storage instanceof FutureStorage) {
        throw new GraphError(
          "a tensor of another captured computation was used: return it from the compiled function instead of keeping it",
        );
      }
      const flat: Spec = { shape: [storage.array.length], dtype: view.dtype };
      const work: Work =
        storage.owner === null
          ? { kind: "constant", view: { storage, shape: flat.shape, dtype: view.dtype, strides: [1], offset: 0 } }
          : { kind: "variable", storage, variable: this.#variables.get(storage) ?? null };
      const { owner } = storage;
      if (owner !== null) this.guard(() => owner.requiresGrad);
      const value = this.#node(owner?.name ?? "constant", work, [], [flat]);
      held = { value, shape: flat.shape, strides: [1], offset: 0 };
      this.#values.set(storage, held);
    }
    return { value: held.value, shape, strides, offset: offset + held.offset };
  }

  #write(storage: Storage, operand: Operand): void {
    this.#values.set(storage, operand);
    this.#assigned.add(storage);
    storage.version++;
  }

  #copy(view: View): View {
    const work: Work = { kind: "elementwise", formulas: [input(0)] };
    return this.#future(
      this.#node("copy", work, [this.#read(view)], [view], elementwiseRun("copy", work.formulas, [view])),
    );
  }

  #future(value: Value): View {
    const storage = new FutureStorage(value);
    const strides = contiguousStrides(value.shape);
    this.#values.set(storage, { value, shape: value.shape, strides, offset: 0 });
    return { storage, shape: value.shape, dtype: value.dtype, strides, offset: 0 };
  }

  #node(
    name: string,
    work: Work,
    inputs: readonly Operand[],
    specs: readonly [Spec],
    eager: GraphNode["eager"] = null,
  ): Value {
    const [value] = this.#nodeOf(name, work, inputs, specs, eager).outputs;
    if (value === undefined) throw new GraphError(`${name}: no output`);
    return value;
  }

  #nodeOf(
    name: string,
    work: Work,
    inputs: readonly Operand[],
    specs: readonly Spec[],
    eager: GraphNode["eager"],
  ): GraphNode {
    const outputs: Value[] = [];
    const node: GraphNode = { id: this.#nodes.length, name, scope: currentScope(), work, inputs, outputs, eager };
    for (const { shape, dtype } of specs) outputs.push({ id: this.#ids++, shape, dtype, node });
    this.#nodes.push(node);
    return node;
  }
}

/** Formulas of one shape, eagerly. */
function elementwiseRun(name: string, formulas: readonly Expr[], specs: readonly Spec[]): GraphNode["eager"] {
  const kernel = new ElementwiseKernel(name, formulas);
  return (views) => {
    const outputs = specs.map(allocateView);
    const [first] = specs;
    if (first !== undefined)
      kernel.run(
        views,
        first.shape,
        outputs.map(({ storage }) => storage.array),
        first.dtype,
      );
    return outputs;
  };
}

/** A fold over some axes, eagerly. */
function reductionRun(
  combine: Expr,
  init: number,
  axes: readonly number[],
  spec: Spec,
): (views: readonly View[]) => readonly View[] {
  const kernel = new ReductionKernel(combine, init);
  return ([x]) => {
    const output = allocateView(spec);
    if (x !== undefined) kernel.run(x, axes, output.storage.array);
    return [output];
  };
}
