// The part of the sync page about what opens this device: another passphrase, a passkey beside it.
import type { Bridge } from './bridge.ts';
import { element } from './dom.ts';
import { failureHelp, failureText } from './failures.ts';
import { say } from './language.ts';
import { makePasskey, passkeysPossible } from './passkeys.ts';
import { deviceName } from './preparing.ts';
import { agreedPassphrase, deviceNameField } from './passphrase.ts';

const PLACE = 'opening-setting';

/** Shows the part where a page has a place for it. */
export async function showOpening(bridge: Bridge): Promise<void> {
  const place = document.getElementById(PLACE);
  if (!place || place.dataset['shown'] || bridge.state?.door !== 'open') return;
  place.dataset['shown'] = 'yes';
  const keys = await bridge.call('passkeys');
  place.replaceChildren(
    folded(say('Change the passphrase'), passphraseForm(bridge, place)),
    passkeysPossible()
      ? keys.length ? removal(bridge, place, keys.length) : folded(say('Open with fingerprint, face or security key too'), passkeyForm(bridge, place))
      : element('p', { class: 'govuk-hint' }, say('This browser cannot open the device with fingerprint, face or security key at this address.')));
}

/** Asks a person to enrol the device anew, where the record froze it. */
export function showReenrolment(bridge: Bridge): void {
  const place = document.getElementById('reenrol-setting');
  if (!place || place.dataset['shown']) return;
  place.dataset['shown'] = 'yes';
  const passphrase = secretField('reenrol-passphrase', say('Device passphrase'), 'current-password');
  const called = deviceNameField(deviceName());
  place.replaceChildren(form('reenrol', say('Enrol this device anew'), [called.label, passphrase.label], async () => {
    await bridge.call('reenrol', passphrase.input.value, called.name());
    place.replaceChildren(element('p', { class: 'govuk-body', role: 'status' }, element('strong', {}, say('This device is enrolled anew. What you do from now on is taken again.'))));
  }));
}

/** Draws the part anew, with a sentence about what was done. */
async function renewed(bridge: Bridge, place: HTMLElement, done: string): Promise<void> {
  delete place.dataset['shown'];
  await showOpening(bridge);
  place.prepend(element('p', { class: 'govuk-body', role: 'status' }, element('strong', {}, done)));
}

function passphraseForm(bridge: Bridge, place: HTMLElement): HTMLFormElement {
  const before = secretField('passphrase-before', say('Current passphrase'), 'current-password');
  const { fields, agreed } = agreedPassphrase('passphrase-after');
  return form('change-passphrase', say('Change the passphrase'), [before.label, ...fields], async () => {
    const after = agreed();
    await bridge.call('changePassphrase', before.input.value, after);
    await renewed(bridge, place, say('From now on only the new passphrase opens this device.'));
  });
}

function passkeyForm(bridge: Bridge, place: HTMLElement): HTMLFormElement {
  const passphrase = secretField('passkey-passphrase', say('Device passphrase'), 'current-password');
  return form('add-passkey', say('Set it up'), [
    element('p', { class: 'govuk-body' }, say('The passphrase goes on opening the device: keep it, a key can get lost. Only set this up on a device that nobody else can unlock with a finger or face.')),
    passphrase.label,
  ], async () => {
    const { passkey, secret } = await makePasskey();
    await bridge.call('addPasskey', passphrase.input.value, passkey, secret);
    await renewed(bridge, place, say('This device now opens with it too.'));
  });
}

function removal(bridge: Bridge, place: HTMLElement, count: number): HTMLElement {
  const button = element('button', { type: 'button', class: 'govuk-button govuk-button--secondary', id: 'remove-passkeys' }, say('Let only the passphrase open it'));
  button.addEventListener('click', () => {
    void bridge.call('removePasskeys').then(() => renewed(bridge, place, say('Only the passphrase opens this device now.')));
  });
  return element('div', {}, element('p', { class: 'govuk-body' }, say('{count} passkeys (fingerprint, face or security key) open this device beside the passphrase.', { count })), button);
}

function form(id: string, action: string, parts: HTMLElement[], submit: () => Promise<void>): HTMLFormElement {
  const error = element('p', { class: 'govuk-error-message', role: 'alert' });
  const button = element('button', { class: 'govuk-button govuk-button--secondary', type: 'submit' }, action);
  const made = element('form', { id, novalidate: true, autocomplete: 'off', 'data-own': true }, ...parts, error, button);
  made.addEventListener('submit', event => {
    event.preventDefault();
    error.textContent = '';
    button.disabled = true;
    void submit().catch((failed: unknown) => { error.replaceChildren(failureText(failed), ' ', failureHelp(failed)); }).finally(() => { button.disabled = false; });
  });
  return made;
}

function folded(title: string, inside: HTMLElement): HTMLElement {
  return element('details', { class: 'govuk-details' },
    element('summary', { class: 'govuk-details__summary' }, element('span', { class: 'govuk-details__summary-text' }, title)),
    element('div', { class: 'govuk-details__text' }, inside));
}

function secretField(id: string, name: string, autocomplete: string): { label: HTMLElement; input: HTMLInputElement } {
  const input = element('input', { id, type: 'password', class: 'govuk-input govuk-input--width-20', autocomplete, required: true });
  return { label: element('label', { class: 'govuk-label', for: id }, name, input), input };
}
