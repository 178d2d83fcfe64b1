import type { Part } from "./part.ts";

type Fields = Readonly<Record<string, readonly string[]>>;

/** Inputs that are compared, with the fields of those that have some. */
const compared: Readonly<Record<Part["kind"], Fields>> = {
  container: {
    capabilities: ["adds", "drops"],
    command: [],
    cpuPeriod: [],
    cpuQuota: [],
    deviceRequests: ["capabilities", "count", "driver"],
    devices: ["containerPath", "hostPath", "permissions"],
    entrypoints: [],
    envs: [],
    groupAdds: [],
    healthcheck: ["interval", "retries", "startInterval", "startPeriod", "tests", "timeout"],
    image: [],
    init: [],
    labels: ["label", "value"],
    logDriver: [],
    logOpts: [],
    memory: [],
    memorySwap: [],
    // Whether a volume is filled from the image matters once, while it is empty: there is nothing to compare.
    mounts: ["readOnly", "source", "target", "type", "volumeOptions"],
    mustRun: [],
    name: [],
    networkMode: [],
    networksAdvanced: ["aliases", "ipv4Address", "name"],
    ports: ["external", "internal", "ip", "protocol"],
    readOnly: [],
    restart: [],
    securityOpts: [],
    stopSignal: [],
    stopTimeout: [],
    sysctls: [],
    tmpfs: [],
    uploads: ["content", "file"],
    user: [],
  },
  network: {
    driver: [],
    internal: [],
    ipamConfigs: ["gateway", "subnet"],
    labels: ["label", "value"],
    name: [],
    options: [],
  },
  volume: { driver: [], driverOpts: [], labels: ["label", "value"], name: [] },
};

/** Inputs that tell the provider what to do, and are nothing the container has. */
const ofProvider: ReadonlySet<string> = new Set([
  "attach",
  "destroyGraceSeconds",
  "logs",
  "wait",
  "waitTimeout",
]);

/** Inputs, and fields of inputs, that are compared with nothing; sorted. */
export function unknownInputs(kind: Part["kind"], inputs: object): string[] {
  const unknown = Object.entries(inputs).flatMap(([input, value]): string[] => {
    const fields = compared[kind][input];
    if (ofProvider.has(input)) return [];
    if (fields === undefined) return [input];
    if (fields.length === 0) return [];
    const given = [value].flat().flatMap((item) => Object.keys(item as object));
    return given.filter((field) => !fields.includes(field)).map((field) => `${input}.${field}`);
  });
  return [...new Set(unknown)].sort();
}
