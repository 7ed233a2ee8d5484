import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Scenario } from './scenario.ts';
import { ScenarioFile } from './scenario-file.ts';

/** The scenario that a file of that content gives. */
function resolve(text: string, given: Readonly<Record<string, string>> = {}): Scenario {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'windhover-scenario-'));
  try {
    const file = path.join(folder, 'mine.yaml');
    writeFileSync(file, text);
    return new ScenarioFile(file).resolve(new Map(Object.entries(given)), 1234);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is said of a file, without its folder. */
function complaints(text: string, given: Readonly<Record<string, string>> = {}): string[] {
  try {
    resolve(text, given);
  } catch (error) {
    return (error as Error).message.split('\n').map((line) => line.replace(/^.*\/mine\.yaml/, 'mine.yaml'));
  }
  return [];
}

const small = `
description: a small one
phases:
  - name: only
    time: 1s
`;

test('what a file leaves out has its default', () => {
  assert.equal(resolve(`${small}    producers: [{ size: 64B }]\n    consumers: [{}]\n`), {
    name: 'mine',
    description: 'a small one',
    protocol: 'memcache',
    queues: { prefix: 'loadtest-mine-ya-', count: 1, fanouts: [] },
    route: 'any',
    demands: {
      lost: 0,
      unexpected: 0,
      duplicated: undefined,
      outOfOrder: undefined,
      errors: undefined,
      stallMs: undefined,
    },
    drain: { timeoutMs: 60_000, quietMs: 1000 },
    phases: [
      {
        name: 'only',
        measured: true,
        durationMs: 1000,
        producers: [
          {
            connections: 1,
            depth: 1,
            ratePerSecond: undefined,
            queues: [0],
            measured: true,
            sizes: { kind: 'fixed', bytes: 64 },
            items: undefined,
          },
        ],
        consumers: [
          {
            connections: 1,
            depth: 1,
            ratePerSecond: undefined,
            queues: [0],
            measured: true,
            read: 'take',
            waitMs: 0,
            items: undefined,
            abortEvery: undefined,
            disconnectEvery: undefined,
            behindItems: 0,
            fanout: undefined,
          },
        ],
        mixed: [],
        idleConnections: 0,
        faults: [],
      },
    ],
  });
});

test('every key reaches the scenario', () => {
  const scenario = resolve(`
description: all of it
queues: { count: 4, prefix: q, fanouts: [a] }
route: owner
verify: { lost: 1, unexpected: 2, duplicated: 3, outOfOrder: 4, errors: 5, stall: 6s }
drain: { within: 7s, quiet: 8ms }
phases:
  - name: first
    measured: false
    time: 9s
    idle: 10
    producers: [{ connections: 11, depth: 12, rate: 13, queues: 1..2, measured: false, size: 64B, items: 14 }]
    consumers: [{ read: reliable, wait: 15ms, abortEvery: 16, disconnectEvery: 17, behind: 18, fanout: a, queues: 3 }]
    mixed: [{ size: 20..30, items: 19 }]
    faults: [{ at: 1, every: 2, node: each, signal: STOP, down: 3 }, { node: 2, signal: TERM }]
  - { name: second, consumers: [{ items: all }] }
`);
  assert.equal(scenario.queues, { prefix: 'q', count: 4, fanouts: ['a'] });
  assert.is(scenario.route, 'owner');
  const { lost, unexpected, duplicated, outOfOrder, errors, stallMs } = scenario.demands;
  assert.equal([lost, unexpected, duplicated, outOfOrder, errors, stallMs], [1, 2, 3, 4, 5, 6000]);
  assert.equal(scenario.drain, { timeoutMs: 7000, quietMs: 8 });
  const [first, second] = scenario.phases;
  assert.is(first?.measured, false);
  assert.is(first?.idleConnections, 10);
  const { connections, depth, ratePerSecond, queues, measured, items } = first?.producers[0] ?? {};
  assert.equal([connections, depth, ratePerSecond, queues, measured, items], [11, 12, 13, [1, 2], false, 14]);
  const { read, waitMs, abortEvery, disconnectEvery, behindItems, fanout } = first?.consumers[0] ?? {};
  assert.equal([read, waitMs, abortEvery, disconnectEvery, behindItems, fanout], ['reliable', 15, 16, 17, 18, 'a']);
  assert.equal(first?.consumers[0]?.queues, [3]);
  assert.equal(first?.mixed[0]?.sizes, { kind: 'uniform', minBytes: 20, maxBytes: 30 });
  assert.equal(first?.faults, [
    { atMs: 1000, everyMs: 2000, node: 'each', action: 'pause', downMs: 3000 },
    { atMs: 0, everyMs: undefined, node: 2, action: 'terminate', downMs: 0 },
  ]);
  assert.is(second?.durationMs, undefined);
  assert.is(second?.consumers[0]?.items, 'all');
});

const withParameters = `
description: with parameters
parameters:
  size: { kind: size, default: 64B, description: bytes }
  items: { kind: count, description: how many }
  style: { kind: choice, choices: [slow, fast, 3], default: slow, description: how }
phases:
  - name: prefill
    when: { items: given }
    producers: [{ size: $size, items: $items }]
  - name: go
    time: 1s
    producers:
      - { size: $size, items: $items, rate: 5, when: { style: slow } }
      - { size: $size, depth: 9, when: { style: [fast, 3] } }
`;

test('a parameter has its default, or the value given; without either the key is left out', () => {
  const [only, none] = resolve(withParameters).phases;
  assert.is(none, undefined);
  assert.is(only?.producers.length, 1);
  assert.is(only?.producers[0]?.items, undefined);
  const [prefill, go] = resolve(withParameters, { items: '5k', size: '1KiB', style: '3' }).phases;
  assert.is(prefill?.producers[0]?.items, 5000);
  assert.equal(go?.producers[0]?.sizes, { kind: 'fixed', bytes: 1024 });
  assert.is(go?.producers.length, 1);
  assert.is(go?.producers[0]?.depth, 9);
});

test('a value that is wrong is said with the name of its option', () => {
  assert.equal(complaints(withParameters, { size: 'big' }), [
    '--size: want a size such as 64B or 1KiB, a range such as 64B..4KiB or weights such as 99x64B,1x1MiB; at least 20 bytes, not big',
  ]);
  assert.equal(complaints(withParameters, { style: 'odd' }), ['--style: want slow, fast, 3, not odd']);
  const wanted = 'want a count such as 500, 10_000 or 10k, at least 1, not "0" (--items)';
  assert.equal(complaints(withParameters, { items: '0' }), [
    `mine.yaml:10: phases[0].producers[0].items: ${wanted}`,
    `mine.yaml:14: phases[1].producers[0].items: ${wanted}`,
  ]);
});

test('a million queues are as many as there may be', () => {
  const file = (count: number, queues: string): string =>
    `description: many\nqueues: { count: ${count} }\nphases:\n  - { name: a, consumers: [{ queues: ${queues} }], time: 1s }\n`;
  assert.equal(complaints(file(1_000_000, '70000..999999')), []);
  assert.equal(complaints(file(1_000_001, '0')), [
    'mine.yaml:2: queues.count: want a count of queues, 1 to 1000000, not 1000001',
  ]);
});

test('what is wrong is said with file, line and key, all of it at once', () => {
  const text = `description: wrong
queues:
  count: 0
  prefx: a
phases:
  - name: one
    time: 10 parsecs
    producers:
      - size: 3
        deph: 2
    consumers:
      - { read: peek }
      - { read: reliable, depth: 2 }
    faults:
      - { node: two, signal: HUP }
    measured: perhaps
`;
  const said = complaints(text);
  const places = said.map((line) => line.split(': ').slice(0, 2).join(': '));
  assert.equal(places, [
    'mine.yaml:3: queues.count',
    'mine.yaml:4: queues.prefx',
    'mine.yaml:16: phases[0].measured',
    'mine.yaml:7: phases[0].time',
    'mine.yaml:9: phases[0].producers[0].size',
    'mine.yaml:10: phases[0].producers[0].deph',
    'mine.yaml:12: phases[0].consumers[0].read',
    'mine.yaml:13: phases[0].consumers[1].depth',
    'mine.yaml:15: phases[0].faults[0].node',
    'mine.yaml:15: phases[0].faults[0].signal',
  ]);
  assert.match(said[1] as string, 'unknown key; there is count, prefix, fanouts');
  assert.match(said[3] as string, 'want a duration such as 500ms, 30s or 2m, above 0, not "10 parsecs"');
  assert.match(said[9] as string, 'want KILL, TERM, STOP, not "HUP"');
});

for (const [what, text, complaint] of [
  ['no YAML', 'description: [', /^mine\.yaml:1: Flow sequence/],
  ['a key twice', `${small}description: again\n`, /^mine\.yaml:6: Map keys must be unique/],
  ['no mapping', 'hello', /^mine\.yaml:1: want a mapping/],
  ['no description', 'phases: [{ name: a, time: 1 }]', /^mine\.yaml:1: description: want a text$/],
  ['no phase', 'description: a\nphases: []', /^mine\.yaml:2: phases: want at least one phase$/],
  ['a phase without end', 'description: a\nphases:\n - name: a', /^mine\.yaml:3: phases\[0\]: never ends/],
  [
    'an unknown parameter',
    `${small}    idle: $many`,
    /^mine\.yaml:6: phases\[0\]\.idle: there is no parameter many; want/,
  ],
  [
    'a default of another kind',
    `${small}parameters: { a: { kind: count, default: x, description: d } }`,
    /^mine\.yaml:6: parameters\.a\.default: want a count/,
  ],
  [
    'a choice without choices',
    `${small}parameters: { a: { kind: choice, default: x, description: d } }`,
    /^mine\.yaml:6: parameters\.a\.choices: a choice wants/,
  ],
  [
    'an odd name of a parameter',
    `${small}parameters: { A b: { kind: count, description: d } }`,
    /^mine\.yaml:6: parameters\.A b: want lower-case words/,
  ],
  [
    'a queue that is not there',
    `${small}    consumers: [{ queues: 0..1 }]`,
    /^mine\.yaml:6: phases\[0\]\.consumers\[0\]\.queues: want 0\.\.0 at most/,
  ],
  [
    'a fanout that is not there',
    `${small}    consumers: [{ fanout: a }]`,
    /consumers\[0\]\.fanout: want one of queues\.fanouts/,
  ],
  [
    'a condition on what is no parameter',
    `${small}    when: { a: b }`,
    /^mine\.yaml:6: phases\[0\]\.when\.a: want the name of a parameter/,
  ],
  [
    'a condition on what is no choice',
    `${withParameters}    when: { style: odd }`,
    /phases\[1\]\.when\.style: want slow, fast, 3, not odd/,
  ],
  [
    'an abort of what was taken',
    `${small}    consumers: [{ abortEvery: 2 }]`,
    /consumers\[0\]\.abortEvery: only a reader with read: reliable/,
  ],
  [
    'a fault in a phase without time',
    'description: a\nphases:\n - name: a\n   mixed: [{ size: 20, items: 1 }]\n   faults: [{ node: 1, signal: KILL }]',
    /^mine\.yaml:5: phases\[0\]\.faults: want a time/,
  ],
] as const) {
  test(`refused: ${what}`, () => {
    const said = complaints(text);
    assert.is(said.length, 1, said.join('\n'));
    assert.match(said[0] as string, complaint);
  });
}

test('a file that is not there', () => {
  assert.throws(() => new ScenarioFile('/nowhere/mine.yaml'), /^\/nowhere\/mine\.yaml: not readable: ENOENT/);
});

test.run();
