import { capabilities } from "./catalog/privileges.ts";
import { freeze } from "./freeze.ts";
import type { DataVolume, Platform, Service } from "./platform.ts";

/**
 * The platform with every image replaced by the stand-in, which listens on the declared ports, answers the declared
 * health path, and refuses to start when the declared user, mounts, files or capabilities are not what it finds.
 * Host devices and host mounts are left out: a rehearsal must not need the hardware.
 */
export function rehearse(platform: Platform, image: string): Platform {
  const [repository = image, tag = ""] = image.split(":");
  const services = platform.services.map((service): Service => {
    const { gpu, ...rest } = service;
    return {
      ...rest,
      image: { repository, tag, reference: image },
      entrypoint: ["/standin"],
      command: standinArguments(service),
      init: false,
      lifted: service.lifted.filter((lift) => lift.privilege !== "device" && lift.privilege !== "host-mount"),
      mounts: service.mounts.map((mount) => ({
        ...mount,
        copyImageContent: true,
        setOwner: !mount.readOnly,
      })),
      health: { ...service.health, command: standinCheck(service), startPeriod: 5 },
      stop: { grace: service.stop.grace },
    };
  });
  const volumes = platform.volumes.map((volume): DataVolume => ({ ...volume, placement: { kind: "local" } }));
  return freeze({ ...platform, services, volumes });
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
