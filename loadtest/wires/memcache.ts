import { AnswerParser, type AnswerSink, type ItemView, type LineKind } from '../client/answer-parser.ts';
import { readPayload } from '../payload.ts';
import { Requests } from './requests.ts';
import type { Wire, WireFactory, WireOptions, WireSink } from './wire.ts';

/** The memcache text protocol: `set` and plain `get`. */
export const memcacheWire: WireFactory = (options, sink) => new MemcacheWire(options, sink);

class MemcacheWire implements Wire {
  readonly maxRequestBytes: number;
  readonly hello = undefined;
  readonly #options: WireOptions;
  readonly #sink: WireSink;
  readonly #requests: Requests;
  readonly #parser: AnswerParser;
  #itemSeen = false;
  #badItem = '';

  constructor(options: WireOptions, sink: WireSink) {
    this.#options = options;
    this.#sink = sink;
    this.#requests = new Requests(
      options,
      (queue) => ({ head: `set ${queue} 0 0 ${options.itemBytes}\r\n`, tail: '\r\n' }),
      (queue) => `get ${queue}\r\n`,
    );
    this.maxRequestBytes = this.#requests.maxRequestBytes;
    const answers: AnswerSink = {
      item: (item) => this.#item(item),
      line: (kind, text) => this.#line(kind, text),
    };
    this.#parser = new AnswerParser(answers);
  }

  writeRequest(buffer: Buffer, start: number): number {
    return this.#requests.write(buffer, start);
  }

  receive(chunk: Buffer, bytes: number): void {
    this.#parser.push(chunk, bytes);
  }

  #item(item: ItemView): void {
    this.#itemSeen = true;
    if (!this.#options.verify) return;
    if (readPayload(item.buffer, item.start, item.end) === undefined) this.#badItem = 'an item that no load test wrote';
  }

  #line(kind: LineKind, text: string): void {
    if (kind === 'stored') this.#sink.answered('set', '');
    else if (kind === 'end') this.#end();
    else this.#sink.answered('error', text);
  }

  #end(): void {
    if (this.#badItem !== '') this.#sink.answered('error', this.#badItem);
    else this.#sink.answered(this.#itemSeen ? 'hit' : 'miss', '');
    this.#itemSeen = false;
    this.#badItem = '';
  }
}
