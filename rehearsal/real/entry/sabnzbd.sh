#!/bin/sh
# As the image's own one: address and port come from variables, everything else from the settings.
set -eu
exec python3 /usr/bin/sabnzbdplus --browser 0 --server "$SABNZBD__ADDRESS:$SABNZBD__PORT" --config-file /config/sabnzbd.ini --console "$@"
