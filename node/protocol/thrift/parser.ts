import { silence } from '../answer.ts';
import { Chunks } from '../chunks.ts';
import type { Command, TellCommand } from '../command.ts';
import type { Parser, ParserOptions } from '../dialect.ts';
import { ValueReader } from '../value-reader.ts';
import { decodeCall } from './calls.ts';

/** A frame may be longer than the largest item by so much. */
const overheadBytes = 64 * 1024;
const lengthBytes = 4;
const noBytes = Buffer.alloc(0);

/**
 * Thrift's framed transport and binary protocol (strict), service Kestrel. Each call is a frame: its length (32 bits,
 * big-endian), then the message. What is no such call ends the connection.
 */
export class ThriftParser implements Parser {
  readonly #maxValueBytes: number;
  readonly #frames: ValueReader;
  readonly #chunks = new Chunks();
  #state: 'length' | 'frame' | 'dead' = 'length';
  /** The beginning of a length. */
  #length: Buffer = noBytes;

  constructor(options: ParserOptions) {
    this.#maxValueBytes = options.maxValueBytes;
    this.#frames = new ValueReader(options.budget);
  }

  get unreadBytes(): number {
    return this.#chunks.unreadBytes;
  }

  get atBoundary(): boolean {
    return this.#state === 'length' && this.#length.length === 0;
  }

  push(chunk: Buffer): void {
    if (this.#state !== 'dead') this.#chunks.push(chunk);
  }

  detach(): void {
    this.#chunks.detach();
  }

  close(): void {
    this.#frames.release();
    this.#state = 'dead';
    this.#length = noBytes;
    this.#chunks.clear();
  }

  /** What the command before still needs of its frame is given up. */
  next(): Command | undefined {
    if (this.#state === 'length') this.#frames.release();
    while (this.#state !== 'dead') {
      const command = this.#state === 'length' ? this.#nextLength() : this.#nextFrame();
      if (command !== 'read on') return command;
    }
    return undefined;
  }

  #nextLength(): Command | undefined | 'read on' {
    const taken = Math.min(lengthBytes - this.#length.length, this.#chunks.unreadBytes);
    this.#length = Buffer.concat([this.#length, this.#chunks.take(taken)]);
    if (this.#length.length < lengthBytes) return undefined;
    const frameBytes = this.#length.readUInt32BE();
    if (frameBytes > this.#maxValueBytes + overheadBytes) return this.#die();
    this.#length = noBytes;
    this.#frames.begin(frameBytes, 'keep');
    this.#state = 'frame';
    return 'read on';
  }

  #nextFrame(): Command | undefined {
    const chunks = this.#chunks;
    chunks.position = this.#frames.read(chunks.bytes, chunks.position, chunks.bytes.length);
    if (!this.#frames.filled) return undefined;
    this.#state = 'length';
    const command = this.#frames.overBudget ? undefined : decodeCall(this.#frames.value, this.#maxValueBytes);
    return command ?? this.#die();
  }

  #die(): TellCommand {
    this.close();
    return { kind: 'tell', answer: silence, close: true };
  }
}
