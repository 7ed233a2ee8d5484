/** A worker that uses as much of a core has no time left to measure with. */
export const busyCpu = 0.9;
/** Of the time: a moment of it proves nothing. */
const busyShare = 0.25;
/** A request of an open loop that is begun so much later than planned is late. */
export const lateMs = 10;
const lateShare = 0.05;

/** Requests of an open loop that were begun, and those that were late although a connection was free for them. */
export interface Lateness {
  readonly begun: number;
  readonly late: number;
}

/** How long a worker was at work, and for how much of that time it was busy. */
export interface Business {
  readonly seconds: number;
  readonly busySeconds: number;
}

/** Why the generator, not the server, may have been the limit; null when nothing says so. Both of measured phases. */
export function generatorLimit({ seconds, busySeconds }: Business, { begun, late }: Lateness): string | null {
  if (seconds > 0 && busySeconds / seconds >= busyShare) {
    const share = Math.round((100 * busySeconds) / seconds);
    return `a worker process used ${100 * busyCpu} % of a core or more in ${share} % of the time: try more --workers`;
  }
  if (begun > 0 && late / begun >= lateShare) {
    const share = Math.round((100 * late) / begun);
    return `${share} % of the requests were begun more than ${lateMs} ms late although connections were free`;
  }
  return null;
}
