import { generatedResource } from "../../components/secret/generated.ts";
import type { PlatformSecret } from "../../stacks/platform.ts";
import { type ComposeClient, ComposeFailure, composeUp } from "../../targets/compose/client.ts";
import {
  composeText,
  containerInputs,
  containersOf,
  networksOf,
  renderCompose,
} from "../../targets/compose/render.ts";
import {
  mendNamespaces,
  removeSeededVolumes,
  removeStack,
  removeUndeclared,
} from "../../targets/docker/converge.ts";
import { failure, waitUntilHealthy } from "../../targets/docker/health.ts";
import { connectDocker, dockerFault, stackContainers, stackVolumes } from "../../targets/docker/host.ts";
import { checkHost, requireImages } from "../../targets/docker/preflight.ts";
import { createVolumes, runSeeds } from "../../targets/docker/seed.ts";
import { writePrivate } from "../../targets/files.ts";
import { bindSecrets, inForm } from "../../targets/inProcess/bind.ts";
import { SecretStore } from "../../targets/inProcess/secretStore.ts";
import { dockerTypes } from "../../targets/resources.ts";
import { judgedSecrets } from "../secrets/judge.ts";
import {
  type Engine,
  type EngineContext,
  type GeneratedSecret,
  patience,
  type SecretContext,
  waitsOf,
} from "./engine.ts";
import { buildRehearsal } from "./rehearsal.ts";

/** The embedded engine: the program's resources as a Compose file, started by Docker Compose. */
export class ComposeEngine implements Engine {
  readonly name = "compose";

  constructor(private readonly client: ComposeClient) {}

  get description(): string {
    return `embedded engine with ${this.client.command.join(" ")} ${this.client.version}`;
  }

  async up(context: EngineContext): Promise<void> {
    const { loaded, state, program, progress } = context;
    const { platform, config } = loaded;
    const docker = await connectDocker();
    const passphrase = state.passphrase(config.platform.environment);
    const store = SecretStore.open(state.secretsPath, passphrase);
    const configSecrets = await judgedSecrets(platform, config, passphrase);
    const bound = bindSecrets(program, store, configSecrets);
    store.save();
    try {
      await checkHost(docker, platform);
      await buildRehearsal(context.root, platform, progress, docker);
      const containers = program.resources
        .filter(({ type }) => type === dockerTypes.container)
        .map(containerInputs);
      await requireImages(docker, [...new Set(containers.map(({ image }) => image))].sort(), progress);
      await removeUndeclared(docker, platform.stack, {
        containers: new Set(containers.map(({ name }) => name)),
        networks: networksOf(program).map(({ name, internal = false, options = {}, ipamConfigs }) => ({
          name,
          internal,
          options,
          subnet: ipamConfigs[0]?.subnet ?? "",
        })),
      });
      progress("creating volumes");
      await createVolumes(docker, bound.program);
      await runSeeds(docker, bound.program, bound.idOf, (message) => progress(`writing files: ${message}`));
      const { file, environment } = renderCompose(bound.program, bound.idOf, bound.secretValues);
      writePrivate(state.composePath, composeText(file));
      progress(`starting ${containersOf(program, false).length} services`);
      const watch = new Watch(async () => {
        const all = await stackContainers(docker, platform.stack);
        const up = all.filter(({ service, health }) => service !== undefined && health === "healthy").length;
        progress(`${up} of ${platform.services.length} services are healthy`);
      });
      try {
        const start = () =>
          composeUp(this.client, {
            project: `ums-${platform.stack}`,
            file: state.composePath,
            environment,
          });
        await mendNamespaces(docker, platform);
        await start();
        // Compose may have replaced the VPN container without the services inside its network.
        if ((await mendNamespaces(docker, platform)).removed.length > 0) await start();
      } finally {
        await watch.stop();
      }
      await waitUntilHealthy(docker, platform.stack, waitsOf(context), { seconds: patience, progress });
      store.retire(program.resources);
      store.save();
    } catch (error) {
      if (error instanceof ComposeFailure) {
        const containers = await stackContainers(docker, platform.stack);
        const found = await failure(docker, containers, waitsOf(context));
        throw found.failed.some(({ state }) => state !== "not created") ? found : error;
      }
      throw dockerFault(error);
    }
  }

  async down(context: EngineContext): Promise<void> {
    const { platform } = context.loaded;
    const docker = await connectDocker();
    try {
      await removeStack(docker, platform.stack, platform.waves, context.progress);
      await removeSeededVolumes(docker, platform.stack);
    } catch (error) {
      throw dockerFault(error);
    }
  }

  async generatedSecrets({
    loaded,
    state,
  }: SecretContext): Promise<(secret: PlatformSecret) => GeneratedSecret | undefined> {
    const passphrase = state.passphrase(loaded.config.platform.environment);
    const store = SecretStore.open(state.secretsPath, passphrase);
    return (secret) => {
      const resource = generatedResource(secret);
      const known = store.known(resource);
      return known && { ...known, value: inForm(known.value, resource.output) };
    };
  }

  async exportState(): Promise<undefined> {}

  async removeData(context: EngineContext): Promise<void> {
    const docker = await connectDocker();
    for (const name of await stackVolumes(docker, context.loaded.platform.stack))
      await docker.getVolume(name).remove();
  }
}

/** Repeats some work every two seconds until it is stopped. */
class Watch {
  private stopped = false;
  private readonly loop: Promise<void>;

  constructor(work: () => Promise<void>) {
    this.loop = this.run(work);
  }

  private async run(work: () => Promise<void>): Promise<void> {
    while (!this.stopped) {
      await work().catch(() => {});
      for (let tick = 0; tick < 20 && !this.stopped; tick++)
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.loop;
  }
}
