import { GetAnswers } from './get-answers.ts';
import type { SimChecker } from './sim-checker.ts';
import type { SimConnection, SimServer, SimWorld } from './sim-server.ts';

/** Nothing is heard for so long though something was asked: the connection is given up. */
const patienceMs = 8000;
const retryMs = 40;
const waitMs = 100;
/** Between gets that follow one another, and between those that find many items there, which are on the disk by then. */
const [shortPauseMs, longPauseMs] = [8, 3000];
const mostAtOnce = 16;
const mostInFlight = 48;

/** Where a value has its place among those of its producer: `queue:producer:sequence.index:…`. */
function placeOf(value: string): { producer: string; place: number } {
  const [, producer = '', place = ''] = value.split(':');
  const [sequence = 0, index = 0] = place.split('.').map(Number);
  return { producer, place: sequence * 1000 + index };
}

/** A client's connection with many gets in flight, for as long as it lasts. */
class Taking {
  readonly #connection: SimConnection | undefined;
  /** Since something was heard, or asked for while nothing was. */
  #heardMs: number;
  inFlight = 0;
  open = true;

  constructor(world: SimWorld, server: SimServer | undefined, checker: SimChecker) {
    const [accepted, received] = [new GetAnswers(), new GetAnswers()];
    const latest = new Map<string, number>();
    this.#heardMs = world.clock.monotonicMs();
    this.#connection = server?.connect({
      // From here on it need not come again, though it may not arrive.
      accepted: (text) => {
        for (const value of accepted.push(text)) if (value !== undefined) checker.close(value);
      },
      received: (text) => {
        this.#heardMs = world.clock.monotonicMs();
        for (const value of received.push(text)) {
          this.inFlight--;
          if (value === undefined) continue;
          checker.deliver(value);
          checker.confirm(value);
          const { producer, place } = placeOf(value);
          if (place < (latest.get(producer) ?? 0)) checker.misplace(value);
          latest.set(producer, place);
        }
      },
      closed: () => {
        this.open = false;
      },
    });
    this.open = this.#connection !== undefined;
  }

  ask(request: string, times: number, nowMs: number): void {
    if (this.inFlight === 0) this.#heardMs = nowMs;
    this.inFlight += times;
    this.#connection?.send(request.repeat(times));
  }

  isSilent(nowMs: number): boolean {
    return this.inFlight > 0 && nowMs - this.#heardMs > patienceMs;
  }

  cut(): void {
    this.open = false;
    this.#connection?.cut();
  }
}

/** Takes items from one queue by plain gets, half of which wait, many at once; now and then goes in the midst of them. */
export async function take(
  world: SimWorld,
  servers: readonly SimServer[],
  checker: SimChecker,
  queue: string,
  until: { readonly over: boolean },
): Promise<void> {
  const { clock, random } = world;
  const pause = (ms: number): Promise<void> => new Promise((resolve) => clock.schedule(ms, resolve));
  while (!until.over) {
    const taking = new Taking(world, servers[Math.floor(random() * servers.length)], checker);
    while (taking.open && !until.over) {
      const request = random() < 0.5 ? `get ${queue}\r\n` : `get ${queue}/t=${waitMs}\r\n`;
      if (taking.inFlight < mostInFlight)
        taking.ask(request, 1 + Math.floor(random() * mostAtOnce), clock.monotonicMs());
      await pause(random() * (random() < 0.1 ? longPauseMs : shortPauseMs));
      if (random() < 0.02 || taking.isSilent(clock.monotonicMs())) taking.cut();
    }
    taking.cut();
    await pause(retryMs);
  }
}
