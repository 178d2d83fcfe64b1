import type { Repository } from "../../../config/sections/backup.ts";
import type { Service } from "../../../platform.ts";
import { repositoryPath } from "../../../resolve/backup.ts";
import type { ConfigureContext, GeneratedFile } from "../../context.ts";
import { linesText, SecretString, type SecretValue } from "../../text.ts";
import { folder } from "./script.ts";

/** Folder of the local repositories that are no folder of the host: a volume of the record. */
const ownVolume = "/repository";

/** The repositories for the shell, and their credentials. Values stand in single quotes: none of them can hold one. */
export function repositoryFiles(service: Service, context: ConfigureContext): GeneratedFile[] {
  const { repositories } = context.settings.backup;
  const known = repositories.map((repository, index) => ({
    repository,
    secret: secretOf(service, repository, index, context),
  }));
  return [
    {
      path: `${folder}/repositories.sh`,
      text: linesText([
        `repositories='${repositories.map(({ name }) => name).join(" ")}'`,
        "# Runs restic in a repository.",
        "in_repository() {",
        "  to=$1",
        "  shift",
        "  case $to in",
        ...repositories.map((repository) => `  ${repository.name}) ${command(repository)} "$@" ;;`),
        `  *) echo "backup: no repository is called $to: $repositories" >&2; return 2 ;;`,
        "  esac",
        "}",
      ]),
    },
    ...known.flatMap(({ repository, secret }) => (secret ? credentials(repository, secret) : [])),
  ];
}

function secretOf(
  service: Service,
  repository: Repository,
  index: number,
  context: ConfigureContext,
): SecretValue | undefined {
  if (repository.kind === "local") return undefined;
  const name = `repository-${repository.name}`;
  context.addSecret(service.name, name, {
    config: repository.key,
    whose: `the repository "${repository.name}"`,
    place: context.configPlace(["backup", "repositories", index]),
  });
  return context.secret(service.name, service.name, name);
}

/** restic with a repository's place and options. */
function command(repository: Repository): string {
  switch (repository.kind) {
    case "local": {
      const path =
        repository.folder === undefined ? `${ownVolume}/${repository.name}` : repositoryPath(repository.name);
      return `restic --repo ${path}`;
    }
    case "sftp": {
      const { name, user, host, port, path } = repository;
      const options = [
        `-i ${keyPath(name)}`,
        `-o UserKnownHostsFile=${hostsPath(name)}`,
        "-o StrictHostKeyChecking=yes -o BatchMode=yes -o IdentitiesOnly=yes",
        "-o ConnectTimeout=30 -o ServerAliveInterval=60 -o ServerAliveCountMax=10",
      ];
      return `restic --repo 'sftp://${user}@${host}:${port}/${path}' --option sftp.args='${options.join(" ")}'`;
    }
    case "s3": {
      const { name, endpoint, bucket, path, region } = repository;
      const place = [endpoint, bucket, ...(path === undefined ? [] : [path])].join("/");
      const option = region === undefined ? "" : ` --option s3.region=${region}`;
      return `AWS_SHARED_CREDENTIALS_FILE=${credentialsPath(name)} restic --repo 's3:${place}'${option}`;
    }
  }
}

function credentials(repository: Repository, secret: SecretValue): GeneratedFile[] {
  switch (repository.kind) {
    case "local":
      return [];
    case "sftp": {
      const { name, host, port, hostKey } = repository;
      const known = port === 22 ? host : `[${host}]:${port}`;
      return [
        { path: keyPath(name), text: linesText([new SecretString(secret)]), mode: "0400" },
        { path: hostsPath(name), text: linesText([`${known} ${hostKey}`]) },
      ];
    }
    case "s3":
      return [
        {
          path: credentialsPath(repository.name),
          text: linesText([
            "[default]",
            `aws_access_key_id = ${repository.keyId}`,
            new SecretString("aws_secret_access_key = ", secret),
          ]),
          mode: "0400",
        },
      ];
  }
}

const keyPath = (name: string) => `${folder}/${name}.key`;
const hostsPath = (name: string) => `${folder}/${name}.hosts`;
const credentialsPath = (name: string) => `${folder}/${name}.credentials`;
