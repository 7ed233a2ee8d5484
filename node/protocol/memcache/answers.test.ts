import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Result } from '../../../cluster/operation.ts';
import { heard } from '../../testing/heard.ts';
import { deleteAnswer, flushAnswer, setAnswer, statisticsAnswer, ValueAnswer } from './answers.ts';

function item(id: number, flags: number, data: string): Result {
  return { kind: 'item', id, flags, data: Buffer.from(data, 'latin1') };
}

test('a value is written with numbers of every length, in the room it asked for', () => {
  for (const number of [0, 1, 9, 10, 99, 100, 4294967295, 10 ** 15, Number.MAX_SAFE_INTEGER]) {
    const bare = new ValueAnswer('caf\xe9', 'without id', 'last');
    assert.is(heard(bare, item(7, number, 'abc')).text, `VALUE caf\xe9 ${number} 3\r\nabc\r\nEND\r\n`);
    const long = 'k'.repeat(250);
    const withId = new ValueAnswer(long, 'with id', 'followed');
    assert.is(heard(withId, item(number, number, '')).text, `VALUE ${long} ${number} 0 ${number}\r\n\r\n`);
  }
});

test('of several keys only the last ends with END, and a failure before it ends the connection', () => {
  const [followed, last] = (['followed', 'last'] as const).map((place) => new ValueAnswer('q', 'without id', place));
  assert.ok(followed !== undefined && last !== undefined);
  assert.equal(heard(followed, { kind: 'empty' }), { text: '', said: 'go on' });
  assert.equal(heard(last, { kind: 'empty' }), { text: 'END\r\n', said: 'go on' });
  const failed: Result = { kind: 'failed', why: 'w' };
  assert.equal(heard(followed, failed), { text: 'SERVER_ERROR w\r\n', said: 'close' });
  assert.equal(heard(last, failed), { text: 'SERVER_ERROR w\r\n', said: 'go on' });
});

test('every outcome of a command has its word', () => {
  for (const [answer, result, text] of [
    [setAnswer, { kind: 'stored' }, 'STORED\r\n'],
    [setAnswer, { kind: 'full' }, 'NOT_STORED\r\n'],
    [deleteAnswer, { kind: 'deleted' }, 'DELETED\r\n'],
    [deleteAnswer, { kind: 'missing' }, 'NOT_FOUND\r\n'],
    [flushAnswer, { kind: 'flushed' }, 'END\r\n'],
    [flushAnswer, { kind: 'missing' }, 'END\r\n'],
  ] as const) {
    assert.equal(heard(answer, result), { text, said: 'go on' });
  }
  assert.equal(heard(setAnswer, { kind: 'violation', why: 'w' }), { text: 'ERROR\r\n', said: 'close' });
});

test('an error is one line whatever its reason holds', () => {
  assert.is(heard(setAnswer, { kind: 'failed', why: 'a\r\nb\0c\ttoo' }).text, 'SERVER_ERROR a  b c too\r\n');
});

test('statistics are lines of latin1, then the end', () => {
  const answer = statisticsAnswer([
    ['queue_caf\xe9_items', 3],
    ['version', '1.0'],
  ]);
  assert.is(heard(answer).text, 'STAT queue_caf\xe9_items 3\r\nSTAT version 1.0\r\nEND\r\n');
});

test.run();
