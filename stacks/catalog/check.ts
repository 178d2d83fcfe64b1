import { dirname } from "node:path/posix";
import type { Problem } from "../errors.ts";
import type { YamlPath } from "../issues.ts";
import { didYouMean } from "../suggest.ts";
import type { CatalogEntry } from "./load.ts";
import type { ServiceRecord } from "./record.ts";

/** What a schema cannot say: rules between the fields of one record. */
export function checkRecord(entry: CatalogEntry): Problem[] {
  const { value: record } = entry;
  const problems: Problem[] = [];
  const report = (path: YamlPath, message: string) => problems.push({ place: entry.locate(path), message });

  const ownTcp = new Set(record.ports.filter((port) => port.protocol === "tcp").map((port) => port.port));
  const ownPort = (path: YamlPath, port: number, what: string) => {
    if (ownTcp.has(port)) return;
    const known = [...ownTcp].join(", ") || "none";
    report(path, `${what} is port ${port}, which is not among the record's TCP ports (${known})`);
  };
  if (record.route) ownPort(["route", "port"], record.route.port, "the route");
  if (record.metrics) ownPort(["metrics", "port"], record.metrics.port, "the metrics endpoint");
  if (record.route?.access === "public" && !record.route.reason) {
    report(["route", "access"], "a route without single sign-on needs a reason");
  }

  const { http, tcp, command, reason } = record.health;
  if (http && tcp) report(["health"], "say http or tcp, not both");
  if (!http && !tcp && command === null)
    report(["health"], "a service needs some probe: http, tcp or command");
  if (command === null && !reason) report(["health", "command"], "say why the image can run no probe");
  if (http) ownPort(["health", "http", "port"], http.port, "the health probe");
  if (tcp) ownPort(["health", "tcp", "port"], tcp.port, "the health probe");

  for (const [index, link] of record.links.entries()) {
    if ((link.provider === undefined) === (link.anyOf === undefined)) {
      report(["links", index], `links[${index}] needs either provider or anyOf`);
    }
    if (link.provider !== undefined && link.port === undefined) {
      report(["links", index], `links[${index}] to "${link.provider}" needs the provider's port`);
    }
    if (link.provider === record.name || link.anyOf?.includes(record.name)) {
      report(["links", index], `links[${index}]: a service needs no link to itself`);
    }
  }

  for (const [index, publish] of record.publish.entries()) {
    if (!record.ports.some((port) => port.port === publish.port && port.protocol === publish.protocol)) {
      report(
        ["publish", index],
        `publish[${index}]: ${publish.port}/${publish.protocol} is not among the record's ports`,
      );
    }
  }

  for (const [index, segment] of record.alsoIn.entries()) {
    if (segment === record.segment || record.alsoIn.indexOf(segment) < index) {
      report(["alsoIn", index], `alsoIn[${index}]: the service is in the segment ${segment} already`);
    }
  }

  checkMounts(record, report);

  const tmpfsPaths = [
    ...record.tmpfs.map((tmpfs) => tmpfs.path),
    ...record.volumes.filter((volume) => volume.class === "transcode").map((volume) => volume.path),
  ];
  for (const [index, volume] of record.volumes.entries()) {
    if (volume.class === "transcode" && volume.shared) {
      report(
        ["volumes", index, "shared"],
        "a transcode volume is a tmpfs of one service and cannot be shared",
      );
    }
  }
  const liftedKeys = new Set<string>();
  for (const [index, lift] of record.lifted.entries()) {
    const key = `${lift.privilege} ${"value" in lift ? lift.value : ""}`;
    if (liftedKeys.has(key)) report(["lifted", index], `lifted[${index}]: ${key.trim()} is lifted twice`);
    liftedKeys.add(key);
    if (lift.privilege === "tmpfs-exec" && !tmpfsPaths.includes(lift.value)) {
      report(["lifted", index, "value"], `no tmpfs at ${lift.value}${didYouMean(lift.value, tmpfsPaths)}`);
    }
  }
  const isRoot = record.user.uid === 0;
  if (isRoot && !liftedKeys.has("root-user ")) {
    report(["user", "uid"], 'uid 0 needs an entry in lifted: {privilege: root-user, reason: "..."}');
  }
  if (!isRoot && liftedKeys.has("root-user ")) report(["lifted"], "root-user is lifted but the uid is not 0");

  if (record.through) {
    const forbidden = ["alsoIn", "publish"] as const;
    for (const key of forbidden) {
      if (record[key].length > 0)
        report([key], `a service through "${record.through}" has no network of its own, so no ${key}`);
    }
    if (record.egress)
      report(["egress"], `egress of a service through "${record.through}" is that service's`);
  }
  if (record.lifecycle.status === "retired" && !record.lifecycle.successor && !record.lifecycle.note) {
    report(["lifecycle"], "a retired service names its successor, or says in a note that there is none");
  }

  const secretNames = new Set<string>();
  for (const [index, secret] of record.secrets.entries()) {
    if (secretNames.has(secret.name))
      report(["secrets", index, "name"], `the secret "${secret.name}" is named twice`);
    secretNames.add(secret.name);
  }
  return problems;
}

/** One mount a place, and seeded files beside them: their folder is a volume of its own. */
function checkMounts(record: ServiceRecord, report: (path: YamlPath, message: string) => void): void {
  const mounts = [
    ...record.volumes.map(({ path }, index) => ({ at: ["volumes", index, "path"], path })),
    ...record.tmpfs.map(({ path }, index) => ({ at: ["tmpfs", index, "path"], path })),
    ...record.lifted.flatMap((lift, index) =>
      lift.privilege === "host-mount" ? [{ at: ["lifted", index, "path"], path: lift.path }] : [],
    ),
  ];
  const mounted = new Map<string, string>();
  for (const { at, path } of mounts) {
    const name = showMount(at);
    const earlier = mounted.get(path);
    if (earlier) report(at, `${name} mounts ${path}, which ${earlier} mounts already`);
    else mounted.set(path, name);
  }

  const files = [
    ...record.files.map(({ path }, index) => ({ at: ["files", index, "path"], path })),
    ...record.secrets.flatMap(({ file }, index) =>
      file === undefined ? [] : [{ at: ["secrets", index, "file"], path: file }],
    ),
  ];
  const seen = new Set<string>();
  for (const { at, path } of files) {
    if (seen.has(path)) report(at, `${path} is written twice`);
    seen.add(path);
    const folder = dirname(path);
    if (folder === "/") report(at, `${path}: a seeded file needs a folder of its own, as in /run/secrets`);
    for (const [other, name] of mounted) {
      if (folder === other || other.startsWith(`${folder}/`)) {
        report(at, `${path}: its folder is seeded as a volume of its own and hides ${name} at ${other}`);
      }
    }
  }
}

function showMount(path: YamlPath): string {
  return `${String(path[0])}[${String(path[1])}]`;
}
