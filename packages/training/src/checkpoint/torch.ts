// Weights from PyTorch, and to it: names and layouts of the one in those of the other.
//
// A layer of theirs and one of ours meet by `map`, or because their paths are the same, or, as in chains of layers without names
// (`nn.Sequential`: 0, 1, 3 …), because they are what is left and stand in the same order. What does not fit is an error with all
// differences in it: a weight that went to the wrong place would not be noticed otherwise.

import { CheckpointError, formatShape, noGrad, type Tensor } from "@gradus/core";
import type { Layer } from "@gradus/layers";
import { dispensable, type Layout, layouts } from "./torch-layouts.ts";

/** Options of {@link fromTorch} and {@link toTorch}. */
export interface TorchOptions {
  /**
   * PyTorch's paths of layers, and ours for each: `{ fc1: "dense", "features.0": "conv2d" }`. By default layers meet
   * by path and order.
   */
  readonly map?: Readonly<Record<string, string>>;
}

/** A layer of ours that has variables of its own. */
interface Owner {
  readonly path: string;
  readonly layer: Layer;
  /** Its own variables: their names, and the tensors' axes there. */
  readonly layouts: ReadonlyMap<string, Layout>;
  /** How many channels come before the rows of its weight, where images are flattened into it; 1 for none. */
  readonly channels: number;
}

/**
 * Gives a model the weights of a PyTorch `state_dict`. Weights of Linear become [in, out], kernels [height, width, in, out];
 * BatchNorm's running_mean and running_var become runningMean and runningVariance. Behind a `Flatten` of images the rows of a Dense
 * are put from PyTorch's order (channels first) into ours (channels last).
 *
 * Values are taken over, not options: give BatchNorm `{ momentum: 0.9, epsilon: 1e-5, unbiasedVariance: true }` for PyTorch's.
 *
 * @param tensors by PyTorch's names, as `readSafetensors` gives them
 * @throws CheckpointError for layers without a partner, missing, unknown and misshapen tensors, all at once; nothing is loaded then
 * @example
 * const response = await fetch("model.safetensors");
 * const { tensors } = readSafetensors(new Uint8Array(await response.arrayBuffer()));
 * fromTorch(model, tensors, { map: { fc1: "dense", fc2: "dense_1" } });
 */
export function fromTorch(
  model: Layer,
  tensors: ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>,
  { map = {} }: TorchOptions = {},
): void {
  const given = new Map<string, Tensor>(tensors instanceof Map ? tensors : Object.entries(tensors));
  const owners = ownersOf(model);
  const partners = pair(owners, given, map);
  const problems: string[] = [];
  const state = new Map<string, Tensor>();
  for (const owner of owners) {
    const path = partners.get(owner.path) ?? owner.path;
    for (const [name, layout] of owner.layouts) {
      const key = join(path, layout.name);
      const value = given.get(key);
      given.delete(key);
      const own = join(owner.path, name);
      if (value === undefined) problems.push(`${key} is missing (our ${own})`);
      else if (value.rank !== (layout.order?.length ?? value.rank)) {
        problems.push(`${key} is ${formatShape(value.shape)}, expected ${layout.order?.length} axes (our ${own})`);
      } else
        state.set(
          own,
          noGrad(() => arrange(value, layout, rowChannels(owner, name))),
        );
    }
  }
  for (const key of given.keys()) {
    if (!dispensable.has(key.slice(key.lastIndexOf(".") + 1))) problems.push(`${key} has no place in the model`);
  }
  if (problems.length > 0) {
    const help = 'name the layers that belong together with map, as { map: { fc1: "dense" } }';
    throw new CheckpointError(`fromTorch: nothing was loaded: ${problems.join("; ")}: ${help}`);
  }
  model.loadStateDict(state);
}

/**
 * The weights of a model under PyTorch's names and in its layouts, to be written with `writeSafetensors` and read there with
 * `model.load_state_dict(safetensors.torch.load_file(path))`. The layers of a Sequential are numbered, as in `nn.Sequential`.
 *
 * @param options `map` from PyTorch's paths to ours, as for {@link fromTorch}
 * @example
 * const file = writeSafetensors({ tensors: toTorch(model), metadata: { format: "pt" } });
 */
export function toTorch(model: Layer, { map = {} }: TorchOptions = {}): Map<string, Tensor> {
  const state = model.stateDict();
  const theirs = new Map(Object.entries(map).map(([path, own]) => [own, path]));
  const numbers = placesOf(model);
  const result = new Map<string, Tensor>();
  for (const owner of ownersOf(model)) {
    const path = theirs.get(owner.path) ?? numbers.get(owner.path) ?? owner.path;
    for (const [name, layout] of owner.layouts) {
      const value = state.get(join(owner.path, name));
      // PyTorch counts batches in int64, which no tensor here is; it starts the count anew where there is none.
      if (value === undefined || dispensable.has(layout.name)) continue;
      result.set(
        join(path, layout.name),
        noGrad(() => arrangeBack(value, layout, rowChannels(owner, name))),
      );
    }
  }
  return result;
}

const join = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);

/** From their axes to ours. */
function arrange(value: Tensor, { order }: Layout, channels: number): Tensor {
  const ours = order === undefined ? value : value.permute(order);
  // Row c·pixels + p becomes row p·channels + c.
  return transposeRows(ours, channels, (ours.shape[0] ?? 0) / channels);
}

/** From our axes to theirs. */
function arrangeBack(value: Tensor, { order }: Layout, channels: number): Tensor {
  const rows = transposeRows(value, (value.shape[0] ?? 0) / channels, channels);
  return order === undefined ? rows : rows.permute(order.map((_, axis) => order.indexOf(axis)));
}

/** Rows that stand in `outer` groups of `inner`, in `inner` groups of `outer`. */
function transposeRows(value: Tensor, outer: number, inner: number): Tensor {
  if (outer === 1 || inner === 1) return value;
  const [, ...rest] = value.shape;
  const axes = rest.map((_, axis) => axis + 2);
  return value
    .reshape([outer, inner, ...rest])
    .permute([1, 0, ...axes])
    .reshape(value.shape);
}

/** The layers that have variables of their own, in the order of the fields. */
function ownersOf(model: Layer): readonly Owner[] {
  const variables = [...model.namedVariables().keys()];
  const layers = new Map<string, Layer>([["", model], ...model.namedLayers()]);
  const owned = new Map<string, Map<string, Layout>>();
  for (const variable of variables) {
    // The layer with the longest path that leads to the variable.
    let path = variable;
    do path = path.slice(0, Math.max(0, path.lastIndexOf(".")));
    while (!layers.has(path));
    const name = path === "" ? variable : variable.slice(path.length + 1);
    const kind = layers.get(path)?.kind ?? "";
    const known = Object.hasOwn(layouts, kind) ? layouts[kind]?.[name] : undefined;
    const own = owned.get(path) ?? new Map<string, Layout>();
    owned.set(path, own.set(name, known ?? { name }));
  }
  const channels = flattenedChannels(layers);
  return [...layers].flatMap(([path, layer]) => {
    const own = owned.get(path);
    return own === undefined ? [] : [{ path, layer, layouts: own, channels: channels.get(path) ?? 1 }];
  });
}

/** For each layer on flattened images, up to the Dense that mixes them: how many channels the images have. */
function flattenedChannels(layers: ReadonlyMap<string, Layer>): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  let channels = 1;
  let flattened = 1;
  for (const [path, layer] of layers) {
    if (layer.kind.startsWith("conv")) channels = Number(Reflect.get(layer, "filters"));
    else if (layer.kind === "flatten") flattened = channels;
    else found.set(path, flattened);
    if (layer.kind === "dense") [channels, flattened] = [1, 1];
  }
  return found;
}

/** The channels that the rows of a variable stand for: those of a Dense's bias are its outputs. */
function rowChannels({ channels, layer }: Owner, name: string): number {
  return layer.kind === "dense" && name === "bias" ? 1 : channels;
}

/** Our paths with theirs. */
function pair(
  owners: readonly Owner[],
  given: ReadonlyMap<string, Tensor>,
  map: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  const paths = new Set(owners.map(({ path }) => path));
  const theirs = new Set([...given.keys()].map((key) => key.slice(0, Math.max(0, key.lastIndexOf(".")))));
  const partners = new Map<string, string>();
  for (const [path, own] of Object.entries(map)) {
    if (!theirs.has(path)) throw new CheckpointError(`fromTorch: map names ${path}, but there is no tensor of it`);
    if (!paths.has(own)) throw new CheckpointError(`fromTorch: map names ${own}, but the model has no such layer`);
    if (partners.has(own)) throw new CheckpointError(`fromTorch: map gives ${own} two layers of PyTorch`);
    partners.set(own, path);
  }
  const taken = new Set(partners.values());
  for (const path of paths) if (!partners.has(path) && theirs.has(path) && !taken.has(path)) partners.set(path, path);
  const left = [...theirs].filter((path) => ![...partners.values()].includes(path));
  const alone = [...paths].filter((path) => !partners.has(path));
  // Numbers alone tell an order; names would only seem to.
  if (left.length === alone.length && left.every((path) => /^\d+(\.\d+)*$/.test(path))) {
    left.sort(byNumbers);
    for (const [index, path] of alone.entries()) partners.set(path, left[index] ?? path);
  }
  return partners;
}

/** `1.9` before `1.10`. */
function byNumbers(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at < 0 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? -1);
}

/** Our paths with the layers of each Sequential numbered. */
function placesOf(model: Layer): ReadonlyMap<string, string> {
  const layers = new Map<string, Layer>([["", model], ...model.namedLayers()]);
  const counts = new Map<string, number>();
  const places = new Map<string, string>([["", ""]]);
  for (const path of layers.keys()) {
    if (path === "") continue;
    let parent = path;
    do parent = parent.slice(0, Math.max(0, parent.lastIndexOf(".")));
    while (!layers.has(parent));
    const place = counts.get(parent) ?? 0;
    counts.set(parent, place + 1);
    const rest = parent === "" ? path : path.slice(parent.length + 1);
    const numbered = layers.get(parent)?.kind === "sequential";
    places.set(path, join(places.get(parent) ?? parent, numbered ? String(place) : rest));
  }
  return places;
}
