// What TypeScript itself says to people. Ids are the English texts, Chinese stands in web/locale/zh-CN.json.
import chinese from '../../locale/zh-CN.json';

const catalogue: Record<string, string> = chinese;
export type Lang = 'zh-CN' | 'en';

/** The text of a message id in a language, `{name}` filled from `values`. */
export function translate(lang: Lang, id: string, values: Record<string, string | number> = {}): string {
  const text = lang === 'en' ? id : catalogue[id] ?? id;
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}
