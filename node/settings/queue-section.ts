import { z } from 'zod';
import { count, duration, durationText, type Quantity, size, sizeText } from '../../journal/base/quantities.ts';
import { isAddressOrNetwork } from '../client-address.ts';
import { nameProblem } from '../protocol/key.ts';
import {
  type ClientList,
  defaultQueueSettings,
  type OwnSettings,
  type QueueSettings,
} from '../queues/queue-settings.ts';

/** How a setting is written in files. */
export interface SettingForm<T> {
  /** Kestrel's name where it had one. */
  readonly name: string;
  /** What would be right, for a message that begins with "want". */
  readonly wanted: string;
  /** Undefined when the value is none. */
  parse(value: unknown): T | undefined;
  /** As `parse` reads it. */
  write(value: T): string;
}

/** As many as a queue can have. */
const copies: Quantity<number> = {
  wanted: 'a count from 1 to 5',
  parse: (text) => {
    const parsed = count.parse(text);
    return parsed !== undefined && parsed >= 1 && parsed <= 5 ? parsed : undefined;
  },
};

const maxClients = 100;

/** Every setting of a queue. */
export const queueSettingForms: { readonly [Field in keyof QueueSettings]: SettingForm<QueueSettings[Field]> } = {
  maxItems: limit('maxItems', count, String),
  maxSizeBytes: limit('maxSize', size, sizeText),
  maxItemBytes: limit('maxItemSize', size, sizeText),
  maxAgeMs: limit('maxAge', duration, durationText),
  expireToQueue: otherQueue('expireToQueue'),
  maxDeliveries: limit('maxDeliveries', count, String),
  deadLetterQueue: otherQueue('deadLetterQueue'),
  maxExpireSweep: limit('maxExpireSweep', count, String),
  discardOldWhenFull: yesOrNo('discardOldWhenFull'),
  maxQueueAgeMs: limit('maxQueueAge', duration, durationText),
  maxMemoryBytes: quantity('maxMemorySize', size, sizeText),
  openTransactionTimeoutMs: limit('openTransactionTimeout', duration, durationText),
  confirm: oneOf('confirm', ['immediate', 'committed']),
  maxOpenTransactions: quantity('maxOpenTransactions', count, String),
  dedupWindowMs: quantity('dedupWindow', duration, durationText),
  minInSync: quantity('minInSync', copies, String),
  fanoutOnly: yesOrNo('fanoutOnly'),
  maxWaiters: quantity('maxWaiters', count, String),
  enableTrace: yesOrNo('enableTrace'),
  enqueueFrom: clients('whiteListClientIdForEnqueue'),
  dequeueFrom: clients('whiteListClientIdForDequeue'),
};

/** Kestrel's settings that there are none of here, and why. */
const absent: Readonly<Record<string, string>> = {
  keepJournal: 'every queue is journaled (docs/adr/0012-every-queue-has-a-journal.md)',
  defaultJournalSize: 'queues share their node’s journal, see journalLimit and segmentBytes of the node',
  maxJournalSize: 'queues share their node’s journal, see journalLimit and segmentBytes of the node',
  minJournalCompactDelay: 'queues share their node’s journal, which is compacted by itself',
  disableAggressiveRewrites: 'queues share their node’s journal, which is compacted by itself',
  syncJournal: 'it is a setting of the node (docs/adr/0013-a-node-syncs-its-journal-as-a-whole.md)',
};

const fields = Object.keys(queueSettingForms) as (keyof QueueSettings)[];
const fieldsByName = new Map<string, keyof QueueSettings>(
  fields.map((field) => [queueSettingForms[field].name, field]),
);

/** What a file says of one queue, or of all: a mapping of settings by their names. */
export const queueSection = z
  .record(z.string(), z.unknown(), { error: 'want a mapping of settings' })
  .transform((given, context): OwnSettings => {
    const own: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(given)) {
      const field = fieldsByName.get(name);
      const form: SettingForm<unknown> | undefined = field === undefined ? undefined : queueSettingForms[field];
      const parsed = form?.parse(value);
      if (field !== undefined && parsed !== undefined) own[field] = parsed;
      else
        context.addIssue({
          code: 'custom',
          path: [name],
          message: form === undefined ? unknown(name) : wrong(form, value),
        });
    }
    return own as OwnSettings;
  });

/** A queue's settings by their names, as a file would say them. */
export function writeQueueSettings(settings: QueueSettings): readonly (readonly [name: string, value: string])[] {
  return fields.map((field) => {
    const form: SettingForm<unknown> = queueSettingForms[field];
    return [form.name, form.write(settings[field])];
  });
}

/** Every setting with what it is when nothing is said. */
export function queueSettingDefaults(): readonly (readonly [name: string, value: string])[] {
  return writeQueueSettings(defaultQueueSettings);
}

function unknown(name: string): string {
  const why = absent[name];
  if (why !== undefined) return `there is no such setting of a queue: ${why}`;
  return `there is no such setting of a queue; there is ${[...fieldsByName.keys()].join(', ')}`;
}

function wrong({ wanted }: SettingForm<unknown>, value: unknown): string {
  return `want ${wanted}, not ${JSON.stringify(value)}`;
}

function quantity(
  name: string,
  { wanted, parse }: Quantity<number>,
  write: (value: number) => string,
): SettingForm<number> {
  return { name, wanted, write, parse: (value) => (isScalar(value) ? parse(String(value)) : undefined) };
}

/** A quantity that may also be `none`, which is `Infinity`. */
function limit(name: string, form: Quantity<number>, write: (value: number) => string): SettingForm<number> {
  const { wanted, parse } = quantity(name, form, write);
  return {
    name,
    wanted: `${wanted}, or none`,
    parse: (value) => (value === 'none' ? Number.POSITIVE_INFINITY : parse(value)),
    write: (value) => (value === Number.POSITIVE_INFINITY ? 'none' : write(value)),
  };
}

/** The name of a queue, or `none`, which is `''`. Files are in UTF-8, names are bytes as latin1. */
function otherQueue(name: string): SettingForm<string> {
  return {
    name,
    wanted: 'the name of a queue, or none',
    parse: (value) => {
      if (value === 'none') return '';
      const queue = isScalar(value) ? Buffer.from(String(value), 'utf8').toString('latin1') : '';
      return nameProblem(queue) === undefined ? queue : undefined;
    },
    write: (value) => (value === '' ? 'none' : Buffer.from(value, 'latin1').toString('utf8')),
  };
}

/** A list of addresses and networks, one of them, or `none`, which lets everyone in. */
function clients(name: string): SettingForm<ClientList> {
  return {
    name,
    wanted: `a list of up to ${maxClients} addresses and networks such as [10.0.0.7, 10.1.0.0/16], or none`,
    parse: (value) => {
      if (value === 'none') return 'everyone';
      const list = Array.isArray(value) ? (value as unknown[]) : [value];
      if (list.length === 0 || list.length > maxClients) return undefined;
      return list.every((entry) => typeof entry === 'string' && isAddressOrNetwork(entry))
        ? (list as string[])
        : undefined;
    },
    write: (list) => (list === 'everyone' ? 'none' : `[${list.map((entry) => JSON.stringify(entry)).join(', ')}]`),
  };
}

function oneOf<T extends string>(name: string, words: readonly [T, T]): SettingForm<T> {
  return { name, wanted: words.join(' or '), parse: (value) => words.find((word) => word === value), write: String };
}

function yesOrNo(name: string): SettingForm<boolean> {
  return {
    name,
    wanted: 'true or false',
    parse: (value) => (typeof value === 'boolean' ? value : undefined),
    write: String,
  };
}

function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
