import { describe, expect, it } from "vitest";
import { EnvironmentFault } from "../../../stacks/errors.ts";
import {
  demultiplex,
  dockerFault,
  hostFault,
  isMissing,
  lastLogLines,
  stackContainers,
  stackNetworks,
  stackVolumes,
} from "../../../targets/docker/host.ts";
import { FakeDocker, frame } from "./fakeDocker.ts";

describe("a multiplexed log", () => {
  it("is read frame by frame, of both streams, in order", () => {
    const raw = Buffer.concat([frame("out\n", 1), frame("error\n", 2), frame(""), frame("more ü\n", 1)]);
    expect(demultiplex(raw)).toBe("out\nerror\nmore ü\n");
    expect(demultiplex(Buffer.alloc(0))).toBe("");
  });

  it("joins a letter that two frames share", () => {
    const letter = Buffer.from("ü");
    const halves = [letter.subarray(0, 1), letter.subarray(1)].map((half) => {
      const one = frame("x");
      return Buffer.concat([one.subarray(0, 8), half]);
    });
    expect(demultiplex(Buffer.concat(halves))).toBe("ü");
  });

  it("is read as far as it goes when it is cut", () => {
    const raw = Buffer.concat([frame("whole\n"), frame("cut off")]);
    expect(demultiplex(raw.subarray(0, -4))).toBe("whole\ncut");
    expect(demultiplex(raw.subarray(0, 8 + 6 + 5))).toBe("whole\n");
  });

  it("is shown line by line", async () => {
    const fake = new FakeDocker("dev", [{ name: "dev-app", log: "one\n\ntwo\n" }]);
    expect(await lastLogLines(fake.docker, "id-dev-app", 5)).toEqual(["one", "two"]);
  });
});

describe("what Docker and Compose report", () => {
  const disk = "the disk is full";
  const port = "a host port is taken by another program";
  const subnet = "a subnet of the stack is taken by another network";
  const image = "an image is missing and cannot be had";
  const stopped = "the Docker engine stopped answering";
  const device = "a device of the host is missing";
  const known: [string, string][] = [
    ["ERROR: write /var/lib/docker/tmp/x: no space left on device", disk],
    ["Error response from daemon: mkdir /var/lib/docker/overlay2/x: no space left on device", disk],
    // docker-compose 1.29
    [
      "ERROR: for dev-traefik  Cannot start service dev-traefik: driver failed programming external connectivity on endpoint dev-traefik (0a1b): Bind for 127.0.0.1:10443 failed: port is already allocated",
      port,
    ],
    [
      "ERROR: for dev-traefik  Cannot start service dev-traefik: driver failed programming external connectivity on endpoint dev-traefik (0a1b): Error starting userland proxy: listen tcp4 127.0.0.1:10443: bind: address already in use",
      port,
    ],
    // Compose v2, Engine 28
    [
      "Error response from daemon: failed to set up container networking: driver failed programming external connectivity on endpoint dev-traefik (0a1b): failed to bind host port for 0.0.0.0:443:172.31.0.2:443/tcp: address already in use",
      port,
    ],
    ["Error response from daemon: failed to bind host port 0.0.0.0:443/tcp: address already in use", port],
    ["ERROR: Pool overlaps with other one on this address space", subnet],
    [
      "failed to create network dev-media: Error response from daemon: Pool overlaps with other one on this address space",
      subnet,
    ],
    [
      "failed to create network dev-media: Error response from daemon: invalid pool request: Pool overlaps with other one on this address space",
      subnet,
    ],
    [
      "Error response from daemon: cannot create network 0a1b (br-0a1b): conflicts with network 2c3d (br-2c3d): networks have overlapping IPv4",
      subnet,
    ],
    ["ERROR: No such image: ums-standin:0123", image],
    ["Error response from daemon: No such image: ums-standin:0123", image],
    [
      "ERROR: pull access denied for docker.io/x/y, repository does not exist or may require 'docker login'",
      image,
    ],
    ["ERROR: manifest for docker.io/x/y:1 not found: manifest unknown: manifest unknown", image],
    ['Error response from daemon: failed to resolve reference "docker.io/x/y:1": not found', image],
    [
      "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
      stopped,
    ],
    [
      "requests.exceptions.ConnectionError: ('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))",
      stopped,
    ],
    ["error during connect: Post http://%2Fvar%2Frun%2Fdocker.sock/v1.41/containers/create: EOF", stopped],
    ["read unix @->/run/docker.sock: read: connection reset by peer", stopped],
    [
      'Error response from daemon: error gathering device information while adding custom device "/dev/dri": no such file or directory',
      device,
    ],
    [
      'Error response from daemon: could not select device driver "nvidia" with capabilities: [[gpu]]',
      device,
    ],
  ];

  it.each(known)("is the host's fault: %s", (text, message) => {
    const fault = hostFault(`Creating network\nStarting dev-app ... done\n${text}\nmore words`);
    expect(fault).toBeInstanceOf(EnvironmentFault);
    expect(fault?.message).toContain(`${message}: ${text.slice(0, 300)}`);
    expect(fault?.message).not.toContain("more words");
    expect(fault?.fix).toBeTruthy();
  });

  it.each([
    // docker-compose 1.29, compose/cli/errors.py: conn_error_generic
    [
      "ERROR: Couldn't connect to Docker daemon at http+docker://localhost - is it running?\n\nIf it's at a non-standard location, specify the URL with the DOCKER_HOST environment variable.",
    ],
    // Docker CLI 29
    [
      "failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory",
    ],
  ])("is the host's fault: %s", (text) => expect(String(hostFault(text))).toContain(stopped));

  it.each([
    'ERROR: for dev-app  Container "0a1b" is unhealthy.',
    "dependency failed to start: container dev-postgres is unhealthy",
    "dependency failed to start: container dev-postgres exited (1)",
    "",
  ])("is a service's fault, or nobody's: %j", (text) => expect(hostFault(text)).toBeUndefined());

  it("is cut where it is long", () => {
    const fault = hostFault(`no space left on device ${"x".repeat(5000)}`);
    expect(fault?.message.length).toBeLessThan(600);
  });
});

describe("a fault of Docker's API", () => {
  it.each(["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE"])("is no engine, on %s", (code) => {
    const fault = dockerFault(Object.assign(new Error("connect"), { code }));
    expect(fault).toBeInstanceOf(EnvironmentFault);
    expect(fault.message).toContain("no Docker engine answers");
  });

  it("is no permission, on EACCES", () => {
    const fault = dockerFault(
      Object.assign(new Error("connect EACCES /var/run/docker.sock"), { code: "EACCES" }),
    );
    expect(fault).toBeInstanceOf(EnvironmentFault);
    expect(fault.message).toContain("may not use Docker");
  });

  it("is the host's where its words say so", () => {
    expect(dockerFault(new Error("(HTTP code 500) no space left on device")).message).toContain(
      "the disk is full",
    );
  });

  it("stays itself where nobody knows it", () => {
    const error = new Error("something else");
    expect(dockerFault(error)).toBe(error);
    expect(dockerFault("text").message).toBe("text");
    const fault = new EnvironmentFault("already said", "do this");
    expect(dockerFault(fault)).toBe(fault);
  });

  it("is a missing thing on 404 alone", () => {
    expect(isMissing({ statusCode: 404 })).toBe(true);
    expect(isMissing({ statusCode: 500 })).toBe(false);
    expect(isMissing(new Error("no"))).toBe(false);
  });
});

describe("what a stack has on the host", () => {
  it("is its containers, sorted, with state and health", async () => {
    const fake = new FakeDocker("dev", [
      { name: "dev-store", service: "store", status: "Up 3 minutes (healthy)" },
      { name: "dev-app_seed", seeds: "app", state: "exited", status: "Exited (0) 2 minutes ago" },
      { name: "dev-app", service: "app", status: "Up 2 seconds (health: starting)" },
      { name: "dev-bad", service: "bad", status: "Up 1 hour (unhealthy)" },
      { name: "dev-plain", service: "plain", status: "Up 1 hour" },
      { name: "dev-none", service: "none", status: "Up 1 hour", check: ["NONE"] },
      { name: "dev-again", service: "again", status: "Up Less than a second", check: ["CMD", "true"] },
    ]);
    expect(await stackContainers(fake.docker, "dev")).toEqual([
      // Docker has started it, and not yet begun to ask.
      { id: "id-dev-again", name: "dev-again", service: "again", state: "running", health: "starting" },
      { id: "id-dev-app", name: "dev-app", service: "app", state: "running", health: "starting" },
      { id: "id-dev-app_seed", name: "dev-app_seed", seeds: "app", state: "exited" },
      { id: "id-dev-bad", name: "dev-bad", service: "bad", state: "running", health: "unhealthy" },
      { id: "id-dev-none", name: "dev-none", service: "none", state: "running" },
      { id: "id-dev-plain", name: "dev-plain", service: "plain", state: "running" },
      { id: "id-dev-store", name: "dev-store", service: "store", state: "running", health: "healthy" },
    ]);
  });

  it("is its networks and volumes, sorted", async () => {
    const networks = [
      { name: "dev-b", options: null },
      { name: "dev-a", internal: true, subnet: "10.0.0.0/24" },
    ];
    const fake = new FakeDocker("dev", [], networks, ["dev-y", "dev-x"]);
    expect(await stackNetworks(fake.docker, "dev")).toEqual([
      { id: "id-dev-a", name: "dev-a", internal: true, options: {}, subnet: "10.0.0.0/24" },
      { id: "id-dev-b", name: "dev-b", internal: false, options: {} },
    ]);
    expect(await stackVolumes(fake.docker, "dev")).toEqual(["dev-x", "dev-y"]);
  });

  it("is found by the stack's label", async () => {
    const filters: unknown[] = [];
    const docker = {
      listContainers: async (options: unknown) => {
        filters.push(options);
        return [];
      },
      listNetworks: async (options: unknown) => {
        filters.push(options);
        return [];
      },
      listVolumes: async (options: unknown) => {
        filters.push(options);
        return { Volumes: null };
      },
    };
    await stackContainers(docker as never, "dev");
    await stackNetworks(docker as never, "dev");
    expect(await stackVolumes(docker as never, "dev")).toEqual([]);
    const byLabel = '{"label":["ums.stack=dev"]}';
    expect(filters).toEqual([{ all: true, filters: byLabel }, { filters: byLabel }, { filters: byLabel }]);
  });
});
