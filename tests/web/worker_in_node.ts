// The worker's program in node as a browser starts it: a page can call it.
import { MessageChannel } from 'node:worker_threads';
import type { Op } from '../../web/src/shared/protocol.ts';

export interface Worker { call: (op: Op, ...args: unknown[]) => Promise<unknown>; closed: () => number; end: () => void }
/** What a call that was refused throws. */
export class Refused extends Error { constructor(readonly code: string) { super(code); } }

/** Starts it with the only lock there is; once in a process. */
export async function startedWorker(): Promise<Worker> {
  let closed = 0;
  const own = Object.assign(new EventTarget(), { name: '', onconnect: null as ((event: unknown) => void) | null, close() { closed += 1; } });
  const locks = { request: async (_: string, __: unknown, held: () => Promise<void>) => await held() };
  const every = globalThis.setInterval;
  const setInterval = (run: () => void, ms: number) => every(run, ms).unref(); // a worker never ends by itself
  Object.assign(globalThis, { self: own, setInterval });
  Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
  await import('../../web/src/worker/main.ts');
  const { port1, port2 } = new MessageChannel();
  own.onconnect!({ ports: [port2] });
  let asked = 0;
  const call = async (op: Op, ...args: unknown[]): Promise<unknown> => {
    const id = ++asked;
    port1.postMessage({ id, op, args });
    return await new Promise((resolve, reject) => {
      port1.on('message', function heard(said: { id?: number; value?: unknown; failure?: { code: string } }) {
        if (said.id !== id) return;
        port1.off('message', heard);
        if (said.failure) reject(new Refused(said.failure.code)); else resolve(said.value);
      });
    });
  };
  return { call, closed: () => closed, end: () => port1.close() };
}
