import { resolve } from "node:path";
import { EnvironmentFault, InputError } from "../../stacks/errors.ts";
import type { Platform } from "../../stacks/platform.ts";
import { didYouMean } from "../../stacks/suggest.ts";
import { namesOfSecrets } from "../../targets/export/exported.ts";
import { fillWithMarks, fillWithValues } from "../../targets/export/fill.ts";
import { type FolderReport, writeExport } from "../../targets/export/folder.ts";
import { exportFiles } from "../../targets/export/formats/index.ts";
import { type MissingSecret, missingSecrets } from "../../targets/export/missing.ts";
import type { FormatName } from "../../targets/export/names.ts";
import { readmeName } from "../../targets/export/readme.ts";
import type { EngineName } from "../engines/engine.ts";
import { secretFiller } from "../engines/values.ts";
import { stopIfRefused } from "../output/findings.ts";
import { table } from "../output/table.ts";
import { audit } from "../secrets/audit.ts";
import { openSession, planStack, type Session, type StackOptions } from "../session.ts";

export interface ExportOptions extends StackOptions {
  out: string;
  withSecrets?: boolean;
  engine?: EngineName;
}

/** The `export` command: the stack for something else to run, as files in a folder. */
export async function exportStack(
  format: FormatName,
  names: readonly string[],
  options: ExportOptions,
): Promise<void> {
  const withSecrets = options.withSecrets === true;
  const session = openSession(options, withSecrets ? { unsetSecrets: "refuse" } : {});
  const platform = chosen(session.loaded.platform, format, names);
  await session.state.locked(async () => {
    const { program, report: policies } = await planStack(session);
    stopIfRefused(policies);
    const fill = withSecrets
      ? fillWithValues(platform, await secretFiller(session, program, engineOf(session, options)))
      : fillWithMarks(platform);
    const { exported, files } = exportFiles(format, program, platform, { fill, withSecrets });
    const secrets = namesOfSecrets(exported).map((name) => ({ name }));
    if (withSecrets) audit(session.state.auditPath, { action: "export", stack: platform.stack, secrets });
    const folder = resolve(options.out);
    const report = written(() => writeExport(folder, { stack: platform.stack, format }, files));
    process.stdout.write(reportText(options.out, files.length, report, missingSecrets(platform, exported)));
  });
}

/** The engine whose secrets are wanted; undefined where it has to be found out. */
function engineOf({ state }: Session, { engine }: ExportOptions): EngineName | undefined {
  return engine ?? state.readSnapshot()?.engine;
}

/** The platform with the services that are asked for. */
function chosen(platform: Platform, format: FormatName, names: readonly string[]): Platform {
  if (names.length === 0) return platform;
  if (format === "compose")
    throw new InputError([
      { message: "a Compose project has every service of the stack; take others out with npx ums disable" },
    ]);
  const known = platform.services.map(({ name }) => name);
  const problems = names
    .filter((name) => !known.includes(name))
    .map((name) => ({ message: `the stack has no service "${name}"${didYouMean(name, known)}` }));
  if (problems.length > 0) throw new InputError(problems);
  return { ...platform, services: platform.services.filter(({ name }) => names.includes(name)) };
}

const hostFaults: Readonly<Record<string, string>> = {
  EACCES: "may not be written by this user",
  EPERM: "may not be written by this user",
  EROFS: "is on a read-only file system",
  ENOSPC: "is on a full disk",
  ENOTDIR: "has a file where a folder should be",
};

function written<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code = "", path = "the folder" } = error as NodeJS.ErrnoException;
    const fault = hostFaults[code];
    throw fault === undefined
      ? error
      : new EnvironmentFault(`${path} ${fault}`, "choose another folder with --out");
  }
}

function reportText(
  out: string,
  count: number,
  { written: changed, removed, kept }: FolderReport,
  missing: readonly MissingSecret[],
): string {
  const lines = [
    `${out}: ${count} ${count === 1 ? "file" : "files"}, ${changed.length} written, ${removed.length} removed`,
    ...kept.map((path) => `${path} was edited, and is kept as it is`),
    ...(missing.length === 0
      ? []
      : [
          "",
          `Secrets to fill in, or to export with --with-secrets (${missing.length}; ${readmeName} has this list)`,
          table(
            ["secret", "what it is", "where"],
            missing.map(({ name, what, where }) => [name, what, shorten(where)]),
          ),
        ]),
  ];
  return `${lines.join("\n")}\n`;
}

function shorten([first = "", ...more]: readonly string[]): string {
  return more.length === 0 ? first : `${first} and ${more.length} more`;
}
