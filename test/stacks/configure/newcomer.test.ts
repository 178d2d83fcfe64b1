import { describe, expect, it } from "vitest";
import { loadCatalog } from "../../../stacks/catalog/load.ts";
import { loadEnvironments } from "../../../stacks/config/load.ts";
import type { Platform } from "../../../stacks/platform.ts";
import { folder, projectRoot } from "../../fixtures/folders.ts";
import { platformOf } from "../../fixtures/platforms.ts";
import { listensOn, recordText } from "../../fixtures/records.ts";
import { stackConfig } from "../../fixtures/stackConfigs.ts";
import { filesOf } from "./fixtures.ts";

/** A record as a person adds it, in a folder of their own, that says nothing of who else is to know it. */
const newcomer = recordText({
  name: "newcomer",
  number: 120,
  ports: listensOn(8080, 9100),
  route: {
    subdomain: "newcomer",
    port: 8080,
    access: "user",
    bypass: [{ path: "/api", reason: "its application signs in itself" }],
  },
  metrics: { port: 9100 },
});

function catalogueWith(folders: readonly string[]): Platform {
  const catalog = loadCatalog(projectRoot, ["catalog", ...folders]);
  return platformOf(catalog, stackConfig({}), loadEnvironments(projectRoot));
}

/** Lines of a service's files that only the second platform has, each behind its path. */
function addedLines(before: Platform, after: Platform, service: string): string[] {
  const known = new Set(
    [...filesOf(before, service)].flatMap(([path, text]) =>
      text.split("\n").map((line) => `${path}: ${line}`),
    ),
  );
  return [...filesOf(after, service)]
    .flatMap(([path, text]) => text.split("\n").map((line) => `${path}: ${line}`))
    .filter((line) => !known.has(line));
}

describe("a new record with a route and metrics", () => {
  it("is in the files of whoever is to know it, with no other change", () => {
    const before = catalogueWith([]);
    const after = catalogueWith([folder({ "newcomer.yaml": newcomer })]);
    expect(before.services.map(({ name }) => name)).not.toContain("newcomer");
    const added = new Map(before.services.map(({ name }) => [name, addedLines(before, after, name)]));
    const words: Record<string, string[]> = {
      authelia: ["newcomer.media.localhost"],
      cloudflared: ["hostname: newcomer.media.localhost"],
      grafana: ["newcomer"],
      homepage: ["href: https://newcomer.media.localhost"],
      prometheus: ["newcomer:9100", "https://newcomer.media.localhost/", "service: newcomer"],
      traefik: ["Host(`newcomer.media.localhost`)", "url: http://newcomer:8080", "newcomer-bypass"],
    };
    expect([...added].filter(([, lines]) => lines.length > 0).map(([name]) => name)).toEqual(
      Object.keys(words),
    );
    for (const [service, each] of Object.entries(words)) {
      const text = added.get(service)?.join("\n");
      for (const word of each) expect(text, service).toContain(word);
    }
  });
});
