import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readPayload } from '../payload.ts';
import type { Work } from './wire.ts';
import { wires } from './wires.ts';

/** A wire, what it said, and what it sent beside requests. */
function open(
  protocol: string,
  work: Work,
): { heard: string[]; control: string[]; wire: ReturnType<NonNullable<(typeof wires)[string]>> } {
  const heard: string[] = [];
  const control: string[] = [];
  const options = { work, itemBytes: 30, run: 5, producer: 6, queueNames: ['a', 'bb'], queues: [0, 1], verify: false };
  const factory = wires[protocol];
  if (factory === undefined) throw new Error(protocol);
  const wire = factory(
    options,
    { answered: (outcome, text) => heard.push(text === '' ? outcome : `${outcome}: ${text}`) },
    (bytes) => control.push(bytes.toString()),
  );
  return { heard, control, wire };
}

/** The next request as bytes. */
function request(wire: ReturnType<typeof open>['wire']): Buffer {
  const buffer = Buffer.alloc(wire.maxRequestBytes + 3, '!');
  const end = wire.writeRequest(buffer, 3);
  assert.is(buffer.toString('latin1', 0, 3), '!!!');
  return buffer.subarray(3, end);
}

/** Every request with the item as `ITEM`, for a look at its frame. */
function frames(protocol: string, work: Work, count: number): string[] {
  const { wire } = open(protocol, work);
  return Array.from({ length: count }, () =>
    request(wire)
      .toString('latin1')
      .replace(/abcdefghij[\s\S]{20}/, 'ITEM'),
  );
}

/** What is heard of `answers`, which must not depend on how they are cut. */
function hear(protocol: string, work: Work, answers: string): string[] {
  const whole = open(protocol, work);
  whole.wire.receive(Buffer.from(answers), answers.length);
  const bytewise = open(protocol, work);
  const one = Buffer.alloc(1);
  for (const byte of Buffer.from(answers)) {
    one[0] = byte;
    bytewise.wire.receive(one, 1);
  }
  assert.equal(bytewise.heard, whole.heard, 'byte by byte');
  return whole.heard;
}

test('requests take the queues in turn, in the words of each protocol', () => {
  assert.equal(frames('memcache', 'mixed', 4), [
    'set a 0 0 30\r\nITEM\r\n',
    'get a\r\n',
    'set bb 0 0 30\r\nITEM\r\n',
    'get bb\r\n',
  ]);
  assert.equal(frames('memcache', 'get', 2), ['get a\r\n', 'get bb\r\n']);
  assert.equal(frames('redis', 'set', 2)[1], '*3\r\n$5\r\nLPUSH\r\n$2\r\nbb\r\n$30\r\nITEM\r\n');
  assert.equal(frames('redis', 'get', 1), ['*2\r\n$4\r\nRPOP\r\n$1\r\na\r\n']);
  assert.equal(frames('beanstalk', 'set', 1), ['put 0 0 60 30\r\nITEM\r\n']);
  assert.equal(frames('nats', 'set', 1), ['PUB a _INBOX.windhover.5.6 30\r\nITEM\r\n']);
  assert.equal(frames('echo', 'set', 1), frames('memcache', 'set', 1));
});

test('every item is marked with run, producer, queue and a growing sequence', () => {
  const { wire } = open('memcache', 'set');
  for (let sequence = 0; sequence < 5; sequence++) {
    const bytes = request(wire);
    const end = bytes.length - 2;
    assert.equal({ ...readPayload(bytes, end - 30, end) }, { run: 5, producer: 6, sequence, queue: sequence % 2 });
  }
});

test('answers', () => {
  const memcache = 'STORED\r\nVALUE a 0 3\r\nEND\r\nEND\r\nEND\r\nSERVER_ERROR full\r\n';
  assert.equal(hear('memcache', 'mixed', memcache), ['set', 'hit', 'miss', 'error: SERVER_ERROR full']);
  assert.equal(hear('redis', 'set', ':1\r\n:22\r\n-OOM no\r\n'), ['set', 'set', 'error: -OOM no']);
  assert.equal(hear('redis', 'get', '$4\r\n:\r\n$\r\n$-1\r\n$0\r\n\r\n'), ['hit', 'miss', 'hit']);
  assert.equal(hear('beanstalk', 'set', 'INSERTED 1\r\nDRAINING\r\n'), ['set', 'error: DRAINING']);
  assert.equal(hear('echo', 'set', '12345678'.repeat(2)), ['set', 'set']);
  const hit = 'VALUE a 0 30\r\n'.length + 30 + '\r\nEND\r\n'.length;
  assert.equal(hear('echo', 'get', 'x'.repeat(hit)), ['hit']);
});

test('nats: acknowledgements of the stream, its errors, nobody listening, pings', () => {
  const info = 'INFO {"server_id":"x"}\r\n+OK\r\n';
  const stored = 'MSG _INBOX.windhover.5.6 1 26\r\n{"stream":"S", "seq":12345}\r\n';
  const refused = 'MSG _INBOX.windhover.5.6 1 20\r\n{"error":{"code":1}}\r\n';
  const nobody = 'HMSG _INBOX.windhover.5.6 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n';
  assert.equal(hear('nats', 'set', `${info}${stored}${refused}${nobody}-ERR 'x'\r\n`), [
    'set',
    'error: {"error":{"code":1}}',
    'error: no stream keeps this subject',
    "error: -ERR 'x'",
  ]);
  const { wire, control } = open('nats', 'set');
  wire.receive(Buffer.from('PING\r\n'), 6);
  assert.equal(control, ['PONG\r\n']);
  assert.match(wire.hello?.toString() ?? '', /^CONNECT \{.*\}\r\nSUB _INBOX\.windhover\.5\.6 1\r\n$/);
});

test('work that a protocol has no counterpart for is refused', () => {
  assert.throws(() => open('beanstalk', 'get'), /--work set/);
  assert.throws(() => open('nats', 'mixed'), /--work set/);
  assert.throws(() => open('echo', 'mixed'), /--work set or get/);
});

test.run();
