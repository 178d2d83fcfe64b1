import type { Service } from "../../platform.ts";
import type { ConfigureContext } from "../context.ts";
import { SecretValue } from "../text.ts";

/** An account of a consumer at a database server. */
export interface Account {
  consumer: string;
  /** Its place in the consumer's record. */
  index: number;
  account: Service["accounts"][number];
  /** Its password, in a form the server wants; a hash is salted with a secret of the server. */
  password(form?: SecretValue["form"], salt?: SecretValue): SecretValue;
}

/**
 * Accounts of the stack's services at one of them, sorted by user. One whose password is left out, or whose name
 * another has, is reported.
 */
export function accountsAt(provider: string, context: ConfigureContext): Account[] {
  const owners = new Map<string, string>();
  return context.services
    .flatMap(({ name: consumer, accounts }) =>
      accounts.flatMap((account, index): Account[] => {
        // A link that is wrong is told where links are; its account is then no more than that.
        if (account.provider !== provider || !context.reaches(consumer, provider)) return [];
        const value = context.secret(provider, consumer, account.password);
        const report = (key: "user" | "password", message: string) => {
          context.report({
            place: context.recordPlace(consumer, ["accounts", index, key]),
            message: `accounts[${index}]: ${message}`,
          });
          return [];
        };
        if (!value) {
          return report(
            "password",
            `${consumer} has no secret "${account.password}" for its account at ${provider}`,
          );
        }
        const owner = owners.get(account.user);
        if (owner !== undefined) {
          return report(
            "user",
            `the user "${account.user}" at ${provider} is ${owner}'s; choose another name`,
          );
        }
        owners.set(account.user, consumer);
        return [
          { consumer, index, account, password: (form, salt) => new SecretValue(value.id, form, salt?.id) },
        ];
      }),
    )
    .sort((a, b) => (a.account.user < b.account.user ? -1 : 1));
}
