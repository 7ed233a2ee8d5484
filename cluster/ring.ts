import { hash } from 'node:crypto'; // The one import from Node here: MD5, a pure function.
import { assert } from '../journal/base/assert.ts';

/**
 * Who should own a queue: consistent hashing over the nodes' labels, point for point as libmemcached does it in its
 * "libketama compatible" (ketama weighted) mode with equal weights, so that a stock client which is given the same
 * servers reaches a queue's owner without a hop. After libmemcached 1.0.18, `update_continuum` and `dispatch_host` in
 * libmemcached/hosts.cc and hash.cc; the idea is Richard Jones' libketama.
 *
 * Every label is hashed about forty times as `host:port-i` (`host-i` when the port is memcached's own, 11211), and each
 * MD5 gives four points, so about 160 points a label. A queue belongs to the first point at or after its own hash, the
 * first four bytes of its name's MD5; after the last point comes the first.
 */
export class Ring {
  /** In ascending order, without duplicates. */
  readonly labels: readonly string[];
  /** Invariant: ascending; `#owners[i]` is the index in `labels` of the label that point `#points[i]` belongs to. */
  readonly #points: Uint32Array;
  readonly #owners: Uint32Array;

  /** `labels`: advertised `host:port`, at least one, none twice; their order doesn't matter. */
  constructor(labels: readonly string[]) {
    assert(labels.length > 0, 'a ring needs a label');
    assert(new Set(labels).size === labels.length, `a label stands twice on the ring: ${labels.join(' ')}`);
    this.labels = [...labels].sort();
    const places = this.labels.flatMap((label, index) =>
      pointsOf(label, digestsPerLabel(labels.length)).map((point) => ({ point, index })),
    );
    // libmemcached leaves the order of equal points to qsort; by label is as good, and the same on every node.
    places.sort((a, b) => a.point - b.point || a.index - b.index);
    this.#points = Uint32Array.from(places, (place) => place.point);
    this.#owners = Uint32Array.from(places, (place) => place.index);
  }

  /** The label that should own `queueName` (latin1). A fanout child (`parent+child`) lives with its parent. */
  owner(queueName: string): string {
    const at = firstNotBelow(this.#points, nameHashes(queueName).readUInt32LE(0));
    const label = this.labels[this.#owners[at === this.#points.length ? 0 : at] as number];
    assert(label !== undefined, 'a point without a label');
    return label;
  }
}

/**
 * Which of its owner's partitions, from 0 to `partitionsPerLabel` - 1, holds `queueName` (latin1). By other bytes of
 * the same MD5 than the ring goes by, so that every partition gets an equal share of each stretch of the ring.
 */
export function partitionOf(queueName: string, partitionsPerLabel: number): number {
  return nameHashes(queueName).readUInt32LE(4) % partitionsPerLabel;
}

/** The name that decides where a queue lives: what stands before the first `+`, or all of it when nothing does. */
export function placementName(queueName: string): string {
  const plus = queueName.indexOf('+');
  return plus > 0 ? queueName.slice(0, plus) : queueName;
}

/** The queue that fills a fanout queue: `parent` of `parent+child`; `undefined` for any other queue. */
export function parentName(queueName: string): string | undefined {
  const parent = placementName(queueName);
  return parent === queueName ? undefined : parent;
}

/**
 * How many MD5s each of `labelCount` labels gets: forty, or thirty-nine for some counts (25 is the smallest), because
 * libmemcached works it out in single precision and rounds down. Its clients would miss the owner of one queue in
 * forty if we were more exact.
 */
function digestsPerLabel(labelCount: number): number {
  const share = Math.fround(1 / labelCount);
  const digests = Math.fround(Math.fround(Math.fround(share * 160) / 4) * labelCount);
  return Math.floor(Math.fround(digests + 0.0000000001));
}

function pointsOf(label: string, digestCount: number): number[] {
  const name = label.replace(/:11211$/, '');
  const points: number[] = [];
  for (let i = 0; i < digestCount; i++) {
    const digest = md5(`${name}-${i}`);
    for (let at = 0; at < 16; at += 4) points.push(digest.readUInt32LE(at));
  }
  return points;
}

function nameHashes(queueName: string): Buffer {
  return md5(placementName(queueName));
}

function md5(text: string): Buffer {
  return hash('md5', Buffer.from(text, 'latin1'), 'buffer');
}

/** Index of the first of the ascending `points` that is at least `value`; their number when none is. */
function firstNotBelow(points: Uint32Array, value: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((points[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
