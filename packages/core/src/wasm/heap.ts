// Memory that several Variables share: those of a model and of its optimizer move into one private WebAssembly memory, where
// kernels update them in place. The memory belongs to them alone, so the garbage collector takes it with the last of them.

import { GradusError } from "../errors.ts";
import type { Storage } from "../view.ts";

const PAGE = 65536;
/** Regions start at multiples of a cache line, and their ends are filled up to one, so that a vector may read past the last float. */
const LINE = 64;

/** Where a storage lives in a heap. */
export interface Place {
  readonly heap: Heap;
  /** The address of the first byte. */
  readonly address: number;
}

/** A private memory with the storages that live in it. */
export class Heap {
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 1 });
  /** The instances of kernels that work in this memory, by the module they come from. */
  readonly instances: Map<WebAssembly.Module, WebAssembly.Instance> = new Map();
  readonly #residents: { readonly storage: Storage; readonly address: number; readonly length: number }[] = [];
  #top = LINE;
  #scratch: { address: number; bytes: number } = { address: 0, bytes: 0 };

  /** Moves a storage of float32 into this heap, unless it is there already; its address. */
  adopt(storage: Storage): number {
    if (storage.place?.heap === this) return storage.place.address;
    const { array } = storage;
    if (!(array instanceof Float32Array)) throw new GradusError("Heap: only float32 storages can move into a heap");
    const address = this.#reserve(array.byteLength);
    const home = new Float32Array(this.memory.buffer, address, array.length);
    home.set(array);
    storage.array = home;
    storage.place = { heap: this, address };
    this.#residents.push({ storage, address, length: array.length });
    return address;
  }

  /** Room for a while: what was there before is lost, and the next call may overwrite it. */
  scratch(bytes: number): number {
    if (bytes > this.#scratch.bytes) this.#scratch = { address: this.#reserve(bytes), bytes };
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

  #reserve(bytes: number): number {
    const address = this.#top;
    this.#top += Math.ceil(bytes / LINE) * LINE;
    const missing = this.#top - this.memory.buffer.byteLength;
    if (missing > 0) {
      // Growing detaches every array on the memory: each resident's is made anew. Grow by a quarter more, so that it is rare.
      const room = Math.max(missing, this.memory.buffer.byteLength / 4);
      this.memory.grow(Math.ceil(room / PAGE));
      for (const { storage, address: at, length } of this.#residents) {
        if (storage.place?.heap === this) storage.array = new Float32Array(this.memory.buffer, at, length);
      }
    }
    return address;
  }
}
