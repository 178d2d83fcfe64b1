import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { standinImage, standinSource } from "../../rehearsal/image.ts";
import { loadCatalog } from "../../stacks/catalog/load.ts";
import type { Capability } from "../../stacks/catalog/privileges.ts";
import { loadEnvironments, loadStackConfig } from "../../stacks/config/load.ts";
import type { Service } from "../../stacks/platform.ts";
import { rehearse } from "../../stacks/rehearsal.ts";
import { resolvePlatform } from "../../stacks/resolve/index.ts";
import { projectRoot } from "../fixtures/folders.ts";
import { platform, service } from "../fixtures/platforms.ts";
import { listensOn, type RecordFields } from "../fixtures/records.ts";

const image = "ums-standin:0123456789ab";
const real = resolvePlatform(
  loadCatalog(projectRoot, ["catalog"]),
  loadStackConfig(projectRoot, "dev"),
  loadEnvironments(projectRoot),
);
const rehearsed = rehearse(real, image);

/** The stand-in's arguments by option; `true` where an option takes no value. */
function options({ name, command = [] }: Service): Record<string, (string | true)[]> {
  const [verb, ...words] = command;
  if (verb !== "serve") throw new Error(`${name}'s stand-in is told to ${verb}`);
  const found: Record<string, (string | true)[]> = {};
  for (let index = 0; index < words.length; ) {
    const option = words[index] ?? "";
    const value = words[index + 1];
    const has = value !== undefined && !value.startsWith("--");
    found[option] = [...(found[option] ?? []), has ? value : true];
    index += has ? 2 : 1;
  }
  return found;
}

/** A rehearsed service of the given record. */
function standin(fields: RecordFields): Service {
  return service(rehearse(platform({ alpha: fields }), image), "alpha");
}

const reason = "a test needs it";
const pairs = rehearsed.services.map((after, index) => ({ before: real.services[index] as Service, after }));
const wrongOnes = (good: (before: Service, after: Service) => boolean) =>
  pairs.filter(({ before, after }) => !good(before, after)).map(({ after }) => after.name);
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

describe("every service of the real catalogue, in a rehearsal,", () => {
  it("is played by the stand-in", () => {
    expect(
      wrongOnes((_, after) => after.image.reference === image && same(after.entrypoint, ["/standin"])),
    ).toEqual([]);
    expect(rehearsed.services[0]?.image).toEqual({
      repository: "ums-standin",
      tag: "0123456789ab",
      reference: image,
    });
  });

  it("listens on every declared TCP port, and on no other", () => {
    const listening = (after: Service) => [
      ...(options(after)["--tcp"] ?? []).map(Number),
      ...(options(after)["--http"] ?? []).map((value) => Number(String(value).split(":")[0])),
    ];
    const declared = (before: Service) =>
      before.ports.filter(({ protocol }) => protocol === "tcp").map(({ port }) => port);
    const sorted = (ports: number[]) => [...ports].sort((a, b) => a - b);
    expect(wrongOnes((before, after) => same(sorted(listening(after)), sorted(declared(before))))).toEqual(
      [],
    );
  });

  it("listens on every declared UDP port, and on no other", () => {
    const declared = (before: Service) =>
      before.ports.filter(({ protocol }) => protocol === "udp").map(({ port }) => String(port));
    expect(wrongOnes((before, after) => same(options(after)["--udp"] ?? [], declared(before)))).toEqual([]);
    expect(rehearsed.services.some((after) => options(after)["--udp"])).toBe(true);
  });

  it("answers the declared health path", () => {
    const expected = ({ health }: Service) =>
      health.http ? `${health.http.port}:${health.http.path}` : undefined;
    const answers = (before: Service, after: Service) => {
      const wanted = expected(before);
      return wanted === undefined || (options(after)["--http"] ?? []).includes(wanted);
    };
    expect(wrongOnes(answers)).toEqual([]);
  });

  it("is checked on a port it listens on, in the way it answers there", () => {
    const good = (before: Service, after: Service) => {
      const [program, verb, protocol, port, path] = after.health.command ?? [];
      if (program !== "/standin") return false;
      const tcp = before.ports.filter((one) => one.protocol === "tcp").map((one) => String(one.port));
      if (verb === "routes") return tcp.length === 0;
      const listens = options(after);
      return protocol === "http"
        ? verb === "check" && (listens["--http"] ?? []).includes(`${port}:${path}`)
        : verb === "check" && protocol === "tcp" && (listens["--tcp"] ?? []).includes(String(port));
    };
    expect(wrongOnes(good)).toEqual([]);
  });

  it("is checked on the declared probe's port", () => {
    const good = (before: Service, after: Service) => {
      const port = before.health.http?.port ?? before.health.tcp?.port;
      return port === undefined || after.health.command?.[3] === String(port);
    };
    expect(wrongOnes(good)).toEqual([]);
  });

  it("needs no device and no folder of the host, and keeps every other lifted privilege", () => {
    const kept = ({ lifted }: Service) =>
      lifted.filter(({ privilege }) => privilege !== "device" && privilege !== "host-mount");
    expect(wrongOnes((before, after) => same(after.lifted, kept(before)))).toEqual([]);
    expect(
      real.services.flatMap(({ lifted }) => lifted).some(({ privilege }) => privilege === "device"),
    ).toBe(true);
    expect(
      real.services.flatMap(({ lifted }) => lifted).some(({ privilege }) => privilege === "host-mount"),
    ).toBe(true);
  });

  it("needs no GPU", () => {
    expect(wrongOnes((_, after) => !("gpu" in after))).toEqual([]);
  });

  it("insists on a read-only root unless it is lifted", () => {
    const lifts = ({ lifted }: Service) => lifted.some(({ privilege }) => privilege === "writable-root");
    expect(wrongOnes((before, after) => "--readonly-root" in options(after) !== lifts(before))).toEqual([]);
    expect(real.services.some(lifts)).toBe(true);
  });

  it("insists on no new privileges unless they are lifted", () => {
    const lifts = ({ lifted }: Service) => lifted.some(({ privilege }) => privilege === "new-privileges");
    expect(wrongOnes((before, after) => "--no-new-privs" in options(after) !== lifts(before))).toEqual([]);
  });

  it("writes to every folder it may write to, and reads every seeded file", () => {
    const writable = ({ mounts, tmpfs }: Service) =>
      [...mounts.filter(({ readOnly }) => !readOnly), ...tmpfs].map(({ path }) => path).sort();
    expect(wrongOnes((before, after) => same(options(after)["--writable"] ?? [], writable(before)))).toEqual(
      [],
    );
    expect(
      wrongOnes((before, after) =>
        same(
          options(after)["--readable"] ?? [],
          before.files.map(({ path }) => path),
        ),
      ),
    ).toEqual([]);
  });

  it("owns the volumes it writes to", () => {
    expect(
      wrongOnes((_, after) => after.mounts.every(({ readOnly, setOwner }) => readOnly || setOwner)),
    ).toEqual([]);
  });

  it("is told its own name", () => {
    expect(wrongOnes((_, after) => same(options(after)["--name"], [after.name]))).toEqual([]);
  });

  it("keeps its networks, user, limits, order, files and variables", () => {
    const kept = [
      "addresses",
      "through",
      "user",
      "owner",
      "limits",
      "after",
      "files",
      "environment",
      "publish",
      "tmpfs",
    ] as const;
    expect(wrongOnes((before, after) => kept.every((key) => same(after[key], before[key])))).toEqual([]);
  });

  it("is told nothing that the stand-in does not know", () => {
    const [usage = ""] = readFileSync(join(projectRoot, standinSource), "utf8").split("/* ---- ");
    const told = new Set(rehearsed.services.flatMap((after) => Object.keys(options(after))));
    expect(
      [...told].filter((option) => !usage.includes(`${option} `) && !usage.includes(`${option}]`)),
    ).toEqual([]);
  });
});

describe("a rehearsed platform", () => {
  it("keeps its links, segments, secrets and waves", () => {
    for (const key of ["links", "segments", "secrets", "waves", "warnings"] as const) {
      expect(rehearsed[key]).toEqual(real[key]);
    }
  });

  it("keeps its volumes in the engine's own folder", () => {
    const nas = platform(
      { alpha: { volumes: [{ name: "data", class: "media", path: "/data", access: "write" }] } },
      { config: { storage: { media: { kind: "nfs", server: "nas", path: "/export" } } } },
    );
    expect(rehearse(nas, image).volumes).toEqual([expect.objectContaining({ placement: { kind: "local" } })]);
  });

  it("can be changed by nobody, like any other", () => {
    const open = (value: unknown): boolean =>
      typeof value === "object" &&
      value !== null &&
      (!Object.isFrozen(value) || Object.values(value).some(open));
    expect(open({ ...rehearsed })).toBe(true);
    expect(open(rehearsed)).toBe(false);
    expect(open(real)).toBe(false);
  });
});

describe("the capabilities a stand-in insists on", () => {
  const masks = Object.fromEntries(
    rehearsed.services.map((one) => [one.name, options(one)["--no-capability-but"]]),
  );

  it("are NET_ADMIN and NET_RAW for Gluetun", () => {
    expect(masks.gluetun).toEqual([(2 ** 12 + 2 ** 13).toString(16)]);
    expect(masks.gluetun).toEqual(["3000"]);
  });

  it("are none where none is lifted", () => {
    const lifting = new Set(
      real.services
        .filter(({ lifted }) => lifted.some(({ privilege }) => privilege === "capability"))
        .map(({ name }) => name),
    );
    const others = Object.entries(masks).filter(([name]) => !lifting.has(name));
    expect(others.filter(([, mask]) => mask?.[0] !== "0")).toEqual([]);
    expect(lifting.size).toBeGreaterThan(1);
  });

  it("are never bit 63, which is no capability", () => {
    expect(Object.entries(masks).filter(([, mask]) => BigInt(`0x${mask?.[0]}`) >> 41n !== 0n)).toEqual([]);
  });

  /** In the order of linux/capability.h: the index is the kernel's bit number. */
  const capabilities =
    `CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
    NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE
    SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL
    SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`.split(
      /\s+/,
    );
  const maskOf = (...names: string[]) =>
    options(
      standin({
        lifted: names.map((name) => ({ privilege: "capability", value: name as Capability, reason })),
      }),
    )["--no-capability-but"]?.[0];

  it("are added up", () => {
    expect(maskOf("CHOWN", "SETGID", "SETUID")).toBe("c1");
  });

  it("are known for every capability of the kernel", () => {
    const wrong = capabilities.filter((name, bit) => maskOf(name) !== (1n << BigInt(bit)).toString(16));
    expect(wrong).toEqual([]);
  });
});

describe("a stand-in", () => {
  const health: RecordFields["health"] = { tcp: { port: 80 }, command: ["true"] };

  it("speaks plain TCP on a port probed by TCP, though a route leads there", () => {
    const one = standin({
      ports: listensOn(80),
      route: { subdomain: "a", port: 80, access: "user" },
      health,
    });
    expect(options(one)["--tcp"]).toEqual(["80"]);
    expect(one.health.command).toEqual(["/standin", "check", "tcp", "80"]);
  });

  it("speaks HTTP on a route's port", () => {
    const one = standin({
      ports: listensOn(80, 81),
      route: { subdomain: "a", port: 81, access: "user" },
      health,
    });
    expect(options(one)).toMatchObject({ "--tcp": ["80"], "--http": ["81:/"] });
  });

  it("is checked by its routes where it listens on no TCP port", () => {
    expect(standin({}).health.command).toEqual(["/standin", "routes"]);
    const udp = standin({ ports: [{ port: 53, protocol: "udp", purpose: "names" }] });
    expect(udp.health.command).toEqual(["/standin", "routes"]);
    expect(options(udp)["--udp"]).toEqual(["53"]);
  });

  it("is checked on its first TCP port where the record's probe names none", () => {
    expect(standin({ ports: listensOn(8080, 80) }).health.command).toEqual([
      "/standin",
      "check",
      "tcp",
      "8080",
    ]);
  });

  it("is checked even where the image can run no probe", () => {
    const none: RecordFields["health"] = { tcp: { port: 80 }, command: null, reason };
    expect(standin({ ports: listensOn(80), health: none }).health.command).toEqual([
      "/standin",
      "check",
      "tcp",
      "80",
    ]);
  });

  it("needs no init and no signal of the image's, but keeps the grace", () => {
    const one = standin({ init: true, stop: { grace: 60, signal: "SIGQUIT" } });
    expect(one.init).toBe(false);
    expect(one.stop).toEqual({ grace: 60 });
  });
});

it("the stand-in's image is named after its source", () => {
  expect(standinImage(projectRoot)).toMatch(/^ums-standin:[0-9a-f]{12}$/);
});
