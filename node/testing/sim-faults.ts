import type { SimServer, SimWorld } from './sim-server.ts';

/** One kind of thing that goes wrong, and by itself, after a while, right again. */
export interface Fault {
  readonly name: string;
  strike(world: SimWorld, servers: readonly SimServer[]): void;
  /** Ends what is still wrong at once. */
  heal(world: SimWorld, servers: readonly SimServer[]): void;
}

function pick(world: SimWorld, servers: readonly SimServer[]): SimServer | undefined {
  return servers[Math.floor(world.random() * servers.length)];
}

function later(world: SimWorld, leastMs: number, mostMs: number, callback: () => void): void {
  world.clock.schedule(leastMs + world.random() * (mostMs - leastMs), callback);
}

function crash(kind: 'power' | 'process'): Fault {
  return {
    name: kind,
    strike(world, servers) {
      const server = pick(world, servers);
      server?.crash(kind);
      later(world, 50, 5000, () => server?.start());
    },
    heal: (_world, servers) => {
      for (const server of servers) server.start();
    },
  };
}

const crashAll: Fault = {
  name: 'crash of all',
  strike(world, servers) {
    const kind = world.random() < 0.5 ? 'power' : 'process';
    for (const server of servers) {
      server.crash(kind);
      later(world, 50, 3000, () => server.start());
    }
  },
  heal: () => undefined,
};

const pause: Fault = {
  name: 'pause',
  strike(world, servers) {
    const server = pick(world, servers);
    server?.pause();
    later(world, 100, 6000, () => server?.resume());
  },
  heal: (_world, servers) => {
    for (const server of servers) server.resume();
  },
};

const cutLinks: Fault = {
  name: 'cut links',
  strike(world, servers) {
    const a = pick(world, servers);
    const b = pick(world, servers);
    if (a === undefined || b === undefined || a === b) return;
    const oneWay = world.random() < 0.5;
    world.trace(`the network from ${a.name} to ${b.name} is cut${oneWay ? ' one way' : ''}`);
    world.network.cut(a.peer, b.peer);
    if (!oneWay) world.network.cut(b.peer, a.peer);
    later(world, 200, 6000, () => {
      world.network.heal(a.peer, b.peer);
      world.network.heal(b.peer, a.peer);
    });
  },
  heal: (world) => world.network.healAll(),
};

const breakLinks: Fault = {
  name: 'break links',
  strike(world, servers) {
    const a = pick(world, servers);
    const b = pick(world, servers);
    if (a === undefined || b === undefined || a === b) return;
    world.trace(`links between ${a.name} and ${b.name} break`);
    world.network.breakLinks(a.peer, b.peer);
  },
  heal: () => undefined,
};

const cutDirectory: Fault = {
  name: 'cut directory',
  strike(world, servers) {
    const server = pick(world, servers);
    if (server === undefined) return;
    world.trace(`${server.name} is cut from the directory`);
    world.directory.cut(server.name);
    later(world, 200, 6000, () => world.directory.heal(server.name));
  },
  heal: (world, servers) => {
    for (const server of servers) world.directory.heal(server.name);
  },
};

const slowDisk: Fault = {
  name: 'slow disk',
  strike(world, servers) {
    const server = pick(world, servers);
    if (server === undefined) return;
    const { disk } = server;
    const usualMs = disk.syncMs;
    world.trace(`${server.name}'s disk is slow`);
    disk.syncMs = 300;
    later(world, 500, 4000, () => {
      disk.syncMs = usualMs;
    });
  },
  heal: (_world, servers) => {
    for (const server of servers) server.disk.syncMs = Math.min(server.disk.syncMs, 3);
  },
};

const failSync: Fault = {
  name: 'failed sync',
  strike(world, servers) {
    const server = pick(world, servers);
    if (server === undefined) return;
    world.trace(`${server.name}'s next sync fails`);
    server.disk.failNextSync();
    later(world, 500, 3000, () => server.start());
  },
  heal: (_world, servers) => {
    for (const server of servers) server.start();
  },
};

const fullDisk: Fault = {
  name: 'full disk',
  strike(world, servers) {
    const server = pick(world, servers);
    if (server === undefined) return;
    world.trace(`${server.name}'s disk is full`);
    server.disk.full(world.random() * 100_000);
    later(world, 500, 4000, () => server.disk.full(Number.POSITIVE_INFINITY));
  },
  heal: (_world, servers) => {
    for (const server of servers) server.disk.full(Number.POSITIVE_INFINITY);
  },
};

const wallClock: Fault = {
  name: 'wall clock',
  strike(world, servers) {
    pick(world, servers)?.shiftWall((world.random() - 0.5) * 2 * 3_600_000);
  },
  heal: () => undefined,
};

const drain: Fault = {
  name: 'drain',
  strike(world, servers) {
    const server = pick(world, servers);
    void server?.drain().then(() => later(world, 50, 2000, () => server.start()));
  },
  heal: (_world, servers) => {
    for (const server of servers) server.start();
  },
};

/** Everything that may happen. */
export const faults: readonly Fault[] = [
  crash('process'),
  crash('power'),
  crashAll,
  pause,
  cutLinks,
  breakLinks,
  cutDirectory,
  slowDisk,
  failSync,
  fullDisk,
  wallClock,
  drain,
];

/** As an operator does it: one node after another, each when the cluster is whole. */
const drainWhenWhole: Fault = {
  ...drain,
  strike(world, servers) {
    if (isWhole(servers)) drain.strike(world, servers);
  },
};

function isWhole(servers: readonly SimServer[]): boolean {
  return servers.every((server) => server.node !== undefined && server.node.cluster.unready() === undefined);
}

/** Only what is done on purpose: nothing may be lost, and nothing come twice. */
export const plannedFaults: readonly Fault[] = [drainWhenWhole];

/**
 * Power loss of one node, and the kill of another one while the first catches up; only when everything is whole, for
 * without syncs nothing else is promised.
 */
const powerThenKill: Fault = {
  name: 'power, then kill',
  strike(world, servers) {
    const [first, second] = shuffled(world, servers);
    if (first === undefined || second === undefined || !isWhole(servers)) return;
    first.crash('power');
    later(world, 10, 1500, () => first.start());
    later(world, 0, 2500, () => {
      second.crash('process');
      later(world, 50, 3000, () => second.start());
    });
  },
  heal: (_world, servers) => {
    for (const server of servers) server.start();
  },
};

function shuffled(world: SimWorld, servers: readonly SimServer[]): SimServer[] {
  const from = Math.floor(world.random() * servers.length);
  const rest = servers.filter((_, index) => index !== from);
  return [...servers.slice(from, from + 1), ...(world.random() < 0.5 ? rest : rest.reverse())];
}

/** What a cluster gets over that never syncs its journals. */
export const unsyncedFaults: readonly Fault[] = [powerThenKill, crash('process'), breakLinks];

/** A bit of what is on stable storage changes: in any file but the journal's last segment, whose end nothing vouches for. */
const flipBit: Fault = {
  name: 'bit flip',
  strike(world, servers) {
    const server = pick(world, servers);
    if (server === undefined) return;
    const { disk } = server;
    const segments = disk.names().filter((name) => name.endsWith('.segment'));
    const rest = disk.names().filter((name) => name === 'checkpoint' || name.endsWith('.backlog'));
    const names = [...segments.slice(0, -1), ...rest];
    const name = names[Math.floor(world.random() * names.length)];
    if (name === undefined) return;
    const offset = Math.floor(world.random() * disk.sizeBytes(name));
    world.trace(`${server.name} has a bit flipped in ${name} at ${offset}`);
    disk.flipBit(name, offset, Math.floor(world.random() * 8));
  },
  heal: () => undefined,
};

const failWrite: Fault = {
  name: 'failed write',
  strike(world, servers) {
    const server = pick(world, servers);
    if (server === undefined) return;
    world.trace(`${server.name}'s next write fails`);
    server.disk.failNextWrite();
    later(world, 500, 3000, () => server.start());
  },
  heal: (_world, servers) => {
    for (const server of servers) server.start();
  },
};

const shortWrites: Fault = {
  name: 'short writes',
  strike(world, servers) {
    const server = pick(world, servers);
    if (server === undefined) return;
    world.trace(`${server.name}'s writes come short`);
    server.disk.shortWrites = true;
  },
  heal: (_world, servers) => {
    for (const server of servers) server.disk.shortWrites = false;
  },
};

/**
 * One disk goes bad in every way, one of the three and always the same in a run: all that it held the others hold as
 * well, and it comes to be whole again by them.
 */
export function badDiskFaults(seed: number): readonly Fault[] {
  const kinds = [flipBit, flipBit, flipBit, failSync, failWrite, shortWrites, slowDisk, fullDisk, drain];
  const only = (servers: readonly SimServer[]) => servers.slice(seed % servers.length, (seed % servers.length) + 1);
  return [crash('process'), crash('power'), ...kinds].map(({ name, strike, heal }) => ({
    name,
    strike: (world, servers) => strike(world, only(servers)),
    heal: (world, servers) => heal(world, servers),
  }));
}
