import { z } from 'zod';
import { WindhoverError } from '../journal/base/errors.ts';
import type { Disk } from '../journal/log/disk.ts';

const fileName = 'node.json';
const schema = z.object({
  formatVersion: z.literal(1),
  nodeId: z.string().min(1),
  clusterId: z.string().optional(),
  unsyncedBoot: z.string().optional(),
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

  /** Reads it, or makes a new one with an id from `makeId`; durable once resolved. */
  static async load(disk: Disk, makeId: () => string): Promise<Identity> {
    const content = await disk.readWhole(fileName);
    if (content !== undefined) {
      const { nodeId, clusterId, unsyncedBoot } = parse(content);
      return new Identity(disk, nodeId, clusterId, unsyncedBoot);
    }
    const identity = new Identity(disk, makeId(), undefined, undefined);
    await identity.#save();
    return identity;
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
      formatVersion: 1,
      nodeId: this.nodeId,
      clusterId: this.#clusterId,
      unsyncedBoot: this.#unsyncedBoot,
    };
    await this.#disk.replace(fileName, Buffer.from(`${JSON.stringify(record)}\n`));
  }
}

function parse(content: Buffer): z.infer<typeof schema> {
  try {
    return schema.parse(JSON.parse(content.toString()));
  } catch (error) {
    throw new WindhoverError('corrupt', `${fileName}: it does not say which node this is`, { cause: error });
  }
}
