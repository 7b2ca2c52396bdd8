// Photographs and papers on a page: chosen in a form (`data-files`), shown in lists (`data-file`). Who keeps them, the
// device or before it is prepared the city's server, is the keeper's affair.
import type { FileLimits, Named } from '../shared/pictures.ts';
import { element } from './dom.ts';
import { failureText } from './failures.ts';
import { say, sentences } from './language.ts';
import { strip } from './strip.ts';

export interface Keeper {
  take(file: File, limits: FileLimits, withPlace: boolean, form: HTMLFormElement | null): Promise<Named>;
  open(sha256: string): Promise<Blob>;
}

const SHOWN_MAX = 60;
const shown = new Map<string, string>(); // content -> object URL; the oldest go first

export class Files {
  private readonly busy = new Set<Element>();

  constructor(private readonly keeper: Keeper) {
    document.addEventListener('change', event => { void this.chosen(event.target as Element); });
    document.addEventListener('click', event => { this.clicked(event); });
    for (const kind of ['shouwen:shown', 'shouwen:filled']) document.addEventListener(kind, () => this.dress());
  }

  /** Draws the lists of the forms and the small pictures of a page that was just shown. */
  dress(): void {
    for (const field of document.querySelectorAll<HTMLElement>('[data-files]')) this.draw(field);
    for (const image of document.querySelectorAll<HTMLImageElement>('img[data-thumb]:not([src])')) void this.picture(image, image.dataset['thumb']!);
  }

  private async chosen(target: Element): Promise<void> {
    const field = target.closest<HTMLElement>('[data-files]');
    if (!field || !(target instanceof HTMLInputElement) || target.type !== 'file') return;
    const files = [...target.files ?? []];
    target.value = ''; // the same file can be chosen again after it was taken away
    const withPlace = field.querySelector<HTMLInputElement>('input[type=checkbox]')?.checked ?? false;
    const limits = { bytes: Number(field.dataset['bytesMax']), side: Number(field.dataset['sideMax']), device: Number(field.dataset['deviceMax']) };
    this.busy.add(field);
    const faults: string[] = [];
    for (const [index, file] of files.entries()) {
      if (noted(field).length >= Number(field.dataset['filesMax'])) {
        faults.push(say('At most {count} photographs or papers at a time.', { count: field.dataset['filesMax'] ?? '' }));
        break;
      }
      this.news(field, say('Keeping {n} of {count} …', { n: index + 1, count: files.length }));
      try {
        const named = await this.keeper.take(file, limits, withPlace, field.closest('form'));
        if (withPlace && !named.place && named.type !== 'application/pdf') faults.push(say('“{name}” does not say where it was taken.', { name: named.name }));
        note(field, [...noted(field).filter(each => each.sha256 !== named.sha256), named]);
      } catch (error) {
        const fault = failureText(error); // several may have been chosen: each fault says whose it is
        faults.push(fault.includes(file.name) ? fault : say('“{name}”: {fault}', { name: file.name, fault }));
      }
    }
    this.busy.delete(field);
    this.news(field, sentences(...faults), faults.length > 0);
    this.draw(field);
  }

  private clicked(event: MouseEvent): void {
    const target = event.target as Element;
    const remove = target.closest<HTMLElement>('[data-remove-file]');
    const field = remove?.closest<HTMLElement>('[data-files]');
    if (remove && field) {
      note(field, noted(field).filter(each => each.sha256 !== remove.dataset['removeFile']));
      this.draw(field);
      field.querySelector<HTMLElement>('input[type=file]')?.focus();
      return;
    }
    const link = target.closest<HTMLAnchorElement>('a[data-file]');
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    void this.open(link);
  }

  private async open(link: HTMLAnchorElement): Promise<void> {
    strip('file', say('Fetching the photograph or paper …'));
    try {
      const name = link.textContent?.trim() ?? '';
      const url = await this.url(link.dataset['file']!);
      strip('file');
      if (link.dataset['fileType']?.startsWith('image/')) showPicture(url, name);
      else element('a', { href: url, download: link.download || name }).click();
    } catch (error) { strip('file', element('strong', {}, failureText(error))); }
  }

  private draw(field: HTMLElement): void {
    const list = field.querySelector('[data-files-list]');
    list?.replaceChildren(...noted(field).map(named => {
      const image = named.type.startsWith('image/') && element('img', { class: 'sw-attached__thumb', alt: '' });
      if (image) void this.picture(image, named.sha256);
      return element('li', { class: 'sw-attached__item' }, image, element('span', { class: 'sw-attached__name' }, named.name),
        element('span', { class: 'sw-lead' }, `${sizeText(named.bytes)}${named.place ? ` · ${say('taken at')} ${named.place}` : ''}`),
        element('button', { class: 'sw-link-button', type: 'button', 'data-remove-file': named.sha256 }, say('Take away'),
          element('span', { class: 'govuk-visually-hidden' }, `: ${named.name}`)));
    }));
  }

  private news(field: HTMLElement, text: string, isFault = false): void {
    const place = field.querySelector('[data-files-news]');
    place?.replaceChildren(text);
    place?.classList.toggle('govuk-error-message', isFault);
    // A form that is sent while a file is still being kept would leave it behind.
    const form = field.closest('form');
    for (const button of form?.querySelectorAll<HTMLButtonElement>('button[type=submit], button:not([type])') ?? []) button.disabled = [...this.busy].some(each => form?.contains(each));
  }

  private async picture(image: HTMLImageElement, sha256: string): Promise<void> {
    try { image.src = await this.url(sha256); } catch { image.remove(); } // the link beside it says why when it is opened
  }

  private async url(sha256: string): Promise<string> {
    const known = shown.get(sha256);
    if (known) return known;
    const url = URL.createObjectURL(await this.keeper.open(sha256));
    shown.set(sha256, url);
    for (const [oldest, old] of shown) {
      if (shown.size <= SHOWN_MAX) break;
      shown.delete(oldest);
      URL.revokeObjectURL(old);
    }
    return url;
  }
}

/** Forgets the pictures in memory: somebody locked the device. */
export function forgetPictures(): void {
  for (const url of shown.values()) URL.revokeObjectURL(url);
  shown.clear();
}

function showPicture(url: string, name: string): void {
  const close = element('button', { class: 'govuk-button govuk-button--secondary sw-button--small', type: 'button' }, say('Close'));
  const dialog = element('dialog', { class: 'sw-picture', 'aria-label': name }, element('img', { src: url, alt: name }), element('p', {}, name), close);
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => { dialog.remove(); document.dispatchEvent(new Event('shouwen:closed')); }); // the page is kept true again
  document.body.append(dialog);
  dialog.showModal();
}

const hidden = (field: HTMLElement): HTMLInputElement => field.querySelector<HTMLInputElement>('input[type=hidden]')!;

function noted(field: HTMLElement): Named[] {
  try {
    const list: unknown = JSON.parse(hidden(field).value || '[]');
    return Array.isArray(list) ? list as Named[] : [];
  } catch { return []; } // the desk says that it cannot be read
}

function note(field: HTMLElement, list: Named[]): void {
  const input = hidden(field);
  input.value = list.length ? JSON.stringify(list) : '';
  input.dispatchEvent(new Event('input', { bubbles: true })); // the draft hears of it as of anything typed
}

function sizeText(size: number): string {
  return size < 1e6 ? `${Math.max(1, Math.round(size / 1000))} kB` : `${(size / 1e6).toFixed(1)} MB`;
}
