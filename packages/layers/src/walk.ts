// Finding what a layer holds: Variables and layers in its fields, at any depth, each with its path. And naming: which
// Variables are parameters, and what messages call them.

import { Variable } from "@gradus/core";
import type { Layer } from "./layer.ts";

/** A Variable or a layer, and the fields that lead to it. */
export interface Findings {
  readonly variables: readonly { readonly path: readonly string[]; readonly variable: Variable }[];
  readonly layers: readonly { readonly path: readonly string[]; readonly layer: Layer }[];
}

/**
 * All that is in the fields of `root`: through layers, arrays, plain objects and Maps, depth first, shared ones once.
 */
export function walk(root: Layer, LayerClass: abstract new () => Layer): Findings {
  const variables: { path: readonly string[]; variable: Variable }[] = [];
  const layers: { path: readonly string[]; layer: Layer }[] = [];
  const seen = new Set<object>([root]);
  const enter = (entries: Iterable<readonly [unknown, unknown]>, path: readonly string[]): void => {
    for (const [key, value] of entries) {
      if (typeof value !== "object" || value === null || seen.has(value)) continue;
      visit(value, [...path, String(key)]);
    }
  };
  const visit = (value: object, path: readonly string[]): void => {
    seen.add(value);
    if (value instanceof Variable) variables.push({ path, variable: value });
    else if (value instanceof LayerClass) {
      layers.push({ path, layer: value });
      enter(value.fields(), path);
    } else if (Array.isArray(value)) enter(value.entries(), path);
    else if (value instanceof Map) enter(value, path);
    else if (isPlain(value)) enter(Object.entries(value), path);
  };
  enter(root.fields(), []);
  return { variables, layers };
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const parameters: WeakSet<Variable> = /* @__PURE__ */ new WeakSet();

/**
 * Whether a Variable is a parameter: it requires a gradient, or did so when a layer was first asked for its
 * variables.
 */
export function isParameter(variable: Variable): boolean {
  if (variable.requiresGrad) parameters.add(variable);
  return parameters.has(variable);
}

/** The names that were given here, and how long the path was. */
const given: WeakMap<Variable, { readonly name: string; readonly depth: number }> = /* @__PURE__ */ new WeakMap();

/**
 * Names a Variable after its path, unless its owner named it. A path from further out is longer and wins:
 * `dense.weight` of a lone Dense becomes `encoder.hidden.weight` in a model, and stays so when the Dense is asked
 * again.
 */
export function nameVariable(variable: Variable, path: readonly string[], kind: string): void {
  const before = given.get(variable);
  if (variable.name !== (before?.name ?? "") || path.length <= (before?.depth ?? 0)) return;
  const name = path.length === 1 ? `${kind}.${path[0]}` : path.join(".");
  variable.name = name;
  given.set(variable, { name, depth: path.length });
}

/** A class name in snake case: `BatchNorm` is `batch_norm`, `Conv2D` is `conv2d`, `MLPBlock` is `mlp_block`. */
export function nameOf(className: string): string {
  const words = className.replace(/([a-z])([A-Z])/g, "$1_$2").replace(/([A-Z])([A-Z][a-z])/g, "$1_$2");
  return words.toLowerCase().replace(/^_+/, "") || "layer";
}
