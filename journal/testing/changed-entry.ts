import {
  entryBodyStart,
  entryEpoch,
  entryHeaderBytes,
  entryKind,
  entryPartition,
  entrySequence,
  sealEntry,
} from '../log/entry.ts';
import { writeU64 } from '../log/integers.ts';

export interface EntryChange {
  readonly partition?: number;
  readonly kind?: number;
  readonly epoch?: number;
  readonly sequence?: number;
  /** Offset in its body and what is put there, as a u64. */
  readonly body?: readonly [number, number];
  readonly bodyBytes?: number;
}

/** A copy of the entry, which `entry` is all of, with something else in it and a good checksum. */
export function changedEntry(entry: Buffer, change: EntryChange): Buffer {
  const { body, bodyBytes = entry.length - entryHeaderBytes } = change;
  const copy = Buffer.alloc(entryHeaderBytes + bodyBytes);
  entry.copy(copy);
  if (body !== undefined) writeU64(copy, entryBodyStart(0) + body[0], body[1]);
  const { partition = entryPartition(entry, 0), kind = entryKind(entry, 0) } = change;
  const { epoch = entryEpoch(entry, 0), sequence = entrySequence(entry, 0) } = change;
  sealEntry(copy, 0, bodyBytes, partition, epoch, sequence, kind);
  return copy;
}
