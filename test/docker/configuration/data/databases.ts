import { loadCatalog } from "../../../../stacks/catalog/load.ts";
import { loadEnvironments, loadStackConfig } from "../../../../stacks/config/load.ts";
import type { PlatformConfig } from "../../../../stacks/config/schema.ts";
import { loadStack } from "../../../../stacks/load.ts";
import type { Platform } from "../../../../stacks/platform.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { platformOf, service } from "../../../fixtures/platforms.ts";
import { asCatalog, type RecordFields, record } from "../../../fixtures/records.ts";
import { filesOf, secretValue } from "../../../stacks/configure/fixtures.ts";
import { until } from "../../harness.ts";
import { type RunningProgram, realProgram, startReal } from "../real.ts";

interface StackChanges {
  exclude?: string[];
  added?: RecordFields[];
  environment?: PlatformConfig["environment"];
  secretVersions?: PlatformConfig["secretVersions"];
}

/** The dev stack with its records' own images, of another selection, with another record, or in another environment. */
export function stackWith({
  exclude = [],
  added = [],
  environment,
  secretVersions,
}: StackChanges = {}): Platform {
  const all = loadCatalog(projectRoot, ["catalog"]);
  const entries = asCatalog([...all.values(), ...added.map((fields) => record(fields))]);
  const config = loadStackConfig(projectRoot, "dev");
  const platform = {
    ...config.platform,
    services: { ...config.platform.services, exclude },
    environment: environment ?? config.platform.environment,
    secretVersions: secretVersions ?? config.platform.secretVersions,
  };
  return platformOf(entries, { ...config, platform }, loadEnvironments(projectRoot));
}

/** Stacks as in production: one with every account there is, and the one that is deployed. */
export const productionStacks: readonly (readonly [string, Platform])[] = [
  ["the whole catalogue", stackWith({ environment: "production" })],
  ["the stack prod", loadStack(projectRoot, "prod").platform],
];

export interface Login {
  user: string;
  password: string;
  databases: readonly string[];
}

/** Every account at a server, with its password. */
export function loginsAt(of: Platform, provider: string): Login[] {
  return of.services.flatMap(({ name, accounts }) =>
    accounts
      .filter((account) => account.provider === provider)
      .map(({ user, password, databases }) => ({
        user,
        password: secretValue(of, `${name}/${password}`),
        databases,
      })),
  );
}

/** Starts a service's real program as its record says, with the files that are made for it. */
export function startService(
  of: Platform,
  name: string,
  options: {
    network: string;
    program: string;
    files?: ReadonlyMap<string, string>;
    environment?: Record<string, string>;
  },
): Promise<RunningProgram> {
  const { network, program, files = filesOf(of, name), environment = {} } = options;
  const { entrypoint = [], command = [], user, tmpfs, mounts, init, ...rest } = service(of, name);
  const words = [...entrypoint, ...command];
  return startReal(realProgram(program), {
    name: `${network}-${name}`,
    network,
    files,
    init,
    user: `${user.uid}:${user.gid}`,
    environment: { ...rest.environment, ...environment },
    tmpfs: tmpfs.map(({ path }) => path).filter((path) => path !== "/tmp"),
    volumes: Object.fromEntries(
      mounts.map(({ path }) => [path, `${network}-${name}${path.replaceAll("/", "-")}`]),
    ),
    ...(words.length > 0 ? { command: words } : {}),
  });
}

/** Waits until the record's own probe says that the service is healthy. */
export async function healthy(of: Platform, name: string, running: RunningProgram): Promise<void> {
  const probe = service(of, name).health.command ?? [];
  await until(`${name} is healthy`, async () => {
    if (!(await running.isRunning())) throw new Error(`${name} has stopped:\n${await running.logs()}`);
    return (await running.exec([...probe])).exitCode === 0;
  });
}
