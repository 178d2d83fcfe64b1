import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { extract } from "tar-stream";
import { parseDocument } from "yaml";
import { readJournal } from "../../../cli/secrets/journal.ts";
import { demultiplex } from "../../../targets/docker/host.ts";
import { type Run, TestStack, until } from "../harness.ts";

/**
 * A database that opens with the first key it has seen and no other, and whose record does not say so; and a token that
 * the user sets.
 */
const fragileRecord = `
name: fragile
number: 122
title: Fragile
category: operations
description: opens with its first key alone
icon: alert
image: {repository: docker.io/library/redis, tag: "7.4"}
segment: admin
ports: [{port: 6379, purpose: Redis protocol}]
volumes: [{name: data, class: database, path: /data, access: write}]
secrets:
  - {name: key, generate: hex, file: /run/secrets/key}
  - {name: token, config: fragileToken, file: /run/secrets/token}
command: [redis-server, --dir, /data]
user: {uid: 1000, gid: 1000}
health:
  tcp: {port: 6379}
  command: [sh, -c, 'test -e /data/first || cp /run/secrets/key /data/first; cmp -s /run/secrets/key /data/first']
  startPeriod: 0
  retries: 3
limits: {memory: 64, cpus: 0.5}
backup: none
`;

/** Data that is sealed with a key, and sealed anew at the start where the key before opens it. */
const vaultRecord = `
name: vault
number: 123
title: Vault
category: operations
description: opens with the key that its data is sealed with
icon: lock
image: {repository: docker.io/library/redis, tag: "7.4"}
segment: admin
ports: [{port: 6379, purpose: Redis protocol}]
volumes: [{name: data, class: database, path: /data, access: write}]
secrets:
  - name: key
    generate: hex
    file: /run/secrets/key
    previousFile: {path: /run/secrets/key_before, reason: its data is sealed with it}
entrypoint:
  - sh
  - -c
  - |
    test -e /data/seal || cat /run/secrets/key >/data/seal
    if test -e /run/secrets/key_before && cmp -s /run/secrets/key_before /data/seal
    then cat /run/secrets/key >/data/seal
    fi
    cmp -s /run/secrets/key /data/seal || exit 1
    exec redis-server --dir /data
user: {uid: 1000, gid: 1000}
health:
  tcp: {port: 6379}
  command: [redis-cli, ping]
  startPeriod: 0
  retries: 3
limits: {memory: 64, cpus: 0.5}
backup: none
`;

export interface SecretJson {
  name: string;
  version: number;
  previous?: number;
  isDue: boolean;
}

/** A stack with real servers, whose secrets are rotated. */
export class SecretStage {
  readonly catalog = mkdtempSync(join(tmpdir(), "ums-catalog-"));
  readonly stack: TestStack;
  /** Everything that was printed and is no revealed value. */
  readonly printed: string[] = [];

  constructor(
    name: string,
    engine: "compose" | "pulumi",
    settings: { octet: number; offset: number; include: string[] },
  ) {
    writeFileSync(join(this.catalog, "fragile.yaml"), fragileRecord);
    writeFileSync(join(this.catalog, "vault.yaml"), vaultRecord);
    this.stack = new TestStack(name, { ...settings, catalogs: [this.catalog] }, engine);
    writeFileSync(this.stack.file, `# kept\n${readFileSync(this.stack.file, "utf8")}`);
  }

  async run(command: string, words: readonly string[] = [], input?: string): Promise<Run> {
    const run = await this.stack.ums(command, words, input === undefined ? {} : { input });
    this.printed.push(run.stdout, run.stderr);
    return run;
  }

  rotate(...words: string[]): Promise<Run> {
    return this.run("secrets rotate", words);
  }

  async reveal(name: string): Promise<string> {
    const { stdout, stderr } = await this.stack.ums("secrets show", [name, "--reveal"]);
    if (stdout === "") throw new Error(`${name} has no value: ${stderr}`);
    return stdout;
  }

  async secret(name: string): Promise<SecretJson> {
    const { secrets } = await this.stack.json<{ secrets: SecretJson[] }>("secrets list");
    const found = secrets.find((secret) => secret.name === name);
    if (!found) throw new Error(`${name} is not listed`);
    return found;
  }

  /** Services that are not healthy. */
  async ailing(): Promise<string[]> {
    const { services } = await this.stack.json<{ services: { name: string; state: string }[] }>("status");
    return services.flatMap(({ name, state }) => (state === "healthy" ? [] : name));
  }

  /** Whether Prowlarr's database takes a password. */
  async postgresTakes(password: string): Promise<boolean> {
    const words = ["psql", "-h", "postgres", "-U", "prowlarr", "-d", "prowlarr_main", "-tAc", "SELECT 7"];
    // From the server's own address: rules for it are those for everyone.
    const { output } = await this.exec("postgres", words, [`PGPASSWORD=${password}`]);
    if (!/^7$|authentication failed/m.test(output)) throw new Error(`PostgreSQL says: ${output}`);
    return /^7$/m.test(output);
  }

  /** Whether Redis takes the exporter's password. */
  async redisTakes(password: string): Promise<boolean> {
    const words = ["redis-cli", "--user", "exporter", "ping"];
    const { output } = await this.exec("redis", words, [`REDISCLI_AUTH=${password}`]);
    if (!/PONG|WRONGPASS|NOAUTH/.test(output)) throw new Error(`Redis says: ${output}`);
    return output.includes("PONG");
  }

  async exec(service: string, words: string[], env: string[] = []): Promise<{ output: string }> {
    const exec = await this.stack
      .container(service)
      .exec({ Cmd: words, Env: env, AttachStdout: true, AttachStderr: true });
    const chunks: Buffer[] = [];
    for await (const chunk of await exec.start({})) chunks.push(chunk as Buffer);
    return { output: demultiplex(Buffer.concat(chunks)) };
  }

  /** A file inside a container. */
  async file(service: string, path: string): Promise<string> {
    const archive = await this.stack.container(service).getArchive({ path });
    const reader = extract();
    archive.pipe(reader);
    let text = "";
    for await (const entry of reader) for await (const chunk of entry) text += String(chunk);
    return text;
  }

  /** Starts a rotation and kills it, with all it started, as soon as a moment has come. */
  async killedAt(names: readonly string[], moment: string, reached: () => Promise<boolean>): Promise<void> {
    const child = this.stack.start("secrets rotate", names);
    const ended = new Promise<void>((done) => child.once("exit", () => done()));
    try {
      await until(moment, async () => {
        if (child.exitCode !== null) throw new Error(`the rotation ended before: ${moment}`);
        return reached();
      });
    } finally {
      // One that ended by itself has no group of processes any more.
      if (child.exitCode === null) process.kill(-(child.pid ?? 0), "SIGKILL");
      await ended;
    }
  }

  get journal() {
    return readJournal(join(this.stack.home, "stacks", this.stack.name, "rotation.json"));
  }

  get auditPath(): string {
    return join(this.stack.home, "stacks", this.stack.name, "audit.log");
  }

  /** Sets something of ums:platform. */
  setConfig(path: string[], value: unknown): void {
    const document = parseDocument(readFileSync(this.stack.file, "utf8"));
    document.setIn(["config", "ums:platform", ...path], document.createNode(value));
    writeFileSync(this.stack.file, document.toString({ lineWidth: 0 }));
  }

  async dispose(): Promise<void> {
    await this.stack.dispose();
    rmSync(this.catalog, { recursive: true, force: true });
  }
}
