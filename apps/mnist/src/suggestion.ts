// "Did you mean …?": the known word that is nearest to an unknown one.

/** The word among `known` that takes the fewest edits to reach, if they are few for its length. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, edits: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => edits <= Math.max(1, Math.floor(Math.max(word.length, candidate.length) * 0.4)))
    .sort((a, b) => a.edits - b.edits);
  return ranked[0]?.candidate ?? known.find((candidate) => word.length > 1 && candidate.startsWith(word));
}

/** How many letters must be inserted, deleted, replaced or swapped with their neighbour (Damerau and Levenshtein). */
export function editDistance(from: string, to: string): number {
  // rows[i][j]: the distance from the first i letters of `from` to the first j of `to`.
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      const swapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swap = swapped ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same ? 0 : 1), swap));
    }
  }
  return at(from.length, to.length);
}
