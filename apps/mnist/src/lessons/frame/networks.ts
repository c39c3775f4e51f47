// The networks of the lessons: Dense layers with something between them.

import type { Generator } from "@gradus/core";
import { BatchNorm, Dense, Dropout, type Initializer, type Layer, Sequential, xavierNormal } from "@gradus/layers";

/** What stands between two Dense layers. */
export interface NetworkParts {
  /** The units of each hidden layer. */
  readonly hidden: readonly number[];
  /** A new activation, or null for a linear network. */
  readonly activation: (() => Layer) | null;
  /** How weights start; Xavier's normal numbers if nothing is said. */
  readonly initializer?: Initializer;
  /** Whether there is a batch normalization, and where; none if nothing is said. */
  readonly normalize?: "before" | "after";
  /** The share of units that a dropout after each activation leaves out; no dropout if nothing is said. */
  readonly dropout?: number;
  readonly generator?: Generator;
}

/** A network from 784 pixels to ten logits. */
export function network(parts: NetworkParts): Sequential {
  const { hidden, activation, initializer = xavierNormal, normalize, dropout, generator } = parts;
  const options = { initializer, ...(generator === undefined ? {} : { generator }) };
  const layers: Layer[] = [];
  let inputs = 784;
  for (const units of hidden) {
    layers.push(new Dense(inputs, units, options));
    if (normalize === "before") layers.push(new BatchNorm(units, statistics));
    if (activation !== null) layers.push(activation());
    if (normalize === "after") layers.push(new BatchNorm(units, statistics));
    if (dropout !== undefined) layers.push(new Dropout(dropout));
    inputs = units;
  }
  return new Sequential(...layers, new Dense(inputs, 10, options));
}

/** So many layers of so many units. */
export const deep = (depth: number, width: number): readonly number[] => Array.from({ length: depth }, () => width);

/** Running statistics over the last ten batches or so, as the trainings of the lessons are short. */
export const statistics = { momentum: 0.9, epsilon: 1e-5 } as const;
