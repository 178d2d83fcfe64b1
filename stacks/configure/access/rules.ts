import type { Group } from "../../config/sections/access.ts";
import type { Service } from "../../platform.ts";
import type { ConfigureContext } from "../context.ts";
import { pathPattern } from "../gateway/paths.ts";

export type Routed = Service & { route: NonNullable<Service["route"]> };

/** A rule of Authelia's access control: the first that matches a request decides. */
export interface Rule {
  domain: string[];
  resources?: string[];
  subject?: string[];
  policy: Policy;
}

export type Policy = "bypass" | "one_factor" | "two_factor";

/** Services of the stack with a route, sorted by name. */
export function routed(services: readonly Service[]): Routed[] {
  return services.filter((service): service is Routed => service.route !== undefined);
}

/**
 * Access rules from the routes: what native applications call passes, then public services, and each group gets its
 * own. Whatever no rule names is denied.
 */
export function accessRules(context: ConfigureContext): Rule[] {
  const services = routed(context.services);
  const hosts = (access: string) =>
    services
      .filter(({ route }) => route.access === access)
      .map(({ route }) => hostname(route))
      .sort();
  const bypasses = services
    .filter(({ route }) => route.bypass.length > 0 && route.access !== "public")
    .map(
      ({ route }): Rule => ({
        domain: [hostname(route)],
        resources: route.bypass.map(pathPattern).sort(),
        policy: "bypass",
      }),
    )
    .sort((a, b) => ((a.domain[0] ?? "") < (b.domain[0] ?? "") ? -1 : 1));
  const groups = (["user", "admin"] as const).map(
    (group): Rule => ({
      domain: hosts(group),
      subject: subjectsOf(group),
      policy: policyFor(group, context),
    }),
  );
  const rules: Rule[] = [...bypasses, { domain: hosts("public"), policy: "bypass" }, ...groups];
  return rules.filter(({ domain }) => domain.length > 0);
}

/** Who is let in where a route is for a group: one of these. Administrators are users, too. */
export function subjectsOf(group: Group): string[] {
  return group === "admin" ? ["group:admin"] : ["group:admin", "group:user"];
}

/** What a member of a group needs. */
export function policyFor(group: Group, { settings }: ConfigureContext): Policy {
  return group === "admin" || settings.access.secondFactor === "everyone" ? "two_factor" : "one_factor";
}

function hostname({ url }: Routed["route"]): string {
  return new URL(url).hostname;
}
