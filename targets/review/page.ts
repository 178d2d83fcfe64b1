import { folded, tableLines } from "./escape.ts";

/** A part of a page. */
export interface Section {
  /** What a reader is told of it where it is left out. */
  title: string;
  text: string;
  /** Sections of higher rank are left out first; one of rank 0 stays. */
  rank: number;
  /** The section in at most `room` characters, and what is missing of it; undefined where that is too little room. */
  shorten?(room: number): { text: string; missing: string } | undefined;
}

export interface TableOptions extends Pick<Section, "title" | "rank"> {
  /** Stands above the table. */
  heading?: string;
  /** The table is folded under this summary. */
  fold?: string;
}

/** Characters the line about what was left out may have, beyond the titles in it. */
const noteFrame = 200;

/** The sections as one page of at most `limit` characters, with a last line about what was left out, if anything was. */
export function pageOf(sections: readonly Section[], limit = Number.POSITIVE_INFINITY): string {
  const kept = new Map(sections.map((section) => [section, section.text]));
  const missing: string[] = [];
  const page = () => `${[...kept.values(), ...leftOut(missing)].join("\n\n")}\n`;
  for (const section of [...sections].sort((a, b) => b.rank - a.rank)) {
    const excess = page().length - limit;
    if (excess <= 0 || section.rank === 0) break;
    const short = section.shorten?.(section.text.length - excess - noteFrame);
    if (short) kept.set(section, short.text);
    else kept.delete(section);
    missing.push(short?.missing ?? section.title);
  }
  return page();
}

function leftOut(missing: readonly string[]): string[] {
  if (missing.length === 0) return [];
  const what = missing.join("; ");
  return [
    `> Left out, because a comment holds no more: ${what}. The whole plan is in the summary and the artifact of the job that made it.`,
  ];
}

/** A section that is a table, whose last rows may be left out. */
export function tableSection(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { title, rank, heading, fold }: TableOptions,
): Section {
  const [first, rule, ...lines] = tableLines(head, rows);
  const render = (count: number) => {
    const table = [first, rule, ...lines.slice(0, count)].join("\n");
    const headed = heading === undefined ? table : `${heading}\n\n${table}`;
    return fold === undefined ? headed : folded(fold, headed);
  };
  return {
    title,
    rank,
    text: render(lines.length),
    shorten(room) {
      let left = room - render(0).length;
      let count = 0;
      for (const line of lines) {
        left -= line.length + 1;
        if (left < 0) break;
        count++;
      }
      return count > 0
        ? { text: render(count), missing: `${lines.length - count} of the ${title}` }
        : undefined;
    },
  };
}
