import { entryNamed, type SecretEntry } from "../../../stacks/secrets/inventory.ts";
import { table } from "../../output/table.ts";
import { audit } from "../../secrets/audit.ts";
import { inventoryOf } from "../../secrets/inventory.ts";
import { generatedSecrets, SecretValues } from "../../secrets/values.ts";
import { openSession, type StackOptions } from "../../session.ts";
import { ageOf, dueOf } from "./list.ts";

export interface ShowOptions extends StackOptions {
  json?: boolean;
  /** Print the value. */
  reveal?: boolean;
}

/** The `secrets show` command: everything about a secret but its value; with `--reveal` the value, which is logged. */
export async function showSecret(name: string, options: ShowOptions): Promise<void> {
  const session = openSession(options);
  const generated = await generatedSecrets(session);
  const entry = entryNamed(name, inventoryOf(session.loaded, generated), options.stack);
  const value = options.reveal === true ? new SecretValues(session, generated).of(firstId(entry)) : undefined;
  if (value !== undefined) {
    // Logged before it is printed: what cannot be logged is not shown.
    audit(session.state.auditPath, {
      action: "reveal",
      stack: options.stack,
      secrets: [{ name: entry.name }],
    });
  }
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(value === undefined ? entry : { ...entry, value }, null, 2)}\n`);
  } else {
    process.stdout.write(`${value ?? factsOf(entry)}\n`);
  }
}

function firstId({ ids, name }: SecretEntry): string {
  const [id] = ids;
  if (id === undefined) throw new Error(`no secret behind ${name}`);
  return id;
}

/** A table without a head: what, and the facts of it, a line each. */
function factsOf(entry: SecretEntry): string {
  const { name, kind, version, previous, since, fixed, consumers, files, variables, accounts, derived } =
    entry;
  const made = since === undefined ? "-" : `${since}, ${ageOf(entry)} ago`;
  const facts: [title: string, lines: readonly string[]][] = [
    ["secret", [name]],
    ["kind", [entry.class === undefined ? kind : `${kind}, class ${entry.class}`]],
    [
      "version",
      kind === "derived" ? [] : [`${version}${previous === undefined ? "" : `, ${previous} still kept`}`],
    ],
    ["made", kind === "derived" ? [] : [made]],
    ["due", kind === "derived" ? [] : [dueOf(entry)]],
    ["fixed", fixed === undefined ? [] : [fixed]],
    ["consumers", [consumers.join(" ") || "-"]],
    ["files", files.map(({ service, path }) => `${service} ${path}`)],
    ["variables", variables.map(({ service, variable }) => `${service} ${variable}`)],
    ["accounts", accounts.map(showAccount)],
    ["made of it", derived],
  ];
  const rows = facts.flatMap(([title, lines]) =>
    lines.map((line, index) => [index === 0 ? title : "", line]),
  );
  return table(["", ""], rows).trim();
}

function showAccount({ provider, user, databases }: SecretEntry["accounts"][number]): string {
  return `${user} at ${provider}${databases.length > 0 ? `, databases ${databases.join(" ")}` : ""}`;
}
