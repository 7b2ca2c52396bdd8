// Keys for people who fill forms all day: a number or letter chooses in a group of choices, Ctrl+Enter sends from a
// text of several lines, Alt and a letter leads to what bears it (`data-key`). Not `accesskey`: that chooses a radio
// button when somebody only wants to go to its group, and every browser has other keys for it.
const KEYS = '1234567890abcdefghijklmnopqrstuvwxyz';

/** The choice that a key means in the group that has the focus; only what is shown counts. */
export function chosenBy<Choice>(key: string, choices: readonly Choice[]): Choice | undefined {
  const index = key.length === 1 ? KEYS.indexOf(key.toLowerCase()) : -1;
  return index < 0 ? undefined : choices[index];
}

export function listenToKeys(): void {
  document.addEventListener('keydown', event => {
    if (event.defaultPrevented || event.isComposing || event.metaKey) return;
    if (event.altKey) {
      if (!event.ctrlKey && !event.shiftKey && go(event.code)) event.preventDefault();
      return;
    }
    const field = document.activeElement;
    if (field instanceof HTMLTextAreaElement && event.key === 'Enter' && event.ctrlKey) field.form?.requestSubmit();
    if (!(field instanceof HTMLInputElement) || field.type !== 'radio' || event.ctrlKey) return;
    const choice = chosenBy(event.key, shown(field));
    if (!choice) return;
    event.preventDefault();
    choice.focus();
    choice.click();
  });
}

/** Goes to what bears the key: a field gets the focus (of a group the chosen one), a link or button is pressed. */
function go(code: string): boolean {
  const letter = /^Key([A-Z])$/.exec(code)?.[1]?.toLowerCase();
  const target = letter && document.querySelector<HTMLElement>(`[data-key="${letter}"]`);
  if (!target || !target.checkVisibility()) return false;
  target.focus();
  if (target instanceof HTMLInputElement && target.type === 'radio') shown(target).find(each => each.checked)?.focus();
  else if (target.matches('a, button')) target.click();
  return true;
}

function shown(radio: HTMLInputElement): HTMLInputElement[] {
  const group = [...radio.form?.querySelectorAll<HTMLInputElement>('input[type=radio]') ?? []];
  return group.filter(each => each.name === radio.name && each.checkVisibility());
}
