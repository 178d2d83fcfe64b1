import { writeFileSync } from "node:fs";
import { join } from "node:path";
import Docker from "dockerode";
import type { EngineName } from "../../../cli/engines/engine.ts";
import { knownSecrets } from "../../../cli/engines/known.ts";
import { openSession, root } from "../../../cli/session.ts";
import { containersOf } from "../../../targets/compose/render.ts";
import { declareStack } from "../../../targets/declare.ts";
import { inspectStack } from "../../../targets/drift/inspect.ts";

/**
 * Records a running stack for the tests: `node --import tsx test/targets/drift/record.ts <stack> <stack file>`. The
 * recordings are of `include: [keyholder, traefik]`, `catalogs: [test/targets/drift/catalog]` on Docker 20.10.24, with docker-compose 1.29.2 and with Pulumi 3.259.
 * Owners and modes of files were added from a later recording. A line is one resource, or one answer of the engine, less what says nothing of the container itself.
 */
const [stack = "", stackFile = ""] = process.argv.slice(2);
const session = openSession({ stack, stackFile });
const program = await declareStack(root, session.loaded);
const engine: EngineName = session.state.readSnapshot()?.engine ?? "compose";
const { containers, networks, volumes, images, files, limits } = await inspectStack(
  new Docker(),
  stack,
  program,
);
const { inputsOf } = await knownSecrets(session, program, engine);
const known = [...containersOf(program, true), ...containersOf(program, false)].map((container) => {
  const { envs = [], uploads = [] } = inputsOf(container) ?? {};
  return [container.name, { envs, uploads }] as const;
});

const noise = new Set(["GraphDriver", "Health", "ResolvConfPath", "HostnamePath", "HostsPath", "LogPath"]);
const line = (value: unknown) => JSON.stringify(value, (key, inner) => (noise.has(key) ? undefined : inner));
const list = (name: string, items: readonly unknown[]) => [
  `${name}:`,
  ...items.map((item) => `  - ${line(item)}`),
];
writeFileSync(
  join(import.meta.dirname, `${engine}.yaml`),
  [
    ...list(
      "resources",
      program.resources.filter(({ type }) => type.startsWith("docker:")),
    ),
    ...list("known", known),
    ...list("containers", containers),
    ...list("networks", networks),
    ...list("volumes", volumes),
    ...list("images", [...images]),
    ...list(
      "files",
      [...files].map(([name, byPath]) => [name, [...byPath]]),
    ),
    `limits: ${line(limits)}`,
    "",
  ].join("\n"),
);
