// The way by USB stick, as a person uses it: a button that saves the outbox as a file, a field that reads the receipts.
import type { Bridge } from './bridge.ts';
import { element } from './dom.ts';
import { failureText } from './failures.ts';
import { chosenLang, say, sentences } from './language.ts';
import { insist, strip } from './strip.ts';

const FREED_AFTER_MS = 60_000; // the browser has read the file long before
const OUT = 'carry-out';
const BACK = 'carry-receipts';

/** A button for places that the desk does not draw, such as the message about a full disk. */
export function carryButton(): HTMLButtonElement {
  return element('button', { type: 'button', class: 'sw-link-button', 'data-action': OUT }, say('Save the outbox as a file'));
}

/** Listens for the button and the field wherever they are shown. */
export function offerCarrying(bridge: Bridge): void {
  document.addEventListener('click', event => {
    const button = (event.target as Element | null)?.closest<HTMLButtonElement>(`[data-action="${OUT}"]`);
    if (button) void told(say('Making the file …'), () => saveOutbox(bridge));
  });
  document.addEventListener('change', event => {
    const field = event.target as HTMLInputElement;
    const file = field.dataset['action'] === BACK ? field.files?.[0] : undefined;
    if (file) void told(say('Reading the receipts …'), () => readReceipts(bridge, file)).finally(() => { field.value = ''; });
  });
}

async function saveOutbox(bridge: Bridge): Promise<string> {
  const saved = await bridge.call('carryOut', chosenLang());
  if ('problem' in saved) return saved.problem;
  const url = URL.createObjectURL(new Blob([saved.bytes], { type: 'application/octet-stream' }));
  element('a', { href: url, download: saved.name }).click();
  setTimeout(() => URL.revokeObjectURL(url), FREED_AFTER_MS);
  return say('Saved as {name} with {count} acts. Copy it to a USB stick, hand it in at the centre, and bring the receipts back.', { name: saved.name, count: saved.count });
}

async function readReceipts(bridge: Bridge, file: File): Promise<string> {
  const taken = await bridge.call('takeReceipts', new Uint8Array(await file.arrayBuffer()), chosenLang());
  if ('problem' in taken) return taken.problem;
  if (!taken.receipts && !taken.refused && !taken.left) return say('Nothing new is in this file: its receipts are here already.');
  const parts = !taken.receipts && !taken.refused ? [] : [say('{receipts} acts now have the city record’s signed receipt (two ticks).', taken)];
  if (taken.refused) parts.push(say('{refused} were held back by the record; the reasons are below.', taken));
  if (taken.left) parts.push(say('{left} cases that this device may no longer hold have left it.', taken));
  return sentences(...parts);
}

/** Shows that something is done, then what came of it, where eyes and screen reader find it. */
async function told(meanwhile: string, work: () => Promise<string>): Promise<void> {
  strip('carry', meanwhile);
  const text = await work().catch(failureText);
  strip('carry', element('strong', {}, text));
  insist('carry');
}
