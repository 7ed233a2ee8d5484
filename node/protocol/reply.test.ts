import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as reply from './reply.ts';

test('a header is written with numbers of every length', () => {
  for (const number of [0, 1, 9, 10, 99, 100, 4294967295, 10 ** 15, Number.MAX_SAFE_INTEGER]) {
    const buffer = new reply.ReplyBuffer(200);
    buffer.appendHeader('caf\xe9', number, 0, undefined);
    buffer.appendHeader('q', 0, number, number);
    const text = `VALUE caf\xe9 ${number} 0\r\nVALUE q 0 ${number} ${number}\r\n`;
    assert.is(buffer.filled.toString('latin1'), text);
    assert.is(buffer.freeBytes, 200 - text.length);
  }
});

test('the room that a value needs is never underestimated', () => {
  for (const size of [0, 1, reply.maxCopiedBytes]) {
    const needed = reply.ReplyBuffer.valueBytes('k'.repeat(250), size);
    const buffer = new reply.ReplyBuffer(needed);
    buffer.appendHeader('k'.repeat(250), 4294967295, size, Number.MAX_SAFE_INTEGER);
    buffer.appendData(Buffer.alloc(size));
    buffer.appendLineEnd();
    buffer.append(reply.end);
    assert.ok(buffer.freeBytes >= 0 && buffer.filled.subarray(-5).equals(reply.end));
  }
});

test('an error is one line whatever its reason holds', () => {
  assert.is(reply.serverError('a\r\nb\0c\ttoo').toString(), 'SERVER_ERROR a  b c too\r\n');
});

test('statistics are lines of latin1, then the end', () => {
  const text = reply.statistics([
    ['queue_caf\xe9_items', 3],
    ['version', '1.0'],
  ]);
  assert.is(text.toString('latin1'), 'STAT queue_caf\xe9_items 3\r\nSTAT version 1.0\r\nEND\r\n');
});

test.run();
