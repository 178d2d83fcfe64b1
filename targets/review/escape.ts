/** Markdown's punctuation, and the start of what GitHub turns into HTML, a mention or a reference. */
const punctuation = /[\\`*_{}[\]<>|~&]/g;

/** Text as it stands, in a table's cell too: no markup, no mention of a person, no reference to an issue. */
export function prose(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(punctuation, "\\$&")
    .replace(/[@#](?=\w)/g, "$&&#8203;");
}

/** Text as code, in a table's cell too. */
export function code(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  if (line === "") return "(empty)";
  // Between backticks no bar can be told from the end of a cell where a backslash stands before it.
  if (line.includes("|")) return `<code>${line.replace(/[^\w .,:/=-]/gu, asEntity)}</code>`;
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const space = line.startsWith("`") || line.endsWith("`") ? " " : "";
  return `${fence}${space}${line}${space}${fence}`;
}

function asEntity(character: string): string {
  return `&#${character.codePointAt(0)};`;
}

/** The lines of a table whose cells are Markdown already: head, rule, rows. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}

/** A part that is folded until it is asked for. */
export function folded(summary: string, content: string): string {
  return `<details>\n<summary>${summary}</summary>\n\n${content}\n\n</details>`;
}
