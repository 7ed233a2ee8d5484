import type { ScenarioFile, When } from './file-schema.ts';
import { applies, given, type ParameterValues } from './parameters.ts';
import type { ConsumerGroup, Fault, MixedGroup, Phase, ProducerGroup, Scenario } from './scenario.ts';

/** Ends the resolution: what stands at the place of the file is wrong. */
type Fail = (place: readonly PropertyKey[], message: string) => never;

interface Context {
  readonly file: ScenarioFile;
  readonly values: ParameterValues;
  readonly fail: Fail;
}

type PhaseFile = ScenarioFile['phases'][number];
type GroupFile = PhaseFile['mixed'][number] | PhaseFile['consumers'][number];
type Place = readonly PropertyKey[];

const actions = { KILL: 'kill', TERM: 'terminate', STOP: 'pause' } as const;

/** Turns a checked file into what the engine runs, and checks what no key can be checked for alone. */
export function resolveScenario(
  name: string,
  run: number,
  file: ScenarioFile,
  values: ParameterValues,
  fail: Fail,
): Scenario {
  const context = { file, values, fail };
  const phases = pick(context, file.phases, ['phases'], resolvePhase);
  if (phases.length === 0) fail(['phases'], 'no phase applies');
  return {
    name,
    description: file.description,
    protocol: file.protocol,
    queues: {
      prefix: file.queues.prefix ?? `loadtest-${name}-${run.toString(36)}-`,
      count: file.queues.count,
      fanouts: file.queues.fanouts,
    },
    route: file.route,
    demands: {
      lost: file.verify.lost,
      duplicated: file.verify.duplicated,
      unexpected: file.verify.unexpected,
      outOfOrder: file.verify.outOfOrder,
      errors: file.verify.errors,
      stallMs: file.verify.stall,
    },
    drain: { timeoutMs: file.drain.within, quietMs: file.drain.quiet },
    phases,
  };
}

/** Resolves those entries of a list whose `when` is fulfilled. */
function pick<Entry extends { when?: When }, Resolved>(
  context: Context,
  entries: readonly Entry[],
  place: Place,
  resolve: (context: Context, entry: Entry, place: Place) => Resolved,
): Resolved[] {
  return entries.flatMap((entry, index) => {
    const own = [...place, index];
    checkWhen(context, entry.when, [...own, 'when']);
    return applies(entry.when, context.values) ? [resolve(context, entry, own)] : [];
  });
}

function checkWhen({ file, fail }: Context, when: When, place: Place): void {
  for (const [name, wanted] of Object.entries(when ?? {})) {
    const parameter = file.parameters[name];
    if (parameter === undefined) return fail([...place, name], 'want the name of a parameter');
    const right = parameter.choices?.map(String) ?? [given];
    const odd = [wanted].flat().find((value) => !right.includes(String(value)));
    if (odd !== undefined) fail([...place, name], `want ${right.join(', ')}, not ${odd}`);
  }
}

function resolvePhase(context: Context, phase: PhaseFile, place: Place): Phase {
  const groups = {
    producers: pick(context, phase.producers, [...place, 'producers'], resolveProducer),
    consumers: pick(context, phase.consumers, [...place, 'consumers'], resolveConsumer),
    mixed: pick(context, phase.mixed, [...place, 'mixed'], resolveProducer),
  };
  const faults = pick(context, phase.faults, [...place, 'faults'], resolveFault);
  if (phase.time === undefined) {
    const limited = Object.values(groups).some((kind) => kind.some((group) => group.items !== undefined));
    if (!limited) context.fail(place, 'never ends: it wants a time, or a group with items');
    if (faults.length > 0) context.fail([...place, 'faults'], 'want a time for the phase: faults end before it does');
  }
  const { name, measured, time, idle } = phase;
  return { name, measured, durationMs: time, ...groups, idleConnections: idle, faults };
}

function resolveGroup({ file, fail }: Context, group: GroupFile, place: Place) {
  const { count } = file.queues;
  const { first, last } = group.queues === 'all' ? { first: 0, last: count - 1 } : group.queues;
  if (last >= count) fail([...place, 'queues'], `want 0..${count - 1} at most: queues has count ${count}`);
  return {
    connections: group.connections,
    depth: group.depth,
    ratePerSecond: group.rate,
    queues: Array.from({ length: last - first + 1 }, (_, index) => first + index),
    measured: group.measured,
  };
}

function resolveProducer(
  context: Context,
  group: PhaseFile['producers'][number],
  place: Place,
): ProducerGroup & MixedGroup {
  return { ...resolveGroup(context, group, place), sizes: group.size, items: group.items };
}

function resolveConsumer(context: Context, group: PhaseFile['consumers'][number], place: Place): ConsumerGroup {
  const { fanouts } = context.file.queues;
  if (group.fanout !== undefined && !fanouts.includes(group.fanout)) {
    context.fail([...place, 'fanout'], `want one of queues.fanouts: ${fanouts.join(', ')}`);
  }
  return {
    ...resolveGroup(context, group, place),
    read: group.read,
    waitMs: group.wait,
    items: group.items,
    abortEvery: group.abortEvery,
    disconnectEvery: group.disconnectEvery,
    behindItems: group.behind,
    fanout: group.fanout,
  };
}

function resolveFault(_context: Context, fault: PhaseFile['faults'][number]): Fault {
  return {
    atMs: fault.at,
    everyMs: fault.every,
    node: fault.node,
    action: actions[fault.signal],
    downMs: fault.down,
  };
}
