import {
  type BrowserState,
  choose,
  filters,
  isChanged,
  type Key,
  listed,
  type Shelf,
  underCursor,
} from "./model.ts";
import type { Offer } from "./offers.ts";

/** Offers that page up and page down move by. */
const page = 10;

/** The state after a key. Pure. */
export function press(shelf: Shelf, before: BrowserState, key: Key): BrowserState {
  if (key.ctrl === true && key.name === "c") return { ...before, end: "interrupted" };
  const { message, ...state } = before;
  if (state.question) return answer(shelf, state, key);
  const moved = move(shelf, state, key);
  if (moved) return moved;
  if (state.searching) return type(state, key);
  switch (key.name) {
    case "space":
      return toggle(shelf, state);
    case "return":
    case "enter":
      return goOn(shelf, state);
    case "f":
      return { ...state, filter: filters[(filters.indexOf(state.filter) + 1) % filters.length] ?? "all" };
    case "u":
      return choose(shelf, { ...state, message: "everything is as it was" }, shelf.chooser.before);
    case "escape":
      return state.search !== "" || state.filter !== "all"
        ? { ...state, search: "", filter: "all" }
        : leave(shelf, state);
    case "q":
      return leave(shelf, state);
  }
  return key.text === "/" ? { ...state, searching: true } : state;
}

function answer(shelf: Shelf, { question, ...state }: BrowserState, { name }: Key): BrowserState {
  if (!question || name === "n" || name === "escape") return state;
  if (name !== "y") return { ...state, question };
  return "end" in question.yes
    ? { ...state, end: question.yes.end }
    : choose(shelf, state, question.yes.named);
}

/** Undefined for keys that do not move the cursor. */
function move(shelf: Shelf, state: BrowserState, key: Key): BrowserState | undefined {
  const offers = listed(shelf, state);
  const at = Math.max(
    0,
    offers.findIndex(({ name }) => name === state.cursor),
  );
  const to = target(offers, at, key, state.searching);
  if (to === undefined) return undefined;
  const offer = offers[Math.min(Math.max(to, 0), offers.length - 1)];
  return offer ? { ...state, cursor: offer.name } : state;
}

function target(offers: readonly Offer[], at: number, key: Key, typing: boolean): number | undefined {
  switch (key.name) {
    case "up":
      return at - 1;
    case "down":
      return at + 1;
    case "pageup":
      return at - page;
    case "pagedown":
      return at + page;
    case "home":
      return 0;
    case "end":
      return offers.length - 1;
    case "left":
      return categoryStart(offers, at, -1);
    case "right":
      return categoryStart(offers, at, 1);
  }
  if (typing) return undefined;
  if (key.name === "k") return at - 1;
  return key.name === "j" ? at + 1 : undefined;
}

/** Where the next or the previous category starts. */
function categoryStart(offers: readonly Offer[], at: number, step: 1 | -1): number {
  const starts = offers.flatMap(({ category }, index) =>
    category === offers[index - 1]?.category ? [] : index,
  );
  const here = starts.findLastIndex((start) => start <= at);
  return starts[here + step] ?? (step === 1 ? at : 0);
}

function type(state: BrowserState, { name, text = "", ctrl }: Key): BrowserState {
  switch (name) {
    case "return":
    case "enter":
      return { ...state, searching: false };
    case "escape":
      return { ...state, searching: false, search: "" };
    case "backspace":
      return { ...state, search: state.search.slice(0, -1) };
  }
  return ctrl !== true && /^[\x20-\x7e]$/.test(text) ? { ...state, search: state.search + text } : state;
}

/** In or out; what would go along with it, or cannot stay beside it, is asked about first. */
function toggle(shelf: Shelf, state: BrowserState): BrowserState {
  const offer = underCursor(shelf, state);
  if (!offer) return state;
  const { chooser } = shelf;
  const { name } = offer;
  if (state.present.has(name)) {
    const named = chooser.without(state.named, name);
    const left = chooser.present(named);
    const falling = [...state.present.keys()].filter((other) => state.named.has(other) && !named.has(other));
    const along = falling.filter((other) => other !== name);
    if (left.has(name)) return { ...state, message: `${name} stays: ${whyStays(shelf, state, name)}` };
    if (along.length === 0) return choose(shelf, state, named);
    return {
      ...state,
      question: {
        text: `${names(along)} cannot do without ${name}. Take ${them(along)} out, too?`,
        yes: { named },
      },
    };
  }
  if (offer.unavailable !== undefined) return { ...state, message: `${name}: ${offer.unavailable}` };
  const named = chooser.with(state.named, name);
  const clashes = chooser.clashes(state.present, name);
  if (clashes.length === 0) return choose(shelf, state, named);
  const others = clashes.map(({ service }) => service);
  const without = others.reduce((left, other) => chooser.without(left, other), state.named);
  return {
    ...state,
    question: {
      text: `${name} cannot run with ${names(others)}: ${clashes.map(({ reason }) => reason).join("; ")}. Take ${them(others)} out?`,
      yes: { named: chooser.with(without, name) },
    },
  };
}

/** Why a service that nobody named cannot be taken out here. */
function whyStays({ chooser }: Shelf, { present }: BrowserState, name: string): string {
  const measures = chooser.catalog.get(name)?.value.measures;
  return measures === undefined || present.get(name)?.length !== 0
    ? "others require it"
    : `it measures ${measures}; npx ums disable ${name} leaves it out`;
}

function goOn(shelf: Shelf, state: BrowserState): BrowserState {
  if (!isChanged(shelf, state))
    return { ...state, message: "nothing is changed yet: space chooses a service" };
  if (state.named.size === 0) return { ...state, message: "a stack needs at least one service" };
  return { ...state, end: "plan" };
}

function leave(shelf: Shelf, state: BrowserState): BrowserState {
  if (!isChanged(shelf, state)) return { ...state, end: "quit" };
  return { ...state, question: { text: "Leave, and forget what you changed?", yes: { end: "quit" } } };
}

function names(list: readonly string[]): string {
  return list.join(", ");
}

function them(list: readonly string[]): string {
  return list.length === 1 ? "it" : "them";
}
