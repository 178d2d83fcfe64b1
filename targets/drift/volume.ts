import type { VolumeInputs } from "../docker/seed.ts";
import { type DeclaredProgram, dockerTypes } from "../resources.ts";
import { compareFacts, factOfEach, factsOf } from "./fact.ts";
import { type Finding, finding, labelsOf, presence, serviceOf, withoutCompose } from "./finding.ts";
import type { InspectedStack } from "./inspected.ts";
import type { Part } from "./part.ts";

/** Every declared volume. One that nobody declares any more is data that outlived its service, and no drift. */
export function compareVolumes(program: DeclaredProgram, stack: InspectedStack): Finding[] {
  const declared = program.resources.filter(({ type }) => type === dockerTypes.volume);
  return declared.map((resource) => {
    const inputs = resource.inputs as unknown as VolumeInputs;
    const labels = labelsOf(inputs.labels);
    const part: Part = { kind: "volume", name: inputs.name, service: serviceOf(labels) };
    const running = stack.volumes.find(({ Name }) => Name === inputs.name);
    if (!running) return presence(part, "present", null);
    return finding(
      part,
      inputs,
      compareFacts(
        factsOf([
          ["state", "present"],
          ["driver", inputs.driver ?? "local"],
          ...factOfEach("option", inputs.driverOpts),
          ...factOfEach("label", labels),
        ]),
        factsOf([
          ["state", "present"],
          ["driver", running.Driver],
          ...factOfEach("option", running.Options),
          ...factOfEach("label", withoutCompose(running.Labels)),
        ]),
      ),
    );
  });
}
