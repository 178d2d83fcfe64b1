import { compare } from "../../../resolve/edges.ts";
import type { ConfigureContext } from "../../context.ts";

/** Alerts that say that a service does not do its work. */
const failing = 'alertname=~"ServiceDown|ServiceUnhealthy"';

/**
 * What is kept back while something worse is told: the lesser alert about the same thing; routes while the gateway or the
 * sign-in, through which all of them are probed, is down; and alerts about the availability of services while one is
 * down that they need.
 */
export function inhibitRules(context: ConfigureContext): object[] {
  const holders = (role: "gateway" | "sso") =>
    context.services.filter(({ roles }) => roles.includes(role)).map(({ name }) => name);
  return [
    {
      source_matchers: ['severity="critical"'],
      target_matchers: ['severity="warning"'],
      equal: ["alertname", "service", "instance"],
    },
    {
      source_matchers: ['alertname="ServiceDown"'],
      target_matchers: ['alertname="ServiceUnhealthy"'],
      equal: ["service"],
    },
    { source_matchers: ['alertname="VpnDown"'], target_matchers: [failing], equal: ["service"] },
    {
      source_matchers: [failing],
      target_matchers: ['alertname=~"RouteDown|RestartLoop"'],
      equal: ["service"],
    },
    {
      source_matchers: ['alertname="SignInMissing"'],
      target_matchers: ['alertname="RouteDown"'],
      equal: ["instance"],
    },
    ...holders("gateway").map((name) => ({
      source_matchers: [failing, `service="${name}"`],
      target_matchers: ['alertname=~"RouteDown|CertificateInvalid"'],
    })),
    ...holders("sso").map((name) => ({
      source_matchers: [failing, `service="${name}"`],
      target_matchers: ['alertname="RouteDown"', 'access!="public"'],
    })),
    ...consumersByProvider(context).map(({ provider, consumers }) => ({
      source_matchers: [failing, `service="${provider}"`],
      target_matchers: ['concern="availability"', `service=~"${consumers.join("|")}"`],
    })),
  ];
}

/**
 * Services that cannot work without another one: neither one of several that do the same, nor a link that the consumer
 * does not wait for. Two services that need each other would keep each other's alert back, and no one would hear of
 * either; what remains has no circle, or nothing could start.
 */
function consumersByProvider({
  links,
  services,
}: ConfigureContext): { provider: string; consumers: string[] }[] {
  const needs = [
    ...links
      .filter(
        ({ indispensable, ordered, uses }) =>
          indispensable && ordered && uses.some(({ origin }) => origin === "declared"),
      )
      .map(({ consumer, provider }) => ({ consumer, provider })),
    ...services.flatMap(({ name, through }) =>
      through === undefined ? [] : [{ consumer: name, provider: through }],
    ),
  ];
  const providers = [...new Set(needs.map(({ provider }) => provider))].sort();
  return providers.map((provider) => ({
    provider,
    consumers: [
      ...new Set(needs.filter((need) => need.provider === provider).map(({ consumer }) => consumer)),
    ].sort(compare),
  }));
}
