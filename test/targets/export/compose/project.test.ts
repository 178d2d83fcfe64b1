import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { findCompose } from "../../../../targets/compose/client.ts";
import type { ExportedFile } from "../../../../targets/export/exported.ts";
import { fillWithMarks, fillWithValues } from "../../../../targets/export/fill.ts";
import { exportFiles } from "../../../../targets/export/formats/index.ts";
import { fillSecrets } from "../../../../targets/inProcess/provision.ts";
import type { DeclaredProgram } from "../../../../targets/resources.ts";
import { declared, devStack, rehearsed, stackOf } from "../../../components/fixtures.ts";
import { folder } from "../../../fixtures/folders.ts";
import { found } from "../../../fixtures/platforms.ts";
import { linkTo, listensOn } from "../../../fixtures/records.ts";

interface Project {
  services: Record<string, Record<string, unknown> & { environment?: string[]; depends_on?: object }>;
  volumes: Record<string, unknown>;
}

const odd = 'it\'s "$HOME" $$ #1 \\ é\n end ';
const { platform } = stackOf(
  {
    tunnel: {
      segment: "downloads",
      roles: ["vpn"],
      egress: { reason: "the way out" },
      ports: listensOn(8000),
    },
    client: { segment: "downloads", through: "tunnel", ports: listensOn(8080) },
    store: {
      ports: listensOn(5432),
      volumes: [{ name: "data", class: "database", path: "/data", access: "write" }],
      environment: { ODD: odd, YES: "on" },
      files: [{ path: "/etc/store/store.conf", content: "listen = *\n", mode: "0444" }],
      secrets: [
        { name: "password", generate: "password", file: "/run/secrets/password" },
        { name: "token", generate: "hex", variable: "TOKEN", reason: "it reads no file" },
      ],
    },
    app: { ports: listensOn(80), links: [linkTo("store", 5432)] },
  },
  { config: { storage: { database: { kind: "bind", path: "/srv/$data" } } } },
);

let program: DeclaredProgram;
beforeAll(async () => {
  program = await declared({ platform, config: stackOf({ app: {} }).config });
});

const withValues = () =>
  exportFiles("compose", program, platform, {
    withSecrets: true,
    fill: fillWithValues(platform, (text) => fillSecrets(text, (_, name) => `value of $ ${name}`)),
  }).files;
const withMarks = () =>
  exportFiles("compose", program, platform, { withSecrets: false, fill: fillWithMarks(platform) }).files;

function textOf(files: readonly ExportedFile[], path: string): string {
  return found(
    files.find((file) => file.path === path),
    path,
  ).text;
}

const projectOf = (files: readonly ExportedFile[]) => parse(textOf(files, "docker-compose.yml")) as Project;

describe("an exported Compose project", () => {
  it("makes its volumes itself, where the stack has them", () => {
    expect(projectOf(withMarks()).volumes).toMatchObject({
      "test-store_data": {
        name: "test-store_data",
        driver: "local",
        driver_opts: { device: "/srv/$$data/store_data", o: "bind", type: "none" },
        labels: { "ums.stack": "test" },
      },
      "test-store_files.run.secrets": { labels: { "ums.seeds": "store" } },
    });
  });

  it("has a one-shot service copy the files before the service starts", () => {
    const files = withMarks();
    const { services } = projectOf(files);
    expect(services["test-store"]?.depends_on).toEqual({
      "test-store_seed": { condition: "service_completed_successfully" },
    });
    const seed = services["test-store_seed"];
    expect(seed).toMatchObject({ restart: "no", network_mode: "none", user: "0:0" });
    expect(seed?.volumes).toContainEqual({
      type: "bind",
      source: "./files/store",
      target: "/export",
      read_only: true,
    });
    const [script = ""] = found(seed, "the one-shot service").command as string[];
    expect(script).toContain("cp '/export/etc/store/store.conf' '/seed/etc/store/store.conf.new'\nmv -f");
    expect(script.indexOf("mv -f")).toBeLessThan(script.indexOf("chmod 0444 '/seed/etc/store/store.conf'"));
    expect(textOf(files, "files/store/etc/store/store.conf")).toBe("listen = *\n");
    expect(services["test-client"]).toMatchObject({ network_mode: "service:test-tunnel" });
  });

  it("has a secret in no file that others may read", () => {
    const files = withValues();
    const holding = files.filter(({ text }) => text.includes("value of"));
    expect(holding.map(({ path, secret }) => [path, secret])).toEqual([
      [".env", true],
      ["files/store/run/secrets/password", true],
    ]);
    expect(textOf(files, "files/store/run/secrets/password")).toBe("value of $ store_password-password");
    expect(textOf(files, ".env")).toBe(
      "COMPOSE_PROJECT_NAME=test\nSTORE__TOKEN='value of $ store_token-bytes'\n",
    );
    expect(projectOf(files).services["test-store"]?.environment).toContain(
      "TOKEN=${STORE__TOKEN:?set it in .env}",
    );
  });

  it("has marks where secrets are left out, says what they are, and does not start with them", () => {
    const files = withMarks();
    expect(textOf(files, "files/store/run/secrets/password")).toBe("FILL_IN(store/password)");
    expect(textOf(files, ".env")).toContain('# "FILL_IN(store/token)"\nSTORE__TOKEN=\n');
    const readme = textOf(files, "README.md");
    expect(readme).toContain(
      "| `FILL_IN(store/password)` | 32 random letters and digits | `store /run/secrets/password` |",
    );
    expect(readme).toContain("`store TOKEN`");
    const seed = projectOf(files).services["test-store_seed"] as { labels: Record<string, string> };
    expect(seed.labels["ums.filled-in"]).toMatch(/^\$\{UMS_FILLED_IN:\?.*README\.md/);
    expect(readme).toContain("mkdir -p '/srv/$data/store_data'\n");
    expect(textOf(withValues(), "README.md")).not.toContain("FILL_IN");
  });

  it("refuses a value that .env cannot hold, with the secret to change", () => {
    const fill = fillWithValues(platform, (text) => fillSecrets(text, () => "a${b}"));
    expect(() => exportFiles("compose", program, platform, { withSecrets: true, fill })).toThrow(
      /store\.yaml.*: store: the value of TOKEN cannot stand in \.env: it has \$\{.*change store\/token/,
    );
  });

  it("is the same bytes each time", async () => {
    const again = await declared({ platform, config: stackOf({ app: {} }).config });
    const { files } = exportFiles("compose", again, platform, {
      withSecrets: false,
      fill: fillWithMarks(platform),
    });
    expect(files).toEqual(withMarks());
  });
});

const clients = (
  await Promise.all(["docker compose", "docker-compose"].map((command) => findCompose(command)))
).flatMap((client) => client ?? []);

describe.each(clients)("Compose $version", ({ command: [compose, ...words] }) => {
  async function config(files: readonly ExportedFile[]) {
    const at = folder();
    for (const { path, text } of files) {
      mkdirSync(dirname(join(at, path)), { recursive: true });
      writeFileSync(join(at, path), text);
    }
    const { PATH, HOME } = process.env;
    return execa(compose, [...words, "config"], {
      cwd: at,
      env: { PATH, HOME },
      extendEnv: false,
      reject: false,
    });
  }

  it("reads the project, with every value as it is", async () => {
    const { stdout, exitCode, stderr } = await config(withValues());
    expect(exitCode, stderr).toBe(0);
    const { services } = parse(stdout, { schema: "failsafe" }) as {
      services: Record<string, { environment: Record<string, string> }>;
    };
    const { environment } = found(services["test-store"], "the service");
    expect(environment.ODD?.replaceAll("$$", "$")).toBe(odd);
    expect(environment.YES).toBe("on");
    expect(environment.TOKEN?.replaceAll("$$", "$")).toBe("value of $ store_token-bytes");
  });

  it("refuses it while something is to be filled in", async () => {
    const { exitCode, stderr } = await config(withMarks());
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/UMS_FILLED_IN|STORE__TOKEN/);
  });

  it("reads the whole catalogue", async () => {
    const dev = rehearsed(devStack());
    const { files } = exportFiles("compose", await declared(dev), dev.platform, {
      withSecrets: true,
      fill: fillWithValues(dev.platform, (text) =>
        fillSecrets(
          text,
          () => "value",
          () => "derived",
        ),
      ),
    });
    const { exitCode, stderr } = await config(files);
    expect(exitCode, stderr).toBe(0);
  });
});
