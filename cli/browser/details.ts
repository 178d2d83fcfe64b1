import type { Colors } from "picocolors/types.js";
import { showMemory, wrap } from "./lines.ts";
import type { BrowserState, Shelf } from "./model.ts";
import type { Offer } from "./offers.ts";

/** What there is to know of a service before it is chosen, most important first, wrapped to a width. */
export function detailLines(
  shelf: Shelf,
  state: BrowserState,
  offer: Offer,
  width: number,
  paint: Colors,
): string[] {
  const facts: [string, string][] = [
    ...retirement(offer),
    ...standing(shelf, state, offer),
    ["limits", `${showMemory(offer.memory)}, ${processors(offer.cpus)}`],
    ...ports(offer),
    ["segment", offer.segment],
    ["image", offer.image],
  ];
  return [
    paint.bold(offer.title === offer.name ? offer.name : `${offer.title} (${offer.name})`),
    ...wrap(offer.description, width),
    ...facts.flatMap(([label, text]) =>
      wrap(`${label}: ${text}`, width).map((line, index) =>
        index === 0 ? line.replace(`${label}:`, paint.dim(`${label}:`)) : line,
      ),
    ),
  ];
}

function retirement({ retired, replaces, conflicts, unavailable }: Offer): [string, string][] {
  return [
    ...(retired === undefined ? [] : [["retired", retired] as [string, string]]),
    ...(unavailable === undefined ? [] : [["not available", unavailable] as [string, string]]),
    ...(replaces.length === 0 ? [] : [["replaces", replaces.join(", ")] as [string, string]]),
    ...conflicts.map(({ service, reason }) => ["not with", `${service}, ${reason}`] as [string, string]),
  ];
}

/** What brings it, what it brings, and what goes with it. */
function standing({ chooser }: Shelf, state: BrowserState, { name }: Offer): [string, string][] {
  const chain = state.present.get(name);
  if (chain === undefined) {
    const joining = chooser.joining(state.named, name);
    if (joining.length === 0) return [["brings along", "nothing else"]];
    const memory = chooser.totals(new Map(joining.map((other) => [other, []]))).memory;
    return [["brings along", `${joining.join(", ")} (${showMemory(memory)})`]];
  }
  const falling = chooser.falling(state.named, name);
  const measures = state.named.has(name) ? undefined : chooser.catalog.get(name)?.value.measures;
  return [
    ...(chain.length > 0
      ? [["in the stack", `because ${chain.join(" -> ")} requires it`] as [string, string]]
      : measures !== undefined
        ? [["in the stack", `because it measures ${measures}`] as [string, string]]
        : []),
    ...(falling.length > 0 ? [["required by", falling.join(", ")] as [string, string]] : []),
  ];
}

function ports({ ports, hostPorts, url }: Offer): [string, string][] {
  return [
    ...(url === undefined ? [] : [["address", url] as [string, string]]),
    ["ports", ports.length > 0 ? ports.join(", ") : "none"],
    ["on the host", hostPorts.length > 0 ? hostPorts.join(", ") : "none"],
  ];
}

function processors(count: number): string {
  return `${Number(count.toFixed(2))} processor${count === 1 ? "" : "s"}`;
}
