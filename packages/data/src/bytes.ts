// Where bytes come from: memory, a Blob or Response, an address, or a path where the platform has files.
//
// Node's modules are asked for at run time (`process.getBuiltinModule`): bundles for browsers never mention them.

import { DataError } from "@gradus/core";

/**
 * Something that holds the bytes of a file. A string or URL is an address that is fetched; in Node, Deno and Bun a
 * string without `http:`, `data:` or `blob:` in front, and a `file:` URL, is the path of a file.
 */
export type ByteSource = Uint8Array | ArrayBuffer | Blob | Response | URL | string;

/** The part of `node:fs/promises` that is used here. */
interface Files {
  readFile(path: string | URL): Promise<Uint8Array>;
  readdir(path: string | URL): Promise<string[]>;
  readdir(path: string | URL, options: { readonly withFileTypes: true }): Promise<FolderEntry[]>;
}

/** What stands in a folder. */
interface FolderEntry {
  readonly name: string;
  isDirectory(): boolean;
}

/** The part of `node:module` that is used here. */
interface Modules {
  createRequire(from: string | URL): { resolve(request: string): string };
}

/** The part of `node:worker_threads` that is used here. */
interface Threads {
  readonly parentPort: ParentPort | null;
}

/** A worker's line to the thread that started it. */
interface ParentPort {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  on(event: "message", listener: (message: unknown) => void): unknown;
}

interface BuiltinModules {
  readonly "node:fs/promises": Files;
  readonly "node:module": Modules;
  readonly "node:worker_threads": Threads;
}

/**
 * A module of Node's, or undefined on platforms without it.
 * @internal
 */
export function builtin<Name extends keyof BuiltinModules>(name: Name): BuiltinModules[Name] | undefined {
  const process: unknown = Reflect.get(globalThis, "process");
  if (typeof process !== "object" || process === null || !("getBuiltinModule" in process)) return undefined;
  // The platform's boundary: a function whose result is what Node's documentation says.
  return typeof process.getBuiltinModule === "function" ? process.getBuiltinModule(name) : undefined;
}

/**
 * Whether the place names a file or folder of the machine, not an address to fetch.
 * @internal
 */
export function isPath(place: string | URL): boolean {
  if (builtin("node:fs/promises") === undefined) return false;
  return place instanceof URL ? place.protocol === "file:" : !/^(https?|data|blob):/i.test(place);
}

/**
 * A path or `file:` address as Node's functions take it.
 * @internal
 */
export function pathOf(place: string | URL): string | URL {
  return typeof place === "string" && /^file:/i.test(place) ? new URL(place) : place;
}

/**
 * An address, relative ones against the page or worker.
 * @internal
 */
export function addressOf(place: string | URL): URL {
  try {
    return new URL(place, typeof location === "undefined" ? undefined : location.href);
  } catch (error) {
    throw new DataError(`${String(place)}: neither an absolute address nor, on this platform, a path`, {
      cause: error,
    });
  }
}

/**
 * What a source is called in errors, if `role` is what its content is.
 * @internal
 */
export function nameOf(source: ByteSource, role: string): string {
  if (source instanceof URL || (typeof source === "string" && !/^data:/i.test(source))) return String(source);
  return source instanceof Response && source.url !== "" ? source.url : role;
}

/**
 * All bytes of a source.
 * @throws DataError with `name` (see {@link nameOf}) and the reason why it cannot be read
 * @internal
 */
export async function readBytes(source: ByteSource, name: string): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (typeof source === "string" || source instanceof URL) {
    return isPath(source) ? readPath(pathOf(source), name) : readResponse(await request(addressOf(source), name), name);
  }
  // After paths: where Node is asked for Response it loads all that fetches, which takes longer than many a file.
  if (source instanceof Response) return readResponse(source, name);
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  throw new DataError(`${name}: expected bytes, a Blob, a Response, a URL or a path, found ${typeof source}`);
}

async function readPath(path: string | URL, name: string): Promise<Uint8Array> {
  try {
    const bytes = await builtin("node:fs/promises")?.readFile(path);
    if (bytes !== undefined) return bytes;
  } catch (error) {
    const advice = "check the path and its permissions";
    throw new DataError(`${name}: cannot read the file (${reasonOf(error)}); ${advice}`, { cause: error });
  }
  throw new DataError(`${name}: this platform has no files; give the bytes or an address`);
}

/**
 * Fetches an address, whatever its status.
 * @internal
 */
export async function request(address: URL, name: string): Promise<Response> {
  try {
    return await fetch(address);
  } catch (error) {
    const advice = "check the address, and that its server lets this page read it";
    throw new DataError(`${name}: cannot fetch (${reasonOf(error)}); ${advice}`, { cause: error });
  }
}

async function readResponse(response: Response, name: string): Promise<Uint8Array> {
  if (!response.ok) {
    throw new DataError(`${name}: expected a file, found status ${response.status} ${response.statusText}`);
  }
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw new DataError(`${name}: the transfer broke off (${reasonOf(error)}); try again`, { cause: error });
  }
}

/**
 * The words of an error; Node's hide in its cause when a fetch fails.
 * @internal
 */
export function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message || inner.name : String(inner);
}
