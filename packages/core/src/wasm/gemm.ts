// Matrix products in WebAssembly SIMD: C = op(A) · op(B), float32, for any sizes and row strides.
// The plan is Goto's (K. Goto, R. van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008): a block of
// op(A) and panels of op(B) are packed into the order in which the inner loop reads them, so that the loop is the same
// for every form, size and stride, and transposes cost nothing beyond the packing. The inner loop keeps a tile of C in
// registers and takes one step of k per round: unrolled by hand it spills, as engines hoist the loads of a whole body.
import { checkOption } from "../errors.ts";
import type { Callable, ModuleBuilder } from "./assembler.ts";
import { features } from "./features.ts";
import { blockOffset, DEPTH, type Ending, emitCopy, emitPanel, GROUP, panelOffset, type Tile } from "./gemm-panel.ts";
import type { ProgramInstruction } from "./opcodes-programs.ts";
import { emitPack } from "./pack.ts";

export type { Tile } from "./gemm-panel.ts";

/** Which operands are transposed: `nt` is A · Bᵀ. A stored operand of `t` has the shape of the transpose. */
export type GemmForm = "nn" | "nt" | "tn" | "tt";

/** What makes two kernels different machine code. */
export interface KernelOptions<More extends ProgramInstruction = ProgramInstruction> {
  readonly form: GemmForm;
  /** Use `relaxed_madd`; by default, where the engine has it. */
  readonly relaxed?: boolean;
  readonly tile?: Tile;
  /** What is done with C instead of storing it. */
  readonly ending?: Ending<More>;
}

/** Floats of A in one packed block: it stays in the second-level cache. */
const BLOCK = 65536;
const DEFAULT_TILE: Tile = { rows: 4, vectors: 2 };

/** The bytes of scratch memory that a kernel needs for packing, aligned to 16; one region for each thread. */
export function gemmScratchBytes(tile: Tile = DEFAULT_TILE): number {
  return blockOffset(tile) + 4 * BLOCK;
}

/** A kernel's parameters: addresses, sizes, row strides in bytes, and whether to add to C. */
const KERNEL = ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"] as const;

/** A kernel as JavaScript sees it when it is exported. */
export type GemmKernel = (
  a: number,
  b: number,
  c: number,
  scratch: number,
  m: number,
  n: number,
  k: number,
  aStride: number,
  bStride: number,
  cStride: number,
  accumulate: number,
) => void;

const shared = new WeakMap<ModuleBuilder<never>, Map<string, Callable>>();

/** The function of a module that computes products of one form and of any size, emitted at its first use. */
export function gemmKernel<More extends ProgramInstruction>(
  module: ModuleBuilder<More>,
  options: KernelOptions<More>,
): Callable {
  const { form, relaxed = features().relaxedSimd, tile = DEFAULT_TILE, ending } = options;
  checkOption(tile.rows % 4 === 0, "gemmKernel", "tile.rows", "a multiple of 4", tile.rows);
  const kind = `${relaxed} ${tile.rows} ${tile.vectors}`;
  const pack = (across: boolean, width: number): Callable =>
    once(module, `pack ${across} ${width}`, () => emitPack(module, across, width));
  const emitColumns = (last?: Ending<More>): Callable => {
    const copy = once(module, `copy ${kind}`, () => emitCopy(module, tile));
    return emitPanel(module, { tile, relaxed, ending: last, copy });
  };
  const emit = (): Callable => {
    const [packA, packB] = [pack(form[0] === "t", tile.rows), pack(form[1] === "n", 4 * tile.vectors)];
    const isShallow = ending !== undefined && ending.k <= DEPTH;
    const panel = isShallow ? emitColumns(ending) : once(module, `panel ${kind}`, () => emitColumns());
    return emitKernel(module, form, tile, {
      packA,
      packB,
      panel,
      last: isShallow ? undefined : ending && emitColumns(ending),
    });
  };
  return ending === undefined ? once(module, `${form} ${kind}`, emit) : emit();
}

function once(module: ModuleBuilder<never>, key: string, emit: () => Callable): Callable {
  const functions = shared.get(module) ?? new Map<string, Callable>();
  shared.set(module, functions);
  const known = functions.get(key) ?? emit();
  functions.set(key, known);
  return known;
}

interface Parts {
  readonly packA: Callable;
  readonly packB: Callable;
  readonly panel: Callable;
  /** The panel of the last block of k, where that is another. */
  readonly last: Callable | undefined;
}

/** The loops around the panels: blocks of k, within them blocks of rows, within them panels of columns. */
function emitKernel(module: ModuleBuilder<never>, form: GemmForm, tile: Tile, parts: Parts): Callable {
  const width = 4 * tile.vectors;
  const [panel, block] = [panelOffset(tile), blockOffset(tile)];
  return module.define({ parameters: KERNEL }, (f, ...parameters) => {
    const [a, b, c, scratch, m, n, k, aStride, bStride, cStride, add] = parameters;
    const [aRow, aStep] = form[0] === "t" ? ([4, aStride] as const) : ([aStride, 4] as const);
    const [bColumn, bStep] = form[1] === "t" ? ([bStride, 4] as const) : ([4, bStride] as const);
    const [start, depth, top, height, rows] = f.locals("i32", "i32", "i32", "i32", "i32");
    const [group, columns, packed, column, end] = f.locals("i32", "i32", "i32", "i32", "i32");
    const { last } = parts;
    const multiply = (by: Callable): void => {
      f.push(scratch, packed, c).plus(top, cStride).plus(column, 4).push(cStride, depth, rows);
      f.push(n, column).op("i32.sub").get(add).call(by);
    };
    f.for(start, 0, k, DEPTH, () => {
      f.push(k, start).op("i32.sub").set(depth).clamp(depth, DEPTH);
      f.push(BLOCK / tile.rows, depth)
        .op("i32.div_u")
        .push(tile.rows)
        .op("i32.mul")
        .set(height);
      f.i32(0).set(top);
      f.loop((nextBlock) => {
        f.push(m, top).op("i32.sub").set(rows).clamp(rows, height);
        f.get(a).plus(top, aRow).plus(start, aStep).get(scratch).plus(block);
        f.push(depth, rows, aStride).call(parts.packA);
        f.for(group, 0, n, GROUP * width, () => {
          f.push(n, group)
            .op("i32.sub")
            .set(columns)
            .clamp(columns, GROUP * width);
          f.get(b).plus(group, bColumn).plus(start, bStep).get(scratch).plus(panel).tee(packed);
          f.push(depth, columns, bStride).call(parts.packB);
          f.get(group).plus(columns).set(end);
          f.for(column, group, end, width, () => {
            if (last === undefined) multiply(parts.panel);
            else
              f.get(start)
                .plus(depth)
                .get(k)
                .op("i32.eq")
                .if(
                  () => multiply(last),
                  () => multiply(parts.panel),
                );
            f.get(packed)
              .plus(depth, 4 * width)
              .set(packed);
          });
        });
        f.get(top).plus(height).tee(top).get(m).op("i32.lt_u").branchIf(nextBlock);
      });
      f.i32(1).set(add);
    });
  });
}
