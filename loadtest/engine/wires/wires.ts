import type { ProtocolName } from '../../scenario/scenario.ts';
import { beanstalk } from './beanstalk.ts';
import { binary } from './binary.ts';
import { echo } from './echo.ts';
import { memcache } from './memcache.ts';
import { meta } from './meta.ts';
import { nats } from './nats.ts';
import { redis } from './redis.ts';
import { text } from './text.ts';
import { thrift } from './thrift.ts';
import type { Protocol } from './wire.ts';

/** The protocols that a load can be sent in. */
export const wires: Readonly<Record<ProtocolName, Protocol>> = {
  ...{ memcache, meta, binary, text, thrift },
  ...{ redis, beanstalk, nats, echo },
};
