import type { ConfiguredUser } from "../../config/sections/access.ts";
import type { Service } from "../../platform.ts";
import type { ConfigureContext } from "../context.ts";
import { type FileText, yamlText } from "../text.ts";

/** Characters of the first administrator's password: about 119 bits, and still typed by hand. */
const generatedLength = 20;
/** Bytes that salt each user's hash, so that equal passwords do not look equal. */
const saltLength = 16;

/** Name of the secret that is a user's password. */
export function passwordOf(user: string): string {
  return `user-${user}`;
}

/** Who signs in where the config names nobody. */
export function firstAdmin(domain: string): Omit<ConfiguredUser, "password"> {
  return { name: "admin", displayName: "Administrator", email: `admin@${domain}`, groups: ["admin", "user"] };
}

/**
 * Authelia's users: those of the config, or one administrator with a generated password. No password is in it, only a
 * hash of each; the passwords become secrets of the sign-in.
 */
export function usersText(service: Service, context: ConfigureContext): FileText {
  const { access, domain } = context.settings;
  const users: (Omit<ConfiguredUser, "password"> & { password?: string })[] =
    access.users.length > 0 ? access.users : [firstAdmin(domain)];
  const entries = users.map((user) => {
    const index = access.users.findIndex(({ name }) => name === user.name);
    context.addSecret(
      service.name,
      passwordOf(user.name),
      user.password !== undefined
        ? {
            config: user.password,
            whose: user.name,
            place: context.configPlace(["access", "users", index, "password"]),
            words: [user.name, user.displayName, user.email],
          }
        : { generate: "password", length: generatedLength },
    );
    const salt = `salt-${user.name}`;
    context.addSecret(service.name, salt, { generate: "hex", length: saltLength });
    const password = context.secret(service.name, service.name, passwordOf(user.name), "argon2id", salt);
    return [
      user.name,
      {
        disabled: false,
        displayname: user.displayName,
        password,
        email: user.email,
        groups: [...user.groups].sort(),
      },
    ] as const;
  });
  return yamlText({ users: Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))) });
}
