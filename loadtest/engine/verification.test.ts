import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readPayload } from '../payload.ts';
import { consumers, mixed, phase, producers, runTrial, scenario } from '../testing/scenarios.ts';
import { every, onTime, queues, run, steady, withServer } from '../testing/trials.ts';

test('an item that was acknowledged and dropped is lost', async () => {
  const demands = { ...steady.demands, lost: 0 };
  const { result } = await run({ ...steady, demands }, { misbehaviour: { dropSet: onTime(50) } });
  assert.is(result.verdict.lost, 1);
  assert.equal(result.verdict.failures, ['lost items: 1, at most 0 allowed']);
});

test('an item that comes again after its close was answered is a duplicate', async () => {
  const { result } = await run(steady, { misbehaviour: { repeatClosed: onTime(20) } });
  assert.equal([result.verdict.duplicated, result.verdict.lost, result.verdict.outOfOrder], [1, 0, 0]);
});

test('a duplicate is found though another process read the first', async () => {
  const { result } = await run(
    scenario({
      phases: [
        phase({ name: 'fill', producers: [producers({ items: 300 })] }),
        phase({ name: 'read', consumers: [consumers({ connections: 4, items: 'all' })] }),
      ],
    }),
    { options: { workers: 2 }, misbehaviour: { repeatClosed: every(10) } },
  );
  assert.ok(result.verdict.duplicated >= 30 && result.verdict.duplicated < 40, `${result.verdict.duplicated}`);
  assert.equal([result.verdict.delivered, result.verdict.lost, result.verdict.unexpected], [300, 0, 0]);
});

test('an item that nobody set is unexpected', async () => {
  const { result } = await run(steady, { meanwhile: (server) => server.smuggle('trial2', 'who am I') });
  assert.is(result.verdict.unexpected, 1);
});

test('two items that change places are out of order', async () => {
  const { result } = await run(
    scenario({
      phases: [
        phase({ name: 'fill', producers: [producers({ items: 200 })] }),
        phase({ name: 'read', consumers: [consumers({ items: 'all', read: 'take' })] }),
      ],
    }),
    { misbehaviour: { overtake: onTime(100) } },
  );
  assert.equal([result.verdict.outOfOrder, result.verdict.lost, result.verdict.duplicated], [1, 0, 0]);
});

test('connections cut before and after answers, and refused sets: nothing lost, what is uncertain is named so', async () => {
  const misbehaviour = {
    cutAfterSet: every(40),
    failSet: every(33),
    cutAfterRead: every(50),
    cutBeforeClose: every(45),
  };
  const { result } = await run(steady, { misbehaviour, meanwhile: (server) => server.cutConnections() });
  const { verdict } = result;
  assert.equal([verdict.lost, verdict.unexpected, verdict.duplicated, verdict.outOfOrder], [0, 0, 0, 0]);
  assert.equal(verdict.failures, []);
  assert.ok(verdict.uncertain > verdict.uncertainFound && verdict.uncertainFound > 0);
  assert.ok(verdict.delivered > verdict.acknowledged * 0.9);
  assert.ok(result.errorSamples.some(({ text }) => text === 'SERVER_ERROR not now'));
});

test('a leaky reader gives items back, and they come again without being duplicates', async () => {
  const { result } = await run(
    scenario({
      phases: [
        phase({ name: 'fill', producers: [producers({ items: 300 })] }),
        phase({ name: 'leak', consumers: [consumers({ items: 'all', abortEvery: 10, disconnectEvery: 70 })] }),
      ],
    }),
  );
  const { verdict, phases, errorSamples } = result;
  assert.ok((phases[1]?.operations.get?.operations ?? 0) > 330);
  assert.equal([verdict.delivered, verdict.lost, verdict.duplicated, verdict.outOfOrder], [300, 0, 0, 0]);
  assert.equal(errorSamples, []);
});

test('queues that never get empty are a failed drain', async () => {
  const { result } = await run(steady, { misbehaviour: { repeatClosed: () => true } });
  assert.ok(result.verdict.failures.some((failure) => failure.startsWith('the drain failed')));
  assert.is(result.verdict.lost, 0);
});

test('what is left on purpose remains, and is not lost', async () => {
  const fill = phase({ producers: [producers({ items: 50, queues })] });
  const { result, server } = await run(scenario({ phases: [fill], drain: undefined }));
  assert.equal([result.verdict.remaining, result.verdict.lost], [50, 0]);
  const left = server.queueNames
    .flatMap((name) => server.contents(name))
    .map((data) => readPayload(data, 0, data.length));
  assert.equal(
    left.map((item) => item?.sequence).sort((a, b) => Number(a) - Number(b)),
    [...Array(50).keys()],
  );
});

test('a server that stores nothing is a failure', async () => {
  const { result } = await run(scenario({ phases: [phase({ durationMs: 300, producers: [producers()] })] }), {
    misbehaviour: { failSet: () => true },
  });
  assert.equal(result.verdict.failures, ['nothing was stored at all']);
});

test('each fanout is verified as a queue of its own', async () => {
  const trial = scenario({
    queues: { prefix: 'trial', count: 2, fanouts: ['a', 'b'] },
    phases: [
      phase({
        producers: [producers({ items: 100, queues: [0, 1] })],
        consumers: [
          consumers({ items: 'all', queues: [0, 1] }),
          consumers({ items: 'all', queues: [0, 1], fanout: 'b' }),
        ],
      }),
    ],
  });
  const { result } = await run(trial);
  assert.equal([result.verdict.acknowledged, result.verdict.delivered, result.verdict.lost], [300, 300, 0]);
  const { result: broken } = await run(trial, { misbehaviour: { skipFanout: onTime(7) } });
  assert.equal([broken.verdict.delivered, broken.verdict.lost], [299, 1]);
});

test('a cache is known as one, and nothing is verified', async () => {
  let stored = '';
  const answer = (text: string, write: (text: string) => void): void => {
    for (const line of text.split('\r\n')) {
      if (line.startsWith('set')) write('STORED\r\n');
      else if (line.startsWith('get')) write(`VALUE x 0 ${stored.length}\r\n${stored}\r\nEND\r\n`);
      else if (line.startsWith('delete')) write('DELETED\r\n');
      else if (line !== '') stored = line;
    }
  };
  const trial = scenario({
    phases: [phase({ mixed: [mixed({ items: 50 })] })],
    demands: { ...steady.demands, lost: 0 },
  });
  const { result, events } = await withServer(answer, (port) => runTrial(trial, [port]));
  assert.is(result.verdict.verified, false);
  assert.is(result.verdict.acknowledged, 0);
  assert.equal(result.verdict.failures, []);
  assert.is(result.totals.get?.operations, 25);
  assert.match(events[0]?.text ?? '', 'not verified');
});

test.run();
