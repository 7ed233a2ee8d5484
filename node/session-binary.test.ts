import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Result } from '../cluster/operation.ts';
import { binaryRequest, binaryResponses, type RequestFields, type Response } from './testing/binary-wire.ts';
import { SessionStage, setText, valueText } from './testing/session-stage.ts';

const opcode = {
  get: 0x00,
  set: 0x01,
  add: 0x02,
  delete: 0x04,
  quit: 0x07,
  flush: 0x08,
  getQ: 0x09,
  noop: 0x0a,
  version: 0x0b,
  getK: 0x0c,
  getKQ: 0x0d,
  stat: 0x10,
  setQ: 0x11,
  deleteQ: 0x14,
  quitQ: 0x17,
  flushQ: 0x18,
  verbosity: 0x1b,
  saslList: 0x20,
  saslAuth: 0x21,
  saslStep: 0x22,
} as const;

const noExtras = '\0'.repeat(8);

function extrasOf(flags: number, exptime: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(flags, 0);
  bytes.writeInt32BE(exptime, 4);
  return bytes.toString('latin1');
}

function say(stage: SessionStage, ...requests: readonly RequestFields[]): Response[] {
  return binaryResponses(stage.say(Buffer.concat(requests.map(binaryRequest))));
}

function one(stage: SessionStage, request: RequestFields): Response {
  const [response, ...rest] = say(stage, request);
  assert.ok(response !== undefined && rest.length === 0, 'exactly one response');
  return response;
}

function set(queue: string, value: string, flags = 0): RequestFields {
  return { opcode: opcode.set, key: queue, extras: extrasOf(flags, 0), value };
}

function withResult(result: Result): SessionStage {
  const stage = new SessionStage();
  stage.broker.override = (operation) => (operation.kind === 'release' ? undefined : result);
  return stage;
}

const plain = { extras: '', key: '', value: '', id: 0 };

test('an item set in binary is got in text, and the other way round, flags included [binary-same-port]', () => {
  const binary = new SessionStage();
  const text = new SessionStage({ broker: binary.broker, connection: 2 });
  assert.equal(one(binary, { ...set('q', 'from binary', 77), opaque: 0xfffffffe }), {
    opcode: opcode.set,
    status: 0,
    opaque: 0xfffffffe,
    ...plain,
    id: 1,
  });
  assert.is(text.say('get q\r\n'), valueText('q', 'from binary', 77));
  text.say(setText('q', 'from text', 4294967295));
  const got = one(binary, { opcode: opcode.get, key: 'q', opaque: 9 });
  assert.equal(got, {
    ...plain,
    opcode: 0,
    status: 0,
    opaque: 9,
    id: 2,
    extras: '\xff\xff\xff\xff',
    value: 'from text',
  });
});

test('get and getK of nothing are told so, their quiet kinds say nothing [binary-get] [binary-quiet]', () => {
  const stage = new SessionStage();
  const responses = say(
    stage,
    { opcode: opcode.getQ, key: 'a' },
    { opcode: opcode.getKQ, key: 'b' },
    { opcode: opcode.get, key: 'c' },
    { opcode: opcode.getK, key: 'd' },
    { opcode: opcode.noop, opaque: 5 },
  );
  assert.equal(
    responses.map(({ status, key, value, opaque }) => [status, key, value, opaque]),
    [
      [1, '', 'Not found', 0],
      [1, 'd', '', 0],
      [0, '', '', 5],
    ],
  );
});

test('the key is repeated as echoKey says [binary-get-key]', () => {
  for (const [echoKey, expected] of [
    ['bare', 'q'],
    ['full', 'q/peek'],
  ] as const) {
    const stage = new SessionStage({ settings: { echoKey } });
    say(stage, set('q', 'x'));
    assert.is(one(stage, { opcode: opcode.getK, key: 'q/peek' }).key, expected);
    assert.is(one(stage, { opcode: opcode.get, key: 'q/peek' }).key, '');
  }
});

test('options go with the key, and reliable reads follow their rules [binary-options]', () => {
  const stage = new SessionStage();
  say(stage, set('q', 'a'), set('q', 'b'));
  assert.is(one(stage, { opcode: opcode.get, key: 'q/open' }).value, 'a');
  assert.is(one(stage, { opcode: opcode.get, key: 'q/abort' }).status, 1);
  assert.is(one(stage, { opcode: opcode.get, key: 'q/open' }).value, 'a');
  assert.is(one(stage, { opcode: opcode.get, key: 'q/close/open' }).value, 'b');
  stage.session.ended();
  assert.equal(stage.broker.items('q'), ['b']);
});

test('reads are settled by the id in the cas field, over any connection [binary-by-id]', () => {
  const stage = new SessionStage();
  say(stage, set('q', 'a'), set('q', 'b'));
  const { id } = one(stage, { opcode: opcode.get, key: 'q/open/lease=5000' });
  const other = new SessionStage({ broker: stage.broker, connection: 2 });
  assert.is(one(other, { opcode: opcode.get, key: `q/abort=${id}` }).status, 0);
  assert.is(one(other, { opcode: opcode.get, key: `q/abort=${id}` }).status, 1);
  assert.equal(stage.broker.items('q'), ['a', 'b']);
});

test('a get that waits is answered when there is an item, and none after it before [binary-options]', () => {
  const stage = new SessionStage();
  const other = new SessionStage({ broker: stage.broker, connection: 2 });
  assert.equal(say(stage, { opcode: opcode.getQ, key: 'q/t=1000' }, { opcode: opcode.noop }), []);
  other.say(setText('q', 'late'));
  const [value, noop] = binaryResponses(stage.heard());
  assert.is(value?.value, 'late');
  assert.is(noop?.opcode, opcode.noop);
});

test('breaking a rule of reliable reads, or of keys, ends the connection [binary-violation]', () => {
  for (const key of ['q', 'q/open/peek', '/open']) {
    const stage = new SessionStage();
    say(stage, set('q', 'a'));
    one(stage, { opcode: opcode.get, key: 'q/open' });
    assert.is(one(stage, { opcode: opcode.get, key }).status, 4, key);
    assert.ok(stage.output.isEnded, key);
  }
});

test('setQ says nothing of what was stored, and all else [binary-set] [binary-quiet]', () => {
  assert.equal(say(new SessionStage(), { ...set('q', 'x'), opcode: opcode.setQ }), []);
  for (const [result, status] of [
    [{ kind: 'full' }, 5],
    [{ kind: 'failed', why: 'no room' }, 0x86],
  ] as const) {
    for (const code of [opcode.set, opcode.setQ]) {
      const response = one(withResult(result), { ...set('q', 'x'), opcode: code, opaque: 3 });
      assert.equal([response.status, response.opcode, response.opaque], [status, code, 3]);
    }
  }
});

test('exptime is as in the text protocol, a number with a sign [binary-set]', () => {
  const stage = new SessionStage();
  const nowMs = stage.clock.wallMs();
  for (const [exptime, expiresAtMs] of [
    [0, 0],
    [1, nowMs + 1000],
    [999_999, nowMs + 999_999_000],
    [1_900_000_000, 1_900_000_000_000],
    [-1, 1],
  ] as const) {
    one(stage, { ...set('q', 'x'), extras: extrasOf(5, exptime) });
    const operation = stage.broker.operations.at(-1);
    assert.is(operation?.kind === 'set' && operation.expiresAtMs, expiresAtMs);
  }
});

test('the key of a set may have its options [binary-set-options]', () => {
  const stage = new SessionStage();
  assert.is(one(stage, set('q/id=order-1/delay=500', 'x')).status, 0);
  const operation = stage.broker.operations.at(-1);
  assert.ok(operation?.kind === 'set' && operation.queue === 'q');
  assert.equal(operation.options, { delayMs: 500, token: 'order-1' });
  assert.is(one(stage, set('q/id=', 'x')).status, 4);
});

test('a value too large is refused with status 3 [binary-too-large]', () => {
  const stage = new SessionStage({ settings: { maxValueBytes: 10 } });
  const [refused, version] = say(stage, set('q', 'x'.repeat(11)), { opcode: opcode.version });
  assert.is(refused?.status, 3);
  assert.is(version?.value, '1.2.3');
  assert.equal(stage.broker.operations, []);
});

test('delete tells what was there, deleteQ only what was not [binary-delete]', () => {
  const stage = new SessionStage();
  say(stage, set('a', 'x'), set('b', 'x'));
  assert.is(one(stage, { opcode: opcode.delete, key: 'a' }).status, 0);
  assert.is(one(stage, { opcode: opcode.delete, key: 'a' }).status, 1);
  assert.equal(say(stage, { opcode: opcode.deleteQ, key: 'b' }), []);
  assert.is(one(stage, { opcode: opcode.deleteQ, key: 'b' }).status, 1);
});

test('flush empties every queue, at once or later [binary-flush]', async () => {
  const stage = new SessionStage();
  say(stage, set('q', 'x'));
  assert.is(one(stage, { opcode: opcode.flush }).status, 0);
  assert.equal(stage.broker.items('q'), []);
  say(stage, set('q', 'x'));
  assert.equal(say(stage, { opcode: opcode.flushQ, extras: '\0\0\0\x05' }), []);
  assert.equal(stage.broker.items('q'), ['x']);
  await stage.clock.runFor(5000);
  assert.equal(stage.broker.items('q'), []);
});

test('a noop is answered after all that was sent before it [binary-noop]', () => {
  const stage = new SessionStage();
  stage.broker.holding = true;
  assert.equal(say(stage, { ...set('q', 'x'), opcode: opcode.setQ }, { opcode: opcode.noop }), []);
  stage.broker.answerHeld();
  assert.is(binaryResponses(stage.heard())[0]?.opcode, opcode.noop);
});

test('statistics come one by one, with an empty end [binary-stat]', () => {
  const stage = new SessionStage();
  say(stage, set('q', 'x'));
  const pairs = (key: string): unknown =>
    say(stage, { opcode: opcode.stat, key }).map((r) => [r.status, r.key, r.value]);
  assert.equal(pairs(''), [
    [0, 'scope', 'server'],
    [0, '', ''],
  ]);
  assert.equal(pairs('cluster'), [
    [0, 'scope', 'cluster'],
    [0, '', ''],
  ]);
  assert.equal(pairs('q'), [
    [0, 'items', '1'],
    [0, '', ''],
  ]);
  assert.equal(pairs('none'), [[0, '', '']]);
  stage.broker.override = () => ({ kind: 'failed', why: 'why' });
  assert.equal(pairs('q'), [[0x86, '', 'why']]);
});

test('version, and verbosity to no effect [binary-version] [binary-verbosity]', () => {
  const stage = new SessionStage();
  assert.is(one(stage, { opcode: opcode.version }).value, '1.2.3');
  assert.is(one(stage, { opcode: opcode.verbosity, extras: '\0\0\0\x01' }).status, 0);
});

test('quit is answered, quitQ is not, and both end the connection [binary-quit]', () => {
  for (const [code, answers] of [
    [opcode.quit, 1],
    [opcode.quitQ, 0],
  ] as const) {
    const stage = new SessionStage();
    assert.is(say(stage, { opcode: code }, { opcode: opcode.version }).length, answers);
    assert.ok(stage.output.isEnded);
  }
});

test('what has no meaning for a queue, and what is not known, is said to be so [binary-meaningless] [binary-unknown]', () => {
  const stage = new SessionStage();
  const meaningless = [2, 3, 5, 6, 0x0e, 0x0f, 0x12, 0x13, 0x15, 0x16, 0x19, 0x1a, 0x1c, 0x1d, 0x1e, 0x23, 0x24];
  const known = [0, 1, 4, 7, 8, 9, 0x0a, 0x0b, 0x0c, 0x0d, 0x10, 0x11, 0x14, 0x17, 0x18, 0x1b];
  for (let code = 0; code < 256; code++) {
    if (known.includes(code)) continue;
    const { status } = one(stage, { opcode: code, key: 'q', extras: noExtras, value: 'data' });
    assert.is(status, meaningless.includes(code) ? 0x83 : 0x81, `opcode ${code}`);
  }
});

test('authentication is not known, so clients with credentials go on without [binary-sasl]', () => {
  const stage = new SessionStage();
  assert.is(one(stage, { opcode: opcode.saslList }).status, 0x81);
  assert.is(one(stage, { opcode: opcode.saslAuth, key: 'PLAIN', value: '\0user\0password' }).status, 0x81);
  assert.is(one(stage, { opcode: opcode.saslStep, key: 'PLAIN', value: 'x' }).status, 0x81);
  assert.not(stage.output.isEnded);
});

test('parts that do not belong to a request are refused, and the connection stays in step [binary-arguments]', () => {
  const stage = new SessionStage();
  for (const request of [
    { opcode: opcode.get },
    { opcode: opcode.get, key: 'q', extras: '\0\0\0\0' },
    { opcode: opcode.get, key: 'q', value: 'x' },
    { opcode: opcode.set, key: 'q', value: 'x' },
    { opcode: opcode.set, extras: noExtras, value: 'x' },
    { opcode: opcode.set, key: 'q/open', extras: noExtras, value: 'x' },
    { opcode: opcode.set, key: 'a.b', extras: noExtras, value: 'x' },
    { opcode: opcode.delete },
    { opcode: opcode.delete, key: 'q/open' },
    { opcode: opcode.flush, key: 'q' },
    { opcode: opcode.noop, key: 'q' },
    { opcode: opcode.stat, key: 'a.b' },
    { opcode: opcode.version, value: 'x' },
    { opcode: opcode.get, key: 'k'.repeat(2049) },
  ]) {
    assert.is(one(stage, request).status, 4, JSON.stringify(request));
  }
  assert.equal(stage.broker.operations, []);
  assert.not(stage.output.isEnded);
});

test('a set or delete of a certain item only is refused [binary-compare]', () => {
  const stage = new SessionStage();
  assert.is(one(stage, { ...set('q', 'x'), cas: 7 }).status, 0x83);
  assert.is(one(stage, { opcode: opcode.delete, key: 'q', cas: 7 }).status, 0x83);
  assert.equal(stage.broker.operations, []);
});

test('what is no request ends the connection [binary-framing]', () => {
  const wrongLength = binaryRequest({ opcode: opcode.get, key: 'qq' });
  wrongLength.writeUInt32BE(1, 8);
  for (const bytes of [wrongLength, Buffer.from(`get q${'\r\n'.repeat(20)}`)]) {
    const stage = new SessionStage();
    const [version, ...rest] = binaryResponses(
      stage.say(
        Buffer.concat([binaryRequest({ opcode: opcode.version }), bytes, binaryRequest({ opcode: opcode.noop })]),
      ),
    );
    assert.is(version?.value, '1.2.3');
    assert.is(rest.length, 0);
    assert.ok(stage.output.isEnded);
  }
});

test('a large value leaves in the middle of others as it is [binary-get]', () => {
  const stage = new SessionStage();
  const large = 'x'.repeat(100_000);
  say(stage, set('q', 'a'), set('q', large), set('q', 'b'));
  const got = say(stage, ...Array.from({ length: 3 }, () => ({ opcode: opcode.getK, key: 'q' })));
  assert.equal(
    got.map(({ value }) => value),
    ['a', large, 'b'],
  );
});

test.run();
