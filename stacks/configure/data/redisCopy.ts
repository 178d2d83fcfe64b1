import { roomFor } from "../operations/answer.ts";

/** Account that may have the log rewritten and ask how that went, and nothing else. Its password is the probe's. */
export const copyUser = "backup";

/**
 * A copy of Redis's append-only log, rewritten first so that it is small. Redis's manual switches rewriting off while
 * files are copied, which an account must be allowed to; without: a base never changes and the log behind it only
 * grows, so a copy is whole if the manifest that names them is the same afterwards. Else it is made again.
 */
export const redisCopyScript = (data: string) => (copies: string) =>
  `set -eu
umask 077
live=${data}/appendonlydir
cd ${copies}
rm -rf next old
trap 'rm -rf next old' EXIT
ask() { REDISCLI_AUTH=$(cat /run/secrets/password) redis-cli -e --user ${copyUser} --no-auth-warning "$@"; }
${roomFor(copies)}

says() { ask INFO persistence | tr -d '\\r' | grep -q "^$1$"; }

# The manifest's lines: file NAME seq NUMBER type TYPE
copied() {
  rm -rf next
  mkdir -p next/appendonlydir
  manifest=$(echo $live/*.manifest)
  cp "$manifest" next/appendonlydir/
  while read -r _ name _
  do cp "$live/$name" next/appendonlydir/ || return 1
  done <"$manifest"
  cmp -s "$manifest" next/appendonlydir/*.manifest
}

# Asked while the server starts, or reads its data.
starts() { ask INFO persistence 2>&1 | tr -d '\\r' | grep -qE '^(Could not connect|loading:1)'; }
while starts
do sleep 1
done

room_for "$(du -sk $live | cut -f 1)"
ask BGREWRITEAOF >/dev/null
until says aof_rewrite_in_progress:0 && says aof_rewrite_scheduled:0
do sleep 1
done
says aof_last_bgrewrite_status:ok || { echo 'backup: Redis could not rewrite its log; its own log says why' >&2; exit 1; }
tries=0
until copied
do
  tries=$((tries + 1))
  [ $tries -lt 10 ] || { echo 'backup: the log was rewritten during each of 10 copies' >&2; exit 1; }
done
[ ! -e appendonlydir ] || mv appendonlydir old
mv next/appendonlydir appendonlydir
`;
