/**
 * Functions for Python that find SQLite databases and look whether they are sound. A database is known by its first bytes
 * and not by its name, so none is missed that a new version of an application names otherwise. They need the modules os,
 * sqlite3 and urllib.parse.
 */
export const sqliteFiles = String.raw`MAGIC = b"SQLite format 3\0"


def is_database(path):
    """A SQLite file is some pages of at least 512 bytes, so most files need not be opened."""
    try:
        size = os.lstat(path).st_size
        if size < 512 or size % 512 != 0 or os.path.islink(path):
            return False
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except FileNotFoundError:
        return False


def databases_below(root):
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            if is_database(path):
                yield path


def connect(path, options):
    return sqlite3.connect("file:" + urllib.parse.quote(path) + "?" + options, uri=True, timeout=60)


def check(path, pragma):
    """Whether a file that nobody writes is sound, as far as SQLite can tell without the application's own functions."""
    copy = connect(path, "mode=ro&immutable=1")
    try:
        result = copy.execute(f"PRAGMA {pragma}(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if "no such" not in str(error):
            raise
        result = "ok"
    finally:
        copy.close()
    if result != "ok":
        raise RuntimeError("damaged: " + result)`;
