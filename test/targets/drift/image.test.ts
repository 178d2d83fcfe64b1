import { beforeEach, describe, expect, it } from "vitest";
import { Recording } from "./recordings.ts";

/** A stack as it would be if its image set defaults, as most images do. */
let recording: Recording;
beforeEach(() => {
  recording = new Recording("compose");
  Object.assign(recording.image().Config, {
    Env: ["PATH=/usr/bin", "TZ=Europe/Berlin"],
    Labels: { "org.opencontainers.image.title": "Stand-in" },
    Volumes: { "/data": {} },
    WorkingDir: "/app",
    StopSignal: "SIGQUIT",
    Healthcheck: { Test: ["CMD", "true"], Interval: 30e9, StartInterval: 1e9 },
  });
  for (const { Config, Mounts } of recording.stack.containers) {
    Config.Env = ["PATH=/usr/bin", ...(Config.Env ?? ["TZ=Europe/Berlin"])];
    Config.Labels = { ...Config.Labels, "org.opencontainers.image.title": "Stand-in" };
    Config.WorkingDir = "/app";
    Config.StopSignal = "SIGQUIT";
    Config.Healthcheck = Config.Healthcheck
      ? { ...Config.Healthcheck, StartInterval: 1e9 }
      : { Test: ["CMD", "true"], Interval: 30e9, StartInterval: 1e9 };
    if (Mounts.some(({ Destination }) => Destination === "/data")) continue;
    const volume = { Type: "volume", Name: "0".repeat(64), Source: "/var/lib/docker/volumes/0/_data" };
    Mounts.push({ ...volume, Destination: "/data", RW: true });
  }
});

describe("what an image sets and nobody declares otherwise", () => {
  it("is no drift", () => expect(recording.differing()).toEqual([]));

  it("is missed when the container has it no more, or otherwise", () => {
    const { Config } = recording.container("traefik");
    Config.Env = (Config.Env ?? []).map((line) => line.replace("PATH=/usr/bin", "PATH=/tmp"));
    Config.Labels = { ...Config.Labels, "org.opencontainers.image.title": "Other" };
    Config.StopSignal = "SIGKILL";
    expect(recording.compare().drift.map(({ property, running }) => [property, running])).toEqual([
      ["env PATH", "a value that is not shown"],
      ["label org.opencontainers.image.title", "Other"],
      ["stopSignal", "SIGKILL"],
    ]);
  });

  it("may be mounted over by a volume with a name", () => {
    const mounts = recording.container("traefik").Mounts;
    for (const mount of mounts) if (mount.Destination === "/data") mount.Name = "another";
    expect(recording.differing()).toEqual(["traefik mount /data"]);
  });

  it("is not compared when the image is not on the host any more, and that is said", () => {
    recording.stack.images.clear();
    recording.container("traefik").HostConfig.Memory = 1024 * 1024;
    recording.container("traefik").Config.User = "0:0";
    const { drift, notCompared } = recording.compare();
    expect(drift.map(({ property }) => property)).toEqual(["memory", "user"]);
    expect(notCompared.length).toBe(6);
    expect(notCompared[0]).toMatchObject({
      property: "what the image sets",
      secret: false,
      why: "its image is not on the host any more",
    });
  });
});

describe("an image", () => {
  it("that another one took the name of is found", () => {
    const image = recording.image();
    recording.stack.images.set("ums-standin:de21dcf697d1", { ...image, Id: `sha256:${"1".repeat(64)}` });
    const { drift } = recording.compare();
    expect(drift.length).toBe(6);
    expect(drift[0]).toMatchObject({
      property: "image",
      declared: "ums-standin:de21dcf697d1",
      running: "e593fb632fad, while ums-standin:de21dcf697d1 is 111111111111",
    });
  });

  it("whose name says nothing on this host is not looked up elsewhere", () => {
    recording.stack.images.delete("ums-standin:de21dcf697d1");
    expect(recording.differing()).toEqual([]);
  });
});

describe("limits that the kernel does not keep", () => {
  it("are not compared, and that is said", () => {
    recording.stack.limits = { memory: false, swap: false, cpu: false };
    for (const { HostConfig } of recording.stack.containers)
      Object.assign(HostConfig, { Memory: 0, MemorySwap: -1, CpuPeriod: 0, CpuQuota: 0 });
    const { drift, notCompared } = recording.compare();
    expect(drift).toEqual([]);
    expect(notCompared.length).toBe(6 * 4);
    expect(notCompared[0]).toMatchObject({ property: "cpuPeriod", secret: false });
  });
});

describe("an input that is compared with nothing", () => {
  it("is named", () => {
    recording.declared("traefik-container").inputs.shmSize = 64;
    expect(recording.compare().notCompared).toEqual([
      {
        kind: "container",
        name: "umsreccompose-traefik",
        service: "traefik",
        property: "shmSize",
        secret: false,
        why: "drift does not know this input",
      },
    ]);
  });
});
