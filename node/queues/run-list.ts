/** Ids gathered one by one, as runs of neighbours. Allocates nothing while ids come in order. */
export class RunList {
  #runs: number[] = [];

  get isEmpty(): boolean {
    return this.#runs.length === 0;
  }

  add(id: number): void {
    const runs = this.#runs;
    if (runs.length > 0 && runs[runs.length - 1] === id - 1) runs[runs.length - 1] = id;
    else runs.push(id, id);
  }

  /** All of them as from, to, from, to, … (inclusive), ascending, neighbours joined; none are left here. */
  take(): number[] {
    const runs = this.#runs;
    this.#runs = [];
    return isAscending(runs) ? runs : sortRuns(runs);
  }
}

function isAscending(runs: readonly number[]): boolean {
  for (let index = 2; index < runs.length; index += 2) {
    if ((runs[index] ?? 0) <= (runs[index - 1] ?? 0) + 1) return false;
  }
  return true;
}

function sortRuns(runs: readonly number[]): number[] {
  const pairs: [from: number, to: number][] = [];
  for (let index = 0; index < runs.length; index += 2) pairs.push([runs[index] ?? 0, runs[index + 1] ?? 0]);
  pairs.sort((a, b) => a[0] - b[0]);
  const sorted: number[] = [];
  for (const [from, to] of pairs) {
    const end = sorted.at(-1);
    if (end !== undefined && from <= end + 1) sorted[sorted.length - 1] = Math.max(end, to);
    else sorted.push(from, to);
  }
  return sorted;
}
