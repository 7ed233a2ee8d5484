import type { SeriesPoint } from '../result.ts';

/** A worker this busy has no time left to measure with. */
const busyCpu = 0.9;
/** Of the time line: a moment of it proves nothing. */
const busyShare = 0.25;
/** A request of an open loop that is begun so much later than planned is late. */
export const lateMs = 10;
const lateShare = 0.05;

/** Requests of an open loop that were begun, and those that were late although a connection was free for them. */
export interface Lateness {
  readonly begun: number;
  readonly late: number;
}

/**
 * Why the generator, not the server, may have been the limit; null when nothing says so. `points`: those of measured
 * phases.
 */
export function generatorLimit(points: readonly SeriesPoint[], { begun, late }: Lateness): string | null {
  const busy = points.filter(({ generatorCpu }) => generatorCpu >= busyCpu);
  if (points.length > 0 && busy.length / points.length >= busyShare) {
    const share = Math.round((100 * busy.length) / points.length);
    return `a worker process used ${100 * busyCpu} % of a core or more in ${share} % of the time: try more --workers`;
  }
  if (begun > 0 && late / begun >= lateShare) {
    const share = Math.round((100 * late) / begun);
    return `${share} % of the requests were begun more than ${lateMs} ms late although connections were free`;
  }
  return null;
}
