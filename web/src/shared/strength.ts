// How hard a passphrase is to guess, judged where it is typed and again where the key is made. It protects a stolen
// disk, where nobody counts the tries: length counts most, variety a little, what everybody types nothing.

export const CHARACTERS_MIN = 8;
/** 0 too short, 1 weak (refused like 0), 2 fair, 3 good. */
export type Strength = 0 | 1 | 2 | 3;

const COMMON = [
  'password', 'passw0rd', 'passphrase', 'qwerty', 'qwertz', 'asdfgh', 'zxcvbn', '1q2w3e', 'admin', 'letmein', 'welcome', 'iloveyou', 'woaini',
  'abc123', 'shouwen', '首问', '密码', '口令', '我爱你',
];
const NUMERALS = '〇一二三四五六七八九';
const FAIR = 16;
const GOOD = 23;

export function strength(passphrase: string): Strength {
  const text = passphrase.normalize('NFKC');
  if ([...text].length < CHARACTERS_MIN) return 0;
  const rest = unguessable(text.toLowerCase());
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u, /\p{Script=Han}/u].filter(kind => kind.test(text)).length;
  const han = rest.filter(character => /\p{Script=Han}/u.test(character)).length;
  const worth = new Set(rest).size + rest.length / 2 + han / 2 + kinds * 2;
  return worth < FAIR ? 1 : worth < GOOD ? 2 : 3;
}

/** What is left without words that everybody tries, and without signs that the one before foretells (aaaa, 1234, 4321). */
function unguessable(text: string): string[] {
  for (const word of COMMON) text = text.replaceAll(word, word[0]!);
  const characters = [...text.replace(/[〇一二三四五六七八九]/gu, numeral => String(NUMERALS.indexOf(numeral)))];
  return characters.filter((character, at) => at === 0 || Math.abs(character.codePointAt(0)! - characters[at - 1]!.codePointAt(0)!) > 1);
}
