import type { Colors } from "picocolors/types.js";
import { detailLines } from "./details.ts";
import { between, exactly, filled, showMemory, wrap } from "./lines.ts";
import { type BrowserState, listed, type Shelf, underCursor } from "./model.ts";
import type { Offer } from "./offers.ts";

/** Of a terminal, in characters. */
export interface Size {
  columns: number;
  rows: number;
}

/** The smallest terminal the browser can be used in. */
export const smallest: Size = { columns: 40, rows: 12 };

/** Columns from which details stand beside the list and not below it. */
const besideFrom = 100;

/** The screen: as many lines as the terminal has, none wider than it. Pure. */
export function screen(shelf: Shelf, state: BrowserState, size: Size, paint: Colors): string[] {
  const { columns, rows } = size;
  if (columns < smallest.columns || rows < smallest.rows) {
    const text = `too small: ${columns}x${rows}; make it ${smallest.columns}x${smallest.rows}, or Ctrl-C`;
    return exactly(wrap(text, columns), rows).map((line) => filled(line, columns));
  }
  const head = header(shelf, state, columns, paint);
  const foot = footer(state, columns, paint);
  const room = rows - head.length - foot.length;
  return [...head, ...body(shelf, state, { columns, rows: room }, paint), ...foot].map((line) =>
    filled(line, columns),
  );
}

function header(shelf: Shelf, state: BrowserState, width: number, paint: Colors): string[] {
  const { chooser, stack, description, offers } = shelf;
  const { budget } = chooser.config.platform;
  const totals = chooser.totals(state.present);
  const memory = `memory ${showMemory(totals.memory)} of ${showMemory(budget.memory)}`;
  const most = `processors ${Number(totals.cpus.toFixed(2))}, largest ${totals.mostCpus} of ${budget.cpus}`;
  const over = (text: string, isOver: boolean) => (isOver ? paint.red(`${text} (over)`) : text);
  return [
    between(
      paint.bold(`ums: stack ${stack} (${description})`),
      `${state.present.size} of ${offers.length} services`,
      width,
    ),
    `${over(memory, totals.memory > budget.memory)}, ${over(most, totals.mostCpus > budget.cpus)}`,
    state.searching || state.search !== ""
      ? `search: ${state.search}${state.searching ? "_" : ""}`
      : `show: ${state.filter}`,
    paint.dim("─".repeat(width)),
  ];
}

function footer({ question, message, searching }: BrowserState, width: number, paint: Colors): string[] {
  const keys = searching
    ? "type to search   enter keeps it   esc forgets it"
    : "space choose  / search  f filter  ←→ category  enter plan  u undo  q leave";
  const notice = question
    ? wrap(`${question.text} (y/n)`, width).map((line) => paint.yellow(line))
    : message === undefined
      ? [""]
      : wrap(message, width).map((line) => paint.yellow(line));
  return [paint.dim("─".repeat(width)), ...exactly(notice, Math.min(notice.length, 3)), paint.dim(keys)];
}

function body(shelf: Shelf, state: BrowserState, { columns, rows }: Size, paint: Colors): string[] {
  const offer = underCursor(shelf, state);
  const details = (width: number) => (offer ? detailLines(shelf, state, offer, width, paint) : []);
  if (columns >= besideFrom) {
    const left = Math.floor(columns * 0.55);
    const right = columns - left - 3;
    const list = exactly(listLines(shelf, state, { columns: left, rows }, paint), rows);
    const about = exactly(details(right), rows);
    return list.map((line, row) => `${filled(line, left)} ${paint.dim("│")} ${about[row] ?? ""}`);
  }
  const below = Math.min(9, Math.floor(rows / 2));
  const above = rows - below - 1;
  return [
    ...exactly(listLines(shelf, state, { columns, rows: above }, paint), above),
    paint.dim("─".repeat(columns)),
    ...exactly(details(columns), below),
  ];
}

/** The part of the list around the cursor, under headings of their categories. */
function listLines(shelf: Shelf, state: BrowserState, { columns, rows }: Size, paint: Colors): string[] {
  const offers = listed(shelf, state);
  if (offers.length === 0) return ["nothing is like that; esc shows everything again"];
  const current = underCursor(shelf, state);
  const before = shelf.chooser.present(shelf.chooser.before);
  const lines: { offer: Offer; isHeading: boolean }[] = [];
  for (const [index, offer] of offers.entries()) {
    if (offer.category !== offers[index - 1]?.category) lines.push({ offer, isHeading: true });
    lines.push({ offer, isHeading: false });
  }
  const at = lines.findIndex(({ offer, isHeading }) => offer === current && !isHeading);
  const start = Math.min(Math.max(0, at - Math.floor(rows / 2)), Math.max(0, lines.length - rows));
  return lines.slice(start, start + rows).map(({ offer, isHeading }, index) =>
    // A category's heading stays at the top while its services pass below it.
    isHeading || index === 0
      ? heading(offer, offers, state, paint)
      : row(offer, offer === current, before.has(offer.name), state, columns, paint),
  );
}

function heading({ category }: Offer, offers: readonly Offer[], state: BrowserState, paint: Colors): string {
  const all = offers.filter((offer) => offer.category === category);
  const chosen = all.filter(({ name }) => state.present.has(name));
  return paint.bold(paint.cyan(`${category} ${chosen.length}/${all.length}`));
}

/** Columns of a service's name. */
const nameWidth = 25;

function row(
  offer: Offer,
  isCurrent: boolean,
  was: boolean,
  state: BrowserState,
  width: number,
  paint: Colors,
): string {
  const { name, description, memory, retired } = offer;
  const isIn = state.present.has(name);
  const mark = state.named.has(name) ? "[x]" : isIn ? "[+]" : "[ ]";
  const change = isIn === was ? " " : isIn ? "+" : "-";
  const about = retired === undefined ? description : `Retired: ${retired}`;
  const text = between(
    `${isCurrent ? ">" : " "}${change}${mark} ${filled(name, nameWidth)} ${about}`,
    showMemory(memory),
    width,
  );
  if (isCurrent) return paint.inverse(text);
  if (isIn !== was) return isIn ? paint.green(text) : paint.red(text);
  return isIn ? text : paint.dim(text);
}
