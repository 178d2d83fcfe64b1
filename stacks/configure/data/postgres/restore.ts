import { systemOf } from "./recover.ts";
import { folder } from "./settings.ts";

/**
 * Puts a PostgreSQL server back to its dumps, while nobody uses it: every database of the dumps is dropped and made again
 * as it was. Roles come from the dumps first, because databases belong to roles that no record declares any more, and
 * then from the records, whose passwords are today's.
 */
export const restoreScript = (copies: string) => `set -eu
cd ${copies}/databases
psql -X -q -U postgres -d postgres -f globals.sql >/dev/null 2>&1 || :
for dump in *.dump
do
  [ -e "$dump" ] || continue
  name=\${dump%.dump}
  psql -X -q -U postgres -d postgres -v ON_ERROR_STOP=1 -c "DROP DATABASE IF EXISTS \\"$name\\" WITH (FORCE)"
  pg_restore -U postgres --create --exit-on-error --dbname postgres "$dump"
done
# A base backup of another cluster leads nowhere from here: the next copy makes one of this.
[ ! -e ${copies}/base ] || [ "${systemOf(`${copies}/base`)}" = "${systemOf('"$PGDATA"')}" ] || rm -rf ${copies}/base
psql -X -q -v ON_ERROR_STOP=1 -v VERBOSITY=terse -U postgres -d postgres -f ${folder}/accounts.sql >/dev/null
`;
