import type { Service } from "../../platform.ts";
import type { Configuration, ConfigureContext } from "../context.ts";
import { linesText, SecretString } from "../text.ts";
import { accountsAt } from "./accounts.ts";

/** Share of the container's memory that data may take: rewriting the log forks, and pages written meanwhile exist twice. */
const dataShare = 2 / 3;

/**
 * Redis: every write in an append-only log, the oldest keys evicted when memory is full, and an account with a password
 * of its own for each consumer. The default account is for the probe and the exporter.
 */
export function configureRedis(service: Service, context: ConfigureContext): Configuration {
  const memory = Math.floor(service.limits.memory * dataShare);
  const password = context.secret(service.name, service.name, "password", "sha256");
  const accounts = accountsAt(service.name, context).map(({ account, password }) => {
    const keys = account.keys.length > 0 ? account.keys : ["*"];
    return new SecretString(
      `user ${account.user} on #`,
      password("sha256"),
      ` ${keys.map((key) => `~${key} &${key}`).join(" ")} +@all -@admin -@dangerous +info +config|get +keys +flushdb +client`,
    );
  });
  return {
    files: [
      {
        path: "/etc/redis/redis.conf",
        text: linesText([
          "dir /data",
          "appendonly yes",
          "appendfsync everysec",
          `maxmemory ${memory}mb`,
          "maxmemory-policy allkeys-lru",
          "aclfile /etc/redis/users.acl",
        ]),
      },
      {
        path: "/etc/redis/users.acl",
        text: linesText([
          ...(password
            ? [new SecretString("user default on #", password, " ~* &* +@all")]
            : ["user default off"]),
          ...accounts,
        ]),
      },
    ],
  };
}
