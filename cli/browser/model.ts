import type { Chooser, Named, Present } from "../../stacks/chooser.ts";
import type { Offer } from "./offers.ts";

/** A key as the terminal sent it. */
export interface Key {
  /** Node's name for it: "up", "space", "a". */
  name?: string;
  /** The character it types, if it types one. */
  text?: string;
  ctrl?: boolean;
}

export const filters = ["all", "in the stack", "not in the stack", "changed"] as const;
export type Filter = (typeof filters)[number];

/** A question that has to be answered with y or n. */
export interface Question {
  text: string;
  /** What yes means: these services, or leaving. */
  yes: { named: Named } | { end: "quit" };
}

/** Everything that is on the screen depends on this and the terminal's size. Immutable. */
export interface BrowserState {
  named: Named;
  present: Present;
  /** Name of the service under the cursor; one that is not listed counts as the first that is. */
  cursor: string;
  search: string;
  /** Characters go into the search. */
  searching: boolean;
  filter: Filter;
  question?: Question;
  /** What the last key did, or why it did nothing. */
  message?: string;
  /** The browser is left: to the plan, or for good. */
  end?: "plan" | "quit" | "interrupted";
}

/** What does not change while the browser is open. */
export interface Shelf {
  stack: string;
  description: string;
  chooser: Chooser;
  offers: readonly Offer[];
}

export function openState({ chooser, offers }: Shelf): BrowserState {
  return {
    named: chooser.before,
    present: chooser.present(chooser.before),
    cursor: offers[0]?.name ?? "",
    search: "",
    searching: false,
    filter: "all",
  };
}

/** The offers that search and filter leave. */
export function listed({ chooser, offers }: Shelf, state: BrowserState): Offer[] {
  const words = state.search.toLowerCase().split(/\s+/);
  const before = chooser.present(chooser.before);
  return offers.filter(({ name, title, category, description }) => {
    const text = `${name} ${title} ${category} ${description}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) return false;
    const isIn = state.present.has(name);
    if (state.filter === "all") return true;
    return state.filter === "changed"
      ? isIn !== before.has(name)
      : isIn === (state.filter === "in the stack");
  });
}

/** The listed offer under the cursor. */
export function underCursor(shelf: Shelf, state: BrowserState): Offer | undefined {
  const offers = listed(shelf, state);
  return offers.find(({ name }) => name === state.cursor) ?? offers[0];
}

export function isChanged({ chooser }: Shelf, { named }: BrowserState): boolean {
  const { add = [], remove = [] } = chooser.change(named);
  return add.length + remove.length > 0;
}

/** The state with other named services. */
export function choose({ chooser }: Shelf, state: BrowserState, named: Named): BrowserState {
  return { ...state, named, present: chooser.present(named) };
}
