import { dayOf, daysBetween, type SecretEntry } from "../../../stacks/secrets/inventory.ts";
import { table } from "../../output/table.ts";
import { inventoryOf } from "../../secrets/inventory.ts";
import { generatedSecrets } from "../../secrets/values.ts";
import { openSession, type StackOptions } from "../../session.ts";

/** The `secrets list` command: every secret of a stack, and nothing of its value. */
export async function listSecrets(options: StackOptions & { json?: boolean }): Promise<void> {
  const session = openSession(options);
  const generated = await generatedSecrets(session);
  const entries = inventoryOf(session.loaded, generated);
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ stack: options.stack, secrets: entries }, null, 2)}\n`);
    return;
  }
  const rows = entries.map((entry) => [
    entry.name,
    entry.kind,
    entry.class ?? "",
    entry.kind === "derived" ? "" : String(entry.version),
    ageOf(entry),
    dueOf(entry),
    usersOf(entry),
  ]);
  const due = entries.filter(({ isDue }) => isDue).length;
  const ages =
    generated.why === undefined ? "" : `\nages of generated secrets are not known: ${generated.why}`;
  process.stdout.write(
    `${table(["secret", "kind", "class", "version", "age", "due", "in use at"], rows)}\n\n${entries.length} secrets, ${due} due${due > 0 ? `: npx ums secrets rotate --due --stack ${options.stack}` : ""}${ages}\n`,
  );
  const journal = session.state.readRotation();
  if (journal)
    process.stdout.write(
      `a rotation of ${journal.secrets.map(({ name }) => name).join(", ")} was interrupted: npx ums secrets rotate --stack ${options.stack} goes on with it\n`,
    );
}

/** Days since it was made. */
export function ageOf({ since }: Pick<SecretEntry, "since">): string {
  return since === undefined ? "-" : `${daysBetween(since, dayOf(new Date()))} d`;
}

/** When a secret is due, in a few words. */
export function dueOf({ kind, isSet, fixed, isDue, due }: SecretEntry): string {
  if (kind === "derived") return "";
  if (!isSet) return "not set";
  if (fixed !== undefined) return "never, fixed";
  if (due === undefined) return "-";
  return isDue ? `since ${due}` : due;
}

/** Consumers, and who keeps it as an account's password. */
function usersOf({ consumers, accounts }: SecretEntry): string {
  return [...new Set([...consumers, ...accounts.map(({ provider }) => provider)])].sort().join(" ");
}
