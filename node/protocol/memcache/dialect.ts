import { BinaryParser, requestMagic } from '../binary/parser.ts';
import type { Dialect } from '../dialect.ts';
import { line } from './answers.ts';
import { MemcacheParser } from './parser.ts';

/** What is spoken on the memcache port: text or binary, as the first byte says. */
export const memcache: Dialect = {
  name: 'memcache',
  parser: (firstByte, options) =>
    firstByte === requestMagic ? new BinaryParser(options) : new MemcacheParser(options),
  tooManyConnections: line('SERVER_ERROR too many connections'),
};
