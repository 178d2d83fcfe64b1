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

/** Minutes after which the schedule goes on when a restore does not say again that it is at work. */
const pause = 10;

/** Seconds between two looks at the clock. */
const tick = 20;

/**
 * The scheduler, for any POSIX shell: `backup.sh loop`, and `backup.sh now NAME…` for a person. Services are saved one at
 * a time, to every repository; those with media, which may take days, in a lane of their own, so that databases are on
 * time. A repository that cannot be opened fails alone, and so does a service; only what failed is tried again.
 */
export const backupScript = (stack: string, patience: number, copier: string) => `set -u
umask 022
. ${folder}/repositories.sh
. ${folder}/classes.sh
export RESTIC_PASSWORD_FILE=/run/secrets/password
plan=${folder}/plan
state=${stateFolder}
mark=
lane=main

say() { echo "backup: $*" >&2; }
now() { date +%s; }
planned() { awk -v name="$1" '$2 == name' $plan; }
is_planned() { [ -n "$(planned "$1")" ]; }

# Whether a class is saved in the lane, and a service.
has_class() { case $1 in media-weekly) [ $lane = media ] ;; *) [ $lane = main ] ;; esac; }
in_lane() { has_class "$(planned "$1" | cut -d ' ' -f 1)"; }

# One at a time in each lane: a person's run and the schedule's.
alone() {
  waits=no
  until mkdir /tmp/lock.$lane 2>/dev/null
  do
    holder=$(cat /tmp/lock.$lane/pid 2>/dev/null || :)
    if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null
    then rm -rf /tmp/lock.$lane
    else
      [ $waits = yes ] || say 'another run is at work; waiting'
      waits=yes
      sleep 1
    fi
  done
  echo $$ >/tmp/lock.$lane/pid
}
done_alone() { rm -rf /tmp/lock.$lane; }

# A repository from before a loss: what there is now may be empty, and must not be its newest backup before somebody has
# had the time to restore. The next ones are made a regular time from now.
spare() {
  for one in $repositories
  do
    mkdir -p "$state/$one/.attempts"
    for service in $(awk '{ print $2 }' $plan)
    do [ -e "$state/$one/.attempts/$service" ] || echo "$(now) 0" >"$state/$one/.attempts/$service"
    done
  done
  say 'a repository with earlier backups was found; the next ones are made at their regular times, so that these can be restored first'
}

# Opens a repository (without a lock, which a full disk has no room for), or makes it: but never in the place of one that was there and is lost.
open_repository() {
  mkdir -p "$state/$1/.attempts"
  said=$(in_repository "$1" cat config --no-lock 2>&1 >/dev/null)
  code=$?
  if [ $code = 10 ] && [ ! -e "$state/$1/.made" ]
  then
    said=$(in_repository "$1" init 2>&1)
    code=$?
    [ $code != 0 ] || { say "$1: a new repository was made"; : >"$state/$1/.made"; }
  elif [ $code = 10 ]
  then
    said="the repository is lost: it was there, and now nothing is. Bring it back (a disk that is not mounted?), or begin a new one: npx ums backup --new-repository $1 --stack ${stack}"
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

number() { sed -n "s/.*\\"$1\\":\\([0-9]*\\).*/\\1/p" /tmp/summary.$lane | tail -n 1; }

# Saves one service to one repository.
save() {
  set -- "$1" "$2" "$3" "$4" "/sources/$2"
  [ "$4" != "${copiesFolder}/$2" ] || set -- "$@" "$4" --exclude-file "$4/${databasesName}"
  repository=$1 service=$2 class=$3
  shift 4
  [ -z "$mark" ] || set -- "$@" --tag "$mark"
  in_repository "$repository" backup --json --quiet --retry-lock 10m --host ${stack} --tag "$service" --tag "$class" \\
    --exclude-file ${folder}/excludes --exclude-caches "$@" >/tmp/summary.$lane 2>/tmp/errors.$lane
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

# Opens a repository; those that cannot be are in $closed, with a code.
open_or_close() { open_repository "$1" || closed="$closed$1=$? "; }
is_closed() { case "$closed" in *" $1="*) ;; *) false ;; esac; }

# Where a save failed, the repository may be lost since it was opened: the next services do not try, and wait, in vain.
look_again() {
  [ "$asked" = 0 ] || return 0
  is_closed "$1" || open_or_close "$1"
}

# Saves a service, to repositories: those that cannot be opened fail alone, and without one that can, no copy is asked for.
save_to() {
  service=$1
  shift
  set -- "$service" $(planned "$service") "$@"
  class=$2 answers=$4
  shift 5
  begun=$(now)
  worst=0
  asked=0
  opened=
  for repository in "$@"
  do
    is_closed "$repository" || opened=yes
  done
  [ -z "$opened" ] || [ "$answers" = - ] || ask "$service" "$answers" || asked=$?
  for repository in "$@"
  do
    code=$asked
    if is_closed "$repository"
    then
      code=\${closed#* $repository=}
      code=\${code%% *}
    fi
    if [ "$code" = 0 ]
    then
      started=$(now)
      save "$repository" "$service" "$class" "$answers"
      code=$?
      # Files went while they were read, as they do in a running service. Once more: then it is something else.
      [ $code != 3 ] || { save "$repository" "$service" "$class" "$answers"; code=$?; }
      if [ $code = 0 ]
      then say "$service: saved to $repository, $(number total_bytes_processed) bytes, $(number data_added) of them new"
      else say "$service: not saved to $repository (exit $code): $(sed -n 's/.*"message":"\\(.*\\)"[,}].*/\\1/p' /tmp/errors.$lane | tail -n 3)"
      fi
      keep "$repository" "$service" "$class" "$code" "$started"
    else keep "$repository" "$service" "$class" "$code" "$begun"
    fi
    echo "$begun $code" >"$state/$repository/.attempts/$service"
    [ "$code" = 0 ] || { worst=$code; look_again "$repository"; }
  done
  return $worst
}

# Opens the repositories of a run.
open_all() {
  closed=' '
  for repository in "$@"
  do open_or_close "$repository"
  done
}

# Saves services of the lane to all repositories, by name. The exit code is that of the last failure.
run() {
  alone
  failure=0
  open_all $repositories
  for name in "$@"
  do
    in_lane "$name" || continue
    save_to "$name" $repositories || failure=$?
  done
  done_alone
  return $failure
}

# Whether a repository is due to get a service: time between two, time of day.
is_due() {
  [ -e "$state/$2/.attempts/$1" ] && read -r attempt code <"$state/$2/.attempts/$1" || return 0
  age=$(($(now) - attempt))
  if [ "$code" != 0 ] && [ $age -ge ${retry} ]; then return 0; fi
  if [ "$4" = - ]; then [ $age -ge "$3" ]; return; fi
  slot=$(date -d "$(date +%Y-%m-%d) $4:00" +%s)
  [ "$slot" -le "$(now)" ] || slot=$((slot - 86400))
  [ "$attempt" -lt "$slot" ] && [ $age -ge $(($3 > 86400 ? $3 - 43200 : 0)) ]
}

# Lines of what is due in the lane, databases first: a service, and the repositories that are to get it.
due() {
  sort -r $plan | while read -r class service _ stopped
  do
    [ "$stopped" = no ] && has_class "$class" || continue
    wanting=
    for repository in $repositories
    do ! is_due "$service" "$repository" $(class_times "$class") || wanting="$wanting $repository"
    done
    [ -z "$wanting" ] || echo "$service$wanting"
  done
}

is_paused() { [ -n "$(find $state/paused -mmin -${pause} 2>/dev/null)" ]; }

# Saves what is due, until a restore begins.
run_due() {
  ! is_paused || return 0
  due >/tmp/due.$lane
  [ -s /tmp/due.$lane ] || return 0
  alone
  open_all $(tr ' ' '\\n' </tmp/due.$lane | grep -Fx "$(echo $repositories | tr ' ' '\\n')" | sort -u)
  while read -r service wanting
  do is_paused || save_to "$service" $wanting </dev/null
  done </tmp/due.$lane
  done_alone
}

# Forgets what was kept of services and repositories that the stack has no more: nobody can make it better.
tidy() {
  for path in $state/*/
  do
    path=\${path%/}
    name=\${path##*/}
    case " $repositories " in *" $name "*) ;; *) rm -rf "$path"; continue ;; esac
    for file in "$path"/* "$path"/.attempts/* "$path"/${drillPrefix}*
    do
      service=\${file##*/}
      service=\${service#${drillPrefix}}
      [ ! -f "$file" ] || [ "$service" = state ] || is_planned "$service" || rm -f "$file"
    done
  done
}

# Forgets what is kept no longer, gives its room back, and checks what is left. Once a day, while no media are saved and
# nothing is restored.
maintain() {
  ! is_paused || return 0
  [ -z "$(find $state/maintained -mmin -1440 2>/dev/null)" ] || return 0
  [ ! -e /tmp/lock.media ] || return 0
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
  rm -rf /tmp/lock.*
  tidy
  # A run that was cut off left its lock. No one else writes here: the passphrase is this stack's alone.
  for repository in $repositories
  do open_repository "$repository" && in_repository "$repository" unlock --remove-all --quiet
  done
  : >/tmp/ready
  (
    lane=media
    while :
    do
      run_due
      sleep ${tick}
    done
  ) &
  while :
  do
    run_due
    maintain
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
  failures=0
  for lane in main media
  do
    trap done_alone EXIT
    for name in "$@"
    do
      ! in_lane "$name" || { run "$@" || failures=$?; break; }
    done
    trap - EXIT
  done
  exit $failures ;;
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
