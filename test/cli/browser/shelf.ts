import { type BrowserState, type Key, openState, type Shelf } from "../../../cli/browser/model.ts";
import { offersOf } from "../../../cli/browser/offers.ts";
import { press } from "../../../cli/browser/press.ts";
import { Chooser } from "../../../stacks/chooser.ts";
import { catalog, digest, linkTo, listensOn, type RecordFields } from "../../fixtures/records.ts";
import { stackConfig } from "../../fixtures/stackConfigs.ts";

const records: Record<string, RecordFields> = {
  films: {
    category: "content",
    title: "Films",
    description: "Finds films.",
    links: [linkTo("indexer")],
    ports: listensOn(7878),
    limits: { memory: 1536, cpus: 1 },
  },
  indexer: { category: "content", description: "Searches for others.", ports: listensOn(9696) },
  wishes: {
    category: "requests",
    description: "Takes wishes.",
    conflicts: [{ service: "oldwishes", reason: "both answer under one address" }],
  },
  oldwishes: {
    category: "requests",
    description: "Took wishes.",
    lifecycle: { status: "retired", successor: "wishes" },
  },
  door: {
    category: "gateway",
    description: "The way in.",
    segment: "dmz",
    ports: listensOn(443),
    publish: [{ port: 443, host: 443, reason: "the door" }],
  },
  unpinned: { category: "portal", image: { repository: "docker.io/library/none", tag: "1" } },
};

/** A small catalogue in a stack with real images, of which some services are chosen. */
export function shelf(
  include: "all" | string[] = ["door"],
  fields: object = {},
  more: Record<string, RecordFields> = {},
): Shelf {
  const config = stackConfig({
    images: "real",
    services: { include },
    budget: { memory: 1024, cpus: 2 },
    ...fields,
  });
  const all = Object.fromEntries(
    Object.entries({ ...records, ...more }).map(([name, record]) => [
      name,
      { image: { repository: "docker.io/library/none", tag: "1.0.0", digest }, ...record },
    ]),
  );
  const chooser = new Chooser(catalog(all), config);
  return { stack: "home", description: "production, real images", chooser, offers: offersOf(chooser) };
}

/** Keys by Node's names, or characters to type. */
export function keys(...names: string[]): Key[] {
  const known = /^(up|down|left|right|home|end|pageup|pagedown|return|escape|backspace|space)$/;
  return names.flatMap((name): Key[] => {
    if (name === "^C") return [{ name: "c", ctrl: true, text: "\x03" }];
    if (known.test(name)) return [{ name, ...(name === "space" ? { text: " " } : {}) }];
    return [...name].map((text) => ({ text, ...(/[a-z]/.test(text) ? { name: text } : {}) }));
  });
}

/** The state after keys. */
export function pressing(on: Shelf, pressed: Key[], start: BrowserState = openState(on)): BrowserState {
  return pressed.reduce((state, key) => press(on, state, key), start);
}
