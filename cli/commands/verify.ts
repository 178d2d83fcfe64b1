import { buildStandinImage } from "../../rehearsal/build.ts";
import { InputError } from "../../stacks/errors.ts";
import { connectDocker, dockerFault } from "../../targets/docker/host.ts";
import {
  type Cell,
  type Finding,
  type Outside,
  type Verification,
  verifyStack,
} from "../../targets/verify/verify.ts";
import { Violation } from "../output/exit.ts";
import { withProgress } from "../output/progress.ts";
import { openSession, root, type StackOptions } from "../session.ts";

/** The `verify` command: measured reachability against declared links; exit code 1 on a difference. */
export async function verify(
  options: StackOptions & { json?: boolean; outside?: string[]; brief?: boolean },
): Promise<void> {
  const { loaded, stack } = openSession(options);
  const outside = (options.outside ?? []).map(parseOutside);
  const docker = await connectDocker();
  const result = await withProgress(
    {
      title: `verify ${stack}`,
      run: async (progress) => {
        const image = await buildStandinImage(root, docker);
        return verifyStack(docker, loaded.platform, { image, outside, progress });
      },
    },
    options.json === true,
  ).catch((error: unknown) => {
    throw dockerFault(error);
  });
  if (options.json === true) {
    const { matrix, ...facts } = result;
    process.stdout.write(`${JSON.stringify(facts, null, 2)}\n`);
  } else process.stdout.write(verificationText(result, options.brief === true));
  if (!result.ok) throw new Violation();
}

function parseOutside(text: string): Outside {
  const match = /^(\d+\.\d+\.\d+\.\d+):(\d+)$/.exec(text);
  if (!match?.[1])
    throw new InputError([
      { message: `--outside ${text}: write an address and a port, as in 192.0.2.7:8080` },
    ]);
  return { address: match[1], port: Number(match[2]) };
}

const marks: Record<Cell, string> = {
  self: "\\",
  closed: "·",
  declared: "●",
  reverse: "r",
  undeclared: "!",
  missing: "x",
};

const legend =
  "● declared and open   r open against a link's direction   · closed   x declared but closed   ! open but not declared";

/** `brief` leaves the matrix out when there is nothing to find in it. */
export function verificationText(result: Verification, brief = false): string {
  const sections = [
    ...(brief && result.ok ? [] : [matrixText(result.matrix), legend]),
    ...section("Open but not declared", result.undeclaredOpen.map(showFinding)),
    ...section("Declared but closed", result.declaredClosed.map(showFinding)),
    ...section("Reached the outside without egress", result.escaped.map(showFinding)),
    ...section("Has a network besides the VPN's", result.ownNetwork),
    ...section("Not running", result.notRunning),
    [
      `${result.pairs} pairs, ${result.probes} probes from inside the containers: ${result.declared} declared connections,`,
      `${result.declaredClosed.length} of them closed; ${result.undeclaredOpen.length} open that are not declared.`,
      `${result.confined} services without egress: ${result.escaped.length} reached the outside.`,
      `On links: ${result.reverseOnLink} connections open in reverse, ${result.otherPortOnLink} to other ports of the provider.`,
    ].join(" "),
    result.ok ? "isolation holds" : "isolation does NOT hold",
  ];
  return `${sections.join("\n\n")}\n`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0
    ? []
    : [`${title} (${lines.length})\n${lines.map((line) => `  ${line}`).join("\n")}`];
}

function showFinding({ from, to, port, protocol, address }: Finding): string {
  return `${from} -> ${to} ${port}/${protocol} at ${address}`;
}

/** Rows are who calls, columns who is called, in the same order. */
function matrixText({ names, cells }: Verification["matrix"]): string {
  const width = Math.max(0, ...names.map((name) => name.length));
  const label = (name: string, position: number) => `${String(position).padStart(2)} ${name.padEnd(width)}`;
  const header = [0, 1].map(
    (digit) =>
      `${" ".repeat(width + 4)}${names.map((_, position) => String(position).padStart(2, "0")[digit]).join("")}`,
  );
  const rows = cells.map(
    (row, position) => `${label(names[position] ?? "", position)} ${row.map((cell) => marks[cell]).join("")}`,
  );
  return [...header, ...rows].join("\n");
}
