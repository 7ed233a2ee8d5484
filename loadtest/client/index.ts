// biome-ignore lint/performance/noBarrelFile: this is what the package exports as windhover/client
export { type CallOptions, Client, type ClientOptions, type ReadOptions } from './client.ts';
export type { Item } from './connection.ts';
export type { ConsumeOptions } from './consumer.ts';
export { ClientError, type ClientErrorCode } from './errors.ts';
export type { Data, NewItem } from './requests.ts';
export type { Reservation } from './reservation.ts';
