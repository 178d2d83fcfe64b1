import type { Service } from "../../platform.ts";
import type { ConfigureContext } from "../context.ts";
import type { SecretValue } from "../text.ts";

/** An account of a consumer at a database server. */
export interface Account {
  consumer: string;
  account: Service["accounts"][number];
  /** Its password, in a form the server wants. */
  password(form?: SecretValue["form"], salt?: string): SecretValue;
}

/** Accounts of the stack's services at one of them, sorted by user. One whose password is left out is reported. */
export function accountsAt(provider: string, context: ConfigureContext): Account[] {
  return context.services
    .flatMap((service) =>
      service.accounts.flatMap((account, index): Account[] => {
        if (account.provider !== provider) return [];
        const password: Account["password"] = (form, salt) => {
          const value = context.secret(provider, service.name, account.password, form, salt);
          if (!value) throw new Error(`${service.name} has no secret ${account.password}`);
          return value;
        };
        if (!context.secret(provider, service.name, account.password)) {
          context.report({
            place: context.recordPlace(service.name, ["accounts", index, "password"]),
            message: `accounts[${index}]: ${service.name} has no secret "${account.password}" for its account at ${provider}`,
          });
          return [];
        }
        return [{ consumer: service.name, account, password }];
      }),
    )
    .sort((a, b) => (a.account.user < b.account.user ? -1 : 1));
}
