import { expect, vi } from "vitest";
import { parse } from "yaml";
import type { Platform } from "../../../../stacks/platform.ts";
import { makeNetwork, type RunningProgram, realProgram, startReal } from "../real.ts";
import { ask, startApplications } from "./stage.ts";

export const traefik = realProgram("traefik");

/** Paths of Traefik's settings, and of its routes. */
export const settingsPath = "/etc/traefik/traefik.yml";
export const routesPath = "/etc/traefik/routes.yml";

/** A gateway that runs, and every application behind it. */
export interface Gateway {
  apps: RunningProgram;
  gateway: RunningProgram;
}

/** The program is built here without the pages of its dashboard, and then has no API either. */
export function withoutPages(files: ReadonlyMap<string, string>): Map<string, string> {
  const settings = files.get(settingsPath) ?? "";
  return new Map([...files, [settingsPath, settings.replace("dashboard: true", "dashboard: false")]]);
}

/** Starts Traefik with its files, before every application of a stack, and waits until it has read its routes. */
export async function startGateway(
  platform: Platform,
  { network, files }: { network: string; files: ReadonlyMap<string, string> },
): Promise<Gateway> {
  await makeNetwork(network);
  const servers = platform.services.flatMap(({ name, route, replicaOf }) =>
    name === "away" ? [{ name, port: 7999 }] : [{ name, port: replicaOf ? 7000 : (route?.port ?? 7000) }],
  );
  const apps = await startApplications(
    network,
    servers.filter(({ name }) => name !== "traefik"),
  );
  const gateway = await startReal(traefik, {
    name: `${network}-gateway`,
    network,
    files,
    user: "65532:65532",
    tmpfs: ["/certs", "/plugins-storage"],
  });
  // It answers pings before it has read its routes.
  await vi.waitFor(
    async () => {
      const { exitCode, output } = await gateway.exec(["/usr/local/bin/traefik", "healthcheck", "--ping"]);
      const { status } = await ask(apps, gateway.address, { host: "auth.media.localhost" });
      if (exitCode !== 0 || status !== 200) throw new Error(`${output}\n${await gateway.logs()}`);
    },
    { timeout: 60_000, interval: 500 },
  );
  return { apps, gateway };
}

/** Every router, middleware and service of the files is there and in order, and nothing else; no error was logged. */
export async function expectAllTaken(
  { apps, gateway }: Gateway,
  files: ReadonlyMap<string, string>,
): Promise<void> {
  const routing = parse(files.get(routesPath) ?? "") as {
    http: Record<"routers" | "services" | "middlewares", object>;
  };
  for (const kind of ["routers", "services", "middlewares"] as const) {
    const { body } = await ask(apps, gateway.address, {
      host: "traefik.media.localhost",
      path: `/api/http/${kind}?per_page=1000`,
      headers: { Cookie: "session=alice" },
    });
    const all = (JSON.parse(body) as { name: string; status: string }[]).filter(({ name }) =>
      name.endsWith("@file"),
    );
    expect(all.map(({ name }) => name.replace("@file", "")).sort()).toEqual(
      Object.keys(routing.http[kind]).sort(),
    );
    expect(all.filter(({ status }) => status !== "enabled")).toEqual([]);
  }
  expect((await gateway.logs()).match(/^\{"level":"(error|fatal)".*$/gm)).toBeNull();
}
