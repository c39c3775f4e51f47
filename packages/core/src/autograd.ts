// Derivatives of functions: gradients, products with the Jacobian from either side, Hessians. All are made of one piece, the
// product of a vector with the Jacobian, whose rules are ordinary operations and so can be differentiated again.

import { isFloat } from "./dtype.ts";
import { AutogradError, DTypeError, ShapeError } from "./errors.ts";
import { zeros } from "./ops/creation.ts";
import { stack } from "./ops/joining.ts";
import { formatShape, type Shape, sameShape } from "./shape.ts";
import { typed } from "./shape-types.ts";
import { isRecording, Node, propagate, withRecording } from "./tape.ts";
import { Tensor } from "./tensor.ts";

/** A function of tensors. */
export type TensorFunction = (...inputs: Tensor[]) => Tensor;

/** The result of a function, and how to send a gradient of it back to the inputs. */
export interface Pullback {
  /** f at the inputs, of whatever shape f gives it. */
  readonly value: Tensor;
  /** Given the gradient of some loss with respect to `value`, its gradients with respect to the inputs. */
  readonly pullback: (gradient: Tensor) => Tensor[];
}

/**
 * `f(...inputs)` and the map v ↦ vᵀ·J, with J the Jacobian of f at the inputs: v has the shape of the value, and the
 * gradients that it gives have those of the inputs. Reverse mode, for about the cost of f once more, whatever the
 * number of inputs.
 *
 * @throws AutogradError if f returns no tensor
 * @throws ShapeError from the pullback, if v has not the shape of the value
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
export interface ValueAndGradients<G = Tensor[]> {
  /** The value of f, a scalar. */
  readonly value: Tensor;
  /** ∂f/∂x for each input x, of its shape; zeros where f does not depend on it. */
  readonly gradients: G;
}

/** A value, and how it moves with the input. */
export interface ValueAndTangent {
  /** f(x), of whatever shape f gives it. */
  readonly value: Tensor;
  /** J·v, of the shape of the value. */
  readonly tangent: Tensor;
}

/** The gradients of a structure: a tensor for each tensor in arrays and plain objects, null for anything else. */
export type Gradients<T> =
  T extends Tensor<infer S> ? Tensor<S> : T extends object ? { -readonly [K in keyof T]: Gradients<T[K]> } : null;

/**
 * A function that gives the value of scalar-valued `f` and its gradients with respect to every input. Inputs are tensors, Variables,
 * and arrays and plain objects of them; gradients come in the same structure, with null for what is no tensor.
 *
 * @throws AutogradError if f gives no scalar
 * @example
 * const loss = (model: { w: Tensor; b: Tensor }, x: Tensor) => x.mul(model.w).add(model.b).square().sum();
 * const { gradients } = valueAndGrad(loss)({ w: tensor(2), b: tensor(1) }, tensor([1, 2]));
 * gradients[0].b.toArray(); // 16
 */
export function valueAndGrad(f: TensorFunction): (...inputs: Tensor[]) => ValueAndGradients;
/** The same for inputs that are structures of tensors: gradients come in the same structure. */
export function valueAndGrad<A extends readonly unknown[]>(
  f: (...inputs: A) => Tensor,
): (...inputs: A) => ValueAndGradients<Gradients<A>>;
export function valueAndGrad(f: (...inputs: never[]) => Tensor): unknown {
  return (...inputs: readonly unknown[]): ValueAndGradients<unknown[]> => {
    const tensors: Tensor[] = [];
    mapTensors(inputs, (tensor) => tensors.push(tensor));
    const rebuilt = (values: readonly Tensor[]): unknown[] => {
      const next = values.values();
      return inputs.map((input) => mapTensors(input, () => next.next().value));
    };
    // cast: the inputs that f was written for, with a tensor for each tensor
    const { value, pullback, open } = differentiate((...handles) => f(...(rebuilt(handles) as never[])), tensors);
    if (value.size !== 1)
      throw new AutogradError(
        `grad: the function gave ${formatShape(value.shape)}, not a scalar: reduce it, or use vjp`,
      );
    const gradients = pullback(onesOf(value)).values();
    return {
      value: open ? value : value.detach(),
      gradients: inputs.map((input) =>
        mapTensors(
          input,
          () => gradients.next().value,
          () => null,
        ),
      ),
    };
  };
}

/** A structure of arrays and plain objects with each tensor, and anything else in it, replaced. */
function mapTensors(
  value: unknown,
  replace: (tensor: Tensor) => unknown,
  others: (value: unknown) => unknown = (other) => other,
): unknown {
  if (value instanceof Tensor) return replace(value);
  if (Array.isArray(value)) return value.map((item) => mapTensors(item, replace, others));
  if (typeof value !== "object" || value === null) return others(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return others(value);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapTensors(item, replace, others)]));
}

/**
 * The gradient of scalar-valued `f` with respect to its first input, as a function; apply it twice for the second
 * derivative. Inputs may be structures, as in {@link valueAndGrad}.
 *
 * @throws AutogradError if f gives no scalar, or if its first input is no tensor, nor a structure of tensors
 * @example
 * const slope = grad((x) => x.pow(3).sum());
 * slope(tensor([2])).toArray(); // [12]
 */
export function grad(f: TensorFunction): <S extends Shape>(x: Tensor<S>, ...others: Tensor[]) => Tensor<S>;
/** The same for a first input that is a structure of tensors: the gradient comes in the same structure. */
export function grad<A extends readonly [unknown, ...unknown[]]>(
  f: (...inputs: A) => Tensor,
): (...inputs: A) => Gradients<A[0]>;
export function grad(f: TensorFunction): (...inputs: Tensor[]) => unknown {
  const both = valueAndGrad(f);
  return (...inputs) => {
    const [x] = inputs;
    if (x instanceof Tensor && !isFloat(x.dtype))
      throw new DTypeError(`grad: the first input is ${x.dtype}, and only floats have gradients: cast("float32")`);
    const [first] = both(...inputs).gradients;
    if (first === undefined) throw new AutogradError("grad: the function was called without inputs");
    if (first === null) throw new AutogradError("grad: the first input is no tensor, nor a structure of tensors");
    return first;
  };
}

/**
 * `f(x)` as `value`, and J·v as `tangent`: the derivative of f at x in the direction v, of the shape of the value.
 * Found by differentiating vᵀ·J twice: u ↦ uᵀ·J is linear in u, and the transpose of that map is J itself.
 *
 * @throws ShapeError unless v has the shape of x
 * @example
 * jvp((x) => x.square(), tensor([1, 2]), tensor([1, 0])).tangent.toArray(); // [2, 0]
 */
export function jvp(f: (x: Tensor) => Tensor, x: Tensor, v: Tensor): ValueAndTangent {
  if (!sameShape(x.shape, v.shape))
    throw new ShapeError(`jvp: the input is ${formatShape(x.shape)}, the direction ${formatShape(v.shape)}`);
  const { value, pullback, open } = differentiate(f, [x]);
  const transpose = vjp((u) => pullback(u)[0] ?? x, zeros(value.shape, { dtype: value.dtype }));
  const [tangent] = transpose.pullback(v);
  return { value: open ? value : value.detach(), tangent: tangent ?? v };
}

/** The shape of every derivative of a tensor by another: the one's axes, then the other's. */
export type DerivativeShape<Y extends Shape, X extends Shape> = [number] extends [Y["length"] | X["length"]]
  ? Shape
  : readonly [...Y, ...X];

/**
 * The Jacobian of `f` at x: [...shape of f(x), ...shape of x], a pullback for each element of f(x).
 *
 * @throws AutogradError if f returns no tensor
 * @example jacobian((x) => x.mul(3), tensor([1, 2])).toArray(); // [[3, 0], [0, 3]]
 */
export function jacobian<X extends Shape, Y extends Shape>(
  f: (x: Tensor<X>) => Tensor<Y>,
  x: Tensor<X>,
): Tensor<DerivativeShape<Y, X>> {
  const { value, pullback } = vjp((...[point = x]) => f(typed(point)), x);
  const rows = Array.from({ length: value.size }, (_, index) => {
    const unit = zeros([value.size], { dtype: value.dtype });
    unit.view.storage.array[index] = 1;
    return pullback(unit.reshape(value.shape))[0] ?? x;
  });
  const shape = [...value.shape, ...x.shape];
  const matrix: Tensor = rows.length === 0 ? zeros(shape, { dtype: x.dtype }) : stack(rows).reshape(shape);
  return typed(matrix);
}

/**
 * The matrix of second derivatives of scalar-valued `f` at x: [...shape of x, ...shape of x]. Symmetric where they
 * are continuous; for its product with one vector, {@link hessianVectorProduct} is far cheaper.
 *
 * @throws AutogradError if f gives no scalar
 * @example hessian((x) => x.pow(3).sum(), tensor([2])).toArray(); // [[12]]
 */
export function hessian<X extends Shape>(f: (x: Tensor<X>) => Tensor, x: Tensor<X>): Tensor<DerivativeShape<X, X>> {
  const slope = grad((...[point = x]) => f(typed(point)));
  return typed(jacobian((point: Tensor) => slope(point), x));
}

/**
 * H·v, the Hessian of scalar-valued `f` at x times a vector, without the Hessian: the derivative of the gradient's
 * product with v, for about the cost of two gradients. Source: B. A. Pearlmutter, "Fast exact multiplication by the
 * Hessian", 1994.
 *
 * @throws ShapeError unless v has the shape of x
 * @throws AutogradError if f gives no scalar
 * @example hessianVectorProduct((x) => x.pow(3).sum(), tensor([1, 2]), tensor([1, 10])).toArray(); // [6, 120]
 */
export function hessianVectorProduct<X extends Shape>(
  f: (x: Tensor<X>) => Tensor,
  x: Tensor<X>,
  v: Tensor<X>,
): Tensor<X> {
  if (!sameShape(x.shape, v.shape))
    throw new ShapeError(
      `hessianVectorProduct: the input is ${formatShape(x.shape)}, the vector ${formatShape(v.shape)}`,
    );
  const { pullback } = vjp(
    grad((...[point = x]) => f(typed(point))),
    x,
  );
  const [product = x] = pullback(v); // H is symmetric: vᵀ·H is H·v
  return typed(product);
}

function onesOf(value: Tensor): Tensor {
  return zeros(value.shape, { dtype: value.dtype }).add(1);
}
