import type { Dialect } from '../dialect.ts';
import { ThriftParser } from './parser.ts';

/** Kestrel's Thrift service, on a port of its own. */
export const thrift: Dialect = {
  name: 'Thrift',
  parser: (_firstByte, options) => new ThriftParser(options),
  // There is no call yet that an exception could answer.
  tooManyConnections: Buffer.alloc(0),
};
