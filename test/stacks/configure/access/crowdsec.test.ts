import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { loadStack } from "../../../../stacks/load.ts";
import type { Platform } from "../../../../stacks/platform.ts";
import { container, declared } from "../../../components/fixtures.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { platform, service } from "../../../fixtures/platforms.ts";
import { complaints } from "../../../fixtures/problems.ts";
import { linkTo, listensOn, type RecordFields } from "../../../fixtures/records.ts";
import { filesOf } from "../fixtures.ts";

const acquisition = (of: Platform) =>
  parseAllDocuments(filesOf(of, "crowdsec").get("/run/acquisition/ums.yaml") ?? "").map((one) => one.toJS());

const records: Record<string, RecordFields> = {
  crowdsec: { configure: "crowdsec", links: [linkTo("socket-proxy", 2375)] },
  "socket-proxy": { roles: ["socket-proxy"], ports: listensOn(2375) },
};
const watched = (type: string, ...collections: string[]): RecordFields => ({
  crowdsec: { type, collections },
});

describe.each(["dev", "prod"])("CrowdSec of stack %s", (stack) => {
  const loaded = loadStack(projectRoot, stack);

  it("follows the containers of the gateway and the sign-in, by the names they have in the engine", async () => {
    const program = await declared(loaded);
    const names = ["authelia", "traefik"].map((name) => container(program, name).name);
    expect(acquisition(loaded.platform)).toEqual(
      names.map((name, index) => ({
        source: "docker",
        docker_host: "tcp://socket-proxy:2375",
        container_name: [name],
        labels: { type: ["authelia", "traefik"][index] },
      })),
    );
    expect(service(loaded.platform, "crowdsec").environment.COLLECTIONS).toBe(
      "LePresidente/authelia crowdsecurity/traefik",
    );
  });

  it("has the gateway's key as a file, and the gateway has the same", () => {
    const files = (name: string) => service(loaded.platform, name).files;
    const key = files("crowdsec").find(({ path }) => path === "/run/secrets/bouncer_key_traefik");
    expect(key?.content).toEqual({ secret: "crowdsec/bouncer-key-traefik" });
    expect(files("traefik").map(({ content }) => content)).toContainEqual(key?.content);
  });
});

describe("CrowdSec", () => {
  it("reads the log of a new record that names a parser, and of no other", () => {
    const before = platform({ ...records, quiet: {} });
    expect(acquisition(before)).toEqual([]);
    expect(service(before, "crowdsec").environment.COLLECTIONS).toBe("");
    const after = platform({ ...records, quiet: {}, newcomer: watched("nginx", "crowdsecurity/nginx") });
    expect(acquisition(after)).toEqual([expect.objectContaining({ container_name: ["test-newcomer"] })]);
    expect(service(after, "crowdsec").environment.COLLECTIONS).toBe("crowdsecurity/nginx");
  });

  it("names each collection once", () => {
    const of = platform({ ...records, b: watched("x", "z/z", "a/a"), a: watched("y", "z/z") });
    expect(service(of, "crowdsec").environment.COLLECTIONS).toBe("a/a z/z");
  });

  it("needs a link to the Docker API's proxy", () => {
    expect(complaints(() => platform({ crowdsec: { configure: "crowdsec" } }))).toEqual([
      expect.stringMatching(
        /^catalog\/crowdsec\.yaml:\d+:\d+: crowdsec reads logs through the Docker API, and has no link to a service with the role socket-proxy$/,
      ),
    ]);
  });
});
