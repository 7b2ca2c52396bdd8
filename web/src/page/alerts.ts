// Tells of lights that changed, without network and also when the page is in the background: asks the worker when the
// next one changes, waits, and shows one notification for all that are new. Only where the person allowed it on the
// sync page; never twice for the same light of the same case; never with a name or a content.
import type { Bridge } from './bridge.ts';
import { deskPage } from './desk.ts';
import { element } from './dom.ts';
import { say } from './language.ts';

const WANTED = 'alerts';
const TOLD = 'alerts-told';
const TOLD_MAX = 3000;
const TIMER_MS_MAX = 15 * 60_000; // a laptop that slept wakes up late otherwise
const GATHER_MS = 2_000;

/** A light to be told of; the key names light and case, by random numbers only. */
export interface Alert { key: string; light: string }

const LIGHTS = ['overdue', 'red', 'orange', 'yellow', 'reminder'];
const WORDS = ['{n} overdue', '{n} due today', '{n} due next', '{n} due soon', '{n} due after the rest days'] as const;

/** The alerts that were not told yet. */
export function untold(alerts: readonly Alert[], told: ReadonlySet<string>): Alert[] {
  return alerts.filter(alert => !told.has(alert.key));
}

/** One line for all of them: how many of each light. */
export function summed(alerts: readonly Alert[], speak: typeof say): string {
  const counts = WORDS.map((words, index) => ({ words, n: alerts.filter(alert => alert.light === LIGHTS[index]).length }));
  return counts.filter(({ n }) => n > 0).map(({ words, n }) => speak(words, { n })).join(' · ');
}

export class Alerts {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly bridge: Bridge) {
    for (const kind of ['state', 'content']) bridge.addEventListener(kind, () => this.after(GATHER_MS));
    this.after(GATHER_MS);
  }

  /** Shows on the sync page whether alerts are on, and lets the person change it; asked for nowhere else. */
  showSetting(): void {
    const place = document.getElementById('alerts-setting');
    if (!place) return;
    if (!('Notification' in window)) { place.replaceChildren(say('This browser cannot show notifications.')); return; }
    if (Notification.permission === 'denied') { place.replaceChildren(say('Notifications are blocked for this address in the browser’s settings.')); return; }
    const on = isWanted();
    const button = element('button', { type: 'button', class: 'govuk-button govuk-button--secondary', id: 'alerts-switch' },
      on ? say('Turn notifications off') : say('Allow notifications'));
    button.addEventListener('click', () => { void this.change(!on); });
    place.replaceChildren(element('p', { class: 'govuk-body' }, on ? say('Notifications are on for this browser.') : say('Notifications are off.')), button);
  }

  private async change(on: boolean): Promise<void> {
    if (on && await Notification.requestPermission() === 'granted') localStorage.setItem(WANTED, 'on');
    else localStorage.removeItem(WANTED);
    this.showSetting();
    document.getElementById('alerts-switch')?.focus();
    await this.look();
  }

  private after(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { void this.look().catch(() => this.after(TIMER_MS_MAX)); }, Math.min(milliseconds, TIMER_MS_MAX));
  }

  private async look(): Promise<void> {
    if (!isWanted() || this.bridge.state?.door !== 'open') return;
    const { response } = await deskPage(this.bridge, 'GET', new URL('/today/alerts', location.href));
    if (response.status !== 200) return;
    const part = new DOMParser().parseFromString(response.html, 'text/html').querySelector<HTMLElement>('[data-alerts]');
    const alerts = [...part?.querySelectorAll<HTMLElement>('[data-key]') ?? []]
      .map(({ dataset }) => ({ key: dataset['key'] ?? '', light: dataset['light'] ?? '' }));
    // Several tabs look at the same time: the first one that gets here tells.
    await navigator.locks.request('alerts', () => tell(alerts));
    this.after(Number(part?.dataset['nextMs'] ?? TIMER_MS_MAX));
  }
}

function isWanted(): boolean {
  return localStorage.getItem(WANTED) === 'on' && 'Notification' in window && Notification.permission === 'granted';
}

function tell(alerts: readonly Alert[]): void {
  const told = new Set(JSON.parse(localStorage.getItem(TOLD) ?? '[]') as string[]);
  const news = untold(alerts, told);
  if (!news.length) return;
  localStorage.setItem(TOLD, JSON.stringify([...told, ...news.map(alert => alert.key)].slice(-TOLD_MAX)));
  const shown = new Notification(say('Shouwen: duties that need you'), { body: summed(news, say), tag: 'alerts' });
  shown.addEventListener('click', () => { window.focus(); shown.close(); });
}
