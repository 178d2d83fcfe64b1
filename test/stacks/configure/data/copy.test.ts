import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { copyScript } from "../../../../stacks/configure/data/postgres/copy.ts";
import { redisCopyScript } from "../../../../stacks/configure/data/redisCopy.ts";
import { folder } from "../../../fixtures/folders.ts";

/** Runs a script with programs of the test's own, which count how often they were called, in a folder `copies`. */
async function run(script: (home: string) => string, programs: Readonly<Record<string, string>>) {
  const home = folder({
    "copies/none": "",
    ...Object.fromEntries(
      Object.entries({ ...programs, sleep: "exit 0" }).map(([name, lines]) => [
        `bin/${name}`,
        `#!/bin/sh\necho >>"$0.calls"\ncalls=$(wc -l <"$0.calls")\n${lines}\n`,
      ]),
    ),
    "data/appendonlydir/log.manifest": "file log.base seq 1 type b\n",
    "data/appendonlydir/log.base": "kept",
  });
  for (const name of [...Object.keys(programs), "sleep"]) chmodSync(join(home, "bin", name), 0o755);
  const env = { PATH: `${join(home, "bin")}:${process.env.PATH}` };
  const { exitCode, stderr } = await execa("sh", ["-c", script(home)], { env, reject: false });
  return { home, exitCode, stderr };
}

const copyOfRedis = (home: string) => redisCopyScript(join(home, "data"))(join(home, "copies"));

describe("a copy that is asked for while its server starts", () => {
  it("of PostgreSQL waits until it answers by address", async () => {
    const isUp = '[ "$(wc -l <"${0%/*}/pg_isready.calls")" -ge 3 ] || { echo "no server" >&2; exit 2; }';
    const { home, exitCode, stderr } = await run((path) => copyScript(24)(join(path, "copies")), {
      pg_isready: "[ $calls -ge 3 ]",
      psql: `${isUp}\ncase "$*" in *datname*) echo notes ;; *) echo 1 ;; esac`,
      pg_dumpall: `${isUp}\necho globals >next/globals.sql`,
      pg_dump: `${isUp}\necho dump >next/notes.dump`,
      pg_basebackup: `${isUp}\nmkdir base.next`,
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(existsSync(join(home, "copies/databases/notes.dump"))).toBe(true);
  });

  it("of Redis waits until it has read its data", async () => {
    const { home, exitCode } = await run(copyOfRedis, {
      "redis-cli": `
case $calls in
1) echo 'Could not connect to Redis at 127.0.0.1:6379: Connection refused' >&2; exit 1 ;;
2) printf 'loading:1\\r\\n'; exit ;;
esac
case "$*" in
*BGREWRITEAOF) [ $calls -gt 3 ] || { echo 'LOADING Redis is loading the dataset in memory' >&2; exit 1; } ;;
*) printf 'loading:0\\r\\naof_rewrite_in_progress:0\\r\\naof_rewrite_scheduled:0\\r\\naof_last_bgrewrite_status:ok\\r\\n' ;;
esac`,
    });
    expect(exitCode).toBe(0);
    expect(readFileSync(join(home, "copies/appendonlydir/log.base"), "utf8")).toBe("kept");
  });

  it("of Redis does not wait for a server that refuses it", async () => {
    const { exitCode, stderr } = await run(copyOfRedis, {
      "redis-cli": "echo 'WRONGPASS invalid password' >&2; exit 1",
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("WRONGPASS");
  });
});
