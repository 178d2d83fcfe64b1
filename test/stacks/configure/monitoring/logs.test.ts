import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadStack } from "../../../../stacks/load.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { platform } from "../../../fixtures/platforms.ts";
import { complaints } from "../../../fixtures/problems.ts";
import { linkTo, listensOn, type RecordFields } from "../../../fixtures/records.ts";
import { filesOf } from "../fixtures.ts";
import { fileOf } from "./stack.ts";

const store: RecordFields = {
  configure: "loki",
  ports: listensOn(3999),
  health: { http: { port: 3999, path: "/ready" }, command: ["true"] },
  volumes: [{ name: "data", class: "database", path: "/store", access: "write" }],
};
const engine: RecordFields = { roles: ["socket-proxy"], ports: listensOn(2375) };
const reader: RecordFields = {
  configure: "alloy",
  ports: listensOn(12345),
  links: [linkTo("store", 3999), linkTo("engine", 2375)],
};
const config = (records: Record<string, RecordFields>, logs?: { retentionDays: number }) =>
  platform(records, { config: logs ? { logs } : {} });

describe("Loki", () => {
  const settings = (logs?: { retentionDays: number }) =>
    parse(fileOf(config({ store }, logs), "loki", "/etc/loki/local-config.yaml")) as Record<string, object>;

  it("keeps lines for the days of the stack's config and then deletes them", () => {
    expect(settings()).toMatchObject({
      limits_config: { retention_period: "744h" },
      compactor: { retention_enabled: true, delete_request_store: "filesystem" },
    });
    expect(settings({ retentionDays: 7 })).toMatchObject({ limits_config: { retention_period: "168h" } });
  });

  it("lives in its own volume and listens where its record says", () => {
    expect(settings()).toMatchObject({
      server: { http_listen_port: 3999 },
      common: { path_prefix: "/store", storage: { filesystem: { chunks_directory: "/store/chunks" } } },
      compactor: { working_directory: "/store/compactor" },
    });
  });

  it("keeps no line for less than a day", () => {
    expect(complaints(() => config({ store }, { retentionDays: 0 }))).toEqual([
      expect.stringMatching(/^Pulumi\.test\.yaml:\d+:\d+: .*logs\.retentionDays/),
    ]);
  });
});

describe("Alloy", () => {
  const text = (records: Record<string, RecordFields>) =>
    filesOf(platform(records), "reader").get("/etc/alloy/config.alloy");

  it("reads the containers of its stack and writes to the store, over its links", () => {
    expect(text({ store, engine, reader })).toBe(`discovery.docker "containers" {
	host = "tcp://engine:2375"
	refresh_interval = "15s"
	filter {
		name = "label"
		values = ["ums.stack=test"]
	}
}

discovery.relabel "containers" {
	targets = discovery.docker.containers.targets
	rule {
		source_labels = ["__meta_docker_container_label_ums_service"]
		target_label = "service"
	}
	rule {
		source_labels = ["__meta_docker_container_label_ums_segment"]
		target_label = "segment"
	}
	rule {
		source_labels = ["__meta_docker_container_label_ums_stack"]
		target_label = "stack"
	}
}

loki.source.docker "containers" {
	host = "tcp://engine:2375"
	targets = discovery.relabel.containers.output
	refresh_interval = "15s"
	forward_to = [loki.write.store.receiver]
}

loki.write "store" {
	endpoint {
		url = "http://store:3999/loki/api/v1/push"
	}
}
`);
  });

  it.each(["dev", "prod"])("names only hosts it has a link to in stack %s", (stack) => {
    const { platform: of } = loadStack(projectRoot, stack);
    const hosts = [...fileOf(of, "alloy", "/etc/alloy/config.alloy").matchAll(/"(?:tcp|http):\/\/([^:"]+)/g)];
    const linked = of.links.filter(({ consumer }) => consumer === "alloy").map(({ provider }) => provider);
    expect(hosts.map(([, host]) => host)).not.toEqual([]);
    for (const [, host] of hosts) expect(linked).toContain(host);
  });
});
