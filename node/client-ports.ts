import { systemClock } from '../journal/base/clock.ts';
import type { TraceLine } from './bounded-trace.ts';
import type { NodeConfig } from './config.ts';
import { Listener, newTrafficCounters, type TrafficCounters } from './listener.ts';
import type { WindhoverNode } from './node.ts';
import type { Dialect } from './protocol/dialect.ts';
import { memcache } from './protocol/memcache/dialect.ts';
import { text } from './protocol/text/dialect.ts';
import { thrift } from './protocol/thrift/dialect.ts';
import { defaultSessionSettings } from './session.ts';

/** The ports on which a node hears its clients, a dialect each. Connections are counted and limited together. */
export class ClientPorts {
  readonly counters: TrafficCounters = newTrafficCounters();
  readonly #listeners: Listener[] = [];
  readonly #trace: TraceLine;

  /** `trace` hears of sessions, where the configuration wants that. */
  constructor(trace: TraceLine) {
    this.#trace = trace;
  }

  /** Listens wherever the configuration says. Rejects with a WindhoverError that names the address when it can't, and listens nowhere. */
  async open(node: WindhoverNode, config: NodeConfig): Promise<void> {
    try {
      await this.#listen(node, config, config.listen, memcache);
      if (config.text !== undefined) await this.#listen(node, config, config.text, text);
      if (config.thrift !== undefined) await this.#listen(node, config, config.thrift, thrift);
    } catch (error) {
      await this.close(0);
      throw error;
    }
  }

  /** As {@link Listener.close}, all at the same time. */
  async close(graceMs: number): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close(graceMs)));
  }

  async #listen(node: WindhoverNode, config: NodeConfig, address: string, dialect: Dialect): Promise<void> {
    const { host, port } = splitAddress(address);
    const listener = await Listener.open(host, port, {
      broker: node.broker,
      service: node,
      clock: systemClock,
      counters: this.counters,
      node: node.record.id,
      incarnation: node.record.incarnation,
      dialect,
      settings: { ...defaultSessionSettings, echoKey: config.echoKey, maxValueBytes: config.maxItemSize },
      maxConnections: config.maxConnections,
      crowdLimits: {
        refuseWrites: config.connectionLimitRefuseWrites,
        refuseReads: config.connectionLimitRefuseReads,
      },
      trace: config.enableSessionTrace ? this.#trace : undefined,
      clientTimeoutMs: config.clientTimeout,
    });
    this.#listeners.push(listener);
  }
}

function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}
