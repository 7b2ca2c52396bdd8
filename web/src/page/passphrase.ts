// The forms that ask for the device's passphrase: a new one, twice, with a hint at its strength; a known one to unlock.
import type { Person } from '../shared/protocol.ts';
import { CHARACTERS_MIN, STRONG_CHARACTERS_MIN, strength, type Strength } from '../shared/strength.ts';
import { element } from './dom.ts';
import { failureText, Unfit } from './failures.ts';
import { say } from './language.ts';

const STRENGTHS = ['Too short: at least {min} characters, or {strong} that nobody can guess.', 'Too easy to guess: take more, for example four words that do not belong together.', 'Fair.', 'Good.'] as const;
const LENGTHS = { min: CHARACTERS_MIN, strong: STRONG_CHARACTERS_MIN };

/** Two fields for a new passphrase with a hint at its strength; `agreed` gives it, or throws what is wrong with it. `own` are words of the person. */
export function agreedPassphrase(id: string, own: readonly string[] = []): { fields: HTMLElement[]; agreed: () => string } {
  const hint = element('span', { id: `${id}-strength`, class: 'govuk-hint', role: 'status' }, say('At least {min} characters, for example four words that do not belong together; without your name, your unit, dates and telephone numbers. {strong} are enough where nobody can guess them.', LENGTHS));
  const first = field(id, 'new-password', hint.id);
  const second = field(`${id}-again`, 'new-password');
  first.addEventListener('input', () => { hint.textContent = judgement(strength(first.value, own)); });
  const agreed = (): string => {
    const judged = strength(first.value, own);
    if (judged < 2) { first.focus(); throw new Unfit(judgement(judged)); }
    if (first.value !== second.value) { second.focus(); throw new Unfit(say('The two passphrases differ. Type the same one twice.')); }
    return first.value;
  };
  const fields = [
    element('label', { class: 'govuk-label', for: first.id }, say('Device passphrase'), first),
    element('label', { class: 'govuk-label', for: second.id }, say('The same again'), second), hint];
  return { fields, agreed };
}

/** What this machine is called by people; `proposed` is what the browser knows. */
export function deviceNameField(proposed: string): { label: HTMLElement; name: () => string } {
  const input = element('input', { id: 'device-name', class: 'govuk-input govuk-input--width-20', maxlength: '60', value: proposed, autocomplete: 'off' });
  const label = element('label', { class: 'govuk-label', for: input.id }, say('Name of this device, such as: Party and public counter no. 2'), input);
  return { label, name: () => input.value.trim().replace(/\s+/g, ' ') || proposed };
}

/** A form for the device's name and first passphrase, which is not built around `own` words; `use` gets both once the fields agree and gives a text when it failed. */
export function newPassphraseForm(proposed: string, own: readonly string[], use: (passphrase: string, name: string) => Promise<string | null>): HTMLFormElement {
  const { fields: [first, second, hint], agreed } = agreedPassphrase('new-passphrase', own);
  const called = deviceNameField(proposed);
  const error = element('p', { class: 'govuk-error-message', role: 'alert' });
  const button = element('button', { class: 'govuk-button', type: 'submit' }, say('Set the passphrase and finish'));
  const form = element('form', { id: 'device-passphrase', novalidate: true, autocomplete: 'off' },
    element('p', { class: 'govuk-body' }, say('Choose a passphrase for this device. Everything that is kept here is encrypted with it; it is not your account’s password, and nobody can recover it for you.')),
    element('div', { class: 'sw-offline__fields' }, called.label, first, second, button),
    hint, error);
  form.addEventListener('submit', event => {
    event.preventDefault();
    void (async () => {
      error.textContent = '';
      try {
        const passphrase = agreed();
        button.disabled = true;
        error.textContent = await use(passphrase, called.name()) ?? '';
      } catch (problem) {
        error.textContent = failureText(problem);
      }
      button.disabled = false;
    })();
  });
  return form;
}

function judgement(judged: Strength): string { return say(STRENGTHS[judged], LENGTHS); }

/** A form that unlocks; `use` gives the text to be shown when it did not work. `#people` is for those to choose from. */
export function unlockForm(use: (passphrase: string) => Promise<string | null>): HTMLFormElement {
  const input = field('passphrase', 'current-password');
  const error = element('p', { class: 'govuk-error-message', role: 'alert', id: 'unlock-error' });
  const button = element('button', { class: 'govuk-button', type: 'submit' }, say('Unlock'));
  input.setAttribute('aria-describedby', 'unlock-error');
  const form = element('form', { id: 'unlock', novalidate: true },
    element('div', { id: 'people' }),
    element('div', { class: 'govuk-form-group' },
      element('label', { class: 'govuk-label govuk-label--m', for: input.id }, say('Device passphrase')), error, input),
    button);
  form.addEventListener('submit', event => {
    event.preventDefault();
    void (async () => {
      error.textContent = '';
      button.disabled = true;
      button.textContent = say('Unlocking …');
      const problem = await use(input.value);
      button.disabled = false;
      button.textContent = say('Unlock');
      if (problem) { error.textContent = problem; input.select(); }
    })();
  });
  return form;
}

/** Puts the people of this device above the passphrase, when there are several; a choice already made stays. */
export function showPeople(people: readonly Person[], who: string): void {
  const place = document.getElementById('people');
  if (!place || people.length < 2) { place?.replaceChildren(); return; }
  const chosen = chosenPerson() ?? who;
  const choices = people.map(({ id, label, code }) => {
    const input = element('input', { type: 'radio', class: 'govuk-radios__input', name: 'who', value: id, id: `who-${id}`, checked: id === chosen });
    const name = element('label', { class: 'govuk-label govuk-radios__label', for: input.id }, label, ' ', element('span', { class: 'sw-lead' }, code));
    return element('div', { class: 'govuk-radios__item' }, input, name);
  });
  place.replaceChildren(element('fieldset', { class: 'govuk-fieldset govuk-form-group' },
    element('legend', { class: 'govuk-fieldset__legend govuk-fieldset__legend--m' }, say('Who are you?')),
    element('div', { class: 'govuk-radios govuk-radios--inline' }, ...choices)));
}

/** Offers what opens the device beside the passphrase, when there is something. */
export function showPasskeyButton(form: HTMLFormElement, open: (() => Promise<string | null>) | null): void {
  form.querySelector('#unlock-passkey')?.remove();
  if (!open) return;
  const button = element('button', { type: 'button', class: 'govuk-button govuk-button--secondary', id: 'unlock-passkey' }, say('Unlock with fingerprint, face or security key'));
  button.addEventListener('click', () => {
    const error = form.querySelector('#unlock-error')!;
    error.textContent = '';
    button.disabled = true;
    void open().then(problem => { error.textContent = problem ?? ''; button.disabled = false; });
  });
  form.append(' ', button);
}

/** The person chosen there; null while there is nothing to choose. */
export function chosenPerson(): string | null {
  return document.querySelector<HTMLInputElement>('#people input:checked')?.value ?? null;
}

function field(id: string, autocomplete: string, describedBy = ''): HTMLInputElement {
  const input = element('input', { id, type: 'password', class: 'govuk-input govuk-input--width-20', autocomplete, required: true });
  if (describedBy) input.setAttribute('aria-describedby', describedBy);
  return input;
}
