import type { Service } from "../../platform.ts";
import type { ConfigureContext } from "../context.ts";

/** Ways of probing, as the prober's configuration and the collector's jobs both name them. */
export const modules = {
  /** A route's own health path: it answers 2xx. */
  health: "route-health",
  /** A route that anyone may open: whatever its first page answers, it is no error. */
  open: "route-open",
  /** A route behind the sign-in: a visitor without a session is turned away. */
  protected: "route-protected",
  certificate: "certificate",
} as const;

/** Asks a VPN for its public address: it has one. */
export function addressModule({ name }: Service): string {
  return `address-${name}`;
}

/** Asks a VPN for its public address: it is none of the household's. */
export function leakModule({ name }: Service): string {
  return `leak-${name}`;
}

/** A VPN that tells its public address, and which the prober is linked to. */
export type Vpn = Service & { publicAddress: NonNullable<Service["publicAddress"]> };

export function vpnsOf(prober: Service, context: ConfigureContext): Vpn[] {
  return context.services.filter(
    (service): service is Vpn =>
      service.roles.includes("vpn") &&
      service.publicAddress !== undefined &&
      context.reaches(prober.name, service.name),
  );
}
