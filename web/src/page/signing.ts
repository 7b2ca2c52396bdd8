// The pad on which a person signs (`data-sign`): finger, pen or mouse become lines of whole numbers in the hidden field.
import type { SignaturePad } from '../pad/main.ts';
import { element } from './dom.ts';
import { say } from './language.ts';

const PAD = '/assets/pad.js'; // a file of its own, loaded when a pad is on the page
const UNITS = 2; // per pixel of the page: lines stay smooth where they are printed
interface Drawing { width: number; height: number; strokes: number[][] }

export class Signing {
  private readonly pads = new WeakMap<Element, SignaturePad>();
  private readonly sizes = new ResizeObserver(entries => { for (const { target } of entries) void this.fit(target as HTMLElement); });

  constructor() {
    document.addEventListener('click', event => {
      const field = (event.target as Element).closest('[data-sign-clear]')?.closest<HTMLElement>('[data-sign]');
      if (!field) return;
      note(field, null);
      this.redraw(field);
    });
    for (const kind of ['shouwen:shown', 'shouwen:filled']) document.addEventListener(kind, () => this.dress());
  }

  /** Makes the pads of a page that was just shown; one in a closed part waits until it is opened. */
  dress(): void {
    for (const place of document.querySelectorAll<HTMLElement>('[data-sign-pad]')) {
      this.sizes.observe(place);
      this.redraw(place.closest<HTMLElement>('[data-sign]')!);
    }
  }

  private async fit(place: HTMLElement): Promise<void> {
    const field = place.closest<HTMLElement>('[data-sign]');
    const canvas = place.querySelector('canvas');
    if (!field || !canvas || !place.clientWidth) return;
    try {
      if (!this.pads.has(canvas)) await this.make(field, canvas);
    } catch {
      place.replaceChildren(element('p', { class: 'govuk-body' }, say('The pad could not be loaded. Let the person sign on paper, or reload the page.')));
      return;
    }
    const ratio = Math.max(1, devicePixelRatio);
    canvas.width = place.clientWidth * ratio;
    canvas.height = place.clientHeight * ratio;
    canvas.getContext('2d')!.scale(ratio, ratio);
    this.redraw(field);
  }

  private async make(field: HTMLElement, canvas: HTMLCanvasElement): Promise<void> {
    const url = PAD;
    const { SignaturePad } = await import(url) as typeof import('../pad/main.ts');
    if (this.pads.has(canvas)) return;
    const pad = new SignaturePad(canvas, { minWidth: 1, maxWidth: 2.5, penColor: '#0b0c0c' });
    pad.addEventListener('endStroke', () => {
      const before = noted(field);
      const [width, height] = [canvas.clientWidth, canvas.clientHeight];
      const line = pad.toData().at(-1)?.points.flatMap(({ x, y }) => [within(x, width), within(y, height)]) ?? [];
      if (!line.length) return;
      const fits = before?.width === width * UNITS && before.height === height * UNITS;
      const older = before ? fits ? before.strokes : scaled(before, width * UNITS, height * UNITS) : [];
      note(field, { width: width * UNITS, height: height * UNITS, strokes: [...older, line] });
    });
    this.pads.set(canvas, pad);
  }

  /** Draws what stands in the field, whatever size it was drawn in. */
  private redraw(field: HTMLElement): void {
    const canvas = field.querySelector('canvas');
    const pad = canvas && this.pads.get(canvas);
    if (!canvas || !pad) return;
    pad.clear();
    const drawing = noted(field);
    if (!drawing) return;
    const lines = scaled(drawing, canvas.clientWidth * UNITS, canvas.clientHeight * UNITS);
    pad.fromData(lines.map(line => ({
      penColor: '#0b0c0c', dotSize: 0, minWidth: 1, maxWidth: 2.5, velocityFilterWeight: 0.7, compositeOperation: 'source-over' as const,
      points: line.flatMap((x, at) => at % 2 ? [] : [{ x: x / UNITS, y: line[at + 1]! / UNITS, time: at * 8, pressure: 0.5 }]),
    })));
  }
}

const within = (value: number, most: number): number => Math.round(Math.min(Math.max(value, 0), most) * UNITS);

/** The lines in another size of the pad, with one factor for both directions. */
function scaled({ width, height, strokes }: Drawing, toWidth: number, toHeight: number): number[][] {
  const factor = Math.min(toWidth / width, toHeight / height);
  return factor === 1 ? strokes : strokes.map(line => line.map(n => Math.round(n * factor)));
}

const hidden = (field: HTMLElement): HTMLInputElement => field.querySelector<HTMLInputElement>('input[type=hidden]')!;

function noted(field: HTMLElement): Drawing | null {
  try { return JSON.parse(hidden(field).value || 'null') as Drawing | null; } catch { return null; }
}

function note(field: HTMLElement, drawing: Drawing | null): void {
  const input = hidden(field);
  input.value = drawing ? JSON.stringify(drawing) : '';
  input.dispatchEvent(new Event('input', { bubbles: true })); // the draft hears of it as of anything typed
}
