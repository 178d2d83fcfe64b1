import { dirname } from "node:path/posix";
import type { Problem } from "../errors.ts";
import type { YamlPath } from "../issues.ts";
import { didYouMean } from "../suggest.ts";
import { checkMonitoring } from "./checkMonitoring.ts";
import type { CatalogEntry } from "./entry.ts";
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
  problems.push(...checkMonitoring(entry, ownPort));
  if (record.route?.access === "public" && !record.route.reason) {
    report(["route", "access"], "a route without single sign-on needs a reason");
  }

  checkRoute(record, report);
  checkCopies(record, report);

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

  const linked = record.links.flatMap(({ provider, anyOf = [] }) => [
    ...(provider ? [provider] : []),
    ...anyOf,
  ]);
  for (const [index, { provider }] of record.accounts.entries()) {
    if (linked.includes(provider)) continue;
    report(
      ["accounts", index, "provider"],
      `accounts[${index}] is at "${provider}", to which the record has no link${didYouMean(provider, linked)}`,
    );
  }

  if (record.measures !== undefined) {
    if (!linked.includes(record.measures)) {
      const hint = didYouMean(record.measures, linked);
      report(["measures"], `measures "${record.measures}", to which the record has no link${hint}`);
    }
    if (!record.metrics) {
      report(
        ["measures"],
        `measures "${record.measures}", but offers no metrics; name their port in metrics`,
      );
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

  checkWidget(record, ownPort, report);
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
    const isMade = volume.class !== "transcode" && volume.access === "write" && !volume.copyImageContent;
    if (volume.folders.length > 0 && !isMade) {
      report(
        ["volumes", index, "folders"],
        "folders are made in a volume that lasts, is written by this service and does not start as a copy",
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

  checkOidc(record, report);

  const secretNames = new Set<string>();
  for (const [index, secret] of record.secrets.entries()) {
    if (secretNames.has(secret.name))
      report(["secrets", index, "name"], `the secret "${secret.name}" is named twice`);
    secretNames.add(secret.name);
  }
  return problems;
}

/** What passes the sign-in is a part of the route, and a copy answers under another's. */
function checkRoute(
  { name, route, balance, replicaOf }: ServiceRecord,
  report: (path: YamlPath, message: string) => void,
): void {
  for (const [index, { path, exact }] of (route?.bypass ?? []).entries()) {
    if (path === "/" && !exact) {
      const message = `route.bypass[${index}] lets everything past the sign-in; say exact: true for that page alone, or access: public with a reason`;
      report(["route", "bypass", index, "path"], message);
    }
  }
  if (balance && !route) report(["balance"], "balance is about the requests of a route, and there is none");
  if (replicaOf === undefined) return;
  if (replicaOf === name) report(["replicaOf"], "a service is no copy of itself");
  if (route) {
    report(
      ["route"],
      `a copy answers under the route of the service it copies; leave this out, or replicaOf`,
    );
  }
}

/** A widget calls a port of its service, with secrets that are there whenever it is. */
function checkWidget(
  { widget, route, secrets }: ServiceRecord,
  ownPort: (path: YamlPath, port: number, what: string) => void,
  report: (path: YamlPath, message: string) => void,
): void {
  if (!widget) return;
  if (widget.port !== undefined) ownPort(["widget", "port"], widget.port, "the widget's");
  else if (!route) report(["widget"], "the widget needs a port, because the record has no route");
  for (const [option, name] of Object.entries(widget.secrets)) {
    const path = ["widget", "secrets", option];
    const secret = secrets.find((one) => one.name === name);
    if (!secret) {
      const names = secrets.map((one) => one.name);
      report(
        path,
        `the widget's ${option} is the secret "${name}", which the record does not have${didYouMean(name, names)}`,
      );
    } else if (secret.optional && secret.config === undefined) {
      report(
        path,
        `the widget's ${option} is the secret "${name}", which may be left out; name one that is generated or from the config`,
      );
    }
    if (option in widget.options) report(path, `the widget's ${option} is said in options, too`);
  }
}

/** A client of the sign-in has an address of its own and a generated secret. */
function checkOidc(
  { oidc, route, secrets }: ServiceRecord,
  report: (path: YamlPath, message: string) => void,
): void {
  if (!oidc) return;
  if (!route) {
    report(["oidc", "redirects"], "oidc.redirects are paths of the service's own address: give it a route");
  }
  const generated = secrets.filter(({ generate }) => generate !== undefined).map(({ name }) => name);
  if (!generated.includes(oidc.secret)) {
    const hint = didYouMean(oidc.secret, generated);
    report(["oidc", "secret"], `oidc.secret "${oidc.secret}" is no generated secret of the record${hint}`);
  }
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

/** A backup has something to copy, and what is copied is named where a backup is. */
function checkCopies(
  { backup, drill, volumes, configure }: ServiceRecord,
  report: (path: YamlPath, message: string) => void,
): void {
  for (const [index, volume] of volumes.entries()) {
    if (volume.copy === undefined || volume.copy === "none") continue;
    if (backup === "none") {
      report(
        ["volumes", index, "copy"],
        `volumes[${index}] is copied for the backup, but backup is none: say how often`,
      );
    }
    if (volume.copy === "server" && configure !== "postgres" && configure !== "redis") {
      report(
        ["volumes", index, "copy"],
        `volumes[${index}]: only services configured as postgres or redis write their copy themselves`,
      );
    }
  }
  if (drill && backup === "none") {
    report(
      ["drill"],
      "drill says what a restore drill does, but backup is none: say how often, or leave it out",
    );
  }
  if (backup !== "none" && volumes.every(({ copy, shared }) => copy === "none" || (shared && !copy))) {
    report(["backup"], `backup is ${backup}, but no volume is copied: name one, or say none`);
  }
}
