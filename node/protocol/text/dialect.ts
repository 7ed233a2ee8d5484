import type { Dialect } from '../dialect.ts';
import { errorLine } from './answers.ts';
import { TextParser } from './parser.ts';

/** Kestrel's text protocol, on a port of its own. */
export const text: Dialect = {
  name: 'text',
  parser: (_firstByte, options) => new TextParser(options),
  tooManyConnections: errorLine('Too many connections.'),
};
