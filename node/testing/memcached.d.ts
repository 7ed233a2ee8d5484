/** What is used here of the npm package memcached, which comes without types. */
declare module 'memcached' {
  class Memcached {
    constructor(
      servers: string | string[],
      options?: { poolSize?: number; timeout?: number; retries?: number; reconnect?: number },
    );
    set(key: string, value: string, lifetimeSeconds: number, done: (error?: Error, stored?: boolean) => void): void;
    get(key: string, done: (error?: Error, data?: unknown) => void): void;
    end(): void;
  }
  export = Memcached;
}
