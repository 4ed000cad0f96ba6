/** Translates the server's English sentences by a table with {placeholders}; other sentences stay as they are. */

interface Template {
  form: RegExp;
  names: string[];
  said: string;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

function templateOf([sentence, said]: [string, string]): Template {
  const names = [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const form = new RegExp(
    `^${sentence
      .split(/\{\w+\}/)
      .map(escaped)
      .join("(.+?)")}$`,
    "s",
  );
  return { form, names, said };
}

/** A function that says a sentence, also where it quotes others or several stand in a row. */
export function sayer(table: Readonly<Record<string, string>>): (text: string) => string {
  let templates: Template[] | null = null;

  function filled(text: string): string | null {
    templates ??= Object.entries(table)
      .filter(([sentence]) => sentence.includes("{"))
      .map(templateOf);
    for (const { form, names, said } of templates) {
      const found = form.exec(text);
      if (found) return said.replace(/\{(\w+)\}/g, (_, name: string) => say(found[names.indexOf(name) + 1]!));
    }
    return null;
  }
  function say(text: string): string {
    const known = (Object.hasOwn(table, text) ? table[text]! : null) ?? filled(text);
    if (known !== null) return known;
    const parts = text.split(/(?<=\.) (?=\S)/);
    return parts.length > 1 ? parts.map(say).join(" ") : text;
  }
  return say;
}
