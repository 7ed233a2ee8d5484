import type { SeriesPoint } from '../result.ts';

/** A worker this busy has no time left to measure with. */
const busyCpu = 0.9;
/** Of the time line: a moment of it proves nothing. */
const busyShare = 0.25;
const lateLimitMs = 20;

/**
 * Why the generator, not the server, may have been the limit; null when nothing says so. `points`: those of measured
 * phases. `lateMs`: how late a request of an open loop was begun at most although a connection was free for it.
 */
export function generatorLimit(points: readonly SeriesPoint[], lateMs: number): string | null {
  const busy = points.filter(({ generatorCpu }) => generatorCpu >= busyCpu);
  if (points.length > 0 && busy.length / points.length >= busyShare) {
    const share = Math.round((100 * busy.length) / points.length);
    return `a worker process used ${100 * busyCpu} % of a core or more in ${share} % of the time: try more --workers`;
  }
  if (lateMs > lateLimitMs) {
    return `requests were begun up to ${Math.round(lateMs)} ms later than planned although connections were free`;
  }
  return null;
}
