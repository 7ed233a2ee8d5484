import type { Dialect } from '../dialect.ts';
import { line } from './answers.ts';
import { MemcacheParser } from './parser.ts';

/** What is spoken on the memcache port. */
export const memcache: Dialect = {
  name: 'memcache',
  parser: (_firstByte, options) => new MemcacheParser(options),
  tooManyConnections: line('SERVER_ERROR too many connections'),
};
