import type Docker from "dockerode";
import { pack } from "tar-stream";
import { buildRealImage } from "../../../../rehearsal/real/build.ts";
import { loadCatalog } from "../../../../stacks/catalog/load.ts";
import { loadEnvironments } from "../../../../stacks/config/load.ts";
import type { PlatformConfig } from "../../../../stacks/config/schema.ts";
import type { Link, Platform, Service } from "../../../../stacks/platform.ts";
import { demultiplex } from "../../../../targets/docker/host.ts";
import { found, link, platformOf, service } from "../../../fixtures/platforms.ts";
import { stackConfig } from "../../../fixtures/stackConfigs.ts";
import { filesOf } from "../../../stacks/configure/fixtures.ts";
import { docker, root, until } from "../../harness.ts";
import { type RunningProgram, realProgram, removeTest, startReal } from "../real.ts";

/** Every client and who hands it downloads, on standard ports and on addresses that no stack on this machine has. */
export function downloadsPlatform(vpn: Partial<PlatformConfig["vpn"]> = {}): Platform {
  const config = stackConfig({
    vpn,
    environment: "production",
    services: {
      include: [
        "authelia",
        "lidarr",
        "mylar3",
        "nzbget",
        "qbittorrent",
        "radarr",
        "sabnzbd",
        "sonarr",
        "traefik",
        "transmission",
      ],
    },
    network: { segments: "10.224.0.0/16", links: "10.226.0.0/15" },
  });
  return platformOf(loadCatalog(root, ["catalog"]), config, loadEnvironments(root));
}

/** Address of the tunnel's interface. */
export const tunnelAddress = "10.99.0.2";

/** Where a client runs in a test: the network namespace of its VPN, and who calls it over a link. */
export interface Stage {
  client: Service;
  link: Link;
  platform: Platform;
  /** Runs curl at the gateway's end of the link. */
  ask(words: readonly string[]): Promise<Answer>;
  /** Runs a command there. */
  atCaller(command: string): Promise<string>;
  /** Runs a command beside the client, in the VPN's container, after putting files there. */
  atVpn(command: string, files?: ReadonlyMap<string, string>): Promise<string>;
  /** The client with its files, started as its record says and probed until it answers. */
  start(files?: ReadonlyMap<string, string>): Promise<RunningProgram>;
  /** Addresses on which the namespace listens on a TCP port, as in /proc/net: reversed hexadecimal. */
  listeners(port: number): Promise<string[]>;
  dispose(): Promise<void>;
}

export interface Answer {
  status: number;
  body: string;
  headers: string;
}

/** A stage with the tunnel's interface, or without one. */
export async function stageOf(
  client: string,
  { platform = downloadsPlatform(), tunnel = true }: { platform?: Platform; tunnel?: boolean } = {},
): Promise<Stage> {
  const test = `umsdl-${client}`;
  await removeTest(test);
  const program = realProgram(client);
  const image = await buildRealImage(root, program, () => {}, docker);
  const of = link(platform, "traefik", client);
  const record = service(platform, client);
  const labels = { "ums.stack": test };
  await docker.createNetwork({
    Name: test,
    Internal: true,
    Labels: labels,
    IPAM: { Driver: "default", Config: [{ Subnet: of.cidr, Gateway: of.gateway }] },
  });
  const make = async (address: string, command: string, more: Docker.HostConfig = {}) => {
    const container = await docker.createContainer({
      Image: image,
      Entrypoint: ["sh", "-euc"],
      Cmd: [`${command} exec sleep 3600`],
      User: "0:0",
      Labels: labels,
      HostConfig: { NetworkMode: test, ...more },
      NetworkingConfig: { EndpointsConfig: { [test]: { IPAMConfig: { IPv4Address: address } } } },
    });
    await container.start();
    return container;
  };
  for (const { path, folders = [] } of record.mounts) {
    await docker.createVolume({ Name: volumeOf(test, path), Labels: labels });
    const { uid, gid } = record.owner;
    const made = folders.map((folder) => `/volume/${folder}`).join(" ");
    const seed = await docker.createContainer({
      Image: image,
      Entrypoint: ["sh", "-euc"],
      Cmd: [`mkdir -p /volume ${made}; chown -R ${uid}:${gid} /volume`],
      User: "0:0",
      Labels: labels,
      HostConfig: { NetworkMode: "none", Binds: [`${volumeOf(test, path)}:/volume`] },
    });
    await seed.start();
    await seed.wait();
    await seed.remove();
  }
  const vpn = await make(
    of.providerAddress,
    tunnel
      ? `tunctl -t tun0; ip addr add ${tunnelAddress}/32 dev tun0; ip link set tun0 up; ip route replace default dev tun0;`
      : "",
    {
      CapAdd: ["NET_ADMIN"],
      Devices: [{ PathOnHost: "/dev/net/tun", PathInContainer: "/dev/net/tun", CgroupPermissions: "rwm" }],
    },
  );
  if (tunnel) {
    const routes = () => execIn(vpn, ["ip", "route"]);
    await until("the tunnel is up", async () => (await routes()).includes("default dev tun0"));
  }
  const caller = await make(of.consumerAddress, "");
  const namespace = `container:${vpn.id}`;
  return {
    client: record,
    link: of,
    platform,
    atCaller: (command) => execIn(caller, ["sh", "-c", command]),
    async atVpn(command, files = new Map()) {
      const archive = pack();
      for (const [path, text] of files) archive.entry({ name: path.slice(1) }, text);
      archive.finalize();
      await vpn.putArchive(archive as unknown as NodeJS.ReadableStream, { path: "/" });
      return execIn(vpn, ["sh", "-c", command]);
    },
    async ask(words) {
      const output = await execIn(caller, [
        "curl",
        "-sS",
        "-i",
        "--max-time",
        "60",
        "-w",
        "\n%{http_code}",
        ...words,
      ]);
      const status = Number(/\n(\d{3})$/.exec(output)?.[1]);
      const [headers = "", ...body] = output.replace(/\n\d{3}$/, "").split("\r\n\r\n");
      return { status, headers, body: body.join("\r\n\r\n") };
    },
    async start(files = filesOf(platform, client)) {
      const running = await startReal(program, {
        name: `${test}-client`,
        network: namespace,
        files,
        user: `${record.user.uid}:${record.user.gid}`,
        volumes: Object.fromEntries(record.mounts.map(({ path }) => [path, volumeOf(test, path)])),
        tmpfs: record.tmpfs.map(({ path }) => path).filter((path) => path !== "/tmp"),
        environment: record.environment,
        command: [...(record.entrypoint ?? []), ...(record.command ?? [])],
      });
      await healthy(running, record);
      return running;
    },
    async listeners(port) {
      const output = await execIn(vpn, ["cat", "/proc/net/tcp", "/proc/net/tcp6"]);
      const hexadecimal = port.toString(16).toUpperCase().padStart(4, "0");
      return [...output.matchAll(/^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ 0A/gm)]
        .filter(([, , at]) => at === hexadecimal)
        .map(([, address]) => found(address, "address"));
    },
    async dispose() {
      await removeTest(namespace);
      await removeTest(test);
    },
  };
}

/** Name of the volume at a path of the client. */
function volumeOf(test: string, path: string): string {
  return `${test}${path.replaceAll("/", "-")}`;
}

/** An address as /proc/net/tcp has it. */
export function procAddress(address: string): string {
  return address
    .split(".")
    .reverse()
    .map((part) => Number(part).toString(16).toUpperCase().padStart(2, "0"))
    .join("");
}

/** Waits until the record's own probe succeeds. */
async function healthy(running: RunningProgram, { health, name }: Service): Promise<void> {
  const probe = found(health.command ?? undefined, "probe");
  for (let tries = 0; ; tries++) {
    const { exitCode } = await running.exec([...probe]).catch(() => ({ exitCode: -1 }));
    if (exitCode === 0) return;
    if (tries === 60 || !(await running.isRunning())) {
      const logs = await running.logs();
      await running.stop();
      throw new Error(`${name} does not answer its probe\n${logs}`);
    }
    await new Promise((done) => setTimeout(done, 1000));
  }
}

async function execIn(container: Docker.Container, command: string[]): Promise<string> {
  const exec = await container.exec({ Cmd: command, AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return demultiplex(Buffer.concat(chunks));
}
