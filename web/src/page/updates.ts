// A new build is fetched in the background and takes over only when a person says so (or no page is open any more).
import type { Bridge } from './bridge.ts';
import type { Drafts } from './drafts.ts';
import { element } from './dom.ts';
import { say } from './language.ts';
import { strip } from './strip.ts';

const LOOK_MS = 60 * 60_000;

export function offerUpdates(bridge: Bridge, drafts: Drafts): void {
  void navigator.serviceWorker?.ready.then(registration => {
    const look = (): void => { if (registration.waiting) offer(bridge, drafts, registration.waiting); };
    look();
    registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', look));
    setInterval(() => { void registration.update().catch(() => {}); }, LOOK_MS);
  });
}

/** The files of this page are of another build than the server's: offers to change over, which loads the page anew. */
export async function offerNewerPage(): Promise<never> {
  const registration = await navigator.serviceWorker.getRegistration();
  await registration?.update();
  const newer = registration && (registration.waiting ?? await installed(registration));
  const button = element('button', { class: 'sw-link-button', type: 'button' }, say('Change over now'));
  button.addEventListener('click', () => {
    if (newer?.state !== 'installed') { location.reload(); return; }
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    newer.postMessage('activate');
  });
  strip('update', say('A new version is ready.'), ' ', button);
  return new Promise<never>(() => {});
}

/** The service worker that is being installed, once it has everything; null when there is none. Throws when it fails. */
async function installed(registration: ServiceWorkerRegistration): Promise<ServiceWorker | null> {
  const worker = registration.installing;
  if (!worker) return null;
  await new Promise<void>((resolve, reject) => {
    const look = (): void => {
      if (worker.state === 'redundant') reject(new Error('the newer build could not be fetched'));
      else if (worker.state !== 'installing') resolve();
    };
    worker.addEventListener('statechange', look);
    look();
  });
  return worker;
}

function offer(bridge: Bridge, drafts: Drafts, waiting: ServiceWorker): void {
  const button = element('button', { class: 'sw-link-button', type: 'button' }, say('Change over now'));
  button.addEventListener('click', () => {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    void drafts.save().then(() => bridge.call('retire')).finally(() => waiting.postMessage('activate'));
  });
  strip('update', say('A new version is ready.'), ' ', button);
}
