import { containerName } from "../../containerName.ts";
import type { Service } from "../../platform.ts";
import type { Configuration, ConfigureContext } from "../context.ts";
import { yamlText } from "../text.ts";

/** Where the record's entrypoint links it from: nothing can be mounted in the folder that CrowdSec reads. */
const path = "/run/acquisition/ums.yaml";

type Watched = Service & { crowdsec: NonNullable<Service["crowdsec"]> };

/** CrowdSec: the logs of every service whose record names a parser, followed through the Docker API's proxy. */
export function configureCrowdsec(service: Service, context: ConfigureContext): Configuration {
  const watched = context.services.filter((one): one is Watched => one.crowdsec !== undefined);
  const host = dockerHost(service, context);
  const sources = watched.map(({ name, crowdsec }) =>
    yamlText({
      source: "docker",
      docker_host: host,
      container_name: [containerName(context.stack, name)],
      labels: { type: crowdsec.type },
    }),
  );
  const collections = new Set(watched.flatMap(({ crowdsec }) => crowdsec.collections));
  return {
    files: [{ path, text: sources.join("---\n") }],
    environment: { COLLECTIONS: [...collections].sort().join(" ") },
  };
}

/** The proxy of the Docker API that it is linked to. */
function dockerHost({ name }: Service, context: ConfigureContext): string {
  const link = context.links.find(
    ({ consumer, provider }) =>
      consumer === name && context.service(provider)?.roles.includes("socket-proxy"),
  );
  if (!link) {
    const message = `${name} reads logs through the Docker API, and has no link to a service with the role socket-proxy`;
    context.report({ place: context.recordPlace(name, ["links"]), message });
  }
  return link ? `tcp://${context.hostOf(name, link.provider)}:${link.uses[0]?.port}` : "";
}
