import { SimClock } from '../../journal/testing/sim-clock.ts';
import type { Members, NodeService } from '../node-service.ts';
import { ServerStatus } from '../server-status.ts';
import { type ClusterSettings, noClusterSettings } from '../settings/cluster-settings.ts';

/** A node that does as it is told. */
export class FakeNodeService implements NodeService {
  readonly status: ServerStatus;
  list: Members = { version: 3, labels: ['10.0.0.1:22133', 'queue-2.example:22133'] };
  allowsShutdown = false;
  shutdowns = 0;
  inForce: ClusterSettings = noClusterSettings;
  reloads = 0;
  /** What was written of the status. */
  readonly written: string[] = [];
  /** Why nothing can be written or read. */
  failure: Error | undefined;

  constructor(clock = new SimClock(), statusChangeGraceMs = 0) {
    const replace = async (_name: string, content: Uint8Array): Promise<void> => {
      if (this.failure !== undefined) throw this.failure;
      this.written.push(Buffer.from(content).toString());
    };
    this.status = new ServerStatus({ replace }, clock, { defaultStatus: 'up', statusChangeGraceMs });
  }

  members(): Members {
    return this.list;
  }

  settings(): ClusterSettings {
    return this.inForce;
  }

  async reload(): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.reloads++;
  }

  shutdown(): boolean {
    if (this.allowsShutdown) this.shutdowns++;
    return this.allowsShutdown;
  }
}
