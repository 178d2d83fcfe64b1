import type { EnvironmentName } from "../../stacks/catalog/record.ts";
import type { Service } from "../../stacks/platform.ts";

/**
 * What a record declares beyond the container's arguments, as labels: policies read resources and nothing else, so
 * whatever they judge by has to stand on them. Values are plain text, or JSON where there is more than one.
 */
export function declaredLabels(service: Service, environment: EnvironmentName): Record<string, string> {
  const { route, metrics, exceptions } = service;
  const lifted = liftsOf(service);
  return {
    "ums.backup": service.backup,
    "ums.category": service.category,
    "ums.environment": environment,
    "ums.lifecycle": JSON.stringify(service.lifecycle),
    ...(exceptions.length > 0 ? { "ums.exceptions": JSON.stringify(exceptions) } : {}),
    ...(lifted.length > 0 ? { "ums.lifted": JSON.stringify(lifted) } : {}),
    ...(metrics ? { "ums.metrics": JSON.stringify(metrics) } : {}),
    ...(route ? { "ums.route": JSON.stringify(routeOf(route)) } : {}),
  };
}

/** The record's lifted defaults, and what it declares with a reason elsewhere: secrets in variables, host ports, no probe. */
function liftsOf(service: Service): { privilege: string; value?: string; reason: string }[] {
  return [
    ...service.lifted.map((lift) => ({
      privilege: lift.privilege,
      ...("value" in lift ? { value: lift.value } : {}),
      reason: lift.reason,
    })),
    ...service.publish.map(({ port, protocol, reason }) => ({
      privilege: "publish",
      value: `${port}/${protocol}`,
      reason,
    })),
    ...service.secretVariables.map(({ variable, reason }) => ({
      privilege: "secret-variable",
      value: variable,
      reason,
    })),
    ...(service.health.command === null && service.health.reason !== undefined
      ? [{ privilege: "no-health-check", reason: service.health.reason }]
      : []),
  ];
}

function routeOf({ subdomain, access, reason, bypass }: NonNullable<Service["route"]>) {
  return { subdomain, access, ...(reason === undefined ? {} : { reason }), bypass };
}
