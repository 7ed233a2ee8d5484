import type { Operation } from '../cluster/operation.ts';
import type { Clock, Timer } from '../journal/base/clock.ts';
import type { Disk } from '../journal/log/disk.ts';
import { type StatusName, statusNames } from './protocol/status-name.ts';

const fileName = 'status';

export interface StatusSettings {
  /** Where none was ever set. */
  readonly defaultStatus: StatusName;
  /** A stricter status is told at once, and holds so much later: clients can turn elsewhere before they are refused. */
  readonly statusChangeGraceMs: number;
}

/**
 * Kestrel's server status: of this node, for its own clients, whichever node leads the queue. What is open may be
 * settled in any status. Kept in the data folder, in the file `status`.
 */
export class ServerStatus {
  readonly #disk: Pick<Disk, 'replace'>;
  readonly #clock: Clock;
  readonly #graceMs: number;
  #told: StatusName;
  #enforced: StatusName;
  #grace: Timer | undefined;

  /** As it was left, if that is known. */
  constructor(disk: Pick<Disk, 'replace'>, clock: Clock, settings: StatusSettings, left?: StatusName) {
    const status = left ?? settings.defaultStatus;
    this.#disk = disk;
    this.#clock = clock;
    this.#graceMs = settings.statusChangeGraceMs;
    this.#told = status;
    this.#enforced = status;
  }

  /** As it was last set; what the file says holds at once. */
  static async load(disk: Disk, clock: Clock, settings: StatusSettings): Promise<ServerStatus> {
    const text = (await disk.readWhole(fileName))?.toString('latin1').trim().toLowerCase();
    const left = statusNames.find((name) => name === text);
    return new ServerStatus(disk, clock, settings, left);
  }

  get name(): StatusName {
    return this.#told;
  }

  /** What is refused now. */
  get blocks(): 'nothing' | 'writes' | 'everything' {
    if (this.#enforced === 'up') return 'nothing';
    return this.#enforced === 'readonly' ? 'writes' : 'everything';
  }

  /** Durable once resolved. */
  async change(status: StatusName): Promise<void> {
    await this.#disk.replace(fileName, Buffer.from(`${status.toUpperCase()}\n`));
    this.#told = status;
    this.#grace?.cancel();
    const isStricter = statusNames.indexOf(status) > statusNames.indexOf(this.#enforced);
    if (!isStricter || this.#graceMs === 0) this.#enforced = status;
    else {
      this.#grace = this.#clock.schedule(this.#graceMs, () => {
        this.#enforced = status;
      });
    }
  }

  /** Why an operation of a client is refused, if it is. */
  refusal(operation: Operation): string | undefined {
    if (this.#enforced === 'up') return undefined;
    const access = accessOf(operation);
    if (this.#enforced === 'readonly') return access === 'write' ? 'this node is read-only' : undefined;
    return access === 'neither' ? undefined : 'this node is quiescent';
  }

  /** The node ends. */
  close(): void {
    this.#grace?.cancel();
  }
}

/** What of a node's service an operation needs: Kestrel's writes and reads. Settling what is open is neither. */
export function accessOf(operation: Operation): 'write' | 'read' | 'neither' {
  switch (operation.kind) {
    case 'set':
    case 'delete':
    case 'flush':
    case 'flushExpired':
      return 'write';
    case 'get':
      return operation.read === 'nothing' ? 'neither' : 'read';
    default:
      return 'neither';
  }
}
