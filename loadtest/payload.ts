import { crc32 } from './crc32.ts';

/**
 * What a load test puts into every item, so that whoever reads it knows who sent it. It stands at the end, behind a
 * filler that is the same in every item of a connection: the filler's checksum is then computed once.
 *
 * ```
 * 0            filler
 * size - 20    u32 run        which run of the load test made it
 * size - 16    u24 producer
 * size - 13    u40 sequence   grows by one within a producer, from 0
 * size - 8     u8  mask       0 as long as nothing was masked
 * size - 7     u24 queue      index within the run
 * size - 4     u32 check      CRC-32 over everything before; little-endian like all of them
 * ```
 *
 * For protocols whose items are lines the trailer is masked: each of its bytes, written as above, is XORed with one that
 * leaves no line end among them, and which so comes to stand in the place of the mask.
 */
export interface Payload {
  readonly run: number;
  readonly producer: number;
  readonly sequence: number;
  readonly queue: number;
}

/** The smallest payload: all of it trailer. */
export const minPayloadBytes = 20;

const trailerBytes = 20;
const maskAt = 12;
const lineFeed = 10;
const carriageReturn = 13;

/** A masked trailer as it was written. */
const unmasked = Buffer.alloc(trailerBytes);

/** Fills `buffer[start..end)` but for the trailer; gives the filler's checksum for {@link sealPayload}. */
export function fillPayload(buffer: Buffer, start: number, end: number): number {
  for (let i = start; i < end - trailerBytes; i++) buffer[i] = 97 + ((i - start) % 26);
  return crc32(buffer, start, Math.max(start, end - trailerBytes));
}

/** Writes the trailer of the payload that ends at `end`. */
export function sealPayload(buffer: Buffer, end: number, fillerCheck: number, payload: Payload): void {
  const start = end - trailerBytes;
  buffer.writeUInt32LE(payload.run, start);
  buffer.writeUIntLE(payload.producer, start + 4, 3);
  buffer.writeUIntLE(payload.sequence, start + 7, 5);
  buffer[start + maskAt] = 0;
  buffer.writeUIntLE(payload.queue, start + 13, 3);
  buffer.writeUInt32LE(crc32(buffer, start, start + 16, fillerCheck), start + 16);
}

/** Makes one line of the payload that ends at `end` and was sealed. */
export function maskPayload(buffer: Buffer, end: number): void {
  const start = end - trailerBytes;
  let mask = 0;
  // Each byte rules two out, so that there is one left.
  while (endsLine(buffer, start, end, mask)) mask++;
  for (let i = start; i < end; i++) buffer[i] = (buffer[i] as number) ^ mask;
}

function endsLine(buffer: Buffer, start: number, end: number, mask: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = (buffer[i] as number) ^ mask;
    if (byte === lineFeed || byte === carriageReturn) return true;
  }
  return false;
}

/** A whole payload of its own. */
export function makePayload(bytes: number, payload: Payload): Buffer {
  const buffer = Buffer.allocUnsafe(bytes);
  sealPayload(buffer, bytes, fillPayload(buffer, 0, bytes), payload);
  return buffer;
}

/** A payload that is written over by the next, for paths on which nothing is to be allocated. */
export type PayloadSlot = { -readonly [Field in keyof Payload]: Payload[Field] };

/** Puts into `slot` what is in `buffer[start..end)`; false when it isn't whole what a load test wrote. */
export function readPayloadInto(slot: PayloadSlot, buffer: Buffer, start: number, end: number): boolean {
  const trailer = end - trailerBytes;
  if (trailer < start) return false;
  const mask = buffer[trailer + maskAt] as number;
  if (mask === 0) return readTrailer(slot, buffer, trailer, crc32(buffer, start, trailer + 16));
  for (let i = 0; i < trailerBytes; i++) unmasked[i] = (buffer[trailer + i] as number) ^ mask;
  return readTrailer(slot, unmasked, 0, crc32(unmasked, 0, 16, crc32(buffer, start, trailer)));
}

function readTrailer(slot: PayloadSlot, buffer: Buffer, trailer: number, check: number): boolean {
  if (buffer.readUInt32LE(trailer + 16) !== check) return false;
  slot.run = buffer.readUInt32LE(trailer);
  slot.producer = buffer.readUIntLE(trailer + 4, 3);
  slot.sequence = buffer.readUIntLE(trailer + 7, 5);
  slot.queue = buffer.readUIntLE(trailer + 13, 3);
  return true;
}

/** What is in `buffer[start..end)`, or undefined when it isn't whole what a load test wrote. */
export function readPayload(buffer: Buffer, start: number, end: number): Payload | undefined {
  const slot: PayloadSlot = { run: 0, producer: 0, sequence: 0, queue: 0 };
  return readPayloadInto(slot, buffer, start, end) ? slot : undefined;
}
