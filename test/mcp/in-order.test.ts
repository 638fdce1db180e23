import { expect, test } from 'vitest';
import { InOrder } from '../../src/mcp/in-order.ts';

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (fault: Error) => void;
}

function deferred<T>(): Deferred<T> {
  return Promise.withResolvers<T>();
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('effects come in the order of the work, whatever finishes first', async () => {
  const inOrder = new InOrder(10);
  const seen: number[] = [];
  const works = [deferred<number>(), deferred<number>(), deferred<number>()];
  for (const { promise } of works) {
    await inOrder.add(promise, async (value) => {
      seen.push(value);
    });
  }
  works[2]?.resolve(2);
  works[1]?.resolve(1);
  await turn();
  expect(seen).toEqual([]);
  works[0]?.resolve(0);
  await inOrder.done();
  expect(seen).toEqual([0, 1, 2]);
});

test('an effect that takes its time holds back the next', async () => {
  const inOrder = new InOrder(10);
  const written = deferred<void>();
  const seen: string[] = [];
  await inOrder.add(Promise.resolve('a'), async (value) => {
    await written.promise;
    seen.push(value);
  });
  await inOrder.add(Promise.resolve('b'), async (value) => {
    seen.push(value);
  });
  await turn();
  expect(seen).toEqual([]);
  written.resolve();
  await inOrder.done();
  expect(seen).toEqual(['a', 'b']);
});

test('no more than so many are under way', async () => {
  const inOrder = new InOrder(2);
  const first = deferred<number>();
  const second = deferred<number>();
  await inOrder.add(first.promise, async () => {});
  let hasRoom = false;
  const adding = inOrder
    .add(second.promise, async () => {})
    .then(() => {
      hasRoom = true;
    });
  await turn();
  expect(hasRoom).toBe(false);
  first.resolve(1);
  await adding;
  second.resolve(2);
  await inOrder.done();
});

test('after a failure nothing has its effect, and whoever adds hears of it', async () => {
  const inOrder = new InOrder(10);
  const seen: number[] = [];
  const effect = async (value: number): Promise<void> => {
    seen.push(value);
  };
  const failing = deferred<number>();
  await inOrder.add(failing.promise, effect);
  await inOrder.add(Promise.resolve(2), effect);
  failing.reject(new Error('broken'));
  await expect(inOrder.done()).rejects.toThrow('broken');
  await expect(inOrder.add(Promise.resolve(3), effect)).rejects.toThrow('broken');
  expect(seen).toEqual([]);
});
