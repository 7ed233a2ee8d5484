import type { ServerStatus } from './server-status.ts';
import type { ClusterSettings } from './settings/cluster-settings.ts';

/** The nodes of a cluster, as a client that finds its servers by itself wants to know them. */
export interface Members {
  /** Grows whenever the list changes. */
  readonly version: number;
  /** `host:port`, as clients name them, in order. */
  readonly labels: readonly string[];
}

/** What a client can ask of the node itself. */
export interface NodeService {
  readonly status: ServerStatus;
  members(): Members;
  /** What the node goes by now. */
  settings(): ClusterSettings;
  /** Applies the node's file to the cluster again, see `reloadSettings`. */
  reload(): Promise<void>;
  /** Begins the node's orderly end; false when clients may not ask for it. */
  shutdown(): boolean;
}
