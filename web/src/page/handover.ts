// A page's part in handing an open device over to the page that comes after it; the service worker keeps the keys in
// between (service-worker/handover.ts). The page itself only passes the line on and never holds them.
import type { HandoverAsk } from '../shared/protocol.ts';
import type { Bridge } from './bridge.ts';

const ANSWER_MS_MAX = 1_000;

/** When this page is about to be left: `save` keeps what is typed, then the worker hands its keys over. */
export function handOverWhenLeft(bridge: Bridge, save: () => Promise<void> = async () => {}): void {
  navigator.serviceWorker?.addEventListener('message', event => {
    const [port] = event.ports;
    if (event.data !== 'leaving' || !port) return;
    void save().finally(() => bridge.call('handOver', port).catch(() => {}));
  });
}

/** Whether the page before this one handed an open device over. */
export async function keysKept(): Promise<boolean> {
  const keeper = navigator.serviceWorker?.controller;
  if (!keeper) return false;
  const { port1, port2 } = new MessageChannel();
  return await new Promise(resolve => {
    port1.onmessage = ({ data }) => resolve(data === true);
    setTimeout(() => resolve(false), ANSWER_MS_MAX);
    ask(keeper, 'keys?', port2);
  });
}

/** A line on which a worker gets the kept keys. */
export function keysFor(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  const keeper = navigator.serviceWorker?.controller;
  if (keeper) ask(keeper, 'give', port2); else port2.postMessage(null);
  return port1;
}

/** Nobody needs them any more: a worker runs, or the person locked the device. */
export function forgetKeys(): void {
  const keeper = navigator.serviceWorker?.controller;
  if (keeper) ask(keeper, 'forget');
}

function ask(keeper: ServiceWorker, what: HandoverAsk, port?: MessagePort): void {
  keeper.postMessage({ handover: what }, port ? [port] : []);
}
