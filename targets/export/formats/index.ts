import type { Platform } from "../../../stacks/platform.ts";
import type { DeclaredProgram } from "../../resources.ts";
import { composeProject } from "../compose/project.ts";
import { exportedServices } from "../content.ts";
import type { ExportedFile, ExportedStack } from "../exported.ts";
import type { Fill } from "../fill.ts";
import type { FormatName } from "../names.ts";
import { readmeName, readmeText } from "../readme.ts";
import { dotenvValue } from "./dotenv.ts";
import { kubernetesFiles } from "./kubernetes.ts";
import { shellWord } from "./shell.ts";
import { systemdValue } from "./systemd.ts";
import { type VariableFormat, variableFiles } from "./variables.ts";

const variableFormats: Readonly<Record<"compose-env" | "systemd" | "shell", VariableFormat>> = {
  "compose-env": { name: "an env_file", extension: ".env", prefix: "", quote: dotenvValue },
  systemd: { name: "an EnvironmentFile", extension: ".env", prefix: "", quote: systemdValue },
  shell: { name: "a shell script", extension: ".sh", prefix: "export ", quote: shellWord },
};

/**
 * A stack in a format, as files sorted by path: the same input, the same bytes.
 * @throws InputError naming all that the format cannot hold
 */
export function exportFiles(
  format: FormatName,
  program: DeclaredProgram,
  platform: Platform,
  { fill, withSecrets }: { fill: Fill; withSecrets: boolean },
): { exported: ExportedStack; files: ExportedFile[] } {
  const exported: ExportedStack = {
    stack: platform.stack,
    services: exportedServices(program, platform, fill),
    withSecrets,
  };
  const files = [
    ...render(format, program, platform, exported),
    { path: readmeName, text: readmeText(platform, exported, format), secret: false },
  ];
  return { exported, files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

function render(
  format: FormatName,
  program: DeclaredProgram,
  platform: Platform,
  exported: ExportedStack,
): ExportedFile[] {
  switch (format) {
    case "compose":
      return composeProject(program, platform, exported);
    case "kubernetes-config":
      return kubernetesFiles(exported);
    default:
      return variableFiles(exported, variableFormats[format]);
  }
}
