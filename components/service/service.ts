import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { EnvironmentName } from "../../stacks/catalog/record.ts";
import type { Service as ResolvedService } from "../../stacks/platform.ts";
import { labelsOf } from "../labels.ts";
import type { SeededVolume } from "../storage/seededVolume.ts";
import { type ContainerContext, containerArguments, type PlainContainerArgs } from "./container.ts";
import { declaredLabels } from "./declared.ts";

export interface ServiceArgs extends ContainerContext {
  service: ResolvedService;
  environment: EnvironmentName;
  /** Writes the service's files before it starts. */
  seed: SeededVolume | undefined;
  /** The service whose network namespace this one lives in. */
  through: Service | undefined;
  /** A secret's value by its id. */
  secretValue(id: string): pulumi.Output<string>;
  /** What must be there, and healthy, before the container. A component's own dependsOn does not reach its children. */
  after: readonly pulumi.Resource[];
}

/** Seconds a new container may take to become healthy, beyond its own start period. */
const patience = 180;

/** One service of the catalogue: a container with the least privileges its record allows. */
export class Service extends pulumi.ComponentResource {
  readonly container: docker.Container;
  readonly serviceName: string;

  constructor(name: string, args: ServiceArgs, options?: pulumi.ComponentResourceOptions) {
    super("ums:service:Service", name, {}, options);
    const { service, seed, through, secretValue, after } = args;
    this.serviceName = service.name;
    const probed = service.health.command !== null;
    const plain = containerArguments(service, args);
    this.container = new docker.Container(
      `${name}-container`,
      {
        ...plain,
        envs: environment(service, secretValue),
        networkMode: through ? pulumi.interpolate`container:${through.container.id}` : networkMode(plain),
        labels: [
          ...labelsOf(args.stack, {
            "ums.service": service.name,
            "ums.segment": service.segment,
            ...declaredLabels(service, args.environment),
          }),
          // A replaced seed has another id, so this label replaces the container that reads the files.
          ...(seed ? [{ label: "ums.seed", value: seed.container.id }] : []),
        ],
        mustRun: true,
        wait: probed,
        ...(probed ? { waitTimeout: service.health.startPeriod + patience } : {}),
      },
      {
        parent: this,
        dependsOn: [...after],
        deleteBeforeReplace: true,
        // The provider updates these in place without applying them to the running container.
        replaceOnChanges: ["cpuPeriod", "cpuQuota", "healthcheck", "init", "tmpfs"],
      },
    );
    this.registerOutputs({ containerId: this.container.id });
  }
}

/**
 * `bridge` beside `networksAdvanced` means: on the listed networks alone. The provider creates the container, takes it
 * off the default bridge and connects it to each network. Were one of them named here, it would be joined at creation,
 * without the fixed address and the aliases that `networksAdvanced` gives it (seen with provider 5.2.0).
 */
function networkMode(plain: PlainContainerArgs): string {
  return plain.networksAdvanced ? "bridge" : "none";
}

function environment(
  service: ResolvedService,
  secretValue: (id: string) => pulumi.Output<string>,
): pulumi.Input<string>[] {
  const plain = Object.entries(service.environment).map(([name, value]) => ({
    name,
    line: `${name}=${value}`,
  }));
  const secret = service.secretVariables.map(({ variable, secret: id }) => ({
    name: variable,
    line: pulumi.interpolate`${variable}=${secretValue(id)}`,
  }));
  return [...plain, ...secret].sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ line }) => line);
}
