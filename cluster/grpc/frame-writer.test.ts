import { Writable } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { drainMarkBytes, FrameWriter } from './frame-writer.ts';

/** A stream that takes a frame when it is told to, and the half of a link before it. */
class Scene {
  readonly taken: string[] = [];
  drained = 0;
  readonly writer: FrameWriter;
  #goOn: (() => void) | undefined;
  readonly #stream = new Writable({
    highWaterMark: 10,
    write: (frame: Buffer, _encoding, done) => {
      this.#goOn = () => {
        this.taken.push(frame.length > 1 ? `${frame.length}` : frame.toString());
        done();
      };
    },
    final: (done) => {
      this.taken.push('end');
      done();
    },
  });

  constructor() {
    this.writer = new FrameWriter(this.#stream, () => this.drained++);
  }

  send(...frames: readonly (string | number)[]): void {
    for (const frame of frames) {
      this.writer.send(typeof frame === 'string' ? Buffer.from(frame) : Buffer.alloc(frame));
    }
  }

  /** The network takes the next frame. */
  async take(frames = 1): Promise<void> {
    for (let left = frames; left > 0; left--) {
      const goOn = this.#goOn;
      this.#goOn = undefined;
      goOn?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

test('what was sent before the start goes first, in order, and what came before the end before that', async () => {
  const scene = new Scene();
  scene.send('a', 'b');
  await scene.take(2);
  assert.equal(scene.taken, []);
  scene.writer.start();
  scene.send('c');
  scene.writer.finish();
  await scene.take(5);
  assert.equal(scene.taken, ['a', 'b', 'c', 'end']);
});

test('one that is ended before it was started sends everything yet', async () => {
  const scene = new Scene();
  scene.send('a', 'b');
  scene.writer.finish();
  await scene.take(3);
  assert.equal(scene.taken, ['a', 'b', 'end']);
});

test('bytes count until the network has them, and its owner hears once when there are few again', async () => {
  const scene = new Scene();
  scene.send(drainMarkBytes);
  scene.writer.start();
  await scene.take();
  assert.equal([scene.writer.queuedBytes, scene.drained], [0, 0], 'it was never above the mark');
  scene.send(2, 3, drainMarkBytes);
  assert.is(scene.writer.queuedBytes, drainMarkBytes + 5);
  await scene.take();
  assert.is(scene.writer.queuedBytes, drainMarkBytes + 3);
  await scene.take();
  assert.equal([scene.writer.queuedBytes, scene.drained], [drainMarkBytes, 0], 'at the mark is not below it');
  await scene.take();
  assert.equal([scene.writer.queuedBytes, scene.drained], [0, 1]);
  scene.send(1);
  await scene.take();
  assert.is(scene.drained, 1);
});

test.run();
