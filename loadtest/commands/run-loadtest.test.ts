import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type RunResult, resultFormat, resultVersion } from '../result.ts';
import type { RunOptions } from '../scenario/run-options.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { QueueServer } from '../testing/queue-server.ts';
import { runLoadtest } from './run-loadtest.ts';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What the engine was given; undefined when it was not called. */
  readonly scenario: Scenario | undefined;
  readonly options: RunOptions | undefined;
}

/** Says the words to the command line, with an engine that does nothing and finds `failures`. */
async function say(words: string, failures: readonly string[] = []): Promise<Ran> {
  let given: { scenario: Scenario; options: RunOptions } | undefined;
  const streams = [process.stdout, process.stderr] as const;
  const texts = ['', ''];
  const writes = streams.map((stream) => stream.write);
  for (const [index, stream] of streams.entries()) {
    stream.write = (text: string | Uint8Array): boolean => {
      texts[index] += text.toString();
      return true;
    };
  }
  try {
    await runLoadtest(words.split(' ').filter(Boolean), (scenario, options) => {
      given = { scenario, options };
      return Promise.resolve(emptyResult(scenario, failures));
    });
    return { code: Number(process.exitCode ?? 0), stdout: texts[0] ?? '', stderr: texts[1] ?? '', ...taken(given) };
  } finally {
    process.exitCode = undefined;
    for (const [index, stream] of streams.entries()) stream.write = writes[index] as typeof stream.write;
  }
}

function taken(given: { scenario: Scenario; options: RunOptions } | undefined): Pick<Ran, 'scenario' | 'options'> {
  return { scenario: given?.scenario, options: given?.options };
}

function emptyResult(scenario: Scenario, failures: readonly string[]): RunResult {
  const counts = { acknowledged: 0, delivered: 0, lost: 0, duplicated: 0, unexpected: 0, outOfOrder: 0 };
  return {
    format: resultFormat,
    version: resultVersion,
    scenario: scenario.name,
    description: scenario.description,
    startedAt: '2026-01-01T00:00:00.000Z',
    command: [],
    protocol: 'memcache',
    targets: [],
    machine: { node: '', platform: '', cpus: '' },
    phases: [{ name: 'only', measured: true, startSeconds: 0, seconds: 1, operations: {}, misses: 0, errors: 0 }],
    totals: {},
    histograms: {},
    series: [],
    perTarget: [],
    events: [],
    stalls: [],
    verdict: { verified: true, ...counts, uncertain: 0, uncertainFound: 0, remaining: 0, failures: [...failures] },
    errorSamples: [],
    generator: { workers: 1, cpuSeconds: 0, maxLagMs: 0, limit: null },
  };
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'windhover-loadtest-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('--list says a line about each scenario', async () => {
  const { code, stdout } = await say('--list');
  assert.is(code, 0);
  const lines = stdout.trimEnd().split('\n');
  assert.is(lines.length, 14);
  assert.match(lines[6] as string, /^flood +sets and gets as fast/);
});

test('without words, and with wrong ones, it says what there is and ends with 2', async () => {
  for (const [words, complaint] of [
    ['', /Scenarios .*:[\s\S]* flood \[options\] [\s\S]*Other commands:[\s\S]* diff /],
    ['floo', /unknown command 'floo'[\s\S]*flood/],
    [
      'flood --connections 0',
      /phases\[1\].mixed\[0\]\.connections: want a count .*, at least 1, not "0" \(--connections\)/,
    ],
    ['flood --size 3', /--size.*at least 20 bytes, not 3/],
    ['flood --work nothing', /--work.*Allowed choices are mixed, both, set, set-get/],
    ['flood --targets nowhere', /not a target: nowhere/],
    ['flood --speed 3', /unknown option '--speed'/],
    ['failover --data-dir /nowhere', /^loadtest: there is no cluster in \/nowhere/],
    ['./nowhere.yaml', /^loadtest: \.\/nowhere\.yaml: not readable: ENOENT/],
  ] as const) {
    const { code, stderr, scenario } = await say(words);
    assert.is(code, 2, words);
    assert.match(stderr, complaint);
    assert.is(scenario, undefined);
  }
});

test('the help of a scenario has its parameters with their defaults, and the options of all', async () => {
  const { code, stdout } = await say('packing --help');
  assert.is(code, 0);
  assert.match(
    stdout,
    /Options of the scenario:\n +--behind <count> +items that the reader stays behind \(default: 50k\)/,
  );
  assert.match(stdout, /Options of every scenario:\n +--targets/);
});

test('options fill in the parameters and say how it is run', async () => {
  const { scenario, options, code } = await say(
    'flood --connections 7 --size 64B..1KiB --seconds 1.5 --rate 2k --operations 10k --targets 127.0.0.1:1,[::1]:2 --workers 3 --seed 5 --protocol redis',
  );
  assert.is(code, 0);
  const [phase] = scenario?.phases ?? [];
  assert.is(phase?.durationMs, 1500);
  assert.equal(phase?.mixed, [
    {
      connections: 7,
      depth: 1,
      ratePerSecond: 2000,
      queues: [0],
      measured: true,
      sizes: { kind: 'uniform', minBytes: 64, maxBytes: 1024 },
      items: 10_000,
    },
  ]);
  assert.equal(options?.targets, [
    { host: '127.0.0.1', port: 1 },
    { host: '::1', port: 2 },
  ]);
  assert.equal([options?.workers, options?.seed, scenario?.protocol, options?.verify], [3, 5, 'redis', true]);
  assert.is(options?.cluster, undefined);
});

test('the options of every scenario change what it demands and leaves out', async () => {
  const plain = await say('rolling-restart --no-faults');
  assert.equal(plain.options?.targets, [{ host: '127.0.0.1', port: 22_133 }]);
  assert.equal(plain.scenario?.phases[0]?.faults, []);
  assert.is(plain.scenario?.demands.stallMs, 5000);
  const changed = await say(
    'rolling-restart --no-faults --max-stall 2s --max-duplicated 3 --max-errors 4 --drain-timeout 9s --route owner --queue-prefix mine --no-verify',
  );
  const { stallMs, duplicated, errors, lost } = changed.scenario?.demands ?? {};
  assert.equal([stallMs, duplicated, errors, lost], [2000, 3, 4, 0]);
  assert.is(changed.scenario?.drain?.timeoutMs, 9000);
  assert.is(changed.scenario?.route, 'owner');
  assert.is(changed.scenario?.queues.prefix, 'mine');
  assert.is(changed.options?.verify, false);
  assert.is((await say('flood --no-drain')).scenario?.drain, undefined);
});

test('faults are done to the cluster in the folder, whose nodes are the targets', async () => {
  await inFolder(async (folder) => {
    writeFileSync(path.join(folder, 'cluster.env'), 'NODES=2\nBASE_PORT=21999\n');
    const { options, stderr } = await say(`failover --data-dir ${folder}`);
    assert.is(options?.cluster?.dataFolder, folder, stderr);
    assert.equal(
      options?.targets.map((target) => target.port),
      [21_999, 22_000],
    );
    const third = await say(`failover --data-dir ${folder} --node 3`);
    assert.is(third.code, 2);
    assert.match(third.stderr, 'loadtest: there is no node 3: the cluster has 2');
    assert.is((await say(`flood --data-dir ${folder}`)).options?.targets.length, 2);
  });
});

test('a demand that was not met ends it with 1, after the table and the file', async () => {
  await inFolder(async (folder) => {
    const file = path.join(folder, 'result.json');
    const { code, stdout } = await say(`flood --json ${file}`, ['3 acknowledged items were lost']);
    assert.is(code, 1);
    assert.match(stdout, /3 acknowledged items were lost/);
    assert.equal(JSON.parse(readFileSync(file, 'utf8')).verdict.failures, ['3 acknowledged items were lost']);
  });
});

test("a user's own file is a scenario, with its parameters as options", async () => {
  await inFolder(async (folder) => {
    const file = path.join(folder, 'mine.yaml');
    const text = (name: string): string => `description: mine
parameters: { ${name}: { kind: count, default: 4, description: how many } }
phases: [{ name: only, mixed: [{ size: 64B, items: $${name} }] }]
`;
    writeFileSync(file, text('many-items'));
    const { scenario, stderr } = await say(`${file} --many-items 12`);
    assert.is(scenario?.name, 'mine', stderr);
    assert.is(scenario?.phases[0]?.mixed[0]?.items, 12);
    writeFileSync(file, text('json'));
    const taken = await say(file);
    assert.is(taken.code, 2);
    assert.match(taken.stderr, /json/);
  });
});

test('fanout asks the server first whether it has fanout queues', async () => {
  const server = new QueueServer();
  const port = await server.listen();
  try {
    const { code, stderr, scenario } = await say(`fanout --targets 127.0.0.1:${port}`);
    assert.is(code, 2);
    assert.match(stderr, /^loadtest: this server has no fanout queues: .* at 127\.0\.0\.1:\d+\n$/);
    assert.is(scenario, undefined);
  } finally {
    server.close();
  }
});

test.run();
