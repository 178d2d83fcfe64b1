import { folder } from "./settings.ts";

/** Number of the cluster whose files are in a folder, which no other cluster has. */
export const systemOf = (data: string) => `$(od -An -t u8 -N 8 ${data}/global/pg_control | tr -d ' \\n')`;

/** Where a cluster goes back to. */
export interface Recovery {
  /** Folder of the base backup. */
  base: string;
  archive: string;
  /** Folder that becomes the cluster; what is in it is removed. */
  data: string;
  /** The last moment to go back to; default: the end of the archived log. */
  to?: Date;
  /** Further settings of the server that reads the log, as its command line takes them. */
  settings?: readonly string[];
}

/**
 * Makes a cluster of a base backup and has it follow the archived log to a moment, with a server that nobody can reach,
 * as the manual's continuous archiving has it. Prints `recovered` and the time of the last change in it (UTC, or `-`).
 *
 * After an earlier recovery the log branches: a moment before that branch was made is looked for on the line that was
 * valid then. Without a change after the moment the server refuses the target, because the log ends before it: then its
 * end is what is wanted.
 */
export function recoverScript({ base, archive, data, to, settings = [] }: Recovery): string {
  const options = [
    `config_file=${folder}/postgresql.conf`,
    "listen_addresses=",
    "unix_socket_directories=/tmp",
    ...settings,
  ];
  return `set -eu
umask 077
log=${archive}/${systemOf(base)}
mkdir -p ${data}
find ${data} -mindepth 1 -maxdepth 1 -exec rm -rf {} +
cp -a ${base}/. ${data}/
chmod 0700 ${data}
${
  to === undefined
    ? "timeline=latest"
    : `timeline=current
TZ=UTC touch -d '${sqlTime(to).slice(0, 19)}' /tmp/to
for history in "$log"/*.history.gz
do
  [ -e "$history" ] && [ -z "$(find "$history" -newer /tmp/to)" ] || continue
  history=\${history##*/}
  timeline=$((0x\${history%%.*}))
done`
}
cat >>${data}/postgresql.auto.conf <<END
restore_command = 'gzip -dc $log/%f.gz >%p 2>/dev/null'
recovery_target_timeline = '$timeline'
recovery_target_action = 'promote'
${to === undefined ? "" : `recovery_target_time = '${sqlTime(to)}+00'\n`}END
: >${data}/recovery.signal

ask() { psql -X -h /tmp -U postgres -d postgres -Atc "$1"; }
follow() {
  pg_ctl -D ${data} -s -w -t 86400 -l /tmp/recovery.log -o '${options.map((option) => `-c ${option}`).join(" ")}' start >&2 || return 1
  until [ "$(ask 'SELECT NOT pg_is_in_recovery()' 2>/dev/null)" = t ]
  do
    pg_ctl -D ${data} status >/dev/null || return 1
    sleep 1
  done
}
if ! follow
then
  grep -q 'recovery ended before configured recovery target was reached' /tmp/recovery.log || { tail -n 8 /tmp/recovery.log >&2; exit 1; }
  sed -i '/^recovery_target_time /d' ${data}/postgresql.auto.conf
  follow || { tail -n 8 /tmp/recovery.log >&2; exit 1; }
fi
last=$(ask "SELECT to_char(pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\\"T\\"HH24:MI:SS')")
for name in restore_command recovery_target_timeline recovery_target_action recovery_target_time
do ask "ALTER SYSTEM RESET $name" >/dev/null
done
pg_ctl -D ${data} -s -m fast -w -t 3600 stop >&2
echo "recovered \${last:--}"
`;
}

/** A moment in UTC as PostgreSQL reads it, and, to the second, every touch. */
function sqlTime(moment: Date): string {
  return moment.toISOString().slice(0, 23).replace("T", " ");
}
