import { type FileText, linesText, SecretString, type SecretValue } from "../../text.ts";
import type { Account } from "../accounts.ts";

/** How a role says in the server's catalogue that it is one of ours. */
const remark = "account of ";
const isOurs = (oid: string) => `shobj_description(${oid}, 'pg_authid') LIKE ${text(`${remark}%`)}`;

/**
 * SQL for psql that makes the server's roles and databases as the stack declares them, whatever is there already. Every
 * statement may be run again. A role owns its databases and can connect to no other, and is a member of the roles it is
 * granted alone. One that no record declares any more can no longer sign in; its databases stay.
 */
export function accountsSql(
  accounts: readonly Account[],
  salt: SecretValue,
  maintenanceExtensions: readonly string[],
): FileText {
  const declared = accounts.map(({ account }) => account);
  const grants = declared.flatMap(({ user, grants }) => grants.map((granted) => [granted, user] as const));
  const guests = declared.filter(({ databases }) => databases.length === 0).map(({ user }) => user);
  return linesText([
    "-- Roles",
    ...accounts.flatMap((account) => roleOf(account, salt)),
    each(
      "'ALTER ROLE %I NOLOGIN', rolname",
      `pg_roles WHERE ${isOurs("oid")} AND rolname NOT IN (${listed(declared.map(({ user }) => user))})`,
    ),
    "-- Roles they are members of",
    each(
      "'REVOKE %I FROM %I', granted.rolname, ours.rolname",
      `pg_auth_members JOIN pg_roles granted ON granted.oid = roleid JOIN pg_roles ours ON ours.oid = member WHERE ${isOurs("ours.oid")} AND (granted.rolname, ours.rolname) NOT IN (${grants.length === 0 ? "('', '')" : grants.map((pair) => `(${listed(pair)})`).join(", ")})`,
    ),
    ...grants.map(([granted, user]) => `GRANT ${name(granted)} TO ${name(user)};`),
    "-- Databases",
    ...declared.flatMap(({ user, databases }) =>
      databases.flatMap((database) => [
        unless(
          `CREATE DATABASE ${name(database)}`,
          `SELECT FROM pg_database WHERE datname = ${text(database)}`,
        ),
        `ALTER DATABASE ${name(database)} OWNER TO ${name(user)};`,
      ]),
    ),
    "-- Who may connect: the owner alone, and to the maintenance database those that own none",
    each("'REVOKE ALL ON DATABASE %I FROM PUBLIC', datname", "pg_database WHERE datallowconn"),
    each("'REVOKE ALL ON DATABASE postgres FROM %I', rolname", `pg_roles WHERE ${isOurs("oid")}`),
    ...guests.map((user) => `GRANT CONNECT ON DATABASE postgres TO ${name(user)};`),
    "-- Extensions",
    ...extensionsOf("postgres", maintenanceExtensions),
    ...declared.flatMap(({ databases, extensions }) =>
      databases.flatMap((database) => extensionsOf(database, extensions)),
    ),
  ]);
}

/** A role that can sign in and nothing more. */
function roleOf({ consumer, account, password }: Account, salt: SecretValue): (string | SecretString)[] {
  const user = name(account.user);
  return [
    unless(`CREATE ROLE ${user}`, `SELECT FROM pg_roles WHERE rolname = ${text(account.user)}`),
    // The verifier and not the password: with what the server is told no one can sign in.
    new SecretString(
      `ALTER ROLE ${user} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT ${account.connections} PASSWORD '`,
      password("scram-sha-256", salt),
      "';",
    ),
    `COMMENT ON ROLE ${user} IS ${text(remark + consumer)};`,
  ];
}

/**
 * Extensions of a database, with what they need, in the version that the image has. Another version may keep its indexes
 * in another way, so they are built again.
 */
function extensionsOf(database: string, extensions: readonly string[]): string[] {
  if (extensions.length === 0) return [];
  return [
    `\\connect ${name(database)}`,
    ...extensions.map((extension) => `CREATE EXTENSION IF NOT EXISTS ${name(extension)} CASCADE;`),
    `SELECT count(*) > 0 AS outdated FROM pg_available_extensions WHERE name IN (${listed(extensions)}) AND installed_version <> default_version \\gset`,
    ...extensions.map((extension) => `ALTER EXTENSION ${name(extension)} UPDATE;`),
    "\\if :outdated",
    `REINDEX DATABASE ${name(database)};`,
    "\\endif",
  ];
}

/** A statement that is run where a query finds nothing. */
function unless(statement: string, query: string): string {
  return `SELECT ${text(statement)} WHERE NOT EXISTS (${query}) \\gexec`;
}

/** A statement that is run for each row. */
function each(statement: string, rows: string): string {
  return `SELECT format(${statement}) FROM ${rows} \\gexec`;
}

function listed(values: readonly string[]): string {
  return values.length === 0 ? "''" : values.map(text).join(", ");
}

function name(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
