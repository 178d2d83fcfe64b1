import { isDeepStrictEqual } from "node:util";
import type { Change, Snapshot } from "../plan.ts";
import { labelsIn, serviceIn } from "./labels.ts";

/** What becomes of a service. One that `follows` is made anew only because its networks or its VPN container are. */
export type ServiceFate = "added" | "changed" | "follows" | "removed";

export type LinkFate = "added" | "changed" | "removed";

/** A service that is declared no more, as the earlier plan had it. */
export interface RemovedService {
  name: string;
  segment: string;
}

/** What the changes between two plans mean for services and links, sorted by name. */
export interface Affected {
  services: ReadonlyMap<string, ServiceFate>;
  /** By `consumer provider`. */
  links: ReadonlyMap<string, LinkFate>;
  removed: readonly RemovedService[];
}

type Resource = Snapshot["resources"][number];

/** Inputs of a container that change with its neighbours. */
const ofNeighbours: ReadonlySet<string> = new Set(["networkMode", "networksAdvanced"]);

export function affectedBy(
  changes: readonly Change[],
  earlier: Snapshot | undefined,
  next: Snapshot,
): Affected {
  const before = byKey(earlier);
  const after = byKey(next);
  const services = new Map<string, ServiceFate>();
  const links = new Map<string, LinkFate>();
  const removed: RemovedService[] = [];
  for (const change of changes) {
    const now = after.get(keyOf(change));
    const then = before.get(keyOf(change));
    const resource = now ?? then;
    if (!resource) continue;
    const labels = labelsIn(resource);
    const [consumer, provider] = [labels.get("ums.consumer"), labels.get("ums.provider")];
    if (consumer !== undefined && provider !== undefined) {
      const fate = change.kind === "create" ? "added" : change.kind === "delete" ? "removed" : "changed";
      links.set(`${consumer} ${provider}`, fate);
    }
    const seeded = labels.get("ums.seeds");
    if (seeded !== undefined && (services.get(seeded) ?? "follows") === "follows") {
      services.set(seeded, "changed");
    }
    const service = serviceIn(resource);
    if (service === undefined) continue;
    if (change.kind === "delete") removed.push({ name: service, segment: labels.get("ums.segment") ?? "" });
    const fate = fateOf(change, then, now);
    if (fate !== "follows" || !services.has(service)) services.set(service, fate);
  }
  return { services: sorted(services), links: sorted(links), removed };
}

function fateOf(change: Change, then: Resource | undefined, now: Resource | undefined): ServiceFate {
  if (!then) return "added";
  if (!now) return "removed";
  const own = change.inputs.filter((input) => !ofNeighbours.has(input) && input !== "labels");
  return own.length > 0 || !isDeepStrictEqual(ownLabels(then), ownLabels(now)) ? "changed" : "follows";
}

/** Without the label that names the container which wrote the files: that one's change speaks for itself. */
function ownLabels(resource: Resource): [string, string][] {
  return [...labelsIn(resource)].filter(([label]) => label !== "ums.seed").sort();
}

function byKey(snapshot: Snapshot | undefined): Map<string, Resource> {
  return new Map(snapshot?.resources.map((resource) => [keyOf(resource), resource]));
}

function keyOf({ type, name }: { type: string; name: string }): string {
  return `${type}::${name}`;
}

function sorted<T>(map: ReadonlyMap<string, T>): Map<string, T> {
  return new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
