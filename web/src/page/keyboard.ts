// Keys for people who fill forms all day: a number or letter chooses in a group of choices, Ctrl+Enter sends from a
// text of several lines. Jumping between parts is the browser's own (`accesskey` in the templates).
const KEYS = '1234567890abcdefghijklmnopqrstuvwxyz';

/** The choice that a key means in the group that has the focus; only what is shown counts. */
export function chosenBy<Choice>(key: string, choices: readonly Choice[]): Choice | undefined {
  const index = key.length === 1 ? KEYS.indexOf(key.toLowerCase()) : -1;
  return index < 0 ? undefined : choices[index];
}

export function listenToKeys(): void {
  document.addEventListener('keydown', event => {
    if (event.isComposing || event.altKey || event.metaKey) return;
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

function shown(radio: HTMLInputElement): HTMLInputElement[] {
  const group = [...radio.form?.querySelectorAll<HTMLInputElement>('input[type=radio]') ?? []];
  return group.filter(each => each.name === radio.name && each.checkVisibility());
}
