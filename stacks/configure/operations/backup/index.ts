import { type BackupSettings, secondsOf } from "../../../config/sections/backup.ts";
import { isWantedReal } from "../../../config/sections/real.ts";
import type { Service } from "../../../platform.ts";
import { sourcePath } from "../../../resolve/backup.ts";
import type { Configuration, ConfigureContext } from "../../context.ts";
import { linesText } from "../../text.ts";
import { aliveName, answerName, copyFolder } from "../answer.ts";
import { repositoryFiles } from "./repositories.ts";
import { backupScript, copiesFolder, folder } from "./script.ts";

type ClassName = keyof BackupSettings["classes"];

/** A service with something to back up. */
export function isBackedUp({ mounts }: Service): boolean {
  return mounts.some(({ copy }) => copy !== undefined);
}

/** restic and its schedule: what of which service goes where, how often, and how long it is kept. */
export function configureBackup(service: Service, context: ConfigureContext): Configuration {
  const { stack, services, settings } = context;
  const copier = services.find(
    ({ name, roles }) => roles.includes("copier") && context.reaches(service.name, name),
  );
  const copierPort = copier?.metrics?.port;
  if (!copier || copierPort === undefined) {
    context.report({
      place: context.recordPlace(service.name, ["links"]),
      message: `${service.name} copies no SQLite database of a running service itself: link it to a service with the role copier`,
    });
    return { files: [] };
  }
  const backedUp = services.filter(isBackedUp);
  return {
    files: [
      {
        path: `${folder}/backup.sh`,
        text: backupScript(
          stack,
          settings.backup.patience,
          `${context.hostOf(service.name, copier.name)}:${copierPort}`,
        ),
      },
      { path: `${folder}/plan`, text: linesText(backedUp.map((one) => planLine(one, copier, context))) },
      { path: `${folder}/classes.sh`, text: classesText(settings.backup, stack) },
      { path: `${folder}/excludes`, text: excludesText(backedUp, context) },
      ...repositoryFiles(service, context),
    ],
  };
}

/** class, service, folder of the answer to a request for a copy or `-`, and whether it has to be stopped. */
function planLine(service: Service, copier: Service, context: ConfigureContext): string {
  const { name, backup, mounts } = service;
  const stopped = mounts.some(({ copy }) => copy === "stopped") ? "yes" : "no";
  return [backup, name, answerFolder(service, copier, context) ?? "-", stopped].join(" ");
}

function answerFolder(
  { name, mounts }: Service,
  copier: Service,
  context: ConfigureContext,
): string | undefined {
  const own = mounts.find(({ copy }) => copy === "server");
  if (own)
    return isWantedReal(context.settings, name) ? sourcePath(context.stack, name, own.volume) : undefined;
  return isWantedReal(context.settings, copier.name) ? `${copiesFolder}/${name}` : undefined;
}

/** Times of the classes in seconds, and what of them is kept, for the shell. */
function classesText({ classes }: BackupSettings, stack: string) {
  const names = Object.keys(classes).sort() as ClassName[];
  return linesText([
    "class_times() {",
    "  case $1 in",
    ...names.map((name) => `  ${name}) echo ${secondsOf(classes[name].every)} ${classes[name].at ?? "-"} ;;`),
    "  esac",
    "}",
    "forget() {",
    names
      .map((name) => {
        const keep = Object.entries(classes[name].keep).filter(([, count]) => count !== undefined);
        const kept = keep.map(([unit, count]) => `--keep-${unit} ${count}`).join(" ");
        return `  in_repository "$1" forget --retry-lock 10m --host ${stack} --tag ${name} --group-by host,tags ${kept}`;
      })
      // The stack's own state, which is saved with every change.
      .concat(
        `  in_repository "$1" forget --retry-lock 10m --host ${stack} --tag state --keep-last 30 --keep-daily 30`,
      )
      .join(" &&\n"),
    "}",
  ]);
}

/** What is being written while it is read, and who answered whom. */
function excludesText(services: readonly Service[], { stack }: ConfigureContext) {
  return linesText([
    `${copiesFolder}/*/${answerName}*`,
    ...services.flatMap((service) =>
      service.mounts.flatMap(({ volume, path, copy, leaveOut = [] }) => {
        const source = sourcePath(stack, service.name, volume);
        if (copy === undefined) return [];
        if (leaveOut.length > 0) return leaveOut.map((name) => `${source}/${name}`);
        if (path === copyFolder(service))
          return [`${answerName}*`, aliveName, "next", "base.next", "old"].map((name) => `${source}/${name}`);
        return service.configure === "postgres" ? [`${source}/*.part`] : [];
      }),
    ),
  ]);
}
