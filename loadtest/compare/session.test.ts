import net from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Findings, LoadComparison, Part } from './comparison.ts';
import type { Contender, Work } from './contender.ts';
import { Ports } from './ports.ts';
import { findProgram } from './processes.ts';
import { compareAll, type SessionOptions } from './session.ts';
import { tableOf } from './table.ts';

const windhover: Contender = { kind: 'windhover', name: 'Windhover', nodes: 1, syncJournal: 'always', route: 'any' };
const memcached: Contender = { kind: 'memcached', name: 'memcached' };
const nobody: Contender = { kind: 'target', name: 'nobody', host: '127.0.0.1', port: 1 };

function comparing(kind: Work['kind'], contenders: readonly Contender[]): Part {
  const comparison: LoadComparison = {
    ...{ kind: 'load', title: kind, cores: 'shared', contenders, goals: [] },
    work: { kind, connections: 4, depth: 1, itemBytes: 100, backlogItems: 3000 },
  };
  return { letter: 'x', title: 'a part', about: '', comparisons: [comparison] };
}

function options(more: Partial<SessionOptions>, signal = new AbortController().signal): SessionOptions {
  return {
    ...{ runs: 1, seconds: 1, idleSeconds: 1, say: () => undefined, finished: () => undefined },
    bench: { ports: new Ports(28_500), parentFolder: undefined, split: undefined, signal },
    ...more,
  };
}

if (findProgram('memcached') === undefined) console.log('skipped: memcached is not installed');
(findProgram('memcached') === undefined ? test.skip : test)('Windhover beside memcached, for a second', async () => {
  const findings: Findings = { parts: [], unfinished: undefined };
  await compareAll([comparing('set', [windhover, memcached])], findings, options({}));
  const [result] = findings.parts[0]?.results ?? [];
  assert.ok(result?.kind === 'load');
  assert.equal(
    result.remarks.filter((remark) => /failed|errors/.test(remark)),
    [],
  );
  for (const { samples } of result.series) {
    assert.is(samples.length, 1);
    assert.ok((samples[0]?.perSecond ?? 0) > 100);
    assert.is(samples[0]?.cpuSecondsPerMillion.length, 1);
    assert.ok((samples[0]?.p50Ms ?? 0) > 0);
  }
  assert.match(tableOf(result)[2]?.at(-1) as string, /^\d\.\d\d$/);
});

test('a backlog is drained past its head', async () => {
  const findings: Findings = { parts: [], unfinished: undefined };
  await compareAll([comparing('drain', [{ ...windhover, queueMemory: '1MiB' }])], findings, options({}));
  const [result] = findings.parts[0]?.results ?? [];
  assert.ok(result?.kind === 'load');
  const [sample] = result.series[0]?.samples ?? [];
  assert.ok((sample?.perSecond ?? 0) > 100, result.remarks.join());
  assert.equal([sample?.errors, sample?.misses], [0, 0]);
});

test('the bare server answers gets as it answers sets', async () => {
  const findings: Findings = { parts: [], unfinished: undefined };
  const echo: Contender = { kind: 'echo', name: 'echo' };
  await compareAll([comparing('get', [echo]), comparing('set', [echo])], findings, options({ seconds: 0.5 }));
  for (const { results } of findings.parts) {
    const [result] = results;
    assert.ok(result?.kind === 'load');
    const sample = result.series[0]?.samples[0];
    assert.ok((sample?.perSecond ?? 0) > 100, result.remarks.join());
    assert.equal([sample?.errors, sample?.misses], [0, 0]);
  }
});

test('who can not do a work is left out, who does not answer fails, and the others go on', async () => {
  const findings: Findings = { parts: [], unfinished: undefined };
  const echo: Contender = { kind: 'echo', name: 'echo' };
  const finished: string[] = [];
  await compareAll(
    [comparing('mixed', [echo, nobody]), comparing('mixed', [nobody])],
    findings,
    options({ finished: ({ comparison }) => finished.push(comparison.title) }),
  );
  assert.equal(
    findings.parts.flatMap(({ results }) => results.flatMap(({ remarks }) => remarks)),
    [
      'left out: echo, the load generator has no mixed in its protocol',
      'run 1 of 1, nobody: failed: nobody: nobody answers at 127.0.0.1:1',
      'run 1 of 1, nobody: failed: nobody: nobody answers at 127.0.0.1:1',
    ],
  );
  assert.equal(finished, ['mixed', 'mixed']);
});

test('when it is told to stop, what there is stays in the findings', async () => {
  const findings: Findings = { parts: [], unfinished: undefined };
  const enough = new AbortController();
  const begun = options({ runs: 3, say: (text) => /run 1/.test(text) && enough.abort() }, enough.signal);
  await compareAll([comparing('mixed', [nobody])], findings, begun).then(
    () => assert.unreachable(),
    () => assert.ok(enough.signal.aborted),
  );
  assert.is(findings.parts[0]?.results[0]?.series[0]?.samples.length, 1);
});

test('a server that was there before is left as it was found', async () => {
  const heard: string[] = [];
  const answers: Readonly<Record<string, string>> = { set: 'STORED\r\n', get: 'END\r\n', delete: 'DELETED\r\n' };
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const line of chunk.toString('latin1').split('\r\n').slice(0, -1)) {
        heard.push(line);
        socket.write(answers[line.split(' ')[0] as string] ?? '');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as net.AddressInfo;
    const target: Contender = { kind: 'target', name: 'ours', host: '127.0.0.1', port };
    const findings: Findings = { parts: [], unfinished: undefined };
    await compareAll([comparing('set', [target])], findings, options({ seconds: 0.2 }));
    const stored = new Set(heard.filter((line) => line.startsWith('set ')).map((line) => line.split(' ')[1]));
    const deleted = new Set(heard.filter((line) => line.startsWith('delete ')).map((line) => line.split(' ')[1]));
    assert.ok(stored.size > 1);
    assert.equal(
      [...stored].filter((queue) => !deleted.has(queue)),
      [],
    );
  } finally {
    server.close();
  }
});

test.run();
