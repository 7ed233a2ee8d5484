import { type OperationKind, operationKinds, type RunEvent, type SeriesPoint } from '../result.ts';
import { formatCount, formatSeconds } from './format.ts';

/** A terminal, or anything else that takes text. */
export interface LiveStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** How much of the run one line covers where lines can't be rewritten. */
const plainIntervalSeconds = 10;

/**
 * Shows how a run goes. On a terminal one line, rewritten with every point; elsewhere a line every ten seconds of the
 * run. What happened to nodes is a line of its own in both cases.
 */
export class LiveLine {
  readonly #stream: LiveStream;
  readonly #perLineSeconds: number;
  #isOpen = false;
  #shown: SeriesPoint[] = [];
  #beganSeconds = 0;
  #lastCompletedSeconds = 0;
  #longestMs = 0;

  constructor(stream: LiveStream) {
    this.#stream = stream;
    this.#perLineSeconds = stream.isTTY === true ? 0 : plainIntervalSeconds;
  }

  phase(name: string): void {
    if (this.#stream.isTTY !== true) this.#stream.write(`phase ${name}\n`);
  }

  /** Points come in the order of their times. */
  point(point: SeriesPoint): void {
    for (const { perSecond, maxMs } of Object.values(point.operations)) {
      if (perSecond > 0) this.#lastCompletedSeconds = point.atSeconds;
      this.#longestMs = Math.max(this.#longestMs, maxMs ?? 0);
    }
    this.#shown.push(point);
    if (point.atSeconds - this.#beganSeconds < this.#perLineSeconds) return;
    this.#show(point);
    this.#shown = [];
    this.#beganSeconds = point.atSeconds;
  }

  event(event: RunEvent): void {
    this.finish();
    this.#stream.write(`${formatSeconds(event.atSeconds)}  ${event.text}\n`);
  }

  /** Takes the rewritten line away, so that what follows begins on a line of its own. */
  finish(): void {
    if (this.#isOpen) this.#stream.write('\r\x1b[K');
    this.#isOpen = false;
  }

  #show(last: SeriesPoint): void {
    const text = liveText(this.#shown, this.#beganSeconds, {
      silentSeconds: last.atSeconds - this.#lastCompletedSeconds,
      longestMs: this.#longestMs,
    });
    if (this.#stream.isTTY !== true) {
      this.#stream.write(`${text}\n`);
      return;
    }
    this.#stream.write(`\r${text.slice(0, Math.max(20, (this.#stream.columns ?? 80) - 1))}\x1b[K`);
    this.#isOpen = true;
  }
}

/**
 * Points as one line: rates are their mean, percentiles the worst point's. What is wrong comes first, so that a narrow
 * terminal shows it.
 */
function liveText(
  points: readonly SeriesPoint[],
  beganSeconds: number,
  so: { readonly silentSeconds: number; readonly longestMs: number },
): string {
  const last = points.at(-1);
  if (last === undefined) return '';
  const errors = points.reduce((sum, point) => sum + point.errors, 0);
  const misses = points.reduce((sum, point) => sum + point.misses, 0);
  const parts = [`${last.atSeconds.toFixed(0)} s ${last.phase}`];
  if (errors > 0) parts.push(`${formatCount(errors)} errors`);
  if (so.silentSeconds > 0) parts.push(`nothing for ${formatSeconds(so.silentSeconds)}`);
  const kinds = operationKinds.filter((kind) => points.some((point) => point.operations[kind] !== undefined));
  for (const kind of kinds) parts.push(kindText(kind, points, beganSeconds));
  if (kinds.length > 0) parts[parts.length - 1] += ' p50/p99 ms';
  if (last.depth !== null) parts.push(`depth ${formatCount(last.depth)}`);
  if (misses > 0) parts.push(`${formatCount(misses)} misses`);
  if (so.longestMs >= 1000) parts.push(`longest stall ${formatSeconds(so.longestMs / 1000)}`);
  return parts.join(' · ');
}

function kindText(kind: OperationKind, points: readonly SeriesPoint[], beganSeconds: number): string {
  let operations = 0;
  let fromSeconds = beganSeconds;
  let p50Ms = 0;
  let p99Ms = 0;
  for (const point of points) {
    const here = point.operations[kind];
    operations += (here?.perSecond ?? 0) * (point.atSeconds - fromSeconds);
    fromSeconds = point.atSeconds;
    p50Ms = Math.max(p50Ms, here?.p50Ms ?? 0);
    p99Ms = Math.max(p99Ms, here?.p99Ms ?? 0);
  }
  const perSecond = operations / Math.max(fromSeconds - beganSeconds, Number.MIN_VALUE);
  return `${kind} ${formatCount(perSecond)}/s ${plainMs(p50Ms)}/${plainMs(p99Ms)}`;
}

function plainMs(ms: number): string {
  return ms >= 100 ? formatCount(ms) : ms.toFixed(ms >= 10 ? 1 : 2);
}
