import type { Place } from "../../../errors.ts";
import type { Service } from "../../../platform.ts";
import type { Configuration, ConfigureContext } from "../../context.ts";
import { yamlText } from "../../text.ts";
import { bouncerOf } from "./bouncer.ts";
import { certificatesOf } from "./certificates.ts";
import { routing } from "./routing.ts";
import { staticConfiguration } from "./static.ts";

const folder = "/etc/traefik";
/** Go's folder for temporary files. */
const waitingRoom = "/tmp";

/**
 * Traefik: its own settings in the file it looks for by itself, for the server and for its probe alike, and the routes in
 * a second one. It reads its settings from one source: flags or TRAEFIK_ variables would silence the file, or be silenced.
 */
export function configureTraefik(service: Service, context: ConfigureContext): Configuration {
  refuseVariables(service, context);
  refuseUnguarded(context);
  refuseIdleTunnel(context);
  refuseLargeBodies(service, context);
  const certificates = certificatesOf(service, context);
  const bouncer = bouncerOf(service, context);
  const routes = `${folder}/routes.yml`;
  return {
    files: [
      {
        path: `${folder}/traefik.yml`,
        text: yamlText(staticConfiguration(service, context, { certificates, bouncer, routes })),
      },
      { path: routes, text: yamlText(routing(service, context, { certificates, bouncer })) },
      ...certificates.files,
    ],
    environment: certificates.environment,
  };
}

/** Variables that Traefik would not read. */
function refuseVariables({ name, environment }: Service, context: ConfigureContext): void {
  for (const variable of Object.keys(environment).filter((one) => one.startsWith("TRAEFIK_"))) {
    const overridden = variable in (context.settings.overrides[name]?.environment ?? {});
    context.report({
      place: overridden
        ? context.configPlace(["overrides", name, "environment", variable])
        : context.recordPlace(name, ["environment", variable]),
      message: `${variable} would be ignored: ${name} reads its settings from the generated ${folder}/traefik.yml; use tls, trustedProxies and gateway of the stack's config`,
    });
  }
}

/** Routes for users or administrators, where nothing signs anyone in. */
function refuseUnguarded(context: ConfigureContext): void {
  if (context.services.some(({ roles }) => roles.includes("sso"))) return;
  const open = context.services.filter(({ route }) => route && route.access !== "public");
  if (open.length === 0) return;
  context.report({
    place: context.configPlace(["services"]),
    message: `${open.map((service) => service.name).join(", ")} would be open to everyone: their routes are for users or admins, and the stack has no service that signs people in (role sso); include one`,
  });
}

function refuseIdleTunnel(context: ConfigureContext): void {
  if (!context.settings.tunnel || context.services.some(({ roles }) => roles.includes("tunnel"))) return;
  context.report({
    place: context.configPlace(["tunnel"]),
    message: "the stack has no service with the role tunnel; include one, or leave tunnel out",
  });
}

/** Bodies that do not fit where they wait until they are complete. */
function refuseLargeBodies({ name, tmpfs }: Service, context: ConfigureContext): void {
  const room = tmpfs.find(({ path }) => path === waitingRoom)?.size ?? 0;
  const check = (size: number | undefined | "unlimited", place: Place, what: string) => {
    if (typeof size !== "number" || size <= room) return;
    const message = `${what} is ${size} MiB, and ${name} has ${room} MiB in ${waitingRoom}, where a body waits until it is complete; say unlimited in the record of a service that takes whole files`;
    context.report({ place, message });
  };
  check(context.settings.gateway.maxBody, context.configPlace(["gateway", "maxBody"]), "gateway.maxBody");
  for (const { name: routed, route } of context.services) {
    check(route?.maxBody, context.recordPlace(routed, ["route", "maxBody"]), `route.maxBody of ${routed}`);
  }
}
