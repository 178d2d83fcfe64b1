import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { changeServices, type SelectionCommand, type SelectionOptions } from "../../cli/commands/services.ts";
import { folder } from "../fixtures/folders.ts";
import { stackText } from "../fixtures/stackConfigs.ts";

let file: string;
beforeEach(() => {
  const home = folder();
  file = join(home, "stack.yaml");
  vi.stubEnv("UMS_HOME", home);
});

interface Services {
  include: "all" | string[];
  exclude?: string[];
}

/** Writes the stack's config, with a comment that has to stay. */
function stackWith(services: Services): void {
  writeFileSync(file, `# of the household\n${stackText({ services })}`);
}

/** What a command printed, and the services that the config names then. */
function run(
  command: SelectionCommand,
  names: string[],
  options: Partial<SelectionOptions> = {},
): { shown: string; services: Services } {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    changeServices(command, names, { stack: "home", stackFile: file, ...options });
    const shown = write.mock.calls.map(([text]) => String(text)).join("");
    return { shown, services: servicesNow() };
  } finally {
    write.mockRestore();
  }
}

function servicesNow(): Services {
  const text = readFileSync(file, "utf8");
  expect(text).toMatch(/^# of the household\n/);
  return parse(text).config["ums:platform"].services;
}

/** A command is refused with a message, and the config stays as it is. */
function expectRefused(message: string, ...words: Parameters<typeof run>): void {
  const before = readFileSync(file, "utf8");
  expect(() => run(...words)).toThrow(message);
  expect(readFileSync(file, "utf8")).toBe(before);
}

describe("ums add", () => {
  it("adds a group, and says what it brings along", () => {
    stackWith({ include: ["kavita"] });
    const { shown, services } = run("add", [], { group: "usenet" });
    expect(services).toEqual({ include: ["kavita", "sabnzbd"] });
    expect(shown).toBe(
      `joins the stack: gluetun, sabnzbd\n${file} is changed; npx ums plan --stack home shows what an up does\n`,
    );
  });

  it("adds a category without what is retired in it, and says so", () => {
    stackWith({ include: ["jellyfin"] });
    const { shown, services } = run("add", [], { category: "requests" });
    expect(services.include).toEqual(["jellyfin", "ombi", "seerr"]);
    expect(shown).toContain("left out, because retired: overseerr; npx ums add takes it by its name\n");
    expect(shown).not.toContain("leaves the stack");
  });

  it("adds what is retired when it is named, and leaves it where it is", () => {
    stackWith({ include: ["plex"] });
    expect(run("add", ["overseerr"]).services.include).toEqual(["plex", "overseerr"]);
    expect(run("add", [], { category: "requests" }).shown).not.toContain("left out");
  });

  it("takes names, a category and a group at once", () => {
    stackWith({ include: ["kavita"] });
    const { services } = run("add", ["navidrome"], { category: "portal", group: "usenet" });
    expect(services.include).toEqual(["kavita", "homepage", "navidrome", "sabnzbd"]);
  });

  it("with --dry-run changes nothing, and shows the same", () => {
    stackWith({ include: ["kavita"] });
    const { shown, services } = run("add", ["navidrome"], { dryRun: true });
    expect(shown).toBe(`joins the stack: navidrome\n${file} would change\n`);
    expect(services.include).toEqual(["kavita"]);
  });

  it("refuses what nobody knows, all of it at once", () => {
    stackWith({ include: ["kavita"] });
    expectRefused(
      'no service is called "navidrom", did you mean "navidrome"?\nno category is called "streamin", did you mean "streaming"?\nno group is called "musik", did you mean "music"?',
      "add",
      ["navidrom"],
      { category: "streamin", group: "musik" },
    );
    expectRefused("name a service, --category or --group", "add", []);
  });
});

describe("ums remove", () => {
  it("is refused where others cannot do without a service, and takes them along with --cascade", () => {
    stackWith({ include: ["kavita", "prowlarr", "sonarr"] });
    expectRefused("qbittorrent, sonarr cannot do without gluetun; --cascade takes them out, too", "remove", [
      "gluetun",
    ]);
    const { shown, services } = run("remove", ["gluetun"], { cascade: true });
    expect(shown).toContain("with gluetun goes qbittorrent, sonarr\n");
    expect(shown).toContain("leaves the stack: ");
    expect(shown).toContain("its data stays in ");
    expect(services.include).toEqual(["kavita", "prowlarr"]);
  });

  it("is refused for what only came along with another", () => {
    stackWith({ include: ["authelia", "kavita"] });
    expectRefused("authelia cannot do without redis; --cascade takes it out, too", "remove", ["redis"]);
    expect(run("remove", ["redis"], { cascade: true }).services.include).toEqual(["kavita"]);
  });

  it("takes of a category what the stack has, and no more", () => {
    stackWith({ include: ["jellyfin", "kavita", "prowlarr"], exclude: ["kavita"] });
    const { shown, services } = run("remove", [], { category: "streaming" });
    expect(services).toEqual({ include: ["prowlarr"] });
    expect(shown).toContain("leaves the stack: jellyfin\n");
    expect(shown).not.toMatch(/plex|emby|navidrome/);
    expectRefused("has no service there that remove could change", "remove", [], { category: "streaming" });
  });

  it("names in its refusal only services that the stack has", () => {
    stackWith({ include: ["jellyfin", "seerr"] });
    expectRefused("seerr cannot do without jellyfin; --cascade takes it out, too", "remove", [], {
      category: "streaming",
    });
  });
});

describe("ums disable and enable", () => {
  it("switch a service off without taking it out, and on again as it was", () => {
    stackWith({ include: ["kavita", "navidrome"] });
    const before = readFileSync(file, "utf8");
    const { shown, services } = run("disable", ["kavita"]);
    expect(services).toEqual({ include: ["kavita", "navidrome"], exclude: ["kavita"] });
    expect(shown).toContain("leaves the stack: kavita\n");
    expect(run("enable", ["kavita"]).shown).toContain("joins the stack: kavita\n");
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(run("enable", ["kavita"]).shown).toBe(`${file} is as it was\n`);
  });

  it("take a category: what runs off, what is off on", () => {
    stackWith({ include: ["kavita", "navidrome", "prowlarr"], exclude: ["navidrome"] });
    expect(run("enable", [], { category: "streaming" }).services).toEqual({
      include: ["kavita", "navidrome", "prowlarr"],
    });
    expect(run("disable", [], { category: "streaming" }).services.exclude).toEqual(["kavita", "navidrome"]);
  });

  it("refuse what has dependants, and what is not the stack's", () => {
    stackWith({ include: ["sonarr"] });
    expectRefused("--cascade takes them out, too", "disable", ["gluetun"]);
    expect(run("disable", ["gluetun"], { cascade: true }).services).toEqual({
      include: ["sonarr"],
      exclude: ["gluetun", "qbittorrent", "sonarr"],
    });
    expectRefused("kavita: not among the stack's services", "enable", ["kavita"]);
  });
});
