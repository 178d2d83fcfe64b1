import { describe, expect, it } from "vitest";
import { undeclaredData } from "../../cli/engines/release.ts";
import { dockerTypes } from "../../targets/resources.ts";
import { declared, stackOf } from "../components/fixtures.ts";

const program = await declared(
  stackOf(
    { app: { volumes: [{ name: "config", class: "config", path: "/config", access: "write" }] } },
    { config: { environment: "staging" } },
  ),
);

const volume = (name: string, options: object = { protect: true, retainOnDelete: true }) => ({
  urn: `urn:pulumi:prod::ums::ums:storage:DataVolume$${dockerTypes.volume}::${name}`,
  type: dockerTypes.volume,
  ...options,
});

describe("data in the state that nothing declares any more", () => {
  it("is what was protected and stays on the host when it is deleted, and nothing that is declared", () => {
    const [own] = program.resources.filter(({ type }) => type === dockerTypes.volume);
    expect(own).toMatchObject({ protect: true, retainOnDelete: true });
    const left = volume("gone_config-volume");
    const resources = [
      left,
      volume(own?.name ?? ""),
      volume("lost-volume", { protect: true }),
      volume("free-volume", { retainOnDelete: true }),
      { ...volume("other"), type: dockerTypes.network },
    ];
    expect(undeclaredData({ resources }, program)).toEqual([left.urn]);
  });

  it("is nothing in a stack that was never deployed", () => {
    expect(undeclaredData(undefined, program)).toEqual([]);
  });
});
