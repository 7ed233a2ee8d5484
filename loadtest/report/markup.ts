/** Text that is HTML already. Made by `html` alone, so that nothing else gets into a page unescaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Markup | readonly Markup[];

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes[character] ?? character);
}

/** HTML with values in it. Strings and numbers are escaped, for text as well as for quoted attributes. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const texts = parts.map((part) => {
    if (part instanceof Markup) return part.text;
    if (typeof part === 'string' || typeof part === 'number') return escapeText(String(part));
    return part.map((each) => each.text).join('\n');
  });
  return new Markup(literals.map((literal, at) => literal + (texts[at] ?? '')).join(''));
}

/** Where there is nothing to show. */
export const nothing = new Markup('');

/** A value as JSON that may stand within a script element, whatever strings it holds. */
export function jsonForScript(value: unknown): Markup {
  return new Markup(
    JSON.stringify(value).replace(/[<\u2028\u2029]/g, (character) => {
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    }),
  );
}
