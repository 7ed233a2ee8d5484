import type { GetCommand, SeriesCommand } from '../command.ts';

/** `get` with several keys: the next item of each, side by side. */
export class MultiGet implements SeriesCommand {
  readonly kind = 'series';
  readonly order = 'beside';
  readonly gets: readonly GetCommand[];
  #asked = 0;

  constructor(gets: readonly GetCommand[]) {
    this.gets = gets;
  }

  next(): GetCommand | undefined {
    return this.gets[this.#asked++];
  }
}
