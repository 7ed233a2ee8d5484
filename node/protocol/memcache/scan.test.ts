import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { silence } from '../answer.ts';
import { KeyCache } from './key-cache.ts';
import { parseLine, type StorageHeader } from './line.ts';
import { scanGet, scanSet } from './scan.ts';

const word = fc.constantFrom(
  'set',
  'SET',
  'get',
  'Get',
  'gets',
  'q',
  'other',
  'q/open',
  'a.b',
  '',
  '0',
  '7',
  '4294967295',
);
const more = fc.constantFrom('123456789', '1234567890', '-1', '01', 'noreply', 'noreplz', 'NOREPLY', '1x', '\t', 'x\0');
const lines = fc
  .tuple(
    fc.constantFrom('', ' ', 'set ', 'get ', 'set q ', 'set q 0 0 ', 'set q 1 2 3', 'sat q 0 0 3'),
    fc.array(fc.oneof(word, more), { maxLength: 6 }),
  )
  .map(([start, words]) => start + words.join(' '));

const echoes = ['bare', 'full'] as const;
const caches = { bare: new KeyCache(4, 'bare'), full: new KeyCache(4, 'full') };

function emptyHeader(): StorageHeader {
  return {
    queue: '',
    flags: 0,
    exptimeSeconds: 0,
    valueBytes: 0,
    noreply: false,
    answer: silence,
    options: undefined,
    refusal: 'left over',
  };
}

test('what is scanned means what the whole parser says it means', () => {
  let scanned = 0;
  fc.assert(
    fc.property(lines, fc.constantFrom(...echoes), (text, echo) => {
      const keys = caches[echo];
      const bytes = Buffer.from(`xx${text}xx`, 'latin1');
      const header = emptyHeader();
      const end = bytes.length - 2;
      const known = scanGet(bytes, 2, end, keys);
      if (scanSet(bytes, 2, end, keys, header)) assert.equal(parseLine(text, echo), { kind: 'storage', header });
      else if (known !== undefined)
        assert.equal(parseLine(text, echo), { kind: 'get', key: known.key, answer: known.value });
      else scanned--;
      scanned++;
    }),
    { numRuns: 3000 },
  );
  assert.ok(scanned > 100, `only ${scanned} lines were scanned`);
});

test('the usual forms are scanned, not left to the parser', () => {
  for (const text of ['set q 0 0 64', 'SET q 1 2 3 noreply', 'set a+b 999999999 999999999 999999999']) {
    assert.ok(scanSet(Buffer.from(text), 0, text.length, caches.bare, emptyHeader()), text);
  }
  for (const text of ['get q', 'GET q/close/open', 'get q/t=5']) {
    assert.ok(scanGet(Buffer.from(text), 0, text.length, caches.bare), text);
  }
});

test('the cache gives each key its own meaning, however many there are', () => {
  const cache = new KeyCache(8, 'bare');
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 200; i++) {
      const bytes = Buffer.from(`..queue-${i}/t=${i}..`);
      const key = cache.lookup(bytes, 2, bytes.length - 2);
      assert.ok(key.kind === 'known' && key.key.queue === `queue-${i}` && key.key.waitMs === i);
    }
  }
});

test.run();
