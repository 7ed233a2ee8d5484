import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultMemory, nodeConfigSchema, nodeFlags, parseNodeConfig, writeNodeConfig } from './config.ts';

const least = { data: '/tmp/d', directory: 'lmdb:/tmp/d/directory' };

function problems(flags: object): string[] {
  const parsed = parseNodeConfig({ ...least, ...flags });
  return 'problems' in parsed ? parsed.problems : [];
}

test('sizes are written as people write them', () => {
  const parsed = parseNodeConfig({
    ...least,
    segmentBytes: '2MiB',
    maxMemory: '1 GiB',
    maxItemSize: '4096',
    journalLimit: '8MiB',
  });
  assert.ok('config' in parsed);
  if (!('config' in parsed)) return;
  assert.is(parsed.config.segmentBytes, 2 << 20);
  assert.is(parsed.config.maxMemory, 2 ** 30);
  assert.is(parsed.config.maxItemSize, 4096);
});

test('items may take a quarter of the machine’s memory, and a GiB at most', () => {
  assert.is(defaultMemory(2 * 2 ** 30), 2 ** 29);
  assert.is(defaultMemory(64 * 2 ** 30), 2 ** 30);
});

test('what is wrong is named by its flag, with what would be right', () => {
  assert.match(
    problems({ maxMemory: 'lots' })[0] ?? '',
    /^--max-memory: want a size such as 4096, .* from 1MiB; not "lots"$/,
  );
  assert.match(problems({ listen: '22133' })[0] ?? '', /^--listen: want HOST:PORT/);
  assert.match(problems({ replicas: '0' })[0] ?? '', /^--replicas: /);
  assert.match(problems({ syncJournal: 'sometimes' })[0] ?? '', /^--sync-journal: .*always/);
  assert.is(problems({ replicas: '9', listen: 'x' }).length, 2, 'all of them at once');
});

test('settings that contradict one another are refused', () => {
  assert.match(problems({ segmentBytes: '8MiB' })[0] ?? '', /^--max-item-size: /);
  assert.match(problems({ journalLimit: '128MiB' })[0] ?? '', /^--journal-limit: /);
});

test('what may be left out may be none, and a switch be off', () => {
  const parsed = parseNodeConfig({
    ...least,
    text: 'none',
    thrift: '127.0.0.1:1',
    clientTimeout: 'none',
    allowShutdown: 'false',
    setAsideDamaged: true,
  });
  assert.ok('config' in parsed);
  if (!('config' in parsed)) return;
  const { text, thrift, clientTimeout, allowShutdown, setAsideDamaged } = parsed.config;
  assert.equal([text, thrift, clientTimeout], [undefined, '127.0.0.1:1', Number.POSITIVE_INFINITY]);
  assert.equal([allowShutdown, setAsideDamaged], [false, true]);
  assert.match(problems({ allowShutdown: 'maybe' })[0] ?? '', /^--allow-shutdown: want true or false$/);
  assert.match(problems({ text: '22' })[0] ?? '', /^--text: want HOST:PORT.* or none$/);
  assert.match(
    problems({ clientTimeout: '2d' })[0] ?? '',
    /^--client-timeout: want .* from 10ms to 1d, or none; not "2d"$/,
  );
});

test('a flag that does not exist is refused', () => {
  assert.is(problems({ colour: 'red' }).length, 1);
});

test('every setting has a flag, and every flag a setting', () => {
  const flags = nodeFlags.map(([flag]) =>
    flag
      .split(' ')[0]
      ?.slice(2)
      .replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
  );
  assert.equal(flags.sort(), Object.keys(nodeConfigSchema.shape).sort());
});

test('what is written is read as the same', () => {
  const parsed = parseNodeConfig({ ...least, maxMemory: '1GiB', expirationTimerFrequency: '90s' });
  assert.ok('config' in parsed);
  if (!('config' in parsed)) return;
  const written = writeNodeConfig(parsed.config);
  assert.is(written['maxMemory'], '1GiB');
  assert.is(written['expirationTimerFrequency'], '90s');
  assert.equal(Object.keys(written).sort(), Object.keys(nodeConfigSchema.shape).sort());
  const again = parseNodeConfig(written);
  assert.ok(
    'config' in again && again.config.text === undefined && again.config.clientTimeout === Number.POSITIVE_INFINITY,
  );
  assert.equal(again, { config: { ...parsed.config, label: parsed.config.listen } });
});

test.run();
