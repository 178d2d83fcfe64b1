import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { changeSelection } from "../../../stacks/config/selection.ts";
import { projectRoot } from "../../fixtures/folders.ts";

const named = `# my stack
config:
  ums:platform:
    domain: media.example.com # ours
    services:
      include:
        - sonarr # series
        - kavita
    budget: { memory: 1024, cpus: 2 }
`;
const all = named.replace(/include:\n.*\n.*\n/, "include: all\n");

function servicesIn(text: string): { include: "all" | string[]; exclude?: string[] } {
  return (parse(text) as { config: { "ums:platform": { services: ReturnType<typeof servicesIn> } } }).config[
    "ums:platform"
  ].services;
}

describe("a stack that names its services", () => {
  it("gets further ones at the end, and nothing else changes", () => {
    expect(changeSelection(named, { add: ["lidarr", "sonarr"] })).toBe(
      named.replace("- kavita\n", "- kavita\n        - lidarr\n"),
    );
  });

  it("loses what is removed, exclusion and all", () => {
    const off = changeSelection(named, { disable: ["kavita"] });
    expect(servicesIn(off)).toEqual({ include: ["sonarr", "kavita"], exclude: ["kavita"] });
    expect(servicesIn(changeSelection(off, { remove: ["kavita"] }))).toEqual({ include: ["sonarr"] });
  });

  it("has a disabled service back as it was", () => {
    expect(changeSelection(changeSelection(named, { disable: ["kavita"] }), { enable: ["kavita"] })).toBe(
      named,
    );
  });
});

describe("a stack that includes all", () => {
  it("leaves services out by excluding them, and takes them in again", () => {
    const without = changeSelection(all, { remove: ["kavita", "sonarr"] });
    expect(servicesIn(without)).toEqual({ include: "all", exclude: ["kavita", "sonarr"] });
    expect(changeSelection(without, { add: ["kavita", "sonarr"] })).toBe(all);
  });
});

it.each(["dev", "staging", "prod"])("Pulumi.%s.yaml stays as it is where nothing changes", (stack) => {
  const text = readFileSync(join(projectRoot, `Pulumi.${stack}.yaml`), "utf8");
  expect(changeSelection(text, {})).toBe(text);
});

it("does to the names what it is told, for any of them", () => {
  const names = fc.subarray(["sonarr", "kavita", "lidarr", "plex", "emby"]);
  fc.assert(
    fc.property(names, names, (add, remove) => {
      fc.pre(!add.some((name) => remove.includes(name)));
      const { include } = servicesIn(
        changeSelection(named, { add, remove: remove.filter((name) => name !== "sonarr") }),
      );
      const left = new Set(include);
      for (const name of add) expect(left).toContain(name);
      for (const name of remove) if (name !== "sonarr") expect(left).not.toContain(name);
      expect(left.size).toBe(include.length);
    }),
  );
});
