import type { Operation } from '../cluster/operation.ts';
import type { ClientAddress } from './client-address.ts';
import type { NodeService } from './node-service.ts';
import { accessOf } from './server-status.ts';
import type { ClusterSettings } from './settings/cluster-settings.ts';

/** Decides whether a client's operation is done at all, before the broker hears of it. */
export interface Admission {
  /** Why it is refused, if it is. */
  refusal(operation: Operation): string | undefined;
}

/** Numbers of a node's connections beyond which those that come are not served in full; `Infinity`: none. */
export interface CrowdLimits {
  readonly refuseWrites: number;
  readonly refuseReads: number;
}

/** The admission of one connection: by the node's status, by how many connections there are, and by where it comes from. */
export class ClientAdmission implements Admission {
  readonly #service: Pick<NodeService, 'status' | 'settings'>;
  readonly #traffic: { readonly connections: number };
  readonly #limits: CrowdLimits;
  readonly #address: ClientAddress;
  /** How many connections there were when this one came, itself included. */
  readonly #place: number;

  /** To be made when the connection has just been counted. */
  constructor(
    service: Pick<NodeService, 'status' | 'settings'>,
    traffic: { readonly connections: number },
    limits: CrowdLimits,
    address: ClientAddress,
  ) {
    this.#service = service;
    this.#traffic = traffic;
    this.#limits = limits;
    this.#address = address;
    this.#place = traffic.connections;
  }

  refusal(operation: Operation): string | undefined {
    return this.#service.status.refusal(operation) ?? this.#crowded(operation) ?? this.#unlisted(operation);
  }

  /** A connection that came beyond a limit is refused as long as there are more than that. */
  #crowded(operation: Operation): string | undefined {
    const { refuseWrites, refuseReads } = this.#limits;
    if (this.#place <= Math.min(refuseWrites, refuseReads)) return undefined;
    const access = accessOf(operation);
    if (access === 'neither') return undefined;
    const limit = access === 'write' ? refuseWrites : refuseReads;
    if (this.#place <= limit || this.#traffic.connections <= limit) return undefined;
    return `too many connections for ${access}s`;
  }

  #unlisted(operation: Operation): string | undefined {
    const settings = this.#service.settings();
    if (!settings.queues.isRestricted) return undefined;
    const use = useOf(operation);
    if (use === 'neither') return undefined;
    const closed = queuesOf(operation, settings).find((queue) => !this.#address.isOn(settings.queues.of(queue)[use]));
    if (closed === undefined) return undefined;
    if (operation.queue === '') return 'this client may not read every queue';
    return `this client may not ${use === 'enqueueFrom' ? 'set items on' : 'read'} the queue ${closed}`;
  }
}

/** The setting that says who may do such a thing. What a client has open itself it may always settle. */
function useOf(operation: Operation): 'enqueueFrom' | 'dequeueFrom' | 'neither' {
  switch (operation.kind) {
    case 'set':
      return 'enqueueFrom';
    case 'get':
      return operation.read === 'nothing' ? 'neither' : 'dequeueFrom';
    case 'settle':
    case 'delete':
    case 'flush':
    case 'flushExpired':
      return 'dequeueFrom';
    default:
      return 'neither';
  }
}

/** The queues that an operation is about. Without a name: all of which anything is said, and any other. */
function queuesOf({ kind, queue }: Operation, { queues, aliases }: ClusterSettings): readonly string[] {
  if (queue === '') return ['', ...queues.names()];
  return kind === 'set' ? (aliases.get(queue) ?? [queue]) : [queue];
}
