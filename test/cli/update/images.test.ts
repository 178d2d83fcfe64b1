import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UpdateHistory } from "../../../cli/update/history.ts";
import { deployedImages, imageChanges } from "../../../cli/update/images.ts";
import { InputError } from "../../../stacks/errors.ts";
import { resolvePlatform } from "../../../stacks/resolve/index.ts";
import { catalog, digest, linkTo, listensOn } from "../../fixtures/records.ts";
import { environments, stackConfig } from "../../fixtures/stackConfigs.ts";

const repository = "docker.io/library/none";
const reference = (tag: string) => `${repository}:${tag}@${digest}`;
const records = catalog({
  app: { links: [linkTo("store")], image: { repository, tag: "2.0", digest } },
  store: { ports: listensOn(80), image: { repository, tag: "7.1", digest } },
  still: { image: { repository, tag: "1.0", digest } },
});
const platform = resolvePlatform(records, stackConfig({ images: "real" }), environments());

describe("image changes", () => {
  const container = (name: string, image: string) => ({
    type: "docker:index/container:Container",
    name,
    inputs: { name: `test-${name}`, image },
  });

  it("are what the records say against what the last up deployed, providers first", () => {
    const deployed = deployedImages(
      {
        version: 1,
        engine: "compose",
        resources: [
          container("app", reference("1.0")),
          container("store", reference("7.0")),
          container("still", reference("1.0")),
          container("gone", reference("1.0")),
        ],
      },
      platform,
    );
    expect([...deployed.keys()].sort()).toEqual(["app", "still", "store"]);
    expect(imageChanges(platform, deployed)).toEqual([
      { service: "store", from: reference("7.0"), to: reference("7.1") },
      { service: "app", from: reference("1.0"), to: reference("2.0") },
    ]);
  });

  it("are a new digest under the same tag, and not a service that is not there yet", () => {
    const other = `${repository}:1.0@sha256:${"1".repeat(64)}`;
    expect(imageChanges(platform, new Map([["still", other]]))).toEqual([
      { service: "still", from: other, to: reference("1.0") },
    ]);
  });
});

describe("an image of one's own without a digest", () => {
  const withImage = { overrides: { still: { image: { repository: "mine", tag: "1" } } } };

  it("is refused, with its place, in a stack with real images", () => {
    const resolve = () =>
      resolvePlatform(records, stackConfig({ images: "real", ...withImage }), environments());
    expect(resolve).toThrow(InputError);
    expect(resolve).toThrow(/^Pulumi\.test\.yaml:\d+:\d+: the image for still has no digest/m);
  });
});

describe("the history of updates", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ums-history-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const entry = {
    service: "app",
    from: reference("1.0"),
    to: reference("2.0"),
    at: "2026-01-01T00:00:00.000Z",
    overridden: false,
  };

  it("is there for the next run, by how far each update is", () => {
    const history = new UpdateHistory(folder);
    history.put({ ...entry, state: "under way" });
    history.put({ ...entry, service: "store", state: "done" });
    expect(new UpdateHistory(folder).in("under way")).toEqual([{ ...entry, state: "under way" }]);
    history.remove("app");
    expect(new UpdateHistory(folder).in("under way", "done").map(({ service }) => service)).toEqual([
      "store",
    ]);
  });

  it("says which file is damaged, and what removing it costs", () => {
    writeFileSync(join(folder, "updates.json"), '{"version": 2}');
    expect(() => new UpdateHistory(folder)).toThrow(/updates\.json: is damaged; remove it/);
  });
});
