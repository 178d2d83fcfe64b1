import type { Service } from "../../platform.ts";
import type { Configuration, ConfigureContext } from "../context.ts";
import { logLevel, profiles } from "../logLevel.ts";
import { answeringFiles, isAsked, startAnswering } from "../operations/answer.ts";
import { linesText, SecretString } from "../text.ts";
import { type Account, accountsAt } from "./accounts.ts";
import { copyUser, redisCopyScript } from "./redisCopy.ts";

/** Folder of the generated files. */
const folder = "/etc/redis";

/** Share of the container's memory that data may take: rewriting the log forks, and pages written meanwhile exist twice. */
const dataShare = 2 / 3;

/** Milliseconds from which LATENCY remembers what was slow, where the stack is profiled; 0 is off. */
const slow = 100;

/**
 * Redis: every write in an append-only log beside snapshots, the least recently used keys evicted when memory is full,
 * and an account with a password, keys and channels of its own for each consumer. The default account is the probe's and
 * can do nothing but PING. Passwords stand here as hashes.
 */
export function configureRedis(service: Service, context: ConfigureContext): Configuration {
  const probe = context.secret(service.name, service.name, "password", "sha256");
  const data = service.mounts.find(({ readOnly, copy }) => !readOnly && copy === undefined)?.path;
  if (!probe || data === undefined) {
    context.report({
      place: context.recordPlace(service.name, []),
      message: `${service.name} needs a secret "password" for its probe and a volume for its data`,
    });
    return { files: [] };
  }
  return {
    files: [
      {
        path: `${folder}/redis.conf`,
        text: linesText([
          `dir ${data}`,
          "appendonly yes",
          "appendfsync everysec",
          // Redis's own default, said because a restored snapshot is the other way back.
          "save 3600 1 300 100 60 10000",
          `maxmemory ${Math.floor(service.limits.memory * dataShare)}mb`,
          "maxmemory-policy allkeys-lru",
          `loglevel ${logLevel(context, { debug: "debug", info: "notice", warning: "warning", error: "warning" })}`,
          `latency-monitor-threshold ${profiles(context) ? slow : 0}`,
          `aclfile ${folder}/users.acl`,
        ]),
      },
      {
        path: `${folder}/users.acl`,
        // No comments and no empty lines of meaning: Redis reads rules alone here.
        text: linesText([
          new SecretString("user default on #", probe, " -@all +ping"),
          ...(isAsked(context)
            ? [new SecretString(`user ${copyUser} on #`, probe, " -@all +info +bgrewriteaof")]
            : []),
          ...accountsAt(service.name, context).map((account) => ruleOf(account, context)),
        ]),
        mode: "0400",
      },
      { path: `${folder}/start.sh`, text: startScript },
      ...answeringFiles(service, context, folder, redisCopyScript(data)),
    ],
  };
}

/** The image's own entrypoint gives files away that are root's and keeps new ones from others; no more than that. */
const startScript = `set -u
umask 077
${startAnswering(folder)}
exec "$@"
`;

/** All commands that read and write data, on its own keys and channels; what its record allows or forbids comes last. */
function ruleOf({ consumer, index, account, password }: Account, context: ConfigureContext): SecretString {
  const { user, keys, channels, commands, provider } = account;
  const report = (message: string) =>
    context.report({
      place: context.recordPlace(consumer, ["accounts", index]),
      message: `accounts[${index}]: ${message}`,
    });
  if (user === "default" || user === copyUser) {
    report(
      `"${user}" is the ${user === "default" ? "probe" : "backup"}'s at ${provider}; choose another user`,
    );
  }
  if (keys.length + channels.length + commands.length === 0) {
    report(
      `the user "${user}" at ${provider} may use nothing there: name its keys, as in keys: ["${user}:*"]`,
    );
  }
  const rules = [
    ...keys.map((key) => `~${key}`),
    ...channels.map((channel) => `&${channel}`),
    "+@all",
    "-@admin",
    "-@dangerous",
    ...commands,
  ];
  return new SecretString(`user ${user} on #`, password("sha256"), ` ${rules.join(" ")}`);
}
