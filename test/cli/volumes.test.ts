import type Docker from "dockerode";
import { describe, expect, it } from "vitest";
import { removeVolume } from "../../cli/commands/volumes.ts";
import { EnvironmentFault } from "../../stacks/errors.ts";

/** An engine that refuses to remove a volume. */
function refusing(error: object): Docker {
  return { getVolume: () => ({ remove: () => Promise.reject(error) }) } as unknown as Docker;
}

describe("a volume that cannot be removed", () => {
  it("because a removed service's container still has it waits for an up", async () => {
    const inUse = Object.assign(new Error("volume is in use - [1234]"), { statusCode: 409 });
    await expect(removeVolume(refusing(inUse), "home-kavita_config", "home")).rejects.toThrow(
      new EnvironmentFault(
        "home-kavita_config still belongs to a container, so it was not removed",
        "npx ums up --stack home first: it removes the containers of removed services",
      ),
    );
  });

  it("because the engine is away is the host's fault", async () => {
    const away = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    await expect(removeVolume(refusing(away), "home-kavita_config", "home")).rejects.toThrow(
      "no Docker engine answers",
    );
  });
});
