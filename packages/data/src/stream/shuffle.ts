// Shuffling what does not fit in memory: a buffer of so many items, of which a random one goes out for each that comes in. With a buffer
// as large as the stream every order is equally likely; with a smaller one, item i leaves no earlier than at place i − buffer + 1.
// Source of the idea: tf.data's shuffle; the end is the algorithm of R. Fisher and F. Yates (1938).

import { type Generator, uniform } from "@gradus/core";
import { generatorAt } from "../seeds.ts";
import { dropped, type Stage } from "./stage.ts";

/** So many random numbers are drawn at once. */
const BLOCK = 1024;

/** Whole numbers from 0 to below a limit, one after the other. */
function chooser(generator: Generator): (limit: number) => number {
  let numbers = new Float64Array(0);
  let at = 0;
  return (limit) => {
    if (at === numbers.length) {
      numbers = Float64Array.from(uniform([BLOCK], { dtype: "float64", generator }).toTypedArray());
      at = 0;
    }
    return Math.floor((numbers[at++] ?? 0) * limit);
  };
}

/** The items in an order that the seed and the pass fix, chosen from a buffer of `size`. */
export function shuffleStage<Item>(base: Stage<Item>, size: number, seed: number): Stage<Item> {
  async function* shuffled(pass: number): AsyncGenerator<Item, void, void> {
    const choose = chooser(generatorAt(seed, pass, 0));
    const buffer: Held<Item>[] = [];
    for await (const item of base.open(pass, 0)) {
      buffer.push({ item });
      if (buffer.length === size) yield leave(buffer, choose(size));
    }
    while (buffer.length > 0) yield leave(buffer, choose(buffer.length));
  }
  return { length: base.length, open: (pass, skip) => dropped(shuffled(pass), skip) };
}

/** An item in the buffer, whatever it is. */
interface Held<Item> {
  readonly item: Item;
}

/** The item at `place` leaves the buffer; the last one takes its place. */
function leave<Item>(buffer: Held<Item>[], place: number): Item {
  const last = buffer.pop();
  if (last === undefined) throw new RangeError("the buffer is empty");
  const chosen = buffer[place] ?? last;
  if (place < buffer.length) buffer[place] = last;
  return chosen.item;
}
