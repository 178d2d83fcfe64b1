import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { type FormatName, formatNames } from "../targets/export/names.ts";
import { engineNames } from "./engines/engine.ts";
import { exitCodes, report } from "./output/exit.ts";

const program = new Command("ums")
  .description("Ultimate Media Server: plan, start, prove and run the platform")
  .configureHelp({ showGlobalOptions: true })
  .exitOverride();

/** A command that works on a stack; what it does is loaded only when it runs, so that help is quick. */
function stackCommand(name: string, description: string, parent: Command = program): Command {
  return parent
    .command(name)
    .description(description)
    .option("-s, --stack <name>", "the stack: Pulumi.<name>.yaml", "dev")
    .option("--stack-file <path>", "use this file for the stack's config instead");
}

function secretsCommand(name: string, description: string): Command {
  return stackCommand(name, description, secrets);
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("write a whole number.");
  return Number(text);
}

stackCommand(
  "browse",
  "choose services on the terminal, by category, ending in a plan; ums alone does it, too",
).action(async (options) => (await import("./commands/browse.ts")).browse(options));
const json = new Option("--json", "print JSON");
const real = new Option(
  "--real <services>",
  "services that run as real programs in a rehearsal: names with commas, all that can be built here, none, or config",
);
const engine = new Option("--engine <name>", "the engine to use").choices(engineNames);

stackCommand("start", "start stopped services after what they need; without a name, what npm start does")
  .argument("[names...]", "services; none: prepare this machine, start the rehearsal and prove its isolation")
  .addOption(engine)
  .action(async (names: string[], options) =>
    names.length === 0
      ? (await import("./commands/start.ts")).start(options)
      : (await import("./commands/power.ts")).power("start", names, options),
  );
for (const command of ["stop", "restart"] as const) {
  stackCommand(command, `${command} running services`)
    .argument("<names...>", "services")
    .option("--cascade", "take along the services that cannot do without them")
    .action(async (names: string[], options) =>
      (await import("./commands/power.ts")).power(command, names, options),
    );
}
stackCommand("plan", "show services, networks, lifted defaults, and what an up would change")
  .addOption(real)
  .addOption(new Option("--json", "print JSON").conflicts("markdown"))
  .option("--markdown", "print Markdown with a picture, for a pull request")
  .option("--since <file>", "compare with an earlier plan, written with --json, instead of the last up")
  .addOption(new Option("--limit <characters>", "cut the Markdown to this length").argParser(wholeNumber))
  .action(async (options) => (await import("./commands/plan.ts")).plan(options));
stackCommand("check", "judge the stack by the policy pack: exit code 1 for a mandatory violation")
  .addOption(real)
  .addOption(new Option("--json", "print JSON").conflicts(["sarif", "junit"]))
  .addOption(new Option("--sarif", "print SARIF, for code scanning").conflicts(["junit"]))
  .option("--junit", "print JUnit XML")
  .action(async (options) => (await import("./commands/check.ts")).check(options));
stackCommand("up", "make the stack real")
  .addOption(real)
  .addOption(engine)
  .action(async (options) => (await import("./commands/up.ts")).up(options));
stackCommand("down", "remove containers and networks, and keep the data")
  .addOption(engine)
  .option("--volumes", "remove the data too, after asking for the stack's name")
  .action(async (options) => (await import("./commands/down.ts")).down(options));
stackCommand("verify", "try every connection from inside the containers and compare with the declared links")
  .addOption(json)
  .option("--outside <address:port...>", "further addresses that services without egress must not reach")
  .action(async (options) => (await import("./commands/verify.ts")).verify(options));
for (const [command, description] of [
  ["add", "put services into the stack's config; what they require comes with them"],
  ["remove", "take services out of the stack's config; their data stays"],
  ["enable", "switch on again what was disabled"],
  ["disable", "switch services of the stack off, without taking them out of its config"],
] as const) {
  const changing = stackCommand(command, description)
    .argument("[names...]", "services")
    .option("--category <name>", "every service of a category")
    .option("--group <name>", "the services of a group of catalog/groups.yaml")
    .option("--dry-run", "show what would change");
  if (command === "remove" || command === "disable")
    changing.option("--cascade", "take along the services that cannot do without them");
  changing.action(async (names: string[], options) =>
    (await import("./commands/services.ts")).changeServices(command, names, options),
  );
}
stackCommand("logs", "show what a service wrote")
  .argument("<name>", "the service")
  .option("-f, --follow", "go on with what it writes, until interrupted")
  .option("-n, --tail <lines>", "lines from the end", "100")
  .action(async (name: string, options) => (await import("./commands/logs.ts")).logs(name, options));
stackCommand("volumes", "list data volumes, those of removed services too")
  .addOption(json)
  .option("--delete <name>", "remove the volume of a removed service, after asking for its name")
  .action(async (options) => (await import("./commands/volumes.ts")).volumes(options));
stackCommand(
  "export",
  "write the stack for something else to run: a Compose project, or the services' variables",
)
  .addArgument(new Argument("<format>", "the format").choices(formatNames))
  .argument("[names...]", "services; none: all of the stack")
  .requiredOption("--out <folder>", "where to write it; files that are not an export's are left alone")
  .option("--with-secrets", "write secrets too, into files that only their owner can read")
  .addOption(engine)
  .action(async (format: FormatName, names: string[], options) =>
    (await import("./commands/export.ts")).exportStack(format, names, options),
  );
stackCommand(
  "update",
  "give services the images their records name, with a backup first; a bad one is taken back",
)
  .argument("[names...]", "services; none: every one whose image changed")
  .option("--dry-run", "show which tags and digests change")
  .option("--no-backup", "go on without a backup")
  .action(async (names: string[], options) => (await import("./commands/update.ts")).update(names, options));
stackCommand("rollback", "give services the images back that they had before their last update")
  .argument("[names...]", "services; none: those of the last update")
  .action(async (names: string[], options) =>
    (await import("./commands/update.ts")).rollback(names, options),
  );
stackCommand("backup", "back up services now, to every repository")
  .argument("[names...]", "services; none: all that are backed up while they run")
  .option("--passphrase", "print what encrypts the backups, to be kept outside this machine")
  .option("--new-repository <name>", "begin a new repository in the place of one that is lost")
  .action(async (names: string[], options) => (await import("./commands/backup.ts")).backup(names, options));
stackCommand("snapshots", "list backups")
  .argument("[names...]", "services; none: all")
  .addOption(json)
  .option("--from <repository>", "the repository; default: the first of the stack's config")
  .action(async (names: string[], options) =>
    (await import("./commands/snapshots.ts")).snapshots(names, options),
  );
stackCommand("restore", "put services back to a backup, after backing up what is there now")
  .argument("[names...]", "services; none: all that have a backup")
  .option("--to <time>", "the last backup by this time; default: the last one")
  .option("--from <repository>", "the repository; default: the first of the stack's config")
  .option("--dry-run", "show what would be restored")
  .addOption(
    new Option("--without-backup", "do not back up the present state first, where it cannot be").conflicts(
      "drill",
    ),
  )
  .option(
    "--drill",
    "prove backups: restore them beside the stack, read and start what is in them, throw it away",
  )
  .addOption(new Option("--json", "with --drill: print JSON").implies({ drill: true }))
  .action(async (names: string[], options) =>
    options.drill === true
      ? (await import("./commands/drill.ts")).drillRestore(names, options)
      : (await import("./commands/restore.ts")).restore(names, options),
  );
stackCommand("recover", "make a stack ready again whose plain `pulumi up` was killed").action(
  async (options) => (await import("./commands/recover.ts")).recover(options),
);
const secrets = program.command("secrets").alias("secret").description("secrets of a stack");
secretsCommand("list", "every secret with its version, age and users, and no value")
  .addOption(json)
  .action(async (options) => (await import("./commands/secrets/list.ts")).listSecrets(options));
secretsCommand("show <name>", "where a secret is used, and since when")
  .addOption(json)
  .option("--reveal", "print the value, which the audit log keeps in mind")
  .action(async (name, options) => (await import("./commands/secrets/show.ts")).showSecret(name, options));
secretsCommand("rotate [names...]", "another value for secrets; without a name, go on after an interruption")
  .option("--due", "those that are due by their schedule")
  .option("--dry-run", "show what would be done")
  .action(async (names, options) =>
    (await import("./commands/secrets/rotate.ts")).rotateSecrets(names, options),
  );
secretsCommand(
  "set <name>",
  "encrypt a value, read from standard input, into the stack's config file",
).action(async (name, options) => (await import("./commands/secret.ts")).setSecret(name, options));
secretsCommand("show-once <user>", "print the generated password of a user of the sign-in, one time").action(
  async (user, options) => (await import("./commands/showOnce.ts")).showOnce(user, options),
);
stackCommand("status", "show every service's state")
  .addOption(json)
  .action(async (options) => (await import("./commands/status.ts")).status(options));
stackCommand("drift", "compare what runs with what is declared, property by property")
  .addOption(json)
  .action(async (options) => (await import("./commands/drift.ts")).drift(options));
stackCommand("list", "list the catalogue")
  .addOption(json)
  .action(async (options) => (await import("./commands/list.ts")).list(options));
stackCommand("doctor", "check what the stack needs of this machine, and say how to get it")
  .addOption(json)
  .action(async (options) => (await import("./commands/doctor.ts")).doctor(options));

// Who reads may have seen enough, say `head`: what the command does goes on, and what it prints goes nowhere.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

const words = process.argv.slice(2);
const onTerminal = process.stdin.isTTY && process.stdout.isTTY;

try {
  await program.parseAsync(words.length === 0 && onTerminal ? ["browse"] : words, { from: "user" });
} catch (error) {
  const { code, exitCode } = error as { code?: string; exitCode?: number };
  if (code?.startsWith("commander.")) process.exitCode = exitCode === 0 ? exitCodes.fine : exitCodes.input;
  else process.exitCode = report(error);
}
