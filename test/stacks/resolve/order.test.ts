import { describe, expect, it } from "vitest";
import { platform, service } from "../../fixtures/platforms.ts";
import { complaints, positionOf } from "../../fixtures/problems.ts";
import { linkTo, listensOn, type RecordFields, recordText } from "../../fixtures/records.ts";

type Records = Record<string, RecordFields>;

const listening = { ports: listensOn(80) };
const needing = (provider: string, fields: Parameters<typeof linkTo>[2] = {}): RecordFields => ({
  ...listening,
  links: [linkTo(provider, 80, fields)],
});
const wrong = (records: Records) => complaints(() => platform(records));

describe("the start order", () => {
  it("puts a provider in an earlier wave than its consumers", () => {
    const of = platform({
      app: { links: [linkTo("api")] },
      api: needing("db"),
      db: listening,
      cache: listening,
    });
    expect(of.waves).toEqual([["cache", "db"], ["api"], ["app"]]);
  });

  it("follows optional links, too", () => {
    expect(platform({ app: needing("db", { required: false }), db: listening }).waves).toEqual([
      ["db"],
      ["app"],
    ]);
  });

  it("leaves out links that say ordered: false", () => {
    const of = platform({ app: needing("db", { ordered: false }), db: needing("app") });
    expect(of.waves).toEqual([["app"], ["db"]]);
    expect(service(of, "app").after).toEqual([]);
    expect(service(of, "db").after).toEqual(["app"]);
  });

  it("names what a service waits for, sorted", () => {
    const of = platform({ app: { links: [linkTo("z"), linkTo("a")] }, z: listening, a: listening });
    expect(service(of, "app").after).toEqual(["a", "z"]);
  });
});

describe("services that wait for each other", () => {
  it("are told with the chain and where each link is written", () => {
    const records: Records = {
      alpha: needing("beta"),
      beta: needing("gamma"),
      gamma: needing("alpha"),
      delta: needing("alpha"),
    };
    const line = (name: string) =>
      positionOf(recordText({ number: 0, ...records[name], name }), "provider:").line;
    expect(wrong(records)).toEqual([
      expect.stringMatching(
        /^catalog\/alpha\.yaml:\d+:\d+: these services wait for each other: alpha -> beta -> gamma -> alpha /,
      ),
    ]);
    expect(wrong(records)[0]).toContain(
      `(catalog/alpha.yaml:${line("alpha")}, catalog/beta.yaml:${line("beta")}, catalog/gamma.yaml:${line("gamma")})`,
    );
  });

  it("are told though one of them waits because it lives in the other's network", () => {
    const told = wrong({
      client: { ...listening, through: "vpn" },
      names: { ports: listensOn(53), links: [linkTo("client")] },
      vpn: { links: [linkTo("names", 53)] },
    });
    expect(told).toEqual([
      expect.stringMatching(
        /client -> vpn -> names -> client \(catalog\/client\.yaml:\d+, catalog\/vpn\.yaml:\d+, catalog\/names\.yaml:\d+\)/,
      ),
    ]);
  });

  it("include one that lives in its own network", () => {
    expect(wrong({ alpha: { through: "alpha" } })).toEqual([expect.stringContaining("alpha -> alpha")]);
  });

  it("are none where one link says ordered: false", () => {
    expect(wrong({ alpha: needing("beta"), beta: needing("alpha", { ordered: false }) })).toEqual([]);
  });

  it("are all told in one run, where there are two circles", () => {
    const told = wrong({ a: needing("b"), b: needing("a"), c: needing("d"), d: needing("c") });
    expect(told).toEqual([
      expect.stringContaining("a -> b -> a ("),
      expect.stringContaining("c -> d -> c ("),
    ]);
  });

  it("are told for each circle that goes on where another one is cut", () => {
    const both = { ...listening, links: [linkTo("a"), linkTo("c")] };
    const told = wrong({ a: needing("b"), b: both, c: needing("b"), d: needing("c") });
    expect(told).toEqual([
      expect.stringContaining("a -> b -> a ("),
      expect.stringContaining("b -> c -> b ("),
    ]);
  });
});

it("MediaNest's order comes from its links alone", () => {
  const of = platform({
    nginx: { links: [linkTo("frontend"), linkTo("backend")] },
    frontend: needing("backend"),
    backend: { ...listening, links: [linkTo("postgres"), linkTo("redis")] },
    postgres: listening,
    redis: listening,
  });
  expect(of.waves).toEqual([["postgres", "redis"], ["backend"], ["frontend"], ["nginx"]]);
});
