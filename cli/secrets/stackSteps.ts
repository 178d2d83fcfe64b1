import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { changeVersions, type VersionChange } from "../../stacks/config/versions.ts";
import { containerName } from "../../stacks/containerName.ts";
import { isReal } from "../../stacks/platform.ts";
import { versionSuffix } from "../../stacks/resolve/secrets.ts";
import { runInside } from "../../targets/docker/exec.ts";
import { connectDocker } from "../../targets/docker/host.ts";
import { writeKept } from "../../targets/files.ts";
import { snapshotOf } from "../../targets/plan.ts";
import type { Engine } from "../engines/engine.ts";
import { stopIfRefused } from "../output/findings.ts";
import { withProgress } from "../output/progress.ts";
import { openSession, planStack, root, type Session, type StackOptions } from "../session.ts";
import { type AuditAction, audit } from "./audit.ts";
import { type Journal, type RotatedSecret, removeJournal, writeJournal } from "./journal.ts";
import type { RotationSteps } from "./rotation.ts";

/** The steps of a rotation, done to a stack. */
export class StackSteps implements RotationSteps {
  constructor(
    private readonly session: Session,
    private readonly options: StackOptions,
    private readonly engine: Engine,
  ) {}

  keep(journal: Journal): void {
    writeJournal(this.session.state.rotationPath, journal);
  }

  forget(): void {
    removeJournal(this.session.state.rotationPath);
  }

  change(change: VersionChange): void {
    const path = resolve(root, this.session.loaded.config.file);
    const before = readFileSync(path, "utf8");
    const after = changeVersions(before, change);
    if (after !== before) writeKept(path, after);
  }

  async deploy(): Promise<void> {
    const session = openSession(this.options, { unsetSecrets: "refuse" });
    const { loaded, state } = session;
    const { program, report } = await planStack(session);
    stopIfRefused(report);
    await withProgress(
      {
        title: `up ${session.stack}`,
        run: (progress) => this.engine.up({ root, loaded, state, program, progress }),
      },
      false,
    );
    state.writeSnapshot(snapshotOf(program, this.engine.name));
  }

  async retire(versions: readonly { name: string; version: number }[]): Promise<void> {
    const { platform } = this.session.loaded;
    const docker = await connectDocker();
    for (const { name, version } of versions) {
      const { retire } = platform.secrets.find(({ id }) => id === name) ?? {};
      const [service = ""] = name.split("/");
      // A stand-in keeps nothing, and has no such command.
      if (!retire || !isReal(platform, service)) continue;
      const words = retire.map((word) => word.replaceAll("${SUFFIX}", versionSuffix(version)));
      await runInside(docker, containerName(platform.stack, service), words);
    }
  }

  audit(action: AuditAction, secrets: readonly RotatedSecret[]): void {
    audit(this.session.state.auditPath, {
      action,
      stack: this.session.stack,
      secrets: secrets.map(({ name, from, to }) => ({ name, from, to })),
    });
  }
}
