import { describe, expect, it } from "vitest";
import { fallingWith } from "../../stacks/dependants.ts";
import { catalog } from "../fixtures/records.ts";

const link = (provider: string, required = true) => ({
  provider,
  port: 80,
  required,
  why: "a test calls it",
});
const ports = [{ port: 80, purpose: "a test calls it" }];
const records = catalog({
  db: { ports },
  torrents: { ports },
  usenet: { ports },
  app: {
    ports,
    links: [link("db"), { anyOf: ["torrents", "usenet"], port: 80, required: true, why: "downloads" }],
  },
  front: { links: [link("app")] },
  watcher: { links: [link("db", false)] },
  tunnel: {},
  client: { through: "tunnel" },
});
const all = [...records.keys()];

describe("what falls with a service", () => {
  it("is what requires it, directly or not", () => {
    expect(fallingWith(records, all, ["db"])).toEqual(["app", "front"]);
  });

  it("is nothing where another of several is there", () => {
    expect(fallingWith(records, all, ["torrents"])).toEqual([]);
    expect(fallingWith(records, all, ["torrents", "usenet"])).toEqual(["app", "front"]);
    expect(
      fallingWith(
        records,
        all.filter((name) => name !== "usenet"),
        ["torrents"],
      ),
    ).toEqual(["app", "front"]);
  });

  it("is what lives in its network namespace", () => {
    expect(fallingWith(records, all, ["tunnel"])).toEqual(["client"]);
  });

  it("is nothing of what was not there", () => {
    expect(fallingWith(records, ["db", "watcher"], ["db"])).toEqual([]);
  });
});
