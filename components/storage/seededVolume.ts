import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { EnvironmentName } from "../../stacks/catalog/record.ts";
import { labelsOf } from "../labels.ts";
import { type Seeder, type SeedingPlan, seedSteps, stagedPath } from "./seeding.ts";

export interface SeededVolumeArgs {
  stack: string;
  service: string;
  environment: EnvironmentName;
  plan: SeedingPlan;
  seeder: Seeder;
  /** A secret's value by its id. */
  secretValue(id: string): pulumi.Output<string>;
  /** What must be there before the container: the data volumes it gives an owner, and the image. */
  after: readonly pulumi.Resource[];
}

/**
 * Configuration and secret files of one service, in volumes of their own. A one-shot container receives the files,
 * gives them owner and mode, gives the service's data volumes their owner, and exits. Changed content makes a new
 * container, whose id the service carries as a label, so that the service is replaced too.
 */
export class SeededVolume extends pulumi.ComponentResource {
  readonly volumes: docker.Volume[];
  readonly container: docker.Container;

  constructor(name: string, args: SeededVolumeArgs, options?: pulumi.ComponentResourceOptions) {
    super("ums:storage:SeededVolume", name, {}, options);
    const { stack, service, environment, plan, seeder, secretValue, after } = args;
    const labels = labelsOf(stack, { "ums.seeds": service });
    this.volumes = plan.folders.map(
      ({ volume }) =>
        new docker.Volume(
          volume.slice(stack.length + 1),
          { name: volume, driver: "local", labels },
          { parent: this },
        ),
    );
    const mounts = [...plan.owned.map(({ volume, path }) => ({ volume, path })), ...plan.folders]
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .map(({ volume, path }) => ({
        type: "volume",
        source: volume,
        target: stagedPath(path),
        readOnly: false,
      }));
    const { entrypoint, command } = seeder.command(seedSteps(plan));
    this.container = new docker.Container(
      `${name}-container`,
      {
        name: `${stack}-${service}_seed`,
        image: seeder.image,
        entrypoints: entrypoint,
        command,
        user: "0:0",
        // An upload to a container with a read-only root fails: the provider copies to "/".
        readOnly: false,
        capabilities: { drops: ["ALL"], adds: ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"] },
        securityOpts: ["no-new-privileges:true"],
        networkMode: "none",
        memory: 64,
        memorySwap: 64,
        cpuPeriod: 100_000,
        cpuQuota: 100_000,
        restart: "no",
        mustRun: false,
        attach: true,
        logs: true,
        logDriver: "json-file",
        logOpts: { "max-file": "1", "max-size": "1m" },
        mounts,
        uploads: plan.files.map((file) => ({
          file: stagedPath(file.path),
          content: "text" in file.content ? file.content.text : secretValue(file.content.secret),
        })),
        labels: labelsOf(stack, { "ums.seeds": service, "ums.environment": environment }),
      },
      {
        parent: this,
        // A component's own dependsOn does not reach its children: Docker would make a missing volume by itself.
        dependsOn: [...this.volumes, ...after],
        deleteBeforeReplace: true,
        replaceOnChanges: ["*"],
        additionalSecretOutputs: ["uploads"],
      },
    );
    this.registerOutputs({ volumes: plan.folders.map(({ volume }) => volume) });
  }
}
