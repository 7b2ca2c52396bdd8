// The language of this browser's pages; chosen by link (`?lang=`), remembered, the same with and without network.
import { translate, type Lang } from '../shared/texts.ts';

const KEY = 'lang';

/** Takes the language from the address or from what was remembered. */
export function chosenLang(): Lang {
  const asked = new URLSearchParams(location.search).get('lang');
  const lang = asked ?? localStorage.getItem(KEY) ?? 'zh-CN';
  return lang === 'en' ? 'en' : 'zh-CN';
}

export function rememberLang(lang: string): void {
  localStorage.setItem(KEY, lang === 'en' ? 'en' : 'zh-CN');
}

/** Sentences one after another; Chinese needs no blank after its full stop. */
export function sentences(...texts: string[]): string {
  return texts.join(document.documentElement.lang === 'en' ? ' ' : '');
}

/** A text in the page's language. */
export function say(id: string, values?: Record<string, string | number>): string {
  return translate(document.documentElement.lang === 'en' ? 'en' : 'zh-CN', id, values);
}
