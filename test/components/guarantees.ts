import { isDeepStrictEqual } from "node:util";
import type { Platform, Service } from "../../stacks/platform.ts";
import type { ContainerInputs, NetworkInputs } from "../../targets/compose/render.ts";
import { plannedId } from "../../targets/inProcess/provision.ts";
import {
  type DeclaredProgram,
  dockerTypes,
  type RegisteredResource,
  sameResource,
} from "../../targets/resources.ts";

/**
 * What a declared program breaks of the promises its platform makes: one line a violation, none when it keeps all.
 * Looks at all guarantees, or at some.
 */
export function violations(
  program: DeclaredProgram,
  platform: Platform,
  some = Object.keys(guarantees) as (keyof typeof guarantees)[],
): string[] {
  const view = viewOf(program, platform);
  return some.flatMap((name) => guarantees[name](view));
}

interface Declared<Of> {
  resource: RegisteredResource;
  name: string;
  inputs: Of;
}
type Container = Declared<Partial<ContainerInputs> & Record<string, unknown>>;
type Network = Declared<Partial<NetworkInputs>>;
type Volume = Declared<{ labels?: { label: string; value: string }[] }>;

interface View {
  program: DeclaredProgram;
  platform: Platform;
  containers: readonly Container[];
  /** Containers of services, with their records. */
  services: readonly (Container & { service: Service })[];
  /** One-shot containers, with the records of the services they write files for. */
  seeders: readonly (Container & { service: Service })[];
  networks: readonly Network[];
  volumes: readonly Volume[];
}

function viewOf(program: DeclaredProgram, platform: Platform): View {
  const of = <Of>(type: string): Declared<Of>[] =>
    program.resources
      .filter((resource) => resource.type === type)
      .map((resource) => ({
        resource,
        name: String(resource.inputs.name),
        inputs: resource.inputs as Of,
      }));
  const containers = of<Container["inputs"]>(dockerTypes.container);
  const labelled = (label: string) =>
    containers.flatMap((container) => {
      const service = platform.services.find(({ name }) => name === labelOf(container.inputs, label));
      return service ? [{ ...container, service }] : [];
    });
  return {
    program,
    platform,
    containers,
    services: labelled("ums.service"),
    seeders: labelled("ums.seeds"),
    networks: of(dockerTypes.network),
    volumes: of(dockerTypes.volume),
  };
}

type Guarantee = (view: View) => string[];

/** Each service has one container, and every container is a service's or writes a service's files. */
const oneContainerEach: Guarantee = ({ containers, services, seeders, platform }) => {
  const known = new Set([...services, ...seeders].map(({ resource }) => resource));
  return [
    ...containers
      .filter(({ resource }) => !known.has(resource))
      .map(({ name }) => `${name} belongs to no service`),
    ...platform.services.flatMap(({ name }) => {
      const count = services.filter(({ service }) => service.name === name).length;
      return count === 1 ? [] : [`${name} has ${count} containers`];
    }),
  ];
};

/** Non-root, read-only root, no capabilities, no new privileges, no host, unless the record lifts just that. */
const leastPrivilege: Guarantee = ({ services }) =>
  services.flatMap(({ name, inputs, service }) => {
    const lifted = (privilege: string) => service.lifted.some((lift) => lift.privilege === privilege);
    const values = (privilege: string) =>
      service.lifted.flatMap((lift) => (lift.privilege === privilege && "value" in lift ? [lift.value] : []));
    const gpu = service.gpu?.vendor;
    const devices = [
      ...values("device"),
      ...(gpu === "intel" || gpu === "amd" ? ["/dev/dri"] : []),
      ...(gpu === "amd" ? ["/dev/kfd"] : []),
    ];
    const groups = [
      ...service.user.groups,
      ...(service.gpu && "renderGroup" in service.gpu ? [service.gpu.renderGroup] : []),
    ];
    const hostMounts = service.lifted.flatMap((lift) =>
      lift.privilege === "host-mount"
        ? [{ source: lift.value, target: lift.path, readOnly: lift.access === "read" }]
        : [],
    );
    const isRoot = String(inputs.user).split(":")[0] === "0";
    return [
      ...(isRoot && !lifted("root-user") ? [`${name} runs as root`] : []),
      ...differences(name, inputs, {
        user: `${service.user.uid}:${service.user.gid}`,
        readOnly: !lifted("writable-root"),
        securityOpts: lifted("new-privileges") ? [] : ["no-new-privileges:true"],
      }),
      ...differs(name, "capabilities.drops", inputs.capabilities?.drops, ["ALL"]),
      ...differs(
        name,
        "capabilities.adds",
        [...(inputs.capabilities?.adds ?? [])].sort(),
        values("capability")
          .map((value) => `CAP_${value}`)
          .sort(),
      ),
      ...differs(
        name,
        "devices",
        (inputs.devices ?? []).map(({ hostPath }) => hostPath).sort(),
        devices.sort(),
      ),
      ...differs(name, "groupAdds", inputs.groupAdds ?? [], groups.map(String)),
      ...differs(name, "deviceRequests", (inputs.deviceRequests ?? []).length, gpu === "nvidia" ? 1 : 0),
      ...differs(
        name,
        "sysctls",
        Object.entries(inputs.sysctls ?? {})
          .map((pair) => pair.join("="))
          .sort(),
        values("sysctl").sort(),
      ),
      ...differs(
        name,
        "host mounts",
        (inputs.mounts ?? []).filter(({ type }) => type !== "volume").map(({ type, ...mount }) => mount),
        hostMounts,
      ),
    ];
  });

/** Inputs that no other guarantee looks at, and that give a container nothing. */
const harmless = [
  "image",
  "init",
  "entrypoints",
  "command",
  "stopTimeout",
  "destroyGraceSeconds",
  "stopSignal",
];
const judged = [
  ...["name", "user", "groupAdds", "readOnly", "capabilities", "securityOpts", "devices", "deviceRequests"],
  ...["sysctls", "mounts", "tmpfs", "memory", "memorySwap", "cpuPeriod", "cpuQuota", "restart", "logDriver"],
  ...["logOpts", "healthcheck", "networkMode", "networksAdvanced", "ports", "envs", "labels", "mustRun"],
  ...["wait", "waitTimeout"],
];
const ofSeeders = ["uploads", "attach", "logs"];

/** Nothing is set that these guarantees do not know, such as `privileged` or `pidMode`. */
const nothingUnknown: Guarantee = ({ services, seeders }) =>
  [
    ...services.map((one) => ({ ...one, known: [...harmless, ...judged] })),
    ...seeders.map((one) => ({ ...one, known: [...harmless, ...judged, ...ofSeeders] })),
  ].flatMap(({ name, inputs, known }) =>
    Object.keys(inputs)
      .filter((key) => !known.includes(key))
      .map((key) => `${name} sets ${key}`),
  );

/** A service mounts its own volumes, files read-only, and tmpfs no program can start from. */
const ownVolumes: Guarantee = ({ services, volumes }) =>
  services.flatMap(({ name, inputs, service }) => {
    const mounts = (inputs.mounts ?? []).filter(({ type }) => type === "volume");
    const isOwn = (mount: (typeof mounts)[number]) => {
      const volume = volumes.find((one) => one.name === mount.source);
      if (volume && labelOf(volume.inputs, "ums.seeds") === service.name) return mount.readOnly === true;
      return service.mounts.some(
        (own) => own.volume === mount.source && own.path === mount.target && own.readOnly === mount.readOnly,
      );
    };
    const tmpfs = Object.entries(inputs.tmpfs ?? {});
    const wanted = service.tmpfs.map(({ path, size, exec }) => [
      path,
      [exec ? "exec" : "noexec", "nodev", "nosuid", `size=${size}m`].sort(),
    ]);
    return [
      ...mounts
        .filter((mount) => !isOwn(mount))
        .map(
          ({ source, target, readOnly }) =>
            `${name} mounts ${source} at ${target}${readOnly ? "" : " to write"}`,
        ),
      ...differs(
        name,
        "tmpfs",
        tmpfs.map(([path, options]) => [
          path,
          options
            .split(",")
            .filter((option) => /^(no)?exec$|^(no)?dev$|^(no)?suid$|^size=/.test(option))
            .sort(),
        ]),
        wanted,
      ),
    ];
  });

/** Memory without swap, processors, rotated logs, restarts and a health check. */
const bounded: Guarantee = ({ services }) =>
  services.flatMap(({ name, inputs, service }) => {
    const { command } = service.health;
    return [
      ...differences(name, inputs, {
        memory: service.limits.memory,
        memorySwap: service.limits.memory,
        restart: "unless-stopped",
        logDriver: "json-file",
        mustRun: true,
        wait: command !== null,
      }),
      ...differs(
        name,
        "processors",
        Math.round((1000 * (inputs.cpuQuota ?? 0)) / (inputs.cpuPeriod ?? 1)) / 1000,
        service.limits.cpus,
      ),
      ...unrotated(name, inputs),
      ...differs(
        name,
        "healthcheck",
        inputs.healthcheck?.tests,
        command === null ? undefined : ["CMD", ...command],
      ),
    ];
  });

/** Ports on the host are the gateway's, and those whose record publishes them. */
const publishedPorts: Guarantee = ({ services }) =>
  services.flatMap(({ name, inputs, service }) =>
    differs(
      name,
      "ports",
      inputs.ports ?? [],
      service.publish.map(({ port, host, address, protocol }) => ({
        internal: port,
        external: host,
        ip: address,
        protocol,
      })),
    ),
  );

/** Segments are in their place, internal but for the ways out, and their members cannot reach each other. */
const quietSegments: Guarantee = ({ networks, platform }) =>
  platform.segments.flatMap((segment) => {
    const network = networks.find(({ inputs }) => labelOf(inputs, "ums.segment") === segment.name);
    if (!network) return [`the segment ${segment.name} is missing`];
    const { name } = network;
    const internal = segment.name !== "egress" && segment.name !== "dmz";
    return [
      ...differs(name, "internal", network.inputs.internal, internal),
      ...differs(name, "subnets", subnets(network), [segment.cidr]),
      ...differs(name, "options", network.inputs.options, {
        "com.docker.network.bridge.enable_icc": "false",
        ...(internal ? { "com.docker.network.bridge.inhibit_ipv4": "true" } : {}),
      }),
    ];
  });

/** A link is an internal network, in its place, of its two ends and no third. */
const privateLinks: Guarantee = ({ containers, networks, platform }) =>
  platform.links.flatMap((link) => {
    const network = networks.find((one) => isOf(one, link));
    if (!network) return [`the link ${link.consumer} -> ${link.provider} is missing`];
    const { name } = network;
    const members = containers.filter(({ inputs }) =>
      inputs.networksAdvanced?.some((end) => end.name === name),
    );
    return [
      ...differs(name, "internal", network.inputs.internal, true),
      ...differs(name, "subnets", subnets(network), [link.cidr]),
      ...differs(name, "options", network.inputs.options, {
        "com.docker.network.bridge.inhibit_ipv4": "true",
      }),
      ...differs(
        name,
        "members",
        members.map((member) => member.name).sort(),
        [link.consumerHost, link.providerHost].map((host) => `${platform.stack}-${host}`).sort(),
      ),
    ];
  });

/** There are no networks but one of each segment and one of each link. */
const noOtherNetworks: Guarantee = ({ networks, platform }) => {
  const firsts = new Set<Network | undefined>([
    ...platform.segments.map(({ name }) =>
      networks.find(({ inputs }) => labelOf(inputs, "ums.segment") === name),
    ),
    ...platform.links.map((link) => networks.find((one) => isOf(one, link))),
  ]);
  return networks
    .filter((network) => !firsts.has(network))
    .map(({ name }) => `${name} is neither a segment nor a declared link`);
};

/** A container is on the networks its record gives it, at their addresses, and called by its name on its links alone. */
const declaredNetworks: Guarantee = ({ services, networks, platform }) =>
  services.flatMap(({ name, inputs, service }) => {
    const wanted = new Map<string | undefined, { address: string; aliases: string[] }>();
    if (service.through === undefined) {
      for (const { segment, address } of service.addresses) {
        const on = networks.find((network) => labelOf(network.inputs, "ums.segment") === segment)?.name;
        wanted.set(on, { address, aliases: [] });
      }
      for (const link of platform.links) {
        const on = networks.find((network) => isOf(network, link))?.name;
        if (link.consumerHost === service.name)
          wanted.set(on, { address: link.consumerAddress, aliases: [] });
        if (link.providerHost === service.name)
          wanted.set(on, { address: link.providerAddress, aliases: [link.provider, ...(link.hosts ?? [])] });
      }
    }
    const ends = inputs.networksAdvanced ?? [];
    return [
      ...ends.flatMap((end) => {
        const want = wanted.get(end.name);
        if (!want) return [`${name} is on ${end.name}, which its record does not give it`];
        return [
          ...differs(name, `address on ${end.name}`, end.ipv4Address, want.address),
          ...differs(name, `aliases on ${end.name}`, end.aliases ?? [], want.aliases),
        ];
      }),
      ...[...wanted.keys()]
        .filter((on) => !ends.some((end) => end.name === on))
        .map((on) => `${name} is not on ${on}`),
    ];
  });

/** With two ways out, the order of their names would be the default route. */
const oneWayOut: Guarantee = ({ containers, networks }) => {
  const open = new Set(networks.filter(({ inputs }) => inputs.internal !== true).map(({ name }) => name));
  return containers.flatMap(({ name, inputs }) => {
    const ways = (inputs.networksAdvanced ?? []).map((end) => end.name).filter((on) => open.has(on));
    return ways.length > 1 ? [`${name} has ${ways.length} ways out: ${ways.join(", ")}`] : [];
  });
};

/** A VPN client has the network of the VPN container, and none of its own; everyone else shares with nobody. */
const sharedNamespaces: Guarantee = ({ services }) =>
  services.flatMap(({ name, inputs, service }) => {
    if (service.through === undefined) {
      return differs(name, "networkMode", inputs.networkMode, inputs.networksAdvanced ? "bridge" : "none");
    }
    const host = services.find((one) => one.service.name === service.through);
    return [
      ...differs(name, "networkMode", inputs.networkMode, `container:${host && plannedId(host.resource)}`),
      ...["networksAdvanced", "ports"]
        .filter((key) => inputs[key] !== undefined)
        .map((key) => `${name} has ${key} of its own`),
    ];
  });

/**
 * No two things of a kind have one name; and Docker's name service answers for container names on every network, so none
 * may be what services call each other.
 */
const namesApart: Guarantee = ({ containers, networks, volumes, platform }) => {
  const services = new Set(platform.services.map((service) => service.name));
  const twice = (list: readonly { name: string }[]) =>
    list
      .filter(({ name }, index) => list.findIndex((one) => one.name === name) < index)
      .map(({ name }) => `two are called ${name}`);
  return [
    ...[containers, networks, volumes].flatMap(twice),
    ...containers
      .filter(({ name }) => services.has(name))
      .map(({ name }) => `the container ${name} is called as a service is`),
  ];
};

/** Nothing starts before what it needs is there: networks, volumes, files, providers, and the image. */
const inOrder: Guarantee = (view) => {
  const { services, seeders, networks, volumes, platform, program } = view;
  const volumesOf = ({ inputs }: Container) =>
    (inputs.mounts ?? []).flatMap(({ source }) => volumes.filter(({ name }) => name === source));
  const images = program.resources.filter(({ type }) => type.startsWith("command:"));
  const needs: { of: Container; what: { name: string; resource: RegisteredResource }[] }[] = [];
  for (const of of services) {
    const providers = platform.links
      .filter((link) => link.consumer === of.service.name && link.ordered)
      .map(({ provider }) => provider);
    const host = of.service.through === undefined ? [] : [of.service.through];
    needs.push({
      of,
      what: [
        ...networks.filter(({ name }) => of.inputs.networksAdvanced?.some((end) => end.name === name)),
        ...volumesOf(of),
        ...seeders.filter(({ service }) => service.name === of.service.name),
        ...services.filter(({ service }) => [...providers, ...host].includes(service.name)),
        ...images.map((resource) => ({ name: resource.name, resource })),
      ],
    });
  }
  for (const of of seeders)
    needs.push({
      of,
      what: [...volumesOf(of), ...images.map((resource) => ({ name: resource.name, resource }))],
    });
  return needs.flatMap(({ of, what }) => {
    const waits = waitedFor(of.resource, program);
    return what
      .filter(({ resource }) => !waits.has(resource))
      .map(({ name }) => `${of.name} does not wait for ${name}`);
  });
};

/** What is created before a resource: what it depends on itself, with all that these contain. */
function waitedFor(
  { dependsOn }: RegisteredResource,
  { resources }: DeclaredProgram,
): Set<RegisteredResource> {
  const found = new Set<RegisteredResource>();
  const take = (one: RegisteredResource) => {
    found.add(one);
    for (const child of resources) if (child.parent && sameResource(child.parent, one)) take(child);
  };
  for (const one of resources) if (dependsOn.some((reference) => sameResource(reference, one))) take(one);
  return found;
}

/** The label that replaces a service's container names the container that wrote its files. */
const carriesSeed: Guarantee = ({ services, seeders }) =>
  services.flatMap(({ name, inputs, service }) => {
    const seed = seeders.find((one) => one.service.name === service.name);
    return differs(name, "label ums.seed", labelOf(inputs, "ums.seed"), seed && plannedId(seed.resource));
  });

/** Every data volume is there, and protected where its data is real; there are no others but those of seeded files. */
const keptData: Guarantee = ({ volumes, platform }) => [
  ...platform.volumes.flatMap(({ name }) => {
    const volume = volumes.find((one) => one.name === name);
    if (!volume) return [`the volume ${name} is missing`];
    return differs(name, "protect", volume.resource.protect, platform.environment !== "development");
  }),
  ...volumes
    .filter(({ name, inputs }) => {
      const seeded = labelOf(inputs, "ums.seeds") !== undefined;
      return !seeded && !platform.volumes.some((volume) => volume.name === name);
    })
    .map(({ name }) => `nobody declared the volume ${name}`),
];

/** A one-shot container has no network, three capabilities, and its service's volumes. */
const restrainedSeeders: Guarantee = ({ seeders, volumes }) =>
  seeders.flatMap(({ name, inputs, service }) => {
    const foreign = (inputs.mounts ?? []).filter(({ source, type }) => {
      const volume = volumes.find((one) => one.name === source);
      const seeded = volume && labelOf(volume.inputs, "ums.seeds") === service.name;
      const written = service.mounts.some((mount) => mount.volume === source && !mount.readOnly);
      return type !== "volume" || !(seeded || written);
    });
    return [
      ...differences(name, inputs, {
        networkMode: "none",
        networksAdvanced: undefined,
        ports: undefined,
        envs: undefined,
        devices: undefined,
        sysctls: undefined,
        capabilities: { drops: ["ALL"], adds: ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"] },
        securityOpts: ["no-new-privileges:true"],
        memory: 64,
        memorySwap: 64,
        restart: "no",
        mustRun: false,
      }),
      ...(inputs.cpuQuota ? [] : [`${name} has no limit of processors`]),
      ...unrotated(name, inputs),
      ...foreign.map(({ source }) => `${name} mounts ${source}`),
    ];
  });

/** Variables are those of the record. */
const declaredVariables: Guarantee = ({ services }) =>
  services.flatMap(({ name, inputs, service }) => {
    const secret = new Set(service.secretVariables.map(({ variable }) => variable));
    const nameOf = (line: string) => line.split("=")[0] ?? "";
    const envs = inputs.envs ?? [];
    const plain = Object.entries(service.environment).map((pair) => pair.join("="));
    return [
      ...envs
        .filter((line) => !secret.has(nameOf(line)) && !plain.includes(line))
        .map((line) => `${name} has the variable ${nameOf(line)}, which its record does not give it`),
      ...[...secret, ...Object.keys(service.environment)]
        .filter((variable) => !envs.some((line) => nameOf(line) === variable))
        .map((variable) => `${name} lacks the variable ${variable}`),
    ];
  });

/** Stands for a secret's value in a planned program. */
const placeholder = /\[ums-secret [^\]]*\]/;

/** Secrets stand in uploaded files and in the variables whose record says why, and nowhere else. */
const hiddenSecrets: Guarantee = ({ program, services, seeders }) => {
  const serviceOf = new Map(services.map((one) => [one.resource, one.service]));
  const seederOf = new Map(seeders.map((one) => [one.resource, one.service]));
  const isAllowed = (resource: RegisteredResource, path: string, text: string) => {
    const variables = serviceOf.get(resource)?.secretVariables ?? [];
    const seeded = seederOf.get(resource)?.files ?? [];
    if (path.startsWith("envs.")) return variables.some(({ variable }) => text.startsWith(`${variable}=`));
    const upload = /^uploads\.(\d+)\.content$/.exec(path);
    if (!upload) return false;
    const { file } = (resource.inputs.uploads as { file: string }[])[Number(upload[1])] ?? { file: "" };
    return seeded.some((one) => "secret" in one.content && file.endsWith(one.path));
  };
  return [
    ...program.resources.flatMap((resource) =>
      strings(resource.inputs)
        .filter(({ path, text }) => placeholder.test(text) && !isAllowed(resource, path, text))
        .map(({ path }) => `${resource.name} has a secret in ${path}`),
    ),
    ...strings(program.outputs)
      .filter(({ text }) => placeholder.test(text))
      .map(({ path }) => `the output ${path} has a secret in it`),
  ];
};

export const guarantees = {
  oneContainerEach,
  leastPrivilege,
  nothingUnknown,
  ownVolumes,
  bounded,
  publishedPorts,
  quietSegments,
  privateLinks,
  noOtherNetworks,
  declaredNetworks,
  oneWayOut,
  sharedNamespaces,
  namesApart,
  inOrder,
  carriesSeed,
  keptData,
  restrainedSeeders,
  declaredVariables,
  hiddenSecrets,
} satisfies Record<string, Guarantee>;

function labelOf(inputs: { labels?: { label: string; value: string }[] }, label: string): string | undefined {
  return inputs.labels?.find((one) => one.label === label)?.value;
}

function isOf({ inputs }: Network, { consumer, provider }: { consumer: string; provider: string }): boolean {
  return labelOf(inputs, "ums.consumer") === consumer && labelOf(inputs, "ums.provider") === provider;
}

function subnets({ inputs }: Network): string[] {
  return (inputs.ipamConfigs ?? []).map(({ subnet }) => subnet);
}

function unrotated(name: string, { logOpts }: Container["inputs"]): string[] {
  return logOpts?.["max-size"] && logOpts["max-file"] ? [] : [`${name} does not rotate its log`];
}

function differences(
  name: string,
  inputs: Record<string, unknown>,
  wanted: Record<string, unknown>,
): string[] {
  return Object.entries(wanted).flatMap(([key, value]) => differs(name, key, inputs[key], value));
}

function differs(name: string, what: string, actual: unknown, wanted: unknown): string[] {
  if (isDeepStrictEqual(actual, wanted)) return [];
  return [`${name}: ${what} is ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`];
}

/** Every string in a value, with where it stands. */
export function strings(value: unknown, path = ""): { path: string; text: string }[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    strings(inner, path === "" ? key : `${path}.${key}`),
  );
}
