import cliTruncate from "cli-truncate";
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";

/** Text cut or filled with spaces to a width, colours and wide characters counted right. */
export function filled(text: string, width: number): string {
  const cut = cliTruncate(text, Math.max(width, 0));
  return cut + " ".repeat(Math.max(0, width - stringWidth(cut)));
}

/** Text on the left and text on the right of one line; the left one gives way. */
export function between(left: string, right: string, width: number): string {
  const room = Math.max(0, width - stringWidth(right) - 1);
  return `${filled(left, room)} ${right}`;
}

/** Words on as many lines as they need. */
export function wrap(text: string, width: number): string[] {
  return wrapAnsi(text, Math.max(width, 1), { hard: true }).split("\n");
}

/** Exactly so many lines; what has no room is replaced by dots. */
export function exactly(lines: readonly string[], rows: number): string[] {
  if (lines.length > rows) return [...lines.slice(0, Math.max(0, rows - 1)), "…"].slice(0, rows);
  return [...lines, ...Array.from({ length: rows - lines.length }, () => "")];
}

/** MiB as people read them. */
export function showMemory(mebibytes: number): string {
  if (mebibytes < 1024) return `${mebibytes} MiB`;
  const gibibytes = mebibytes / 1024;
  return `${Number.isInteger(gibibytes) ? gibibytes : gibibytes.toFixed(1)} GiB`;
}
