import { z } from 'zod';
import { WindhoverError } from '../journal/base/errors.ts';
import type { Disk } from '../journal/log/disk.ts';

const fileName = 'node.json';
const schema = z.object({ formatVersion: z.literal(1), nodeId: z.string().min(1), clusterId: z.string().optional() });

/** Who the data folder says this node is, in `node.json`. A node whose folder was lost is a new node. */
export class Identity {
  readonly nodeId: string;
  readonly #disk: Disk;
  #clusterId: string | undefined;

  private constructor(disk: Disk, nodeId: string, clusterId: string | undefined) {
    this.#disk = disk;
    this.nodeId = nodeId;
    this.#clusterId = clusterId;
  }

  get clusterId(): string | undefined {
    return this.#clusterId;
  }

  /** Reads it, or makes a new one with an id from `makeId`; durable once resolved. */
  static async load(disk: Disk, makeId: () => string): Promise<Identity> {
    const content = await disk.readWhole(fileName);
    if (content !== undefined) {
      const { nodeId, clusterId } = parse(content);
      return new Identity(disk, nodeId, clusterId);
    }
    const identity = new Identity(disk, makeId(), undefined);
    await identity.#save();
    return identity;
  }

  /** Binds the folder to a cluster for good; durable once resolved. */
  async belongTo(clusterId: string): Promise<void> {
    if (this.#clusterId === clusterId) return;
    this.#clusterId = clusterId;
    await this.#save();
  }

  async #save(): Promise<void> {
    const record = { formatVersion: 1, nodeId: this.nodeId, clusterId: this.#clusterId };
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
