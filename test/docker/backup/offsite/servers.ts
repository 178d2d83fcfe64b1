import { connect } from "node:net";
import { dirname } from "node:path";
import type Docker from "dockerode";
import { pack } from "tar-stream";
import { buildRealImage } from "../../../../rehearsal/real/build.ts";
import { type RealProgram, realProgram, removeTest, runOnce } from "../../configuration/real.ts";
import { docker, root, until } from "../../harness.ts";

/** The user of the servers, whose home folder is /tmp, as in every image of a real program. */
const uid = 1000;
const sftpPort = 24922;
const s3Port = 24990;
const keyId = "AKIAOFFSITE";

/** Whether a program of this machine listens. */
function isOpen(address: string, port: number): Promise<boolean> {
  return new Promise((answer) => {
    const socket = connect(port, address, () => answer(true));
    socket.on("error", () => answer(false)).on("connect", () => socket.destroy());
  });
}

interface KeyPair {
  /** As ssh-keygen writes it, without the last line break. */
  key: string;
  /** Type and key, as ssh-keyscan prints them. */
  publicKey: string;
}

/** A key of SSH as people make them. */
export async function sshKey(): Promise<KeyPair> {
  const command = "ssh-keygen -q -t ed25519 -N '' -C '' -f /tmp/key && cat /tmp/key /tmp/key.pub";
  const { exitCode, output } = await runOnce(realProgram("sshd"), {
    files: new Map(),
    command: ["sh", "-c", command],
  });
  if (exitCode !== 0) throw new Error(`ssh-keygen: ${output}`);
  const [key = "", rest = ""] = output.split(/(?<=-----END OPENSSH PRIVATE KEY-----)\r?\n/);
  return { key, publicKey: rest.trim() };
}

/**
 * A server with SFTP and one with the S3 protocol, as they would be off site: not on a network of the stack, but behind its
 * way out. They listen on an address of the host that no other machine reaches, the gateway of a network of their own.
 */
export class OffsiteServers {
  private readonly test: string;

  private constructor(
    stack: string,
    readonly address: string,
    readonly login: KeyPair,
    readonly host: KeyPair,
    readonly secretKey: string,
  ) {
    this.test = `${stack}-offsite`;
  }

  static async start(stack: string, octet: number, secretKey: string): Promise<OffsiteServers> {
    const servers = new OffsiteServers(stack, `10.${octet}.200.1`, await sshKey(), await sshKey(), secretKey);
    await removeTest(servers.test);
    await docker.createNetwork({
      Name: servers.test,
      Internal: true,
      IPAM: { Config: [{ Subnet: `10.${octet}.200.0/24`, Gateway: servers.address }] },
      Labels: { "ums.stack": servers.test },
    });
    await servers.startSftp(servers.host);
    await servers.startS3();
    return servers;
  }

  /** The two repositories, for a stack's config. */
  get repositories() {
    const { address, host } = this;
    return [
      {
        name: "friend",
        kind: "sftp",
        host: address,
        port: sftpPort,
        user: "media",
        path: "media",
        hostKey: host.publicKey,
      },
      {
        name: "cloud",
        kind: "s3",
        endpoint: `http://${address}:${s3Port}`,
        bucket: "media-backup",
        path: "home",
        keyId,
      },
    ];
  }

  get sftp(): Docker.Container {
    return docker.getContainer(`${this.test}-sshd`);
  }

  get s3(): Docker.Container {
    return docker.getContainer(`${this.test}-s3`);
  }

  /** Gives the SFTP server a host key, and starts it. */
  async startSftp({ key }: KeyPair): Promise<void> {
    const settings = [
      `ListenAddress ${this.address}`,
      `Port ${sftpPort}`,
      "HostKey /etc/sshd/host",
      "AuthorizedKeysFile /etc/sshd/authorized",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "PidFile none",
      "Subsystem sftp internal-sftp",
      "ForceCommand internal-sftp",
    ];
    await this.begin(realProgram("sshd"), sftpPort, [], {
      "/etc/sshd/sshd_config": settings,
      "/etc/sshd/host": [key],
      "/etc/sshd/authorized": [this.login.publicKey],
    });
  }

  private startS3(): Promise<void> {
    const words = [`${this.address}:${s3Port}`, "media-backup", keyId, "/etc/s3/secret"];
    return this.begin(realProgram("s3"), s3Port, words, { "/etc/s3/secret": [this.secretKey] });
  }

  /** A server on the host's network, made where it is missing. */
  private async begin(
    program: RealProgram,
    port: number,
    words: readonly string[],
    files: Readonly<Record<string, readonly string[]>>,
  ): Promise<void> {
    const name = `${this.test}-${program.name}`;
    const there = await docker.listContainers({
      all: true,
      filters: JSON.stringify({ name: [`^/${name}$`] }),
    });
    const container =
      there[0] === undefined
        ? await docker.createContainer({
            name,
            Image: await buildRealImage(root, program, () => {}, docker),
            ...(words.length > 0 ? { Cmd: [...words] } : {}),
            User: `${uid}:${uid}`,
            Labels: { "ums.stack": this.test },
            HostConfig: { NetworkMode: "host", CapDrop: ["ALL"], SecurityOpt: ["no-new-privileges"] },
          })
        : docker.getContainer(there[0].Id);
    const archive = pack();
    // sshd believes no file below a folder that others may write into.
    for (const folder of new Set(Object.keys(files).map((path) => dirname(path))))
      archive.entry({ name: folder.slice(1), type: "directory", mode: 0o755 });
    for (const [path, lines] of Object.entries(files))
      archive.entry({ name: path.slice(1), mode: 0o400, uid, gid: uid }, `${lines.join("\n")}\n`);
    archive.finalize();
    await container.putArchive(archive as unknown as NodeJS.ReadableStream, { path: "/" });
    await container.start();
    await until(`${program.name} listens`, () => isOpen(this.address, port));
  }

  dispose(): Promise<void> {
    return removeTest(this.test);
  }
}
