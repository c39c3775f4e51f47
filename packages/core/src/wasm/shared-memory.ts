// The one shared memory of the process, in which threads work. Regions are taken by heaps and given back when a heap is collected;
// since nobody can collect a shared memory itself, it is bounded, and a heap that finds no room gets a private one.

import { GraphError } from "../errors.ts";
import { CONTROL_BYTES } from "./control.ts";

const PAGE = 65536;
/** 2 GiB at most: reserved as address space, taken page by page. */
export const MAXIMUM_PAGES = 32768;

interface Region {
  readonly address: number;
  readonly bytes: number;
}

/** Memory that several heaps and all threads see. */
export class SharedMemory {
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 16, maximum: MAXIMUM_PAGES, shared: true });
  readonly #free: Region[] = [];
  readonly #registry: FinalizationRegistry<Region[]> = new FinalizationRegistry((regions) =>
    this.#free.push(...regions),
  );
  #top = CONTROL_BYTES;

  /** A list of regions that go back when `owner` is collected. */
  listFor(owner: object): Region[] {
    const regions: Region[] = [];
    this.#registry.register(owner, regions);
    return regions;
  }

  /** A region of `bytes` (a multiple of a cache line), noted in `regions`. @throws GraphError if there is no room */
  reserve(bytes: number, regions: Region[]): number {
    const reused = this.#free.findIndex((region) => region.bytes >= bytes);
    const known = this.#free[reused];
    if (known !== undefined) {
      this.#free.splice(reused, 1);
      if (known.bytes > bytes) this.#free.push({ address: known.address + bytes, bytes: known.bytes - bytes });
      regions.push({ address: known.address, bytes });
      return known.address;
    }
    const address = this.#top;
    const missing = address + bytes - this.memory.buffer.byteLength;
    if (missing > 0) {
      try {
        this.memory.grow(Math.ceil(Math.max(missing, this.memory.buffer.byteLength / 4) / PAGE));
      } catch {
        throw new GraphError(
          `no shared memory: ${Math.ceil(bytes / 2 ** 20)} MiB more were asked for, beside ${Math.ceil(address / 2 ** 20)} MiB`,
        );
      }
    }
    this.#top = address + bytes;
    regions.push({ address, bytes });
    return address;
  }
}
