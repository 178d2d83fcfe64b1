#!/bin/sh
# The first start of a PostgreSQL server as the official image does it, as far as records rely on it: a new cluster for
# POSTGRES_USER with the password in POSTGRES_PASSWORD(_FILE), POSTGRES_DB, and everything in /docker-entrypoint-initdb.d.
set -eu
[ "${1:-postgres}" = postgres ] || exec "$@"
[ $# -gt 0 ] || set -- postgres
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}

# The words, each in quotes for a shell.
quoted() {
  for word in "$@"; do
    printf "'%s' " "$(printf '%s' "$word" | sed "s/'/'\\\\''/g")"
  done
}

ask() { psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password --username "$user" "$@"; }

first_start() {
  if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE"); fi
  if [ -z "${POSTGRES_PASSWORD:-}" ]; then
    echo "a new database needs POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE" >&2
    exit 1
  fi
  password=$(mktemp)
  printf '%s\n' "$POSTGRES_PASSWORD" >"$password"
  # shellcheck disable=SC2086 # several arguments in one variable, as in the official image
  initdb --username="$user" --pwfile="$password" ${POSTGRES_INITDB_ARGS:-}
  rm "$password"
  printf '\nhost all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
  # The official image has it in its sample file.
  printf "\nlisten_addresses = '*'\n" >>"$PGDATA/postgresql.conf"
  shift
  # Nobody but this script until everything is set up.
  pg_ctl -D "$PGDATA" -o "$(quoted "$@" -c listen_addresses=)" -w start
  if [ "$database" != postgres ]; then
    printf 'CREATE DATABASE :"name";\n' | ask --dbname postgres -v name="$database"
  fi
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) . "$file" ;;
      *.sql) ask --dbname "$database" --file "$file" ;;
    esac
  done
  pg_ctl -D "$PGDATA" -m fast -w stop
}

mkdir -p "$PGDATA"
# The server refuses a folder that others may read.
chmod 0700 "$PGDATA"
[ -s "$PGDATA/PG_VERSION" ] || first_start "$@"
unset POSTGRES_PASSWORD
exec "$@"
