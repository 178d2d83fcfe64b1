import { dockerTypes, type RegisteredResource } from "../../targets/resources.ts";

type Inputs = Record<string, unknown>;

export function labels(
  values: Readonly<Record<string, string | undefined>>,
): { label: string; value: string }[] {
  return Object.entries(values).flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
}

export function resource(
  type: keyof typeof dockerTypes,
  name: string,
  inputs: Inputs,
  protect = false,
): RegisteredResource {
  return {
    type: dockerTypes[type],
    name,
    custom: true,
    inputs,
    dependsOn: [],
    protect,
    retainOnDelete: true,
  };
}

/** A container that no policy has anything against. */
export function container(
  name: string,
  inputs: Inputs = {},
  label: Record<string, string | undefined> = {},
): RegisteredResource {
  return resource("container", `${name}-container`, {
    name: `test-${name}`,
    image: `docker.io/library/${name}:1.0@sha256:${"0".repeat(64)}`,
    user: "1000:1000",
    readOnly: true,
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges:true"],
    memory: 256,
    memorySwap: 256,
    cpuPeriod: 100_000,
    cpuQuota: 100_000,
    restart: "unless-stopped",
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
    healthcheck: { tests: ["CMD", "probe"] },
    networkMode: "bridge",
    networksAdvanced: [{ name: "test-media" }],
    mustRun: true,
    labels: labels({
      "ums.service": name,
      "ums.segment": "media",
      "ums.environment": "production",
      "ums.backup": "none",
      "ums.metrics": '{"port":9000}',
      ...label,
    }),
    ...inputs,
  });
}

export function segment(name: string, subnet: string, internal = true): RegisteredResource {
  return resource("network", `${name}-network`, {
    name: `test-${name}`,
    internal,
    options: { "com.docker.network.bridge.enable_icc": "false" },
    ipamConfigs: [{ subnet }],
    labels: labels({ "ums.segment": name }),
  });
}

export function link(
  consumer: string,
  provider: string,
  subnet: string,
  inputs: Inputs = {},
): RegisteredResource {
  return resource("network", `${consumer}_to_${provider}-network`, {
    name: `test-${consumer}_to_${provider}`,
    internal: true,
    ipamConfigs: [{ subnet }],
    labels: labels({ "ums.consumer": consumer, "ums.provider": provider }),
    ...inputs,
  });
}

export function volume(name: string, of: string, protect = true): RegisteredResource {
  return resource(
    "volume",
    `${name}-volume`,
    { name: `test-${name}`, labels: labels({ "ums.class": of }) },
    protect,
  );
}
