import { z } from "zod";
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
      return postgresCheck(copies);
    case "redis":
      return redisCheck(copies);
    default:
      return undefined;
  }
}

/**
 * The dumps become databases, every table and index of which is read whole by amcheck; the files of the base backup are
 * compared with their checksums, and its log is read.
 */
const postgresCheck = (copies: string) => `${restoreScript(copies)}
pg_amcheck -U postgres --all --install-missing --heapallindexed
[ ! -e ${copies}/base ] || pg_verifybackup --quiet ${copies}/base
set -- ${copies}/databases/*.dump
[ -e "$1" ] || set --
echo "databases $#"
`;

/** Redis reads a log that ends early without a word, so its own checker reads it, too. */
const redisCheck = (copies: string) => `set -eu
redis-check-aof ${copies}/appendonlydir/*.manifest >&2
echo 'databases 1'
`;
