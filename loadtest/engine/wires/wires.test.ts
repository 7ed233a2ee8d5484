import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readPayload } from '../../payload.ts';
import { type ReadHow, writeSet } from './requests.ts';
import type { Protocol, Wire } from './wire.ts';
import { wires } from './wires.ts';

interface Opened {
  readonly wire: Wire;
  readonly heard: string[];
  /** What it sent beside requests. */
  readonly control: string[];
}

const context = { names: ['a', 'bb'], run: 5, waitMs: 0 };

function protocolOf(name: string): Protocol {
  const protocol = wires[name];
  if (protocol === undefined) throw new Error(name);
  return protocol;
}

/** A wire, as connection 6. */
function open(name: string): Opened {
  const protocol = protocolOf(name);
  const heard: string[] = [];
  const control: string[] = [];
  const sink = {
    item: (buffer: Buffer, start: number, end: number) => heard.push(`item ${buffer.toString('latin1', start, end)}`),
    answered: (outcome: string, text: string) => heard.push(text === '' ? outcome : `${outcome}: ${text}`),
  };
  const wire = protocol.open(context, protocol.requests(context), 6, sink, (bytes) => control.push(bytes.toString()));
  return { wire, heard, control };
}

/** The request that sets an item, with the item as `ITEM`. */
function setFrame(name: string, queue: number): string {
  const template = open(name).wire.requests.set(queue, 30);
  return template.bytes
    .toString('latin1')
    .replace(template.bytes.toString('latin1', template.payloadEnd - 30, template.payloadEnd), 'ITEM');
}

function readFrames(name: string, waitMs: number, hows: readonly ReadHow[]): string[] {
  const requests = protocolOf(name).requests({ ...context, waitMs });
  return hows.map((how) => requests.read(1, how).toString('latin1'));
}

/** What is heard of `answers`, which must not depend on how they are cut, nor on the chunk afterwards. */
function hear(name: string, answers: string): string[] {
  const whole = open(name);
  whole.wire.receive(Buffer.from(answers), answers.length);
  const bytewise = open(name);
  const one = Buffer.alloc(1);
  for (const byte of Buffer.from(answers)) {
    one[0] = byte;
    bytewise.wire.receive(one, 1);
    one[0] = 0x21;
  }
  assert.equal(bytewise.heard, whole.heard, 'byte by byte');
  return whole.heard;
}

test('sets in the words of each protocol', () => {
  assert.is(setFrame('memcache', 1), 'set bb 0 0 30\r\nITEM\r\n');
  assert.is(setFrame('redis', 1), '*3\r\n$5\r\nLPUSH\r\n$2\r\nbb\r\n$30\r\nITEM\r\n');
  assert.is(setFrame('beanstalk', 0), 'put 0 0 60 30\r\nITEM\r\n');
  assert.is(setFrame('nats', 0), 'PUB a _INBOX.windhover.5.6 30\r\nITEM\r\n');
  assert.is(setFrame('echo', 0), setFrame('memcache', 0));
});

test('reads in the words of each protocol', () => {
  assert.equal(readFrames('memcache', 0, ['take', 'open', 'close-open', 'close', 'abort']), [
    'get bb\r\n',
    'get bb/open\r\n',
    'get bb/close/open\r\n',
    'get bb/close\r\n',
    'get bb/abort\r\n',
  ]);
  assert.equal(readFrames('memcache', 250, ['take', 'open', 'close-open', 'close']), [
    'get bb/t=250\r\n',
    'get bb/open/t=250\r\n',
    'get bb/close/open/t=250\r\n',
    'get bb/close\r\n',
  ]);
  assert.equal(readFrames('redis', 0, ['take']), ['*2\r\n$4\r\nRPOP\r\n$2\r\nbb\r\n']);
  assert.equal(readFrames('echo', 0, ['take']), ['get bb\r\n']);
  for (const name of ['beanstalk', 'nats']) assert.equal(protocolOf(name).reads, []);
});

test('every item says who sent it, and to which queue', () => {
  const { requests } = open('memcache').wire;
  for (let sequence = 0; sequence < 5; sequence++) {
    const buffer = Buffer.alloc(200, '!');
    const template = requests.set(sequence % 2, 30);
    writeSet(template, buffer, 3, { run: 5, producer: 6, sequence, queue: 9 });
    const end = 3 + template.payloadEnd;
    assert.equal({ ...readPayload(buffer, end - 30, end) }, { run: 5, producer: 6, sequence, queue: sequence % 2 });
    assert.is(buffer.toString('latin1', 0, 3), '!!!');
    assert.is(buffer.toString('latin1', 3 + template.bytes.length), '!'.repeat(200 - 3 - template.bytes.length));
  }
});

test('answers', () => {
  assert.equal(hear('memcache', 'STORED\r\nVALUE a 0 3\r\nEND\r\nEND\r\nNOT_STORED\r\nSERVER_ERROR full\r\n'), [
    'set',
    'item END',
    'hit',
    'refused: NOT_STORED',
    'error: SERVER_ERROR full',
  ]);
  assert.equal(hear('memcache', 'END\r\n'), ['miss']);
  assert.equal(hear('redis', ':1\r\n:22\r\n-OOM no\r\n'), ['set', 'set', 'error: -OOM no']);
  assert.equal(hear('redis', '$4\r\n:\r\n$\r\n$-1\r\n$0\r\n\r\n'), ['hit', 'miss', 'hit']);
  assert.equal(hear('beanstalk', 'INSERTED 1\r\nDRAINING\r\n'), ['set', 'error: DRAINING']);
  assert.equal(hear('echo', 'set q 0 0 3\r\nabc\r\n'.repeat(2)), ['set', 'set']);
  assert.equal(hear('echo', 'VALUE a 0 3\r\nabc\r\nEND\r\n'.repeat(2)), ['hit', 'hit']);
});

test('nats: acknowledgements of the stream, its errors, nobody listening, pings', () => {
  const info = 'INFO {"server_id":"x"}\r\n+OK\r\n';
  const stored = 'MSG _INBOX.windhover.5.6 1 26\r\n{"stream":"S", "seq":12345}\r\n';
  const refused = 'MSG _INBOX.windhover.5.6 1 20\r\n{"error":{"code":1}}\r\n';
  const nobody = 'HMSG _INBOX.windhover.5.6 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n';
  assert.equal(hear('nats', `${info}${stored}${refused}${nobody}-ERR 'x'\r\n`), [
    'set',
    'error: {"error":{"code":1}}',
    'error: no stream keeps this subject',
    "error: -ERR 'x'",
  ]);
  const { wire, control } = open('nats');
  wire.receive(Buffer.from('PING\r\n'), 6);
  assert.equal(control, ['PONG\r\n']);
  assert.match(wire.hello?.toString() ?? '', /^CONNECT \{.*\}\r\nSUB _INBOX\.windhover\.5\.6 1\r\n$/);
});

test.run();
