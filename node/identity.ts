import { crc32 } from '@node-rs/crc32';
import { z } from 'zod';
import { WindhoverError } from '../journal/base/errors.ts';
import type { Disk } from '../journal/log/disk.ts';
import { backlogFolder } from '../journal/store/backlog-file.ts';
import { checkpointName } from '../journal/store/checkpoint.ts';
import { journalFolder } from '../journal/store/entry-reader.ts';

const fileName = 'node.json';
/** Strict, so that a field whose name is damaged is not taken for one that is absent. */
const schema = z.strictObject({
  formatVersion: z.literal(1),
  nodeId: z.string().min(1),
  clusterId: z.string().optional(),
  unsyncedBoot: z.string().optional(),
  /** CRC-32 of the others, as JSON in this order; before 1.0 there was none. */
  crc: z.number().optional(),
});

/** Who the data folder says this node is, in `node.json`. A node whose folder was lost is a new node. */
export class Identity {
  readonly nodeId: string;
  readonly #disk: Disk;
  #clusterId: string | undefined;
  /** The machine's boot in which the journal was last left without a sync; undefined when it was closed in order. */
  #unsyncedBoot: string | undefined;

  private constructor(disk: Disk, nodeId: string, clusterId: string | undefined, unsyncedBoot: string | undefined) {
    this.#disk = disk;
    this.nodeId = nodeId;
    this.#clusterId = clusterId;
    this.#unsyncedBoot = unsyncedBoot;
  }

  get clusterId(): string | undefined {
    return this.#clusterId;
  }

  /**
   * Reads it, or makes a new one with an id from `makeId`; durable once resolved.
   * @throws `corrupt` when it is damaged, or missing beside a store: under another id that would be taken for leftovers
   */
  static async load(disk: Disk, makeId: () => string): Promise<Identity> {
    const found = await Identity.read(disk);
    if (found !== undefined) return found;
    const names = await disk.list('');
    if ([journalFolder, backlogFolder, checkpointName].some((name) => names.includes(name))) {
      throw new WindhoverError('corrupt', `${fileName} at 0: it is missing, and there is a store`);
    }
    const identity = new Identity(disk, makeId(), undefined, undefined);
    await identity.#save();
    return identity;
  }

  /** Reads it; undefined where there is none. @throws `corrupt` when it is damaged */
  static async read(disk: Disk): Promise<Identity | undefined> {
    const content = await disk.readWhole(fileName);
    if (content === undefined) return undefined;
    const { nodeId, clusterId, unsyncedBoot } = parse(content);
    return new Identity(disk, nodeId, clusterId, unsyncedBoot);
  }

  /** Binds the folder to a cluster for good; durable once resolved. */
  async belongTo(clusterId: string): Promise<void> {
    if (this.#clusterId === clusterId) return;
    this.#clusterId = clusterId;
    await this.#save();
  }

  /** Whether the journal may have lost its end: it was not synced, and the machine has been down since. */
  mayHaveLost(boot: string): boolean {
    return this.#unsyncedBoot !== undefined && this.#unsyncedBoot !== boot;
  }

  /** From now on the journal is written without a sync, until the next call with undefined. */
  async unsynced(boot: string | undefined): Promise<void> {
    if (this.#unsyncedBoot === boot) return;
    this.#unsyncedBoot = boot;
    await this.#save();
  }

  async #save(): Promise<void> {
    const record = {
      formatVersion: 1 as const,
      nodeId: this.nodeId,
      clusterId: this.#clusterId,
      unsyncedBoot: this.#unsyncedBoot,
    };
    const content = JSON.stringify({ ...record, crc: crcOf(record) });
    await this.#disk.replace(fileName, Buffer.from(`${content}\n`));
  }
}

function parse(content: Buffer): z.infer<typeof schema> {
  try {
    const { crc, ...record } = schema.parse(JSON.parse(content.toString()));
    if (crc !== undefined && crc !== crcOf(record)) throw new Error('the checksum is wrong');
    return record;
  } catch (error) {
    throw new WindhoverError('corrupt', `${fileName} at 0: it does not say which node this is`, { cause: error });
  }
}

/** Fields that are absent don't count. */
function crcOf(record: Omit<z.infer<typeof schema>, 'crc'>): number {
  const { formatVersion, nodeId, clusterId, unsyncedBoot } = record;
  return crc32(JSON.stringify({ formatVersion, nodeId, clusterId, unsyncedBoot }));
}
