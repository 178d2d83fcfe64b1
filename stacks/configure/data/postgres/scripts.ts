import { startAnswering } from "../../operations/answer.ts";
import { systemOf } from "./recover.ts";
import { folder } from "./settings.ts";

/**
 * Waits until the server answers. By address: during the first start the image runs a server of its own, which answers on
 * the socket alone. Not as the superuser, who is refused there, and each refusal logged.
 */
export const untilAnswering = "until pg_isready -q -h 127.0.0.1 -U nobody; do sleep 1; done";

/** Exists once every account is there; on a tmpfs, so not after a restart. The records' probes ask for it. */
const ready = "/var/run/postgresql/accounts.ready";

/** Segments of 16 MiB that may wait for the archive: 1 GiB, as much as max_wal_size lets the log grow by itself. */
const mostWaiting = 64;

/**
 * Starts the image's own entrypoint, which is given as arguments, and makes the accounts as soon as the server answers:
 * at every start, so that added consumers and changed passwords come with the restart that their change brings.
 *
 * The server takes the container's signals itself. It must not have the other process as its child, because it takes
 * the end of a child that it does not know for a crash: a grandchild belongs to the container's init.
 */
export const startScript = `set -u
rm -f ${ready}

make_accounts() {
  ${untilAnswering}
  # The server's log has a failed statement, and a statement has a password's verifier.
  export PGOPTIONS='-c log_min_error_statement=panic -c client_min_messages=warning'
  until psql -X -q -v ON_ERROR_STOP=1 -v VERBOSITY=terse -U postgres -d postgres -f ${folder}/accounts.sql
  do
    echo 'accounts: not all of them are there, for the reason above; trying again in 10 seconds' >&2
    sleep 10
  done
  echo 'accounts: all of them are there' >&2
  touch ${ready}
}

( make_accounts & )
${startAnswering(folder)}
exec "$@"
`;

/**
 * Takes a segment (path, name) into the archive: compressed, because most are archived half empty, and complete or not at
 * all. What is older than the hours is removed.
 *
 * A segment that cannot be archived stays in the database's own volume and PostgreSQL tries again for ever, until that is
 * full and the server stops. A server that works is worth more than an unbroken archive: past 64 waiting segments the
 * oldest is given up, and said so. Until then each failure is in the log and counted in pg_stat_archiver.
 */
export function archiveScript(archive: string, hours: number): string {
  return `set -u
segment=$1
# Every cluster has a folder of its own: one that was made anew gives its segments the names of those before it.
folder=${archive}/${systemOf(".")}
kept=$folder/$2.gz

keep() {
  # Archived before, and the server did not hear of it: fine if it is the same.
  if [ -e "$kept" ]
  then gzip -dc "$kept" | cmp -s - "$segment" || { echo "archive: $2 is there with other content" >&2; return 1; }
  else mkdir -p "$folder" && gzip -c "$segment" >"$kept.part" && sync "$kept.part" && mv "$kept.part" "$kept" && sync "$folder"
  fi
}

find ${archive} -type f -name '*.gz' ! -name '*.history.gz' -mmin +${hours * 60} -exec rm -f {} +
if keep "$@"
then exit 0
fi
rm -f "$kept.part"
waiting=$(find pg_wal/archive_status -name '*.ready' | wc -l)
if [ "$waiting" -gt ${mostWaiting} ]
then
  echo "archive: $2 is given up, so that the server can go on: take a base backup as soon as the archive has room" >&2
  exit 0
fi
echo "archive: $2 cannot be archived; $waiting segments wait, past ${mostWaiting} they are given up" >&2
exit 1
`;
}
