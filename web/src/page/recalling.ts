// Finished cases leave this device when somebody wants room, and come back from the page that stands in their place.
import type { Bridge } from './bridge.ts';
import { failureText } from './failures.ts';
import { say } from './language.ts';
import { strip } from './strip.ts';

export function offerRecalling(bridge: Bridge): void {
  document.addEventListener('click', event => {
    const target = event.target as Element | null;
    if (target?.closest('[data-action="make-room"]')) {
      bridge.call('makeRoom').then(
        n => strip('room', say('{n} finished cases left this device; the city record has them.', { n })), (error: unknown) => strip('room', failureText(error)));
    }
    const button = target?.closest<HTMLButtonElement>('[data-action="recall"]');
    const caseId = button?.dataset['case'];
    if (!button || !caseId) return;
    button.disabled = true;
    bridge.call('recall', caseId).then(
      () => strip('recall', say('The case is asked for. It opens here by itself as soon as it has come; without network, when the network is back.')),
      (error: unknown) => { button.disabled = false; strip('recall', failureText(error)); });
  });
}
