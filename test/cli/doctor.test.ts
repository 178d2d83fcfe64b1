import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { doctorJson, doctorText } from "../../cli/commands/doctor.ts";
import { type Check, isBefore, listed, shellWord, type Version, versionIn } from "../../cli/doctor/check.ts";
import { cgroupLimits, dockerEngine, engineFix, isThisMachine } from "../../cli/doctor/engine.ts";
import { hostMemory, liftedDevice, nvidiaGpu, renderGpu } from "../../cli/doctor/hardware.ts";
import {
  addressPools,
  bridgeFilter,
  neighbourTable,
  publishedPorts,
  routesOf,
} from "../../cli/doctor/network.ts";
import { diskSpace, mountPointsOf, oneFilesystem, storageFolders } from "../../cli/doctor/storage.ts";
import { dockerCompose, nodeVersion, pulumiCli, standin } from "../../cli/doctor/tools.ts";
import { type Cidr, formatCidr, parseCidr } from "../../stacks/cidr.ts";
import { loadStack } from "../../stacks/load.ts";
import { projectRoot } from "../fixtures/folders.ts";

const file = "Pulumi.prod.yaml";

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (!parsed) throw new Error(`${text} is no network`);
  return parsed;
}

describe("versions", () => {
  it("are read out of what programs print", () => {
    expect(versionIn("20.10.24+dfsg1")).toEqual([20, 10, 24]);
    expect(versionIn("1.41")).toEqual([1, 41, 0]);
    expect(versionIn("v2.32.4-desktop.1")).toEqual([2, 32, 4]);
    expect(versionIn("none")).toBeUndefined();
  });

  it("are ordered part by part", () => {
    const version = fc.tuple(fc.nat(30), fc.nat(60), fc.nat(30)) as fc.Arbitrary<Version>;
    const weight = ([a, b, c]: Version) => (a * 1000 + b) * 1000 + c;
    fc.assert(fc.property(version, version, (a, b) => isBefore(a, b) === weight(a) < weight(b)));
  });
});

describe("words of a fix", () => {
  it("name three things and count the rest", () => {
    expect(listed(["a", "b", "c"])).toBe("a; b; c");
    expect(listed(["a", "b", "c", "d", "e"])).toBe("a; b; c; and 2 more");
  });

  it("are quoted where a shell would split them", () => {
    expect(shellWord("/srv/media")).toBe("/srv/media");
    expect(shellWord("/srv/it's here")).toBe("'/srv/it'\\''s here'");
  });
});

describe("tools", () => {
  it.each([
    ["18.20.0", "failed"],
    ["20.18.3", "failed"],
    ["20.19.0", "warning"],
    ["21.7.0", "warning"],
    ["22.0.0", "ok"],
    ["24.11.1", "ok"],
  ])("Node.js %s is %s", (version, state) => expect(nodeVersion(version).state).toBe(state));

  const plugin = { command: ["docker", "compose"], version: "2.32.4" };
  const old = { command: ["docker-compose"], version: "1.25.0" };
  it.each([
    ["there", { compose: plugin }, "ok"],
    ["1.29", { compose: { ...old, version: "1.29.2" } }, "ok"],
    ["too old, with Pulumi", { compose: old, pulumi: "v3.259.0" }, "warning"],
    ["too old, alone", { compose: old }, "failed"],
    ["absent, with Pulumi", { pulumi: "v3.259.0" }, "warning"],
    ["absent, and Pulumi too", {}, "failed"],
    ["absent, and the stack runs on it", { pulumi: "v3.259.0", last: "compose" as const }, "failed"],
  ])("Compose %s", (_, tools, state) => {
    const check = dockerCompose(tools);
    expect(check.state).toBe(state);
    expect(check.fix !== undefined).toBe(state !== "ok");
  });

  it("Pulumi may be absent unless the stack runs on it", () => {
    expect(pulumiCli({ pulumi: "v3.259.0" }).state).toBe("ok");
    expect(pulumiCli({ compose: plugin }).state).toBe("warning");
    expect(pulumiCli({ compose: plugin, last: "pulumi" }).state).toBe("failed");
  });

  it("the stand-in needs its image or a compiler", () => {
    const image = "ums-standin:0";
    expect(standin({ image, present: true }).state).toBe("ok");
    expect(standin({ image, present: false, compiler: "tcc" }).state).toBe("ok");
    const missing = standin({ image, present: false });
    expect(missing.state).toBe("failed");
    expect(missing.fix).toBe("apt-get install --no-install-recommends gcc libc6-dev");
  });
});

describe("the Docker engine", () => {
  const engine = (version: string, apiVersion: string) =>
    dockerEngine({ answers: true, version, apiVersion });

  it("is old enough to leak DNS before 25.0.5", () => {
    expect(engine("20.10.24+dfsg1", "1.41").state).toBe("warning");
    expect(engine("25.0.4", "1.44").found).toContain("CVE-2024-29018");
    expect(engine("25.0.5", "1.44").state).toBe("ok");
    expect(engine("26.0.0", "1.45").state).toBe("ok");
  });

  it("is too old before API 1.41", () => expect(engine("19.03.15", "1.40").state).toBe("failed"));

  it("fails once with its fix when it does not answer", () => {
    const fix = engineFix({ host: undefined, installed: true, denied: false });
    expect(dockerEngine({ answers: false, reason: "no answer", fix })).toEqual({
      name: "Docker engine",
      state: "failed",
      found: "no answer",
      fix: "systemctl start docker",
    });
    expect(engineFix({ host: undefined, installed: false, denied: false })).toContain("apt-get install");
    expect(engineFix({ host: undefined, installed: true, denied: true })).toContain("usermod -aG docker");
    expect(engineFix({ host: "tcp://nas:2375", installed: true, denied: false })).toContain("tcp://nas:2375");
  });

  it.each([
    [undefined, true],
    ["unix:///run/user/1000/docker.sock", true],
    ["tcp://127.0.0.1:2375", true],
    ["localhost:2375", true],
    ["tcp://[::1]:2375", true],
    ["tcp://127.nas.example:2375", false],
    ["tcp://nas:2375", false],
    ["ssh://root@nas", false],
  ])("at %s is on this machine: %s", (host, here) => expect(isThisMachine(host)).toBe(here));

  it("in a virtual machine has another kernel", () => {
    expect(isThisMachine(undefined, { engine: "6.10.14-linuxkit", here: "6.18.0" })).toBe(false);
    expect(isThisMachine(undefined, { engine: "6.18.0", here: "6.18.0" })).toBe(true);
  });

  it("must be able to hold the limits", () => {
    const all = { MemoryLimit: true, SwapLimit: true, CpuCfsQuota: true };
    expect(cgroupLimits(all).state).toBe("ok");
    expect(cgroupLimits({ ...all, MemoryLimit: false }).state).toBe("failed");
    expect(cgroupLimits({ ...all, CpuCfsQuota: false }).state).toBe("failed");
    const swap = cgroupLimits({ ...all, SwapLimit: false });
    expect(swap.state).toBe("warning");
    expect(swap.fix).toContain("swapaccount=1");
  });
});

describe("network", () => {
  it("needs bridged packets filtered", () => {
    expect(bridgeFilter("1\n").state).toBe("ok");
    expect(bridgeFilter("0\n")).toMatchObject({
      state: "failed",
      found: expect.stringContaining("switched off"),
    });
    expect(bridgeFilter(undefined).fix).toBe(
      "modprobe br_netfilter && sysctl -w net.bridge.bridge-nf-call-iptables=1",
    );
  });

  it("has room for the stack's neighbours", () => {
    const { platform } = loadStack(projectRoot, "dev", {});
    expect(neighbourTable(platform, "8192\n").state).toBe("ok");
    const small = neighbourTable(platform, "1024\n");
    expect(small).toMatchObject({ state: "warning", found: expect.stringContaining("takes 1024 entries") });
    expect(small.fix).toContain("sysctl -w net.ipv4.neigh.default.gc_thresh3=8192");
    expect(neighbourTable(platform, undefined).state).toBe("skipped");
  });

  const platform = {
    segments: [{ name: "proxy" as const, cidr: "10.10.0.0/24", gateway: "10.10.0.1", internal: true }],
    links: [],
  };
  const other = { owner: "the Docker network old app", cidr: cidr("10.10.0.0/16") };
  const lan = { owner: "the host's interface eth0", cidr: cidr("10.0.0.0/8") };
  const far = { owner: "the Docker network far", cidr: cidr("172.20.0.0/16") };

  it("fails where another Docker network has its addresses, and says which to remove", () => {
    const check = addressPools(platform, [far, other], [], file);
    expect(check.state).toBe("failed");
    expect(check.found).toBe(
      "10.10.0.0/24 of segment proxy overlaps 10.10.0.0/16 of the Docker network old app",
    );
    expect(check.fix).toContain("docker network rm 'old app'");
  });

  it("never says to remove what cannot be removed", () => {
    const bridge = { owner: "the Docker network bridge", cidr: cidr("10.10.0.0/16") };
    for (const taken of [[lan], [other, lan], [bridge]]) {
      const check = addressPools(platform, taken, [], file);
      expect(check.state).toBe("failed");
      expect(check.fix).toBe(`set network.segments and network.links to free pools in ${file}`);
    }
  });

  it("warns of a route, once", () => {
    const route = { owner: "the route over wg0", cidr: cidr("10.0.0.0/8") };
    expect(addressPools(platform, [far], [route], file).state).toBe("warning");
    expect(addressPools(platform, [far], [], file)).toMatchObject({
      state: "ok",
      found: "1 networks, none taken by another",
    });
  });

  it("reads the kernel's routes", () => {
    const text = [
      "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT",
      "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
      "br-6c6c9a844685\t00006E0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
      "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0",
      "wg0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0",
      "eth0\t0102A8C0\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0",
      "",
    ].join("\n");
    expect(routesOf(text).map(({ owner, cidr }) => `${formatCidr(cidr)} ${owner}`)).toEqual([
      "10.0.0.0/8 the route over wg0",
      "192.168.2.1/32 the route over eth0",
    ]);
    expect(routesOf("")).toEqual([]);
  });

  it("tells its own ports from those another program took", () => {
    const https = { service: "traefik", host: 443, protocol: "tcp" as const };
    const quic = { service: "traefik", host: 443, protocol: "udp" as const };
    expect(
      publishedPorts(
        [
          { ...https, state: "ours" },
          { ...quic, state: "free" },
        ],
        file,
      ),
    ).toEqual({
      name: "published ports",
      state: "ok",
      found: "443/udp free; 443/tcp held by this stack",
    });
    const taken = publishedPorts([{ ...quic, state: "taken" }], file);
    expect(taken).toMatchObject({ state: "failed", found: "443/udp of traefik: taken by another program" });
    expect(taken.fix).toContain("ss -lunp 'sport = :443'");
    expect(publishedPorts([], file).state).toBe("ok");
  });
});

describe("storage", () => {
  const gibibytes = (count: number) => diskSpace("/var/lib/docker", count * 1024 ** 3);

  it("has room", () => {
    expect(gibibytes(1.9).state).toBe("failed");
    expect(gibibytes(2).state).toBe("warning");
    expect(gibibytes(19.9).state).toBe("warning");
    expect(gibibytes(20)).toMatchObject({ state: "ok", found: "20 GiB free in /var/lib/docker" });
    expect(gibibytes(1).fix).not.toMatch(/volume/);
  });

  it("needs the folders of bind placements, with their owner", () => {
    const owner = { uid: 1000, gid: 1001 };
    expect(storageFolders([{ path: "/srv/a", owner, is: "folder" }]).state).toBe("ok");
    const missing = storageFolders([
      { path: "/srv/a b", owner, is: "missing" },
      { path: "/srv/c", owner, is: "folder" },
    ]);
    expect(missing).toMatchObject({ state: "failed", fix: "install -d -o 1000 -g 1001 '/srv/a b'" });
    expect(storageFolders([{ path: "/srv/a", owner, is: "other" }]).found).toBe("/srv/a: not a folder");
  });

  const media = (device: number, below: { path: string; device: number }[] = []) => ({
    path: "/srv/media",
    device,
    below,
  });

  it("is one filesystem where hard links are made", () => {
    const downloads = { path: "/srv/media/downloads", device: 1 };
    expect(oneFilesystem([media(1, [downloads])], ["/", "/srv", "/srv/mediation"]).state).toBe("ok");
    expect(oneFilesystem([media(1, [{ ...downloads, device: 2 }])], []).state).toBe("failed");
    expect(oneFilesystem([media(1), { ...media(2), path: "/mnt/downloads" }], []).state).toBe("failed");
    const mounted = oneFilesystem([media(1, [downloads])], ["/srv/media/downloads"]);
    expect(mounted.state).toBe("failed");
    expect(mounted.found).toContain("/srv/media/downloads: apart from /srv/media");
  });

  it("reads mount points with spaces", () => {
    const text =
      "22 1 254:0 / / rw - ext4 /dev/vda rw\n30 22 254:1 / /srv/my\\040media rw - ext4 /dev/vdb rw\n";
    expect(mountPointsOf(text)).toEqual(["/", "/srv/my media"]);
  });
});

describe("hardware", () => {
  it("has the memory that real services may use; stand-ins do not", () => {
    const services = [
      { name: "small", memory: 512 },
      { name: "large", memory: 8192 },
    ];
    expect(hostMemory(services, 8704, { images: "real", file }).state).toBe("ok");
    const scarce = hostMemory(services, 4096, { images: "real", file });
    expect(scarce).toMatchObject({
      state: "warning",
      found: "limits add up to 8704 MiB, the host has 4096 MiB",
    });
    expect(scarce.fix).toContain("large 8192; small 512");
    expect(hostMemory(services, 4096, { images: "rehearsal", file }).state).toBe("ok");
  });

  it("has the render node of the group the config names", () => {
    const node = { path: "/dev/dri/renderD128", group: 105 };
    const intel = { vendor: "intel", renderGroup: 105 } as const;
    const amd = { vendor: "amd", renderGroup: 105 } as const;
    expect(renderGpu(intel, { nodes: [node], kfd: false }, file).state).toBe("ok");
    expect(renderGpu(intel, { nodes: [], kfd: false }, file).fix).toContain("modprobe i915");
    expect(renderGpu({ ...intel, renderGroup: 44 }, { nodes: [node], kfd: false }, file)).toMatchObject({
      state: "failed",
      fix: `set gpu.renderGroup: 105 in ${file}`,
    });
    expect(renderGpu(amd, { nodes: [node], kfd: false }, file).found).toContain("/dev/kfd");
    expect(renderGpu(amd, { nodes: [node], kfd: true }, file).state).toBe("ok");
  });

  it("has NVIDIA's runtime or CDI description in Docker", () => {
    expect(nvidiaGpu({ Runtimes: { runc: {} }, CDISpecDirs: null }, []).state).toBe("failed");
    expect(nvidiaGpu({ Runtimes: { runc: {}, nvidia: {} } }, []).state).toBe("ok");
    expect(nvidiaGpu({ CDISpecDirs: ["/etc/cdi"] }, ["nvidia.yaml"]).state).toBe("ok");
    expect(nvidiaGpu({ CDISpecDirs: ["/etc/cdi"] }, []).state).toBe("failed");
    expect(nvidiaGpu({ DiscoveredDevices: [{ ID: "nvidia.com/gpu=0" }] }, []).state).toBe("ok");
  });

  it("has the devices that services are given", () => {
    expect(liftedDevice("/dev/net/tun", ["gluetun"], true).state).toBe("ok");
    expect(liftedDevice("/dev/net/tun", ["gluetun"], false).fix).toContain("modprobe tun");
    expect(liftedDevice("/dev/ttyUSB0", ["meter"], false).found).toContain("meter");
  });
});

describe("the command", () => {
  const checks: Check[] = [
    { name: "Node.js", state: "ok", found: "24.11.1" },
    { name: "Pulumi CLI", state: "warning", found: "absent", fix: "install it" },
    { name: "br_netfilter", state: "failed", found: "not loaded", fix: "modprobe br_netfilter" },
    { name: "disk space", state: "skipped", found: "the Docker engine does not answer" },
  ];

  it("shows a mark and a line for each, then the fixes, failed first", () => {
    expect(stripVTControlCharacters(doctorText(checks))).toBe(`   check         found
✓  Node.js       24.11.1
!  Pulumi CLI    absent
✗  br_netfilter  not loaded
-  disk space    the Docker engine does not answer

How to fix
✗  br_netfilter
     modprobe br_netfilter
!  Pulumi CLI
     install it

1 ok, 1 warning, 1 failed, 1 skipped
`);
  });

  it("counts for scripts", () => {
    expect(doctorJson("dev", checks)).toEqual({ stack: "dev", checks, failed: 1, warnings: 1 });
  });

  const ums = join(import.meta.dirname, "../../cli/bin.mjs");
  const run = (words: string[], env: Record<string, string> = {}) =>
    execa("node", [ums, "doctor", ...words], { env, reject: false });

  it("fails once, and skips what needs it, when no engine answers", { timeout: 60_000 }, async () => {
    const { exitCode, stdout, stderr } = await run(["--json"], { DOCKER_HOST: "tcp://127.0.0.1:1" });
    const result = JSON.parse(stdout) as ReturnType<typeof doctorJson>;
    const named = (state: Check["state"]) =>
      result.checks.filter((check) => check.state === state).map(({ name }) => name);
    expect(named("failed")).toContain("Docker engine");
    expect(named("skipped")).toEqual(
      expect.arrayContaining(["cgroup limits", "address pools", "published ports", "disk space"]),
    );
    expect(result.failed).toBe(named("failed").length);
    expect(exitCode).toBe(3);
    expect(stderr).not.toContain("at ");
  });

  it("answers a stack that is not there as every command does", { timeout: 60_000 }, async () => {
    const { exitCode, stderr } = await run(["--stack", "nowhere"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("Pulumi.nowhere.yaml does not exist");
  });
});
