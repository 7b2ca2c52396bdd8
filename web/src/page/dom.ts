// Builds elements without HTML strings, so that no text can become markup.
type Child = Node | string | null | undefined | false;

export function element<K extends keyof HTMLElementTagNameMap>(
  name: K, attributes: Record<string, string | boolean> = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (name === 'a' || name === 'form') made.setAttribute('hx-boost', 'false'); // whoever makes it answers it: only the desk's own are htmx's
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, ''); else if (value !== false) made.setAttribute(key, value);
  }
  made.append(...children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false));
  return made;
}

/** Waits for the next event of one kind. */
export function once(target: EventTarget, type: string): Promise<Event> {
  return new Promise(resolve => target.addEventListener(type, resolve, { once: true }));
}
