import type { Service } from "../../../platform.ts";
import type { ConfigureContext } from "../../context.ts";
import { trustedNetworks } from "../trustedNetworks.ts";

/** A plugin that turns away whom CrowdSec has banned: how Traefik loads it, and its settings. */
export interface Bouncer {
  plugins: Record<string, unknown>;
  middleware: Record<string, unknown>;
}

const plugin = "bouncer";

/**
 * The plugin maxlerebourg/crowdsec-bouncer-traefik-plugin, whose README has the options. Traefik fetches it from its
 * catalogue at every start, which a rehearsal cannot; nothing that CrowdSec offers for Traefik works without. It keeps a
 * copy of the bans, so no request waits for CrowdSec, and lets everyone in while CrowdSec is away: the platform's door
 * must not close with it.
 */
export function bouncerOf(service: Service, context: ConfigureContext): Bouncer | undefined {
  const { images, gateway } = context.settings;
  if (images === "rehearsal" || !gateway.bouncer) return undefined;
  const key = context.secret(service.name, service.name, "bouncer-key");
  const [owner] = key?.id.split("/") ?? [];
  const link = context.links.find(
    ({ consumer, provider }) => consumer === service.name && provider === owner,
  );
  const file = service.files.find(({ content }) => "secret" in content && content.secret === key?.id);
  if (!link || !file) return undefined;
  return {
    plugins: {
      [plugin]: { moduleName: "github.com/maxlerebourg/crowdsec-bouncer-traefik-plugin", version: "v1.7.1" },
    },
    middleware: {
      plugin: {
        [plugin]: {
          enabled: true,
          crowdsecMode: "stream",
          crowdsecLapiScheme: "http",
          crowdsecLapiHost: `${context.hostOf(service.name, link.provider)}:${link.uses[0]?.port}`,
          crowdsecLapiKeyFile: file.path,
          updateIntervalSeconds: 15,
          updateMaxFailure: -1,
          streamStartupBlock: false,
          forwardedHeadersTrustedIps: trustedNetworks(service, context),
        },
      },
    },
  };
}
