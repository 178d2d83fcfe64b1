import { answerName, requestsFolder } from "./answer.ts";
import { copiesFolder, databasesName, drillPrefix, stateFolder } from "./backup/script.ts";
import { sqliteFiles } from "./sqlite.ts";

/**
 * Copies SQLite databases when it is asked to, and reports how backups went, for Python without further modules.
 *
 * Volumes are mounted read-only: SQLite reads a live database so as long as its writer is there. One without a writer, in
 * WAL mode and with an empty log, can only be read as a file that does not change; whether that held is looked at
 * afterwards.
 *
 * Text is in String.raw: its backslashes are Python's.
 */
export const copierScript = (port: number) => String.raw`import http.server
import json
import os
import shutil
import sqlite3
import stat
import sys
import threading
import time
import urllib.parse

REQUESTS, COPIES, STATE = "${requestsFolder}", "${copiesFolder}", "${stateFolder}"
ANSWER, DATABASES, DRILL = "${answerName}", "${databasesName}", "${drillPrefix}"
# Pages copied at a time where readers keep writers waiting, and seconds after which the rest is copied at once.
PAGES, PATIENCE = 4096, 60

with open("/etc/copier/plan.json", encoding="utf-8") as text:
    PLAN = json.load(text)


def say(message):
    print("copier: " + message, file=sys.stderr, flush=True)


${sqliteFiles}


def backup(source, target):
    """Writers of a database in WAL mode are not held up; with others, a writer makes the backup begin again."""
    started = time.monotonic()

    class Late(Exception):
        pass

    def progress(status, remaining, total):
        if time.monotonic() - started > PATIENCE:
            raise Late

    wal = source.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    try:
        source.backup(target, pages=-1 if wal else PAGES, progress=progress, sleep=0.02)
    except Late:
        source.backup(target, pages=-1)


def state_of(path):
    """What tells that a file was written: its own, and that of a log beside it."""
    found = []
    for name in (path, path + "-wal", path + "-journal"):
        try:
            status = os.stat(name)
            found.append((status.st_size, status.st_mtime_ns))
        except FileNotFoundError:
            found.append(None)
    return found


def copy_database(path, target):
    """Into a file beside the target, which takes its place when it is whole and on the disk."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    part = target + ".part"
    for attempt in range(5):
        if os.path.exists(part):
            os.remove(part)
        before = state_of(path)
        unwritten = before[1] is None
        try:
            source = connect(path, "mode=ro")
            try:
                source.execute("PRAGMA schema_version").fetchone()
            except sqlite3.OperationalError:
                source.close()
                if not unwritten:
                    raise
                source = connect(path, "mode=ro&immutable=1")
            else:
                unwritten = False
            result = sqlite3.connect(part)
            try:
                # The copy is read again from the disk before it counts, so it needs no journal of its own.
                result.execute("PRAGMA synchronous=OFF")
                backup(source, result)
            finally:
                result.close()
                source.close()
        except sqlite3.OperationalError as error:
            if attempt == 4:
                raise
            say(f"{path}: {error}; trying again")
            time.sleep(1)
            continue
        if unwritten and state_of(path) != before:
            say(f"{path} was written meanwhile; trying again")
            continue
        check(part, "quick_check")
        os.chmod(part, stat.S_IMODE(os.stat(path).st_mode))
        with open(part, "rb") as file:
            os.fsync(file.fileno())
        os.replace(part, target)
        return
    raise RuntimeError("it was written during each of 5 copies")


def escaped(path):
    """A path as a pattern of restic's, in which nothing stands for something else."""
    for special in "\\*?[":
        path = path.replace(special, "\\" + special)
    return path.replace("$", "$$")


def make_copies(service):
    """Copies of all databases of a service, and the list of what a live copy of its files must leave out."""
    home = os.path.join(COPIES, service)
    os.makedirs(home, exist_ok=True)
    made, failed = [], 0
    for root in PLAN[service]:
        for path in databases_below(root):
            target = os.path.join(home, os.path.relpath(path, os.path.dirname(root)))
            try:
                copy_database(path, target)
                made.append((path, target))
            except (sqlite3.Error, OSError, RuntimeError) as error:
                say(f"{path}: {error}")
                failed += 1
    kept = {target for _, target in made}
    for folder, _, names in os.walk(home):
        for name in names:
            path = os.path.join(folder, name)
            if path not in kept and not (folder == home and name in (ANSWER, DATABASES)):
                os.remove(path)
    lines = [
        escaped(path) + suffix + "\n" for path, _ in made for suffix in ("", "-wal", "-shm", "-journal")
    ]
    write(os.path.join(home, DATABASES), "".join(lines))
    return 1 if failed else 0


def write(path, text):
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".part", path)


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""


def answer_requests():
    """A request is an id; its answer is the id and an exit code. One that was cut off is made again after a restart."""
    while True:
        for service in PLAN:
            answer = os.path.join(COPIES, service, ANSWER)
            asked = read(os.path.join(REQUESTS, service))
            if not asked or read(answer).split(" ")[0] == asked:
                continue
            try:
                code = make_copies(service)
            except OSError as error:
                say(f"{service}: {error}")
                code = 1
                shutil.rmtree(os.path.join(COPIES, service), ignore_errors=True)
                os.makedirs(os.path.join(COPIES, service), exist_ok=True)
            try:
                write(answer, f"{asked} {code}\n")
            except OSError as error:
                say(f"{service}: {error}")
        time.sleep(2)


def outcomes():
    """Repository, service and values of every outcome that the backup keeps."""
    for repository in sorted(os.listdir(STATE)):
        folder = os.path.join(STATE, repository)
        if not os.path.isdir(folder):
            continue
        for service in sorted(os.listdir(folder)):
            if service.endswith(".part") or service in (".made", ".attempts"):
                continue
            lines = read(os.path.join(folder, service)).splitlines()
            yield repository, service, dict(line.split(" ", 1) for line in lines if " " in line)


def metrics():
    families = {}
    for repository, service, values in outcomes():
        prefix = "ums_backup_"
        labels = f'repository="{repository}"'
        if service == ".maintenance":
            prefix += "maintenance_"
        else:
            if service.startswith(DRILL):
                prefix, service = "ums_restore_drill_", service.removeprefix(DRILL)
            labels += f',service="{service}",class="{values.get("class", "")}"'
        for name, value in values.items():
            if name != "class":
                families.setdefault(prefix + name, []).append(f"{{{labels}}} {value or 0}")
    lines = []
    for name, samples in sorted(families.items()):
        lines.append(f"# TYPE {name} gauge")
        lines += [name + sample for sample in samples]
    return "\n".join(lines) + "\n"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/metrics":
            self.send_error(404)
            return
        body = metrics().encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


os.umask(0o077)
server = http.server.ThreadingHTTPServer(("", ${port}), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
answer_requests()
`;
