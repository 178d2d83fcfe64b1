import { passwordOf } from "./configure/access/users.ts";
import type { Platform, PlatformSecret } from "./platform.ts";

/** Users of a stack's single sign-on, sorted, each with the secret that is the password; none without a sign-in. */
export function signInUsers({ services, secrets }: Platform): Map<string, PlatformSecret> {
  const sso = services.find(({ roles }) => roles.includes("sso"));
  const prefix = `${sso?.name}/${passwordOf("")}`;
  return new Map(
    secrets.flatMap((secret) =>
      sso && secret.id.startsWith(prefix) ? [[secret.id.slice(prefix.length), secret] as const] : [],
    ),
  );
}
