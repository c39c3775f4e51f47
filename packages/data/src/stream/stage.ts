// A stage of a stream: something that can give the items of any pass from any item on. Nothing is remembered between passes, and all
// that is random in a stage is a function of its seed, the pass and the item. So a position is two numbers, and a stream can go on from
// one in another process, bit for bit.

/** A stage of a stream. */
export interface Stage<Item> {
  /** The number of items in a pass: null where that is not known before, Infinity where there is no end. */
  readonly length: number | null;
  /** The items of pass `pass`, without the first `skip`. */
  open(pass: number, skip: number): AsyncGenerator<Item, void, void>;
}

/** The items of a pass after the first `skip`, for stages that must see those as well. */
export async function* dropped<Item>(
  items: AsyncGenerator<Item, void, void>,
  skip: number,
): AsyncGenerator<Item, void, void> {
  let passed = 0;
  for await (const item of items) if (passed++ >= skip) yield item;
}

/** The first `count` items of a pass; no more than these are asked for. */
export async function* firstOf<Item>(
  items: AsyncGenerator<Item, void, void>,
  count: number,
): AsyncGenerator<Item, void, void> {
  if (count <= 0) return;
  let given = 0;
  for await (const item of items) {
    yield item;
    if (++given === count) return;
  }
}
