import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { backup } from "../../../cli/commands/backup.ts";
import { openSession } from "../../../cli/session.ts";
import { generatedResource } from "../../../components/secret/generated.ts";
import { SecretStore } from "../../../targets/inProcess/secretStore.ts";
import { folder } from "../../fixtures/folders.ts";
import { found } from "../../fixtures/platforms.ts";
import { stackText } from "../../fixtures/stackConfigs.ts";

it("printing the passphrase of the backups is written down, without it", async () => {
  const include = ["backup", "backup-copies"];
  const home = folder({
    "stack.yaml": stackText({ services: { include } }),
    "programs/docker-compose": "#!/bin/sh\necho 1.29.2\n",
  });
  chmodSync(join(home, "programs/docker-compose"), 0o755);
  vi.stubEnv("PATH", `${join(home, "programs")}:${process.env.PATH}`);
  vi.stubEnv("UMS_COMPOSE", "docker-compose");
  vi.stubEnv("UMS_HOME", home);
  const options = { stack: "home", stackFile: join(home, "stack.yaml") };
  const { loaded, state } = openSession(options);
  const { config, platform } = loaded;
  const secret = found(
    platform.secrets.find(({ id }) => id === "backup/password"),
    "the passphrase",
  );
  const store = SecretStore.open(state.secretsPath, state.passphrase(config.platform.environment));
  const passphrase = store.valueOf({ ...generatedResource(secret), inputs: { length: 48 } });
  store.save();
  state.writeSnapshot({ version: 1, engine: "compose", resources: [] });
  expect(existsSync(state.auditPath)).toBe(false);
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    await backup([], { ...options, passphrase: true });
    expect(write.mock.calls).toEqual([[`${passphrase}\n`]]);
  } finally {
    write.mockRestore();
  }
  const log = readFileSync(state.auditPath, "utf8");
  expect(log).not.toContain(passphrase);
  expect(JSON.parse(log)).toMatchObject({ action: "reveal", secrets: [{ name: "backup/password" }] });
});
