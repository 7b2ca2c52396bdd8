// The forms that ask for the device's passphrase: a new one, twice, with a hint at its strength; a known one to unlock.
import type { Person } from '../shared/protocol.ts';
import { element } from './dom.ts';
import { say } from './language.ts';

export const CHARACTERS_MIN = 8;

/** 0 too short, 1 weak, 2 fair, 3 good: length counts most, variety a little. */
export function strength(passphrase: string): 0 | 1 | 2 | 3 {
  const characters = [...passphrase];
  if (characters.length < CHARACTERS_MIN) return 0;
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u, /\p{Script=Han}/u].filter(kind => kind.test(passphrase)).length;
  const han = characters.filter(character => /\p{Script=Han}/u.test(character)).length;
  const worth = new Set(characters).size + characters.length / 2 + han / 2 + kinds * 2;
  return worth < 16 ? 1 : worth < 23 ? 2 : 3;
}

const STRENGTHS = ['Too short: at least {min} characters.', 'Weak: longer is better, for example four words.', 'Fair.', 'Good.'] as const;

/** A form for a new passphrase; `use` gets it once both fields agree and throws a text to be shown. */
export function newPassphraseForm(use: (passphrase: string) => Promise<string | null>): HTMLFormElement {
  const hint = element('span', { id: 'passphrase-strength', class: 'govuk-hint', role: 'status' }, say(STRENGTHS[0], { min: CHARACTERS_MIN }));
  const first = field('new-passphrase', 'new-password', 'passphrase-strength');
  const second = field('new-passphrase-again', 'new-password');
  const error = element('p', { class: 'govuk-error-message', role: 'alert' });
  const button = element('button', { class: 'govuk-button', type: 'submit' }, say('Set the passphrase and finish'));
  first.addEventListener('input', () => { hint.textContent = say(STRENGTHS[strength(first.value)], { min: CHARACTERS_MIN }); });
  const form = element('form', { id: 'device-passphrase', novalidate: true, autocomplete: 'off' },
    element('p', { class: 'govuk-body' }, say('Choose a passphrase for this device. Everything that is kept here is encrypted with it; it is not your account’s password, and nobody can recover it for you.')),
    element('div', { class: 'sw-offline__fields' },
      element('label', { class: 'govuk-label', for: first.id }, say('Device passphrase'), first),
      element('label', { class: 'govuk-label', for: second.id }, say('The same again'), second),
      button),
    hint, error);
  form.addEventListener('submit', event => {
    event.preventDefault();
    void (async () => {
      error.textContent = '';
      if (strength(first.value) === 0) { error.textContent = say(STRENGTHS[0], { min: CHARACTERS_MIN }); first.focus(); return; }
      if (first.value !== second.value) { error.textContent = say('The two passphrases differ. Type the same one twice.'); second.focus(); return; }
      button.disabled = true;
      const problem = await use(first.value);
      button.disabled = false;
      if (problem) error.textContent = problem;
    })();
  });
  return form;
}

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

/** The person chosen there; null while there is nothing to choose. */
export function chosenPerson(): string | null {
  return document.querySelector<HTMLInputElement>('#people input:checked')?.value ?? null;
}

function field(id: string, autocomplete: string, describedBy = ''): HTMLInputElement {
  const input = element('input', { id, type: 'password', class: 'govuk-input govuk-input--width-20', autocomplete, required: true });
  if (describedBy) input.setAttribute('aria-describedby', describedBy);
  return input;
}
