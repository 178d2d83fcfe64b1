import { roomFor } from "../../operations/answer.ts";
import { untilAnswering } from "./scripts.ts";

/**
 * Copies of a PostgreSQL server: a dump of every database, and once in so many hours a base backup, from which the
 * archived log leads to any later moment. The last complete ones stay until new ones are complete.
 *
 * Dumps are not compressed: restic finds what is unchanged in them, and compresses the rest itself.
 */
export const copyScript = (baseHours: number) => (copies: string) =>
  `set -eu
umask 077
cd ${copies}
rm -rf next base.next old
trap 'rm -rf next base.next old' EXIT
ask() { psql -X -U postgres -d postgres -Atc "$1"; }
${roomFor(copies)}

base_is_due() {
  [ -z "$(find base/backup_manifest -mmin -${baseHours * 60} 2>/dev/null)" ]
}

# It may be asked while the server starts.
${untilAnswering}

# What is in the log so far goes to the archive, and with it into this backup.
ask 'SELECT pg_switch_wal()' >/dev/null
size=$(ask 'SELECT (sum(pg_database_size(oid)) / 1024)::bigint FROM pg_database')
if base_is_due
then room_for $((2 * size))
else room_for "$size"
fi

mkdir next
pg_dumpall -U postgres --globals-only --file next/globals.sql
databases=$(ask "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate AND datname <> 'postgres' ORDER BY 1")
printf '%s\\n' "$databases" | while read -r database
do
  [ -z "$database" ] || pg_dump -U postgres --format custom --compress 0 --file "next/$database.dump" "$database"
done
[ ! -e databases ] || mv databases old
mv next databases
rm -rf old

if base_is_due
then
  pg_basebackup -U postgres --pgdata base.next --checkpoint fast --wal-method fetch
  [ ! -e base ] || mv base old
  mv base.next base
fi
`;
