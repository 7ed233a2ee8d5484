import { totalmem } from 'node:os';
import { z } from 'zod';
import { statusNames } from './protocol/status-name.ts';

const bytesPattern = /^(\d+)(?:\s*(B|KiB|MiB|GiB))?$/i;
const unitBytes: Readonly<Record<string, number>> = { b: 1, kib: 1024, mib: 1 << 20, gib: 1 << 30 };

/** `128MiB`, `4096`: bytes as people write them. */
const bytes = z.string().transform((text, context) => {
  const match = bytesPattern.exec(text);
  if (match === null) {
    context.addIssue(`"${text}" is not a size: write it as 4096, 64KiB, 128MiB or 1GiB`);
    return z.NEVER;
  }
  return Number(match[1]) * (unitBytes[(match[2] ?? 'B').toLowerCase()] ?? 1);
});

const durationPattern = /^(\d+)(?:\s*(ms|s|m|h|d))?$/;
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `30s`, `500ms`: a duration as people write it, in ms; a number alone is in ms. */
const duration = z.string().transform((text, context) => {
  const match = durationPattern.exec(text);
  if (match === null) {
    context.addIssue(`"${text}" is not a duration: write it as 500ms, 30s, 5m, 2h or 1d`);
    return z.NEVER;
  }
  return Number(match[1]) * (unitMs[match[2] ?? 'ms'] ?? 1);
});

const address = z.string().regex(/^[^\s:]+:\d{1,5}$/, 'must be HOST:PORT, as 127.0.0.1:22133');

const count = (least: number, most: number) =>
  z.coerce.number(`must be a whole number from ${least} to ${most}`).int().min(least).max(most);

/** Everything that `windhover node` can be told, with its defaults. */
export const nodeConfigSchema = z.strictObject({
  data: z.string().min(1),
  listen: address.default('127.0.0.1:22133'),
  text: address.optional(),
  thrift: address.optional(),
  admin: address.default('127.0.0.1:23133'),
  peer: address.default('127.0.0.1:24133'),
  label: address.optional(),
  directory: z.string().min(1),
  cluster: z
    .string()
    .regex(/^[\w.-]+$/, 'letters, digits, "-", "_" and "." only')
    .default('windhover'),
  expect: count(1, 1000).default(1),
  replicas: count(1, 5).default(2),
  partitionsPerLabel: count(1, 256).default(8),
  syncJournal: z.enum(['always', 'never']).default('always'),
  setAsideDamaged: z.boolean().default(false),
  segmentBytes: bytes
    .pipe(
      z
        .number()
        .min(1 << 20)
        .max(1 << 30),
    )
    .default(64 << 20),
  journalLimit: bytes.pipe(z.number().min(4 << 20)).default(512 << 20),
  maxMemory: bytes.pipe(z.number().min(1 << 20)).default(() => defaultMemory(totalmem())),
  maxItemSize: bytes.pipe(z.number().min(1).max(16_000_000)).default(8 << 20),
  maxConnections: count(1, 1_000_000).default(20_000),
  echoKey: z.enum(['bare', 'full']).default('bare'),
  allowShutdown: z.boolean().default(false),
  defaultStatus: z.enum(statusNames).default('up'),
  statusChangeGracePeriod: duration.default(0),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
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
  ['--set-aside-damaged', 'begin anew, filled by the others, if the store is damaged; moves it, deletes nothing'],
  ['--segment-bytes <size>', 'size of a journal segment (default 64MiB)'],
  ['--journal-limit <size>', 'bound on all journal segments together (default 512MiB)'],
  ['--max-memory <size>', 'memory for items, over all queues (default: a quarter of the machine’s, 1GiB at most)'],
  ['--max-item-size <size>', 'largest value accepted (default 8MiB)'],
  ['--max-connections <n>', 'clients at a time (default 20000)'],
  ['--allow-shutdown', 'clients may end the node with the command shutdown'],
  ['--default-status <status>', 'up, readonly or quiescent, until another is set (default up)'],
  ['--status-change-grace-period <time>', 'a stricter status holds so much after it was set (default 0)'],
  ['--echo-key <form>', 'bare: a get echoes the queue’s name; full: the key as it was asked (default bare)'],
  ['--log-level <level>', 'trace, debug, info, warn or error (default info)'],
];

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
