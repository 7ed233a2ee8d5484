import { WindhoverError } from '../base/errors.ts';
import type { Disk } from '../log/disk.ts';
import {
  entryBodyStart,
  entryBytes,
  entryEpoch,
  entryHeaderBytes,
  entryKind,
  entryPartition,
  entrySequence,
} from '../log/entry.ts';
import { readU64 } from '../log/integers.ts';
import { readRow } from '../log/read-row.ts';
import {
  bodyFault,
  bodyQueue,
  createdName,
  decodeOutline,
  decodeSnapshotEnd,
  flushedThroughId,
  itemAddedAtMs,
  itemDataStart,
  itemExpiresAtMs,
  itemFlags,
  itemId,
  kinds,
  readToken,
  removalRunStart,
  removalRuns,
} from '../store/entries.ts';
import { journalFolder } from '../store/entry-reader.ts';
import { type ItemExtras, readExtras } from '../store/item-extras.ts';
import { ItemWalk } from '../store/item-walk.ts';
import { nameText } from './name-text.ts';
import { readCheckpoint } from './offline-store.ts';

/** One line of an inspection: an object to be written as JSON. */
export type Line = Readonly<Record<string, unknown>>;

export interface InspectOptions {
  /** Only entries of queues of this name (as {@link nameText} gives it); all entries when undefined. */
  readonly queue: string | undefined;
  /** Adds items' data, in base64. */
  readonly data: boolean;
}

/** Lines are handed over when there are so many, at the end of a batch. */
const enoughLines = 1000;

/**
 * Reads the journal in a data folder, damaged or not, and hands over what stands there: for each segment its entries and
 * then a summary. Where it is damaged, the last line says so (`damage`), after all that stands before it. Entries are
 * told from the checkpoint's first segment on, whether or not the checkpoint has them in it. Changes nothing.
 * @throws `io`; `invalid` when the folder holds no store
 */
export async function inspect(
  disk: Disk,
  options: InspectOptions,
  take: (lines: readonly Line[]) => Promise<void>,
): Promise<'sound' | 'damaged'> {
  const checkpoint = await readCheckpoint(disk);
  const names = new QueueNames();
  for (const { replica } of checkpoint.replicas) {
    for (const queue of replica.queues.values()) names.add(replica.partition, queue.number, queue.name);
  }
  let lines: Line[] = [];
  let entries = 0;
  const handOver = async (): Promise<void> => {
    const ready = lines;
    lines = [];
    if (ready.length > 0) await take(ready);
  };
  try {
    await readRow(disk, journalFolder, checkpoint.firstSegment, {
      written(buffer, start, end, segment, offset) {
        entries++;
        const line = describe(buffer, start, end, names, options.data);
        if (options.queue === undefined || line['queue'] === options.queue) lines.push({ segment, offset, ...line });
      },
      batchRead: () => (lines.length < enoughLines ? undefined : handOver()),
      async segmentRead({ number, firstBatch }, { offset }) {
        await handOver();
        await take([{ segment: number, firstBatch, usedBytes: offset, entries }]);
        entries = 0;
      },
    });
    return 'sound';
  } catch (error) {
    await handOver();
    if (!(error instanceof WindhoverError) || (error.code !== 'corrupt' && error.code !== 'incompatible')) throw error;
    await take([{ damage: error.message }]);
    return 'damaged';
  }
}

/** Names of queues by their numbers, as far as they are known, as text. */
class QueueNames {
  readonly #names = new Map<string, string>();

  add(partition: number, number: number, name: string): void {
    this.#names.set(`${partition}/${number}`, nameText(name));
  }

  get(partition: number, number: number): string {
    return this.#names.get(`${partition}/${number}`) ?? `#${number}`;
  }
}

const kindNames = new Map(Object.entries(kinds).map(([name, kind]) => [kind as number, name]));

function describe(buffer: Buffer, start: number, end: number, names: QueueNames, withData: boolean): Line {
  const kind = entryKind(buffer, start);
  const partition = entryPartition(buffer, start);
  const head = {
    partition: kind === kinds.mapSeen ? null : partition,
    epoch: entryEpoch(buffer, start),
    sequence: entrySequence(buffer, start),
    kind: kindNames.get(kind) ?? kind,
    bytes: entryBytes(buffer, start),
  };
  const body = entryBodyStart(start);
  const fault = bodyFault(kind, buffer, body, end);
  if (fault !== undefined) return { ...head, fault };
  return { ...head, ...describeBody(kind, partition, buffer, body, end, names, withData) };
}

function describeBody(
  kind: number,
  partition: number,
  buffer: Buffer,
  body: number,
  end: number,
  names: QueueNames,
  withData: boolean,
): Line {
  const queue = (): string => names.get(partition, bodyQueue(buffer, body));
  switch (kind) {
    case kinds.queueCreated:
      names.add(partition, bodyQueue(buffer, body), createdName(buffer, body, end));
      return { queue: queue(), number: bodyQueue(buffer, body) };
    case kinds.itemAdded:
    case kinds.itemDelayed:
    case kinds.itemExtended:
      return { queue: queue(), ...describeItem(kind, buffer, body, end, withData) };
    case kinds.itemsAdded:
      return { queue: queue(), ...describeItems(buffer, body, withData) };
    case kinds.tokenSeen: {
      const { token, untilMs } = readToken(buffer, body, end);
      return { queue: queue(), token, until: new Date(untilMs).toISOString() };
    }
    case kinds.itemsRemoved:
      return { queue: queue(), removed: runsOf(buffer, body) };
    case kinds.queueFlushed:
      return { queue: queue(), throughId: flushedThroughId(buffer, body) };
    case kinds.queueDeleted:
      return { queue: queue() };
    case kinds.epochBegun:
      return { leader: buffer.toString('utf8', body, end) };
    case kinds.snapshotQueue: {
      const { number, name, nextId, firstId } = decodeOutline(buffer, body, end);
      names.add(partition, number, name);
      return { queue: queue(), number, nextId, firstId };
    }
    case kinds.snapshotEnded:
      return { endsAt: decodeSnapshotEnd(buffer, body).sequence };
    case kinds.mapSeen:
      return { revision: readU64(buffer, body) };
    default:
      return {};
  }
}

function describeItem(kind: number, buffer: Buffer, body: number, end: number, withData: boolean): Line {
  return {
    id: itemId(buffer, body),
    ...describeHead(buffer, body),
    ...(kind === kinds.itemExtended ? describeExtras(readExtras(buffer, body)) : {}),
    ...describeData(buffer, itemDataStart(kind, buffer, body), end, withData),
  };
}

function describeItems(buffer: Buffer, body: number, withData: boolean): Line {
  const items: Line[] = [];
  const walk = new ItemWalk();
  walk.enter(buffer, body - entryHeaderBytes);
  while (walk.next()) items.push({ id: walk.id, ...describeData(buffer, walk.start, walk.end, withData) });
  return { ...describeHead(buffer, body), items };
}

/** What all items of an entry have in common. */
function describeHead(buffer: Buffer, body: number): Line {
  const expiresAtMs = itemExpiresAtMs(buffer, body);
  return {
    flags: itemFlags(buffer, body),
    addedAt: new Date(itemAddedAtMs(buffer, body)).toISOString(),
    expiresAt: expiresAtMs === 0 ? null : new Date(expiresAtMs).toISOString(),
  };
}

function describeData(buffer: Buffer, start: number, end: number, withData: boolean): Line {
  return { dataBytes: end - start, ...(withData ? { data: buffer.toString('base64', start, end) } : {}) };
}

function describeExtras({ isDelayed, named, origin }: ItemExtras): Line {
  return {
    ...(isDelayed ? { delayed: true } : {}),
    ...(named === undefined ? {} : { token: named.token, until: new Date(named.untilMs).toISOString() }),
    ...(origin === undefined
      ? {}
      : { from: nameText(origin.queue), why: origin.reason, deliveries: origin.deliveries }),
  };
}

/** From, to; from, to … */
function runsOf(buffer: Buffer, body: number): number[][] {
  return Array.from({ length: removalRuns(buffer, body) }, (_, index) => {
    const at = removalRunStart(body, index);
    return [readU64(buffer, at), readU64(buffer, at + 8)];
  });
}
