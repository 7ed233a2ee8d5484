import { beanstalk } from './beanstalk.ts';
import { echo } from './echo.ts';
import { memcache } from './memcache.ts';
import { nats } from './nats.ts';
import { redis } from './redis.ts';
import type { Protocol } from './wire.ts';

/** The protocols that a load can be sent in, by the name that the command line knows them by. */
export const wires: Readonly<Record<string, Protocol>> = { memcache, redis, beanstalk, nats, echo };
