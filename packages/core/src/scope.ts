// Where a computation stands in a model: the path of layers that are running, for messages and graphs.

let path: readonly string[] = [];

/**
 * Runs `body` as part of the layer `name`; what goes wrong in it is reported under that name.
 * @example withScope("encoder", () => withScope("dense_1", currentScope)); // "encoder/dense_1"
 */
export function withScope<R>(name: string, body: () => R): R {
  const outer = path;
  path = [...outer, name];
  try {
    return body();
  } finally {
    path = outer;
  }
}

/** The path of the running layers, as `encoder/dense_1`; empty outside of any. @example currentScope(); // "" */
export function currentScope(): string {
  return path.join("/");
}
