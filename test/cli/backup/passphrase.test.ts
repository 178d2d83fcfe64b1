import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { backup } from "../../../cli/commands/backup.ts";
import { StackState } from "../../../cli/state.ts";
import { folder } from "../../fixtures/folders.ts";
import { stackText } from "../../fixtures/stackConfigs.ts";

vi.mock("../../../cli/engines/choose.ts", () => ({
  chooseEngine: async () => ({ generatedSecrets: async () => () => ({ value: "hush" }) }),
}));

it("printing the passphrase of the backups is written down, without it", async () => {
  const include = ["backup", "backup-copies"];
  const home = folder({ "stack.yaml": stackText({ services: { include } }) });
  vi.stubEnv("UMS_HOME", home);
  const state = new StackState(home, "home");
  state.writeSnapshot({ version: 1, engine: "compose", resources: [] });
  expect(existsSync(state.auditPath)).toBe(false);
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    await backup([], { stack: "home", stackFile: join(home, "stack.yaml"), passphrase: true });
    expect(write.mock.calls).toEqual([["hush\n"]]);
  } finally {
    write.mockRestore();
  }
  const log = readFileSync(state.auditPath, "utf8");
  expect(log).not.toContain("hush");
  expect(JSON.parse(log)).toMatchObject({ action: "reveal", secrets: [{ name: "backup/password" }] });
});
