"""Enables items of the hub that lies in /etc/crowdsec/hub, as the links that cscli would make if it were on a network.

Usage: crowdsec-hub.py KIND:AUTHOR/NAME...
"""

import os
import shutil
import sys

import yaml

etc = "/etc/crowdsec"
hub = etc + "/hub"
kinds = ("collections", "parsers", "scenarios", "postoverflows")
data = "/var/lib/crowdsec/data"
package = "/usr/share/crowdsec/data"
done = set()


def find(kind, name):
    author, item = name.split("/", 1)
    for folder, _, files in os.walk(os.path.join(hub, kind)):
        for ending in (".yaml", ".yml"):
            if os.path.basename(folder) == author and item + ending in files:
                return os.path.join(folder, item + ending)
    return None


def enable(kind, name):
    if (kind, name) in done:
        return
    done.add((kind, name))
    path = find(kind, name)
    if path is None:
        print("not in this hub:", kind, name)
        return
    # In /etc the folder of the author is left out.
    parts = os.path.relpath(path, hub).split("/")
    link = os.path.join(etc, *parts[:-2], parts[-1])
    os.makedirs(os.path.dirname(link), exist_ok=True)
    if not os.path.lexists(link):
        os.symlink(path, link)
    with open(path) as file:
        documents = [document for document in yaml.safe_load_all(file) if document]
    for document in documents:
        for entry in document.get("data") or []:
            provide(entry)
        if kind == "collections":
            for inner in kinds:
                for item in document.get(inner) or []:
                    enable(inner, item)


def provide(entry):
    """Word lists, which cscli would download: the package has them under the last part of their address."""
    source = os.path.join(package, os.path.basename(entry["source_url"]))
    target = os.path.join(data, entry["dest_file"])
    if os.path.exists(source) and not os.path.exists(target):
        shutil.copyfile(source, target)


for argument in sys.argv[1:]:
    enable(*argument.split(":", 1))
