// Asking for items before they are needed, so that what fetches them (a disk, the net, a worker) works while the trainer does.

import type { Stage } from "./stage.ts";

/** The same items, of which up to `count` have been asked for and not yet taken. */
export function prefetchStage<Item>(base: Stage<Item>, count: number): Stage<Item> {
  return { length: base.length, open: (pass, skip) => prefetched(base.open(pass, skip), count) };
}

async function* prefetched<Item>(
  items: AsyncGenerator<Item, void, void>,
  count: number,
): AsyncGenerator<Item, void, void> {
  const waiting: Promise<IteratorResult<Item, void>>[] = [];
  const ask = (): void => {
    const next = items.next();
    // An error is thrown where the item is taken; until then it is nobody's.
    next.catch(() => {});
    waiting.push(next);
  };
  try {
    for (;;) {
      while (waiting.length < count) ask();
      const next = await waiting.shift();
      if (next === undefined || next.done === true) return;
      ask();
      yield next.value;
    }
  } finally {
    await items.return();
  }
}
