// Memory that several Variables share: those of a model and of its optimizer move into one private WebAssembly memory, where
// kernels update them in place. The memory belongs to them alone, so the garbage collector takes it with the last of them.

import type { TypedArray } from "../dtype.ts";
import { GraphError } from "../errors.ts";
import type { Storage } from "../view.ts";
import { keepFreedMemory } from "./allocator.ts";
import type { ModuleBuilder } from "./assembler.ts";
import { parallel } from "./parallel.ts";
import { MAXIMUM_PAGES, type SharedMemory } from "./shared-memory.ts";

const PAGE = 65536;
/** Regions start at multiples of a cache line, and their ends are filled up to one, so that a vector may read past the last float. */
export const LINE = 64;
/** A vector that begins at the last float reads this far beyond it. */
const MARGIN = 16;

/** Where a storage lives in a heap. */
export interface Place {
  readonly heap: Heap;
  /** The address of the first byte. */
  readonly address: number;
}

/** Memory with the storages that live in it: a private memory, or regions of the one that threads share. */
export class Heap {
  /** The shared memory in which this heap's regions lie; null for a memory of its own. */
  readonly shared: SharedMemory | null;
  readonly memory: WebAssembly.Memory;
  /** The instances of kernels that work in this memory, by the module they come from. */
  readonly instances: Map<WebAssembly.Module, WebAssembly.Instance> = new Map();
  readonly #residents: { readonly storage: Storage; readonly address: number }[] = [];
  readonly #regions: { address: number; bytes: number }[];
  #top = LINE;
  #scratch = { address: 0, bytes: 0, end: 0 };

  constructor(shared: SharedMemory | null = null) {
    keepFreedMemory();
    this.shared = shared;
    this.memory = shared?.memory ?? new WebAssembly.Memory({ initial: 1 });
    this.#regions = shared?.listFor(this) ?? [];
  }

  /** Moves a storage into this heap, unless it is there already; its address. */
  adopt(storage: Storage): number {
    if (storage.place?.heap === this) return storage.place.address;
    const { array } = storage;
    const address = this.reserve(array.byteLength);
    const home = arrayAt(array, this.memory.buffer, address);
    home.set(array);
    storage.array = home;
    storage.place = { heap: this, address };
    this.#residents.push({ storage, address });
    return address;
  }

  /** Room for a while: what was there before is lost, and the next call may overwrite it. */
  scratch(bytes: number): number {
    if (bytes > this.#scratch.bytes) {
      if (this.#scratch.end === this.#top) this.#top = this.#scratch.address; // the last region grows where it is
      this.#scratch = { address: 0, bytes: 0, end: 0 };
      this.#scratch = { address: this.reserve(bytes), bytes, end: this.#top };
    }
    return this.#scratch.address;
  }

  /** The module's functions on this memory, which it imports as `env.memory`. */
  instance(module: WebAssembly.Module): WebAssembly.Exports {
    let instance = this.instances.get(module);
    if (instance === undefined) {
      instance = new WebAssembly.Instance(module, { env: { memory: this.memory } });
      this.instances.set(module, instance);
    }
    return instance.exports;
  }

  /** Room that stays: its address. @throws GraphError if there is no such memory, saying how much was asked for */
  reserve(bytes: number): number {
    const size = Math.ceil((bytes + MARGIN) / LINE) * LINE;
    if (this.shared !== null) return this.shared.reserve(size, this.#regions);
    const address = this.#top;
    this.#top += size;
    const missing = this.#top - this.memory.buffer.byteLength;
    if (missing > 0) {
      // Growing detaches every array on the memory: each resident's is made anew. Grow by a quarter more, so that it is rare.
      const room = Math.max(missing, this.memory.buffer.byteLength / 4);
      const residents = this.#residents.filter(({ storage }) => storage.place?.heap === this);
      const before = residents.map(({ storage }) => storage.array);
      try {
        this.memory.grow(Math.ceil(room / PAGE));
      } catch {
        this.#top = address;
        throw new GraphError(
          `no memory: ${Math.ceil(bytes / 2 ** 20)} MiB more were asked for, beside ${Math.ceil(address / 2 ** 20)} MiB`,
        );
      }
      for (const [index, { storage, address: at }] of residents.entries()) {
        storage.array = arrayAt(before[index] ?? storage.array, this.memory.buffer, at, storage.length);
      }
    }
    return address;
  }
}

/** Imports the memory of a heap into a module, as `env.memory`. */
export function importHeap(module: ModuleBuilder<never>, { shared }: Pick<Heap, "shared">): void {
  module.importMemory(
    "env",
    "memory",
    shared === null ? { minimum: 1 } : { minimum: 1, maximum: MAXIMUM_PAGES, shared: true },
  );
}

/** A new heap: shared while there are threads, else private. */
export function createHeap(): Heap {
  return new Heap(parallel()?.memory ?? null);
}

/** An array of the same type and length on other memory. */
function arrayAt(
  array: TypedArray,
  buffer: ArrayBufferLike,
  address: number,
  length: number = array.length,
): TypedArray {
  if (array instanceof Float32Array) return new Float32Array(buffer, address, length);
  if (array instanceof Float64Array) return new Float64Array(buffer, address, length);
  return array instanceof Int32Array
    ? new Int32Array(buffer, address, length)
    : new Uint8Array(buffer, address, length);
}
