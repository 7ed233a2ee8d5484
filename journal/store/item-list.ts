/*
 * The items of an `itemsAdded` body, one after another: of each its length and its data.
 *
 *   | length | data ... | length | data ... | ...
 *
 * A length is a varint: seven bits a byte, the lowest first; all bytes but its last have the highest bit set. It takes at
 * most four bytes, which is more than an entry can hold.
 */
const mostLengthBytes = 4;

/** What the length of an item with so many bytes of data takes in the list. */
export function lengthBytes(dataBytes: number): number {
  if (dataBytes < 1 << 7) return 1;
  if (dataBytes < 1 << 14) return 2;
  return dataBytes < 1 << 21 ? 3 : 4;
}

/** Writes a length; gives where the data goes. */
export function writeLength(buffer: Buffer, at: number, dataBytes: number): number {
  let rest = dataBytes;
  let next = at;
  for (; rest >= 0x80; rest >>>= 7) buffer[next++] = (rest & 0x7f) | 0x80;
  buffer[next++] = rest;
  return next;
}

/** The length at `at`, which is known to stand there whole. */
export function readLength(buffer: Buffer, at: number): number {
  let byte = buffer[at] as number;
  if (byte < 0x80) return byte;
  let length = byte & 0x7f;
  let next = at;
  for (let shift = 7; byte >= 0x80; shift += 7) {
    byte = buffer[++next] as number;
    length |= (byte & 0x7f) << shift;
  }
  return length;
}

/** Bytes of the data of all `count` items of a list at `at` that {@link listFault} found nothing wrong with. */
export function listDataBytes(buffer: Buffer, at: number, count: number): number {
  let bytes = 0;
  let next = at;
  for (let left = count; left > 0; left--) {
    const length = readLength(buffer, next);
    bytes += length;
    next += lengthBytes(length) + length;
  }
  return bytes;
}

/** Length of the data of each of the items of such a list. */
export function listLengths(buffer: Buffer, at: number, count: number): number[] {
  const lengths: number[] = [];
  let next = at;
  for (let left = count; left > 0; left--) {
    const length = readLength(buffer, next);
    lengths.push(length);
    next += lengthBytes(length) + length;
  }
  return lengths;
}

/** What is wrong with a list of `count` items in `buffer[at..end)`; nothing is looked at behind that. */
export function listFault(buffer: Buffer, at: number, end: number, count: number): string | undefined {
  if (count === 0) return 'an itemsAdded has no item';
  let next = at;
  for (let left = count; left > 0; left--) {
    const length = wholeLength(buffer, next, end);
    if (length === undefined) return 'an item of an itemsAdded has no length';
    next += lengthBytes(length) + length;
  }
  return next === end ? undefined : 'the length of itemsAdded does not fit its items';
}

/** The length at `at`; undefined where there is none before `end`, or one that is longer than it has to be. */
function wholeLength(buffer: Buffer, at: number, end: number): number | undefined {
  let bytes = 1;
  while (at + bytes <= end && (buffer[at + bytes - 1] as number) >= 0x80)
    if (++bytes > mostLengthBytes) return undefined;
  if (at + bytes > end) return undefined;
  const length = readLength(buffer, at);
  return lengthBytes(length) === bytes ? length : undefined;
}
