import { type OperationKind, operationKinds, type SeriesPoint } from '../result.ts';

/**
 * At most `limit` points: neighbours become one, with the mean of their rates and shares and the worst of everything
 * else, so that no peak is lost.
 */
export function thinSeries(series: readonly SeriesPoint[], limit: number): readonly SeriesPoint[] {
  const each = Math.ceil(series.length / limit);
  if (each <= 1) return series;
  const thinned: SeriesPoint[] = [];
  for (let at = 0; at < series.length; at += each) thinned.push(mergePoints(series.slice(at, at + each)));
  return thinned;
}

function mergePoints(points: readonly SeriesPoint[]): SeriesPoint {
  const last = points.at(-1)!;
  const kinds = operationKinds.filter((kind) => points.some((point) => point.operations[kind] !== undefined));
  return {
    atSeconds: last.atSeconds,
    phase: last.phase,
    operations: Object.fromEntries(kinds.map((kind) => [kind, mergeKind(points, kind)])),
    perTarget: last.perTarget.map((_, target) => mean(points.map((point) => point.perTarget[target] ?? 0))),
    misses: points.reduce((sum, point) => sum + point.misses, 0),
    errors: points.reduce((sum, point) => sum + point.errors, 0),
    depth: worst(points.map((point) => point.depth)),
    generatorCpu: Math.max(...points.map((point) => point.generatorCpu)),
    generatorLagMs: Math.max(...points.map((point) => point.generatorLagMs)),
  };
}

function mergeKind(points: readonly SeriesPoint[], kind: OperationKind): SeriesPoint['operations'][OperationKind] {
  const of = points.map((point) => point.operations[kind]);
  return {
    perSecond: mean(of.map((one) => one?.perSecond ?? 0)),
    p50Ms: worst(of.map((one) => one?.p50Ms ?? null)),
    p99Ms: worst(of.map((one) => one?.p99Ms ?? null)),
    maxMs: worst(of.map((one) => one?.maxMs ?? null)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function worst(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}
