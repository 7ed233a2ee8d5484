import { totalmem } from 'node:os';
import { z } from 'zod';
import {
  duration,
  durationText,
  type Quantity,
  size,
  sizeText,
  count as wholeCount,
} from '../journal/base/quantities.ts';
import { statusNames } from './protocol/status-name.ts';

/** A quantity as people write it, from `least` to `most`; `or none`: or `none`, which is `Infinity`. */
function amount(
  { wanted, parse }: Quantity<number>,
  write: (value: number) => string,
  least: number,
  most = Number.POSITIVE_INFINITY,
  none: 'or none' | 'always some' = 'always some',
) {
  return z.unknown().transform((value, context): number => {
    if (none === 'or none' && value === 'none') return Number.POSITIVE_INFINITY;
    const parsed = typeof value === 'string' || typeof value === 'number' ? parse(String(value)) : undefined;
    if (parsed !== undefined && parsed >= least && parsed <= most) return parsed;
    const bounds =
      most === Number.POSITIVE_INFINITY ? `from ${write(least)}` : `from ${write(least)} to ${write(most)}`;
    const orNone = none === 'or none' ? ', or none' : '';
    context.addIssue({ code: 'custom', message: `want ${wanted}, ${bounds}${orNone}; not ${JSON.stringify(value)}` });
    return z.NEVER;
  });
}

const count = (least: number, most: number) => amount(wholeCount, String, least, most);
const countOrNone = (least: number, most: number) => amount(wholeCount, String, least, most, 'or none');
const bytes = (least: number, most?: number) => amount(size, sizeText, least, most);
const time = (leastMs: number) => amount(duration, durationText, leastMs);
const timeOrNone = (leastMs: number, mostMs: number) => amount(duration, durationText, leastMs, mostMs, 'or none');

const wantedName = 'want a name of letters, digits, "-", "_" and "."';
const wantedDirectory = 'want lmdb:PATH or redis://HOST:PORT';
const wantedAddress = 'want HOST:PORT, as 127.0.0.1:22133';
const address = z.string(wantedAddress).regex(/^[^\s:]+:\d{1,5}$/, wantedAddress);
const wantedAddressOrNone = `${wantedAddress}, or none`;
/** `none`, which is undefined, when nothing is said. */
const addressOrNone = z
  .string(wantedAddressOrNone)
  .regex(/^([^\s:]+:\d{1,5}|none)$/, wantedAddressOrNone)
  .transform((text) => (text === 'none' ? undefined : text))
  .prefault('none');

/** On the command line it is a word. */
const yesOrNo = z
  .union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')], 'want true or false')
  .default(false);

function oneOf<const Choices extends readonly [string, ...string[]]>(choices: Choices) {
  return z.enum(choices, `want ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`);
}

/** Everything that `windhover node` can be told, with its defaults. */
export const nodeConfigSchema = z.strictObject({
  data: z.string('want a folder').min(1, 'want a folder'),
  listen: address.default('127.0.0.1:22133'),
  text: addressOrNone,
  thrift: addressOrNone,
  admin: address.default('127.0.0.1:23133'),
  peer: address.default('127.0.0.1:24133'),
  label: address.optional(),
  directory: z.string(wantedDirectory).min(1, wantedDirectory),
  cluster: z
    .string(wantedName)
    .regex(/^[\w.-]+$/, wantedName)
    .default('windhover'),
  expect: count(1, 1000).default(1),
  replicas: count(1, 5).default(2),
  partitionsPerLabel: count(1, 256).default(8),
  syncJournal: oneOf(['always', 'never']).default('always'),
  setAsideDamaged: yesOrNo,
  segmentBytes: bytes(2 ** 20, 2 ** 30).default(2 ** 26),
  journalLimit: bytes(2 ** 22).default(2 ** 29),
  maxMemory: bytes(2 ** 20).default(() => defaultMemory(totalmem())),
  maxItemSize: bytes(1, 16_000_000).default(2 ** 23),
  maxConnections: count(1, 1_000_000).default(20_000),
  connectionLimitRefuseWrites: countOrNone(1, 1_000_000).default(Number.POSITIVE_INFINITY),
  connectionLimitRefuseReads: countOrNone(1, 1_000_000).default(Number.POSITIVE_INFINITY),
  clientTimeout: timeOrNone(10, 86_400_000).default(Number.POSITIVE_INFINITY),
  expirationTimerFrequency: time(10).default(1000),
  echoKey: oneOf(['bare', 'full']).default('bare'),
  enableSessionTrace: yesOrNo,
  allowShutdown: yesOrNo,
  defaultStatus: oneOf(statusNames).default('up'),
  statusChangeGracePeriod: time(0).default(0),
  logLevel: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
});

/** Bytes for items in memory, on a machine with so many. */
export function defaultMemory(machineBytes: number): number {
  return Math.max(1 << 20, Math.min(Math.floor(machineBytes / 4), 1 << 30));
}

export type NodeConfig = z.infer<typeof nodeConfigSchema>;

/** The flags' help, in the order shown; keys as in the schema. */
export const nodeFlags: readonly (readonly [flag: string, help: string])[] = [
  ['--data <folder>', 'data folder; made when missing'],
  ['--listen <host:port>', 'memcache protocol (default 127.0.0.1:22133)'],
  ['--text <host:port>', "Kestrel's text protocol (default: none)"],
  ['--thrift <host:port>', "Kestrel's Thrift service (default: none)"],
  ['--admin <host:port>', 'admin HTTP: /ready, /metrics (default 127.0.0.1:23133)'],
  ['--peer <host:port>', 'other nodes (default 127.0.0.1:24133)'],
  ['--label <host:port>', "this node's place on the ring, as clients name it (default: --listen)"],
  ['--directory <url>', 'lmdb:PATH or redis://HOST:PORT; the same for all nodes'],
  ['--cluster <name>', 'tells clusters on one Redis apart (default windhover)'],
  ['--expect <nodes>', 'the first map is made when so many nodes have joined (default 1)'],
  ['--replicas <n>', 'copies of each queue, its leader included (default 2)'],
  ['--partitions-per-label <n>', 'how finely a node’s queues can be spread (default 8; fixed at the first start)'],
  ['--sync-journal <mode>', 'always: every set is synced before it is answered; never (default always)'],
  [
    '--set-aside-damaged [true|false]',
    'begin anew, filled by the others, if the store is damaged; moves it, deletes nothing',
  ],
  ['--segment-bytes <size>', 'size of a journal segment (default 64MiB)'],
  ['--journal-limit <size>', 'bound on all journal segments together (default 512MiB)'],
  ['--max-memory <size>', 'memory for items, over all queues (default: a quarter of the machine’s, 1GiB at most)'],
  ['--max-item-size <size>', 'largest value accepted (default 8MiB)'],
  ['--max-connections <n>', 'clients at a time (default 20000)'],
  ['--connection-limit-refuse-writes <n>', 'connections beyond so many may not write (default none)'],
  ['--connection-limit-refuse-reads <n>', 'connections beyond so many may not read (default none)'],
  ['--client-timeout <time>', 'an idle client is disconnected after so long (default none)'],
  ['--expiration-timer-frequency <time>', 'how often expired items are looked for (default 1s)'],
  ['--enable-session-trace [true|false]', 'the log tells of every connection, with its client’s address'],
  ['--allow-shutdown [true|false]', 'clients may end the node with the command shutdown'],
  ['--default-status <status>', 'up, readonly or quiescent, until another is set (default up)'],
  ['--status-change-grace-period <time>', 'a stricter status holds so much after it was set (default 0)'],
  ['--echo-key <form>', 'bare: a get echoes the queue’s name; full: the key as it was asked (default bare)'],
  ['--log-level <level>', 'trace, debug, info, warn or error (default info)'],
];

const written: Partial<Record<keyof NodeConfig, (value: number) => string>> = {
  segmentBytes: sizeText,
  journalLimit: sizeText,
  maxMemory: sizeText,
  maxItemSize: sizeText,
  expirationTimerFrequency: durationText,
  statusChangeGracePeriod: durationText,
  clientTimeout: durationText,
};

/** The configuration as a file would say it, every setting of it. */
export function writeNodeConfig(config: NodeConfig): Record<string, string | number | boolean> {
  const keys = Object.keys(nodeConfigSchema.shape) as (keyof NodeConfig)[];
  const whole = { ...config, label: config.label ?? config.listen };
  return Object.fromEntries(
    keys.map((key) => {
      const value = whole[key];
      if (value === undefined || value === Number.POSITIVE_INFINITY) return [key, 'none'];
      return [key, typeof value === 'number' ? (written[key]?.(value) ?? value) : value];
    }),
  );
}

/** Checks flags; gives the configuration, or one line for each thing wrong. */
export function parseNodeConfig(flags: object): { config: NodeConfig } | { problems: string[] } {
  const parsed = nodeConfigSchema.safeParse(flags);
  if (parsed.success) {
    const problems = contradictions(parsed.data);
    return problems.length > 0 ? { problems } : { config: parsed.data };
  }
  return { problems: parsed.error.issues.map((issue) => `--${kebab(issue.path.join('.'))}: ${issue.message}`) };
}

/** Settings that are right by themselves and wrong together. */
function contradictions({ segmentBytes, journalLimit, maxItemSize }: NodeConfig): string[] {
  const problems: string[] = [];
  if (maxItemSize > segmentBytes / 2)
    problems.push('--max-item-size: an item must fit twice into a segment (--segment-bytes)');
  if (journalLimit < 4 * segmentBytes)
    problems.push('--journal-limit: the journal needs room for four segments (--segment-bytes)');
  return problems;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
