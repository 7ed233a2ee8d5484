import { beanstalkWire } from './beanstalk.ts';
import { echoWire } from './echo.ts';
import { memcacheWire } from './memcache.ts';
import { natsWire } from './nats.ts';
import { redisWire } from './redis.ts';
import type { WireFactory } from './wire.ts';

/** The protocols that a load can be sent in, by the name that the command line knows them by. */
export const wires: Readonly<Record<string, WireFactory>> = {
  memcache: memcacheWire,
  redis: redisWire,
  beanstalk: beanstalkWire,
  nats: natsWire,
  echo: echoWire,
};
