import { arch, cpus, release, totalmem } from "node:os";
import { BackupStack } from "../test/docker/backup/stage.ts";

/**
 * Wall times of a backup and of a restore after the loss of every volume but the repository's: real PostgreSQL, Redis
 * and SQLite, and files that restic can neither compress nor deduplicate. The stack is removed afterwards.
 */
const size = { files: 1024, rows: 1_000_000, keys: 100_000 };
const name = "umsbench";
const stack = new BackupStack(name, { octet: 196, offset: 27000 });
const print = (line: string) => process.stdout.write(`${line}\n`);

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  print(`${what}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
  return result;
}

async function fine(run: Promise<{ exitCode?: number | undefined; stdout: string; stderr: string }>) {
  const { exitCode, stdout, stderr } = await run;
  if (exitCode !== 0) throw new Error(`${stderr}${stdout}`);
}

async function fill(): Promise<void> {
  await stack.shell(
    "notes",
    `mkdir -p /config/files && cd /config/files && for n in $(seq ${size.files}); do head -c 1048576 /dev/urandom > $n; done`,
  );
  await stack.sql(
    `SET ROLE notes; CREATE TABLE kept AS SELECT n, md5(n::text) AS word, md5(random()::text) AS more FROM generate_series(1, ${size.rows}) n; ALTER TABLE kept ADD PRIMARY KEY (n)`,
  );
  await stack.shell(
    "notes",
    `awk 'BEGIN { for (n = 1; n <= ${size.keys}; n++) printf "SET key:%d %0100d\\r\\n", n, n }' | REDISCLI_AUTH=$(cat /run/secrets/cache_password) redis-cli -h redis --user notes --no-auth-warning --pipe`,
  );
}

/** What has to be the same afterwards. */
async function state() {
  return {
    files: await stack.shell("notes", "cd /config/files && cat $(ls | sort -n) | sha256sum"),
    rows: await stack.sql("SELECT count(*), md5(string_agg(word || more, ',' ORDER BY n)) FROM kept"),
    keys: await stack.redis("DBSIZE"),
    key: await stack.redis("GET", `key:${size.keys}`),
    notes: await stack.shell(
      "notes",
      "sqlite3 '/config/deep er/notes' 'SELECT count(*), sum(length(pad)) FROM rows WHERE n <= 200'",
    ),
  };
}

print(
  `${cpus().length} × ${cpus()[0]?.model ?? arch()}, ${(totalmem() / 1024 ** 3).toFixed(0)} GiB, Linux ${release()}; ${size.files} files of 1 MiB, ${size.rows} rows in PostgreSQL, ${size.keys} keys in Redis`,
);
try {
  await fine(stack.up());
  await timed("filled", fill);
  await timed("first backup", () => fine(stack.ums("backup")));
  await timed("backup of little that is new", () => fine(stack.ums("backup")));
  const before = await state();
  await timed("every volume lost, and up again", async () => {
    await stack.loseVolumes();
    await fine(stack.up());
  });
  await timed("restore", () => fine(stack.ums("restore", [], { input: `${name}\n` })));
  const after = await state();
  if (JSON.stringify(after) !== JSON.stringify(before))
    throw new Error(`not what it was: ${JSON.stringify({ before, after })}`);
  print("files, rows and keys are what they were");
} finally {
  await stack.dispose();
}
