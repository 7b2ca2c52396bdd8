// A new build is fetched in the background and takes over only when a person says so (or no page is open any more).
import type { Bridge } from './bridge.ts';
import { element } from './dom.ts';
import { say } from './language.ts';
import { strip } from './strip.ts';

const LOOK_MS = 60 * 60_000;

export function offerUpdates(bridge: Bridge): void {
  void navigator.serviceWorker?.ready.then(registration => {
    const look = (): void => { if (registration.waiting) offer(bridge, registration.waiting); };
    look();
    registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', look));
    setInterval(() => { void registration.update().catch(() => {}); }, LOOK_MS);
  });
}

function offer(bridge: Bridge, waiting: ServiceWorker): void {
  const button = element('button', { class: 'sw-link-button', type: 'button' }, say('Change over now'));
  button.addEventListener('click', () => {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    void bridge.call('retire').finally(() => waiting.postMessage('activate'));
  });
  strip('update', say('A new version is ready.'), ' ', button);
}
