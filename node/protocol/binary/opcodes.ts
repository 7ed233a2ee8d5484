/** What a request asks for, by its opcode. */
export type Meaning =
  | { readonly kind: 'get'; readonly quiet: boolean; readonly withKey: boolean }
  | { readonly kind: 'set' | 'delete' | 'flush' | 'quit'; readonly quiet: boolean }
  | { readonly kind: 'noop' | 'version' | 'stat' | 'verbosity'; readonly quiet: false }
  /** memcached has it, but a queue has no meaning for it. */
  | { readonly kind: 'meaningless'; readonly quiet: false; readonly word: string };

const quiet = true;

/** Opcodes of memcached's protocol_binary.h. Authentication isn't among them, as in a memcached without it. */
export const meanings: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [0x00, { kind: 'get', quiet: false, withKey: false }],
  [0x01, { kind: 'set', quiet: false }],
  [0x04, { kind: 'delete', quiet: false }],
  [0x07, { kind: 'quit', quiet: false }],
  [0x08, { kind: 'flush', quiet: false }],
  [0x09, { kind: 'get', quiet, withKey: false }],
  [0x0a, { kind: 'noop', quiet: false }],
  [0x0b, { kind: 'version', quiet: false }],
  [0x0c, { kind: 'get', quiet: false, withKey: true }],
  [0x0d, { kind: 'get', quiet, withKey: true }],
  [0x10, { kind: 'stat', quiet: false }],
  [0x11, { kind: 'set', quiet }],
  [0x14, { kind: 'delete', quiet }],
  [0x17, { kind: 'quit', quiet }],
  [0x18, { kind: 'flush', quiet }],
  [0x1b, { kind: 'verbosity', quiet: false }],
  ...meaningless('add', 0x02, 0x12),
  ...meaningless('replace', 0x03, 0x13),
  ...meaningless('increment', 0x05, 0x15),
  ...meaningless('decrement', 0x06, 0x16),
  ...meaningless('append', 0x0e, 0x19),
  ...meaningless('prepend', 0x0f, 0x1a),
  ...meaningless('touch', 0x1c),
  ...meaningless('get and touch', 0x1d, 0x1e, 0x23, 0x24),
]);

function meaningless(word: string, ...opcodes: readonly number[]): [number, Meaning][] {
  return opcodes.map((opcode) => [opcode, { kind: 'meaningless', quiet: false, word }]);
}
