/*
 * Entries of a Kestrel queue's journal: a byte that says which, then what it needs, little-endian. Source: Kestrel's
 * docs/journal_format.md and, where the two differ (opcodes 8 and 9), its Journal.scala and QItem.scala.
 *
 *   0 ADD                 i32 bytes, i32 expiry (s), data           an item at the end (the oldest form; no time of adding)
 *   1 REMOVE                                                        the first item is gone
 *   2 ADDX                i32 bytes, i64 added (ms), i64 expiry (ms), data
 *   3 REMOVE_TENTATIVE                                              the first item is reserved, under the next xid
 *   4 SAVE_XID            i32 xid                                   the last xid that was used
 *   5 UNREMOVE            i32 xid                                   what was reserved under it is first again
 *   6 CONFIRM_REMOVE      i32 xid                                   what was reserved under it is gone
 *   7 ADD_XID             i32 xid, then as ADDX                     an item at the end
 *   8 CONTINUE            i32 xid, then as ADDX                     CONFIRM_REMOVE and ADDX in one
 *   9 REMOVE_TENTATIVE_XID  i32 xid                                 the first item is reserved under it
 */

/** An item as Kestrel had it. Times are wall clock. */
export interface KestrelItem {
  /** Undefined in the oldest form of entry. */
  readonly addedAtMs: number | undefined;
  /** 0 never. */
  readonly expiresAtMs: number;
  /** A view of the buffer that was read from. */
  readonly data: Buffer;
}

export type KestrelEntry =
  | { readonly kind: 'add'; readonly item: KestrelItem }
  | { readonly kind: 'continue'; readonly xid: number; readonly item: KestrelItem }
  | { readonly kind: 'remove' }
  /** `xid` undefined: the next one. */
  | { readonly kind: 'reserve'; readonly xid: number | undefined }
  | { readonly kind: 'save-xid' | 'give-back' | 'confirm'; readonly xid: number };

/** What stands at a place: an entry and where it ends; or it goes on behind the bytes at hand; or it makes no sense. */
export type KestrelRead =
  | { readonly kind: 'entry'; readonly entry: KestrelEntry; readonly end: number }
  | { readonly kind: 'short'; readonly neededBytes: number }
  | { readonly kind: 'bad'; readonly why: string };

/** Kestrel took no larger items unless it was told to; a length beyond this is damage, and nothing is allocated for it. */
export const maxKestrelItemBytes = 256 * 1024 * 1024;

const dated = 16;
const undated = 4;

/** Reads the entry that begins at `start` of `buffer[..end)`. */
export function readKestrelEntry(buffer: Buffer, start: number, end: number): KestrelRead {
  if (start >= end) return { kind: 'short', neededBytes: 1 };
  const opcode = buffer.readUInt8(start);
  const at = start + 1;
  switch (opcode) {
    case 0:
      return readItem(buffer, at, end, undated, start, (item) => ({ kind: 'add', item }));
    case 1:
      return { kind: 'entry', entry: { kind: 'remove' }, end: at };
    case 2:
      return readItem(buffer, at, end, dated, start, (item) => ({ kind: 'add', item }));
    case 3:
      return { kind: 'entry', entry: { kind: 'reserve', xid: undefined }, end: at };
    case 4:
      return readXid(buffer, at, end, (xid) => ({ kind: 'save-xid', xid }));
    case 5:
      return readXid(buffer, at, end, (xid) => ({ kind: 'give-back', xid }));
    case 6:
      return readXid(buffer, at, end, (xid) => ({ kind: 'confirm', xid }));
    case 7:
      return readItem(buffer, at + 4, end, dated, start, (item) => ({ kind: 'add', item }));
    case 8:
      return readItem(buffer, at + 4, end, dated, start, (item) => ({
        kind: 'continue',
        xid: buffer.readInt32LE(at),
        item,
      }));
    case 9:
      return readXid(buffer, at, end, (xid) => ({ kind: 'reserve', xid }));
    default:
      return { kind: 'bad', why: `opcode ${opcode} is unknown` };
  }
}

function readXid(buffer: Buffer, at: number, end: number, make: (xid: number) => KestrelEntry): KestrelRead {
  if (end - at < 4) return { kind: 'short', neededBytes: 5 };
  return { kind: 'entry', entry: make(buffer.readInt32LE(at)), end: at + 4 };
}

/** An item whose length stands at `at`, and whose times take `headBytes`. */
function readItem(
  buffer: Buffer,
  at: number,
  end: number,
  headBytes: typeof dated | typeof undated,
  start: number,
  make: (item: KestrelItem) => KestrelEntry,
): KestrelRead {
  if (end - at < 4) return { kind: 'short', neededBytes: at + 4 - start };
  const bytes = buffer.readInt32LE(at);
  if (bytes < headBytes || bytes > maxKestrelItemBytes) return { kind: 'bad', why: `an item of ${bytes} bytes` };
  const bodyAt = at + 4;
  const itemEnd = bodyAt + bytes;
  if (itemEnd > end) return { kind: 'short', neededBytes: itemEnd - start };
  const data = buffer.subarray(bodyAt + headBytes, itemEnd);
  const item: KestrelItem =
    headBytes === undated
      ? { addedAtMs: undefined, expiresAtMs: buffer.readInt32LE(bodyAt) * 1000, data }
      : { addedAtMs: readTime(buffer, bodyAt), expiresAtMs: readTime(buffer, bodyAt + 8), data };
  return { kind: 'entry', entry: make(item), end: itemEnd };
}

function readTime(buffer: Buffer, at: number): number {
  return Number(buffer.readBigInt64LE(at));
}
