import type { Platform } from "../../stacks/platform.ts";
import { composeFileName, environmentFileName, filledIn } from "./compose/project.ts";
import type { ExportedStack } from "./exported.ts";
import { markOf } from "./fill.ts";
import { shellWord } from "./formats/shell.ts";
import { type MissingSecret, missingSecrets } from "./missing.ts";
import type { FormatName } from "./names.ts";

export const readmeName = "README.md";

/** What to do with an export, and what it leaves to a person. */
export function readmeText(platform: Platform, exported: ExportedStack, format: FormatName): string {
  const missing = missingSecrets(platform, exported);
  const sections = [
    `# The stack ${platform.stack}: ${titles[format]}`,
    `Written by \`ums export ${format} --stack ${platform.stack}\`, which updates it when it is run again.`,
    ...uses[format](platform),
    ...(exported.withSecrets ? ["Files with secrets have the mode 0600. Keep them out of git."] : []),
    ...(missing.length === 0 ? [] : fillIn(missing, format)),
  ];
  return `${sections.join("\n\n")}\n`;
}

const titles: Readonly<Record<FormatName, string>> = {
  compose: "a Compose project",
  "compose-env": "env files of Compose",
  "kubernetes-config": "ConfigMaps and Secrets",
  systemd: "environment files of systemd",
  shell: "exports of a shell",
};

const uses: Readonly<Record<FormatName, (platform: Platform) => string[]>> = {
  compose: composeUse,
  "compose-env": () => [
    "A service of a Compose file reads its variables by `env_file: [SERVICE.env, SERVICE.secret.env]`; docker-compose 1.29 and Compose v2 read the same values.",
  ],
  "kubernetes-config": () => [
    "`kubectl apply -f .` makes one object for a service's variables (`envFrom`), and one for each folder of its files: a volume for the path in the annotation `ums/folder`, with the modes in `ums/modes`. Where a ConfigMap and a Secret have the same name, the volume is a projected one of both.",
  ],
  systemd: () => [
    "A unit reads its variables by `EnvironmentFile=/path/SERVICE.env` and `EnvironmentFile=/path/SERVICE.secret.env`.",
  ],
  shell: () => ["`. ./SERVICE.sh; . ./SERVICE.secret.sh` in any POSIX shell."],
};

function composeUse({ rehearsal, volumes }: Platform): string[] {
  const folders = volumes.flatMap(({ placement }) => (placement.kind === "bind" ? placement.path : []));
  const images = rehearsal ? [rehearsal.standin, ...rehearsal.real.map(({ image }) => image)] : [];
  return [
    "```sh\ndocker-compose up -d   # or docker compose up -d\ndocker-compose down    # data volumes stay\n```",
    `\`${composeFileName}\` needs docker-compose 1.29 or Compose v2. Files of the services are in \`files\`; each start copies them into their volumes with owner and mode.`,
    ...(folders.length === 0
      ? []
      : [`These folders have to be there:\n\n\`\`\`sh\nmkdir -p ${folders.map(quoted).join(" ")}\n\`\`\``]),
    ...(images.length === 0
      ? []
      : [
          `These images were built by ums and are in no registry; another machine gets them by\n\n\`\`\`sh\ndocker save ${images.join(" ")} | ssh HOST docker load\n\`\`\``,
        ]),
  ];
}

function quoted(path: string): string {
  const word = shellWord(path);
  return "text" in word ? word.text : path;
}

function fillIn(missing: readonly MissingSecret[], format: FormatName): string[] {
  const rows = missing.map(
    ({ name, what, where }) =>
      `| ${[format === "compose" ? `\`${markOf(name)}\`` : `\`${name}\``, what, where.map((place) => `\`${place}\``).join(", ")].join(" | ")} |`,
  );
  const how =
    format === "compose"
      ? `The export has no secrets. Put one for each mark below: variables into \`${environmentFileName}\`, the others into \`files\`, the same wherever a mark stands. Then set \`${filledIn}=yes\` in \`${environmentFileName}\`; until then Compose refuses to start. With \`--with-secrets\` an export has them.`
      : "Left out are these secrets, which `--with-secrets` writes into files of their own:";
  return [
    "## Secrets to fill in",
    how,
    `| secret | what it is | where |\n| --- | --- | --- |\n${rows.join("\n")}`,
  ];
}
