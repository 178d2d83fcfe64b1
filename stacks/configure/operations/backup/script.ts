import { aliveName, answerName, requestsFolder } from "../answer.ts";

/** Folder of the generated files. */
export const folder = "/etc/backup";

/** Where outcomes are kept, for the metrics: a folder for each repository, a file for each service. */
export const stateFolder = "/state";

/** Where the copier puts its copies: a folder for each service. */
export const copiesFolder = "/copies";

/** What a file in the state of a repository begins with that says how the last restore drill of a service went. */
export const drillPrefix = ".drill-";

/** Name of the file beside a service's copies that lists the databases they were made of, as restic leaves them out. */
export const databasesName = ".databases";

/** Seconds after which what failed is tried again, where the next regular time is later. */
const retry = 900;

/** Minutes after which the schedule goes on though a restore did not say that it is done. */
const longestRestore = 24 * 60;

/** Seconds between two looks at the clock. */
const tick = 20;

/**
 * The scheduler, for any POSIX shell: `backup.sh loop`, and `backup.sh now NAME…` for a person. Services are saved one at
 * a time, to every repository. A repository that cannot be opened fails alone, and so does a service.
 */
export const backupScript = (stack: string, patience: number, copier: string) => `set -u
umask 022
. ${folder}/repositories.sh
. ${folder}/classes.sh
export RESTIC_PASSWORD_FILE=/run/secrets/password
plan=${folder}/plan
state=${stateFolder}
mark=

say() { echo "backup: $*" >&2; }
now() { date +%s; }
planned() { awk -v name="$1" '$2 == name' $plan; }
is_planned() { [ -n "$(planned "$1")" ]; }

# One at a time: a person's run and the schedule's.
alone() {
  waits=no
  until mkdir /tmp/lock 2>/dev/null
  do
    holder=$(cat /tmp/lock/pid 2>/dev/null || :)
    if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null
    then rm -rf /tmp/lock
    else
      [ $waits = yes ] || say 'another run is at work; waiting'
      waits=yes
      sleep 1
    fi
  done
  echo $$ >/tmp/lock/pid
}
done_alone() { rm -rf /tmp/lock; }

# A repository from before a loss: what there is now may be empty, and must not be its newest backup before somebody has
# had the time to restore. The next ones are made a regular time from now.
spare() {
  mkdir -p $state/attempts
  for service in $(awk '{ print $2 }' $plan)
  do [ -e "$state/attempts/$service" ] || echo "$(now) 0" >"$state/attempts/$service"
  done
  say 'a repository with earlier backups was found; the next ones are made at their regular times, so that these can be restored first'
}

# Opens a repository (without a lock, which a full disk has no room for), or makes it: but never in the place of one that was there and is lost.
open_repository() {
  mkdir -p "$state/$1"
  said=$(in_repository "$1" cat config --no-lock 2>&1 >/dev/null)
  code=$?
  if [ $code = 10 ] && [ ! -e "$state/$1/.made" ]
  then
    said=$(in_repository "$1" init 2>&1)
    code=$?
    [ $code != 0 ] || { say "$1: a new repository was made"; : >"$state/$1/.made"; }
  elif [ $code = 10 ]
  then
    said="the repository is lost: it was there, and now nothing is. Bring it back (a disk that is not mounted?), or begin a new one: ums backup --new-repository $1"
  elif [ $code = 0 ] && [ ! -e "$state/$1/.made" ]
  then spare
  fi
  [ $code = 0 ] || { say "$1: cannot be opened: $said"; return $code; }
  : >"$state/$1/.made"
}

# Asks a service, or the copier, for a consistent copy, and waits for it.
ask() {
  case $2 in ${copiesFolder}/*)
    if ! wget -q -T 10 -O /dev/null http://${copier}/metrics
    then
      say "$1: ${copier}, which copies its databases, does not answer"
      return 125
    fi ;;
  *)
    if [ -z "$(find "$2/${aliveName}" -mmin -2 2>/dev/null)" ]
    then
      say "$1: it does not run, and only it can make its copy"
      return 125
    fi ;;
  esac
  id=$(now).$$
  echo "$id" >"${requestsFolder}/$1.part" && mv "${requestsFolder}/$1.part" "${requestsFolder}/$1" || return 1
  deadline=$(($(now) + ${patience * 60}))
  until [ -e "$2/${answerName}" ] && read -r answered code <"$2/${answerName}" && [ "$answered" = "$id" ]
  do
    if [ "$(now)" -gt $deadline ]
    then
      say "$1: no copy was made in ${patience} minutes; is what makes it running?"
      return 124
    fi
    sleep 1
  done
  [ "$code" = 0 ] || say "$1: no consistent copy (exit $code); the log of what makes it says why"
  return "$code"
}

number() { sed -n "s/.*\\"$1\\":\\([0-9]*\\).*/\\1/p" /tmp/summary | tail -n 1; }

# Saves one service to one repository.
save() {
  set -- "$1" "$2" "$3" "$4" "/sources/$2"
  [ "$4" != "${copiesFolder}/$2" ] || set -- "$@" "$4" --exclude-file "$4/${databasesName}"
  repository=$1 service=$2 class=$3
  shift 4
  [ -z "$mark" ] || set -- "$@" --tag "$mark"
  in_repository "$repository" backup --json --quiet --retry-lock 10m --host ${stack} --tag "$service" --tag "$class" \\
    --exclude-file ${folder}/excludes --exclude-caches "$@" >/tmp/summary 2>/tmp/errors
}

# Keeps the outcome for the metrics: repository, service, class, exit code, start.
keep() {
  file=$state/$1/$2
  success=$(sed -n 's/^last_success_timestamp_seconds //p' "$file" 2>/dev/null)
  [ "$4" != 0 ] || success=$(now)
  {
    echo "class $3"
    echo "last_exit_code $4"
    [ -z "$success" ] || echo "last_success_timestamp_seconds $success"
    echo "last_duration_seconds $(($(now) - $5))"
    if [ "$4" = 0 ] && is_planned "$2"
    then
      echo "last_size_bytes $(number total_bytes_processed)"
      echo "last_added_bytes $(number data_added)"
    fi
  } >"$file.part" && mv "$file.part" "$file"
}

save_everywhere() {
  started=$(now)
  worst=0
  asked=0
  [ "$3" = - ] || ask "$1" "$3" || asked=$?
  for repository in $repositories
  do
    code=$asked
    begun=$(now)
    case " $closed " in *" $repository="*)
      code=\${closed#* $repository=}
      code=\${code%% *} ;;
    esac
    if [ "$code" = 0 ]
    then
      save "$repository" "$1" "$2" "$3"
      code=$?
      # Files went while they were read, as they do in a running service. Once more: then it is something else.
      [ $code != 3 ] || { save "$repository" "$1" "$2" "$3"; code=$?; }
      if [ $code = 0 ]
      then say "$1: saved to $repository, $(number total_bytes_processed) bytes, $(number data_added) of them new"
      else say "$1: not saved to $repository (exit $code): $(sed -n 's/.*"message":"\\(.*\\)"[,}].*/\\1/p' /tmp/errors | tail -n 3)"
      fi
    fi
    keep "$repository" "$1" "$2" "$code" "$begun"
    [ "$code" = 0 ] || worst=$code
  done
  mkdir -p $state/attempts
  echo "$started $worst" >"$state/attempts/$1"
  return $worst
}

# Saves services, by name. The exit code is that of the last failure.
run() {
  alone
  failure=0
  closed=
  for repository in $repositories
  do open_repository "$repository" || closed="$closed $repository=$? "
  done
  for name in "$@"
  do
    set -- $(planned "$name")
    save_everywhere "$2" "$1" "$3" || failure=$?
  done
  done_alone
  return $failure
}

# Whether a service is due: attempt and exit code of the last one, time between two, time of day.
is_due() {
  service=$1
  [ -e "$state/attempts/$service" ] && read -r attempt code <"$state/attempts/$service" || return 0
  age=$(($(now) - attempt))
  if [ "$code" != 0 ] && [ $age -ge ${retry} ]; then return 0; fi
  if [ "$3" = - ]; then [ $age -ge "$2" ]; return; fi
  slot=$(date -d "$(date +%Y-%m-%d) $3:00" +%s)
  [ "$slot" -le "$(now)" ] || slot=$((slot - 86400))
  [ "$attempt" -lt "$slot" ] && [ $age -ge $(($2 > 86400 ? $2 - 43200 : 0)) ]
}

due() {
  while read -r class service _ stopped
  do
    [ "$stopped" = no ] || continue
    is_due "$service" $(class_times "$class") && echo "$service"
  done <$plan
}

# Forgets what is kept no longer, gives its room back, and checks what is left. Once a day.
maintain() {
  [ -z "$(find $state/maintained -mmin -1440 2>/dev/null)" ] || return 0
  alone
  for repository in $repositories
  do
    begun=$(now)
    open_repository "$repository" &&
      forget "$repository" >/dev/null &&
      in_repository "$repository" prune --quiet --retry-lock 10m &&
      in_repository "$repository" check --quiet --retry-lock 10m
    code=$?
    [ $code = 0 ] || say "$repository: its maintenance failed (exit $code)"
    keep "$repository" .maintenance maintenance $code "$begun"
  done
  : >$state/maintained
  done_alone
}

case \${1:-} in
loop)
  rm -rf /tmp/lock
  # A run that was cut off left its lock. No one else writes here: the passphrase is this stack's alone.
  for repository in $repositories
  do open_repository "$repository" && in_repository "$repository" unlock --remove-all --quiet
  done
  : >/tmp/ready
  while :
  do
    wanted=
    [ -n "$(find $state/paused -mmin -${longestRestore} 2>/dev/null)" ] || wanted=$(due)
    [ -z "$wanted" ] || run $wanted
    [ ! -e $state/attempts ] || maintain
    sleep ${tick}
  done ;;
now)
  shift
  if [ "\${1:-}" = --mark ]
  then
    mark=$2
    shift 2
  fi
  for name in "$@"
  do is_planned "$name" || { say "$name has nothing to back up"; exit 2; }
  done
  [ $# -gt 0 ] || set -- $(awk '$4 == "no" { print $2 }' $plan)
  trap done_alone EXIT
  run "$@" ;;
new-repository)
  rm -f "$state/$2/.made"
  open_repository "$2" ;;
in)
  shift
  in_repository "$@" ;;
state)
  trap 'rm -f /tmp/state.tar' EXIT
  (umask 077; cat >/tmp/state.tar) || exit 1
  failure=0
  for repository in $repositories
  do
    begun=$(now)
    open_repository "$repository" && in_repository "$repository" backup --quiet --retry-lock 10m --host ${stack} \
      --tag state --stdin --stdin-filename state.tar <"/tmp/state.tar" >/dev/null
    code=$?
    keep "$repository" state state $code "$begun"
    [ $code = 0 ] || { failure=$code; say "state: not saved to $repository (exit $code)"; }
  done
  exit $failure ;;
drilled)
  mkdir -p "$state/$2"
  keep "$2" "${drillPrefix}$3" "$4" "$5" "$6" ;;
pause) : >$state/paused ;;
resume) rm -f $state/paused ;;
*)
  say 'loop, now [--mark TAG] [NAME...], new-repository NAME, drilled REPOSITORY SERVICE CLASS CODE START, pause, resume, or in REPOSITORY and a command of restic'
  exit 2 ;;
esac
`;
