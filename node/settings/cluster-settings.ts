import { z } from 'zod';
import { WindhoverError } from '../../journal/base/errors.ts';
import { nameProblem } from '../protocol/key.ts';
import { InheritedSettings, type QueueSettingsSource } from '../queues/queue-settings.ts';
import { queueSection } from './queue-section.ts';

/** What all nodes of a cluster agree on beside who has what: the settings of queues, and the aliases. */
export interface ClusterSettings {
  readonly queues: QueueSettingsSource;
  /** Where a `set` on a name goes instead. Names as on the wire: bytes as latin1. */
  readonly aliases: ReadonlyMap<string, readonly string[]>;
}

export const noClusterSettings: ClusterSettings = { queues: new InheritedSettings(), aliases: new Map() };

const maxQueues = 10_000;
const maxAliases = 1000;
const maxDestinations = 100;
/** Of the whole in the directory. Every node reads it again whenever anything in the directory changes. */
const maxBytes = 256 * 1024;

const queueName = z.string({ error: 'want the name of a queue' }).superRefine((name, context) => {
  const why = nameProblem(onTheWire(name));
  if (why !== undefined) context.addIssue({ code: 'custom', message: `not a name of a queue: ${why}` });
});

const destinations = z
  .array(queueName, { error: 'want a list of queues' })
  .min(1, 'want at least one queue')
  .max(maxDestinations, `want at most ${maxDestinations} queues`);

/** The sections of a file that are the cluster's. */
export const clusterSections = {
  default: queueSection.optional(),
  queues: z
    .record(queueName, queueSection, { error: 'want a mapping from queues to their settings' })
    .refine((queues) => Object.keys(queues).length <= maxQueues, `want at most ${maxQueues} queues`)
    .optional(),
  aliases: z
    .record(queueName, destinations, { error: 'want a mapping from aliases to lists of queues' })
    .superRefine(refuseChains)
    .optional(),
};

const sections = z.strictObject(clusterSections);

export type ClusterSections = z.infer<typeof sections>;

/** An alias is expanded once, so that what one `set` can do is bounded. */
function refuseChains(aliases: Record<string, readonly string[]>, context: z.core.$RefinementCtx): void {
  if (Object.keys(aliases).length > maxAliases) {
    context.addIssue({ code: 'custom', message: `want at most ${maxAliases} aliases`, input: aliases });
  }
  for (const [alias, queues] of Object.entries(aliases)) {
    for (const [index, queue] of queues.entries()) {
      if (!Object.hasOwn(aliases, queue)) continue;
      context.addIssue({ code: 'custom', path: [alias, index], message: `${queue} is an alias itself`, input: queue });
    }
  }
}

/** What the sections of a file, already checked, mean. */
export function clusterSettings({
  default: defaults = {},
  queues = {},
  aliases = {},
}: ClusterSections): ClusterSettings {
  const named = Object.entries(queues).map(([name, own]) => [onTheWire(name), own] as const);
  const known = Object.entries(aliases).map(([name, to]) => [onTheWire(name), to.map(onTheWire)] as const);
  return { queues: new InheritedSettings(defaults, new Map(named)), aliases: new Map(known) };
}

/**
 * The directory's value for a file's content: its cluster's sections as they are written there. Two files that say the
 * same in the same words have the same value. Throws `invalid` when it is too large.
 */
export function encodeSections(content: unknown): string {
  const given = (content ?? {}) as Record<string, unknown>;
  const kept = Object.keys(clusterSections).flatMap((key) => {
    const section = given[key];
    return section === undefined ? [] : [[key, section] as const];
  });
  const value = JSON.stringify(Object.fromEntries(kept));
  if (Buffer.byteLength(value) <= maxBytes) return value;
  throw new WindhoverError('invalid', `the settings of queues and aliases take more than ${maxBytes / 1024} KiB`);
}

/** The value of a file that says nothing. */
export const emptySections = encodeSections({});

/** Reads the directory's value. Throws `invalid`: a later version of windhover may know more than this one. */
export function decodeSections(value: string): ClusterSettings {
  const parsed = sections.safeParse(JSON.parse(value));
  if (parsed.success) return clusterSettings(parsed.data);
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new WindhoverError('invalid', `the settings in the directory can't be used: ${problems.join('; ')}`);
}

/** A name as the protocol has it: its bytes in UTF-8, each a character. */
export function onTheWire(name: string): string {
  return Buffer.from(name, 'utf8').toString('latin1');
}
