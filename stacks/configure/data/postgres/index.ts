import type { Service } from "../../../platform.ts";
import type { Configuration, ConfigureContext } from "../../context.ts";
import { answeringFiles } from "../../operations/answer.ts";
import { type Account, accountsAt } from "../accounts.ts";
import { accountsSql } from "./accountsSql.ts";
import { copyScript } from "./copy.ts";
import { archiveScript, startScript } from "./scripts.ts";
import { archiveFolder, folder, hbaText, maintenanceExtensions, settingsText } from "./settings.ts";

/** Names the server has for itself. */
const ownDatabases = ["postgres", "template0", "template1"];

/**
 * PostgreSQL: a role with a password and databases of its own for every account that a record declares here. The
 * record's entrypoint is `start.sh`, followed by the image's own entrypoint and command; its secret `salt` salts the
 * passwords' verifiers.
 */
export function configurePostgres(service: Service, context: ConfigureContext): Configuration {
  const salt = context.secret(service.name, service.name, "salt");
  if (!salt) {
    context.report({
      place: context.recordPlace(service.name, ["secrets"]),
      message: `${service.name} needs a secret "salt" for its passwords' verifiers: {name: salt, generate: hex}`,
    });
    return { files: [] };
  }
  const accounts = accountsAt(service.name, context);
  checkNames(service, context, accounts);
  const archive = archiveFolder(service, context);
  const { archiveHours, baseBackupHours } = context.settings.databases;
  return {
    files: [
      { path: `${folder}/postgresql.conf`, text: settingsText(service, context, accounts) },
      { path: `${folder}/pg_hba.conf`, text: hbaText },
      {
        path: `${folder}/accounts.sql`,
        text: accountsSql(accounts, salt, maintenanceExtensions(service, context)),
        mode: "0400",
      },
      { path: `${folder}/start.sh`, text: startScript },
      ...(archive === undefined
        ? []
        : [{ path: `${folder}/archive.sh`, text: archiveScript(archive, archiveHours) }]),
      ...answeringFiles(service, context, folder, copyScript(baseBackupHours)),
    ],
  };
}

function checkNames({ name }: Service, context: ConfigureContext, accounts: readonly Account[]): void {
  const owners = new Map<string, string>();
  for (const { consumer, index, account } of accounts) {
    const report = (path: readonly (string | number)[], message: string) =>
      context.report({
        place: context.recordPlace(consumer, ["accounts", index, ...path]),
        message: `accounts[${index}]: ${message}`,
      });
    if (account.user === "postgres" || account.user.startsWith("pg_")) {
      report(["user"], `"${account.user}" is a name of PostgreSQL's own; choose another user`);
    }
    for (const [position, database] of account.databases.entries()) {
      const owner = owners.get(database);
      if (ownDatabases.includes(database)) {
        report(["databases", position], `"${database}" is PostgreSQL's own; choose another database`);
      } else if (owner !== undefined) {
        report(
          ["databases", position],
          `the database "${database}" at ${name} is ${owner}'s; choose another name`,
        );
      }
      owners.set(database, consumer);
    }
  }
}
