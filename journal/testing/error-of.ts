import { AssertionError, ok } from 'node:assert/strict';
import { WindhoverError } from '../base/errors.ts';

/** The WindhoverError that the work rejects with. @throws when it rejects with anything else, or not at all */
export async function errorOf(work: Promise<unknown>): Promise<WindhoverError> {
  try {
    await work;
  } catch (error) {
    ok(error instanceof WindhoverError, `not a WindhoverError: ${error}`);
    return error;
  }
  throw new AssertionError({ message: 'there was no error' });
}
