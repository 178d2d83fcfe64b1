import type { Repository } from "../../../config/sections/backup.ts";
import type { Service } from "../../../platform.ts";
import { repositoryPath } from "../../../resolve/backup.ts";
import type { ConfigureContext, GeneratedFile } from "../../context.ts";
import { linesText, SecretString, type SecretValue } from "../../text.ts";
import { folder } from "./script.ts";

/** Folder of the local repositories that are no folder of the host: a volume of the record. */
const ownVolume = "/repository";

/**
 * Seconds in which a repository off site has to be opened. restic itself goes on trying for 15 minutes, whatever the
 * reason, and meanwhile the other repositories, and an `ums up`, would wait.
 */
const openWithin = 30;

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
        `offsite='${repositories.flatMap(({ name, kind }) => (kind === "local" ? [] : [name])).join(" ")}'`,
        "limit=",
        "restic_in() {",
        "  to=$1",
        "  shift",
        "  case $to in",
        ...repositories.map((repository) => `  ${repository.name}) ${command(repository)} "$@" ;;`),
        `  *) echo "backup: no repository is called $to: $repositories" >&2; return 2 ;;`,
        "  esac",
        "}",
        "ssh_words() {",
        "  case $1 in",
        ...repositories.flatMap(sshWords),
        "  *) ;;",
        "  esac",
        "}",
        opening,
      ]),
    },
    ...known.flatMap(({ repository, secret }) => (secret ? credentials(repository, secret) : [])),
  ];
}

/** Lines that run restic in a repository; where it is opened or listed, one off site gets no longer than it may take. */
const opening = `open_offsite() (
  limit='timeout -k 5 ${openWithin}'
  code=0
  { said=$(restic_in "$1" cat config --no-lock 2>&1 >&3) || code=$?; } 3>&1
  [ $code != 0 ] || exit 0
  case "$code $said" in
  124*|137*|143*|*'signal terminated'*)
    last=$(printf '%s\\n' "$said" | sed -n 's/.* returned error, retrying after [^ ]*: //p' | tail -n 1)
    said="gave up after ${openWithin} seconds: \${last:-it does not answer}" ;;
  *)
    words=$(ssh_words "$1") || said=$(printf '%s\\n' "\${words:-$said}" | tr -d '\\r') ;;
  esac
  printf '%s\\n' "$said" >&2
  exit $code
)
# Runs restic in a repository.
in_repository() {
  case " $offsite " in *" $1 "*)
    case \${2:-} in
    cat) [ "\${3:-}" != config ] || { open_offsite "$1"; return; } ;;
    snapshots) open_offsite "$1" >/dev/null || return ;;
    esac ;;
  esac
  restic_in "$@"
}`;

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
      const { user, host, port, path } = repository;
      const options = sshOptions(repository);
      return `$limit restic --repo 'sftp://${user}@${host}:${port}/${path}' --option sftp.args='${options}'`;
    }
    case "s3": {
      const { name, endpoint, bucket, path, region } = repository;
      const place = [endpoint, bucket, ...(path === undefined ? [] : [path])].join("/");
      const option = region === undefined ? "" : ` --option s3.region=${region}`;
      return `AWS_SHARED_CREDENTIALS_FILE=${credentialsPath(name)} $limit restic --repo 's3:${place}'${option}`;
    }
  }
}

function sshOptions({ name }: Repository): string {
  return [
    `-i ${keyPath(name)}`,
    `-o UserKnownHostsFile=${hostsPath(name)}`,
    "-o StrictHostKeyChecking=yes -o BatchMode=yes -o IdentitiesOnly=yes",
    "-o ConnectTimeout=15 -o ServerAliveInterval=60 -o ServerAliveCountMax=10",
  ].join(" ");
}

/** What ssh says of a server to which it finds no way. restic runs ssh itself, and often loses its words. */
function sshWords(repository: Repository): string[] {
  if (repository.kind !== "sftp") return [];
  const { name, user, host, port } = repository;
  const command = `$limit ssh ${sshOptions(repository)} -p ${port} -l ${user} ${host} -s sftp`;
  return [`  ${name}) ${command} </dev/null 2>&1 >/dev/null ;;`];
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
