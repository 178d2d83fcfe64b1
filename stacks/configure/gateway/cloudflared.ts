import type { Service } from "../../platform.ts";
import type { Configuration, ConfigureContext } from "../context.ts";
import { yamlText } from "../text.ts";
import { certificateSource } from "./traefik/certificates.ts";

/** Id in a rehearsal whose stack names no tunnel. */
const rehearsed = "00000000-0000-0000-0000-000000000000";

/**
 * Cloudflare's tunnel: one rule for each route, all to the gateway over the link, and 404 for any other name. The tunnel
 * is one that is configured here (`cloudflared tunnel create`), not in Cloudflare's dashboard, which would overrule this.
 */
export function configureCloudflared(service: Service, context: ConfigureContext): Configuration {
  const { settings } = context;
  if (!settings.tunnel && settings.images === "real") {
    context.report({
      place: context.configPlace(["services"]),
      message: `${service.name} is in the stack, but the config names no tunnel; make one by \`cloudflared tunnel create\` and set tunnel.id, or exclude ${service.name}`,
    });
  }
  const link = context.links.find(
    ({ consumer, provider }) =>
      consumer === service.name && context.service(provider)?.roles.includes("gateway"),
  );
  const gateway = link && context.service(link.provider);
  const credentials = context.secret(service.name, service.name, "credentials");
  const file = service.files.find(({ content }) => "secret" in content && content.secret === credentials?.id);
  if (!link || !gateway || !file) {
    context.report({
      place: context.recordPlace(service.name, []),
      message: `${service.name} needs a link to the gateway, and a secret "credentials" in a file`,
    });
    return { files: [] };
  }
  const address = `https://${context.hostOf(service.name, gateway.name)}:${link.uses[0]?.port}`;
  const hosts = context.services.flatMap(({ route }) => (route ? [new URL(route.url).hostname] : [])).sort();
  const document = {
    tunnel: settings.tunnel?.id ?? rehearsed,
    "credentials-file": file.path,
    originRequest: {
      // The certificate is for the public name; one that no authority vouches for is taken as it is, on a link of two.
      matchSNItoHost: true,
      noTLSVerify: !certificateSource(gateway, context).trusted,
    },
    ingress: [...hosts.map((hostname) => ({ hostname, service: address })), { service: "http_status:404" }],
  };
  return { files: [{ path: "/etc/cloudflared/config.yml", text: yamlText(document) }] };
}
