// Derivatives of functions: gradients, products with the Jacobian from either side, Hessians. All are made of one piece, the
// product of a vector with the Jacobian, whose rules are ordinary operations and so can be differentiated again.

import { AutogradError, ShapeError } from "./errors.ts";
import { composite } from "./ops/constructors.ts";
import { zeros } from "./ops/creation.ts";
import { stack } from "./ops/joining.ts";
import type { Operand } from "./ops/op.ts";
import { formatShape, sameShape } from "./shape.ts";
import { isRecording, Node, propagate, withRecording } from "./tape.ts";
import { Tensor } from "./tensor.ts";

/** A function of tensors. */
export type TensorFunction = (...inputs: Tensor[]) => Tensor;

/** The result of a function, and how to send a gradient of it back to the inputs. */
export interface Pullback {
  readonly value: Tensor;
  /** Given the gradient of some loss with respect to `value`, its gradients with respect to the inputs. */
  readonly pullback: (gradient: Tensor) => Tensor[];
}

/**
 * `f(...inputs)` and the map v ↦ vᵀ·J, with J the Jacobian of f at the inputs.
 *
 * @example
 * const { value, pullback } = vjp((x) => x.square(), tensor([1, 2]));
 * pullback(tensor([1, 1]))[0]?.toArray(); // [2, 4]
 */
export function vjp(f: TensorFunction, ...inputs: readonly Tensor[]): Pullback {
  const { value, pullback } = differentiate(f, inputs);
  return { value, pullback };
}

/** A pullback, and whether the value also depends on tensors that are no inputs: the gradients then do as well. */
function differentiate(f: TensorFunction, inputs: readonly Tensor[]): Pullback & { readonly open: boolean } {
  const nested = isRecording() && inputs.some(({ node }) => node !== null);
  const handles = inputs.map((input) => {
    const handle = input.detach();
    handle.node =
      input.node === null
        ? Node.leaf("input", input.view, null)
        : Node.of("input", [input], handle, ({ dy }) => [dy], { inputs: () => false, output: false });
    return handle;
  });
  const value = withRecording(true, () => f(...handles));
  if (!(value instanceof Tensor)) throw new AutogradError("vjp: the function must return one tensor");
  const stops = new Set(handles.flatMap(({ node }) => (node === null ? [] : [node])));
  const open = nested || (isRecording() && leadsElsewhere(value.node, stops));
  const pullback = (gradient: Tensor): Tensor[] => {
    if (!sameShape(gradient.shape, value.shape)) {
      throw new ShapeError(
        `vjp: the gradient is ${formatShape(gradient.shape)}, the function's result ${formatShape(value.shape)}`,
      );
    }
    const found = new Map<Node, Tensor>();
    const createGraph = isRecording() && (open || gradient.node !== null);
    if (value.node !== null)
      propagate(value.node, gradient, { createGraph, stops }, (node, total) => void found.set(node, total));
    return handles.map(
      (handle) => (handle.node && found.get(handle.node)) ?? zeros(handle.shape, { dtype: handle.dtype }),
    );
  };
  return { value, pullback, open };
}

/** Whether leaves other than `stops` lead to `root`. */
function leadsElsewhere(root: Node | null, stops: ReadonlySet<Node>): boolean {
  const seen = new Set<Node | null>([null, ...stops]);
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node === null || seen.has(node)) continue;
    if (node.rule === null) return true;
    seen.add(node);
    stack.push(...node.edges);
  }
  return false;
}

/** A value and its gradients with respect to the inputs. */
export interface ValueAndGradients {
  readonly value: Tensor;
  readonly gradients: Tensor[];
}

/** A function that gives the value of scalar-valued `f` and its gradients with respect to every input. */
export function valueAndGrad(f: TensorFunction): (...inputs: Tensor[]) => ValueAndGradients {
  return (...inputs) => {
    const { value, pullback, open } = differentiate(f, inputs);
    if (value.size !== 1)
      throw new AutogradError(
        `grad: the function gave ${formatShape(value.shape)}, not a scalar: reduce it, or use vjp`,
      );
    return { value: open ? value : value.detach(), gradients: pullback(onesOf(value)) };
  };
}

/**
 * The gradient of scalar-valued `f` with respect to its first input, as a function; apply it twice for the second derivative.
 *
 * @example
 * const slope = grad((x) => x.pow(3).sum());
 * slope(tensor([2])).toArray(); // [12]
 */
export function grad(f: TensorFunction): (...inputs: Tensor[]) => Tensor {
  const both = valueAndGrad(f);
  return (...inputs) => {
    const [first] = both(...inputs).gradients;
    if (first === undefined) throw new AutogradError("grad: the function was called without inputs");
    return first;
  };
}

/**
 * `f(x)` and J·v, the derivative of f at x in the direction v. Found by differentiating vᵀ·J twice: u ↦ uᵀ·J is linear in u, and
 * the transpose of that map is J itself.
 *
 * @example
 * jvp((x) => x.square(), tensor([1, 2]), tensor([1, 0])).tangent.toArray(); // [2, 0]
 */
export function jvp(
  f: (x: Tensor) => Tensor,
  x: Tensor,
  v: Tensor,
): { readonly value: Tensor; readonly tangent: Tensor } {
  if (!sameShape(x.shape, v.shape))
    throw new ShapeError(`jvp: the input is ${formatShape(x.shape)}, the direction ${formatShape(v.shape)}`);
  const { value, pullback, open } = differentiate(f, [x]);
  const transpose = vjp((u) => pullback(u)[0] ?? x, zeros(value.shape, { dtype: value.dtype }));
  const [tangent] = transpose.pullback(v);
  return { value: open ? value : value.detach(), tangent: tangent ?? v };
}

/** The Jacobian of `f` at x: [...shape of f(x), ...shape of x]. @example jacobian((x) => x.mul(3), tensor([1, 2])).toArray(); // [[3, 0], [0, 3]] */
export function jacobian(f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  const { value, pullback } = vjp(f, x);
  const rows = Array.from({ length: value.size }, (_, index) => {
    const unit = zeros([value.size], { dtype: value.dtype });
    unit.view.storage.array[index] = 1;
    return pullback(unit.reshape(value.shape))[0] ?? x;
  });
  const shape = [...value.shape, ...x.shape];
  return rows.length === 0 ? zeros(shape, { dtype: x.dtype }) : stack(rows).reshape(shape);
}

/** The matrix of second derivatives of scalar-valued `f` at x: [...shape of x, ...shape of x]. @example hessian((x) => x.pow(3).sum(), tensor([2])).toArray(); // [[12]] */
export function hessian(f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  return jacobian(grad(f), x);
}

/** The parts of a {@link customOp}. */
export interface CustomOpDefinition {
  readonly name?: string;
  /** The result; it may be computed in any way, and nothing of it is recorded. */
  readonly forward: (...inputs: Tensor[]) => Tensor;
  /** The gradients of the inputs, from that of the result; null for inputs that have none. */
  readonly backward: (parts: {
    readonly dy: Tensor;
    readonly inputs: readonly Tensor[];
    readonly output: Tensor;
  }) => readonly (Tensor | null)[];
}

/**
 * An operator with a gradient of your own, for what no formula of other operators says well.
 *
 * @example
 * const clamped = customOp({ name: "straightThrough", forward: (x) => x.round(), backward: ({ dy }) => [dy] });
 * clamped(tensor([0.4, 1.6])).toArray(); // [0, 2]
 */
export function customOp({
  name = "customOp",
  forward,
  backward,
}: CustomOpDefinition): (...inputs: Operand[]) => Tensor {
  const apply = composite<null>({
    name,
    forward: (inputs) => {
      const result = forward(...inputs);
      if (!(result instanceof Tensor)) throw new AutogradError(`${name}: forward must return a tensor`);
      return result;
    },
    gradient: ({ dy, inputs, y }) => {
      const gradients = backward({ dy, inputs, output: y });
      if (!Array.isArray(gradients) || gradients.length !== inputs.length) {
        throw new AutogradError(
          `${name}: backward must return one gradient (or null) for each of the ${inputs.length} inputs`,
        );
      }
      return gradients;
    },
  });
  return (...inputs) => apply(inputs, null).output;
}

function onesOf(value: Tensor): Tensor {
  return zeros(value.shape, { dtype: value.dtype }).add(1);
}
