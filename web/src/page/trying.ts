// The button that makes contact with the record at once, and what came of it.
import type { Bridge } from './bridge.ts';
import { failureText } from './failures.ts';
import { say } from './language.ts';
import { strip } from './strip.ts';

const SHOWN_MS = 15_000;

export function offerTrying(bridge: Bridge): void {
  document.addEventListener('click', event => {
    const button = (event.target as Element | null)?.closest<HTMLButtonElement>('[data-action="try-now"]');
    if (!button || button.disabled) return;
    button.disabled = true;
    strip('try', say('Asking the city record …'));
    bridge.call('tryNow').then(
      reached => strip('try', reached
        ? say('The city record was reached; what waited is being sent.')
        : say('The city record cannot be reached now. What was recorded is safe on this device and is sent by itself as soon as the network is back.')),
      (error: unknown) => strip('try', failureText(error)),
    ).finally(() => { button.disabled = false; setTimeout(() => strip('try'), SHOWN_MS); });
  });
}
