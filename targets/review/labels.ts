import { z } from "zod";
import type { LiftedDefault } from "../../components/outputs.ts";
import type { Snapshot } from "../plan.ts";

type Resource = Snapshot["resources"][number];

/** A resource's labels by name; none when it has none. */
export function labelsIn({ inputs }: Resource): ReadonlyMap<string, string> {
  const { labels } = inputs;
  if (!Array.isArray(labels)) return new Map();
  return new Map((labels as { label: string; value: string }[]).map(({ label, value }) => [label, value]));
}

/** The service that a container runs; undefined for every other resource. */
export function serviceIn(resource: Resource): string | undefined {
  return resource.type.endsWith(":Container") ? labelsIn(resource).get("ums.service") : undefined;
}

const liftedLabel = z.array(
  z.object({ privilege: z.string(), value: z.string().optional(), reason: z.string() }),
);

/** What the containers of a plan have beyond the least privileges. */
export function liftedIn({ resources }: Snapshot): LiftedDefault[] {
  return resources.flatMap((resource) => {
    const service = serviceIn(resource);
    const label = labelsIn(resource).get("ums.lifted");
    if (service === undefined || label === undefined) return [];
    return liftedLabel.parse(JSON.parse(label)).map(({ privilege, value, reason }) => ({
      service,
      privilege: value === undefined ? privilege : `${privilege} ${value}`,
      reason,
    }));
  });
}

/** Defaults lifted in one plan that the earlier one keeps, whatever the reasons. */
export function newlyLifted(earlier: Snapshot, next: Snapshot): LiftedDefault[] {
  const keyOf = ({ service, privilege }: LiftedDefault) => `${service} ${privilege}`;
  const before = new Set(liftedIn(earlier).map(keyOf));
  return liftedIn(next).filter((lifted) => !before.has(keyOf(lifted)));
}
