import type { Service } from "../../platform.ts";
import type { ConfigureContext } from "../context.ts";

/** Host and port of a service as a consumer calls it. */
export interface Reached {
  service: Service;
  address: string;
}

/** The service that a record's generator or role makes what is looked for, where a declared link leads to it. */
export function reached(
  consumer: Service,
  context: ConfigureContext,
  is: (service: Service) => boolean,
): Reached | undefined {
  const service = context.services.find(is);
  const link = context.links.find(
    ({ consumer: from, provider }) => from === consumer.name && provider === service?.name,
  );
  const use = link?.uses.find(({ origin }) => origin === "declared");
  if (!service || !use) return undefined;
  return { service, address: `${context.hostOf(consumer.name, service.name)}:${use.port}` };
}

/** Labels by which everything that is measured of a service is found. */
export function labelsOf({ name, segment, category }: Service): Record<string, string> {
  return { service: name, segment, category };
}

/** Labels in the order of their names, as everything is emitted. */
export const serviceLabels = ["service", "segment", "category"] as const;
