// The strip under the bar (`#offline-progress`): preparing, problems, new content, updates. Morphing leaves it alone.
import { element } from './dom.ts';

const DEVICE_PARTS = new Set(['restarted', 'update', 'door', 'storage']);
const parts = new Map<string, HTMLElement>();

/** Shows one part of the strip, in place of an earlier one of the same name; without children it goes. */
export function strip(name: string, ...children: (Node | string)[]): void {
  const old = parts.get(name);
  if (!children.length) {
    old?.remove();
    parts.delete(name);
    return;
  }
  const part = element('div', { class: 'govuk-width-container sw-offline__part', 'data-part': name, role: 'status' }, ...children);
  parts.set(name, part);
  if (old?.isConnected) old.replaceWith(part); else place()?.append(part);
}

/** Brings a part to the eyes and to the screen reader: what it says must not be missed. */
export function insist(name: string): void {
  const part = parts.get(name);
  if (!part) return;
  part.tabIndex = -1;
  part.focus({ preventScroll: true });
  part.scrollIntoView({ block: 'center' });
}

/** Puts the parts back after the page was made anew. */
export function keepStrip(): void {
  const at = place();
  if (at && [...parts.values()].some(part => part.parentElement !== at)) at.replaceChildren(...parts.values());
}

/** Takes away what belongs to a person's page; what concerns the device stays. */
export function clearStrip(): void {
  for (const name of [...parts.keys()]) if (!DEVICE_PARTS.has(name)) strip(name);
}

function place(): HTMLElement | null { return document.getElementById('offline-progress'); }
