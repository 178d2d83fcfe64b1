import type { Service } from "../../../platform.ts";
import type { ConfigureContext } from "../../context.ts";

/** Where the gateway hands on the requests of a route: to the load balancer, or to every copy that it is linked to. */
export function serverOf(service: Service, gateway: Service, context: ConfigureContext) {
  const balanced = balancerOf(service, gateway, context);
  if (balanced) return { loadBalancer: { servers: [{ url: balanced }] } };
  const copies = [service, ...context.services.filter(({ replicaOf }) => replicaOf === service.name)];
  const servers = copies.map(({ name }) => ({
    url: `http://${context.hostOf(gateway.name, name)}:${service.route?.port}`,
  }));
  if (servers.length === 1) return { loadBalancer: { servers } };
  const { health, balance } = service;
  return {
    loadBalancer: {
      servers,
      ...(balance?.sticky ? { sticky: { cookie: stickyCookie(service) } } : {}),
      ...(health.http
        ? { healthCheck: { path: health.http.path, port: health.http.port, interval: "10s" } }
        : {}),
    },
  };
}

function stickyCookie({ name }: Service) {
  return { name: `ums_${name}`, httpOnly: true, secure: true, sameSite: "lax" };
}

/** The load balancer's address for requests, where it is linked to the service for them. */
function balancerOf(service: Service, gateway: Service, context: ConfigureContext): string | undefined {
  const behind = context.links.find(
    ({ provider, uses }) => provider === service.name && uses.some(({ origin }) => origin === "balance"),
  );
  const use = context.links
    .find(({ consumer, provider }) => consumer === gateway.name && provider === behind?.consumer)
    ?.uses.find(({ origin }) => origin === "declared");
  return behind && use && `http://${context.hostOf(gateway.name, behind.consumer)}:${use.port}`;
}
