import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type ContainerInputs, containerInputs } from "../../../targets/compose/render.ts";
import type {
  EngineLimits,
  InspectedContainer,
  InspectedFile,
  InspectedImage,
  InspectedNetwork,
  InspectedStack,
  InspectedVolume,
} from "../../../targets/drift/inspected.ts";
import { compareStack, type DriftReport, type KnownSecrets } from "../../../targets/drift/stack.ts";
import type { DeclaredProgram, RegisteredResource } from "../../../targets/resources.ts";
import { found } from "../../fixtures/platforms.ts";

/** What `record.ts` wrote down of a running stack: keyholder inside gluetun's network, and traefik. */
interface Recorded {
  resources: RegisteredResource[];
  known: [string, Pick<ContainerInputs, "envs" | "uploads">][];
  containers: InspectedContainer[];
  networks: InspectedNetwork[];
  volumes: InspectedVolume[];
  images: [string, InspectedImage][];
  files: [string, [string, InspectedFile][]][];
  limits: EngineLimits;
}

function read(engine: string): Recorded {
  return parse(readFileSync(join(import.meta.dirname, `${engine}.yaml`), "utf8")) as Recorded;
}

const recordings = { compose: read("compose"), pulumi: read("pulumi") };

/** One image is one object, whatever it was inspected by. */
function imagesOf(inspected: Recorded["images"]): Map<string, InspectedImage> {
  const byId = new Map(inspected.map(([, image]) => [image.Id, image]));
  return new Map(inspected.map(([name, image]) => [name, byId.get(image.Id) ?? image]));
}

/** A recorded stack that a test may change as it likes. */
export class Recording {
  readonly program: DeclaredProgram;
  readonly stack: InspectedStack & { images: Map<string, InspectedImage> };
  readonly files: Map<string, Map<string, InspectedFile>>;
  secrets: KnownSecrets;

  constructor(engine: keyof typeof recordings) {
    const recorded = structuredClone(recordings[engine]);
    const known = new Map(recorded.known);
    this.program = { resources: recorded.resources, outputs: {} };
    this.files = new Map(recorded.files.map(([name, paths]) => [name, new Map(paths)]));
    this.stack = { ...recorded, images: imagesOf(recorded.images), files: this.files };
    this.secrets = {
      inputsOf: (container) => ({ ...containerInputs(container), ...known.get(container.name) }),
      why: "none was made",
    };
  }

  compare(): DriftReport {
    return compareStack(this.program, this.stack, this.secrets);
  }

  /** What differs, as `name property`. */
  differing(): string[] {
    return this.compare().drift.map(({ name, property }) => `${this.short(name)} ${property}`);
  }

  /** A name without the stack's. */
  short(name: string): string {
    return name.replace(/^umsrec(compose|pulumi)[-_]/, "");
  }

  container(name: string): InspectedContainer {
    return found(
      this.stack.containers.find(({ Name }) => this.short(Name.slice(1)) === name),
      name,
    );
  }

  network(name: string): InspectedNetwork {
    return found(
      this.stack.networks.find(({ Name }) => this.short(Name) === name),
      name,
    );
  }

  volume(name: string): InspectedVolume {
    return found(
      this.stack.volumes.find(({ Name }) => this.short(Name) === name),
      name,
    );
  }

  /** The image that everything runs from. */
  image(): InspectedImage {
    return found([...this.stack.images.values()][0], "an image");
  }

  declared(name: string): RegisteredResource {
    return found(
      this.program.resources.find((resource) => resource.name === name),
      name,
    );
  }
}
