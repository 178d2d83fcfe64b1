import { z } from "zod";
import { recoverScript } from "../../../stacks/configure/data/postgres/recover.ts";
import { restoreScript } from "../../../stacks/configure/data/postgres/restore.ts";
import { copyFolder } from "../../../stacks/configure/operations/answer.ts";
import { sqliteFiles } from "../../../stacks/configure/operations/sqlite.ts";
import { isReal, type Service } from "../../../stacks/platform.ts";
import { type Beside, mount, runBeside } from "../beside.ts";
import type { Backup } from "../repository.ts";

/** What was found of databases in restored files. */
export interface DatabaseCheck {
  databases: number;
  /** What is wrong, a line each. */
  problems: readonly string[];
}

const found = z.object({ databases: z.number(), problems: z.array(z.string()) });

const sqliteScript = `import json
import os
import sqlite3
import sys
import urllib.parse

${sqliteFiles}


databases, problems = 0, []
for path in databases_below("/restored"):
    databases += 1
    try:
        check(path, "integrity_check")
    except (sqlite3.Error, OSError, RuntimeError) as error:
        problems.append(f"{os.path.relpath(path, '/restored')}: {error}")
print(json.dumps({"databases": databases, "problems": problems}))
`;

/** Runs SQLite's integrity check over every database in volumes. Undefined where nothing that has SQLite is to be had. */
export async function checkSqlite(
  backup: Backup,
  volumes: readonly string[],
): Promise<DatabaseCheck | undefined> {
  const { docker, platform } = backup;
  const copier = platform.services.find(({ roles }) => roles.includes("copier"));
  if (!copier || !isReal(platform, copier.name)) return undefined;
  const { Image } = await docker.getContainer(`${platform.stack}-${copier.name}`).inspect();
  const work: Beside = {
    suffix: "check",
    image: Image,
    command: ["python3", "-c", sqliteScript],
    mounts: volumes.map((volume, index) => mount(volume, `/restored/${index}`, true)),
    network: "none",
    capabilities: ["DAC_READ_SEARCH"],
  };
  return found.parse(JSON.parse(await runBeside(backup, work)));
}

/** How a database server takes up its restored copies and proves that they are whole: a script that prints their number. */
export function serverCheck(service: Service): string | undefined {
  const copies = copyFolder(service);
  if (copies === undefined) return undefined;
  switch (service.configure) {
    case "postgres":
      return postgresCheck(service, copies);
    case "redis":
      return redisCheck(copies);
    default:
      return undefined;
  }
}

/**
 * The files of the base backup are compared with their checksums, and a cluster of it follows the restored log to its
 * end; then the dumps become databases, every table and index of which is read whole by amcheck.
 */
function postgresCheck({ mounts }: Service, copies: string): string {
  const archive = mounts.find(({ copy }) => copy === "files")?.path;
  const base = `${copies}/base`;
  const recovered = `${copies}/recovered`;
  const recover =
    archive === undefined
      ? ""
      : `(
${recoverScript({ base, archive, data: recovered, settings: ["archive_mode=off"] })}
)
rm -rf ${recovered}`;
  return `set -e
if [ -e ${base} ]
then
  pg_verifybackup --quiet ${base} >&2
  ${recover}
fi
${restoreScript(copies)}
pg_amcheck -U postgres --all --install-missing --heapallindexed >&2
set -- ${copies}/databases/*.dump
[ -e "$1" ] || set --
echo "databases $#"
`;
}

/** Redis reads a log that ends early without a word, so its own checker reads it, too. */
const redisCheck = (copies: string) => `set -eu
redis-check-aof ${copies}/appendonlydir/*.manifest >&2
echo 'databases 1'
`;
