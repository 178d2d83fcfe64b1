import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import type { Snapshot } from "../../../targets/backup/repository.ts";
import { restoreLines } from "../../../targets/backup/restorer.ts";
import { folder } from "../../fixtures/folders.ts";
import { platform, service } from "../../fixtures/platforms.ts";

const snapshot: Snapshot = {
  id: "5a1d3645",
  time: new Date(),
  service: "sonarr",
  class: "config-daily",
  paths: ["/sources/sonarr"],
  bytes: undefined,
  beforeRestore: false,
};

/** Restores two folders from a repository of which `listing` is what it lists. Returns what was put back. */
async function restored(listing: string) {
  const home = folder({ put: "" });
  const folders = ["/sources/sonarr/config", "/sources/sonarr/later"];
  const target = { volumeOf: (volume: string) => volume, onlyRead: [], isCopy: false };
  const lines = restoreLines(
    "local",
    snapshot,
    service(platform({ sonarr: {} }), "sonarr"),
    folders,
    [],
    target,
  );
  const repository = `in_repository() { for last; do :; done; case $2 in ls) ${listing} ;; restore) echo "$last" >>${home}/put ;; esac; }`;
  const { exitCode } = await execa("sh", ["-c", `set -eu\n${repository}\n${lines}`], { reject: false });
  return { exitCode, put: readFileSync(join(home, "put"), "utf8").split("\n").filter(Boolean) };
}

it("a folder that a snapshot does not have stays as it is", async () => {
  const listing = 'case $last in */config) echo "$last" ;; esac';
  expect(await restored(listing)).toEqual({ exitCode: 0, put: ["5a1d3645:/sources/sonarr/config"] });
});

it("a repository that cannot say whether a snapshot has a folder ends the restore", async () => {
  const listing = 'case $last in */config) echo "$last" ;; *) return 1 ;; esac';
  expect(await restored(listing)).toMatchObject({ exitCode: 1 });
  expect(await restored("return 11")).toEqual({ exitCode: 11, put: [] });
});
