import { existsSync, readFileSync, rmSync } from "node:fs";
import { z } from "zod";
import type { SecretVersion } from "../../stacks/config/sections/secrets.ts";
import type { VersionChange } from "../../stacks/config/versions.ts";
import { InputError } from "../../stacks/errors.ts";
import { writePrivate } from "../../targets/files.ts";

const entry = z.strictObject({
  version: z.int(),
  since: z.string().optional(),
  previous: z.int().optional(),
});

const rotated = z.strictObject({
  name: z.string(),
  from: z.int(),
  to: z.int(),
  /** Day on which the new version was made. */
  since: z.string(),
  /** What the config said of it. */
  before: entry.optional(),
  /** Data is encrypted with it: the version before stays, as older backups have it. */
  keepsPrevious: z.literal(true).optional(),
  /** Of a secret that the user set: its encrypted values. */
  ciphertexts: z.strictObject({ before: z.string(), after: z.string() }).optional(),
});

const journalSchema = z.strictObject({
  phase: z.enum(["forward", "retire", "undo"]),
  secrets: z.array(rotated).min(1),
});

/** A secret that gets another version. */
export type RotatedSecret = z.output<typeof rotated>;

/**
 * A rotation under way. `forward`: the new versions are being put in place. `retire`: they are in use, and the old ones
 * go. `undo`: the old ones come back.
 */
export type Journal = z.output<typeof journalSchema>;

/** The journal at a path; undefined where no rotation is under way. @throws InputError when it is damaged */
export function readJournal(path: string): Journal | undefined {
  if (!existsSync(path)) return undefined;
  const known = journalSchema.safeParse(parsed(readFileSync(path, "utf8")));
  if (known.success) return known.data;
  throw new InputError([
    {
      place: { file: path },
      message:
        "is damaged; remove it, see in secretVersions of the stack's config that no secret has a `previous` version, and run ums up",
    },
  ]);
}

export function writeJournal(path: string, journal: Journal): void {
  writePrivate(path, `${JSON.stringify(journal, null, 2)}\n`);
}

export function removeJournal(path: string): void {
  rmSync(path, { force: true });
}

/** The config with the new versions, the old ones kept beside them. */
export function forwardChange({ secrets }: Journal): VersionChange {
  return {
    versions: entries(secrets, ({ to, since, from, ciphertexts }) => ({
      version: to,
      since,
      ...(ciphertexts === undefined ? { previous: from } : {}),
    })),
    ciphertexts: encrypted(secrets, "after"),
  };
}

/** The config with the new versions alone; with those before of what keeps them. */
export function retireChange({ secrets }: Journal): VersionChange {
  return {
    versions: entries(secrets, ({ to, since, from, keepsPrevious }) => ({
      version: to,
      since,
      ...(keepsPrevious ? { previous: from } : {}),
    })),
  };
}

/** The config as it was, with the versions that go beside those that data may be encrypted with already. */
export function backwardChange(journal: Journal): VersionChange {
  const { versions, ciphertexts } = undoChange(journal);
  const beside = journal.secrets.filter(({ keepsPrevious }) => keepsPrevious);
  return {
    versions: {
      ...versions,
      ...entries(beside, ({ from, to, before }) => ({
        version: from,
        ...(before?.since === undefined ? {} : { since: before.since }),
        previous: to,
      })),
    },
    ...(ciphertexts ? { ciphertexts } : {}),
  };
}

/** The config as it was. */
export function undoChange({ secrets }: Journal): VersionChange {
  return {
    versions: entries(secrets, ({ before }) => before),
    ciphertexts: encrypted(secrets, "before"),
  };
}

function entries(
  secrets: readonly RotatedSecret[],
  entryOf: (secret: RotatedSecret) => SecretVersion | undefined,
): Record<string, SecretVersion | undefined> {
  return Object.fromEntries(secrets.map((secret) => [secret.name, entryOf(secret)]));
}

function encrypted(secrets: readonly RotatedSecret[], when: "before" | "after"): Record<string, string> {
  return Object.fromEntries(
    secrets.flatMap(({ name, ciphertexts }) => (ciphertexts ? [[name, ciphertexts[when]]] : [])),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
