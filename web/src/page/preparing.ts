// On a page that the server made: prepares this browser for work without network, step by step and visibly. Only a
// passed self-test makes it say "ready".
import { READY_CACHE, READY_MARK, BUILD } from '../shared/build.ts';
import { dropOtherBuilds, fetchManifest, precache } from '../shared/precache.ts';
import { Refusal } from '../shared/protocol.ts';
import type { Bridge } from './bridge.ts';
import { element } from './dom.ts';
import { failureHelp, failureText, signInAgain } from './failures.ts';
import { heldWork, markHeldWork } from './held_work.ts';
import { say } from './language.ts';
import { newPassphraseForm, unlockForm } from './passphrase.ts';
import { fetchMe } from '../worker/record.ts';
import { strip } from './strip.ts';
import { offerNewerPage } from './updates.ts';

const RETRY_MS = 10_000;

/** Whether this device has passed its self-test. */
export async function isReady(): Promise<boolean> {
  return 'caches' in window && await (await caches.open(READY_CACHE)).match(READY_MARK) !== undefined;
}

/** Prepares this device for the person who is signed in; comes back when it is ready or cannot be. */
export async function prepare(connect: () => Bridge): Promise<void> {
  if (!('serviceWorker' in navigator && 'caches' in window && 'locks' in navigator && window.isSecureContext)) {
    strip('prepare', say('This browser cannot work offline here: it needs a current browser and a secure (https) address. Online work is not affected.'));
    return;
  }
  void navigator.storage?.persist?.();
  await untilDone(fetchFiles);
  await navigator.serviceWorker.register('/sw.js', { updateViaCache: 'none' });
  await navigator.serviceWorker.ready; // then the worker has its engine through it, and what Chromium compiles of it is kept from the first day on
  const bridge = connect();
  await untilDone(async () => {
    const { door } = await bridge.workingState();
    if (door === 'none') {
      if (heldWork()) strip('cleared', say('This browser has cleared what it kept here, because space ran out or somebody cleared it. What showed two ticks is in the city record; what showed one tick only is lost: record it again and tell the centre.'));
      await askNewPassphrase(bridge);
    } else if (door === 'locked') await askPassphrase(bridge);
  });
  markHeldWork();
  if (!await finishPreparing(bridge)) return;
  await (await caches.open(READY_CACHE)).put(READY_MARK, new Response(''));
  strip('prepare', element('strong', { id: 'offline-ready' }, say('Ready for offline use')), ' · ',
    element('a', { href: location.pathname, class: 'govuk-link' }, say('Go on in the local app')));
}

/** Prepares a device that works already for one more person: the one who is signed in. */
export async function prepareAnother(bridge: Bridge): Promise<void> {
  await untilDone(() => askNewPassphrase(bridge));
  await finishPreparing(bridge);
}

/** The first sync and the self-test; false when the test failed. */
export async function finishPreparing(bridge: Bridge): Promise<boolean> {
  await untilDone(() => firstSync(bridge));
  strip('prepare', say('Testing this device …'));
  try {
    await bridge.call('selfTest');
  } catch (error) {
    strip('prepare', failureText(error));
    return false;
  }
  return true;
}

async function fetchFiles(): Promise<void> {
  const bar = element('progress', { max: '100', 'aria-label': say('Preparing for offline use') });
  const words = element('span', { id: 'offline-bytes' });
  strip('prepare', say('Preparing for offline use'), bar, words);
  const manifest = await fetchManifest();
  if (manifest.build !== BUILD) {
    strip('prepare');
    await offerNewerPage();
  }
  await precache(manifest, ({ done, total }) => {
    bar.value = total ? done / total * 100 : 0;
    words.textContent = say('{done} of {total} MB', { done: megabytes(done), total: megabytes(total) });
  });
  await dropOtherBuilds(BUILD);
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

async function askNewPassphrase(bridge: Bridge): Promise<void> {
  const { fresh, ownWords } = await fetchMe();
  if (!fresh) {
    strip('prepare', say('Whoever prepares a device proves once more who it is: your sign-in is some time ago.'), ' ', signInAgain());
    await new Promise<never>(() => {});
  }
  await new Promise<void>(resolve => {
    strip('prepare', newPassphraseForm(deviceName(), ownWords, async (passphrase, name) => {
      try {
        await bridge.call('enrol', passphrase, name);
        resolve();
        return null;
      } catch (error) {
        const help = failureHelp(error);
        if (help) strip('prepare', failureText(error), ' ', help);
        return failureText(error);
      }
    }));
  });
}

function askPassphrase(bridge: Bridge): Promise<void> {
  return new Promise(resolve => {
    strip('prepare', element('p', { class: 'govuk-body' }, say('Preparing is not finished. Unlock this device to go on.')), unlockForm(async passphrase => {
      try {
        await bridge.call('unlock', passphrase);
        resolve();
        return null;
      } catch (error) { return failureText(error); }
    }));
  });
}

async function firstSync(bridge: Bridge): Promise<void> {
  await bridge.call('syncNow');
  await new Promise<void>((resolve, reject) => {
    const look = (): void => {
      const state = bridge.state?.sync;
      if (!state) return;
      strip('prepare', say('Fetching your cases: {count} acts so far', { count: state.pulled }));
      if (state.problem === 'signed_out') done(() => reject(new Refusal('signed_out')));
      else if (state.problem && state.problem !== 'busy') done(() => reject(new Refusal('fault', state.problem)));
      else if (state.online && state.complete) done(resolve);
    };
    const done = (settle: () => void): void => {
      bridge.removeEventListener('state', look);
      bridge.removeEventListener('content', look);
      settle();
    };
    bridge.addEventListener('state', look);
    bridge.addEventListener('content', look);
    void bridge.freshState().then(look, reject);
  });
}

/** Repeats a step that failed, after a while or at once when the person asks. */
async function untilDone(step: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await step();
      return;
    } catch (error) {
      const again = element('button', { class: 'govuk-button govuk-button--secondary', type: 'button' }, say('Try again'));
      const text = error instanceof Refusal ? failureText(error) : say('Preparing was interrupted. What was fetched is kept; it goes on by itself when the network is back.');
      strip('prepare', text, ' ', failureHelp(error) || again);
      await Promise.race([
        new Promise(resolve => again.addEventListener('click', resolve, { once: true })),
        new Promise(resolve => addEventListener('online', resolve, { once: true })),
        ...(error instanceof Refusal ? [] : [new Promise(resolve => setTimeout(resolve, RETRY_MS))]),
      ]);
    }
  }
}

export function deviceName(): string {
  const data = (navigator as Navigator & { userAgentData?: { platform: string; brands: { brand: string }[] } }).userAgentData;
  const brand = data?.brands.map(each => each.brand).find(each => !/not.?a/i.test(each));
  return [brand, data?.platform].filter(Boolean).join(', ').slice(0, 60) || 'Browser';
}
