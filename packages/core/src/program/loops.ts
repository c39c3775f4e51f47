// The loop of a fused group: passes over a matrix where it folds, along rows or down columns, a nest where it does not.

import type { Group } from "../graph/passes/fuse.ts";
import type { FunctionBuilder } from "../wasm/assembler.ts";
import type { Share } from "../wasm/share.ts";
import { ColumnLoop } from "./column-loop.ts";
import type { Addresses } from "./loop.ts";
import { NestLoop } from "./nest-loop.ts";
import { RowLoop } from "./row-loop.ts";

/** Emits one thread's share of the loop of a group. */
export function emitLoop(f: FunctionBuilder, group: Group, addresses: Addresses, share: Share): void {
  const { space, fold } = group;
  if (space === null) return;
  if (fold === null) new NestLoop(f, group, addresses, space).emit(share);
  else if (fold.kind === "columns") new ColumnLoop(f, group, addresses, space, fold).emit(share);
  else new RowLoop(f, group, addresses, space, fold).emit(share);
}
