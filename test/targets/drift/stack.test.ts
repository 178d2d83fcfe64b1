import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InspectedContainer } from "../../../targets/drift/inspected.ts";
import { found } from "../../fixtures/platforms.ts";
import { Recording } from "./recordings.ts";

const engines = ["compose", "pulumi"] as const;
const mebibyte = 1024 * 1024;

/** A change somebody made to a running traefik container, and the property it is found as. */
const edits: Record<string, (container: InspectedContainer) => void> = {
  image: ({ Config }) => {
    Config.Image = "ums-standin:other";
  },
  entrypoints: ({ Config }) => {
    Config.Entrypoint = ["/bin/sh", "-c"];
  },
  command: ({ Config }) => {
    Config.Cmd = [...(Config.Cmd ?? []), "--tcp", "23"];
  },
  user: ({ Config }) => {
    Config.User = "0:0";
  },
  workingDir: ({ Config }) => {
    Config.WorkingDir = "/root";
  },
  groupAdds: ({ HostConfig }) => {
    HostConfig.GroupAdd = ["44"];
  },
  readOnly: ({ HostConfig }) => {
    HostConfig.ReadonlyRootfs = false;
  },
  init: ({ HostConfig }) => {
    HostConfig.Init = true;
  },
  privileged: ({ HostConfig }) => {
    HostConfig.Privileged = true;
  },
  "capabilities.adds": ({ HostConfig }) => {
    HostConfig.CapAdd = ["SYS_ADMIN"];
  },
  "capabilities.drops": ({ HostConfig }) => {
    HostConfig.CapDrop = null;
  },
  securityOpts: ({ HostConfig }) => {
    HostConfig.SecurityOpt = null;
  },
  memory: ({ HostConfig }) => {
    HostConfig.Memory = 64 * mebibyte;
  },
  memorySwap: ({ HostConfig }) => {
    HostConfig.MemorySwap = -1;
  },
  cpuPeriod: ({ HostConfig }) => {
    HostConfig.CpuPeriod = 0;
  },
  cpuQuota: ({ HostConfig }) => {
    HostConfig.CpuQuota = -1;
  },
  cpus: ({ HostConfig }) => {
    HostConfig.NanoCpus = 4e9;
  },
  cpuShares: ({ HostConfig }) => {
    HostConfig.CpuShares = 2048;
  },
  cpuSet: ({ HostConfig }) => {
    HostConfig.CpusetCpus = "0";
  },
  pidsLimit: ({ HostConfig }) => {
    HostConfig.PidsLimit = 100;
  },
  memoryReservation: ({ HostConfig }) => {
    HostConfig.MemoryReservation = mebibyte;
  },
  oomKillDisable: ({ HostConfig }) => {
    HostConfig.OomKillDisable = true;
  },
  restart: ({ HostConfig }) => {
    HostConfig.RestartPolicy = { Name: "on-failure", MaximumRetryCount: 3 };
  },
  logDriver: ({ HostConfig }) => {
    if (HostConfig.LogConfig) HostConfig.LogConfig.Type = "none";
  },
  logOpts: ({ HostConfig }) => {
    if (HostConfig.LogConfig) HostConfig.LogConfig.Config = {};
  },
  stopTimeout: ({ Config }) => {
    delete Config.StopTimeout;
  },
  stopSignal: ({ Config }) => {
    Config.StopSignal = "SIGKILL";
  },
  deviceRequests: ({ HostConfig }) => {
    HostConfig.DeviceRequests = [{ Driver: "nvidia", Count: -1, Capabilities: [["gpu"]] }];
  },
  pidMode: ({ HostConfig }) => {
    HostConfig.PidMode = "host";
  },
  ipcMode: ({ HostConfig }) => {
    HostConfig.IpcMode = "host";
  },
  utsMode: ({ HostConfig }) => {
    HostConfig.UTSMode = "host";
  },
  usernsMode: ({ HostConfig }) => {
    HostConfig.UsernsMode = "host";
  },
  systemPaths: ({ HostConfig }) => {
    HostConfig.MaskedPaths = [];
  },
  dns: ({ HostConfig }) => {
    HostConfig.Dns = ["192.0.2.1"];
  },
  hosts: ({ HostConfig }) => {
    HostConfig.ExtraHosts = ["sonarr:192.0.2.1"];
  },
  deviceCgroupRules: ({ HostConfig }) => {
    HostConfig.DeviceCgroupRules = ["c 13:* rmw"];
  },
  networkMode: ({ HostConfig }) => {
    HostConfig.NetworkMode = "host";
  },
  state: ({ State }) => {
    State.Status = "paused";
  },
  "healthcheck.tests": ({ Config }) => {
    Config.Healthcheck = { ...Config.Healthcheck, Test: ["NONE"] };
  },
  "healthcheck.interval": ({ Config }) => {
    Config.Healthcheck = { ...Config.Healthcheck, Interval: 60e9 };
  },
  "healthcheck.retries": ({ Config }) => {
    Config.Healthcheck = { ...Config.Healthcheck, Retries: 0 };
  },
  "env TZ": ({ Config }) => {
    Config.Env = (Config.Env ?? []).map((line) => line.replace("TZ=Etc/UTC", "TZ="));
  },
  "env TRAEFIK_PING": ({ Config }) => {
    Config.Env = (Config.Env ?? []).filter((line) => !line.startsWith("TRAEFIK_PING="));
  },
  "env LD_PRELOAD": ({ Config }) => {
    Config.Env = [...(Config.Env ?? []), "LD_PRELOAD=/tmp/x.so"];
  },
  "label ums.segment": ({ Config }) => {
    Config.Labels = { ...Config.Labels, "ums.segment": "media" };
  },
  "label other": ({ Config }) => {
    Config.Labels = { ...Config.Labels, other: "" };
  },
  "label ums.seed": ({ Config }) => {
    Config.Labels = { ...Config.Labels, "ums.seed": "0000" };
  },
  "mount /certs": ({ Mounts }) => {
    for (const mount of Mounts) if (mount.Destination === "/certs") mount.RW = false;
  },
  "mount /run/secrets": ({ Mounts }) => {
    for (const mount of Mounts) if (mount.Destination === "/run/secrets") mount.Name = "another";
  },
  "mount /var/run/docker.sock": ({ Mounts }) => {
    const socket = "/var/run/docker.sock";
    Mounts.push({ Type: "bind", Source: socket, Destination: socket, RW: true });
  },
  "tmpfs /tmp": ({ HostConfig }) => {
    const options = String(HostConfig.Tmpfs?.["/tmp"]).replace("noexec", "exec");
    HostConfig.Tmpfs = { ...HostConfig.Tmpfs, "/tmp": options };
  },
  "tmpfs /scratch": ({ HostConfig }) => {
    HostConfig.Tmpfs = { ...HostConfig.Tmpfs, "/scratch": "" };
  },
  "device /dev/kvm": ({ HostConfig }) => {
    const device = "/dev/kvm";
    HostConfig.Devices = [{ PathOnHost: device, PathInContainer: device, CgroupPermissions: "rwm" }];
  },
  "sysctl net.ipv4.ip_forward": ({ HostConfig }) => {
    HostConfig.Sysctls = { "net.ipv4.ip_forward": "1" };
  },
  "port 443/tcp": ({ HostConfig }) => {
    HostConfig.PortBindings = {
      ...HostConfig.PortBindings,
      "443/tcp": [{ HostIp: "0.0.0.0", HostPort: "443" }],
    };
  },
  "port 8080/tcp": ({ HostConfig }) => {
    HostConfig.PortBindings = {
      ...HostConfig.PortBindings,
      "8080/tcp": [{ HostIp: "", HostPort: "8080" }],
    };
  },
  "network bridge": ({ NetworkSettings }) => {
    NetworkSettings.Networks = { ...NetworkSettings.Networks, bridge: { Aliases: null } };
  },
};

/** Inputs that say nothing of what the container is like, and the name by which it is found. */
const saysNothing = new Set(["name", "attach", "destroyGraceSeconds", "logs", "wait", "waitTimeout"]);

/** Every value somewhere in inputs, with a way to change it. */
function leaves(value: unknown, path: readonly string[] = []): { path: string; change(): void }[] {
  if (typeof value !== "object" || value === null) return [];
  const object = value as Record<string, unknown>;
  return Object.entries(object).flatMap(([key, inner]) => {
    const at = [...path, key];
    if (path.length === 0 && saysNothing.has(key)) return [];
    if (typeof inner === "object" && inner !== null) return leaves(inner, at);
    return [{ path: at.join("."), change: () => (object[key] = other(at.join("."), inner)) }];
  });
}

/** Another value of the same kind. Beside a list of networks the mode only tells these apart from the host's. */
function other(path: string, value: unknown): unknown {
  if (path === "networkMode") return value === "host" ? "none" : "host";
  if (typeof value === "string") return `${/^\d/.test(value) ? "1" : "other-"}${value}`;
  return typeof value === "number" ? value + 1 : !value;
}

describe.each(engines)("what the %s engine made", (engine) => {
  it("is what was declared, while nobody touched it", () => {
    const recording = new Recording(engine);
    const { drift, notCompared, compared } = recording.compare();
    expect(drift).toEqual([]);
    expect(notCompared).toEqual([]);
    expect(compared).toMatchObject({ container: 6, network: 4 });
    expect(compared.property).toBeGreaterThan(250);
  });

  it.each(Object.keys(edits))("is found by exactly the property that was edited: %s", (property) => {
    const recording = new Recording(engine);
    found(edits[property], property)(recording.container("traefik"));
    expect(recording.differing()).toEqual([`traefik ${property}`]);
  });

  it("is found by all of several edits", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...Object.keys(edits))), (properties) => {
        const recording = new Recording(engine);
        for (const property of properties) found(edits[property], property)(recording.container("traefik"));
        expect(recording.differing()).toEqual(properties.map((property) => `traefik ${property}`).sort());
      }),
      { numRuns: 20 },
    );
  });
});

describe.each(engines)("each declared input, when it is another than what the %s engine made,", (engine) => {
  const resources = new Recording(engine).program.resources;

  it.each(resources.map(({ name }) => name))("is found: %s", (name) => {
    const count = leaves(new Recording(engine).declared(name).inputs).length;
    expect(count).toBeGreaterThan(2);
    for (let index = 0; index < count; index++) {
      const recording = new Recording(engine);
      const { inputs } = recording.declared(name);
      const leaf = found(leaves(inputs)[index], name);
      leaf.change();
      const drifted = recording.compare().drift.map((one) => one.name);
      expect(drifted, `${name} ${leaf.path}`).toContain(inputs.name);
    }
  });
});
