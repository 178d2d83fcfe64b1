import { Command, InvalidArgumentError, Option } from "commander";
import { engineNames } from "./engines/choose.ts";
import { exitCodes, report } from "./output/exit.ts";

const program = new Command("ums")
  .description("Ultimate Media Server: plan, start, prove and run the platform")
  .configureHelp({ showGlobalOptions: true })
  .exitOverride();

/** A command that works on a stack; what it does is loaded only when it runs, so that help is quick. */
function stackCommand(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option("-s, --stack <name>", "the stack: Pulumi.<name>.yaml", "dev")
    .option("--stack-file <path>", "read the stack's config from this file instead");
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("write a whole number.");
  return Number(text);
}

const json = new Option("--json", "print JSON");
const engine = new Option("--engine <name>", "the engine to use").choices(engineNames);

program
  .command("start")
  .description("prepare this machine, start every service as a stand-in, and prove the isolation (npm start)")
  .addOption(engine)
  .action(async (options) => (await import("./commands/start.ts")).start(options));
stackCommand("plan", "show services, networks, lifted defaults, and what an up would change")
  .addOption(new Option("--json", "print JSON").conflicts("markdown"))
  .option("--markdown", "print Markdown with a picture, for a pull request")
  .option("--since <file>", "compare with an earlier plan, written with --json, instead of the last up")
  .addOption(new Option("--limit <characters>", "cut the Markdown to this length").argParser(wholeNumber))
  .action(async (options) => (await import("./commands/plan.ts")).plan(options));
stackCommand("check", "judge the stack by the policy pack: exit code 1 for a mandatory violation")
  .addOption(new Option("--json", "print JSON").conflicts(["sarif", "junit"]))
  .addOption(new Option("--sarif", "print SARIF, for code scanning").conflicts(["junit"]))
  .option("--junit", "print JUnit XML")
  .action(async (options) => (await import("./commands/check.ts")).check(options));
stackCommand("up", "make the stack real")
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
stackCommand("recover", "make a stack ready again whose plain `pulumi up` was killed").action(
  async (options) => (await import("./commands/recover.ts")).recover(options),
);
program
  .command("secret")
  .description("secrets of a stack's config")
  .command("set <name>")
  .description("encrypt a value, read from standard input, into the stack's config file")
  .option("-s, --stack <name>", "the stack: Pulumi.<name>.yaml", "dev")
  .option("--stack-file <path>", "use this file instead")
  .action(async (name, options) => (await import("./commands/secret.ts")).setSecret(name, options));
stackCommand("status", "show every service's state")
  .addOption(json)
  .action(async (options) => (await import("./commands/status.ts")).status(options));
stackCommand("list", "list the catalogue")
  .addOption(json)
  .action(async (options) => (await import("./commands/list.ts")).list(options));
stackCommand("doctor", "check what the stack needs of this machine, and say how to get it")
  .addOption(json)
  .action(async (options) => (await import("./commands/doctor.ts")).doctor(options));

try {
  await program.parseAsync();
} catch (error) {
  const { code, exitCode } = error as { code?: string; exitCode?: number };
  if (code?.startsWith("commander.")) process.exitCode = exitCode === 0 ? exitCodes.fine : exitCodes.input;
  else process.exitCode = report(error);
}
