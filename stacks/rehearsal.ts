import { capabilities } from "./catalog/privileges.ts";
import { freeze } from "./freeze.ts";
import type { DataVolume, Platform, RealImage, Service } from "./platform.ts";
import type { RealService } from "./real.ts";

/**
 * The platform as a rehearsal runs it. Services that are named in `real` run as what they are, from an image built on
 * the host, with everything their records say. Every other one is a stand-in, which listens on the declared ports,
 * answers the declared health path, and refuses to start when the declared user, mounts, files or capabilities are not
 * what it finds. A service in `local` is the same from the image named there. GPUs are left out, and with stand-ins host
 * devices and host mounts: a rehearsal must not need the hardware.
 */
export function rehearse(
  platform: Platform,
  standin: string,
  real: ReadonlyMap<string, RealService> = new Map(),
  local: ReadonlyMap<string, string> = new Map(),
): Platform {
  const services = platform.services.map((service): Service => {
    const { gpu, ...rest } = service;
    const program = real.get(service.name);
    const image = local.get(service.name);
    return {
      ...rest,
      ...(program ? realParts(service, program) : standinParts(service, standin)),
      ...(image === undefined ? {} : { image: imageOf(image) }),
      // Images built here hold nothing at a path that a volume is mounted over.
      mounts: service.mounts.map((mount) => ({
        ...mount,
        copyImageContent: true,
        setOwner: !mount.readOnly,
      })),
    };
  });
  const volumes = platform.volumes.map((volume): DataVolume => ({ ...volume, placement: { kind: "local" } }));
  return freeze({ ...platform, services, volumes, rehearsal: { standin, real: imagesOf(real) } });
}

function realParts({ health }: Service, { program, image }: RealService) {
  const command = program.health ? [...program.health] : health.command;
  return { image: imageOf(image), health: { ...health, command } };
}

function standinParts(service: Service, image: string) {
  return {
    image: imageOf(image),
    entrypoint: ["/standin"],
    command: standinArguments(service),
    init: false,
    lifted: service.lifted.filter((lift) => lift.privilege !== "device" && lift.privilege !== "host-mount"),
    health: { ...service.health, command: standinCheck(service), startPeriod: 5 },
    stop: { grace: service.stop.grace },
  };
}

function imageOf(reference: string) {
  const [repository = reference, tag = ""] = reference.split(":");
  return { repository, tag, reference };
}

/** Each program once, with the services that run it. */
function imagesOf(real: ReadonlyMap<string, RealService>): RealImage[] {
  const programs = new Map([...real.values()].map(({ program, image }) => [program.name, image]));
  return [...programs]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([program, image]) => ({
      program,
      image,
      services: [...real].flatMap(([service, one]) => (one.program.name === program ? service : [])).sort(),
    }));
}

/** Path the stand-in answers on a port; undefined where it speaks plain TCP. */
function httpPath({ health, route }: Service, port: number): string | undefined {
  if (health.http?.port === port) return health.http.path;
  return route?.port === port && health.tcp?.port !== port ? "/" : undefined;
}

function standinArguments(service: Service): string[] {
  const lifts = new Set(service.lifted.map((lift) => lift.privilege));
  const ports = service.ports.flatMap(({ port, protocol }) => {
    if (protocol === "udp") return ["--udp", String(port)];
    const path = httpPath(service, port);
    return path === undefined ? ["--tcp", String(port)] : ["--http", `${port}:${path}`];
  });
  const writable = [
    ...service.mounts.filter((mount) => !mount.readOnly).map((mount) => mount.path),
    ...service.tmpfs.map((tmpfs) => tmpfs.path),
  ].sort();
  const mask = service.lifted.reduce(
    (bits, lift) =>
      lift.privilege === "capability" ? bits | (1n << BigInt(capabilities.indexOf(lift.value))) : bits,
    0n,
  );
  return [
    "serve",
    "--name",
    service.name,
    ...ports,
    ...writable.flatMap((path) => ["--writable", path]),
    ...service.files.flatMap((file) => ["--readable", file.path]),
    ...(lifts.has("writable-root") ? [] : ["--readonly-root"]),
    ...(lifts.has("new-privileges") ? [] : ["--no-new-privs"]),
    "--no-capability-but",
    mask.toString(16),
  ];
}

function standinCheck(service: Service): string[] {
  const port = service.health.http?.port ?? service.health.tcp?.port ?? service.ports.find(isTcp)?.port;
  if (port === undefined) return ["/standin", "routes"];
  const path = httpPath(service, port);
  return path === undefined
    ? ["/standin", "check", "tcp", String(port)]
    : ["/standin", "check", "http", String(port), path];
}

function isTcp({ protocol }: { protocol: string }): boolean {
  return protocol === "tcp";
}
