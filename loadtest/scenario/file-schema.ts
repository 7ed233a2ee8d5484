import { z } from 'zod';
import { count, countFromOne, duration, type Quantity, someTime } from '../../journal/base/quantities.ts';
import { rate, sizes } from './quantities.ts';
import { protocolNames } from './scenario.ts';

/**
 * What a scenario file may say, section by section, once parameters are filled in. A test holds the tables of
 * docs/loadtest.md against these sections. Messages say what would be right; where it stands is added by whoever knows
 * the file.
 */

/** A mapping that takes no other keys than these. */
function section<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') return `unknown key; there is ${known}`;
      return `want a mapping with the keys ${known}`;
    },
  });
}

function listOf<Item extends z.ZodType>(item: Item) {
  return z.array(item, { error: 'want a list' });
}

function quantity<T>(wanted: Quantity<T>) {
  return z.unknown().transform((value, context): T => {
    const parsed = typeof value === 'string' || typeof value === 'number' ? wanted.parse(String(value)) : undefined;
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: `want ${wanted.wanted}${insteadOf(value)}` });
    return z.NEVER;
  });
}

function oneOf<const Choices extends readonly [string, ...string[]]>(choices: Choices) {
  return z.enum(choices, { error: (issue) => `want ${choices.join(', ')}${insteadOf(issue.input)}` });
}

function insteadOf(value: unknown): string {
  return value === undefined ? '' : `, not ${JSON.stringify(value)}`;
}

const yes = z.boolean({ error: (issue) => `want true or false${insteadOf(issue.input)}` });
const text = z
  .string({ error: (issue) => `want a text${insteadOf(issue.input)}` })
  .regex(/^[^\n]+$/, { error: 'want one line of text' });
const name = z
  .string({ error: (issue) => `want a name${insteadOf(issue.input)}` })
  .regex(/^[A-Za-z0-9_.-]+$/, { error: 'want a name of letters, digits, _, . and -' });

/** Every parameter named must have one of the values given. */
const when = z
  .record(z.string(), z.union([z.string(), z.number(), z.array(z.union([z.string(), z.number()]))]), {
    error: 'want parameters with the value, or list of values, that each must have',
  })
  .optional();

/** `all`, an index, or the first and the last of a range: `0..3`. */
const queueRange: Quantity<'all' | { readonly first: number; readonly last: number }> = {
  wanted: 'all, the index of a queue, or a range such as 0..3',
  parse(given) {
    if (given === 'all') return 'all';
    const match = /^(\d{1,7})(?:\.\.(\d{1,7}))?$/.exec(given);
    if (match === null) return undefined;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    return first <= last ? { first, last } : undefined;
  },
};

const faultNode: Quantity<number | 'random' | 'all' | 'each'> = {
  wanted: 'random, all, each or the number of a node, from 1',
  parse: (given) => (given === 'random' || given === 'all' || given === 'each' ? given : countFromOne.parse(given)),
};

const allOrCount: Quantity<number | 'all'> = {
  wanted: `all or ${countFromOne.wanted}`,
  parse: (given) => (given === 'all' ? given : countFromOne.parse(given)),
};

const maxQueues = 1_000_000;

const queueCount: Quantity<number> = {
  wanted: `a count of queues, 1 to ${maxQueues}`,
  parse(given) {
    const queues = countFromOne.parse(given);
    return queues !== undefined && queues <= maxQueues ? queues : undefined;
  },
};

const group = {
  connections: quantity(countFromOne).default(1),
  depth: quantity(countFromOne).default(1),
  rate: quantity(rate).optional(),
  queues: quantity(queueRange).default('all'),
  measured: yes.default(true),
  when,
};

const producer = section({ ...group, size: quantity(sizes), items: quantity(countFromOne).optional() });

const consumer = section({
  ...group,
  read: oneOf(['take', 'reliable']).default('take'),
  wait: quantity(duration).default(0),
  items: quantity(allOrCount).optional(),
  abortEvery: quantity(countFromOne).optional(),
  disconnectEvery: quantity(countFromOne).optional(),
  behind: quantity(count).default(0),
  fanout: name.optional(),
}).check((context) => {
  const { read, depth, abortEvery, disconnectEvery } = context.value;
  const complain = (key: string, message: string): void => {
    context.issues.push({ code: 'custom', message, path: [key], input: context.value });
  };
  if (read === 'reliable' && depth > 1) complain('depth', 'want 1: a reliable reader has one item open');
  if (read === 'take' && abortEvery !== undefined)
    complain('abortEvery', 'only a reader with read: reliable can abort');
  if (read === 'take' && disconnectEvery !== undefined) {
    complain('disconnectEvery', 'only for read: reliable: what was taken would be lost with the connection');
  }
});

const mixed = section({ ...group, size: quantity(sizes), items: quantity(countFromOne).optional() });

const fault = section({
  at: quantity(duration).default(0),
  every: quantity(someTime).optional(),
  node: quantity(faultNode),
  signal: oneOf(['KILL', 'TERM', 'STOP']),
  down: quantity(duration).default(0),
  when,
});

const phase = section({
  name: text,
  measured: yes.default(true),
  time: quantity(someTime).optional(),
  producers: listOf(producer).default([]),
  consumers: listOf(consumer).default([]),
  mixed: listOf(mixed).default([]),
  idle: quantity(count).default(0),
  faults: listOf(fault).default([]),
  when,
});

const queues = section({
  count: quantity(queueCount).default(1),
  prefix: name.optional(),
  fanouts: listOf(name).default([]),
});

const verify = section({
  lost: quantity(count).default(0),
  unexpected: quantity(count).default(0),
  duplicated: quantity(count).optional(),
  outOfOrder: quantity(count).optional(),
  errors: quantity(count).optional(),
  stall: quantity(someTime).optional(),
});

const drain = section({
  within: quantity(someTime).default(60_000),
  quiet: quantity(someTime).default(1000),
});

const parameter = section({
  kind: oneOf(['count', 'duration', 'size', 'rate', 'choice']),
  description: text,
  default: z.union([z.string(), z.number()], { error: 'want a number or a text' }).optional(),
  choices: listOf(z.union([z.string(), z.number()], { error: 'want a text' })).optional(),
}).check((context) => {
  const { kind, choices } = context.value;
  if ((kind === 'choice') === (choices !== undefined)) return;
  const message = kind === 'choice' ? 'a choice wants choices, a list of texts' : 'only for kind: choice';
  context.issues.push({ code: 'custom', message, path: ['choices'], input: context.value });
});

export const parameterSection = z.record(
  z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, { error: 'want lower-case words joined by -' }),
  parameter,
  { error: 'want parameters by name' },
);

export const scenarioSection = section({
  description: text,
  parameters: parameterSection.default({}),
  protocol: oneOf(protocolNames).default('memcache'),
  queues: queues.prefault({}),
  route: oneOf(['any', 'owner']).default('any'),
  verify: verify.prefault({}),
  drain: drain.prefault({}),
  phases: listOf(phase).min(1, { error: 'want at least one phase' }),
});

/** Every section by the heading that docs/loadtest.md has for it. */
export const sections: Readonly<Record<string, { readonly shape: Readonly<Record<string, unknown>> }>> = {
  'The file': scenarioSection,
  parameters: parameter,
  queues,
  verify,
  drain,
  phases: phase,
  producers: producer,
  consumers: consumer,
  mixed,
  faults: fault,
};

export type ParameterDeclaration = z.infer<typeof parameter>;
export type ScenarioFile = z.infer<typeof scenarioSection>;
export type When = z.infer<typeof when>;
